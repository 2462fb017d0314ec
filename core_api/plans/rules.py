"""Which tasks a patient should have, and what to change so that they have them. Pure."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from operator import eq, ge, gt, le, lt, ne
from uuid import UUID

from core_api.plans.schemas import (
    AnchorEvent,
    AnswerCondition,
    AnswerValue,
    Changes,
    Condition,
    CreatesEvent,
    DetailCondition,
    ElapsedCondition,
    Episode,
    EventCondition,
    ExistingTask,
    Node,
    PlannedTask,
    Template,
)
from core_api.plans.timetable import add, due_dates

Answers = Mapping[str, Mapping[str, AnswerValue]]
"""Node key -> item -> accepted answer, of the latest finished task of the node."""

LOOK_BACK_DAYS = 400
REPORTED_BY_PATIENT = "response"
BY_PLAN = "plan"
"""Reason of a task that the plan cancelled, and may open again."""

_COMPARE: dict[str, Callable[[object, object], bool]] = {"=": eq, "!=": ne}
_ORDER: dict[str, Callable[[float, float], bool]] = {">": gt, "<": lt, ">=": ge, "<=": le}


def applies(template: Template, department: str | None, stage: str | None) -> bool:
    """Whether a template is for patients of this department and stage."""
    wanted = template.applies_when
    return _matches(wanted.department, department) and _matches(wanted.stage, stage)


def episodes(template: Template, events: Sequence[AnchorEvent]) -> tuple[Episode, ...]:
    """One episode per anchor event, oldest first; each ends where the next begins, or at an event that ends it."""
    ordered = sorted(events, key=lambda event: (event.occurred_on, str(event.id)))
    enders = {template.anchor, *template.episode_ends_on}
    found = []
    for anchor in (event for event in ordered if event.kind == template.anchor):
        ends_on = min(
            (e.occurred_on for e in ordered if e.kind in enders and e.occurred_on > anchor.occurred_on), default=None
        )
        inside = tuple(
            e
            for e in ordered
            if e.id == anchor.id or (e.kind != template.anchor and _within(e.occurred_on, anchor.occurred_on, ends_on))
        )
        found.append(Episode(anchor=anchor, events=inside, ends_on=ends_on))
    return tuple(found)


def tasks_for(
    template: Template, events: Sequence[AnchorEvent], answers: Answers, today: date
) -> tuple[PlannedTask, ...]:
    """The tasks of the latest episode among `events`, from LOOK_BACK_DAYS ago up to the template's horizon.

    Args:
        template: A valid template.
        events: The patient's events in any order.
        answers: Accepted answers by node and item.
        today: The date in the hospital's zone.

    Returns:
        Tasks in order of due date; none when there is no anchor event.
    """
    found = episodes(template, events)
    return tasks_of(template, found[-1], answers, today) if found else ()


def tasks_of(template: Template, episode: Episode, answers: Answers, today: date) -> tuple[PlannedTask, ...]:
    """As `tasks_for`, for one episode."""
    tasks = [task for node in template.nodes for task in _node_tasks(template, node, episode, answers, today)]
    return tuple(sorted(tasks, key=lambda task: (task.due_on, task.priority, task.node_key)))


def changes(existing: Sequence[ExistingTask], planned: Sequence[PlannedTask]) -> Changes:
    """What to create, move, cancel or mark missed; tasks in progress, done or closed by people stay as they are.

    Expired rounds of a recurring node are not made up afterwards: nobody was to call them any more.
    """
    wanted = {(task.node_key, task.occurrence): task for task in planned}
    present = {(task.node_key, task.occurrence) for task in existing}
    create = tuple(task for key, task in wanted.items() if key not in present and not (task.expired and task.recurring))
    move: list[tuple[UUID, PlannedTask]] = []
    cancel: list[UUID] = []
    miss: list[UUID] = []
    for task in existing:
        target = wanted.get((task.node_key, task.occurrence))
        if target is None:
            if task.status == "planned":
                cancel.append(task.id)
        elif target.expired:
            if task.status == "planned":
                miss.append(task.id)
        elif _movable(task, target):
            move.append((task.id, target))
    return Changes(create=create, move=tuple(move), cancel=tuple(cancel), miss=tuple(miss))


def after_earlier(planned: Sequence[PlannedTask], made: Sequence[ExistingTask]) -> tuple[PlannedTask, ...]:
    """What a new template version adds to the tasks that an earlier one made, which stay.

    A node that is asked once is not asked again; a recurring one goes on after its last round.

    Args:
        planned: By the version in force.
        made: Tasks of earlier versions that count: open, missed, done or closed by people.
    """
    last: dict[str, date] = {}
    for task in made:
        last[task.node_key] = max(task.due_on, last.get(task.node_key, task.due_on))
    return tuple(
        task for task in planned if task.node_key not in last or (task.recurring and task.due_on > last[task.node_key])
    )


def event_from(created: CreatesEvent, answers: Mapping[str, AnswerValue], answered_on: date) -> date | None:
    """The date of the event that answers put on the record; None when they put none there.

    A date in the future is a misunderstanding: the day of the answer counts then.
    """
    if not compare(answers.get(created.item), created.operator, created.value):
        return None
    stated = answers.get(created.date_item) if created.date_item else None
    if isinstance(stated, str):
        stated = _iso_date(stated)
    return stated if isinstance(stated, date) and stated <= answered_on else answered_on


def compare(left: object, operator: str, right: object) -> bool:
    """`left operator right`; an absent answer meets nothing, text and number are never in order."""
    if left is None:
        return False
    if isinstance(left, tuple | list):
        return (right in left) == (operator == "=")
    if operator in _COMPARE:
        return _COMPARE[operator](_plain(left), _plain(right))
    if isinstance(left, int | float) and isinstance(right, int | float):
        return _ORDER[operator](left, right)
    return False


def first_of(events: Sequence[AnchorEvent], kind: str) -> AnchorEvent | None:
    """The event of a kind that counts: the hospital's own before what a patient reported, then the earliest."""
    same = [event for event in events if event.kind == kind]
    return min(same, key=lambda e: (e.detail.get("source") == REPORTED_BY_PATIENT, e.occurred_on), default=None)


