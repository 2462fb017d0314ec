"""Queries of the ladder and its alarms."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from assistant.desk.alarms.models import AlarmRecipientRow, AlarmRow, LadderRow
from assistant.desk.alarms.schemas import Alarm, Ladder, Step
from core_api.kit.db import add_once, new_id


def ladder(session: Session) -> Ladder | None:
    row = session.scalar(select(LadderRow).order_by(LadderRow.version.desc()).limit(1))
    if row is None:
        return None
    steps = tuple(Step.model_validate(step) for step in row.steps)
    return Ladder(deadline_minutes=row.deadline_minutes, repeat_minutes=row.repeat_minutes, steps=steps)


def add_ladder(session: Session, new: Ladder, user_id: UUID | None, now: datetime) -> bool:
    """Adds the next version; False when another transaction took the number."""
    newest = session.scalar(select(func.max(LadderRow.version))) or 0
    row = LadderRow(version=newest + 1, changed_by_id=user_id, created_at=now, **new.model_dump(mode="json"))
    return add_once(session, row)


def add(session: Session, alarm: Alarm) -> bool:
    """Adds a step; False when the case has it already."""
    return add_once(session, AlarmRow(**alarm.model_dump()))


def of_cases(session: Session, case_ids: Collection[UUID]) -> list[Alarm]:
    row = AlarmRow
    query = select(row).where(row.case_id.in_(case_ids)).order_by(row.case_id, row.round, row.ordinal)
    return [_alarm(one) for one in session.scalars(query.execution_options(populate_existing=True))]


def due(session: Session, now: datetime, limit: int) -> list[Alarm]:
    """Steps that are due, the oldest first."""
    row = AlarmRow
    query = select(row).where(row.told_at.is_(None), row.cancelled_at.is_(None), row.due_at <= now)
    return [_alarm(one) for one in session.scalars(query.order_by(row.due_at, row.id).limit(limit))]


def waiting(session: Session, alarm_id: UUID) -> Alarm | None:
    """A step that is neither told nor cancelled."""
    row = AlarmRow
    query = select(row).where(row.id == alarm_id, row.told_at.is_(None), row.cancelled_at.is_(None))
    found = session.scalar(query.execution_options(populate_existing=True))
    return None if found is None else _alarm(found)


def claim(session: Session, alarm_id: UUID, now: datetime) -> bool:
    """Takes a step; False when another worker has it or it was cancelled."""
    row = AlarmRow
    statement = update(row).where(row.id == alarm_id, row.told_at.is_(None), row.cancelled_at.is_(None))
    return _changed(session, statement.values(told_at=now))


def cancel(session: Session, case_id: UUID, now: datetime) -> bool:
    """Cancels what has not been told."""
    row = AlarmRow
    statement = update(row).where(row.case_id == case_id, row.told_at.is_(None), row.cancelled_at.is_(None))
    return _changed(session, statement.values(cancelled_at=now))


def pending(session: Session, case_id: UUID) -> list[Alarm]:
    row = AlarmRow
    query = select(row).where(row.case_id == case_id, row.told_at.is_(None), row.cancelled_at.is_(None))
    found = session.scalars(query.order_by(row.due_at, row.id).execution_options(populate_existing=True))
    return [_alarm(one) for one in found]


def bring_forward(session: Session, alarm_id: UUID, now: datetime) -> None:
    _changed(session, update(AlarmRow).where(AlarmRow.id == alarm_id).values(due_at=now))


def add_recipients(session: Session, alarm_id: UUID, user_ids: Collection[UUID]) -> None:
    session.add_all(AlarmRecipientRow(alarm_id=alarm_id, user_id=user_id) for user_id in user_ids)
    session.flush()


def recipients(session: Session, alarm_ids: Collection[UUID]) -> dict[UUID, list[UUID]]:
    row = AlarmRecipientRow
    found: dict[UUID, list[UUID]] = {}
    for one in session.scalars(select(row).where(row.alarm_id.in_(alarm_ids)).order_by(row.alarm_id, row.user_id)):
        found.setdefault(one.alarm_id, []).append(one.user_id)
    return found


def cases_told_to(session: Session, user_id: UUID, case_ids: Collection[UUID]) -> set[UUID]:
    """Which of the cases somebody was told of."""
    query = (
        select(AlarmRow.case_id)
        .join(AlarmRecipientRow, AlarmRecipientRow.alarm_id == AlarmRow.id)
        .where(AlarmRecipientRow.user_id == user_id, AlarmRow.case_id.in_(case_ids))
    )
    return set(session.scalars(query))


def new_alarm(case_id: UUID, step: Step, round_number: int, due_at: datetime, repeat_minutes: int) -> Alarm:
    """A step that is not told yet."""
    return Alarm(
        id=new_id(),
        case_id=case_id,
        ordinal=step.ordinal,
        round=round_number,
        who=step.who,
        label=step.label,
        due_at=due_at,
        repeat_minutes=repeat_minutes,
        told_at=None,
        cancelled_at=None,
    )


def _changed(session: Session, statement: object) -> bool:
    done = session.execute(statement.execution_options(synchronize_session=False))  # type: ignore[attr-defined]
    return bool(getattr(done, "rowcount", 0))


def _alarm(row: AlarmRow) -> Alarm:
    return Alarm.model_validate({name: getattr(row, name) for name in Alarm.model_fields})
