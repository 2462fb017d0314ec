"""Files handed over through the page: kept until they are applied or replaced."""

import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from core_api.kit.errors import Invalid, NotFound

FILES_MAX = 12
FILE_MAX_BYTES = 1 << 30
CHUNK_BYTES = 1 << 20
APPLYING = ".applying"
_UNSAFE = re.compile(r"[^\w.()（）\-]+")


def folder_of(data_dir: Path, run_id: UUID) -> Path:
    """Where the files of a preview lie."""
    return data_dir / "imports" / str(run_id)


def keep(folder: Path, files: Iterable[tuple[str, BinaryIO]]) -> None:
    """Writes uploaded files under harmless names; nothing stays when one is refused.

    Raises:
        Invalid: Two of one name, too many, or one too large.
    """
    folder.mkdir(parents=True, mode=0o700)
    try:
        for count, (name, content) in enumerate(files, start=1):
            _copy(content, _free(folder / safe_name(name), count))
    except (Invalid, OSError):
        remove(folder)
        raise


def existing(folder: Path) -> Path:
    """The folder, if its files are still there.

    Raises:
        NotFound: They were applied or removed.
    """
    if not folder.is_dir():
        raise NotFound("这次预览的文件已不在，请重新上传")
    return folder


def claimed(folder: Path) -> Path:
    """Where the files of a preview lie while they are applied."""
    return folder.with_name(f"{folder.name}{APPLYING}")


def release_all(data_dir: Path) -> int:
    """Gives files back whose import was interrupted, so that it can be run again from the page.

    Returns:
        Folders given back.
    """
    left = [folder for folder in (data_dir / "imports").glob(f"*{APPLYING}") if folder.is_dir()]
    for folder in left:
        folder.rename(folder.with_name(folder.name.removesuffix(APPLYING)))
    return len(left)


def remove(folder: Path) -> None:
    """Deletes the files."""
    shutil.rmtree(folder, ignore_errors=True)


def safe_name(name: str) -> str:
    """A file name without a path or odd characters, its suffix kept."""
    plain = _UNSAFE.sub("_", Path(name.replace("\\", "/")).name).lstrip(".") or "file"
    suffix = Path(plain).suffix[:8]
    return Path(plain).stem[:80] + suffix


def _free(target: Path, count: int) -> Path:
    if count > FILES_MAX or target.exists():
        raise Invalid("文件过多，或有两个同名文件", field="files")
    return target


def _copy(source: BinaryIO, target: Path) -> None:
    written = 0
    with target.open("wb") as file:
        while chunk := source.read(CHUNK_BYTES):
            written += len(chunk)
            if written > FILE_MAX_BYTES:
                raise Invalid("单个文件不能超过 1 GB，请拆分后上传", field="files")
            file.write(chunk)
