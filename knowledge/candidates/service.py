"""Answers of people, collected for editors; nothing here answers anybody."""

from uuid import UUID

from sqlalchemy.orm import Session

from core_api.kit.clock import Clock
from core_api.kit.db import new_id
from core_api.kit.errors import Conflict, Invalid, NotFound
from core_api.kit.outbox import publish
from core_api.kit.paging import Page, decode_cursor, encode_cursor
from knowledge.asked.rules import scrub
from knowledge.asked.schemas import AskedIn
from knowledge.asked.service import UNLOGGED, answer, nearest, same_as
from knowledge.candidates import repository
from knowledge.candidates.models import Candidate
from knowledge.candidates.schemas import CandidateFilter, CandidateIn, CandidateView

COMPARED = 300
MESSAGE_ID_MAX = 80


def propose(session: Session, wanted: CandidateIn, author_id: UUID | None, clock: Clock) -> UUID:
    """Keeps a candidate without personal data; the same source again is the same candidate."""
    row = Candidate(
        id=new_id(),
        source_kind=wanted.source_kind,
        source_id=wanted.source_id,
        author_id=author_id,
        status="open",
        at=clock.now(),
    )
    if repository.add(session, row, scrub(wanted.question), scrub(wanted.answer)):
        publish(session, "knowledge.candidate", row.id, {"candidate_id": str(row.id)}, clock)
        return row.id
    known = repository.id_of_source(session, wanted.source_kind, wanted.source_id) if wanted.source_id else None
    if known is None:
        raise Conflict("这条候选没有保存，请重试", code="candidate_not_kept")
    return known


def collect(session: Session, wanted: CandidateIn, author_id: UUID | None, clock: Clock) -> UUID | None:
    """As `propose`, for what nobody chose.

    Nothing is kept of what the base answers already, of what is for a clinician, or of what an open candidate asks.
    """
    message_id = f"collect:{wanted.source_id}"[:MESSAGE_ID_MAX]
    found = answer(session, AskedIn(text=wanted.question, channel=UNLOGGED, message_id=message_id), clock)
    if found.kind == "answer" or found.refer == "clinician":
        return None
    if same_as(session, scrub(wanted.question), repository.open_questions(session, COMPARED), clock) is not None:
        return None
    return propose(session, wanted, author_id, clock)


def list_candidates(
    session: Session, wanted: CandidateFilter, clock: Clock, cursor: str | None, limit: int
) -> Page[CandidateView]:
    """A page of candidates, the newest first, each with the entry that comes nearest.

    Raises:
        Invalid: The cursor is not ours.
    """
    rows = repository.page(session, wanted, _position(cursor), limit + 1)
    more = encode_cursor(str(rows[limit - 1].id)) if len(rows) > limit else None
    items = [row.model_copy(update={"similar": nearest(session, row.question, clock)}) for row in rows[:limit]]
    return Page(items=items, next_cursor=more, total=repository.count(session, wanted))


def candidate(session: Session, candidate_id: UUID) -> CandidateView:
    """One candidate.

    Raises:
        NotFound: There is none.
    """
    found = repository.one(session, candidate_id)
    if found is None:
        raise NotFound("没有找到这条候选", code="candidate_not_found")
    return found


def mark_drafted(session: Session, candidate_id: UUID, entry_id: UUID) -> None:
    """Says which entry's draft was made of it.

    Raises:
        Conflict: Somebody dealt with it meanwhile.
    """
    _change(session, candidate_id, {"status": "drafted", "entry_id": entry_id})


def dismiss(session: Session, candidate_id: UUID) -> CandidateView:
    """Takes a candidate off the list.

    Raises:
        Conflict: Somebody dealt with it meanwhile.
    """
    candidate(session, candidate_id)
    _change(session, candidate_id, {"status": "dismissed"})
    return candidate(session, candidate_id)


def open_count(session: Session) -> int:
    """How many candidates are open."""
    return repository.count(session, CandidateFilter())


def _change(session: Session, candidate_id: UUID, values: dict[str, object]) -> None:
    if not repository.change(session, candidate_id, values):
        raise Conflict("这条候选已经处理过", code="candidate_closed")


def _position(cursor: str | None) -> UUID | None:
    if not cursor:
        return None
    try:
        return UUID(str(decode_cursor(cursor)[0]))
    except (ValueError, IndexError) as error:
        raise Invalid("翻页位置无效，请从第一页重新查看", field="cursor") from error
