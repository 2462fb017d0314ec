"""Queries of imports."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from core_api.imports.models import ImportIssue, ImportRun
from core_api.imports.schemas import FileReport, ImportReport, Issue
from core_api.kit.errors import NotFound

ISSUES_SHOWN = 500


def begin(session: Session, run_id: UUID, dry_run: bool, actor_id: UUID | None, now: datetime) -> None:
    """Writes a run that begins."""
    session.add(
        ImportRun(
            id=run_id, dry_run=dry_run, state="running", actor_id=actor_id, started_at=now, files=[], issues_total=0
        )
    )


def finish(
    session: Session, run_id: UUID, state: str, files: Sequence[FileReport], issues_total: int, now: datetime
) -> None:
    """Writes what a run came to."""
    row = by_id(session, run_id)
    row.state, row.finished_at, row.issues_total = state, now, issues_total
    row.files = [file.model_dump(mode="json") for file in files]


def add_issues(session: Session, run_id: UUID, issues: Sequence[Issue]) -> None:
    """Writes issues in the order given."""
    if issues:
        session.execute(insert(ImportIssue), [one.model_dump() | {"run_id": run_id} for one in issues])


def by_id(session: Session, run_id: UUID) -> ImportRun:
    """The run's row.

    Raises:
        NotFound: There is none.
    """
    row = session.get(ImportRun, run_id)
    if row is None:
        raise NotFound("没有这次导入")
    return row


def report(session: Session, run_id: UUID, issues: int = ISSUES_SHOWN) -> ImportReport:
    """A run with its first issues.

    Raises:
        NotFound: There is no such run.
    """
    row = by_id(session, run_id)
    found = session.scalars(
        select(ImportIssue).where(ImportIssue.run_id == run_id).order_by(ImportIssue.id).limit(issues)
    )
    return _report(row, tuple(Issue.model_validate(one, from_attributes=True) for one in found))


def newest(session: Session, limit: int) -> list[ImportReport]:
    """The last runs, newest first, without their issues."""
    rows = session.scalars(select(ImportRun).order_by(ImportRun.id.desc()).limit(limit))
    return [_report(row, ()) for row in rows]


def issues_after(session: Session, run_id: UUID, after: int, limit: int) -> list[tuple[int, Issue]]:
    """A run's issues after one."""
    rows = session.scalars(
        select(ImportIssue)
        .where(ImportIssue.run_id == run_id, ImportIssue.id > after)
        .order_by(ImportIssue.id)
        .limit(limit)
    )
    return [(row.id, Issue.model_validate(row, from_attributes=True)) for row in rows]


def _report(row: ImportRun, issues: tuple[Issue, ...]) -> ImportReport:
    return ImportReport.model_validate(
        {
            "id": row.id,
            "dry_run": row.dry_run,
            "state": row.state,
            "started_at": row.started_at,
            "finished_at": row.finished_at,
            "files": row.files,
            "issues": issues,
            "issues_total": row.issues_total,
        }
    )
