"""Vosk behind the recognition port: one model for all streams, a grammar per question."""

import json
import logging
import threading
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from telephony.audio.pcm import RATE_HZ
from telephony.speech.model_files import check
from telephony.speech.recognition import Grammar, Recognised, RecognitionUnavailable, Word
from telephony.speech.sound import SoundMeter

log = logging.getLogger(__name__)

UNKNOWN = "[unk]"
WARY = "[else]"
DICTATION_ACCEPTS_AT = 0.9
REMEMBERED_GRAMMARS = 512
LONGEST_SECONDS = 60.0
MOST_BEFORE_SECONDS = 0.3
MOST_AFTER_SECONDS = 0.5
MOST_AFTER_NUMBER_SECONDS = 0.32
"""Sound beyond the words that is no word: a long vowel goes on after the network has named it; a digit is short."""
FAILED = "语音识别出错，请改用按键。"


class VoskRecogniser:
    """Loads the model at the first stream, once for the process.

    Args:
        folder: The model.
        verify: Compare the files with the manifest's checksums before loading.
    """

    def __init__(self, folder: Path, *, verify: bool = True) -> None:
        self._folder = folder
        self._verify = verify
        self._lock = threading.Lock()
        self._loaded: Any = None
        self._words: frozenset[str] = frozenset()
        self._wary = False
        self._written = lru_cache(REMEMBERED_GRAMMARS)(self._write_grammar)

    def start(self, grammar: Grammar | None = None) -> "VoskStream":
        """Raises RecognitionUnavailable."""
        self._model()
        if grammar is None:
            return VoskStream(self._native(None), None, None)
        doubts = self._native(self._written(grammar.phrases, WARY)) if self._wary else None
        return VoskStream(self._native(self._written(grammar.phrases, UNKNOWN)), grammar, doubts)

    def _native(self, written: str | None) -> Any:  # noqa: ANN401 - the library has no types
        try:
            native = _library().KaldiRecognizer(self._loaded, RATE_HZ, *([written] if written else []))
            native.SetWords(True)
        except Exception as error:
            raise RecognitionUnavailable("failed", FAILED) from error
        return native

    def covers(self, phrases: Sequence[str]) -> tuple[str, ...]:
        """Phrases with a part that the lexicon lacks."""
        self._model()
        return tuple(phrase for phrase in phrases if not self.words_of(phrase))

    def words_of(self, phrase: str) -> tuple[str, ...]:
        """A phrase as words of the lexicon, the longest first; nothing if a part is missing."""
        found: list[str] = []
        for part in phrase.split():
            rest = part
            while rest:
                size = next((size for size in range(len(rest), 0, -1) if rest[:size] in self._words), 0)
                if not size:
                    return ()
                found.append(rest[:size])
                rest = rest[size:]
        return tuple(found)

    def warm_up(self) -> None:
        """Loads the model before the first call needs it; raises RecognitionUnavailable."""
        self._model()

    def _write_grammar(self, phrases: tuple[str, ...], unknown: str) -> str:
        # Vosk drops words that it does not know, and escaped ones, with a mere warning.
        lines = [" ".join(words) for phrase in phrases if (words := self.words_of(phrase))]
        return json.dumps([*lines, unknown], ensure_ascii=False)

    def _model(self) -> Any:  # noqa: ANN401 - the library has no types
        with self._lock:
            if self._loaded is None:
                check(self._folder, verify=self._verify)
                library = _library()
                library.SetLogLevel(-1)
                try:
                    self._loaded = library.Model(str(self._folder))
                except Exception as error:
                    raise RecognitionUnavailable("damaged", f"语音模型无法加载：{self._folder.name}") from error
                self._words, self._wary = _lexicon(self._folder)
                log.info("speech model loaded", extra={"words": len(self._words)})
            return self._loaded


