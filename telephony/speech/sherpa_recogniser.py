"""sherpa-onnx behind the recognition port, for sites that have a streaming model of it; not in our locks."""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from telephony.audio.pcm import FULL_SCALE, RATE_HZ
from telephony.speech.recognition import Grammar, Recognised, RecognitionUnavailable, Word
from telephony.speech.sound import SoundMeter

THREADS = 1
TAIL_SECONDS = 0.6
FAILED = "语音识别出错，请改用按键。"


class SherpaRecogniser:
    """A streaming transducer; it has no grammar, so a grammar only judges what was heard.

    Args:
        folder: Holds tokens.txt and the encoder's, decoder's and joiner's ONNX files.
        accept_at: Confidence from which words within the grammar are accepted.
    """

    def __init__(self, folder: Path, accept_at: float = 0.9) -> None:
        self._folder = folder
        self._accept_at = accept_at
        self._lock = threading.Lock()
        self._loaded: Any = None

    def start(self, grammar: Grammar | None = None) -> "SherpaStream":
        """Raises RecognitionUnavailable."""
        model = self._model()
        return SherpaStream(model, grammar, self._accept_at)

    def covers(self, phrases: Sequence[str]) -> tuple[str, ...]:
        """An open vocabulary lacks nothing that is written in its characters."""
        lines = (self._folder / "tokens.txt").read_text(encoding="utf-8").splitlines()
        known = {sign for line in lines if line for sign in line.split()[0]}
        return tuple(phrase for phrase in phrases if set(phrase.replace(" ", "")) - known)

    def _model(self) -> Any:  # noqa: ANN401 - the library has no types
        with self._lock:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded

    def _load(self) -> Any:  # noqa: ANN401
        try:
            import sherpa_onnx  # noqa: PLC0415 - optional
        except (ImportError, OSError) as error:
            raise RecognitionUnavailable("library", "没有安装语音识别库 sherpa-onnx。") from error
        parts = {name: next(iter(sorted(self._folder.glob(f"{name}*.onnx"))), None) for name in _PARTS}
        missing = [name for name, path in parts.items() if path is None]
        if missing or not (self._folder / "tokens.txt").is_file():
            raise RecognitionUnavailable("missing", f"sherpa-onnx 模型不完整：{'、'.join(missing) or 'tokens.txt'}")
        try:
            return sherpa_onnx.OnlineRecognizer.from_transducer(
                tokens=str(self._folder / "tokens.txt"),
                num_threads=THREADS,
                **{name: str(path) for name, path in parts.items()},
            )
        except Exception as error:
            raise RecognitionUnavailable("damaged", f"语音模型无法加载：{self._folder.name}") from error


_PARTS = ("encoder", "decoder", "joiner")


class SherpaStream:
    """One utterance."""

    def __init__(self, model: Any, grammar: Grammar | None, accept_at: float) -> None:  # noqa: ANN401
        self._model = model
        self._grammar = grammar
        self._accept_at = accept_at
        self._stream = model.create_stream()
        self._meter = SoundMeter()
        self._seconds = 0.0

    def feed(self, pcm: bytes) -> str:
        """Raises RecognitionUnavailable."""
        if len(pcm) % 2:
            raise RecognitionUnavailable("rate", "音频格式不对：需要 8 kHz、16 位单声道。")
        samples = np.frombuffer(pcm, dtype="<i2")
        self._meter.feed(samples)
        self._seconds += samples.size / RATE_HZ
        return self._decode(samples.astype(np.float32) / FULL_SCALE)

    def finish(self) -> Recognised:
        """What was heard in all."""
        text = self._decode(np.zeros(int(TAIL_SECONDS * RATE_HZ), dtype=np.float32))
        if self._meter.silent:
            return Recognised("silence")
        if not text:
            return Recognised("speech" if self._meter.lively else "noise", foreign=self._meter.lively)
        sure = self._confidence()
        allowed = {phrase.replace(" ", "") for phrase in self._grammar.phrases} if self._grammar else {text}
        foreign = text not in allowed
        word = Word(text, sure, 0.0, self._seconds)
        return Recognised("speech", text, (word,), sure, sure >= self._accept_at and not foreign, foreign)

    def _decode(self, samples: np.ndarray) -> str:
        try:
            self._stream.accept_waveform(RATE_HZ, samples)
            while self._model.is_ready(self._stream):
                self._model.decode_stream(self._stream)
            return str(self._model.get_result(self._stream)).replace(" ", "")
        except Exception as error:
            raise RecognitionUnavailable("failed", FAILED) from error

    def _confidence(self) -> float:
        """Of the least sure token; nothing where the library's version does not tell."""
        logs: Sequence[float] = getattr(self._model, "ys_log_probs", lambda _stream: [])(self._stream)
        return float(np.exp(min(logs))) if len(logs) else 0.0
