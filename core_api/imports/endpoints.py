"""Imports over HTTP: upload and preview, then apply. Each verb commits its own batches."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, UploadFile
from sqlalchemy.orm import Session

from core_api.audit import service as audit
from core_api.imports import service, uploads
from core_api.imports.schemas import ImportReport, Issue
from core_api.kit.db import new_id
from core_api.kit.errors import Conflict
from core_api.kit.paging import Cursor, Limit, Page
from core_api.kit.web import CurrentUser, Db, Runtime, RuntimeDep, require

router = APIRouter(prefix="/api/imports", tags=["导入"])
Importer = Annotated[CurrentUser, Depends(require("imports.run"), scope="function")]


@router.post("", status_code=201)
def upload(
    files: list[UploadFile], runtime: RuntimeDep, user: Importer, dry_run: Annotated[bool, Form()] = True
) -> ImportReport:
    """Takes files and previews them, or imports them at once when `dry_run` is false."""
    run_id = new_id()
    folder = uploads.folder_of(runtime.data_dir, run_id)
    uploads.keep(folder, ((file.filename or "file", file.file) for file in files))
    try:
        report = _run(runtime, user, run_id, run_id, dry_run=dry_run)
    except BaseException:
        uploads.remove(folder)
        raise
    if not dry_run:
        uploads.remove(folder)
    return report


@router.get("")
def list_runs(session: Db, _user: Importer, limit: Limit = 20) -> list[ImportReport]:
    """The last imports, newest first, without their issues."""
    return service.newest(session, limit)


@router.get("/{run_id}")
def read_run(run_id: UUID, session: Db, _user: Importer) -> ImportReport:
    """One import with its first issues."""
    return service.report(session, run_id)


@router.get("/{run_id}/issues")
def list_issues(run_id: UUID, session: Db, _user: Importer, cursor: Cursor = None, limit: Limit = 100) -> Page[Issue]:
    """All issues of an import that are kept."""
    return service.issues(session, run_id, cursor, limit)


@router.post("/{run_id}/apply")
def apply(run_id: UUID, runtime: RuntimeDep, user: Importer) -> ImportReport:
    """Imports previewed files; the files are removed afterwards."""
    folder = uploads.existing(uploads.folder_of(runtime.data_dir, run_id))
    claimed = uploads.claimed(folder)
    try:
        folder.rename(claimed)
    except OSError as error:
        raise Conflict("这次导入正在进行") from error
    try:
        report = _run(runtime, user, new_id(), run_id, dry_run=False, applying=True)
    except BaseException:
        claimed.rename(folder)
        raise
    uploads.remove(claimed)
    return report


def _run(
    runtime: Runtime, user: CurrentUser, run_id: UUID, upload_id: UUID, *, dry_run: bool, applying: bool = False
) -> ImportReport:
    folder = uploads.folder_of(runtime.data_dir, upload_id)
    with runtime.sessions.begin() as session:
        _audit(session, runtime, user, run_id, dry_run=dry_run)
    return service.run_import(
        runtime.sessions,
        uploads.claimed(folder) if applying else folder,
        service.load_profile(),
        runtime.clock,
        dry_run,
        zone=runtime.zone,
        actor_id=user.id,
        run_id=run_id,
    )


def _audit(session: Session, runtime: Runtime, user: CurrentUser, run_id: UUID, *, dry_run: bool) -> None:
    action, purpose = ("import.preview", "预览导入") if dry_run else ("import.apply", "导入医院数据")
    audit.record(session, user.id, action, "import", run_id, purpose, runtime.clock)
