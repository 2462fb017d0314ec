"""The bank of what patients asked and nobody could answer: grouped by the index itself, counted, worked off."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core_api.kit.clock import Clock
from core_api.kit.db import new_id
from core_api.kit.errors import Conflict, Invalid, NotFound
from core_api.kit.outbox import Event, Handler
from core_api.kit.paging import Page, decode_cursor, encode_cursor
from knowledge.asked import repository
from knowledge.asked.models import UnansweredGroup
from knowledge.asked.schemas import GroupDetail, GroupFilter, GroupView, Nearest
from knowledge.asked.service import nearest, same_as
from knowledge.entries import service as entries

GROUPS_COMPARED = 2_000
SAMPLES = 20
WORKED_ON = ("open", "drafted")


def grouping(clock: Clock) -> Handler:
    """The outbox handler that puts an unanswered question into its group."""

    def on_unanswered(session: Session, event: Event) -> None:
        join(session, UUID(str(event.data["asked_id"])), clock)

    return on_unanswered


def on_published(session: Session, event: Event) -> None:
    """Closes the groups that an entry was drafted for, once it is published."""
    repository.answered_by(session, UUID(str(event.data["entry_id"])))


def join(session: Session, asked_id: UUID, clock: Clock) -> UUID | None:
    """Puts a question into the group of its meaning, or begins one; done before, it changes nothing."""
    entries.hold(session, clock)
    row = repository.one(session, asked_id)
    if row is None or row.group_id is not None:
        return row.group_id if row else None
    text = repository.text_of(session, row)
    group_id = same_as(session, text, repository.open_groups(session, GROUPS_COMPARED), clock)
    if group_id is None:
        group_id = new_id()
        group = UnansweredGroup(id=group_id, count=0, status="open", first_at=row.at, last_at=row.at)
        repository.add_group(session, group, text)
    repository.join_group(session, asked_id, group_id, row.at)
    return group_id


def list_groups(session: Session, wanted: GroupFilter, clock: Clock, cursor: str | None, limit: int) -> Page[GroupView]:
    """A page of the bank, the most asked or the last asked first.

    Raises:
        Invalid: The cursor is not ours.
    """
    rows = repository.groups(session, wanted.status, wanted.order, _position(wanted, cursor), limit + 1)
    more = None
    if len(rows) > limit:
        last = rows[limit - 1]
        more = encode_cursor(last.count if wanted.order == "count" else last.last_at.isoformat(), str(last.id))
    items = _views(session, rows[:limit], clock)
    return Page(items=items, next_cursor=more, total=repository.groups_count(session, wanted.status))


def group(session: Session, group_id: UUID, clock: Clock) -> GroupDetail:
    """A group with the last questions in it.

    Raises:
        NotFound: There is no such group.
    """
    view = _views(session, [_row(session, group_id)], clock)[0]
    return GroupDetail(**view.model_dump(), samples=tuple(repository.samples(session, group_id, SAMPLES)))


def wordings(session: Session, group_id: UUID) -> tuple[str, ...]:
    """The question of a group and its other wordings."""
    row = _row(session, group_id)
    asked = [sample.text for sample in repository.samples(session, group_id, SAMPLES)]
    return tuple(dict.fromkeys(text for text in (repository.group_text(session, row), *asked) if text))


def mark_drafted(session: Session, group_id: UUID, entry_id: UUID) -> None:
    """Says which entry's draft is to answer a group.

    Raises:
        Conflict: Somebody dealt with it meanwhile.
    """
    values = {"status": "drafted", "entry_id": entry_id}
    if not repository.change_group(session, group_id, values, only_in=WORKED_ON):
        raise Conflict("这一组问题已经处理过", code="group_closed")


def dismiss(session: Session, group_id: UUID, reason: str, clock: Clock) -> GroupView:
    """Takes a group off the bank.

    Raises:
        Conflict: Somebody dealt with it meanwhile.
    """
    row = _row(session, group_id)
    if not repository.change_group(session, group_id, {"status": "dismissed", "reason": reason}, only_in=WORKED_ON):
        raise Conflict("这一组问题已经处理过", code="group_closed")
    return _views(session, [_row(session, row.id)], clock)[0]


def merge(session: Session, group_id: UUID, into: UUID, clock: Clock) -> GroupView:
    """Moves a group's questions into another.

    Raises:
        Invalid: Into itself.
        Conflict: One of them was dealt with meanwhile.
    """
    if group_id == into:
        raise Invalid("不能合并到自己", field="into")
    source, target = _row(session, group_id), _row(session, into)
    count = source.count
    values: dict[str, Any] = {"status": "dismissed", "reason": "已合并", "count": 0}
    if not repository.change_group(session, source.id, values, only_in=WORKED_ON):
        raise Conflict("这一组问题已经处理过", code="group_closed")
    repository.move_group(session, source.id, target.id)
    values = {
        "count": UnansweredGroup.count + count,
        "first_at": min(source.first_at, target.first_at),
        "last_at": max(source.last_at, target.last_at),
    }
    if not repository.change_group(session, target.id, values, only_in=WORKED_ON):
        raise Conflict("要合并到的那一组已经处理过", code="group_closed", field="into")
    return _views(session, [_row(session, into)], clock)[0]


def open_count(session: Session) -> int:
    """How many groups are open."""
    return repository.groups_count(session, "open")


def _row(session: Session, group_id: UUID) -> UnansweredGroup:
    row = repository.group(session, group_id)
    if row is None:
        raise NotFound("没有找到这一组问题", code="group_not_found")
    return row


def _views(session: Session, rows: Sequence[UnansweredGroup], clock: Clock) -> list[GroupView]:
    ids = [row.id for row in rows]
    by_channel: dict[UUID, dict[str, int]] = {}
    for group_id, channel, count in repository.channels(session, ids):
        by_channel.setdefault(group_id, {})[channel] = count
    people = repository.patients(session, ids)
    return [_view(session, row, by_channel.get(row.id, {}), people.get(row.id, 0), clock) for row in rows]


def _view(session: Session, row: UnansweredGroup, channels: dict[str, int], people: int, clock: Clock) -> GroupView:
    text = repository.group_text(session, row)
    near: Nearest | None = nearest(session, text, clock) if row.status == "open" else None
    return GroupView.model_validate(
        {
            "id": row.id,
            "text": text,
            "count": row.count,
            "patients_count": people,
            "first_at": row.first_at,
            "last_at": row.last_at,
            "channels": channels,
            "status": row.status,
            "entry_id": row.entry_id,
            "nearest": near,
        }
    )


def _position(wanted: GroupFilter, cursor: str | None) -> tuple[int | datetime, UUID] | None:
    if not cursor:
        return None
    try:
        value, group_id = decode_cursor(cursor)
        key = int(str(value)) if wanted.order == "count" else datetime.fromisoformat(str(value))
        return key, UUID(str(group_id))
    except ValueError as error:
        raise Invalid("翻页位置无效，请从第一页重新查看", field="cursor") from error
