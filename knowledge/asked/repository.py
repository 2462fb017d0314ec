"""Every query of questions asked and of the bank of unanswered ones. Patients' names come by a table clause."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, String, Uuid, and_, bindparam, column, func, or_, select, table, update
from sqlalchemy.orm import Session

from core_api.kit.crypto import seal, unseal
from core_api.kit.db import add_once
from core_api.kit.masking import mask_name
from knowledge.asked.models import Asked, UnansweredGroup
from knowledge.asked.schemas import GivenFilter, GivenView, Recipients, Sample

TEXT, WORD, GROUP_TEXT = "knowledge_asked.text", "knowledge_asked.word", "knowledge_unanswered.text"
PATIENTS = table("patients", column("id", Uuid), column("record_number", String), column("name_sealed", String))
WRITTEN = ("web", "wechat")
"""Channels on which somebody can be written to later."""
ENTRIES = table("knowledge_entries", column("id", Uuid), column("key", String))
GroupRow = UnansweredGroup
FIND = select(Asked).where(Asked.channel == bindparam("channel"), Asked.message_id == bindparam("message_id"))
"""Asked with every question."""


def find(session: Session, channel: str, message_id: str) -> Asked | None:
    return session.scalar(FIND, {"channel": channel, "message_id": message_id})


def one(session: Session, asked_id: UUID) -> Asked | None:
    return session.get(Asked, asked_id, populate_existing=True)


def add(session: Session, row: Asked, text: str) -> bool:
    """Keeps a question; False when the same message was kept meanwhile."""
    row.text_sealed = seal(session, TEXT, row.id, text)
    return add_once(session, row)


def text_of(session: Session, row: Asked) -> str:
    return unseal(session, TEXT, row.id, row.text_sealed) or ""


def keep_vote(session: Session, row: Asked, useful: bool, word: str | None, voter: str, at: datetime) -> None:
    row.useful, row.voter, row.rated_at = useful, voter, at
    row.word_sealed = seal(session, WORD, row.id, word or None)
    session.flush()


def last_vote(session: Session, revision_id: UUID, voter: str) -> bool | None:
    return session.scalar(
        select(Asked.useful)
        .where(Asked.revision_id == revision_id, Asked.voter == voter, Asked.useful.is_not(None))
        .order_by(Asked.rated_at.desc(), Asked.id.desc())
        .limit(1)
    )


def given_conditions(wanted: GivenFilter) -> list[ColumnElement[bool]]:
    found = [Asked.entry_id == wanted.entry_id, Asked.kind == "answer"]
    if wanted.revision is not None:
        found.append(Asked.revision == wanted.revision)
    if wanted.rated is not None:
        votes = {"useful": Asked.useful.is_(True), "useless": Asked.useful.is_(False), "any": Asked.useful.is_not(None)}
        found.append(votes[wanted.rated])
    return found


def given(session: Session, wanted: GivenFilter, before: UUID | None, limit: int, *, named: bool) -> list[GivenView]:
    """Answers given, the newest first; `named` shows whom, masked."""
    conditions = [*given_conditions(wanted), *([Asked.id < before] if before else [])]
    query = (
        select(Asked, ENTRIES.c.key, PATIENTS.c.record_number, PATIENTS.c.name_sealed)
        .join(ENTRIES, ENTRIES.c.id == Asked.entry_id)
        .join(PATIENTS, PATIENTS.c.id == Asked.patient_id, isouter=True)
        .where(*conditions)
        .order_by(Asked.id.desc())
        .limit(limit)
    )
    return [_given(session, row, named) for row in session.execute(query)]


def recipients(session: Session, entry_id: UUID, revision: int) -> Recipients:
    """Whom one revision was told, each once, in the order of their first answer."""
    wanted = given_conditions(GivenFilter(entry_id=entry_id, revision=revision))
    first = func.min(Asked.at)
    written = select(Asked.conversation_id).where(
        *wanted, Asked.channel.in_(WRITTEN), Asked.conversation_id.is_not(None)
    )
    spoken = select(Asked.patient_id).where(*wanted, Asked.channel.not_in(WRITTEN), Asked.patient_id.is_not(None))
    return Recipients(
        conversation_ids=tuple(session.scalars(written.group_by(Asked.conversation_id).order_by(first))),
        patient_ids=tuple(session.scalars(spoken.group_by(Asked.patient_id).order_by(first))),
    )


def given_count(session: Session, wanted: GivenFilter) -> int:
    return session.scalar(select(func.count()).select_from(Asked).where(*given_conditions(wanted))) or 0


def _given(session: Session, row: Row[Any], named: bool) -> GivenView:
    asked, key, record_number, name_sealed = row
    name = unseal(session, "patients.name", asked.patient_id, name_sealed) if named and name_sealed else None
    return GivenView(
        id=asked.id,
        at=asked.at,
        channel=asked.channel,
        entry_id=asked.entry_id,
        entry_key=key,
        revision=asked.revision,
        conversation_id=asked.conversation_id,
        patient_id=asked.patient_id if named else None,
        patient_name=mask_name(name) if name else None,
        record_number=record_number if named else None,
        score=asked.score,
        useful=asked.useful,
        word=unseal(session, WORD, asked.id, asked.word_sealed),
    )


def group(session: Session, group_id: UUID) -> UnansweredGroup | None:
    return session.get(UnansweredGroup, group_id, populate_existing=True)


def add_group(session: Session, row: UnansweredGroup, text: str) -> None:
    row.text_sealed = seal(session, GROUP_TEXT, row.id, text) or ""
    session.add(row)
    session.flush()


def group_text(session: Session, row: UnansweredGroup) -> str:
    return unseal(session, GROUP_TEXT, row.id, row.text_sealed) or ""


def join_group(session: Session, asked_id: UUID, group_id: UUID, at: datetime) -> None:
    session.execute(update(Asked).where(Asked.id == asked_id).values(group_id=group_id))
    session.execute(
        update(UnansweredGroup)
        .where(UnansweredGroup.id == group_id)
        .values(count=UnansweredGroup.count + 1, last_at=at)
        .execution_options(synchronize_session=False)
    )


def move_group(session: Session, source: UUID, target: UUID) -> int:
    """Moves all questions of one group into another; returns how many."""
    done = session.execute(update(Asked).where(Asked.group_id == source).values(group_id=target))
    return int(getattr(done, "rowcount", 0))


def open_groups(session: Session, limit: int) -> list[tuple[UUID, str]]:
    """The open groups that were asked last, with their texts."""
    rows = session.scalars(
        select(UnansweredGroup)
        .where(UnansweredGroup.status == "open")
        .order_by(UnansweredGroup.last_at.desc(), UnansweredGroup.id)
        .limit(limit)
    )
    return [(row.id, group_text(session, row)) for row in rows]


def groups(
    session: Session, status: str, order: str, after: tuple[int | datetime, UUID] | None, limit: int
) -> Sequence[UnansweredGroup]:
    """Groups of a status, the most asked or the last asked first."""
    key = UnansweredGroup.count if order == "count" else UnansweredGroup.last_at
    query = select(UnansweredGroup).where(UnansweredGroup.status == status)
    if after:
        value, group_id = after
        query = query.where(or_(key < value, and_(key == value, UnansweredGroup.id < group_id)))
    return session.scalars(query.order_by(key.desc(), UnansweredGroup.id.desc()).limit(limit)).all()


def groups_count(session: Session, status: str) -> int:
    query = select(func.count()).select_from(UnansweredGroup).where(UnansweredGroup.status == status)
    return session.scalar(query) or 0


def change_group(session: Session, group_id: UUID, values: dict[str, Any], *, only_in: Sequence[str]) -> bool:
    """Changes a group whose status is one of some; False when it is not any more."""
    done = session.execute(
        update(UnansweredGroup)
        .where(UnansweredGroup.id == group_id, UnansweredGroup.status.in_(only_in))
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return bool(getattr(done, "rowcount", 0))


def answered_by(session: Session, entry_id: UUID) -> None:
    """Closes the groups whose draft was published."""
    session.execute(
        update(UnansweredGroup)
        .where(UnansweredGroup.entry_id == entry_id, UnansweredGroup.status == "drafted")
        .values(status="answered")
    )


def channels(session: Session, group_ids: Collection[UUID]) -> Iterator[tuple[UUID, str, int]]:
    query = (
        select(Asked.group_id, Asked.channel, func.count())
        .where(Asked.group_id.in_(list(group_ids)))
        .group_by(Asked.group_id, Asked.channel)
    )
    yield from ((row[0], row[1], int(row[2])) for row in session.execute(query))


def patients(session: Session, group_ids: Collection[UUID]) -> dict[UUID, int]:
    """How many different people asked; an unknown one counts by conversation."""
    who = func.coalesce(Asked.patient_id, Asked.conversation_id, Asked.id)
    query = (
        select(Asked.group_id, func.count(who.distinct()))
        .where(Asked.group_id.in_(list(group_ids)))
        .group_by(Asked.group_id)
    )
    return {row[0]: int(row[1]) for row in session.execute(query)}


def samples(session: Session, group_id: UUID, limit: int) -> list[Sample]:
    """The last questions of a group, as they were kept."""
    rows = session.scalars(select(Asked).where(Asked.group_id == group_id).order_by(Asked.id.desc()).limit(limit))
    return [Sample(id=row.id, text=text_of(session, row), at=row.at, channel=row.channel) for row in rows]
