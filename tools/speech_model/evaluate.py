"""Prints how well a model hears, with the service's own recogniser: by speaker, family and noise, confusions, speed.

`--calibrate` writes the confidence from which a family of answers is accepted into the model's manifest, so that what
is accepted of unseen speakers, words outside the grammar among them, is right in 199 of 200.
"""

import argparse
import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from telephony.speech.model_files import MANIFEST
from telephony.speech.recognition import Grammar
from telephony.speech.vosk_recogniser import VoskRecogniser
from tools.speech_model import cases, recordings, voices
from tools.speech_model.cases import Case
from tools.speech_model.features import RATE_HZ
from tools.speech_model.units import UnknownSyllable, word_units

PRECISION = 0.995
CONFUSIONS = 20
MARGIN = 0.003
LEAST_ACCEPTED = 0.99
EXAMINER = "b"
"""Thresholds are not set by her: she is who the model is examined with."""
SAID_BACK = frozenset({"number"})
"""A wrong temperature costs more than a question: numbers are said back however sure."""
NEVER = 1.006
FAMILIES = {
    "yes and no": "yes_no",
    "digits": "number",
    "numbers": "number",
    "keywords": "choice",
    "students' words": "choice",
}


@dataclass(frozen=True)
class Outcome:
    """What became of a case."""

    case: Case
    noisy: bool
    text: str
    confidence: float
    sound: bool
    """Nothing speaks against it but perhaps the confidence."""

    @property
    def right(self) -> bool:
        """Words of the same sounds (北京 and 背景) are one to a model without tones."""
        return self.case.inside and bool(self.text) and _sounds(self.text) == _sounds(self.case.text)


class Recogniser:
    """The service's recogniser with a grammar per case.

    Args:
        folder: The model.
    """

    def __init__(self, folder: Path) -> None:
        self._recogniser = VoskRecogniser(folder)
        self._recogniser.warm_up()
        self.speech_seconds = 0.0
        self.work_seconds = 0.0

    def hear(self, case: Case, *, noisy: bool, rng: np.random.Generator) -> Outcome:
        """One case through the telephone and the recogniser."""
        samples = cases.heard(case, noisy=noisy, rng=rng)
        pcm = np.clip(np.round(samples), -32768, 32767).astype("<i2").tobytes()
        began = time.thread_time()
        stream = self._recogniser.start(Grammar(case.grammar, 0.0, FAMILIES[case.family]))
        stream.feed(pcm)
        result = stream.finish()
        self.work_seconds += time.thread_time() - began
        self.speech_seconds += len(samples) / RATE_HZ
        return Outcome(case, noisy, result.text, result.confidence, result.accepted)


def examine(recogniser: Recogniser, wanted: Iterable[Case]) -> list[Outcome]:
    """Every case, clean and noisy."""
    rng = np.random.default_rng(11)
    return [recogniser.hear(case, noisy=noisy, rng=rng) for case in wanted for noisy in (False, True)]


def accuracy_table(outcomes: Sequence[Outcome]) -> list[str]:
    """Rows of right and all by family and kind of speaker, clean and noisy."""
    groups: dict[tuple[str, str], list[Outcome]] = defaultdict(list)
    for one in (one for one in outcomes if one.case.inside):
        groups[one.case.family, _kind(one.case.speaker)].append(one)
    rows = ["| words | speakers | clean | noise 15 dB |", "|---|---|---|---|"]
    for (family, kind), group in groups.items():
        cells = [_share([one for one in group if one.noisy is noisy]) for noisy in (False, True)]
        rows.append(f"| {family} | {kind} | {cells[0]} | {cells[1]} |")
    return rows


def speaker_table(outcomes: Sequence[Outcome]) -> list[str]:
    """Rows by speaker."""
    outcomes = [one for one in outcomes if one.case.inside]
    names = sorted({one.case.speaker for one in outcomes})
    rows = ["| speaker | right |", "|---|---|"]
    return rows + [f"| {name} | {_share([one for one in outcomes if one.case.speaker == name])} |" for name in names]


def confusions(outcomes: Sequence[Outcome]) -> list[str]:
    """The pairs most often taken for each other."""
    pairs = Counter((one.case.text, one.text or "(nothing)") for one in outcomes if one.case.inside and not one.right)
    rows = ["| said | heard | times |", "|---|---|---|"]
    return rows + [f"| {said} | {text} | {times} |" for (said, text), times in pairs.most_common(CONFUSIONS)]


