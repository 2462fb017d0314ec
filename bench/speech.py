"""Calls whose patients only speak, at life's pace, on the real stack: what they meant against what was written down.

Patients have espeak-ng voices that the shipped model never heard, and, where `BENCH_RECORDINGS` names a corpus, a
person's recorded syllables. `BENCH_CALLS`, `BENCH_QUESTIONNAIRES`, `BENCH_CONCURRENCY` (calls at once) and
`BENCH_NOISE_DB` (speech to noise on the line) choose what is measured.
"""

import json
import os
import tempfile
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from bench import campaign_calls, stack, world
from bench.figures import Figure, at_least, at_most, percentile
from core_api.kit.web import Runtime
from core_api.questionnaires.schemas import Questionnaire
from core_api.responses import answering
from dialogs.understanding.reading import read_answer
from huifang.simulating import FOLDER
from telephony.calls.models import CallEventRow, CallRow
from telephony.simulator.store import Store

FULL_CALLS = 500
LEAST_CALLS = 12
CONCURRENCY = 4
QUESTIONNAIRES = "satisfaction,kidney_transplant"
PERSONAS = ("cooperative", "terse", "slow", "fever", "cooperative", "talkative")
WORDS_TO_AUDIO_MS = (400, 700)


@dataclass(frozen=True)
class Compared:
    """One answer that was meant: its item's type and what became of it: `right`, `wrong`, `recheck` or `missing`."""

    kind: str
    fate: str


def measure(scale: float) -> list[Figure]:
    calls = int(os.environ.get("BENCH_CALLS", max(LEAST_CALLS, int(FULL_CALLS * scale))))
    at_once = int(os.environ.get("BENCH_CONCURRENCY", CONCURRENCY))
    with tempfile.TemporaryDirectory() as folder, stack.initialised(Path(folder), _variables(calls, at_once)) as made:
        settings, runtime = made
        patient_ids = world.add_patients(runtime, calls)
        keys = os.environ.get("BENCH_QUESTIONNAIRES", QUESTIONNAIRES).split(",")
        for number, key in enumerate(keys):
            world.add_tasks(runtime, patient_ids[number :: len(keys)], key)
        with stack.running(settings, campaign_calls.PROCESSES):
            campaign_calls.start(runtime, at_once)
            ended = campaign_calls.until_called(runtime, calls)
        compared = _compared(runtime, Store(settings.data_dir / FOLDER / "calls.db"))
        latencies = campaign_calls.latencies(runtime)["speech"]
        heard = _counted(runtime)
    note = f"{ended} of {calls} calls, {at_once} at once, {len(compared)} answers meant"
    return [*_shares(compared, note), *_turns(latencies), *heard]


def _variables(calls: int, at_once: int) -> dict[str, str]:
    numbers = [f"+86{world.FIRST_NUMBER + number}" for number in range(calls)]
    personas = {number: PERSONAS[place // 2 % len(PERSONAS)] for place, number in enumerate(numbers)}
    chosen = {
        "HUIFANG_RECOGNITION": "vosk",
        "HUIFANG_SIMULATOR_PACE": "1",
        "HUIFANG_MAX_CONCURRENT_CALLS": str(at_once),
        "HUIFANG_SIMULATOR_PERSONAS": json.dumps(personas),
    }
    optional = {"BENCH_RECORDINGS": "HUIFANG_SIMULATOR_RECORDINGS", "BENCH_NOISE_DB": "HUIFANG_SIMULATOR_NOISE_DB"}
    return chosen | {ours: os.environ[name] for name, ours in optional.items() if name in os.environ}


def _compared(runtime: Runtime, store: Store) -> list[Compared]:
    """Every answer that a persona gave to a question, against the record."""
    meant: dict[str, dict[str, str]] = defaultdict(dict)
    for sid, mark, words in store.said():
        place = mark.rsplit("#", 1)[0]
        if place.startswith("item:"):
            meant[sid][place.removeprefix("item:").split("/")[0]] = words
    found: list[Compared] = []
    with runtime.sessions.begin() as session:
        for row in session.scalars(select(CallRow).where(CallRow.carrier_sid.in_(meant))).all():
            if row.response_id is None or row.carrier_sid is None:
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
        right = _plain(value) == _plain(reading.value)
        fates = {"accepted": "right" if right else "wrong", "missing": "missing"}
        found.append(Compared(item.type, fates.get(status, "recheck")))
    return found


def _plain(value: object) -> object:
    return tuple(value) if isinstance(value, list | tuple) else value


def _shares(compared: list[Compared], note: str) -> list[Figure]:
    every = Counter(one.fate for one in compared)
    total = max(1, len(compared))
    figures = [
        Figure("spoken calls, answers written down as meant", every["right"] / total, "share", note=note),
        Figure("spoken calls, answers to be rechecked", every["recheck"] / total, "share"),
        at_most("spoken calls, answers wrong and accepted", every["wrong"] / total, "share", 0.005),
        Figure("spoken calls, answers not reached", every["missing"] / total, "share"),
    ]
    for kind in sorted({one.kind for one in compared}):
        fates = Counter(one.fate for one in compared if one.kind == kind)
        counts = ", ".join(f"{name} {count}" for name, count in fates.most_common())
        figures.append(at_least(f"spoken calls, {kind}", fates["right"] / fates.total(), "share", 0.9, counts))
    return figures


def _turns(latencies: list[float]) -> list[Figure]:
    note = f"{len(latencies)} spoken turns, from the last sound of the words, the pause after them included"
    half, most = WORDS_TO_AUDIO_MS
    return [
        at_most("spoken calls, words to first audio, p50", percentile(latencies, 0.5), "ms", half, note),
        at_most("spoken calls, words to first audio, p95", percentile(latencies, 0.95), "ms", most, note),
    ]


def _counted(runtime: Runtime) -> list[Figure]:
    with runtime.sessions.begin() as session:
        kinds = Counter(session.scalars(select(CallEventRow.kind)))
        sources = Counter(session.scalars(select(CallRow.transcript_source).where(CallRow.media_at.is_not(None))))
        states = Counter(session.scalars(select(CallRow.disposition).where(CallRow.media_at.is_not(None))))
    told = ", ".join(f"{name} {count}" for name, count in states.most_common())
    return [
        Figure("spoken calls, heard by a recogniser", float(sources["vosk"]), "calls", note=told),
        Figure("spoken calls, prompts broken off for nothing and resumed", float(kinds["bot.resumed"]), "prompts"),
    ]
