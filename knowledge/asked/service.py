"""Answering: a question is looked up, and what came of it is kept once per message, pinned to the revision given."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from core_api.kit.clock import Clock
from core_api.kit.db import Sessions, new_id
from core_api.kit.errors import NotFound
from core_api.kit.outbox import publish
from knowledge.asked import repository, rules
from knowledge.asked.models import Asked
from knowledge.asked.rules import fill
from knowledge.asked.schemas import Answer, AskedIn, Channel, Choice, Finding, Nearest, Question
from knowledge.entries import reading
from knowledge.entries import service as entries
from knowledge.entries.schemas import Live
from knowledge.search.finder import finder_of
from knowledge.search.index import Index
from knowledge.search.rules import Kind, decide
from knowledge.search.schemas import Hit, Tuning

UNLOGGED: Final = "test"
SUGGEST_FROM = 0.15
SAME_FROM = 0.5
"""Two questions whose likeness reaches this mean the same; read off the gold questions' own wordings."""
NEAR_THE_FIRST = 0.5
"""Of what is listed for a search, nothing is much less like it than the first."""


def ask(sessions: Sessions, asked: AskedIn, clock: Clock) -> Finding:
    """Finds the answer to a question and keeps what came of it; the same message again gets the same finding."""
    with sessions() as session:
        session.connection(execution_options={"read_only": True})
        known = repository.find(session, asked.channel, asked.message_id)
        if known is not None:
            return _again(session, known)
        finding = _finding(session, asked, clock)
    with sessions.begin() as session:  # nobody else's writing waits while we search
        return _keep(session, asked, finding, clock)


def answer(session: Session, asked: AskedIn, clock: Clock) -> Finding:
    """`ask` within a transaction that is open already: what is kept commits with it."""
    known = repository.find(session, asked.channel, asked.message_id)
    if known is not None:
        return _again(session, known)
    return _keep(session, asked, _finding(session, asked, clock), clock)


def _finding(session: Session, asked: AskedIn, clock: Clock) -> Finding:
    index, tuning = finder_of(session).current(session)
    return finding_of(session, _decided(index, tuning, asked, clock))


def note_unanswered(session: Session, channel: Channel, message_id: str, clock: Clock) -> None:
    """Puts a question that was asked with `banked=False` into the bank, unless it was answered; twice is once."""
    row = repository.find(session, channel, message_id)
    if row is not None and row.kind != "answer" and row.refer != "clinician" and row.group_id is None:
        publish(session, "knowledge.unanswered", row.id, {"asked_id": str(row.id)}, clock)


def _decided(index: Index, tuning: Tuning, asked: AskedIn, clock: Clock) -> tuple[Kind, Sequence[Hit]]:
    """What the question finds; an entry that was made of it holds its words without personal data."""
    judge = index.judge(tuning)
    found = decide(index.search(asked.text, tuning, clock.now(), audience=asked.audience), judge)
    plain = rules.scrub(asked.text)
    if found[0] == "answer" or plain == asked.text.strip():
        return found
    again = decide(index.search(plain, tuning, clock.now(), audience=asked.audience), judge)
    return again if again[0] == "answer" and again[1][0].same else found


def finding_of(session: Session, decided: tuple[Kind, Sequence[Hit]]) -> Finding:
    """The finding of a decision; what is never answered automatically goes to a clinician."""
    kind, hits = decided
    if kind == "answer":
        return _found(_answer(session, hits[0]))
    if kind == "choices":
        return Finding(
            kind="choices", choices=tuple(Choice(entry_id=hit.entry_id, question=hit.question) for hit in hits)
        )
    return Finding(kind="none", refer="staff")


def choose(sessions: Sessions, asked: AskedIn, entry_id: UUID, clock: Clock) -> Finding:
    """Gives the entry that the patient picked; the same message again gets the same finding.

    An entry that stopped answering meanwhile is not given.
    """
    with sessions.begin() as session:
        known = repository.find(session, asked.channel, asked.message_id)
        if known is not None and known.kind != "choices":
            return _again(session, known)
        answer = _answer_now(session, entry_id, asked.audience, clock)
        finding = _found(answer)
        if known is None:
            return _keep(session, asked, finding, clock)
        _pin(known, finding)
        return _again(session, known)


def rate(session: Session, given_id: UUID, useful: bool, word: str | None, clock: Clock) -> None:
    """Keeps whether an answer helped; a person's last word on a revision counts.

    Raises:
        NotFound: No such answer was given.
    """
    row = repository.one(session, given_id)
    if row is None or row.kind != "answer" or row.revision_id is None or row.entry_id is None:
        raise NotFound("没有找到这次回答", code="given_not_found")
    voter = rules.voter(row.patient_id, row.conversation_id, row.id)
    change = rules.vote_change(repository.last_vote(session, row.revision_id, voter), useful)
    repository.keep_vote(session, row, useful, rules.scrub(word) if word else None, voter, clock.now())
    if change != (0, 0):
        entries.vote(session, row.entry_id, row.revision_id, change, clock)


