"""Canned replies as they are written and shown."""

from uuid import UUID

from pydantic import Field

from assistant.desk.calendar.schemas import Frozen


class ReplyIn(Frozen):
    """A canned reply; `{称呼}` and its like are filled in when it is used."""

    shortcut: str = Field(pattern=r"^[\w\u4e00-\u9fff-]{1,30}$")
    title: str = Field(min_length=1, max_length=60)
    text: str = Field(min_length=1, max_length=2000)
    shared: bool = False


class ReplyView(ReplyIn):
    id: UUID
    mine: bool
    uses: int
    placeholders: tuple[str, ...]


class RenderIn(Frozen):
    conversation_id: UUID


class Rendered(Frozen):
    """A reply to be sent; `missing` are places without a value, left as they stand."""

    text: str
    missing: tuple[str, ...]
