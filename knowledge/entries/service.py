"""Writing entries: drafts, review, publication, retirement. Publishing is entered through `knowledge.publishing`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core_api.kit.clock import Clock
from core_api.kit.db import new_id
from core_api.kit.errors import Conflict, Forbidden, Invalid, NotFound
from core_api.kit.outbox import publish as publish_event
from knowledge.entries import repository, rules
from knowledge.entries.models import Entry, Revision
from knowledge.entries.reading import detail
from knowledge.entries.schemas import (
    QUESTION_MAX,
    VARIANTS_MAX,
    Content,
    DraftIn,
    EntryDetail,
    NewEntry,
    OwnerIn,
    Person,
    ReviewIn,
    RevisionView,
)

REFUSALS = {
    "own_revision": "不能审核自己撰写的内容，请由另一位同事审核",
    "clinician_needed": "宣教和诊疗建议类内容须由医生审核",
}
EDITED = "这条知识刚被别人修改过，请刷新后再操作"


def create(session: Session, new: NewEntry, author: Person, clock: Clock, *, is_sample: bool = False) -> EntryDetail:
    """Makes an entry with its first draft.

    Raises:
        Conflict: The key is taken.
    """
    entry_id, now = new_id(), clock.now()
    key = new.key or f"k_{entry_id.hex[-12:]}"
    if repository.id_of_key(session, key) is not None:
        raise Conflict("这个编号已被使用", code="key_taken", field="key")
    row = Entry(
        id=entry_id,
        key=key,
        status="draft",
        open_status="draft",
        newest_number=1,
        is_sample=is_sample,
        owner_id=author.id,
        owner_name=author.name,
        created_at=now,
        updated_at=now,
        **_shown(new.content),
    )
    repository.add(session, row, _draft(entry_id, 1, new.content, new.change_note, author, now))
    return detail(session, entry_id, clock)


def is_empty(session: Session) -> bool:
    """Whether there is no entry at all."""
    return repository.is_empty(session)


def seed(session: Session, contents: Sequence[tuple[str, Content]], author_name: str, clock: Clock) -> int:
    """Publishes many new entries at once, marked as samples to be checked; returns how many."""
    now = clock.now()
    version = repository.bump(session, now)
    author = Person(id=None, name=author_name)
    made: list[tuple[Entry, Revision]] = []
    for key, content in contents:
        revision = _draft(new_id(), 1, content, "", author, now)
        revision.status, revision.published_at = "published", now
        entry = Entry(
            id=revision.entry_id,
            key=key,
            status="published",
            published_id=revision.id,
            published_number=1,
            newest_number=1,
            is_sample=True,
            index_version=version,
            created_at=now,
            updated_at=now,
            **_shown(content),
        )
        made.append((entry, revision))
    repository.add_many(session, [entry for entry, _ in made], [revision for _, revision in made])
    return len(made)


def add_wordings(
    session: Session, entry_id: UUID, wordings: Sequence[str], author: Person, clock: Clock
) -> EntryDetail:
    """Adds wordings to an entry's draft, begun from what is published where none is open.

    Raises:
        NotFound: There is no such entry.
    """
    now = detail(session, entry_id, clock)
    base = now.open or now.published or now.revisions[0]
    fitting = (one[:QUESTION_MAX] for one in wordings)
    added = [one for one in fitting if one not in base.content.wordings]
    variants = tuple(dict.fromkeys((*base.variants, *added)))[:VARIANTS_MAX]
    content = base.content.model_copy(update={"variants": variants})
    draft = DraftIn(content=content, change_note="补充相似问", expected_version=now.version)
    return save_draft(session, entry_id, draft, author, clock)


def save_draft(session: Session, entry_id: UUID, wanted: DraftIn, author: Person, clock: Clock) -> EntryDetail:
    """Keeps the draft of an entry; begins a new revision where none is open. A draft in review goes back to draft.

    Raises:
        Conflict: Somebody changed the entry since the editor saw it.
        NotFound: There is no such entry.
    """
    row, now = _entry(session, entry_id), clock.now()
    if row.version != wanted.expected_version:
        raise Conflict(EDITED, code="edited_meanwhile", field="expected_version")
    opened = _open(session, entry_id)
    number = opened.number if opened else row.newest_number + 1
    values: dict[str, Any] = {"open_status": "draft", "newest_number": number, "updated_at": now}
    _change(session, row, values | ({} if row.published_id else _shown(wanted.content)))
    if opened is None:
        repository.add(session, _draft(entry_id, number, wanted.content, wanted.change_note, author, now))
    else:
        kept = _columns(wanted.content)
        fresh = {"status": "draft", "approved": False, "author_id": author.id, "author_name": author.name}
        repository.change_revision(session, opened.id, kept | fresh | {"change_note": wanted.change_note})
    return detail(session, entry_id, clock)


def drop_draft(session: Session, entry_id: UUID, clock: Clock) -> EntryDetail | None:
    """Drops the open revision; an entry that was never published goes with it (None)."""
    row, opened = _with_open(session, entry_id)
    _change(session, row, {"open_status": None, "updated_at": clock.now()})
    repository.drop_revision(session, opened.id)
    if row.status == "draft":
        repository.drop_entry(session, entry_id)
        return None
    return detail(session, entry_id, clock)


def submit(session: Session, entry_id: UUID, clock: Clock) -> EntryDetail:
    """Hands the draft to review.

    Raises:
        Conflict: There is no draft.
        Invalid: It has no answer yet.
    """
    row, opened = _with_open(session, entry_id)
    if opened.status != "draft":
        raise Conflict("已经提交审核", code="already_submitted")
    if not opened.text_chat:
        raise Invalid("请先填写答案", field="content.text_chat")
    now = clock.now()
    _change(session, row, {"open_status": "in_review", "updated_at": now})
    repository.change_revision(session, opened.id, {"status": "in_review", "submitted_at": now, "approved": False})
    return detail(session, entry_id, clock)


def review(session: Session, entry_id: UUID, decision: ReviewIn, reviewer: Person, clock: Clock) -> EntryDetail:
    """Approves the revision in review, or gives it back with a note.

    Raises:
        Forbidden: One's own revision, or a clinical one and the reviewer is no clinician.
        Conflict: Nothing is in review.
        Invalid: Given back without a note.
    """
    row, opened = _with_open(session, entry_id)
    if opened.status != "in_review":
        raise Conflict("请先提交审核", code="not_in_review")
    author = Person(id=opened.author_id, name=opened.author_name)
    refusal = rules.may_review(opened.answer_class, author, reviewer)
    if refusal:
        raise Forbidden(REFUSALS[refusal], code=refusal)
    approved = decision.decision == "approve"
    if not approved and not decision.note.strip():
        raise Invalid("退回时请写明原因", field="note")
    now = clock.now()
    status = "in_review" if approved else "draft"
    _change(session, row, {"open_status": status, "updated_at": now})
    reviewed = {"reviewer_id": reviewer.id, "reviewer_name": reviewer.name, "reviewed_at": now}
    values = reviewed | {"status": status, "approved": approved, "review_note": decision.note}
    repository.change_revision(session, opened.id, values)
    return detail(session, entry_id, clock)


def publish(session: Session, entry_id: UUID, reason: str, clock: Clock) -> EntryDetail:
    """Lets the approved revision answer from now on, in place of the one before.

    Raises:
        Conflict: Nothing is approved, or somebody changed the entry meanwhile.
    """
    row, opened = _with_open(session, entry_id)
    if opened.status != "in_review" or not opened.approved:
        raise Conflict("请先完成审核再发布", code="not_approved")
    put_live(session, row, opened, reason, clock)
    return detail(session, entry_id, clock)


def put_live(session: Session, row: Entry, revision: RevisionView, reason: str, clock: Clock) -> None:
    """Makes a revision the published one; whether it may be is the caller's to know."""
    now = clock.now()
    version = repository.bump(session, now)
    former = row.published_id
    live = {
        "status": "published",
        "open_status": None,
        "published_id": revision.id,
        "published_number": revision.number,
        "paused_at": None,
        "useful_count": 0,
        "useless_count": 0,
        "index_version": version,
        "updated_at": now,
    }
    checked = {} if revision.reviewer_id is None else {"is_sample": False}
    _change(session, row, live | checked | _shown(revision.content))
    if former is not None:
        repository.change_revision(session, former, {"status": "retired", "retired_at": now})
    values = {"status": "published", "published_at": now, "publish_reason": reason}
    repository.change_revision(session, revision.id, values)
    publish_event(session, "knowledge.published", row.id, _told(row), clock)


