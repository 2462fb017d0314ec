"""Fetches a published Vosk model, checks it and puts it in place whole."""

import hashlib
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import httpx

from telephony.speech.model_files import check
from telephony.speech.recognition import RecognitionUnavailable

CONNECT_SECONDS = 15.0
READ_BYTES = 1 << 16
LONGEST_UNPACKED_BYTES = 4 << 30


@dataclass(frozen=True)
class Published:
    """A model that can be fetched.

    Attributes:
        name: Also the folder's.
        url: Of its archive.
        megabytes: Of the archive, about.
        licence: Of the model.
        text: What it is for, in Chinese.
    """

    name: str
    url: str
    megabytes: int
    licence: str
    text: str


SMALL_CN = Published(
    name="vosk-model-small-cn-0.22",
    url="https://alphacephei.com/vosk/models/vosk-model-small-cn-0.22.zip",
    megabytes=42,
    licence="Apache-2.0",
    text="小型通用中文模型：可听写，也可限定词表。",
)


def install(model: Published, folder: Path, sha256: str, progress: Callable[[int], None]) -> Path:
    """Downloads, compares the checksum, unpacks beside and renames.

    Args:
        model: What to fetch.
        folder: Where models lie.
        sha256: What the archive's checksum must be; the site has it from the publisher.
        progress: Told how many bytes have come.

    Returns:
        The model's folder.

    Raises:
        RecognitionUnavailable: The network, the checksum or the archive is at fault.
    """
    target = folder / model.name
    if target.is_dir():
        check(target)
        return target
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".fetch-") as name:
        archive = Path(name) / "model.zip"
        _download(model.url, archive, progress)
        return unpack(archive, sha256, target)


def unpack(archive: Path, sha256: str, target: Path) -> Path:
    """Unpacks an archive whose checksum is right; also one that was carried here by hand.

    Raises:
        RecognitionUnavailable: The checksum differs, or the archive holds no model.
    """
    found = file_sha256(archive)
    if found != sha256.lower():
        raise RecognitionUnavailable("damaged", f"校验和不符：应为 {sha256}，实为 {found}。没有安装。")
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".unpack-") as name:
        folder = Path(name)
        _extract(archive, folder)
        holds = next((path.parent.parent for path in folder.rglob("am/final.mdl")), None)
        if holds is None:
            raise RecognitionUnavailable("damaged", "压缩包里没有语音模型（缺少 am/final.mdl）。")
        check(holds)
        shutil.move(str(holds), target)
    return target


def file_sha256(path: Path) -> str:
    """A file's checksum."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(READ_BYTES):
            digest.update(part)
    return digest.hexdigest()


def _download(url: str, target: Path, progress: Callable[[int], None]) -> None:
    try:
        with (
            httpx.stream("GET", url, timeout=CONNECT_SECONDS, follow_redirects=True) as answer,
            target.open("wb") as file,
        ):
            answer.raise_for_status()
            for part in answer.iter_bytes(READ_BYTES):
                file.write(part)
                progress(file.tell())
    except (httpx.HTTPError, OSError) as error:
        raise RecognitionUnavailable(
            "missing", f"下载失败（{type(error).__name__}）。本机不能上网时请离线安装。"
        ) from error


def _extract(archive: Path, folder: Path) -> None:
    try:
        with zipfile.ZipFile(archive) as content:
            members = content.infolist()
            outside = [one for one in members if PurePosixPath(one.filename).is_absolute() or ".." in one.filename]
            if outside or sum(one.file_size for one in members) > LONGEST_UNPACKED_BYTES:
                raise RecognitionUnavailable("damaged", "压缩包内容异常，没有安装。")
            content.extractall(folder)
    except (zipfile.BadZipFile, OSError) as error:
        raise RecognitionUnavailable("damaged", "压缩包损坏，没有安装。") from error
