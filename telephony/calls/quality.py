"""How a call went technically, from its audio, its turns and its events; pure."""

from collections.abc import Iterator, Sequence
from math import ceil
from typing import Any

from telephony.audio.measuring import Side, Sound
from telephony.calls.schemas import CallEventView, CallQuality, Grade, QualityProblem, SideQuality, TurnView

# Level of active speech by ITU-T P.56 that listeners call comfortable: about -26 dBov, our prompts -18.
QUIET_DBFS, FAINT_DBFS = -36.0, -44.0
LOUD_DBFS = -10.0
NOISY_DB, DROWNED_DB = 15.0, 8.0
CLIPPED_PERCENT, BADLY_CLIPPED_PERCENT = 2.0, 10.0
GAPS_A_MINUTE, MANY_GAPS_A_MINUTE = 2.0, 8.0
SLOW_MS, VERY_SLOW_MS = 1500, 3000
OFTEN_INTERRUPTED = 5
SOME_BAD_FRAMES = 10
LEAST_SPEECH_SECONDS = 2.0
"""Less says nothing of pace or level."""
SECONDS_WITHOUT_A_WORD = 20.0
ORDER: tuple[Grade, ...] = ("good", "fair", "poor")

Problems = Iterator[QualityProblem]


def measured(
    turns: Sequence[TurnView], events: Sequence[CallEventView], bad_frames: int, sound: Sound | None
) -> CallQuality:
    """A call's figures and what is wrong with them.

    Args:
        turns: The transcript, with latencies.
        events: What happened.
        bad_frames: Messages of the carrier that could not be read.
        sound: The recording's; None where there is none.
    """
    line = _data(events, "line.counted")
    latencies = sorted(turn.latency_ms for turn in turns if turn.sender == "bot" and turn.latency_ms is not None)
    figures = CallQuality(
        grade="good",
        problems=[],
        patient=_side(sound.patient, turns, "patient") if sound else None,
        bot=_side(sound.bot, turns, "bot") if sound else None,
        both_seconds=sound.both_seconds if sound else None,
        late_frames=sum(int(one.get("late", 0)) for one in line),
        bad_frames=bad_frames,
        heard_late=sum(int(one.get("heard_late", 0)) for one in line),
        longest_gap_ms=max((int(one.get("longest_gap_ms", 0)) for one in line), default=0),
        latency_median_ms=rank(latencies, 0.5),
        latency_p95_ms=rank(latencies, 0.95),
        interruptions=len(_data(events, "bot.interrupted")),
        resumed=len(_data(events, "bot.resumed")),
        unheard=sum(one.get("answer") == "silence" for one in _data(events, "turn")),
        turns=sum(turn.sender == "patient" for turn in turns),
    )
    minutes = _minutes(turns, sound)
    problems = [*_line(figures, minutes), *_levels(figures), *_talk(figures)]
    grade = max((one.grade for one in problems), key=ORDER.index, default="good")
    return figures.model_copy(update={"problems": problems, "grade": grade})


def rank(ordered: Sequence[int], share: float) -> int | None:
    """The nearest rank: the median at 0.5."""
    return ordered[max(0, ceil(len(ordered) * share) - 1)] if ordered else None


def _data(events: Sequence[CallEventView], kind: str) -> list[dict[str, Any]]:
    return [event.data for event in events if event.kind == kind]


def _minutes(turns: Sequence[TurnView], sound: Sound | None) -> float:
    if sound is not None:
        return max(1.0, len(sound.outline.patient) * sound.outline.step_ms / 60_000)
    return max([1.0, *(turn.offset_ms / 60_000 for turn in turns)])


def _side(side: Side, turns: Sequence[TurnView], sender: str) -> SideQuality:
    spoken = sum(_characters(turn.text) for turn in turns if turn.sender == sender and not turn.key)
    paced = side.speech_seconds >= LEAST_SPEECH_SECONDS and spoken > 0
    return SideQuality(
        speech_seconds=side.speech_seconds,
        speech_dbfs=side.speech_dbfs,
        noise_dbfs=side.noise_dbfs,
        clipped_percent=round(side.clipped_share * 100, 1),
        characters_per_minute=round(spoken / side.speech_seconds * 60) if paced else None,
    )


def _characters(text: str) -> int:
    return sum(one.isalnum() for one in text)


def _line(figures: CallQuality, minutes: float) -> Problems:
    gaps = figures.late_frames / minutes, figures.heard_late / minutes
    names = (("bot_gaps", "系统说话断续", figures.late_frames), ("patient_gaps", "患者声音断续", figures.heard_late))
    for (code, name, count), often in zip(names, gaps, strict=True):
        if often >= GAPS_A_MINUTE:
            grade: Grade = "poor" if often >= MANY_GAPS_A_MINUTE else "fair"
            yield QualityProblem(code=code, grade=grade, text=f"{name} {count} 次")
    if figures.bad_frames >= SOME_BAD_FRAMES:
        yield QualityProblem(code="bad_frames", grade="poor", text=f"线路数据有误 {figures.bad_frames} 次")
    slow = figures.latency_median_ms
    if slow is not None and slow > SLOW_MS:
        grade = "poor" if slow > VERY_SLOW_MS else "fair"
        yield QualityProblem(code="slow", grade=grade, text=f"系统应答偏慢，一般要 {slow / 1000:.1f} 秒")


def _levels(figures: CallQuality) -> Problems:
    for side, name in ((figures.patient, "患者"), (figures.bot, "系统")):
        if side is None or side.speech_dbfs is None or side.speech_seconds < LEAST_SPEECH_SECONDS:
            continue
        if side.speech_dbfs < QUIET_DBFS:
            grade: Grade = "poor" if side.speech_dbfs < FAINT_DBFS else "fair"
            yield QualityProblem(code="quiet", grade=grade, text=f"{name}声音偏小（{side.speech_dbfs:.0f} dBFS）")
        if side.speech_dbfs > LOUD_DBFS:
            yield QualityProblem(code="loud", grade="fair", text=f"{name}声音偏大（{side.speech_dbfs:.0f} dBFS）")
        if side.clipped_percent >= CLIPPED_PERCENT:
            grade = "poor" if side.clipped_percent >= BADLY_CLIPPED_PERCENT else "fair"
            yield QualityProblem(code="clipped", grade=grade, text=f"{name}声音爆音，占 {side.clipped_percent:.0f}%")
        if side.noise_dbfs is not None and side.speech_dbfs - side.noise_dbfs < NOISY_DB:
            above = side.speech_dbfs - side.noise_dbfs
            grade = "poor" if above < DROWNED_DB else "fair"
            yield QualityProblem(code="noisy", grade=grade, text=f"{name}一侧噪声大（只比人声低 {above:.0f} dB）")


def _talk(figures: CallQuality) -> Problems:
    patient, bot = figures.patient, figures.bot
    talked = bot is not None and bot.speech_seconds >= SECONDS_WITHOUT_A_WORD
    if talked and patient is not None and not patient.speech_seconds and not figures.turns:
        yield QualityProblem(code="not_heard", grade="fair", text="整通电话没有听到患者的声音")
    if figures.interruptions >= OFTEN_INTERRUPTED:
        text = f"系统说话被打断 {figures.interruptions} 次"
        yield QualityProblem(code="interrupted", grade="fair", text=text)
