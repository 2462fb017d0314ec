"""The site's words over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from core_api.audit import service as audit
from core_api.kit.paging import Page
from core_api.kit.web import CurrentUser, Db, RuntimeDep, require
from knowledge.terms import service, subjects
from knowledge.terms.schemas import ShippedSubjects, TermIn, TermKind, TermView

router = APIRouter(prefix="/api/knowledge/terms", tags=["知识库"])
Reader = Annotated[CurrentUser, Depends(require("knowledge.read"), scope="function")]
Settler = Annotated[CurrentUser, Depends(require("knowledge.settings"), scope="function")]


@router.get("")
def list_terms(session: Db, _user: Reader, kind: TermKind | None = None) -> Page[TermView]:
    """Synonyms and words."""
    items = service.list_terms(session, kind)
    return Page(items=items, total=len(items))


@router.get("/subjects")
def list_subjects(_user: Reader) -> ShippedSubjects:
    """The subjects of other houses that ship; terms of kind `familiar` take some off, `foreign` ones are added."""
    return ShippedSubjects(words=subjects.shipped())


@router.post("", status_code=201)
def add_term(term: TermIn, session: Db, runtime: RuntimeDep, user: Settler) -> TermView:
    """Adds a term."""
    made = service.add(session, term, user.display_name, runtime.clock)
    audit.record(session, user.id, "knowledge.term.add", "knowledge_term", made.id, "维护词表", runtime.clock)
    return made


@router.put("/{term_id}")
def change_term(term_id: UUID, term: TermIn, session: Db, runtime: RuntimeDep, user: Settler) -> TermView:
    """Changes a term."""
    audit.record(session, user.id, "knowledge.term.change", "knowledge_term", term_id, "维护词表", runtime.clock)
    return service.change(session, term_id, term, user.display_name, runtime.clock)


@router.delete("/{term_id}", status_code=204)
def remove_term(term_id: UUID, session: Db, runtime: RuntimeDep, user: Settler) -> None:
    """Removes a term."""
    audit.record(session, user.id, "knowledge.term.remove", "knowledge_term", term_id, "维护词表", runtime.clock)
    service.remove(session, term_id, runtime.clock)