def suggest(session: Session, text: str, clock: Clock, limit: int = 3) -> tuple[Answer, ...]:
    """Answers that may fit, for somebody at the desk to choose from; nothing is kept."""
    hits = finder_of(session).search(session, text, clock, limit)
    answers = (_answer(session, hit) for hit in hits if hit.likeness >= SUGGEST_FROM)
    return tuple(answer for answer in answers if answer is not None)


def frequent(session: Session, words: str, clock: Clock, limit: int = 100) -> list[Question]:
    """Questions that patients may read through, found by meaning and by words; nothing is kept until one is picked."""
    hits = finder_of(session).search(session, words, clock) if words.strip() else []
    near = [hit.entry_id for hit in hits if hit.likeness >= max(SUGGEST_FROM, NEAR_THE_FIRST * hits[0].likeness)]
    found = reading.readable(session, words, near, clock, limit)
    return [Question(entry_id=entry_id, question=question, department=place) for entry_id, question, place in found]


def nearest(session: Session, text: str, clock: Clock) -> Nearest | None:
    """The entry that comes nearest to a text, however far."""
    hits = finder_of(session).search(session, text, clock, 1)
    return Nearest(entry_id=hits[0].entry_id, question=hits[0].question, score=hits[0].score) if hits else None


def same_as(session: Session, text: str, known: Sequence[tuple[UUID, str]], clock: Clock) -> UUID | None:
    """The one of some texts that means the same."""
    if not known:
        return None
    index, tuning = finder_of(session).current(session)
    hits = as_index(index, known).search(text, tuning, clock.now(), 1)
    return hits[0].entry_id if hits and hits[0].likeness >= SAME_FROM else None


def _found(answer: Answer | None, given_id: UUID | None = None) -> Finding:
    if answer is None:
        return Finding(kind="none", refer="staff")
    if answer.answer_class == "advice":
        return Finding(kind="none", refer="clinician")
    return Finding(kind="answer", given_id=given_id, answer=answer)


def _answer(session: Session, hit: Hit) -> Answer | None:
    return _answer_of(session, hit.revision_id, hit.key, hit.score)


def _answer_of(session: Session, revision_id: UUID, key: str, score: float) -> Answer | None:
    finder = finder_of(session)
    revision = finder.revision(session, revision_id)
    if revision is None:
        return None
    filling = finder.filling(session)
    return Answer(
        entry_id=revision.entry_id,
        entry_key=key,
        revision_id=revision.id,
        revision=revision.number,
        question=revision.question,
        text_chat=fill(revision.text_chat, filling),
        text_voice=fill(revision.content.spoken, filling),
        links=revision.links,
        pictures=revision.pictures,
        answer_class=revision.answer_class,
        department=revision.department,
        score=score,
    )


def _answer_now(session: Session, entry_id: UUID, audience: Sequence[str], clock: Clock) -> Answer | None:
    """The published answer of an entry, if it answers now."""
    index, _ = finder_of(session).current(session)
    known = index.entry(entry_id, clock.now(), audience)
    return None if known is None else _answer_of(session, known.revision_id, known.key, 1.0)


def _keep(session: Session, asked: AskedIn, finding: Finding, clock: Clock) -> Finding:
    """Keeps the finding; when the same message was kept meanwhile, what was kept counts."""
    if asked.channel == UNLOGGED:
        return finding
    row = Asked(
        id=new_id(),
        channel=asked.channel,
        message_id=asked.message_id,
        conversation_id=asked.conversation_id,
        patient_id=asked.patient_id,
        at=clock.now(),
    )
    _pin(row, finding)
    if not repository.add(session, row, rules.scrub(asked.text)):
        known = repository.find(session, asked.channel, asked.message_id)
        return finding if known is None else _again(session, known)
    if asked.banked and finding.kind == "none" and finding.refer == "staff" and asked.text.strip():
        publish(session, "knowledge.unanswered", row.id, {"asked_id": str(row.id)}, clock)
    return finding.model_copy(update={"given_id": row.id if finding.kind == "answer" else None})


def _pin(row: Asked, finding: Finding) -> None:
    row.kind, row.refer = finding.kind, finding.refer
    row.choices = [choice.model_dump(mode="json") for choice in finding.choices] or None
    if finding.answer is not None:
        row.entry_id, row.revision_id = finding.answer.entry_id, finding.answer.revision_id
        row.revision, row.score = finding.answer.revision, finding.answer.score


def _again(session: Session, row: Asked) -> Finding:
    """What came of a message that was asked before."""
    if row.kind == "answer" and row.revision_id is not None:
        key = reading.key_of(session, row.entry_id) if row.entry_id else ""
        return _found(_answer_of(session, row.revision_id, key, row.score or 0.0), row.id)
    choices = tuple(Choice.model_validate(choice) for choice in row.choices or ())
    return Finding.model_validate({"kind": row.kind, "choices": choices, "refer": row.refer})


def as_index(index: Index, texts: Sequence[tuple[UUID, str]]) -> Index:
    """An index over other texts that reads and weighs as the knowledge base's own does."""
    lives = [Live.of_text(text_id, text) for text_id, text in texts]
    return index.over(lives)
