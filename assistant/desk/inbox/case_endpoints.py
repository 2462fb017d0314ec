"""Cases over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from assistant.desk import collecting, escalation
from assistant.desk import service as desk
from assistant.desk.calendar.schemas import Frozen
from assistant.desk.cases.schemas import CaseFilter, CaseIn, Outcome, Urgency
from assistant.desk.inbox import matters
from assistant.desk.inbox.schemas import CaseDetail, CaseView
from core_api.kit.db import new_id
from core_api.kit.paging import Cursor, Limit, Page
from core_api.kit.web import CurrentUser, Db, RuntimeDep, require

router = APIRouter(prefix="/api/desk/cases", tags=["工单"])
Reader = Annotated[CurrentUser, Depends(require("desk.read"), scope="function")]
Worker = Annotated[CurrentUser, Depends(require("desk.work"), scope="function")]


class NewCase(Frozen):
    """A case that staff open themselves."""

    conversation_id: UUID | None = None
    patient_id: UUID | None = None
    department: str = Field(default="", max_length=64)
    urgency: Urgency = "normal"
    reason_text: str = Field(min_length=1, max_length=200)


class NoteBody(Frozen):
    note: str = Field(default="", max_length=500)


class AssignBody(Frozen):
    user_id: UUID | None


class TransferBody(Frozen):
    user_id: UUID | None = None
    queue_id: UUID | None = None
    note: str = Field(default="", max_length=2000)


class ResolveBody(Frozen):
    outcome: Outcome = "solved"
    note: str = Field(default="", max_length=2000)


@router.get("")
def list_cases(
    session: Db,
    runtime: RuntimeDep,
    user: Reader,
    wanted: Annotated[CaseFilter, Query()],
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Page[CaseView]:
    """Cases, the most urgent first, then in order of opening."""
    return matters.list_cases(session, wanted, user, runtime.clock, cursor, limit)


@router.post("", status_code=201)
def open_case(body: NewCase, session: Db, runtime: RuntimeDep, user: Worker) -> CaseView:
    """Opens a case of one's own."""
    new = CaseIn(**body.model_dump(), kind="other", source_kind="staff", source_id=new_id())
    return matters.view(session, desk.open_case(session, new, runtime.clock), runtime.clock)


@router.get("/{case_id}")
def read_case(case_id: UUID, session: Db, runtime: RuntimeDep, user: Reader) -> CaseDetail:
    """A case with its transcript."""
    return matters.detail(session, case_id, user, runtime.clock)


@router.post("/{case_id}/acknowledge")
def acknowledge(case_id: UUID, body: NoteBody, session: Db, runtime: RuntimeDep, user: Worker) -> CaseView:
    """Says that one has seen a red flag; settles its alert too."""
    escalation.acknowledge(session, case_id, user, body.note, runtime.clock)
    return matters.view(session, case_id, runtime.clock)


@router.post("/{case_id}/assign")
def assign(case_id: UUID, body: AssignBody, session: Db, runtime: RuntimeDep, user: Worker) -> CaseView:
    """Gives a case to a colleague, to oneself, or to nobody."""
    matters.assign(session, case_id, body.user_id, user, runtime.clock)
    return matters.view(session, case_id, runtime.clock)


@router.post("/{case_id}/transfer")
def transfer(case_id: UUID, body: TransferBody, session: Db, runtime: RuntimeDep, user: Worker) -> CaseView:
    """Moves a case to a colleague or a queue."""
    matters.transfer(session, case_id, body.user_id, body.queue_id, user, runtime.clock)
    matters.note(session, case_id, body.note, user, runtime.clock)
    return matters.view(session, case_id, runtime.clock)


@router.post("/{case_id}/resolve")
def resolve(case_id: UUID, body: ResolveBody, session: Db, runtime: RuntimeDep, user: Worker) -> CaseView:
    """Ends a case."""
    matters.resolve(session, case_id, body.outcome, user, runtime.clock)
    matters.note(session, case_id, body.note, user, runtime.clock)
    collecting.from_case(session, case_id, body.note, user.id, runtime.clock)
    return matters.view(session, case_id, runtime.clock)
