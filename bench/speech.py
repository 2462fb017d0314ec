"""Calls whose patients only speak, at life's pace, on the real stack, heard by the shipped model; nobody presses a key.

Two parts, one after the other:

- steps of calls at once (`BENCH_CONCURRENCY`, such as `1,5,20,40,60`): how long patients wait for the bot, and late
  frames;
- the agreement (`BENCH_CALLS` calls, `BENCH_AT_ONCE` at once): what personas meant against what was written down.

Patients have espeak-ng voices that the shipped model never heard and a person's recorded syllables (`BENCH_RECORDINGS`,
by default `../shared/data/speech` where it exists; empty for none). `BENCH_QUESTIONNAIRES` and `BENCH_NOISE_DB` (speech
to noise on the line) choose what is asked and how well it is heard. `BENCH_PARTIAL` names a file that always holds the
figures so far.
"""

import json
import os
import re
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from sqlalchemy import func, select

from assistant.conversations.models import MessageRow
from bench import campaign_calls, stack, world
from bench.figures import Figure, at_least, at_most, percentile
from bench.machine import Watch
from campaigns.attempts.models import Attempt
from campaigns.targets.models import CampaignTarget
from core_api.kit.web import Runtime
from core_api.questionnaires.schemas import Questionnaire
from core_api.responses import answering
from dialogs.understanding.reading import read_answer
from huifang.settings import ROOT
from huifang.simulating import FOLDER
from telephony.calls.models import CallEventRow, CallRow
from telephony.simulator.store import Store
from telephony.simulator.voice import RECORDED, PersonaVoices, VoiceOptions
from telephony.speech.grammars import unpadded

FULL_CALLS = 500
LEAST_CALLS = 12
STEPS = "1,5,20,40,60"
LEAST_STEPS = "1,5"
LEAST_OF_STEP = 3
AT_ONCE = 4
QUESTIONNAIRES = "satisfaction,kidney_transplant"
PERSONAS = ("cooperative", "terse", "slow", "fever", "cooperative", "talkative")
RECORDINGS = ROOT.parent / "shared" / "data" / "speech"
PARTIAL = "huifang-spoken-calls.json"
WORDS_TO_AUDIO_MS = (400, 700)
LOOK_SECONDS = 2.0
TELL_SECONDS = 30.0
STUCK_SECONDS = 600.0
"""Without a call that ended for so long, a part is told as it is."""
GOAL_ON_TIME = 0.99
_NO_WORD = re.compile(r"\W")
FINAL_STATES = {"done"}


@dataclass(frozen=True)
class Compared:
    """One answer that was meant: its item's type and what became of it: `right`, `wrong`, `recheck` or `missing`."""

    kind: str
    fate: str


@dataclass(frozen=True)
class Part:
    """Calls that are held together.

    Attributes:
        name: Before its figures.
        calls: How many.
        at_once: Of them at the same time.
        first: Number of the first patient.
    """

    name: str
    calls: int
    at_once: int
    first: int


@dataclass(frozen=True)
class Held:
    """A part that was held: first calls that ended, who is to be called again, and the machine meanwhile."""

    part: Part
    patient_ids: tuple[UUID, ...]
    ended: int
    again: int
    seconds: float
    watch: Watch


def measure(scale: float) -> list[Figure]:
    parts = _parts(scale)
    partial = Path(os.environ.get("BENCH_PARTIAL", str(Path(tempfile.gettempdir()) / PARTIAL)))
    figures: list[Figure] = []
    variables = _variables(parts)
    _tell(f"{len(parts)} parts, {sum(part.calls for part in parts)} calls; figures so far: {partial}")
    with (
        tempfile.TemporaryDirectory() as folder,
        stack.initialised(Path(folder), variables) as (settings, runtime),
        stack.running(settings, campaign_calls.PROCESSES),
    ):
        store = Store(settings.data_dir / FOLDER / "calls.db")
        for part in parts:
            figures += _figures(runtime, store, _hold(runtime, part))
            _keep(partial, figures)
    return figures


