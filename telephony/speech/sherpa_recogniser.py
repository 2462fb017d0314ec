"""sherpa-onnx behind the recognition port, for sites that have a streaming model of it; in a lock of its own."""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from telephony.audio.pcm import FULL_SCALE, RATE_HZ
from telephony.speech import sherpa_model
from telephony.speech.recognition import Grammar, Recognised, RecognitionUnavailable, Word
from telephony.speech.sound import SoundMeter

TAIL_SECONDS = 0.6
FAILED = "语音识别出错，请改用按键。"


class SherpaRecogniser:
    """A streaming transducer; it has no grammar, so a grammar only judges what was heard.

    Args:
        folder: Holds tokens.txt and the encoder's, decoder's and joiner's ONNX files.
        accept_at: Confidence from which free dictation is accepted.
    """

    def __init__(self, folder: Path, accept_at: float = 0.9) -> None:
        self._folder = folder
        self._accept_at = accept_at
        self._lock = threading.Lock()
        self._loaded: Any = None
        self._fault: RecognitionUnavailable | None = None

    def start(self, grammar: Grammar | None = None) -> "SherpaStream":
        """Raises RecognitionUnavailable."""
        return SherpaStream(self._model(), grammar, self._accept_at)

    def warm_up(self) -> None:
        """Loads the model; raises RecognitionUnavailable."""
        self._model()

    def covers(self, phrases: Sequence[str]) -> tuple[str, ...]:
        """An open vocabulary lacks nothing that is written in its characters."""
        known = {sign for token in sherpa_model.tokens(self._folder) for sign in token}
        return tuple(phrase for phrase in phrases if set(phrase.replace(" ", "")) - known)

    def _model(self) -> Any:  # noqa: ANN401 - the library has no types
        """Tried out in another process and loaded once; what failed is not tried again before the next start."""
        with self._lock:
            if self._fault is not None:
                raise self._fault
            if self._loaded is None:
                try:
                    sherpa_model.probe(self._folder)
                    self._loaded = sherpa_model.load(self._folder)
                except RecognitionUnavailable as error:
                    self._fault = error
                    raise
            return self._loaded


class SherpaStream:
    """One utterance."""

    def __init__(self, model: Any, grammar: Grammar | None, accept_at: float) -> None:  # noqa: ANN401
        self._model = model
        self._grammar = grammar
        self._accept_at = grammar.accept_at if grammar is not None else accept_at
        self._stream = model.create_stream()
        self._meter = SoundMeter()

    def feed(self, pcm: bytes) -> str:
        """Raises RecognitionUnavailable."""
        if len(pcm) % 2:
            raise RecognitionUnavailable("rate", "音频格式不对：需要 8 kHz、16 位单声道。")
        samples = np.frombuffer(pcm, dtype="<i2")
        self._meter.feed(samples)
        return self._decode(samples.astype(np.float32) / FULL_SCALE)

    def finish(self) -> Recognised:
        """What was heard in all."""
        text = self._decode(np.zeros(int(TAIL_SECONDS * RATE_HZ), dtype=np.float32))
        if self._meter.silent:
            return Recognised("silence")
        if not text:
            return Recognised("speech" if self._meter.lively else "noise", foreign=self._meter.lively)
        words = self._words()
        sure = min((word.confidence for word in words), default=0.0)
        foreign = self._grammar is not None and not self._grammar.whole(text)
        whole = self._grammar is not None and not foreign
        return Recognised("speech", text, words, sure, sure >= self._accept_at and not foreign, foreign, whole)

    def _decode(self, samples: np.ndarray) -> str:
        try:
            self._stream.accept_waveform(RATE_HZ, samples)
            while self._model.is_ready(self._stream):
                self._model.decode_stream(self._stream)
            return str(self._model.get_result(self._stream)).replace(" ", "")
        except Exception as error:
            raise RecognitionUnavailable("failed", FAILED) from error

    def _words(self) -> tuple[Word, ...]:
        """The tokens with their places; the library gives logarithms of probabilities."""
        try:
            tokens = self._model.tokens(self._stream)
            logs, starts = self._model.ys_probs(self._stream), self._model.timestamps(self._stream)
        except Exception as error:
            raise RecognitionUnavailable("failed", FAILED) from error
        if not len(tokens) == len(logs) == len(starts):
            return ()
        ends = [*starts[1:], starts[-1] if starts else 0.0]
        return tuple(
            Word(str(token), float(np.exp(min(log, 0.0))), float(start), float(end))
            for token, log, start, end in zip(tokens, logs, starts, ends, strict=True)
        )
