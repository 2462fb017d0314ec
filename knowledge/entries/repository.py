"""Every query of entries, revisions and the state. Counts join what was asked through a clause of its columns."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Integer,
    String,
    Uuid,
    and_,
    case,
    column,
    func,
    insert,
    or_,
    select,
    table,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from knowledge.entries.models import STATE_ID, Entry, KnowledgeState, Revision
from knowledge.entries.rules import WARN_BEFORE
from knowledge.entries.schemas import Content, Counts, EntryFilter, Flag, Live, RevisionView, State

ASKED = table(
    "knowledge_asked",
    column("kind", String),
    column("entry_id", Uuid),
    column("revision", Integer),
    column("useful", Boolean),
)
IN_CHUNK = 400
ESCAPE = "\\"


def state(session: Session) -> State:
    row = session.execute(
        select(KnowledgeState.version, KnowledgeState.terms_version, KnowledgeState.tuning, KnowledgeState.changed_at)
    ).first()
    return State() if row is None else State.model_validate(row, from_attributes=True)


def bump(session: Session, now: datetime, *, terms: bool = False, tuning: dict[str, Any] | None = None) -> int:
    """Raises the version and returns it; the row's lock lets versions commit in their order."""
    values: dict[str, Any] = {"version": KnowledgeState.version + 1, "changed_at": now}
    if terms:
        values["terms_version"] = KnowledgeState.terms_version + 1
    if tuning is not None:
        values["tuning"] = tuning
    _ensure_state(session, now)
    session.execute(update(KnowledgeState).values(**values).execution_options(synchronize_session=False))
    return session.scalars(select(KnowledgeState.version)).one()


def lock(session: Session, now: datetime) -> None:
    """Locks the state's row until the transaction ends."""
    _ensure_state(session, now)
    session.execute(update(KnowledgeState).values(id=STATE_ID).execution_options(synchronize_session=False))


def _ensure_state(session: Session, now: datetime) -> None:
    if session.scalar(select(KnowledgeState.id)) is not None:
        return
    try:
        with session.begin_nested():
            session.execute(insert(KnowledgeState).values(id=STATE_ID, version=0, terms_version=0, changed_at=now))
    except IntegrityError:
        return


def add(session: Session, *rows: Entry | Revision) -> None:
    for row in rows:
        session.add(row)
        session.flush()


def add_many(session: Session, entries: Sequence[Entry], all_revisions: Sequence[Revision]) -> None:
    """Entries before the revisions that point to them."""
    session.add_all(entries)
    session.flush()
    session.add_all(all_revisions)
    session.flush()


def entry(session: Session, entry_id: UUID) -> Entry | None:
    return session.scalars(select(Entry).where(Entry.id == entry_id).execution_options(populate_existing=True)).first()


def id_of_key(session: Session, key: str) -> UUID | None:
    return session.scalar(select(Entry.id).where(Entry.key == key))


def ids_of_keys(session: Session) -> dict[str, UUID]:
    return {row.key: row.id for row in session.execute(select(Entry.key, Entry.id))}


def is_empty(session: Session) -> bool:
    return session.scalar(select(Entry.id).limit(1)) is None


def change(session: Session, row: Entry, values: dict[str, Any]) -> bool:
    """Changes an entry that nobody changed since it was read; False when somebody did."""
    done = session.execute(
        update(Entry)
        .where(Entry.id == row.id, Entry.version == row.version)
        .values(version=Entry.version + 1, **values)
        .execution_options(synchronize_session=False)
    )
    session.refresh(row)
    return bool(getattr(done, "rowcount", 0))


def count_vote(session: Session, entry_id: UUID, revision_id: UUID, useful: int, useless: int) -> None:
    """Adds to the votes of the revision in force; votes for an older one count only in its history."""
    session.execute(
        update(Entry)
        .where(Entry.id == entry_id, Entry.published_id == revision_id)
        .values(useful_count=Entry.useful_count + useful, useless_count=Entry.useless_count + useless)
        .execution_options(synchronize_session=False)
    )


