"""Candidates over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from core_api.audit import service as audit
from core_api.kit.paging import Cursor, Limit, Page
from core_api.kit.web import CurrentUser, Db, RuntimeDep, require
from knowledge.candidates import service
from knowledge.candidates.schemas import CandidateFilter, CandidateIn, CandidateView

router = APIRouter(prefix="/api/knowledge/candidates", tags=["知识库"])
Reader = Annotated[CurrentUser, Depends(require("knowledge.read"), scope="function")]
Writer = Annotated[CurrentUser, Depends(require("knowledge.write"), scope="function")]
Proposer = Annotated[CurrentUser, Depends(require("knowledge.propose"), scope="function")]


@router.get("")
def list_candidates(
    session: Db,
    runtime: RuntimeDep,
    user: Reader,
    wanted: Annotated[CandidateFilter, Query()],
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Page[CandidateView]:
    """What people answered and may become entries."""
    audit.record(session, user.id, "knowledge.candidate.list", "knowledge_candidate", "", "查看候选", runtime.clock)
    return service.list_candidates(session, wanted, runtime.clock, cursor, limit)


@router.post("", status_code=201)
def propose(body: CandidateIn, session: Db, runtime: RuntimeDep, user: Proposer) -> CandidateView:
    """Proposes a reply for the knowledge base."""
    return service.candidate(session, service.propose(session, body, user.id, runtime.clock))


@router.post("/{candidate_id}/dismiss")
def dismiss(candidate_id: UUID, session: Db, _user: Writer) -> CandidateView:
    """Takes a candidate off the list."""
    return service.dismiss(session, candidate_id)
