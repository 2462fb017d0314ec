"""What is wrong with a template, said so that its editor knows which node, why, and what to do. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from itertools import combinations

from core_api.plans.rules import compare
from core_api.plans.schemas import (
    EVENT_TITLES,
    MADE_BY_CAMPAIGNS,
    AnswerCondition,
    Condition,
    DetailCondition,
    ElapsedCondition,
    EventCondition,
    Node,
    Template,
    TemplateProblem,
)
from core_api.plans.timetable import add, is_empty

ItemCodes = Mapping[str, frozenset[str] | None]
"""Item -> its option codes, or None where any value may be answered."""

REFERENCE_DAY = date(2026, 1, 1)
_KNOWN = "、".join(EVENT_TITLES)


def validate_template(
    template: Template, questionnaires: Mapping[str, ItemCodes] | None = None
) -> tuple[TemplateProblem, ...]:
    """Every problem of a template; none means that it can be published.

    Args:
        template: What is to be checked.
        questionnaires: Published questionnaires with their items; None leaves these checks out.
    """
    found = [*_template_problems(template), *_duplicate_keys(template)]
    for index, node in enumerate(template.nodes):
        found += _timing(node)
        found += _events(template, node)
        found += _references(template, index, questionnaires)
        found += _never_holds(template, node)
        if questionnaires is not None:
            found += _questionnaire(node, questionnaires)
    return tuple(found)


def _template_problems(template: Template) -> Iterator[TemplateProblem]:
    if template.key in {"own", *MADE_BY_CAMPAIGNS}:
        yield _problem("reserved_key", None, f"模板的 key“{template.key}”由系统使用，请改用别的名称")
    if template.anchor not in EVENT_TITLES:
        yield _problem("unknown_event", None, f"起点事件“{template.anchor}”不存在，请改为其中之一：{_KNOWN}")
    for event in template.episode_ends_on:
        if event not in EVENT_TITLES:
            yield _problem("unknown_event", None, f"终止事件“{event}”不存在，请改为其中之一：{_KNOWN}")


def _duplicate_keys(template: Template) -> Iterator[TemplateProblem]:
    for key, count in Counter(node.key for node in template.nodes).items():
        if count > 1:
            yield _problem("duplicate_node", key, f"节点“{key}”出现了 {count} 次，请给每个节点起不同的 key")


def _timing(node: Node) -> Iterator[TemplateProblem]:
    previous = REFERENCE_DAY
    for index, phase in enumerate(node.recurrence, start=1):
        if is_empty(phase.every):
            yield _problem("empty_interval", node.key, f"节点“{node.title}”第 {index} 段的间隔为零，请填写天数或月数")
        if phase.until is None:
            if index < len(node.recurrence):
                text = f"节点“{node.title}”第 {index} 段没有截止时间，后面各段永远不会开始，请填写 until 或删去后面各段"
                yield _problem("unreachable_phase", node.key, text)
            return
        until = add(REFERENCE_DAY, phase.until)
        if until <= previous:
            text = f"节点“{node.title}”第 {index} 段的截止时间不晚于前一段，这一段永远不会发生，请改晚"
            yield _problem("unreachable_phase", node.key, text)
        previous = until


def _events(template: Template, node: Node) -> Iterator[TemplateProblem]:
    for event in _named_events(node):
        if event not in EVENT_TITLES:
            text = f"节点“{node.title}”用到的事件“{event}”不存在，条件永远不会成立，请改为其中之一：{_KNOWN}"
            yield _problem("unknown_event", node.key, text)
    if template.anchor in node.unless_events:
        text = f"节点“{node.title}”在起点事件发生后即不再需要，永远不会产生任务，请从 unless_events 中删去起点事件"
        yield _problem("never", node.key, text)
    for event in _required_events(node):
        if event in node.unless_events:
            text = f"节点“{node.title}”既要求又排除事件“{_event(event)}”，永远不会产生任务，请保留其中之一"
            yield _problem("never", node.key, text)


def _references(
    template: Template, index: int, questionnaires: Mapping[str, ItemCodes] | None
) -> Iterator[TemplateProblem]:
    node = template.nodes[index]
    earlier = {other.key: other for other in template.nodes[:index]}
    later = {other.key for other in template.nodes[index:]}
    for condition in node.conditions:
        if not isinstance(condition, AnswerCondition):
            continue
        if condition.node in earlier:
            if questionnaires is not None:
                yield from _answer(node, condition, questionnaires.get(earlier[condition.node].questionnaire_key))
        elif condition.node in later:
            text = f"节点“{node.title}”依赖排在它后面（或它自己）的节点“{condition.node}”，请把被依赖的节点移到前面"
            yield _problem("later_node", node.key, text)
        else:
            text = f"节点“{node.title}”依赖的节点“{condition.node}”不存在，条件永远不会成立，请改为前面某个节点的 key"
            yield _problem("unknown_node", node.key, text)


def _answer(node: Node, condition: AnswerCondition, items: ItemCodes | None) -> Iterator[TemplateProblem]:
    if items is None:
        return
    if condition.item not in items:
        text = f"节点“{node.title}”的条件用到的题目“{condition.item}”不在问卷中，请改为：{'、'.join(items)}"
        yield _problem("unknown_item", node.key, text)
        return
    codes = items[condition.item]
    code = str(condition.value).lower() if isinstance(condition.value, bool) else str(condition.value)
    if codes is not None and condition.operator == "=" and code not in codes:
        text = f"节点“{node.title}”要求选项“{code}”，但题目“{condition.item}”没有它，请改为：{'、'.join(sorted(codes))}"
        yield _problem("unknown_option", node.key, text)


def _questionnaire(node: Node, questionnaires: Mapping[str, ItemCodes]) -> Iterator[TemplateProblem]:
    items = questionnaires.get(node.questionnaire_key)
    if items is None:
        text = f"节点“{node.title}”的问卷“{node.questionnaire_key}”不存在或未发布，请先发布问卷或改用已有问卷"
        yield _problem("unknown_questionnaire", node.key, text)
        return
    created = node.creates_event
    for item in (created.item, created.date_item) if created else ():
        if item is not None and item not in items:
            text = f"节点“{node.title}”记录事件所用的题目“{item}”不在问卷中，请改为：{'、'.join(items)}"
            yield _problem("unknown_item", node.key, text)


def _never_holds(template: Template, node: Node) -> Iterator[TemplateProblem]:
    for first, second in combinations(node.conditions, 2):
        if _contradict(first, second):
            text = f"节点“{node.title}”的条件“{_say(first)}”与“{_say(second)}”矛盾，永远不会成立，请改其一"
            yield _problem("contradiction", node.key, text)
    for condition in node.conditions:
        if (
            isinstance(condition, EventCondition)
            and not condition.present
            and condition.event
            in {
                template.anchor,
                node.anchor,
            }
        ):
            text = f"节点“{node.title}”要求没有“{_event(condition.event)}”，日期却从它算起，永远不会成立，请删去该条件"
            yield _problem("never", node.key, text)
        if isinstance(condition, ElapsedCondition) and _too_late(template, node, condition):
            text = f"节点“{node.title}”的条件在任务过期之后才成立，永远不会有任务，请缩短等待或延长 window_after_days"
            yield _problem("never", node.key, text)


def _too_late(template: Template, node: Node, condition: ElapsedCondition) -> bool:
    if node.offset is None or condition.event != (node.anchor or template.anchor):
        return False
    expires = add(REFERENCE_DAY, node.offset) + timedelta(days=node.window_after_days)
    return add(REFERENCE_DAY, condition.span) > expires


def _contradict(first: Condition, second: Condition) -> bool:
    match first, second:
        case EventCondition(), EventCondition():
            return first.event == second.event and first.present != second.present
        case (AnswerCondition(), AnswerCondition()):
            same = (first.node, first.item) == (second.node, second.item)
        case (DetailCondition(), DetailCondition()):
            same = (first.event, first.name) == (second.event, second.name)
        case (EventCondition(present=False), DetailCondition() | ElapsedCondition()):
            return first.event == second.event
        case (DetailCondition() | ElapsedCondition(), EventCondition(present=False)):
            return first.event == second.event
        case _:
            return False
    return same and _exclude(first, second)


def _exclude(first: AnswerCondition | DetailCondition, second: AnswerCondition | DetailCondition) -> bool:
    """Whether no value meets both comparisons."""
    if first.operator == "=":
        return not compare(first.value, second.operator, second.value)
    if second.operator == "=":
        return not compare(second.value, first.operator, first.value)
    low, high = (first, second) if first.operator in {">", ">="} else (second, first)
    if low.operator not in {">", ">="} or high.operator not in {"<", "<="}:
        return False
    reachable = ">=" if low.operator == ">=" and high.operator == "<=" else ">"
    return not compare(high.value, reachable, low.value)


def _named_events(node: Node) -> list[str]:
    return [*_required_events(node), *node.unless_events] + [
        c.event for c in node.conditions if isinstance(c, EventCondition) and not c.present
    ]


def _required_events(node: Node) -> list[str]:
    named = [
        c.event
        for c in node.conditions
        if isinstance(c, DetailCondition | ElapsedCondition) or (isinstance(c, EventCondition) and c.present)
    ]
    return [node.anchor, *named] if node.anchor else named


def _event(kind: str) -> str:
    return EVENT_TITLES.get(kind, kind)


def _say(condition: Condition) -> str:
    match condition:
        case EventCondition():
            return f"{'有' if condition.present else '没有'}“{_event(condition.event)}”"
        case AnswerCondition():
            return f"{condition.node}.{condition.item} {condition.operator} {condition.value}"
        case DetailCondition():
            return f"{_event(condition.event)}.{condition.name} {condition.operator} {condition.value}"
        case ElapsedCondition():
            return f"“{_event(condition.event)}”之后一段时间"


def _problem(code: str, node: str | None, message: str) -> TemplateProblem:
    return TemplateProblem(code=code, node=node, message=message)