def _node_tasks(template: Template, node: Node, episode: Episode, answers: Answers, today: date) -> list[PlannedTask]:
    kind = node.anchor or template.anchor
    anchor = episode.anchor if kind == template.anchor else first_of(episode.events, kind)
    if anchor is None or any(first_of(episode.events, event) for event in node.unless_events):
        return []
    if not all(holds(condition, episode, answers, today) for condition in node.conditions):
        return []
    last, first = today + timedelta(days=template.horizon_days), today - timedelta(days=LOOK_BACK_DAYS)
    return [
        _planned(node, occurrence, due, title, today)
        for occurrence, due, title in due_dates(node, anchor.occurred_on, last)
        if due >= first and _within(due, anchor.occurred_on, episode.ends_on)
    ]


def holds(condition: Condition, episode: Episode, answers: Answers, today: date) -> bool:
    """Whether a node's condition holds now."""
    match condition:
        case AnswerCondition():
            answer = answers.get(condition.node, {}).get(condition.item)
            return compare(answer, condition.operator, condition.value)
        case EventCondition():
            return (first_of(episode.events, condition.event) is not None) == condition.present
        case DetailCondition():
            return _detail_holds(condition, first_of(episode.events, condition.event))
        case ElapsedCondition():
            event = first_of(episode.events, condition.event)
            return event is not None and add(event.occurred_on, condition.span) <= today


def _detail_holds(condition: DetailCondition, event: AnchorEvent | None) -> bool:
    if event is None:
        return False
    value = event.detail.get(condition.name)
    return condition.operator == "!=" if value is None else compare(value, condition.operator, condition.value)


def _planned(node: Node, occurrence: int, due: date, title: str, today: date) -> PlannedTask:
    expires_on = due + timedelta(days=node.window_after_days)
    return PlannedTask(
        node_key=node.key,
        occurrence=occurrence,
        title=title,
        questionnaire_key=node.questionnaire_key,
        due_on=due,
        opens_on=due - timedelta(days=node.window_before_days),
        expires_on=expires_on,
        priority=node.priority,
        recurring=node.offset is None,
        expired=expires_on < today,
    )


def _movable(task: ExistingTask, target: PlannedTask) -> bool:
    if task.status == "planned":
        return _facts(task) != _facts(target)
    return task.status == "missed" or (task.status == "cancelled" and task.reason == BY_PLAN)


def _facts(task: ExistingTask | PlannedTask) -> tuple[object, ...]:
    return (task.title, task.questionnaire_key, task.due_on, task.opens_on, task.expires_on, task.priority)


def _matches(words: Sequence[str], text: str | None) -> bool:
    return not words or any(word in (text or "") for word in words)


def _within(day: date, start: date, end: date | None) -> bool:
    return start <= day and (end is None or day < end)


def _plain(value: object) -> object:
    """Codes of booleans are `true` and `false` in questionnaires."""
    return str(value).lower() if isinstance(value, bool) else value


def _iso_date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


ALLOWED: dict[str, frozenset[str]] = {
    "planned": frozenset({"in_progress", "done", "unreachable", "cancelled", "missed"}),
    "in_progress": frozenset({"planned", "done", "unreachable", "cancelled"}),
    "unreachable": frozenset({"planned", "in_progress", "done", "cancelled"}),
    "missed": frozenset({"planned", "in_progress", "done", "cancelled"}),
    "cancelled": frozenset({"in_progress", "done"}),
    "done": frozenset(),
}
"""Which states may follow; a late or repeated result that may not has no effect."""


def shown_status(status: str, due_on: date, today: date) -> str:
    """The state people see: a planned task is due from its date on."""
    return "due" if status == "planned" and due_on <= today else status