def coverage(outcomes: Sequence[Outcome], precision: float = PRECISION) -> tuple[float, float, float]:
    """The lowest threshold that keeps the precision.

    Returns:
        Threshold, share of all cases accepted, share of the accepted that is wrong.
    """
    best = (1.01, 0.0, 0.0)
    sound = [one for one in outcomes if one.sound]
    for threshold in sorted({round(one.confidence, 3) for one in sound}, reverse=True):
        taken = [one for one in sound if one.confidence >= threshold]
        wrong = sum(not one.right for one in taken)
        if taken and wrong / len(taken) <= 1 - precision:
            best = (threshold, len(taken) / len(outcomes), wrong / len(taken))
    return best


def report(outcomes: Sequence[Outcome], recogniser: Recogniser, folder: Path) -> str:
    """The whole report as Markdown."""
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    lines = [*accuracy_table(outcomes), "", *speaker_table(outcomes), "", *confusions(outcomes), ""]
    kept = json.loads((folder / MANIFEST).read_text("utf-8")).get("accept_at", {})
    lines += ["| answers | accepted at confidence | right ones accepted | accepted and wrong |", "|---|---|---|---|"]
    for family in dict.fromkeys(FAMILIES[one.case.family] for one in outcomes):
        lines.append(accepted_row(outcomes, family, float(kept.get(family, LEAST_ACCEPTED))))
    lines.append(f"real time factor {recogniser.work_seconds / recogniser.speech_seconds:.3f}, {size / 1e6:.1f} MB")
    return "\n".join(lines)


def accepted_row(outcomes: Sequence[Outcome], family: str, threshold: float) -> str:
    """What a family's threshold takes."""
    of_family = [one for one in outcomes if FAMILIES[one.case.family] == family]
    taken = [one for one in of_family if one.sound and one.confidence >= threshold]
    inside = sum(one.case.inside for one in of_family)
    right = sum(one.right for one in taken)
    wrong = len(taken) - right
    return f"| {family} | {threshold:.3f} | {right} of {inside} ({right / inside:.0%}) | {wrong} of {len(of_family)} |"


def calibrate(outcomes: Sequence[Outcome], folder: Path) -> dict[str, float]:
    """Writes the thresholds into the manifest; a family that was not examined takes the strictest."""
    found: dict[str, float] = {}
    for family in dict.fromkeys(FAMILIES[one.case.family] for one in outcomes):
        threshold, _, _ = coverage([one for one in outcomes if FAMILIES[one.case.family] == family])
        found[family] = NEVER if family in SAID_BACK else round(max(threshold + MARGIN, LEAST_ACCEPTED), 3)
    found["other"] = max(found.values())
    path = folder / MANIFEST
    about = json.loads(path.read_text("utf-8")) | {"accept_at": found}
    path.write_text(json.dumps(about, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return found


def _sounds(text: str) -> tuple[str, ...]:
    """The units of a text; of one that has a syllable outside the language, the text itself."""
    try:
        return word_units(text)
    except UnknownSyllable:
        return (text,)


def _kind(speaker: str) -> str:
    if speaker.startswith("espeak"):
        return "unseen voices"
    return "students" if speaker.startswith("d") else f"speaker {speaker}"


def _share(outcomes: Sequence[Outcome]) -> str:
    right = sum(one.right for one in outcomes)
    return f"{right} of {len(outcomes)} ({right / len(outcomes):.1%})" if outcomes else "–"


def main() -> None:
    parser = argparse.ArgumentParser(prog="evaluate", description="Examines a speech model.")
    parser.add_argument("model", type=Path)
    parser.add_argument("--cache", type=Path, default=Path("/tmp/huifang-speech"))  # noqa: S108 - a cache
    parser.add_argument("--takes", type=int, default=3)
    parser.add_argument("--speakers", nargs="*", default=list(recordings.TEST))
    parser.add_argument("--voices", nargs="*", default=list(voices.UNSEEN_VARIANTS))
    parser.add_argument("--calibrate", action="store_true", help="write thresholds by these speakers into the manifest")
    chosen = parser.parse_args()
    people = recordings.load(chosen.cache)
    wanted = cases.students(people, chosen.speakers, chosen.takes) + cases.spliced(people, "b")
    wanted += cases.words_of(people, "a") + cases.synthetic(tuple(chosen.voices))
    recogniser = Recogniser(chosen.model)
    outcomes = examine(recogniser, wanted + cases.outside(wanted))
    if chosen.calibrate:
        print(calibrate([one for one in outcomes if one.case.speaker != EXAMINER], chosen.model))
    print(report(outcomes, recogniser, chosen.model))


if __name__ == "__main__":
    main()