def change_revision(session: Session, revision_id: UUID, values: dict[str, Any]) -> None:
    session.execute(
        update(Revision).where(Revision.id == revision_id).values(**values).execution_options(synchronize_session=False)
    )


def drop_revision(session: Session, revision_id: UUID) -> None:
    row = session.get(Revision, revision_id)
    if row is not None:
        session.delete(row)
        session.flush()


def drop_entry(session: Session, entry_id: UUID) -> None:
    row = session.get(Entry, entry_id)
    if row is not None:
        session.delete(row)
        session.flush()


def revisions(session: Session, entry_id: UUID) -> list[RevisionView]:
    """All revisions, newest first, with how often each was given and how it was rated."""
    counts = _counts_by_revision(session, entry_id)
    rows = session.scalars(
        select(Revision)
        .where(Revision.entry_id == entry_id)
        .order_by(Revision.number.desc())
        .execution_options(populate_existing=True)
    )
    return [_view(row, counts.get(row.number, (0, 0, 0))) for row in rows]


def revision(session: Session, revision_id: UUID) -> RevisionView | None:
    row = session.scalars(select(Revision).where(Revision.id == revision_id)).first()
    return None if row is None else _view(row, (0, 0, 0))


def _counts_by_revision(session: Session, entry_id: UUID) -> dict[int, tuple[int, int, int]]:
    query = (
        select(ASKED.c.revision, *_counted())
        .where(ASKED.c.entry_id == entry_id, ASKED.c.kind == "answer")
        .group_by(ASKED.c.revision)
    )
    return {row[0]: (int(row[1]), int(row[2]), int(row[3])) for row in session.execute(query)}


def given_counts(session: Session, entry_ids: Collection[UUID]) -> dict[UUID, int]:
    query = (
        select(ASKED.c.entry_id, func.count())
        .where(ASKED.c.entry_id.in_(list(entry_ids)), ASKED.c.kind == "answer")
        .group_by(ASKED.c.entry_id)
    )
    return {row[0]: int(row[1]) for row in session.execute(query)} if entry_ids else {}


def _counted() -> tuple[ColumnElement[Any], ...]:
    useful = func.sum(case((ASKED.c.useful.is_(True), 1), else_=0))
    useless = func.sum(case((ASKED.c.useful.is_(False), 1), else_=0))
    return func.count(), useful, useless


def _view(row: Revision, counts: tuple[int, int, int]) -> RevisionView:
    values = {name: getattr(row, name) for name in RevisionView.model_fields if hasattr(row, name)}
    given, useful, useless = counts
    return RevisionView.model_validate(
        values | {"given_count": given, "useful_count": useful, "useless_count": useless}
    )


