"""The editor's pages over HTTP where they reach across slices."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from core_api.audit import service as audit
from core_api.kit.paging import Page
from core_api.kit.web import CurrentUser, Db, RuntimeDep, require
from knowledge.entries.endpoints import person_of
from knowledge.entries.schemas import EntryDetail, EntryLine
from knowledge.evaluation import service as evaluation
from knowledge.evaluation.schemas import Gate
from knowledge.publishing import service
from knowledge.publishing.schemas import DraftOfIn, Overview, PublishIn, SearchIn, Tried, TryIn

router = APIRouter(prefix="/api/knowledge", tags=["知识库"])
Reader = Annotated[CurrentUser, Depends(require("knowledge.read"), scope="function")]
Writer = Annotated[CurrentUser, Depends(require("knowledge.write"), scope="function")]
Publisher = Annotated[CurrentUser, Depends(require("knowledge.publish"), scope="function")]


@router.get("/overview")
def overview(session: Db, runtime: RuntimeDep, _user: Reader) -> Overview:
    """Counts, the index, the thresholds."""
    return service.overview(session, runtime.clock)


@router.post("/entries/search")
def search(wanted: SearchIn, session: Db, runtime: RuntimeDep, _user: Reader) -> Page[EntryLine]:
    """Entries for words, the best first."""
    return service.search(session, wanted, runtime.clock)


@router.get("/entries/{entry_id}/gate")
def gate(entry_id: UUID, session: Db, runtime: RuntimeDep, _user: Reader) -> Gate:
    """Which gold questions publishing would break or mend."""
    return evaluation.gate(session, entry_id, runtime.clock)


@router.post("/entries/{entry_id}/publish")
def publish(entry_id: UUID, body: PublishIn, session: Db, runtime: RuntimeDep, user: Publisher) -> EntryDetail:
    """Lets the approved revision answer."""
    done = service.publish(session, entry_id, body.reason, runtime.clock)
    purpose = body.reason or "发布知识"
    audit.record(session, user.id, "knowledge.publish", "knowledge_entry", entry_id, purpose, runtime.clock)
    return done


@router.post("/test")
def try_question(wanted: TryIn, session: Db, runtime: RuntimeDep, _user: Reader) -> Tried:
    """Tries a question; nothing is kept."""
    return service.try_question(session, wanted, runtime.clock)


@router.post("/unanswered/{group_id}/draft")
def draft_of_group(group_id: UUID, body: DraftOfIn, session: Db, runtime: RuntimeDep, user: Writer) -> EntryDetail:
    """From what was asked in vain to a draft."""
    return service.draft_of_group(session, group_id, body.entry_id, person_of(user), runtime.clock)


@router.post("/candidates/{candidate_id}/draft")
def draft_of_candidate(
    candidate_id: UUID, body: DraftOfIn, session: Db, runtime: RuntimeDep, user: Writer
) -> EntryDetail:
    """From a reply to a draft."""
    return service.draft_of_candidate(session, candidate_id, body.entry_id, person_of(user), runtime.clock)
