"""A sherpa-onnx model's files: whether the library and they are there, whether they can be loaded, loading them."""

import subprocess
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from telephony.audio.pcm import RATE_HZ
from telephony.speech.model_files import ModelInfo, manifest
from telephony.speech.recognition import RecognitionUnavailable

PARTS = ("encoder", "decoder", "joiner")
TOKENS = "tokens.txt"
THREADS = 1
PROBE_SECONDS = 180
ROOT = Path(__file__).parents[2]
LOCK = ROOT / "env" / "sherpa.lock"
ACCEPT_AT = {"yes_no": 0.97, "choice": 0.97}
"""Of a model that nobody has calibrated; what is not named is always said back."""
NEVER = 1.01


def library() -> str | None:
    """The library's version; None where it is not installed."""
    try:
        return version("sherpa-onnx") if find_spec("sherpa_onnx") else None
    except (PackageNotFoundError, ValueError):
        return None


def how_to_install() -> str:
    """The command that installs the library beside ours."""
    return f"{sys.executable} -m pip install --no-deps --require-hashes -r {LOCK}"


def check(folder: Path) -> None:
    """Sees that the library and the files are there; cheap, loads nothing.

    Raises:
        RecognitionUnavailable: Something is missing; the reason names it.
    """
    if not _importable():
        raise RecognitionUnavailable("library", f"没有安装语音识别库 sherpa-onnx，安装：{how_to_install()}")
    if not folder.is_dir():
        raise RecognitionUnavailable("missing", f"找不到 sherpa-onnx 模型目录：{folder}")
    missing = [name for name, path in parts(folder).items() if path is None or not path.stat().st_size]
    if missing:
        names = "、".join(f"{name}*.onnx" for name in missing)
        raise RecognitionUnavailable("missing", f"sherpa-onnx 模型不完整，缺少 {names}（需要流式 transducer 模型）")
    known = tokens(folder)
    if len(known) < 2:  # noqa: PLR2004 - the blank and one more
        raise RecognitionUnavailable("damaged", f"sherpa-onnx 模型的 {TOKENS} 缺失或损坏")


def probe(folder: Path) -> None:
    """Loads the model in another process: the library ends its process on files that it does not understand.

    Raises:
        RecognitionUnavailable: It cannot be loaded.
    """
    check(folder)
    command = [sys.executable, "-m", "telephony.speech.sherpa_probe", str(folder)]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=PROBE_SECONDS, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _damaged(folder) from error
    if done.returncode:
        raise _damaged(folder)


def load(folder: Path) -> Any:  # noqa: ANN401 - the library has no types
    """The library's recogniser.

    Raises:
        RecognitionUnavailable: The library refuses it.
    """
    check(folder)
    import sherpa_onnx  # noqa: PLC0415 - optional

    try:
        return sherpa_onnx.OnlineRecognizer.from_transducer(
            tokens=str(folder / TOKENS),
            num_threads=THREADS,
            **{name: str(path) for name, path in parts(folder).items()},
        )
    except Exception as error:
        raise _damaged(folder) from error


def try_out(folder: Path) -> None:
    """Loads it and hears half a second of noise."""
    model = load(folder)
    stream = model.create_stream()
    noise = np.random.default_rng(1).normal(size=RATE_HZ // 2) * 0.1
    stream.accept_waveform(RATE_HZ, noise.astype(np.float32))
    while model.is_ready(stream):
        model.decode_stream(stream)
    model.get_result(stream)


def parts(folder: Path) -> dict[str, Path | None]:
    """The model's files by part; of several kinds the smaller (int8) one."""
    return {name: next(iter(sorted(folder.glob(f"{name}*.onnx"))), None) for name in PARTS}


@cache
def _lines(path: Path, _changed_at: float) -> tuple[str, ...]:
    return tuple(path.read_text(encoding="utf-8").splitlines())


def tokens(folder: Path) -> tuple[str, ...]:
    """The model's signs in order; empty where the file is missing or numbers them wrongly."""
    path = folder / TOKENS
    try:
        pairs = [line.split() for line in _lines(path, path.stat().st_mtime) if line.strip()]
        rightly = all(int(pair[-1]) == at for at, pair in enumerate(pairs))
    except (OSError, ValueError):
        return ()
    return tuple(pair[0] for pair in pairs) if rightly else ()


def accept_at(folder: Path, family: str) -> float:
    """Confidence from which an answer of a family is taken without asking again: the manifest's, else a careful one."""
    return float(manifest(folder).get("accept_at", ACCEPT_AT).get(family, NEVER))


def describe(folder: Path) -> ModelInfo:
    """What a folder holds, loaded in another process to see."""
    try:
        probe(folder)
    except RecognitionUnavailable as error:
        fault: str | None = error.reason
    else:
        fault = None
    about = manifest(folder)
    files = [path for path in folder.rglob("*") if path.is_file()] if folder.is_dir() else []
    return ModelInfo(
        folder=folder,
        name=str(about.get("name", folder.name)),
        licence=str(about.get("licence", "未注明")),
        words=0,
        size_bytes=sum(path.stat().st_size for path in files),
        fault=fault,
    )


def _importable() -> bool:
    if "sherpa_onnx" in sys.modules:
        return sys.modules["sherpa_onnx"] is not None
    return find_spec("sherpa_onnx") is not None


def _damaged(folder: Path) -> RecognitionUnavailable:
    return RecognitionUnavailable(
        "damaged", f"sherpa-onnx 模型无法加载：{folder.name}，文件被截断或不是流式 transducer 模型，请重新复制"
    )
