"""Keeping and reading files of conversations."""

import os
from collections.abc import Collection
from pathlib import Path
from uuid import UUID

from sqlalchemy.orm import Session

from assistant.channels.files import repository
from assistant.channels.files.schemas import Checked, FileView
from core_api.kit.clock import Clock
from core_api.kit.crypto import SealBroken, ring_of, seal_bytes, unseal_bytes
from core_api.kit.db import new_id
from core_api.kit.errors import NotFound

PLACE = "chat_files.content"
FOLDER = "chat"


def keep(session: Session, data_dir: Path, conversation_id: UUID, file: Checked, clock: Clock) -> FileView:
    """Writes a checked file; its row belongs to the transaction, a file without a row is never shown."""
    file_id = new_id()
    view = FileView(id=file_id, size_bytes=len(file.content), **file.model_dump(exclude={"content"}))
    path = _path(data_dir, file_id)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(seal_bytes(ring_of(session), PLACE, file_id, file.content))
    repository.add(session, conversation_id, view, clock.now())
    return view


def read(
    session: Session, data_dir: Path, file_id: UUID, conversation_id: UUID | None = None
) -> tuple[FileView, bytes]:
    """A file and its bytes.

    Args:
        session: Any.
        data_dir: Where files lie.
        file_id: Which.
        conversation_id: The conversation it must belong to, if the caller may see that one only.

    Raises:
        NotFound: There is none, or it belongs to another conversation.
    """
    view = repository.find(session, file_id, conversation_id)
    if view is None:
        raise NotFound("没有找到这个文件", code="file_not_found")
    try:
        sealed = _path(data_dir, file_id).read_bytes()
        return view, unseal_bytes(ring_of(session), PLACE, file_id, sealed)
    except (FileNotFoundError, SealBroken) as error:
        raise NotFound("没有找到这个文件", code="file_not_found") from error


def views(session: Session, file_ids: Collection[UUID]) -> dict[UUID, FileView]:
    """What is known of files, by id."""
    return {view.id: view for view in repository.of_ids(session, file_ids)} if file_ids else {}


def _path(data_dir: Path, file_id: UUID) -> Path:
    return data_dir / FOLDER / file_id.hex[-2:] / file_id.hex