class VoskStream:
    """One utterance.

    Args:
        native: The library's recogniser.
        grammar: What may be said; None for dictation.
        doubts: A second recogniser to which sounds outside the grammar come cheap: what both hear is sure.
    """

    def __init__(self, native: Any, grammar: Grammar | None, doubts: Any | None) -> None:  # noqa: ANN401
        self._doubts = doubts
        self._native = native
        self._grammar = grammar
        self._accept_at = DICTATION_ACCEPTS_AT if grammar is None else grammar.accept_at
        self._meter = SoundMeter()
        self._words: list[Word] = []
        self._doubted: list[Word] = []
        self._taken_seconds = 0.0

    def feed(self, pcm: bytes) -> str:
        """Raises RecognitionUnavailable if the audio is no int16 or the library fails."""
        if len(pcm) % 2:
            raise RecognitionUnavailable("rate", "音频格式不对：需要 8 kHz、16 位单声道。")
        self._meter.feed(np.frombuffer(pcm, dtype="<i2"))
        if self._taken_seconds >= LONGEST_SECONDS:
            return ""
        self._taken_seconds += len(pcm) / 2 / RATE_HZ
        doubts = self._doubts
        if doubts is not None and self._call(lambda: doubts.AcceptWaveform(pcm)):
            self._doubted += _words(self._call(doubts.Result))
        if self._call(lambda: self._native.AcceptWaveform(pcm)):
            self._words += _words(self._call(self._native.Result))
            return "".join(word.text for word in self._words)
        partial = json.loads(self._call(self._native.PartialResult)).get("partial", "")
        return "".join(word.text for word in self._words) + str(partial).replace(" ", "").replace(UNKNOWN, "")

    def finish(self) -> Recognised:
        """What was heard in all."""
        self._words += _words(self._call(self._native.FinalResult))
        known = tuple(word for word in self._words if word.text != UNKNOWN)
        foreign = len(known) < len(self._words)
        if self._meter.silent:
            return Recognised("silence")
        if not known or not self._meter.lively:
            return (
                Recognised("noise", foreign=foreign) if not self._meter.lively else Recognised("speech", foreign=True)
            )
        sure = min(*(word.confidence for word in known), self._beyond_doubt(known))
        text = "".join(word.text for word in known)
        sound = not foreign and self._all_heard(known) and (self._grammar is None or self._grammar.whole(text))
        return Recognised(
            kind="speech",
            text=text,
            words=known,
            confidence=sure,
            accepted=sound and sure >= self._accept_at,
            foreign=foreign,
            whole=sound,
        )

    def _beyond_doubt(self, words: tuple[Word, ...]) -> float:
        """The least confidence of the second hearing; nothing where it heard something else."""
        if self._doubts is None:
            return 1.0
        self._doubted += _words(self._call(self._doubts.FinalResult))
        same = [word.text for word in self._doubted] == [word.text for word in words]
        return min(word.confidence for word in self._doubted) if same else 0.0

    def _all_heard(self, words: tuple[Word, ...]) -> bool:
        """Whether the words reach over all that sounded: 三十八度 of 三十八度二 is another temperature."""
        span = self._meter.loud_span()
        if span is None:
            return True
        number = self._grammar is not None and self._grammar.family == "number"
        most_after = MOST_AFTER_NUMBER_SECONDS if number else MOST_AFTER_SECONDS
        before, after = words[0].start_seconds - span[0], span[1] - words[-1].end_seconds
        return before < MOST_BEFORE_SECONDS and after < most_after

    def _call(self, work: Callable[[], Any]) -> Any:  # noqa: ANN401
        try:
            return work()
        except Exception as error:
            raise RecognitionUnavailable("failed", FAILED) from error


def _words(written: str) -> list[Word]:
    found = json.loads(written).get("result", ())
    return [Word(one["word"], float(one["conf"]), float(one["start"]), float(one["end"])) for one in found]


def _library() -> Any:  # noqa: ANN401
    try:
        import vosk  # noqa: PLC0415 - a site without it still starts, with keys only
    except (ImportError, OSError) as error:
        raise RecognitionUnavailable("library", "没有安装语音识别库 vosk。") from error
    return vosk


def _lexicon(folder: Path) -> tuple[frozenset[str], bool]:
    """The model's words, and whether it has a cheap unknown word to doubt with."""
    lines = (folder / "graph" / "words.txt").read_text(encoding="utf-8").splitlines()
    names = [line.split()[0] for line in lines if line]
    return frozenset(name for name in names if name[0] not in "<#["), WARY in names
