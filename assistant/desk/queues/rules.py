"""Which queue a case goes to. Pure."""

from collections.abc import Iterable, Sequence

from assistant.desk.queues.schemas import CaseKind, Member, Queue


def route(queues: Iterable[Queue], department: str | None, kind: CaseKind) -> Queue | None:
    """The queue for a case: of its department first, then one for any; one that names the kind first.

    A case is never left without a queue while there is one: with no better, any active queue takes it.
    """
    active = [queue for queue in queues if queue.active]
    if not active:
        return None
    return min(active, key=lambda queue: (_distance(queue, department), kind not in queue.kinds, queue.name))


def able(member: Member, skill: str | None) -> bool:
    """Whether a member can take a case that asks for a skill."""
    return skill is None or skill in member.skills


def of_departments(queues: Sequence[Queue], department: str | None) -> list[Queue]:
    """The active queues of a department, or those for any when it has none."""
    active = [queue for queue in queues if queue.active]
    nearest = min((_distance(queue, department) for queue in active), default=0)
    return [queue for queue in active if _distance(queue, department) == nearest]


def _distance(queue: Queue, department: str | None) -> int:
    if department and queue.department:
        if queue.department == department:
            return 0
        if queue.department in department or department in queue.department:
            return 1
    return 3 if queue.department else 2
