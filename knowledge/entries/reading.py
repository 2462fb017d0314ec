"""Reading entries: lists, one entry with its history, what changed between revisions."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from core_api.kit.clock import Clock
from core_api.kit.errors import Invalid, NotFound
from core_api.kit.paging import Page, decode_cursor, encode_cursor
from knowledge.entries import repository, rules
from knowledge.entries.models import Entry
from knowledge.entries.schemas import (
    Counts,
    Differences,
    EntryDetail,
    EntryFilter,
    EntryLine,
    Live,
    RevisionView,
    State,
)


def list_entries(
    session: Session, wanted: EntryFilter, clock: Clock, cursor: str | None, limit: int
) -> Page[EntryLine]:
    """A page of entries, the last changed first.

    Raises:
        Invalid: The cursor is not ours.
    """
    conditions = repository.conditions_of(wanted, clock.now())
    rows = repository.page(session, conditions, _position(cursor), limit + 1)
    more = encode_cursor(rows[limit - 1].updated_at.isoformat(), str(rows[limit - 1].id)) if len(rows) > limit else None
    items = _lines(session, rows[:limit], clock)
    return Page(items=items, next_cursor=more, total=repository.count(session, conditions))


def containing(
    session: Session, words: str, wanted: EntryFilter, clock: Clock, nearest: Sequence[UUID], limit: int
) -> Page[EntryLine]:
    """Entries for words: those that hold them, then those that the index found near, within a filter."""
    conditions = repository.conditions_of(wanted, clock.now())
    rows = list(repository.page(session, [*conditions, repository.containing(words)], None, limit))
    near = repository.by_ids(session, nearest, conditions)
    held = {row.id for row in rows}
    rows += [near[entry_id] for entry_id in nearest if entry_id in near and entry_id not in held]
    return Page(items=_lines(session, rows[:limit], clock), total=len(rows))


def readable(
    session: Session, words: str, nearest: Sequence[UUID], clock: Clock, limit: int
) -> list[tuple[UUID, str, str]]:
    """What patients may read through by themselves: id, question, department.

    Without words, what helped most people first; else what the index found near, then what holds the words.
    """
    now, read = clock.now(), repository.of_classes(rules.READ_BY_PATIENTS)
    if not words.strip():
        return repository.readable(session, [read], now, limit)
    near = {row[0]: row for row in repository.readable(session, [read, repository.among(nearest)], now, limit)}
    holding = repository.readable(session, [read, repository.containing(words)], now, limit)
    found = [near[entry_id] for entry_id in nearest if entry_id in near]
    return [*found, *(row for row in holding if row[0] not in near)][:limit]


def detail(session: Session, entry_id: UUID, clock: Clock) -> EntryDetail:
    """An entry with its revisions.

    Raises:
        NotFound: There is no such entry.
    """
    row = repository.entry(session, entry_id)
    if row is None:
        raise NotFound("没有找到这条知识", code="entry_not_found")
    revisions = repository.revisions(session, entry_id)
    published = next((one for one in revisions if one.id == row.published_id), None)
    opened = next((one for one in revisions if one.status in {"draft", "in_review"}), None)
    line = _lines(session, [row], clock)[0]
    return EntryDetail(
        **line.model_dump(),
        version=row.version,
        published=published if row.status == "published" else None,
        open=opened,
        revisions=tuple(revisions),
    )


def revision(session: Session, entry_id: UUID, number: int) -> RevisionView:
    """One revision of an entry.

    Raises:
        NotFound: There is none of that number.
    """
    found = next((one for one in repository.revisions(session, entry_id) if one.number == number), None)
    if found is None:
        raise NotFound("没有找到这个版本", code="revision_not_found")
    return found


def revision_by_id(session: Session, revision_id: UUID) -> RevisionView | None:
    """A revision by its id."""
    return repository.revision(session, revision_id)


def differences(session: Session, entry_id: UUID, before: int, after: int) -> Differences:
    """What changed from one revision to another.

    Raises:
        NotFound: There is none of that number.
    """
    was, now = revision(session, entry_id, before), revision(session, entry_id, after)
    return Differences(before=before, after=after, fields=rules.differences(was.content, now.content))


def counts(session: Session, clock: Clock) -> Counts:
    """How many entries there are of each kind."""
    return repository.counts(session, clock.now())


def departments(session: Session) -> list[str]:
    """The departments that have entries."""
    return repository.departments(session)


def state(session: Session) -> State:
    """The version of what answers."""
    return repository.state(session)


def key_of(session: Session, entry_id: UUID) -> str:
    """An entry's key; empty where there is no such entry."""
    row = repository.entry(session, entry_id)
    return row.key if row else ""


def live_since(session: Session, version: int) -> Iterator[Live]:
    """What changed of the entries that answer after a version; all of them after version 0."""
    return repository.live_since(session, version)


def ids_of_keys(session: Session) -> dict[str, UUID]:
    """Entry ids by key."""
    return repository.ids_of_keys(session)


def _lines(session: Session, rows: Sequence[Entry], clock: Clock) -> list[EntryLine]:
    given = repository.given_counts(session, [row.id for row in rows])
    now = clock.now()
    return [_line(row, given.get(row.id, 0), now) for row in rows]


def _line(row: Entry, given: int, now: datetime) -> EntryLine:
    copied = {name: getattr(row, name) for name in EntryLine.model_fields if hasattr(row, name)}
    return EntryLine.model_validate(
        copied
        | {
            "flags": rules.flags(row.valid_until, row.is_sample, row.paused_at, now),
            "revision": row.published_number,
            "given_count": given,
            "score": rules.score(row.useful_count, row.useless_count),
        }
    )


def _position(cursor: str | None) -> tuple[datetime, UUID] | None:
    if not cursor:
        return None
    try:
        at, entry_id = decode_cursor(cursor)
        return datetime.fromisoformat(str(at)), UUID(str(entry_id))
    except ValueError as error:
        raise Invalid("翻页位置无效，请从第一页重新查看", field="cursor") from error
