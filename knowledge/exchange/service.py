"""Importing and exporting: a file is looked at first, then its sound rows become drafts; nothing goes live."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from core_api.kit.clock import Clock
from core_api.kit.db import new_id
from core_api.kit.errors import Conflict, Invalid, NotFound
from knowledge.asked.service import as_index
from knowledge.entries import reading, rules
from knowledge.entries import service as entries
from knowledge.entries.schemas import Content, DraftIn, EntryDetail, EntryFilter, NewEntry, Person
from knowledge.exchange import columns, documents, repository, tables
from knowledge.exchange.columns import KEY
from knowledge.exchange.schemas import (
    Broken,
    ConflictRow,
    Duplicate,
    Format,
    ImportView,
    Item,
    Kept,
    RawEntry,
)
from knowledge.search.finder import finder_of
from knowledge.search.index import Index
from knowledge.search.schemas import Hit, Tuning

READERS: Mapping[str, Callable[[bytes], list[RawEntry]]] = {
    "csv": tables.read_csv,
    "xlsx": tables.read_xlsx,
    "docx": documents.read_docx,
    "md": documents.read_markdown,
}
WRITERS: Mapping[Format, Callable[[Iterable[dict[str, str]]], bytes]] = {
    "csv": tables.write_csv,
    "xlsx": tables.write_xlsx,
    "docx": documents.write_docx,
    "md": documents.write_markdown,
}
MAX_BYTES = 20 << 20
NEAR_FROM = 0.7
SAME_FROM = 0.999
PAGE = 200


def preview(session: Session, file_name: str, data: bytes, by: Person, zone: ZoneInfo, clock: Clock) -> ImportView:
    """Says what a file would do, row by row; changes no entry.

    Raises:
        Invalid: The file cannot be read at all.
    """
    suffix = file_name.rsplit(".", 1)[-1].lower()
    if suffix not in READERS:
        raise Invalid("请选择 csv、xlsx、docx 或 md 文件", field="file")
    if len(data) > MAX_BYTES:
        raise Invalid("文件不能超过 20 MB，请拆分后导入", field="file")
    report = _report(session, READERS[suffix](data), zone, clock)
    run_id = new_id()
    repository.add(session, run_id, file_name[-160:], by.id or run_id, report, clock.now())
    return view(session, run_id)


def apply(session: Session, run_id: UUID, by: Person, clock: Clock, *, skip_duplicates: bool) -> ImportView:
    """Makes drafts of a preview's sound rows.

    Raises:
        Conflict: It was applied already.
        NotFound: There is no such preview.
    """
    kept = repository.kept(session, run_id)
    if kept is None:
        raise NotFound("没有找到这次导入", code="import_not_found")
    if not repository.mark_applied(session, run_id):
        raise Conflict("这次导入已经执行过", code="import_applied")
    for item in kept.items:
        if item.change != "unchanged" and not (skip_duplicates and item.duplicate):
            _apply(session, item, by, clock)
    return view(session, run_id)


def view(session: Session, run_id: UUID) -> ImportView:
    """A preview or what was applied.

    Raises:
        NotFound: There is none.
    """
    found = repository.view(session, run_id)
    if found is None:
        raise NotFound("没有找到这次导入", code="import_not_found")
    return found


def export(session: Session, wanted: EntryFilter, form: Format, zone: ZoneInfo, clock: Clock) -> bytes:
    """Entries as a file that imports as it is; of an entry what is published, else what is being written."""
    return WRITERS[form](columns.cells_of(key, content, zone) for key, content in _contents(session, wanted, clock))


def _contents(session: Session, wanted: EntryFilter, clock: Clock) -> list[tuple[str, Content]]:
    found, cursor = [], None
    while True:
        page = reading.list_entries(session, wanted, clock, cursor, PAGE)
        for line in page.items:
            shown = _shown(reading.detail(session, line.id, clock))
            if shown is not None:
                found.append((line.key, shown))
        cursor = page.next_cursor
        if cursor is None:
            return sorted(found, key=lambda one: one[0])


def _shown(entry: EntryDetail) -> Content | None:
    chosen = entry.published or entry.open or next(iter(entry.revisions), None)
    return chosen.content if chosen else None


def _report(session: Session, raws: Sequence[RawEntry], zone: ZoneInfo, clock: Clock) -> Kept:
    broken: list[Broken] = []
    sound: list[tuple[RawEntry, Content]] = []
    keys: set[str] = set()
    for raw in raws:
        read = columns.content_of(raw, zone)
        fault = read if isinstance(read, Broken) else _key_fault(raw, keys)
        if fault is not None:
            broken.append(fault)
        elif isinstance(read, Content):
            sound.append((raw, read))
            keys.add(raw.cells.get(KEY, ""))
    duplicates = _duplicates(session, sound, clock)
    repeated = {one.row for one in duplicates}
    items, conflicts = _changes(session, sound, repeated, clock)
    return Kept(
        rows=len(raws),
        sound=len(sound),
        broken=tuple(broken),
        duplicates=tuple(duplicates),
        conflicts=tuple(conflicts),
        created=sum(item.change == "create" for item in items),
        updated=sum(item.change == "update" for item in items),
        unchanged=sum(item.change == "unchanged" for item in items),
        items=tuple(items),
    )


def _key_fault(raw: RawEntry, seen: set[str]) -> Broken | None:
    key = raw.cells.get(KEY, "")
    if not key:
        return None
    try:
        NewEntry.model_validate({"content": {"question": "-"}, "key": key})
    except ValueError:
        return Broken(row=raw.row, field=KEY, reason="编号不合规", remedy="用小写字母、数字和下划线，2 到 60 个")
    if key in seen:
        return Broken(row=raw.row, field=KEY, reason="编号在文件里重复", remedy="保留一行，或换一个编号")
    return None


def _changes(
    session: Session, sound: Sequence[tuple[RawEntry, Content]], repeated: set[int], clock: Clock
) -> tuple[list[Item], list[ConflictRow]]:
    ids = reading.ids_of_keys(session)
    items: list[Item] = []
    conflicts: list[ConflictRow] = []
    for raw, content in sound:
        key = raw.cells.get(KEY) or None
        known = _shown(reading.detail(session, ids[key], clock)) if key in ids else None
        fields = () if known is None else tuple(one.title for one in rules.differences(known, content))
        change = "create" if known is None else "update" if fields else "unchanged"
        if known is not None and fields and key is not None:
            conflicts.append(ConflictRow(row=raw.row, key=key, fields=fields))
        told = {"row": raw.row, "key": key, "content": content.model_dump(mode="json"), "change": change}
        items.append(Item.model_validate(told | {"duplicate": raw.row in repeated}))
    return items, conflicts


def _duplicates(session: Session, sound: Sequence[tuple[RawEntry, Content]], clock: Clock) -> list[Duplicate]:
    """Rows whose question another entry, or an earlier row, asks too."""
    index, tuning = finder_of(session).current(session)
    rows = {new_id(): (raw, content) for raw, content in sound}
    own = as_index(index, [(row_id, content.question) for row_id, (_, content) in rows.items()])
    found = []
    for row_id, (raw, content) in rows.items():
        hit = _nearest(index, tuning, content.question, clock.now(), raw.cells.get(KEY, ""))
        if hit is not None:
            found.append(_duplicate(raw, content, hit, hit.entry_id))
            continue
        twins = own.search(content.question, tuning, clock.now(), 2)
        twin = next((one for one in twins if one.entry_id < row_id and one.likeness >= NEAR_FROM), None)
        if twin is not None:
            found.append(_duplicate(raw, content, twin, None))
    return found


def _nearest(index: Index, tuning: Tuning, question: str, now: datetime, key: str) -> Hit | None:
    hits = index.search(question, tuning, now, 3)
    return next((hit for hit in hits if hit.likeness >= NEAR_FROM and hit.key != key), None)


def _duplicate(raw: RawEntry, content: Content, hit: Hit, entry_id: UUID | None) -> Duplicate:
    return Duplicate(
        row=raw.row,
        question=content.question,
        kind="same" if hit.parts.characters >= SAME_FROM else "near",
        entry_id=entry_id,
        entry_question=hit.question,
        score=hit.likeness,
    )


def _apply(session: Session, item: Item, by: Person, clock: Clock) -> None:
    content = Content.model_validate(item.content)
    entry_id = reading.ids_of_keys(session).get(item.key) if item.key else None
    if entry_id is None:
        entries.create(session, NewEntry(content=content, key=item.key, change_note="导入"), by, clock)
        return
    seen = reading.detail(session, entry_id, clock).version
    draft = DraftIn(content=content, change_note="导入", expected_version=seen)
    entries.save_draft(session, entry_id, draft, by, clock)
