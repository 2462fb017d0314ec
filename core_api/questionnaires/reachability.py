"""Which items and rules of a definition no answers can reach. Pure."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import combinations, islice, product

from core_api.questionnaires.conditions import condition_holds, kind_of
from core_api.questionnaires.schemas import AnswerValue, Behaviour, Condition, Item, Questionnaire

Path = frozenset[Condition]

WAYS_LIMIT = 512
"""Ways to one item that are looked at; a script spoken aloud has a handful."""
SOME_DAY = date(2026, 1, 15)


def loops(questionnaire: Questionnaire) -> list[str]:
    """Link ids of items whose conditions lead back to themselves."""
    needs = {item.link_id: {one.question for one in item.enable_when} for item in questionnaire.items}
    return [link_id for link_id in needs if link_id in _behind(link_id, needs)]


def _behind(start: str, needs: dict[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    waiting = list(needs[start])
    while waiting:
        question = waiting.pop()
        if question not in seen:
            seen.add(question)
            waiting += needs[question]
    return seen


def unreachable(questionnaire: Questionnaire) -> list[str]:
    """Link ids that no answers switch on. The definition must be free of loops."""
    items = {item.link_id: item for item in questionnaire.items}
    known: dict[str, list[Path]] = {}
    return [link_id for link_id in items if not _reachable(_ways_to(link_id, items, known), items)]


def never_holding_rules(questionnaire: Questionnaire) -> list[str]:
    """Keys of alert rules that no answers meet. The definition must be free of loops."""
    items = {item.link_id: item for item in questionnaire.items}
    known: dict[str, list[Path]] = {}
    return [
        rule.key
        for rule in questionnaire.alert_rules
        if not _reachable(_ways(rule.when, rule.behavior, items, known), items)
    ]


def _ways_to(link_id: str, items: dict[str, Item], known: dict[str, list[Path]]) -> list[Path]:
    if link_id not in known:
        item = items[link_id]
        known[link_id] = list(islice(_ways(item.enable_when, item.enable_behavior, items, known), WAYS_LIMIT))
    return known[link_id]


def _ways(
    conditions: tuple[Condition, ...], behaviour: Behaviour, items: dict[str, Item], known: dict[str, list[Path]]
) -> Iterator[Path]:
    """Every conjunction of conditions, those of the questions behind them included, that switches on."""
    if not conditions:
        yield frozenset()
        return
    for group in [conditions] if behaviour == "all" else [(one,) for one in conditions]:
        questions = dict.fromkeys(one.question for one in group if _wants_answer(one))
        for behind in product(*(_ways_to(question, items, known) for question in questions)):
            yield frozenset(group).union(*behind)


def _wants_answer(condition: Condition) -> bool:
    return condition.operator != "exists" or bool(condition.answer)


def _reachable(ways: Iterable[Path], items: dict[str, Item]) -> bool:
    return any(_possible(way, items) for way in islice(ways, WAYS_LIMIT))


def _possible(path: Path, items: dict[str, Item]) -> bool:
    for question in {condition.question for condition in path}:
        mine = [condition for condition in path if condition.question == question]
        values = _samples(items[question], mine)
        if not any(all(condition_holds(one, value) for one in mine) for value in values):
            return False
    return True


def _samples(item: Item, conditions: list[Condition]) -> Iterable[AnswerValue | None]:
    """Enough answers to meet the conditions if any answer does: the bounds, the edges, and between."""
    codes = [option.code for option in item.options]
    wanted = [one.answer for one in conditions if one.operator != "exists"]
    if item.type == "boolean":
        return [None, True, False]
    if item.type == "choice":
        return [None, *codes]
    if item.type == "multi_choice":
        sizes = range(1, min(len(codes), len(wanted) + 1) + 1)
        return [None, *(subset for size in sizes for subset in combinations(codes, size))]
    if item.type == "date":
        days = [day for day in wanted if isinstance(day, date)]
        return [None, SOME_DAY, *(day + timedelta(days=step) for day in days for step in (-1, 0, 1))]
    if item.type in {"integer", "decimal"}:
        return [None, *_numbers(item, [edge for edge in wanted if kind_of(edge) == "number"])]
    return [None, "。", *(word for word in wanted if isinstance(word, str))]


def _numbers(item: Item, edges: list[AnswerValue]) -> Iterator[AnswerValue]:
    step = 1.0 if item.type == "integer" else 0.01
    low = -1e9 if item.minimum is None else item.minimum
    high = 1e9 if item.maximum is None else item.maximum
    points = [low, high, *(float(str(edge)) for edge in edges)]
    for point in points:
        for near in (point - step, point, point + step):
            if low <= near <= high:
                yield round(near, 4)
