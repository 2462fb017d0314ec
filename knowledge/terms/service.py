"""Keeping the site's words; whoever changes them says so to the index."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy.orm import Session

from core_api.kit.clock import Clock
from core_api.kit.db import new_id
from core_api.kit.errors import Conflict, NotFound
from knowledge.entries import service as entries
from knowledge.terms import repository, subjects
from knowledge.terms.models import Term
from knowledge.terms.schemas import Dictionary, TermIn, TermKind, TermView


def list_terms(session: Session, kind: TermKind | None = None) -> list[TermView]:
    """All terms of a kind, or all."""
    return repository.all_terms(session, kind)


def dictionary(session: Session) -> Dictionary:
    """What the analyser of texts needs."""
    terms = repository.all_terms(session)
    synonyms = {word: one.term for one in terms if one.kind == "synonym" for word in one.alternatives}
    named = {kind: tuple(one.term for one in terms if one.kind == kind) for kind in ("word", "foreign", "familiar")}
    foreign = subjects.of_site(named["foreign"], named["familiar"])
    return Dictionary(synonyms=synonyms, words=named["word"], foreign=foreign)


def placeholders(session: Session) -> dict[str, str]:
    """What fills each placeholder of answers."""
    return {one.term: one.alternatives[0] for one in repository.all_terms(session, "placeholder")}


def seed(session: Session, wanted: Iterable[TermIn], by_name: str, clock: Clock) -> None:
    """Adds many terms that are not there yet."""
    known = {(one.kind, one.term) for one in repository.all_terms(session)}
    now = clock.now()
    fresh = [one for one in wanted if (one.kind, one.term) not in known]
    repository.add_all(session, fresh, by_name, now)
    entries.touch_terms(session, clock)


def add(session: Session, wanted: TermIn, by_name: str, clock: Clock) -> TermView:
    """Adds a term.

    Raises:
        Conflict: There is one of that name.
    """
    return _save(session, Term(id=new_id()), wanted, by_name, clock)


def change(session: Session, term_id: UUID, wanted: TermIn, by_name: str, clock: Clock) -> TermView:
    """Changes a term.

    Raises:
        Conflict: There is another of that name.
        NotFound: There is no such term.
    """
    return _save(session, _row(session, term_id), wanted, by_name, clock)


def remove(session: Session, term_id: UUID, clock: Clock) -> None:
    """Removes a term.

    Raises:
        NotFound: There is no such term.
    """
    repository.delete(session, _row(session, term_id))
    entries.touch_terms(session, clock)


def _row(session: Session, term_id: UUID) -> Term:
    row = repository.row(session, term_id)
    if row is None:
        raise NotFound("没有找到这个词", code="term_not_found")
    return row


def _save(session: Session, row: Term, wanted: TermIn, by_name: str, clock: Clock) -> TermView:
    values = {
        "kind": wanted.kind,
        "term": wanted.term,
        "alternatives": list(wanted.alternatives),
        "label": wanted.label,
        "updated_at": clock.now(),
        "updated_by_name": by_name,
    }
    if not repository.save(session, row, values):
        raise Conflict("词表里已有这个词", code="term_taken", field="term")
    entries.touch_terms(session, clock)
    return TermView.model_validate(row, from_attributes=True)
