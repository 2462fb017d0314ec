"""Which way calls are heard: by a recogniser, by the simulator's transcripts, or by keys alone."""

import logging
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

from telephony.speech import sherpa_model
from telephony.speech.model_files import accept_at, describe, manifest
from telephony.speech.recognition import Recogniser, RecognitionUnavailable
from telephony.speech.sherpa_recogniser import SherpaRecogniser
from telephony.speech.vosk_recogniser import VoskRecogniser

log = logging.getLogger(__name__)

Hearing = Literal["auto", "transcripts", "vosk", "sherpa", "off"]
WORKER_THREADS = 4
TRANSCRIPTS = "simulator"
NONE = "none"


@dataclass(frozen=True)
class Recognition:
    """A recogniser that calls share.

    Attributes:
        name: In the call's record.
        accept_at: The threshold of a family of answers.
        dictates: It hears words beyond a grammar; the model that ships knows its own vocabulary only.
        workers: Threads that it works in; calls' own threads wait for databases.
    """

    name: str
    recogniser: Recogniser
    accept_at: Callable[[str], float]
    workers: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(WORKER_THREADS, thread_name_prefix="hear")
    )
    dictates: bool = False


@dataclass(frozen=True)
class HearingChoice:
    """How calls are heard.

    Attributes:
        wanted: `auto` takes the simulator's transcripts on the simulator and a recogniser elsewhere.
        recognition: The recogniser, where one can be used.
    """

    wanted: Hearing = "auto"
    recognition: Recognition | None = None

    def on(self, *, simulated: bool) -> tuple[str, Recognition | None]:
        """What a call's record names, and its recogniser; without one there are transcripts or keys."""
        transcripts = simulated and self.wanted in {"auto", "transcripts"}
        if transcripts:
            return TRANSCRIPTS, None
        if self.recognition is None or self.wanted not in {"auto", "vosk", "sherpa"}:
            return NONE, None
        return self.recognition.name, self.recognition


def choose(wanted: Hearing, folders: Sequence[Path], sherpa: Path | None = None) -> HearingChoice:
    """Takes the first model that is whole; without one calls go on with keys, and the log says why.

    Args:
        wanted: The setting.
        folders: Vosk models, the preferred first.
        sherpa: The sherpa-onnx model; the library ends its process on files that it does not know, so that it is loaded
            in another process first, before the first call.
    """
    if wanted in {"transcripts", "off"}:
        return HearingChoice(wanted)
    if wanted == "sherpa":
        return _sherpa(sherpa)
    for folder in folders:
        if describe(folder).fault is None:
            recogniser = VoskRecogniser(folder)
            return HearingChoice(
                wanted, Recognition("vosk", recogniser, partial(accept_at, folder), dictates=not manifest(folder))
            )
    log.warning("no usable speech model: calls are answered by keys", extra={"looked_in": len(folders)})
    return HearingChoice(wanted)


def _sherpa(folder: Path | None) -> HearingChoice:
    if folder is None:
        log.warning("no sherpa-onnx model is set: calls are answered by keys")
        return HearingChoice("sherpa")
    try:
        sherpa_model.check(folder)
    except RecognitionUnavailable as error:
        log.warning("sherpa-onnx cannot be used: calls are answered by keys", extra={"code": error.code})
        return HearingChoice("sherpa")
    accept = partial(sherpa_model.accept_at, folder)
    return HearingChoice(
        "sherpa", Recognition("sherpa", SherpaRecogniser(folder, accept("open")), accept, dictates=True)
    )


def warm_up(choice: HearingChoice, simulated: Iterable[bool]) -> None:
    """Loads the model before the first call needs it; a model that fails leaves the keys.

    Args:
        choice: How calls are heard.
        simulated: For each line whether it is the simulator's: the words of those may come without a model.
    """
    used = any(choice.on(simulated=one)[1] is not None for one in simulated)
    recogniser = choice.recognition.recogniser if used and choice.recognition is not None else None
    if not isinstance(recogniser, VoskRecogniser | SherpaRecogniser):
        return
    try:
        recogniser.warm_up()
    except RecognitionUnavailable as error:
        log.warning("speech model cannot be used: calls are answered by keys", extra={"code": error.code})
