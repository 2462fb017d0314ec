"""Prints how well a model hears: by speaker, family and noise, confusions, coverage at 99 % precision, speed."""

import argparse
import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import vosk

from tools.speech_model import cases, recordings, voices
from tools.speech_model.cases import Case
from tools.speech_model.features import RATE_HZ

UNKNOWN = "[unk]"
PRECISION = 0.99
CONFUSIONS = 20


@dataclass(frozen=True)
class Outcome:
    """What became of a case."""

    case: Case
    noisy: bool
    text: str
    confidence: float

    @property
    def right(self) -> bool:
        return self.text == self.case.text


class Recogniser:
    """Vosk with a grammar per case.

    Args:
        folder: The model.
    """

    def __init__(self, folder: Path) -> None:
        vosk.SetLogLevel(-1)
        self._model = vosk.Model(str(folder))
        self.speech_seconds = 0.0
        self.work_seconds = 0.0

    def hear(self, case: Case, *, noisy: bool, rng: np.random.Generator) -> Outcome:
        """One case through the telephone and the recogniser."""
        samples = cases.heard(case, noisy=noisy, rng=rng)
        pcm = np.clip(np.round(samples), -32768, 32767).astype("<i2").tobytes()
        began = time.thread_time()
        grammar = json.dumps([*case.grammar, UNKNOWN], ensure_ascii=False)
        recogniser = vosk.KaldiRecognizer(self._model, RATE_HZ, grammar)
        recogniser.SetWords(True)
        recogniser.AcceptWaveform(pcm)
        result = json.loads(recogniser.FinalResult())
        self.work_seconds += time.thread_time() - began
        self.speech_seconds += len(samples) / RATE_HZ
        words = result.get("result", [])
        sure = min((word["conf"] for word in words), default=0.0)
        return Outcome(case, noisy, "".join(word["word"] for word in words), sure)


def examine(recogniser: Recogniser, wanted: Iterable[Case]) -> list[Outcome]:
    """Every case, clean and noisy."""
    rng = np.random.default_rng(11)
    return [recogniser.hear(case, noisy=noisy, rng=rng) for case in wanted for noisy in (False, True)]


def accuracy_table(outcomes: Sequence[Outcome]) -> list[str]:
    """Rows of right and all by family and kind of speaker, clean and noisy."""
    groups: dict[tuple[str, str], list[Outcome]] = defaultdict(list)
    for one in outcomes:
        groups[one.case.family, _kind(one.case.speaker)].append(one)
    rows = ["| words | speakers | clean | noise 15 dB |", "|---|---|---|---|"]
    for (family, kind), group in groups.items():
        cells = [_share([one for one in group if one.noisy is noisy]) for noisy in (False, True)]
        rows.append(f"| {family} | {kind} | {cells[0]} | {cells[1]} |")
    return rows


def speaker_table(outcomes: Sequence[Outcome]) -> list[str]:
    """Rows by speaker."""
    names = sorted({one.case.speaker for one in outcomes})
    rows = ["| speaker | right |", "|---|---|"]
    return rows + [f"| {name} | {_share([one for one in outcomes if one.case.speaker == name])} |" for name in names]


def confusions(outcomes: Sequence[Outcome]) -> list[str]:
    """The pairs most often taken for each other."""
    pairs = Counter((one.case.text, one.text or "(nothing)") for one in outcomes if not one.right)
    rows = ["| said | heard | times |", "|---|---|---|"]
    return rows + [f"| {said} | {text} | {times} |" for (said, text), times in pairs.most_common(CONFUSIONS)]


def coverage(outcomes: Sequence[Outcome], precision: float = PRECISION) -> tuple[float, float, float]:
    """The lowest threshold that keeps the precision.

    Returns:
        Threshold, share of all cases accepted, share of the accepted that is wrong.
    """
    best = (1.01, 0.0, 0.0)
    for threshold in sorted({round(one.confidence, 3) for one in outcomes}, reverse=True):
        taken = [one for one in outcomes if one.confidence >= threshold and UNKNOWN not in one.text]
        wrong = sum(not one.right for one in taken)
        if taken and wrong / len(taken) <= 1 - precision:
            best = (threshold, len(taken) / len(outcomes), wrong / len(taken))
    return best


def report(outcomes: Sequence[Outcome], recogniser: Recogniser, folder: Path) -> str:
    """The whole report as Markdown."""
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    lines = [*accuracy_table(outcomes), "", *speaker_table(outcomes), "", *confusions(outcomes), ""]
    for family in dict.fromkeys(one.case.family for one in outcomes):
        threshold, share, wrong = coverage([one for one in outcomes if one.case.family == family])
        lines.append(f"{family}: at confidence {threshold:.3f} {share:.0%} accepted, {wrong:.1%} of them wrong")
    lines.append(f"real time factor {recogniser.work_seconds / recogniser.speech_seconds:.3f}, {size / 1e6:.1f} MB")
    return "\n".join(lines)


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
    parser.add_argument("--voices", type=int, default=8)
    chosen = parser.parse_args()
    people = recordings.load(chosen.cache)
    wanted = cases.students(people, chosen.speakers, chosen.takes) + cases.spliced(people, "b")
    wanted += cases.words_of(people, "a") + cases.synthetic(voices.UNSEEN_VARIANTS[: chosen.voices])
    recogniser = Recogniser(chosen.model)
    print(report(examine(recogniser, wanted), recogniser, chosen.model))


if __name__ == "__main__":
    main()
