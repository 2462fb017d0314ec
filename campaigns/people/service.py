"""Verbs on the list for people."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from campaigns.attempts import service as attempts
from campaigns.campaigns import service as campaigns
from campaigns.dispositions import service as dispositions
from campaigns.people import repository
from campaigns.people.models import PeopleCase
from campaigns.people.schemas import AttemptLine, CloseCase, PeopleCaseRow, PeopleFilter, PeopleLine
from campaigns.record.port import PersonLine, Record
from campaigns.targets import service as targets
from campaigns.targets.schemas import TargetState, TargetUpdate, TargetView
from core_api.kit.clock import Clock
from core_api.kit.crypto import seal
from core_api.kit.db import new_id
from core_api.kit.errors import Conflict, NotFound
from core_api.kit.outbox import publish
from core_api.kit.paging import Page, encode_cursor

NOBODY = PersonLine(patient_name="*", record_number="")
count_open = repository.count_open


def open_case(session: Session, target: TargetView, reason: str, clock: Clock) -> UUID:
    """Puts a target on the list; a target has one case."""
    known = repository.of_target(session, target.id)
    if known is not None:
        return known
    case = PeopleCase(
        id=new_id(),
        target_id=target.id,
        campaign_id=target.campaign_id,
        task_id=target.task_id,
        patient_id=target.patient_id,
        reason=reason,
        opened_at=clock.now(),
    )
    repository.add(session, case)
    publish(session, "people.opened", case.id, {"case_id": str(case.id), "campaign_id": str(target.campaign_id)}, clock)
    return case.id


def settle(session: Session, target_id: UUID, outcome: str, clock: Clock) -> None:
    """Closes a target's case that an outcome told late made needless."""
    repository.close_of_target(session, target_id, clock.now(), outcome)


def close(
    session: Session, record: Record, case_id: UUID, found: CloseCase, actor_id: UUID, clock: Clock
) -> PeopleLine:
    """Closes a case and sets its task.

    Raises:
        NotFound: There is no such case.
        Conflict: It is closed already.
    """
    case = repository.get(session, case_id)
    if case is None:
        raise NotFound("没有找到这条待处理记录")
    values: dict[str, object] = {
        "closed_at": clock.now(),
        "closed_by": actor_id,
        "outcome": found.outcome,
        "note_sealed": seal(session, "people_cases.note", case_id, found.note or None),
    }
    if not repository.close(session, case_id, values):
        raise Conflict("这条记录已经处理过了")
    task = record.task(session, case.task_id)
    if task is not None and task.status != "done":
        record.set_task_status(session, case.task_id, found.outcome, None, "people_list", clock)
    targets.put(session, case.target_id, TargetUpdate(state=TargetState.DONE, reason=f"people:{found.outcome}"))
    closed = repository.get(session, case_id) or case
    return _lines(session, record, [closed])[0]


def page(
    session: Session,
    record: Record,
    cursor: str | None,
    limit: int,
    *,
    open_only: bool,
    campaign_id: UUID | None = None,
) -> Page[PeopleLine]:
    """The list with all attempts of each, of one campaign or of all."""
    wanted = PeopleFilter(open_only=open_only, campaign_id=campaign_id)
    rows = repository.page(session, wanted, targets.after_of(cursor), limit + 1)
    more = encode_cursor(str(rows[limit - 1].id)) if len(rows) > limit else None
    total = repository.count(session, wanted) if open_only else None
    return Page[PeopleLine](items=_lines(session, record, rows[:limit]), next_cursor=more, total=total)


def _lines(session: Session, record: Record, cases: Sequence[PeopleCaseRow]) -> list[PeopleLine]:
    labels = dispositions.labels(session)
    persons = record.people(session, [case.patient_id for case in cases])
    tries = attempts.of_targets(session, [case.target_id for case in cases])
    names = {one: campaigns.row(session, one).name for one in {case.campaign_id for case in cases}}
    return [
        PeopleLine(
            **case.model_dump(exclude={"target_id"}),
            **persons.get(case.patient_id, NOBODY).model_dump(),
            campaign=names[case.campaign_id],
            reason_label=labels.get(case.reason, case.reason),
            attempts=[
                AttemptLine(
                    at=one.dialling_at,
                    disposition=one.disposition,
                    label=labels.get(one.disposition or ""),
                    call_id=one.id,
                )
                for one in tries[case.target_id]
            ],
        )
        for case in cases
    ]