def retire(session: Session, entry_id: UUID, reason: str, clock: Clock) -> EntryDetail:
    """Takes an entry out of answering for good; its history stays.

    Raises:
        Conflict: It is not published.
    """
    row, now = _entry(session, entry_id), clock.now()
    if row.status != "published" or row.published_id is None:
        raise Conflict("这条知识没有发布", code="not_published")
    version = repository.bump(session, now)
    former = row.published_id
    _change(session, row, {"status": "retired", "index_version": version, "updated_at": now})
    values = {"status": "retired", "retired_at": now, "review_note": reason}
    repository.change_revision(session, former, values)
    publish_event(session, "knowledge.retired", row.id, _told(row), clock)
    return detail(session, entry_id, clock)


def vote(session: Session, entry_id: UUID, revision_id: UUID, change: tuple[int, int], clock: Clock) -> None:
    """Counts votes (useful, useless); an entry that has fallen stops answering until somebody looks at it."""
    repository.count_vote(session, entry_id, revision_id, *change)
    row = _entry(session, entry_id)
    fallen = row.published_id == revision_id and rules.has_fallen(row.useful_count, row.useless_count)
    if row.status == "published" and row.paused_at is None and fallen:
        version = repository.bump(session, clock.now())
        _change(session, row, {"paused_at": clock.now(), "index_version": version})
        publish_event(session, "knowledge.paused", row.id, _told(row), clock)