def page(
    session: Session,
    conditions: Sequence[ColumnElement[bool]],
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> Sequence[Entry]:
    """Entries, the last changed first."""
    query = select(Entry).where(*conditions)
    if before:
        at, entry_id = before
        query = query.where(or_(Entry.updated_at < at, and_(Entry.updated_at == at, Entry.id < entry_id)))
    ordered = query.order_by(Entry.updated_at.desc(), Entry.id.desc()).limit(limit)
    return session.scalars(ordered.execution_options(populate_existing=True)).all()


def by_ids(session: Session, ids: Sequence[UUID], conditions: Sequence[ColumnElement[bool]] = ()) -> dict[UUID, Entry]:
    return {row.id: row for row in session.scalars(select(Entry).where(Entry.id.in_(ids), *conditions))} if ids else {}


def count(session: Session, conditions: Sequence[ColumnElement[bool]]) -> int:
    return session.scalar(select(func.count()).select_from(Entry).where(*conditions)) or 0


def conditions_of(wanted: EntryFilter, now: datetime) -> list[ColumnElement[bool]]:
    names = ("status", "open_status", "department", "answer_class", "owner_id")
    found = [getattr(Entry, name) == value for name in names if (value := getattr(wanted, name)) is not None]
    return [*found, *(_of_flag(wanted.flag, now) if wanted.flag else ())]


def of_classes(classes: Collection[str]) -> ColumnElement[bool]:
    return Entry.answer_class.in_(classes)


def among(ids: Collection[UUID]) -> ColumnElement[bool]:
    return Entry.id.in_(ids)


def containing(words: str) -> ColumnElement[bool]:
    """Entries whose question or key holds every one of the words."""
    escaped = [word.replace(ESCAPE, ESCAPE * 2).replace("%", r"\%").replace("_", r"\_") for word in words.split()]
    each = [
        or_(Entry.question.like(f"%{word}%", escape=ESCAPE), Entry.key.like(f"%{word}%", escape=ESCAPE))
        for word in escaped
    ]
    return and_(*each)


def _of_flag(flag: Flag, now: datetime) -> list[ColumnElement[bool]]:
    live = Entry.status == "published"
    return {
        "sample": [Entry.is_sample.is_(True), Entry.status != "retired"],
        "expired": [live, Entry.valid_until.is_not(None), Entry.valid_until <= now],
        "expiring": [live, Entry.valid_until > now, Entry.valid_until <= now + WARN_BEFORE],
        "paused": [live, Entry.paused_at.is_not(None)],
    }[flag]


def counts(session: Session, now: datetime) -> Counts:
    """Entries of each kind, in one pass over the table."""
    kinds: dict[str, list[ColumnElement[bool]]] = {
        "published": [Entry.status == "published"],
        "draft": [Entry.open_status == "draft"],
        "in_review": [Entry.open_status == "in_review"],
        "retired": [Entry.status == "retired"],
    }
    for flag in ("sample", "expired", "expiring", "paused"):
        kinds[flag] = _of_flag(flag, now)
    columns = [func.sum(case((and_(*conditions), 1), else_=0)).label(name) for name, conditions in kinds.items()]
    row = session.execute(select(*columns)).one()._mapping  # noqa: SLF001 - SQLAlchemy's own public name
    return Counts(**{name: int(row[name] or 0) for name in kinds})


def readable(
    session: Session, conditions: Sequence[ColumnElement[bool]], now: datetime, limit: int
) -> list[tuple[UUID, str, str]]:
    """Id, question and department of entries that answer now, those that helped most people first."""
    in_time = (
        or_(Revision.valid_from.is_(None), Revision.valid_from <= now),
        or_(Entry.valid_until.is_(None), Entry.valid_until > now),
    )
    query = (
        select(Entry.id, Revision.question, Revision.department)
        .join(Revision, Revision.id == Entry.published_id)
        .where(Entry.status == "published", Entry.paused_at.is_(None), *in_time, *conditions)
        .order_by(Entry.useful_count.desc(), Entry.created_at, Entry.id)
        .limit(limit)
    )
    return [(row.id, row.question, row.department) for row in session.execute(query)]


def departments(session: Session) -> list[str]:
    return [name for name in session.scalars(select(Entry.department).distinct().order_by(Entry.department)) if name]


def expiring_unwarned(session: Session, now: datetime, limit: int) -> Sequence[Entry]:
    """Published entries that end soon and whose owner was not told of this end."""
    untold = or_(Entry.warned_for.is_(None), Entry.warned_for != Entry.valid_until)
    return session.scalars(select(Entry).where(*_of_flag("expiring", now), untold).limit(limit)).all()


def live_since(session: Session, version: int) -> Iterator[Live]:
    """Entries whose answering changed after a version; with content only where they answer now (0: all that do)."""
    answers = and_(Entry.status == "published", Entry.paused_at.is_(None))
    columns = [getattr(Revision, name) for name in Content.model_fields]
    query = (
        select(Entry.id, Entry.key, Entry.published_number, answers, Revision.id, *columns)
        .join(Revision, Revision.id == Entry.published_id, isouter=True)
        .where(Entry.index_version > version, *([answers] if version == 0 else []))
        .order_by(Entry.id)
    )
    for entry_id, key, number, answering, revision_id, *values in session.execute(query).yield_per(1_000):
        content = None
        if answering and revision_id is not None:
            content = Content.model_construct(**dict(zip(Content.model_fields, values, strict=True)))
        yield Live(entry_id=entry_id, key=key, revision_id=revision_id, revision=number, content=content)
