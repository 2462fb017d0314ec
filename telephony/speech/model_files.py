"""The files of a speech model: where it lies, whether it is whole."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from telephony.speech.recognition import RecognitionUnavailable

SHIPPED = Path(__file__).parent / "model"
MANIFEST = "manifest.json"
NEEDED = ("am/final.mdl", "conf/mfcc.conf", "conf/model.conf")
READ_BYTES = 1 << 20


@dataclass(frozen=True)
class ModelInfo:
    """What is known of a model without loading it.

    Attributes:
        fault: Why it cannot be used, in Chinese; None if it can.
    """

    folder: Path
    name: str
    licence: str
    words: int
    size_bytes: int
    fault: str | None


def manifest(folder: Path) -> dict[str, Any]:
    """The manifest; empty for a model that was not made here."""
    try:
        content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def describe(folder: Path) -> ModelInfo:
    """What a folder holds, checked."""
    about = manifest(folder)
    files = [path for path in folder.rglob("*") if path.is_file()] if folder.is_dir() else []
    try:
        check(folder)
    except RecognitionUnavailable as error:
        fault: str | None = error.reason
    else:
        fault = None
    return ModelInfo(
        folder=folder,
        name=str(about.get("name", folder.name)),
        licence=str(about.get("licence", "未注明")),
        words=int(about.get("words", 0)),
        size_bytes=sum(path.stat().st_size for path in files),
        fault=fault,
    )


def check(folder: Path, *, verify: bool = True) -> None:
    """Sees that the files are there and, where a manifest lists them, as they were made.

    Vosk ends the whole process on a file that is cut off, so nothing is loaded before this.

    Raises:
        RecognitionUnavailable: A file is missing or changed.
    """
    if not folder.is_dir():
        raise RecognitionUnavailable("missing", f"找不到语音模型目录：{folder}")
    for name in NEEDED:
        if not (folder / name).is_file() or not (folder / name).stat().st_size:
            raise RecognitionUnavailable("missing", f"语音模型不完整，缺少 {name}")
    for name, digest in manifest(folder).get("files", {}).items() if verify else ():
        path = folder / name
        if not path.is_file():
            raise RecognitionUnavailable("missing", f"语音模型不完整，缺少 {name}")
        if _sha256(path) != digest:
            raise RecognitionUnavailable("damaged", f"语音模型文件损坏：{name}，请重新安装。")


def accept_at(folder: Path, family: str) -> float:
    """Confidence from which an answer of a family is taken without asking again; 1.01 means never."""
    measured = manifest(folder).get("accept_at", {})
    return float(measured.get(family, measured.get("other", 0.95)))


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(READ_BYTES):
            digest.update(part)
    return digest.hexdigest()
