"""Cases at the desk: seeing, giving to somebody, moving, ending."""

from uuid import UUID

from sqlalchemy.orm import Session

from assistant.conversations import service as conversations
from assistant.desk import assignment
from assistant.desk.alarms import service as alarms
from assistant.desk.cases import service as cases
from assistant.desk.cases.schemas import Case, CaseFilter, Outcome
from assistant.desk.inbox import views
from assistant.desk.inbox.schemas import CaseDetail, CaseView
from assistant.desk.notes import service as notes
from core_api.audit import service as audit
from core_api.identity import service as identity
from core_api.kit.clock import Clock
from core_api.kit.errors import Conflict, Invalid
from core_api.kit.paging import Page
from core_api.kit.web import CurrentUser

TRANSCRIPT = 200
MAX_ALARMS = 200


def list_cases(
    session: Session, wanted: CaseFilter, user: CurrentUser, clock: Clock, cursor: str | None, limit: int
) -> Page[CaseView]:
    """A page of cases as staff see them; reading it is audited."""
    found = cases.list_cases(session, wanted, user.id, clock, cursor, limit)
    audit.record(session, user.id, "case.list", "case", "", "查看工单列表", clock)
    items = views.case_views(session, found.items, clock)
    return Page(items=items, next_cursor=found.next_cursor, total=found.total)


def view(session: Session, case_id: UUID, clock: Clock) -> CaseView:
    """One case."""
    return views.case_views(session, [cases.case(session, case_id)], clock)[0]


def detail(session: Session, case_id: UUID, user: CurrentUser, clock: Clock) -> CaseDetail:
    """A case with the transcript of its conversation; reading it is audited."""
    found = view(session, case_id, clock)
    said = conversations.page(session, found.conversation_id, limit=TRANSCRIPT) if found.conversation_id else []
    audit.record(session, user.id, "case.read", "case", case_id, "查看工单", clock)
    return CaseDetail(**dict(found), transcript=views.message_views(session, said))


def assign(session: Session, case_id: UUID, user_id: UUID | None, actor: CurrentUser, clock: Clock) -> None:
    """Gives a case to somebody, or to nobody.

    Raises:
        Invalid: There is nobody of this id.
        Conflict: It is closed.
    """
    found = cases.case(session, case_id, lock=True)
    if user_id is not None and user_id not in identity.staff_names(session, [user_id]):
        raise Invalid("没有这位同事", field="user_id")
    if not cases.assign(session, case_id, user_id, found.assignee_id, clock):
        raise Conflict("这个工单已经结束", code="already_resolved")
    audit.record(session, actor.id, "case.assign", "case", case_id, "分配工单", clock)


def transfer(
    session: Session, case_id: UUID, user_id: UUID | None, queue_id: UUID | None, actor: CurrentUser, clock: Clock
) -> None:
    """Moves a case to a person or a queue; to a queue it is given out again.

    Raises:
        Invalid: Not exactly one of the two.
    """
    if (user_id is None) == (queue_id is None):
        raise Invalid("请选择转给哪位同事或哪个队列", field="user_id")
    if queue_id is None:
        assign(session, case_id, user_id, actor, clock)
        return
    moved = cases.move(session, cases.case(session, case_id, lock=True), queue_id, clock)
    assignment.assign(session, moved, clock, but=actor.id)
    audit.record(session, actor.id, "case.transfer", "case", case_id, "转交工单", clock)


def resolve(session: Session, case_id: UUID, outcome: Outcome, actor: CurrentUser, clock: Clock) -> None:
    """Ends a case.

    Raises:
        Conflict: It is closed, or a red flag that nobody has acknowledged.
    """
    cases.resolve(session, case_id, actor.id, outcome, clock)
    audit.record(session, actor.id, "case.resolve", "case", case_id, "结束工单", clock)


def note(session: Session, case_id: UUID, text: str, actor: CurrentUser, clock: Clock) -> None:
    """Keeps a private note where one was written."""
    if text.strip():
        about = cases.case(session, case_id)
        notes.add_note(session, about.conversation_id, case_id, actor.id, text, clock)


def open_alarms(session: Session, user: CurrentUser, clock: Clock, *, mine: bool) -> list[CaseView]:
    """Red flags that nobody has acknowledged; one's own are those one was told of."""
    return views.case_views(session, _ringing(session, user, clock, mine=mine), clock)


def count_alarms(session: Session, user: CurrentUser, clock: Clock) -> int:
    """How many alarms ring for somebody."""
    return len(_ringing(session, user, clock, mine=True))


def _ringing(session: Session, user: CurrentUser, clock: Clock, *, mine: bool) -> list[Case]:
    wanted = CaseFilter(status="open", kind="red_flag")
    found = cases.list_cases(session, wanted, user.id, clock, None, MAX_ALARMS).items
    ringing = [one for one in found if one.needs_acknowledgement]
    if not mine:
        return ringing
    told = alarms.cases_told_to(session, user.id, [one.id for one in ringing])
    return [one for one in ringing if one.id in told]
