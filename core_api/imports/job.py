"""One run: what rows need to be settled, and the tally of what became of them."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from core_api.imports import repository
from core_api.imports.parsing import Unreadable, text
from core_api.imports.reading import Record
from core_api.imports.schemas import Change, FileReport, Issue, Kind
from core_api.imports.scratch import Scratch
from core_api.imports.values import shown
from core_api.kit.clock import Clock
from core_api.patients import service as patients
from core_api.treatments import rules as treatment_rules

T = TypeVar("T")

ISSUES_KEPT = 20_000


@dataclass(frozen=True)
class Note:
    """Something about a cell; as an error it refuses the row."""

    field: str
    value: object
    reason: str
    remedy: str


class RowRefused(Exception):
    """A row that does not go in."""

    def __init__(self, note: Note) -> None:
        super().__init__(note.reason)
        self.note = note


@dataclass(frozen=True)
class Subject:
    """The patient a row speaks of; without an id in a dry run that would only make it."""

    patient_id: UUID | None
    transplant: str | None


@dataclass
class Tally:
    """Counts by file, and the issues of the batch at hand; all others lie in their table."""

    files: dict[str, dict[str, int]] = field(default_factory=dict)
    kinds: dict[str, Kind | None] = field(default_factory=dict)
    pending: list[Issue] = field(default_factory=list)
    total: int = 0
    kept: int = 0

    def open(self, file: str, kind: Kind | None) -> None:
        """Begins a file."""
        self.kinds[file] = kind
        self.files[file] = dict.fromkeys(("created", "updated", "unchanged", "refused", "warned"), 0)

    def add(self, issue: Issue) -> None:
        """Adds an issue."""
        self.total += 1
        self.pending.append(issue)

    def take(self) -> list[Issue]:
        """The issues since the last call, by row, as far as they are kept."""
        batch = sorted(self.pending, key=lambda issue: issue.row)[: max(0, ISSUES_KEPT - self.kept)]
        self.pending.clear()
        self.kept += len(batch)
        return batch

    def reports(self) -> tuple[FileReport, ...]:
        """The counts so far."""
        return tuple(
            FileReport(
                file=file,
                kind=self.kinds[file],
                rows=sum(counts[name] for name in ("created", "updated", "unchanged", "refused")),
                **counts,
            )
            for file, counts in self.files.items()
        )


@dataclass
class Job:
    """Everything that settling a batch needs."""

    run_id: UUID
    clock: Clock
    zone: ZoneInfo
    dry_run: bool
    scratch: Scratch
    tally: Tally = field(default_factory=Tally)

    @property
    def today(self) -> date:
        """Today in the hospital's zone."""
        return self.clock.now().astimezone(self.zone).date()

    def done(self, record: Record, change: Change, warnings: Iterable[Note] = ()) -> None:
        """Counts a row with its warnings."""
        counts = self.tally.files[record.file]
        counts[change] += 1
        notes = list(warnings)
        counts["warned"] += bool(notes)
        for note in notes:
            self.tally.add(_issue(record, note, "warning"))

    def refuse(self, record: Record, note: Note) -> None:
        """Counts a refused row."""
        self.tally.files[record.file]["refused"] += 1
        self.tally.add(_issue(record, note, "error"))

    def flush(self, session: Session) -> None:
        """Writes the issues of a batch in the batch's own transaction."""
        repository.add_issues(session, self.run_id, self.tally.take())

    def subjects(self, session: Session, record_numbers: Collection[str]) -> dict[str, Subject]:
        """Patients of the database and of this run's earlier files, by record number."""
        found = {
            number: Subject(one.patient_id, treatment_rules.transplant_kind(one.stage, one.department))
            for number, one in patients.known(session, record_numbers).items()
        }
        if self.dry_run:
            for number, seen in self.scratch.get_many("patient", record_numbers).items():
                earlier = found.get(number)
                found[number] = Subject(earlier.patient_id if earlier else None, seen["transplant"])
        return found


def read_cell(name: str, record: Record, read: Callable[[object], T]) -> T:
    """A cell as `read` understands it.

    Raises:
        RowRefused: It does not.
    """
    try:
        return read(record[name])
    except Unreadable as problem:
        raise RowRefused(Note(name, record[name], problem.reason, problem.remedy)) from problem


def subject_of(record: Record, subjects: Mapping[str, Subject]) -> Subject:
    """The patient a row speaks of.

    Raises:
        RowRefused: There is none of that record number.
    """
    number = text(record["record_number"])
    if number not in subjects:
        raise RowRefused(Note("record_number", number, "没有这个病历号的患者", "请核对病历号，或先导入该患者"))
    return subjects[number]


def place(record: Record) -> str:
    """Where a row is, for people."""
    return f"{record.file} 第 {record.row} 行"


def _issue(record: Record, note: Note, severity: str) -> Issue:
    return Issue.model_validate(
        {
            "file": record.file,
            "row": record.row,
            "column": record.titles.get(note.field, ""),
            "value": shown(note.field, note.value),
            "reason": note.reason,
            "remedy": note.remedy,
            "severity": severity,
        }
    )
