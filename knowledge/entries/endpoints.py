"""Entries over HTTP: lists, drafts, review, history."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from core_api.audit import service as audit
from core_api.kit.paging import Cursor, Limit, Page
from core_api.kit.web import CurrentUser, Db, Runtime, RuntimeDep, require
from knowledge.entries import reading, service
from knowledge.entries.schemas import (
    Differences,
    DraftIn,
    EntryDetail,
    EntryFilter,
    EntryLine,
    NewEntry,
    NoteIn,
    OwnerIn,
    Person,
    ReasonIn,
    ReviewIn,
    RevisionView,
)

router = APIRouter(prefix="/api/knowledge/entries", tags=["知识库"])
Reader = Annotated[CurrentUser, Depends(require("knowledge.read"), scope="function")]
Writer = Annotated[CurrentUser, Depends(require("knowledge.write"), scope="function")]
Reviewer = Annotated[CurrentUser, Depends(require("knowledge.review"), scope="function")]
Publisher = Annotated[CurrentUser, Depends(require("knowledge.publish"), scope="function")]
Number = Annotated[int, Query(ge=1)]
NO_CONTENT = 204


def person_of(user: CurrentUser) -> Person:
    """The user as an author or reviewer."""
    return Person(id=user.id, name=user.display_name, roles=user.roles)


@router.get("")
def list_entries(
    session: Db,
    runtime: RuntimeDep,
    _user: Reader,
    wanted: Annotated[EntryFilter, Query()],
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Page[EntryLine]:
    """Entries, the last changed first."""
    return reading.list_entries(session, wanted, runtime.clock, cursor, limit)


@router.post("", status_code=201)
def create_entry(new: NewEntry, session: Db, runtime: RuntimeDep, user: Writer) -> EntryDetail:
    """A new entry with its first draft."""
    made = service.create(session, new, person_of(user), runtime.clock)
    _audited(session, runtime, user, "create", made.id, "新建知识")
    return made


@router.get("/{entry_id}")
def read_entry(entry_id: UUID, session: Db, runtime: RuntimeDep, _user: Reader) -> EntryDetail:
    """An entry with its history."""
    return reading.detail(session, entry_id, runtime.clock)


@router.put("/{entry_id}/draft")
def save_draft(entry_id: UUID, draft: DraftIn, session: Db, runtime: RuntimeDep, user: Writer) -> EntryDetail:
    """Keeps the draft."""
    return service.save_draft(session, entry_id, draft, person_of(user), runtime.clock)


@router.delete("/{entry_id}/draft", responses={NO_CONTENT: {"description": "条目从未发布，已一并删除"}})
def drop_draft(
    entry_id: UUID, session: Db, runtime: RuntimeDep, user: Writer, response: Response
) -> EntryDetail | None:
    """Drops the draft, and the entry with it if it was never published."""
    left = service.drop_draft(session, entry_id, runtime.clock)
    _audited(session, runtime, user, "draft.drop", entry_id, "放弃草稿")
    if left is None:
        response.status_code = NO_CONTENT
    return left


@router.post("/{entry_id}/submit")
def submit(entry_id: UUID, session: Db, runtime: RuntimeDep, _user: Writer) -> EntryDetail:
    """Hands the draft to review."""
    return service.submit(session, entry_id, runtime.clock)


@router.post("/{entry_id}/review")
def review(entry_id: UUID, decision: ReviewIn, session: Db, runtime: RuntimeDep, user: Reviewer) -> EntryDetail:
    """Approves or returns; one's own text and, for clinical classes, others than clinicians are refused."""
    done = service.review(session, entry_id, decision, person_of(user), runtime.clock)
    _audited(session, runtime, user, f"review.{decision.decision}", entry_id, "审核知识")
    return done


@router.post("/{entry_id}/retire")
def retire(entry_id: UUID, body: ReasonIn, session: Db, runtime: RuntimeDep, user: Publisher) -> EntryDetail:
    """Takes an entry out of answering."""
    done = service.retire(session, entry_id, body.reason, runtime.clock)
    _audited(session, runtime, user, "retire", entry_id, body.reason)
    return done


@router.post("/{entry_id}/resume")
def resume(entry_id: UUID, body: NoteIn, session: Db, runtime: RuntimeDep, user: Reviewer) -> EntryDetail:
    """Lets an entry that fell by votes answer again."""
    done = service.resume(session, entry_id, runtime.clock)
    _audited(session, runtime, user, "resume", entry_id, body.note or "恢复自动回答")
    return done


@router.post("/{entry_id}/checked")
def mark_checked(entry_id: UUID, session: Db, runtime: RuntimeDep, user: Reviewer) -> EntryDetail:
    """Takes the sample mark off."""
    done = service.mark_checked(session, entry_id, runtime.clock)
    _audited(session, runtime, user, "checked", entry_id, "样例内容已核对")
    return done


@router.put("/{entry_id}/owner")
def set_owner(entry_id: UUID, owner: OwnerIn, session: Db, runtime: RuntimeDep, user: Writer) -> EntryDetail:
    """Names who is told when the entry is about to end; without a name, oneself."""
    named = (
        owner
        if owner.owner_name or owner.owner_id != user.id
        else OwnerIn(owner_id=user.id, owner_name=user.display_name)
    )
    return service.set_owner(session, entry_id, named, runtime.clock)


@router.get("/{entry_id}/revisions/{number}")
def read_revision(entry_id: UUID, number: int, session: Db, _user: Reader) -> RevisionView:
    """One revision."""
    return reading.revision(session, entry_id, number)


@router.get("/{entry_id}/differences")
def differences(entry_id: UUID, before: Number, after: Number, session: Db, _user: Reader) -> Differences:
    """What changed from one revision to another."""
    return reading.differences(session, entry_id, before, after)


def _audited(session: Db, runtime: Runtime, user: CurrentUser, action: str, entry_id: UUID, purpose: str) -> None:
    audit.record(session, user.id, f"knowledge.{action}", "knowledge_entry", entry_id, purpose, runtime.clock)
