"""The alarm ladder: step after step is told until somebody acknowledges the case.

Each step is a row with its due time; a tick of any process claims what is due. A step is told in the transaction that
claims it: its event and its recipients exist together or not at all.
"""

from collections.abc import Callable, Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from assistant.desk.alarms import repository, rules
from assistant.desk.alarms.schemas import Alarm, Ladder, Step, Who
from core_api.audit import service as audit
from core_api.kit.clock import Clock
from core_api.kit.errors import Conflict
from core_api.kit.outbox import publish

Recipients = Callable[[Session, UUID, Who, datetime], Collection[UUID]]
"""Who is meant by a step of a case at a moment."""

of_cases = repository.of_cases
recipients = repository.recipients
cases_told_to = repository.cases_told_to
due = repository.due
waiting = repository.waiting


def ladder(session: Session) -> Ladder:
    """The ladder that new cases get."""
    return repository.ladder(session) or rules.SHIPPED


def change_ladder(session: Session, new: Ladder, user_id: UUID, clock: Clock) -> Ladder:
    """Sets the ladder for cases from now on.

    Raises:
        Conflict: Somebody else changed it at the same moment.
    """
    if not repository.add_ladder(session, new, user_id, clock.now()):
        raise Conflict("预警升级规则刚刚被他人修改，请刷新后再试", code="changed_meanwhile")
    audit.record(session, user_id, "safety.ladder", "ladder", "", "修改预警升级规则", clock)
    return new


def deadline(session: Session, clock: Clock) -> datetime:
    """When a case that opens now must be acknowledged."""
    return rules.deadline(ladder(session), clock.now())


def start(session: Session, case_id: UUID, to_whom: Recipients, clock: Clock) -> None:
    """Puts a case's steps down and tells those that are due at once; a case that has them is left alone."""
    wanted = ladder(session)
    for step, due_at in rules.due_times(wanted, clock.now()):
        if not repository.add(session, repository.new_alarm(case_id, step, 1, due_at, wanted.repeat_minutes)):
            return
    while first := next((one for one in repository.pending(session, case_id) if one.due_at <= clock.now()), None):
        if not tell(session, first, to_whom, clock):
            return


def tell(session: Session, alarm: Alarm, to_whom: Recipients, clock: Clock) -> bool:
    """Claims a step and tells it; False when somebody else did, or it was cancelled."""
    now = clock.now()
    if not repository.claim(session, alarm.id, now):
        return False
    told = list(dict.fromkeys(to_whom(session, alarm.case_id, alarm.who, now)))
    repository.add_recipients(session, alarm.id, told)
    data = {
        "case_id": str(alarm.case_id),
        "ordinal": alarm.ordinal,
        "round": alarm.round,
        "who": alarm.who,
        "user_ids": [str(user_id) for user_id in told],
    }
    publish(session, "alarm.raised", alarm.case_id, data, clock)
    _go_on(session, alarm, len(told), now)
    return True


def silence(session: Session, case_id: UUID, clock: Clock) -> None:
    """Ends a case's ladder."""
    if repository.cancel(session, case_id, clock.now()):
        publish(session, "alarm.silenced", case_id, {"case_id": str(case_id)}, clock)


def _go_on(session: Session, told: Alarm, reached: int, now: datetime) -> None:
    left = repository.pending(session, told.case_id)
    again = rules.repetition(told, len(left), now)
    if again is not None:
        step = Step(ordinal=told.ordinal, after_minutes=0, who=told.who, label=told.label)
        repeated = repository.new_alarm(told.case_id, step, again.round, again.due_at, told.repeat_minutes)
        repository.add(session, repeated)
    elif rules.is_pulled_forward(reached):
        repository.bring_forward(session, left[0].id, now)