def resume(session: Session, entry_id: UUID, clock: Clock) -> EntryDetail:
    """Lets a paused entry answer again, its votes begun anew.

    Raises:
        Conflict: It is not paused.
    """
    row, now = _entry(session, entry_id), clock.now()
    if row.paused_at is None:
        raise Conflict("这条知识没有暂停", code="not_paused")
    version = repository.bump(session, now)
    anew = {"paused_at": None, "useful_count": 0, "useless_count": 0, "index_version": version, "updated_at": now}
    _change(session, row, anew)
    return detail(session, entry_id, clock)


def mark_checked(session: Session, entry_id: UUID, clock: Clock) -> EntryDetail:
    """Says that the hospital has checked a starter text."""
    row = _entry(session, entry_id)
    _change(session, row, {"is_sample": False, "updated_at": clock.now()})
    return detail(session, entry_id, clock)


def set_owner(session: Session, entry_id: UUID, owner: OwnerIn, clock: Clock) -> EntryDetail:
    """Names who is told when the entry is about to end."""
    row = _entry(session, entry_id)
    _change(session, row, {"owner_id": owner.owner_id, "owner_name": owner.owner_name, "updated_at": clock.now()})
    return detail(session, entry_id, clock)


def warn_expiring(session: Session, clock: Clock, limit: int = 500) -> int:
    """Tells owners, once per end, of entries that end within two weeks; returns how many."""
    rows = repository.expiring_unwarned(session, clock.now(), limit)
    for row in rows:
        until = row.valid_until
        _change(session, row, {"warned_for": until})
        publish_event(session, "knowledge.expiring", row.id, _told(row), clock)
    return len(rows)


def touch_terms(session: Session, clock: Clock) -> None:
    """Says that the site's words changed: every process builds its index anew."""
    repository.bump(session, clock.now(), terms=True)


def hold(session: Session, clock: Clock) -> None:
    """Lets one transaction at a time past, by the state's row; changes nothing."""
    repository.lock(session, clock.now())


def set_tuning(session: Session, tuning: dict[str, Any], clock: Clock) -> None:
    """Sets what finding works by, in force in every process."""
    repository.bump(session, clock.now(), tuning=tuning)


def _entry(session: Session, entry_id: UUID) -> Entry:
    row = repository.entry(session, entry_id)
    if row is None:
        raise NotFound("没有找到这条知识", code="entry_not_found")
    return row


def _open(session: Session, entry_id: UUID) -> RevisionView | None:
    return next((one for one in repository.revisions(session, entry_id) if one.status in {"draft", "in_review"}), None)


def _with_open(session: Session, entry_id: UUID) -> tuple[Entry, RevisionView]:
    row, opened = _entry(session, entry_id), _open(session, entry_id)
    if opened is None:
        raise Conflict("没有正在编辑的草稿", code="no_draft")
    return row, opened


def _change(session: Session, row: Entry, values: dict[str, Any]) -> None:
    if not repository.change(session, row, values):
        raise Conflict(EDITED, code="edited_meanwhile")


def _shown(content: Content) -> dict[str, Any]:
    return {
        "question": content.question,
        "variants_count": len(content.variants),
        "department": content.department,
        "answer_class": content.answer_class,
        "valid_until": content.valid_until,
    }


def _columns(content: Content) -> dict[str, Any]:
    """A content as a revision's columns keep it."""
    dumped = content.model_dump()
    return dumped | {name: list(dumped[name]) for name in ("variants", "audience", "links", "pictures")}


def _draft(entry_id: UUID, number: int, content: Content, note: str, author: Person, now: datetime) -> Revision:
    return Revision(
        id=new_id(),
        entry_id=entry_id,
        number=number,
        status="draft",
        author_id=author.id,
        author_name=author.name,
        change_note=note,
        created_at=now,
        **_columns(content),
    )


def _told(row: Entry) -> dict[str, str | None]:
    return {"entry_id": str(row.id), "owner_id": str(row.owner_id) if row.owner_id else None}