def _parts(scale: float) -> list[Part]:
    steps = os.environ.get("BENCH_CONCURRENCY", STEPS if scale >= 1 else LEAST_STEPS)
    agreed = int(os.environ.get("BENCH_CALLS", max(LEAST_CALLS, int(FULL_CALLS * scale))))
    at_once = int(os.environ.get("BENCH_AT_ONCE", AT_ONCE))
    sizes = [(f"{step} at once", max(int(step), LEAST_OF_STEP), int(step)) for step in steps.split(",") if step]
    if agreed:
        sizes.append(("agreement", agreed, at_once))
    firsts = [sum(size for _, size, _ in sizes[:number]) for number in range(len(sizes))]
    return [
        Part(f"spoken calls, {name}", calls, at_once, first)
        for (name, calls, at_once), first in zip(sizes, firsts, strict=True)
    ]


def _variables(parts: Sequence[Part]) -> dict[str, str]:
    numbers = [world.phone(number) for number in range(sum(part.calls for part in parts))]
    personas = {number: PERSONAS[place // 2 % len(PERSONAS)] for place, number in enumerate(numbers)}
    chosen = {
        "HUIFANG_RECOGNITION": "vosk",
        "HUIFANG_SIMULATOR_PACE": "1",
        "HUIFANG_MAX_CONCURRENT_CALLS": str(max(part.at_once for part in parts)),
        "HUIFANG_SIMULATOR_PERSONAS": json.dumps(personas),
        "HUIFANG_SIMULATOR_RECORDINGS": _recordings(),
        "HUIFANG_SIMULATOR_NOISE_DB": os.environ.get("BENCH_NOISE_DB", ""),
    }
    return {name: value for name, value in chosen.items() if value}


def _recordings() -> str:
    return os.environ.get("BENCH_RECORDINGS", str(RECORDINGS) if (RECORDINGS / "manifest.csv").is_file() else "")


def _hold(runtime: Runtime, part: Part) -> Held:
    """Calls everybody of a part once, to the last call's end."""
    patient_ids = world.add_patients(runtime, part.calls, part.first)
    keys = os.environ.get("BENCH_QUESTIONNAIRES", QUESTIONNAIRES).split(",")
    for number, key in enumerate(keys):
        world.add_tasks(runtime, patient_ids[number :: len(keys)], key)
    begun = time.monotonic()
    with Watch() as watch:
        campaign_calls.start(runtime, part.at_once)
        ended = _until_ended(runtime, part, patient_ids)
    return Held(part, tuple(patient_ids), ended, _again(runtime, patient_ids), time.monotonic() - begun, watch)


def _until_ended(runtime: Runtime, part: Part, patient_ids: Sequence[UUID]) -> int:
    begun = told = moved = time.monotonic()
    ended = before = 0
    while ended < part.calls and time.monotonic() - moved < STUCK_SECONDS:
        time.sleep(LOOK_SECONDS)
        ended = _ended(runtime, patient_ids)
        now = time.monotonic()
        moved = now if ended > before else moved
        before = ended
        if now - told >= TELL_SECONDS or ended >= part.calls:
            told = now
            _tell(f"{part.name}: {ended} of {part.calls} calls ended after {now - begun:.0f} s")
    return ended


def _ended(runtime: Runtime, patient_ids: Sequence[UUID]) -> int:
    with runtime.sessions.begin() as session:
        session.connection(execution_options={"read_only": True})
        wanted = select(func.count(func.distinct(Attempt.target_id))).where(
            Attempt.ended_at.is_not(None), Attempt.patient_id.in_(patient_ids)
        )
        return session.scalar(wanted) or 0


def _again(runtime: Runtime, patient_ids: Sequence[UUID]) -> int:
    """Patients of a part who are to be called again."""
    with runtime.sessions.begin() as session:
        states = session.scalars(select(CampaignTarget.state).where(CampaignTarget.patient_id.in_(patient_ids)))
        return sum(1 for state in states if state not in FINAL_STATES)


def _figures(runtime: Runtime, store: Store, held: Held) -> list[Figure]:
    """Of one part: its end, waits as heard on the telephone and by our own clock, frames, and what was understood."""
    name, rows = held.part.name, _rows(runtime, held.patient_ids)
    note = f"{held.part.at_once} at once, {held.seconds:.0f} s; {held.again} to be called again; {held.watch.summary()}"
    sids = {row.carrier_sid for row in rows}
    gaps = [float(ms) for sid, ms in store.gaps() if sid in sids]
    turns = _turns_of(runtime, [row.id for row in rows])
    late = [float(row.late_frames or 0) for row in rows]
    on_time = sum(1 for frames in late if not frames) / max(1, len(late))
    return [
        at_least(f"{name}: ended", held.ended / held.part.calls, "share", 1.0, note),
        *_waits(name, gaps),
        *_shares_of_wait(name, turns),
        at_least(
            f"{name}: calls without a late frame", on_time, "share", GOAL_ON_TIME, f"most {max(late, default=0):g}"
        ),
        *_shares(name, _compared(runtime, store, rows)),
        *_counted(runtime, held.part, rows),
    ]


def _rows(runtime: Runtime, patient_ids: Sequence[UUID]) -> list[CallRow]:
    with runtime.sessions.begin() as session:
        wanted = select(CallRow).where(CallRow.patient_id.in_(patient_ids), CallRow.media_at.is_not(None))
        rows = list(session.scalars(wanted))
        session.expunge_all()
        return rows


def _waits(name: str, gaps: list[float]) -> list[Figure]:
    note = f"{len(gaps)} waits at the telephone, from the last sound of the words to the bot's first frame"
    half, most = WORDS_TO_AUDIO_MS
    return [
        at_most(f"{name}: words to first audio, p50", percentile(gaps, 0.5), "ms", half, note),
        at_most(f"{name}: words to first audio, p95", percentile(gaps, 0.95), "ms", most, note),
    ]


def _turns_of(runtime: Runtime, call_ids: Sequence[UUID]) -> list[dict[str, float]]:
    """Milliseconds of turns that answer spoken words; a turn's figures tell of the answer to the one before it."""
    with runtime.sessions.begin() as session:
        wanted = select(CallEventRow.data).where(CallEventRow.kind == "turn", CallEventRow.call_id.in_(call_ids))
        return [dict(data) for data in session.scalars(wanted) if data.get("pause_ms")]


def _shares_of_wait(name: str, turns: list[dict[str, float]]) -> list[Figure]:
    """The pause that was waited for, and the machine's part: recognition, dialogue, voice, line."""
    found = {
        "the pause that ended the words": [turn["pause_ms"] for turn in turns],
        "the machine's part": [turn["latency_ms"] - turn["pause_ms"] for turn in turns],
        "of it the dialogue": [turn["think_ms"] for turn in turns],
        "of it the voice": [turn["voice_ms"] for turn in turns],
    }
    note = f"{len(turns)} spoken turns"
    return [
        Figure(f"{name}: {part}, {word}", percentile(values, share), "ms", note=note)
        for part, values in found.items()
        for word, share in (("p50", 0.5), ("p95", 0.95))
    ]


def _compared(runtime: Runtime, store: Store, rows: Sequence[CallRow]) -> list[Compared]:
    """Every answer that a persona gave to a question, against the record."""
    meant: dict[str, dict[str, str]] = defaultdict(dict)
    for sid, mark, words in store.said():
        place = mark.rsplit("#", 1)[0]
        if place.startswith("item:"):
            meant[sid][place.removeprefix("item:").split("/")[0]] = words
    found: list[Compared] = []
    with runtime.sessions.begin() as session:
        for row in rows:
            if row.response_id is None or row.carrier_sid not in meant:
                continue
            view = answering.answers(session, row.response_id)
            questionnaire = answering.questionnaire_of(session, view)
            kept = {answer.link_id: (answer.status, answer.value) for answer in view.answers}
            found += _of_call(runtime, questionnaire, meant[row.carrier_sid], kept)
    return found


def _of_call(
    runtime: Runtime, questionnaire: Questionnaire, meant: Mapping[str, str], kept: Mapping[str, tuple[str, object]]
) -> list[Compared]:
    found = []
    now = runtime.clock.now().astimezone(runtime.zone)
    for link_id, words in meant.items():
        item = questionnaire.item(link_id)
        reading = read_answer(item, words, now) if item else None
        if item is None or reading is None:
            continue
        status, value = kept.get(link_id, ("missing", None))
        right = _plain(value) == _plain(reading.value) or (item.type == "text" and _same_words(value, words))
        fates = {"accepted": "right" if right else "wrong", "missing": "missing"}
        found.append(Compared(item.type, fates.get(status, "recheck")))
    return found


def _same_words(value: object, words: str) -> bool:
    """Whether free words are the same but for what people put before and behind them."""
    return unpadded(_NO_WORD.sub("", str(value))) == unpadded(_NO_WORD.sub("", words))


def _plain(value: object) -> object:
    return tuple(value) if isinstance(value, list | tuple) else value


def _shares(name: str, compared: list[Compared]) -> list[Figure]:
    every = Counter(one.fate for one in compared)
    total = max(1, len(compared))
    figures = [
        Figure(f"{name}: answers written down as meant", every["right"] / total, "share", note=f"of {len(compared)}"),
        Figure(f"{name}: answers to be rechecked", every["recheck"] / total, "share"),
        at_most(f"{name}: answers wrong and accepted", every["wrong"] / total, "share", 0.005),
        Figure(f"{name}: answers not reached", every["missing"] / total, "share"),
    ]
    for kind in sorted({one.kind for one in compared}):
        fates = Counter(one.fate for one in compared if one.kind == kind)
        counts = ", ".join(f"{fate} {count}" for fate, count in fates.most_common())
        figures.append(at_least(f"{name}: {kind}", fates["right"] / fates.total(), "share", 0.9, counts))
    return figures


def _counted(runtime: Runtime, part: Part, rows: Sequence[CallRow]) -> list[Figure]:
    name = part.name
    ids = [row.id for row in rows]
    talks = [row.conversation_id for row in rows]
    with runtime.sessions.begin() as session:
        kinds = Counter(session.scalars(select(CallEventRow.kind).where(CallEventRow.call_id.in_(ids))))
        pressed = select(func.count()).where(MessageRow.conversation_id.in_(talks), MessageRow.key.is_not(None))
        keys = session.scalar(pressed) or 0
    sources = Counter(row.transcript_source for row in rows)
    ends = ", ".join(f"{state} {count}" for state, count in Counter(row.disposition for row in rows).most_common())
    numbers = [world.phone(part.first + number) for number in range(part.calls)]
    voices = PersonaVoices(VoiceOptions(recordings=Path(_recordings()) if _recordings() else None))
    people = [voices.who(number) for number in numbers].count(RECORDED)
    return [
        at_most(f"{name}: keys pressed", float(keys), "keys", 0),
        Figure(f"{name}: heard by a recogniser", float(sources["vosk"]), "calls", note=f"of {len(rows)}; {ends}"),
        Figure(f"{name}: spoken with a person's recordings", float(people), "calls"),
        Figure(f"{name}: patients went on after the reply began", float(kinds["patient.went_on"]), "turns"),
        Figure(f"{name}: prompts broken off for nothing and resumed", float(kinds["bot.resumed"]), "prompts"),
    ]


def _keep(path: Path, figures: Sequence[Figure]) -> None:
    path.write_text(json.dumps([one.row() for one in figures], ensure_ascii=False, indent=1), encoding="utf-8")


def _tell(line: str) -> None:
    print(f"  {line}", file=sys.stderr, flush=True)
