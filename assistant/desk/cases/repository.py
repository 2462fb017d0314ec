"""Queries of cases and their flags."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session

from assistant.desk.cases.models import CaseFlagRow, CaseRow
from assistant.desk.cases.schemas import Case, CaseFilter, Flag, FlagIn
from core_api.kit.db import add_once, new_id

Place = tuple[int, datetime, UUID]


def id_of(session: Session, source_kind: str, source_id: str, kind: str) -> UUID | None:
    row = CaseRow
    return session.scalar(
        select(row.id).where(row.source_kind == source_kind, row.source_id == source_id, row.kind == kind)
    )


def add(session: Session, row: CaseRow) -> bool:
    """Adds a case; False when another transaction opened the same one first."""
    return add_once(session, row)


def one(session: Session, case_id: UUID, *, lock: bool = False) -> Case | None:
    """A case; `lock` holds its row until the transaction ends."""
    query = select(CaseRow).where(CaseRow.id == case_id)
    row = session.scalar((query.with_for_update() if lock else query).execution_options(populate_existing=True))
    return None if row is None else _case(row)


def by_alert(session: Session, alert_id: UUID) -> UUID | None:
    return session.scalar(select(CaseRow.id).where(CaseRow.alert_id == alert_id))


def open_of_conversations(session: Session, ids: Collection[UUID]) -> list[Case]:
    """Open cases of conversations, the most urgent first."""
    row = CaseRow
    query = select(row).where(row.conversation_id.in_(ids), row.status == "open").order_by(row.rank, row.opened_at)
    return [_case(found) for found in session.scalars(query)]


def open_calls(session: Session, call_ids: Collection[UUID]) -> set[UUID]:
    query = select(CaseRow.call_id).where(CaseRow.call_id.in_(call_ids), CaseRow.resolved_at.is_(None))
    return {found for found in session.scalars(query) if found is not None}


def of_conversation(session: Session, conversation_id: UUID) -> list[Case]:
    """Every case of a conversation, the newest first."""
    row = CaseRow
    return [
        _case(found)
        for found in session.scalars(select(row).where(row.conversation_id == conversation_id).order_by(row.id.desc()))
    ]


def change(session: Session, case_id: UUID, values: dict[str, Any], *conditions: ColumnElement[bool]) -> bool:
    """Changes a case if the conditions still hold; tells whether they did."""
    statement = update(CaseRow).where(CaseRow.id == case_id, *conditions).values(**values)
    done = session.execute(statement.execution_options(synchronize_session=False))
    return bool(getattr(done, "rowcount", 0))


def mark_acknowledged(session: Session, case_id: UUID, user_id: UUID | None, now: datetime) -> bool:
    values = {"acknowledged_at": now, "acknowledged_by_id": user_id}
    return change(session, case_id, values, CaseRow.acknowledged_at.is_(None))


def mark_first_reply(session: Session, case_id: UUID, now: datetime) -> bool:
    return change(session, case_id, {"first_reply_at": now}, CaseRow.first_reply_at.is_(None))


def mark_resolved(session: Session, case_id: UUID, values: dict[str, Any]) -> bool:
    return change(session, case_id, {**values, "status": "resolved"}, CaseRow.status == "open")


def assign(session: Session, case_id: UUID, user_id: UUID | None, expected: UUID | None) -> bool:
    """Gives an open case to somebody if it is still with whom it was."""
    same = CaseRow.assignee_id.is_(None) if expected is None else CaseRow.assignee_id == expected
    return change(session, case_id, {"assignee_id": user_id}, CaseRow.status == "open", same)


def page(session: Session, conditions: Sequence[ColumnElement[bool]], after: Place | None, limit: int) -> list[Case]:
    """Cases by urgency, then in order of opening."""
    row = CaseRow
    query = select(row).where(*conditions)
    if after is not None:
        rank, at, case_id = after
        later = and_(row.opened_at == at, row.id > case_id)
        query = query.where(or_(row.rank > rank, and_(row.rank == rank, or_(row.opened_at > at, later))))
    rows = session.scalars(query.order_by(row.rank, row.opened_at, row.id).limit(limit))
    return [_case(found) for found in rows]


def count(session: Session, conditions: Sequence[ColumnElement[bool]]) -> int:
    return session.scalar(select(func.count()).select_from(CaseRow).where(*conditions)) or 0


def loads(session: Session, user_ids: Collection[UUID]) -> dict[UUID, int]:
    """How many open cases each has."""
    row = CaseRow
    query = select(row.assignee_id, func.count()).where(row.assignee_id.in_(user_ids), row.status == "open")
    return {user: number for user, number in session.execute(query.group_by(row.assignee_id)) if user is not None}


def waiting(session: Session) -> dict[UUID, int]:
    """Open cases that nobody has, by queue."""
    row = CaseRow
    query = select(row.queue_id, func.count()).where(row.assignee_id.is_(None), row.status == "open")
    return {queue: number for queue, number in session.execute(query.group_by(row.queue_id)) if queue is not None}


def conditions_of(wanted: CaseFilter, user_id: UUID, now: datetime) -> list[ColumnElement[bool]]:
    row = CaseRow
    found: list[ColumnElement[bool]] = [
        getattr(row, name) == value
        for name in ("status", "kind", "urgency", "queue_id", "patient_id")
        if (value := getattr(wanted, name)) is not None
    ]
    if wanted.assignee is not None:
        found.append(row.assignee_id == user_id if wanted.assignee == "me" else row.assignee_id.is_(None))
    if wanted.sla is not None:
        met = func.coalesce(row.acknowledged_at, row.first_reply_at, row.resolved_at)
        found.append(met.is_(None))
        found.extend([row.due_at <= now] if wanted.sla == "breached" else [row.warn_at <= now, row.due_at > now])
    return found


def to_warn(session: Session, now: datetime, limit: int) -> list[Case]:
    """Open cases without an answer that are due soon and of which nobody was warned."""
    row = CaseRow
    return _owing(session, [row.warned_at.is_(None), row.warn_at <= now, row.due_at > now], limit)


def to_breach(session: Session, now: datetime, limit: int) -> list[Case]:
    """Open cases without an answer that have passed their deadline."""
    row = CaseRow
    return _owing(session, [row.breached_at.is_(None), row.due_at <= now], limit)


def mark_told(session: Session, case_id: UUID, name: str, now: datetime) -> bool:
    """Marks a warning or breach as told; once."""
    return change(session, case_id, {name: now}, getattr(CaseRow, name).is_(None))


def unassigned(session: Session, limit: int) -> list[Case]:
    """Open cases that nobody has, in the order in which they should be given out."""
    row = CaseRow
    query = select(row).where(row.status == "open", row.assignee_id.is_(None))
    return [_case(found) for found in session.scalars(query.order_by(row.rank, row.opened_at, row.id).limit(limit))]


def open_assigned_to(session: Session, user_id: UUID) -> list[Case]:
    row = CaseRow
    query = select(row).where(row.status == "open", row.assignee_id == user_id).order_by(row.id)
    return [_case(found) for found in session.scalars(query)]


def add_flags(session: Session, case_id: UUID, flags: Sequence[FlagIn], now: datetime) -> None:
    """Adds flags that the case does not have yet."""
    known = {(flag.message_id, flag.family) for flag in flags_of(session, [case_id])}
    session.add_all(
        CaseFlagRow(id=new_id(), case_id=case_id, at=now, **flag.model_dump())
        for flag in flags
        if (flag.message_id, flag.family) not in known
    )
    session.flush()


def flags_of(session: Session, case_ids: Collection[UUID]) -> list[Flag]:
    row = CaseFlagRow
    rows = session.scalars(select(row).where(row.case_id.in_(case_ids)).order_by(row.id))
    return [Flag.model_validate({name: getattr(one, name) for name in Flag.model_fields}) for one in rows]


def _owing(session: Session, conditions: Sequence[ColumnElement[bool]], limit: int) -> list[Case]:
    row = CaseRow
    met = func.coalesce(row.acknowledged_at, row.first_reply_at)
    query = select(row).where(row.status == "open", met.is_(None), *conditions).order_by(row.due_at).limit(limit)
    return [_case(found) for found in session.scalars(query)]


def _case(row: CaseRow) -> Case:
    return Case.model_validate({name: getattr(row, name) for name in Case.model_fields})
