"""Queries of imports."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from core_api.imports.models import ImportIssue, ImportRun
from core_api.imports.schemas import FileReport, ImportReport, Issue
from core_api.kit.errors import NotFound

ISSUES_SHOWN = 500
RUNNING = "running"


def begin(session: Session, run_id: UUID, dry_run: bool, actor_id: UUID | None, now: datetime) -> None:
    """Writes a run that begins."""
    session.add(
        ImportRun(
            id=run_id,
            dry_run=dry_run,
            state=RUNNING,
            actor_id=actor_id,
            started_at=now,
            heartbeat_at=now,
            files=[],
            issues_total=0,
        )
    )


def beat(session: Session, run_id: UUID, now: datetime) -> None:
    """Notes that a run goes on."""
    session.execute(update(ImportRun).where(ImportRun.id == run_id).values(heartbeat_at=now))


def fail_silent(session: Session, before: datetime, now: datetime) -> list[UUID]:
    """Ends runs that have not been heard of since a moment; of two who do so at once, one does.

    Returns:
        The runs ended by this call.
    """
    last = func.coalesce(ImportRun.heartbeat_at, ImportRun.started_at)
    silent = select(ImportRun.id).where(ImportRun.state == RUNNING, last < before)
    return [run_id for run_id in session.scalars(silent).all() if _fail(session, run_id, now)]


def _fail(session: Session, run_id: UUID, now: datetime) -> bool:
    done = session.execute(
        update(ImportRun)
        .where(ImportRun.id == run_id, ImportRun.state == RUNNING)
        .values(state="failed", finished_at=now, issues_total=ImportRun.issues_total + 1)
    )
    return bool(getattr(done, "rowcount", 0))


def any_running(session: Session) -> bool:
    """Whether an import is under way."""
    return session.scalar(select(ImportRun.id).where(ImportRun.state == RUNNING).limit(1)) is not None


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
    """A run with its first issues; what concerns the whole run comes before thousands of rows.

    Raises:
        NotFound: There is no such run.
    """
    row = by_id(session, run_id)
    found = session.scalars(
        select(ImportIssue)
        .where(ImportIssue.run_id == run_id)
        .order_by(ImportIssue.file != "", ImportIssue.id)
        .limit(issues)
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
