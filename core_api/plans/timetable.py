"""Dates of a node: calendar arithmetic on hospital dates, no I/O."""

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta

from core_api.plans.schemas import Node, Phase, Span

OCCURRENCES_PER_PHASE = 1000
MONTHS_PER_YEAR = 12


def add(day: date, span: Span, times: int = 1) -> date:
    """`day` plus `times` spans; months clip at the month's end and are counted from `day`, so they never drift."""
    months = day.month - 1 + span.months * times
    year, month = day.year + months // MONTHS_PER_YEAR, months % MONTHS_PER_YEAR + 1
    clipped = date(year, month, min(day.day, monthrange(year, month)[1]))
    return clipped + timedelta(days=(span.days + 7 * span.weeks) * times)


def is_empty(span: Span) -> bool:
    return not (span.days or span.weeks or span.months)


def due_dates(node: Node, anchor: date, last: date) -> Iterator[tuple[int, date, str]]:
    """(occurrence, due date, title) of a node up to and including `last`.

    An occurrence number names phase and multiple, so that it means the same when the anchor moves.
    """
    if node.offset is not None:
        due = add(anchor, node.offset)
        if due <= last:
            yield 1, due, node.title
        return
    after = anchor
    for index, phase in enumerate(node.recurrence):
        until = add(anchor, phase.until) if phase.until else last
        yield from _phase_dates(node.title, index, phase, anchor, (after, min(until, last)))
        after = max(after, until)


def _phase_dates(
    title: str, index: int, phase: Phase, anchor: date, between: tuple[date, date]
) -> Iterator[tuple[int, date, str]]:
    after, until = between
    for multiple in range(1, OCCURRENCES_PER_PHASE):
        due = add(anchor, phase.every, multiple)
        if due > until:
            return
        if due > after:
            yield index * OCCURRENCES_PER_PHASE + multiple, due, _title(title, phase, multiple)


def _title(title: str, phase: Phase, multiple: int) -> str:
    amount = phase.every.months or phase.every.weeks or phase.every.days
    return f"{title}（{phase.label.format(n=multiple * amount)}）" if phase.label else title
