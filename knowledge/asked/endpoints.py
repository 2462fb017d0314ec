"""Answers given and the bank of unanswered questions over HTTP."""

import csv
import io
from collections.abc import Iterable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from core_api.audit import service as audit
from core_api.kit.paging import Cursor, Limit, Page
from core_api.kit.web import CurrentUser, Db, RuntimeDep, require
from knowledge.asked import bank, given
from knowledge.asked.schemas import DismissIn, GivenFilter, GivenView, GroupDetail, GroupFilter, GroupView, MergeIn
from knowledge.cells import harmless

router = APIRouter(prefix="/api/knowledge", tags=["知识库"])
Reader = Annotated[CurrentUser, Depends(require("knowledge.read"), scope="function")]
Writer = Annotated[CurrentUser, Depends(require("knowledge.write"), scope="function")]
PatientReader = Annotated[CurrentUser, Depends(require("patients.read"), scope="function")]
CSV = "text/csv; charset=utf-8"
BOM = "\ufeff"
BANK_COLUMNS = ("次数", "人数", "问题", "首次", "最近", "状态")
BANK_PAGE = 200


@router.get("/given")
def list_given(
    session: Db,
    runtime: RuntimeDep,
    user: Reader,
    wanted: Annotated[GivenFilter, Query()],
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Page[GivenView]:
    """Who received an entry, or one revision of it; names only for those who may read patients."""
    audit.record(
        session, user.id, "knowledge.given.list", "knowledge_entry", wanted.entry_id, "查看已回答", runtime.clock
    )
    return given.list_given(session, wanted, cursor, limit, named="patients.read" in user.permissions)


@router.get("/given/export", response_class=Response)
def export_given(
    session: Db,
    runtime: RuntimeDep,
    user: Reader,
    _patients: PatientReader,
    wanted: Annotated[GivenFilter, Query()],
) -> Response:
    """The same as a table, for telling those people."""
    audit.record(
        session, user.id, "knowledge.given.export", "knowledge_entry", wanted.entry_id, "导出已回答名单", runtime.clock
    )
    return _csv(given.table(session, wanted, runtime.zone), "given.csv")


@router.get("/unanswered")
def list_groups(
    session: Db,
    runtime: RuntimeDep,
    _user: Reader,
    wanted: Annotated[GroupFilter, Query()],
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Page[GroupView]:
    """The ranked bank of what patients asked in vain."""
    return bank.list_groups(session, wanted, runtime.clock, cursor, limit)


@router.get("/unanswered/export", response_class=Response)
def export_groups(session: Db, runtime: RuntimeDep, user: Reader, wanted: Annotated[GroupFilter, Query()]) -> Response:
    """The bank as a table."""
    audit.record(
        session, user.id, "knowledge.unanswered.export", "knowledge_unanswered", "", "导出问题库", runtime.clock
    )
    rows: list[tuple[str, ...]] = [BANK_COLUMNS]
    cursor: str | None = None
    while True:
        page = bank.list_groups(session, wanted, runtime.clock, cursor, BANK_PAGE)
        for one in page.items:
            days = (at.astimezone(runtime.zone).strftime("%Y-%m-%d") for at in (one.first_at, one.last_at))
            rows.append((str(one.count), str(one.patients_count), one.text, *days, one.status))
        cursor = page.next_cursor
        if cursor is None:
            return _csv(rows, "unanswered.csv")


@router.get("/unanswered/{group_id}")
def read_group(group_id: UUID, session: Db, runtime: RuntimeDep, user: Reader) -> GroupDetail:
    """One group with the last questions in it."""
    audit.record(
        session, user.id, "knowledge.unanswered.read", "knowledge_unanswered", group_id, "查看提问", runtime.clock
    )
    return bank.group(session, group_id, runtime.clock)


@router.post("/unanswered/{group_id}/dismiss")
def dismiss(group_id: UUID, body: DismissIn, session: Db, runtime: RuntimeDep, _user: Writer) -> GroupView:
    """Takes a group off the bank."""
    return bank.dismiss(session, group_id, body.reason, runtime.clock)


@router.post("/unanswered/{group_id}/merge")
def merge(group_id: UUID, body: MergeIn, session: Db, runtime: RuntimeDep, _user: Writer) -> GroupView:
    """Moves a group's questions into another."""
    return bank.merge(session, group_id, body.into, runtime.clock)


def _csv(rows: Iterable[tuple[str, ...]], name: str) -> Response:
    text = io.StringIO()
    writer = csv.writer(text)
    for row in rows:
        writer.writerow([harmless(cell) for cell in row])
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(BOM + text.getvalue(), media_type=CSV, headers=headers)
