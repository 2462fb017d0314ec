"""What is known of a file."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

FileKind = Literal["picture", "voice"]
PICTURE_BYTES = 10 << 20
VOICE_BYTES = 2 << 20
VOICE_SECONDS = 60


class FileView(BaseModel):
    """A file of a conversation."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    kind: FileKind
    media_type: str
    size_bytes: int
    width: int | None = None
    height: int | None = None
    seconds: int | None = None


class Checked(BaseModel):
    """A file whose content is what it claims to be, ready to be kept."""

    model_config = ConfigDict(frozen=True)

    kind: FileKind
    media_type: str
    content: bytes
    width: int | None = None
    height: int | None = None
    seconds: int | None = None
