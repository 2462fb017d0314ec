"""What an import takes and reports."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

Kind = Literal["patients", "contracts", "treatments", "observations"]
Severity = Literal["error", "warning"]
Change = Literal["created", "updated", "unchanged", "refused"]
RunState = Literal["running", "previewed", "applied", "failed"]


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class FileProfile(Frozen):
    """How a hospital names the columns of one kind of file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    names: tuple[str, ...] = ()
    required: tuple[str, ...]
    columns: dict[str, tuple[str, ...]]


class Profile(Frozen):
    """How a hospital's export maps to fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    files: dict[Kind, FileProfile]


class Issue(Frozen):
    """One thing to know about one cell: an error refused its row (or file, row 0), a warning did not."""

    file: str
    row: int
    column: str
    value: str = Field(description="已脱敏")
    reason: str
    remedy: str
    severity: Severity


class FileReport(Frozen):
    """What became of one file's rows; rows = created + updated + unchanged + refused."""

    file: str
    kind: Kind | None
    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0
    warned: int = 0


class ImportReport(Frozen):
    """What an import did, or a dry run would do; `issues` are the first of `issues_total`."""

    id: UUID
    dry_run: bool
    state: RunState
    started_at: datetime
    finished_at: datetime | None
    files: tuple[FileReport, ...]
    issues: tuple[Issue, ...]
    issues_total: int
