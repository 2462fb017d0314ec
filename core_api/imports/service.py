"""Running imports."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import islice
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from core_api.imports import (
    contract_rows,
    observation_rows,
    patient_rows,
    reading,
    repository,
    treatment_rows,
)
from core_api.imports.job import Job, Note
from core_api.imports.profiles import KINDS, load_profile
from core_api.imports.reading import FileRefused, Record, Table
from core_api.imports.schemas import ImportReport, Issue, Kind, Profile, RunState
from core_api.imports.scratch import Scratch
from core_api.kit.clock import Clock
from core_api.kit.db import Sessions, new_id
from core_api.kit.errors import Invalid
from core_api.kit.paging import Page, decode_cursor, encode_cursor

__all__ = ["end_interrupted", "issues", "load_profile", "newest", "report", "run_import"]

BATCH_ROWS = 500
# A batch takes seconds; a run that has finished none in this time has no process any more.
SILENT_AFTER = timedelta(minutes=2)
INTERRUPTED = Issue(
    file="",
    row=0,
    column="",
    value="",
    reason="导入进行中服务被中断（断电或进程被结束）；已写入的行都保留",
    remedy="请用同一批文件重新导入，已写入的行不会重复",
    severity="error",
)
SUFFIXES = {".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xls"}
HOSPITAL_ZONE = ZoneInfo("Asia/Shanghai")
Settle = Callable[[Job, Session, Sequence[Record]], None]
Progress = Callable[[str, int], None]

_SETTLE: dict[Kind, Settle] = {
    "patients": patient_rows.settle,
    "contracts": contract_rows.settle,
    "treatments": treatment_rows.settle,
    "observations": observation_rows.settle,
}


def run_import(  # noqa: PLR0913 - the five of the contract, and what only some callers say
    sessions: Sessions,
    folder: Path,
    profile: Profile,
    clock: Clock,
    dry_run: bool,
    *,
    zone: ZoneInfo = HOSPITAL_ZONE,
    actor_id: UUID | None = None,
    run_id: UUID | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """Takes over an export: patients first, then what speaks of them; sound rows go in, others are named.

    Rows are committed in batches of BATCH_ROWS and every write is an upsert by the hospital's own keys, so that a
    killed import is finished by running it again. A dry run decides by the same code and writes only its report.

    Args:
        sessions: Opens one transaction per batch.
        folder: Holds the export's files; other files are passed over with a warning.
        profile: Which column is which field.
        clock: Tells now.
        dry_run: Report only.
        zone: The hospital's, for times without one.
        actor_id: Who runs it.
        run_id: The id of the report; a new one when absent.
        progress: Called with (file, rows read so far) after each batch.

    Raises:
        Invalid: No folder, or nothing in it to import.
    """
    files = _files(folder)
    run_id = run_id or new_id()
    with sessions.begin() as session:
        repository.begin(session, run_id, dry_run, actor_id, clock.now())
    state: RunState = "failed"
    with Scratch() as scratch:
        job = Job(run_id, clock, zone, dry_run, scratch)
        try:
            for table in _open_all(job, files, profile):
                _run_file(job, sessions, table, progress)
            state = "previewed" if dry_run else "applied"
        finally:
            with sessions.begin() as session:
                job.flush(session)
                repository.finish(session, run_id, state, job.tally.reports(), job.tally.total, clock.now())
    with sessions() as session:
        found = repository.report(session, run_id)
        session.rollback()
    return found


def end_interrupted(session: Session, clock: Clock) -> list[UUID]:
    """Ends runs whose process is gone: they have not been heard of for SILENT_AFTER, and say so in their report.

    Returns:
        The runs ended.
    """
    now = clock.now()
    ended = repository.fail_silent(session, now - SILENT_AFTER, now)
    for run_id in ended:
        repository.add_issues(session, run_id, [INTERRUPTED])
    return ended


def report(session: Session, run_id: UUID) -> ImportReport:
    """A run with its first issues.

    Raises:
        NotFound: There is no such run.
    """
    return repository.report(session, run_id)


def newest(session: Session, limit: int) -> list[ImportReport]:
    """The last runs, newest first, without their issues."""
    return repository.newest(session, limit)


def issues(session: Session, run_id: UUID, cursor: str | None, limit: int) -> Page[Issue]:
    """A page of a run's issues, in the order found.

    Raises:
        Invalid: The cursor is not ours.
        NotFound: There is no such run.
    """
    total = repository.by_id(session, run_id).issues_total
    after = decode_cursor(cursor)[0] if cursor else 0
    if not isinstance(after, int):
        raise Invalid("翻页位置无效，请从第一页重新查看", field="cursor")
    rows = repository.issues_after(session, run_id, after, limit + 1)
    more = len(rows) > limit
    found = [issue for _, issue in rows[:limit]]
    return Page(items=found, next_cursor=encode_cursor(rows[limit - 1][0]) if more else None, total=total)


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise Invalid("没有这个文件夹", code="no_folder", field="folder")
    files = sorted(
        path
        for path in folder.iterdir()
        if path.is_file() and path.suffix.lower() in SUFFIXES and not path.name.startswith((".", "~$"))
    )
    if not files:
        raise Invalid("文件夹里没有可导入的文件（csv、txt、xlsx）", code="no_files", field="folder")
    return files


def _open_all(job: Job, files: Sequence[Path], profile: Profile) -> list[Table]:
    tables: list[Table] = []
    for path in files:
        try:
            tables.append(reading.open_table(path, profile))
        except FileRefused as refused:
            _refuse_file(job, path.name, refused)
    return sorted(tables, key=lambda table: KINDS.index(table.header.kind))


def _run_file(job: Job, sessions: Sessions, table: Table, progress: Progress | None) -> None:
    name = table.path.name
    job.tally.open(name, table.header.kind)
    settle = _SETTLE[table.header.kind]
    read = 0
    try:
        with reading.records(table) as rows:
            while batch := list(islice(rows, BATCH_ROWS)):
                read += len(batch)
                with sessions.begin() as session:
                    settle(job, session, _sound(job, batch))
                    job.flush(session)
                    repository.beat(session, job.run_id, job.clock.now())
                if progress is not None:
                    progress(name, read)
    except FileRefused as refused:
        job.tally.add(_file_issue(name, refused))


def _sound(job: Job, batch: Sequence[Record]) -> list[Record]:
    """The batch without rows of which nothing can be used; those are counted."""
    for record in batch:
        if record.fault is not None:
            job.refuse(record, Note("", "", record.fault, "请改正这一行后重新导入"))
    return [record for record in batch if record.fault is None]


def _refuse_file(job: Job, name: str, refused: FileRefused) -> None:
    job.tally.open(name, None)
    job.tally.add(_file_issue(name, refused))


def _file_issue(name: str, refused: FileRefused) -> Issue:
    severity = "warning" if refused.skipped else "error"
    return Issue.model_validate(
        {
            "file": name,
            "row": 0,
            "column": "",
            "value": "",
            "reason": refused.reason,
            "remedy": refused.remedy,
            "severity": severity,
        }
    )
