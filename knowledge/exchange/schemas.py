"""What an import reports."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

Format = Literal["csv", "xlsx", "docx", "md"]


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class RawEntry(Frozen):
    """An entry as a file holds it: texts by column title, and where it stands (row or heading, from 1)."""

    row: int
    cells: dict[str, str]


class Broken(Frozen):
    """A row that cannot be used."""

    row: int
    field: str
    reason: str
    remedy: str


class Duplicate(Frozen):
    """A row whose question another entry answers, or nearly; without `entry_id` it is another row of the file."""

    row: int
    question: str
    kind: Literal["same", "near"]
    entry_id: UUID | None
    entry_question: str
    score: float


class ConflictRow(Frozen):
    """A row whose entry is there with other contents; applying makes a draft of it."""

    row: int
    key: str
    fields: tuple[str, ...]


class Item(Frozen):
    """A sound row; `content` is a Content as JSON."""

    row: int
    key: str | None
    content: dict[str, Any]
    change: Literal["create", "update", "unchanged"]
    duplicate: bool


class Report(Frozen):
    rows: int
    sound: int
    broken: tuple[Broken, ...] = ()
    duplicates: tuple[Duplicate, ...] = ()
    conflicts: tuple[ConflictRow, ...] = ()
    created: int = 0
    updated: int = 0
    unchanged: int = 0


class Kept(Report):
    """A report with the rows it speaks of."""

    items: tuple[Item, ...] = ()


class ImportView(Report):
    id: UUID
    file_name: str
    at: datetime
    status: Literal["previewed", "applied"]


class ApplyIn(Frozen):
    skip_duplicates: bool = Field(default=True, description="不导入与已有知识重复或近似的行")
