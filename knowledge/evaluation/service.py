"""Measuring the knowledge base on questions whose answers are known, and the gate before publication."""

import time
from collections.abc import Sequence
from datetime import datetime
from typing import get_args
from uuid import UUID

from sqlalchemy.orm import Session

from core_api.kit.clock import Clock
from core_api.kit.db import new_id
from core_api.kit.errors import Invalid, NotFound
from core_api.kit.paging import Page, decode_cursor, encode_cursor
from knowledge.entries import reading
from knowledge.entries.schemas import Live
from knowledge.evaluation import repository, rules
from knowledge.evaluation.rules import DEPTH, Outcome
from knowledge.evaluation.schemas import EvaluationLine, EvaluationView, Gate, GateGold, GoldIn, GoldView
from knowledge.search.finder import finder_of
from knowledge.search.index import Index
from knowledge.search.rules import Method, decide
from knowledge.search.schemas import Tuning

METHODS: tuple[Method, ...] = get_args(Method)


def outcomes(
    index: Index, tuning: Tuning, questions: Sequence[GoldIn], now: datetime, method: Method = "fused"
) -> list[Outcome]:
    """Asks every question once and times it."""
    found = []
    judge = index.judge(tuning)
    for one in questions:
        started = time.perf_counter()
        hits = index.search(one.question, tuning, now, DEPTH, method=method)
        took_ms = (time.perf_counter() - started) * 1000
        kind, given = decide(hits, judge)
        keys = tuple(hit.key for hit in given)
        found.append(Outcome(one.question, tuple(one.expected), tuple(hits), kind, keys, took_ms))
    return found


def run(session: Session, by_name: str, clock: Clock) -> EvaluationView:
    """Asks all gold questions by every method and keeps the figures."""
    started = time.perf_counter()
    index, tuning = finder_of(session).current(session)
    questions = repository.all_gold(session)
    by_method = {
        method: outcomes(index, tuning, questions, clock.now(), method)
        for method in METHODS
        if method != "dense" or index.encoder is not None
    }
    view = EvaluationView(
        id=new_id(),
        at=clock.now(),
        by_name=by_name,
        questions=len(questions),
        entries=index.view().entries,
        took_seconds=round(time.perf_counter() - started, 2),
        lines=tuple(rules.figures(method, found) for method, found in by_method.items()),
        answer_at=index.judge(tuning).answer_at,
        offer_at=index.judge(tuning).offer_at,
        wrong=rules.wrong(by_method["fused"]),
    )
    repository.add_evaluation(session, view)
    return view


def gate(session: Session, entry_id: UUID, clock: Clock) -> Gate:
    """Which gold questions publishing an entry's open revision would break or mend.

    Raises:
        NotFound: There is no such entry.
    """
    entry = reading.detail(session, entry_id, clock)
    questions = repository.all_gold(session)
    if entry.open is None or not questions:
        return Gate(checked=len(questions), broken=(), fixed=())
    index, tuning = finder_of(session).current(session)
    opened = entry.open
    live = Live(entry_id=entry.id, key=entry.key, revision_id=opened.id, revision=opened.number, content=opened.content)
    before = outcomes(index, tuning, questions, clock.now())
    after = outcomes(index.with_changes(index.version, [live]), tuning, questions, clock.now())
    broken, fixed = [], []
    for gold, was, now in zip(questions, before, after, strict=True):
        was_quality = rules.quality(was.kind, was.found, was.expected)
        now_quality = rules.quality(now.kind, now.found, now.expected)
        if now_quality < was_quality:
            broken.append(_changed(gold, now))
        elif now_quality > was_quality:
            fixed.append(_changed(gold, now))
    return Gate(checked=len(questions), broken=tuple(broken), fixed=tuple(fixed))


def _changed(gold: GoldView, now: Outcome) -> GateGold:
    first = now.hits[0] if now.hits else None
    return GateGold(
        id=gold.id,
        question=gold.question,
        expected=gold.expected,
        found_key=first.key if first else None,
        found_question=first.question if first else None,
    )


def list_gold(session: Session, cursor: str | None, limit: int) -> Page[GoldView]:
    """A page of gold questions in their order.

    Raises:
        Invalid: The cursor is not ours.
    """
    rows = repository.gold_page(session, _position(cursor), limit + 1)
    more = encode_cursor(str(rows[limit - 1].id)) if len(rows) > limit else None
    return Page(items=rows[:limit], next_cursor=more, total=repository.gold_count(session))


def list_evaluations(session: Session, cursor: str | None, limit: int) -> Page[EvaluationLine]:
    """A page of runs, the newest first.

    Raises:
        Invalid: The cursor is not ours.
    """
    rows = repository.evaluations(session, _position(cursor), limit + 1)
    more = encode_cursor(str(rows[limit - 1].id)) if len(rows) > limit else None
    return Page(items=rows[:limit], next_cursor=more)


def all_gold(session: Session) -> list[GoldView]:
    """Every gold question."""
    return repository.all_gold(session)


def add_gold(session: Session, wanted: GoldIn, clock: Clock) -> GoldView:
    """Keeps an editor's gold question."""
    (gold_id,) = repository.add_gold(session, [wanted], "editor", clock.now())
    return GoldView(id=gold_id, source="editor", **wanted.model_dump())


def seed(session: Session, questions: Sequence[GoldIn], clock: Clock) -> None:
    """Keeps the gold questions that ship."""
    repository.add_gold(session, list(questions), "library", clock.now())


def remove_gold(session: Session, gold_id: UUID) -> None:
    """Removes a gold question.

    Raises:
        NotFound: There is none.
    """
    if not repository.remove_gold(session, gold_id):
        raise NotFound("没有找到这个标准问题", code="gold_not_found")


def evaluation(session: Session, evaluation_id: UUID) -> EvaluationView:
    """A run that was kept.

    Raises:
        NotFound: There is none.
    """
    found = repository.evaluation(session, evaluation_id)
    if found is None:
        raise NotFound("没有找到这次评测", code="evaluation_not_found")
    return found


def _position(cursor: str | None) -> UUID | None:
    if not cursor:
        return None
    try:
        return UUID(str(decode_cursor(cursor)[0]))
    except (ValueError, IndexError) as error:
        raise Invalid("翻页位置无效，请从第一页重新查看", field="cursor") from error
