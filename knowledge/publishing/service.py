"""Publishing behind the gate, trying questions, and making drafts of what was asked or answered."""

import time
from uuid import UUID

from sqlalchemy.orm import Session

from core_api.kit.clock import Clock
from core_api.kit.errors import Conflict
from core_api.kit.paging import Page
from knowledge.asked import bank
from knowledge.asked import service as asked
from knowledge.candidates import service as candidates
from knowledge.entries import reading
from knowledge.entries import service as entries
from knowledge.entries.schemas import (
    QUESTION_MAX,
    VARIANTS_MAX,
    Content,
    EntryDetail,
    EntryFilter,
    EntryLine,
    Live,
    NewEntry,
    Person,
)
from knowledge.evaluation import service as evaluation
from knowledge.publishing.schemas import AllCounts, Overview, SearchIn, Thresholds, Tried, TriedHit, TryIn
from knowledge.search.finder import finder_of
from knowledge.search.rules import decide

REASON_MIN = 5
NEAR_FROM = 0.15


def publish(session: Session, entry_id: UUID, reason: str, clock: Clock) -> EntryDetail:
    """Publishes the approved revision; where that breaks gold questions, only with a reason.

    Raises:
        Conflict: Gold questions break and there is no reason, or nothing is approved.
    """
    gate = evaluation.gate(session, entry_id, clock)
    if gate.broken and len(reason.strip()) < REASON_MIN:
        message = f"发布后有 {len(gate.broken)} 个标准问题不再答对，请查看后写明仍要发布的理由"
        raise Conflict(message, code="gold_broken", field="reason")
    return entries.publish(session, entry_id, reason.strip(), clock)


def try_question(session: Session, wanted: TryIn, clock: Clock) -> Tried:
    """What a question finds now, or would find were a draft published; nothing is kept."""
    index, tuning = finder_of(session).current(session)
    opened = reading.detail(session, wanted.draft_of, clock).open if wanted.draft_of else None
    if opened is not None and wanted.draft_of is not None:
        live = Live(
            entry_id=wanted.draft_of,
            key=reading.key_of(session, wanted.draft_of),
            revision_id=opened.id,
            revision=opened.number,
            content=opened.content,
        )
        index = index.with_changes(index.version, [live])
    started = time.perf_counter()
    hits = index.search(wanted.text, tuning, clock.now())
    took_ms = round((time.perf_counter() - started) * 1000, 2)
    judge = index.judge(tuning)
    finding = asked.finding_of(session, decide(hits, judge))
    return Tried(
        kind=finding.kind,
        refer=finding.refer,
        answer_at=judge.answer_at,
        offer_at=judge.offer_at,
        took_ms=took_ms,
        found=tuple(TriedHit.model_validate(hit.model_dump(include=set(TriedHit.model_fields))) for hit in hits),
        answer=finding.answer,
    )


def search(session: Session, wanted: SearchIn, clock: Clock) -> Page[EntryLine]:
    """Entries for words: those that hold them, then those that answer something near."""
    hits = finder_of(session).search(session, wanted.words, clock, wanted.limit)
    near = [hit.entry_id for hit in hits if hit.likeness >= NEAR_FROM]
    filters = EntryFilter.model_validate(wanted.model_dump(include=set(EntryFilter.model_fields)))
    return reading.containing(session, wanted.words, filters, clock, near, wanted.limit)


def overview(session: Session, clock: Clock) -> Overview:
    """What the first page of the knowledge base shows."""
    index, tuning = finder_of(session).current(session)
    counts = AllCounts(
        **reading.counts(session, clock).model_dump(),
        unanswered=bank.open_count(session),
        candidates=candidates.open_count(session),
    )
    return Overview(
        counts=counts,
        index=index.view(),
        thresholds=Thresholds(answer_at=index.judge(tuning).answer_at, offer_at=index.judge(tuning).offer_at),
        departments=tuple(reading.departments(session)),
    )


def draft_of_group(
    session: Session, group_id: UUID, entry_id: UUID | None, author: Person, clock: Clock
) -> EntryDetail:
    """Makes a draft of what was asked in vain, or adds its wordings to an entry's draft."""
    wordings = bank.wordings(session, group_id)
    if entry_id is None:
        made = _new_draft(session, wordings, "", "来自未答问题", author, clock)
    else:
        made = entries.add_wordings(session, entry_id, wordings, author, clock)
    bank.mark_drafted(session, group_id, made.id)
    return made


def draft_of_candidate(
    session: Session, candidate_id: UUID, entry_id: UUID | None, author: Person, clock: Clock
) -> EntryDetail:
    """Makes a draft of somebody's reply, or adds its question to an entry's draft."""
    found = candidates.candidate(session, candidate_id)
    if entry_id is None:
        made = _new_draft(session, (found.question,), found.answer, "来自员工回复", author, clock)
    else:
        made = entries.add_wordings(session, entry_id, (found.question,), author, clock)
    candidates.mark_drafted(session, candidate_id, made.id)
    return made


def _new_draft(
    session: Session, wordings: tuple[str, ...], answer: str, note: str, author: Person, clock: Clock
) -> EntryDetail:
    # All of them are variants too, so that what patients wrote stays when the editor words the question better.
    question, *_ = variants = list(dict.fromkeys(one[:QUESTION_MAX] for one in wordings))
    content = Content(question=question, variants=tuple(variants)[:VARIANTS_MAX], text_chat=answer)
    return entries.create(session, NewEntry(content=content, change_note=note), author, clock)
