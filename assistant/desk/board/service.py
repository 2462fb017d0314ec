"""The desk's people and plans as the pages show them: agents, queues, rota."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from assistant.desk.agents import service as agents
from assistant.desk.agents.schemas import AgentView, QueueName
from assistant.desk.calendar import service as calendar
from assistant.desk.cases import service as cases
from assistant.desk.queues import service as queues
from assistant.desk.queues.schemas import MembersIn, MemberView, Queue, QueueView
from assistant.desk.rota import service as rota
from assistant.desk.rota.schemas import OnDuty, Person, RotaView, Shift, ShiftIn, ShiftView, SpanView
from core_api.identity import service as identity
from core_api.identity.rules import permissions_of
from core_api.identity.schemas import StaffView
from core_api.kit.clock import Clock
from core_api.kit.errors import Invalid

WORK = "desk.work"
NOBODY_NAMED = "已停用的账号"


def staff(session: Session) -> list[StaffView]:
    """Everybody who may work at the desk."""
    return [one for one in identity.staff(session) if WORK in permissions_of(one.roles)]


def agent_views(session: Session, clock: Clock, only: UUID | None = None) -> list[AgentView]:
    """People who work in a queue or have been at the desk; `only` is one of them, known or not."""
    members = queues.members(session)
    names = {one.id: one.name for one in queues.queues(session)}
    here = {one.user_id: one for one in agents.presences(session)}
    on_duty = {span.user_id for span in rota.on_duty(session, clock.now())}
    wanted = {only} if only else {one.user_id for one in members} | set(here)
    people = [one for one in staff(session) if one.id in wanted]
    loads = cases.loads(session, [one.id for one in people])
    return [
        AgentView(
            user_id=one.id,
            name=one.display_name,
            roles=one.roles,
            state=agents.state(here.get(one.id), clock),
            on_duty=one.id in on_duty,
            queues=[QueueName(id=m.queue_id, name=names[m.queue_id]) for m in members if m.user_id == one.id],
            open=loads.get(one.id, 0),
            capacity=here[one.id].capacity if one.id in here else agents.CAPACITY,
            last_seen_at=here[one.id].last_seen_at if one.id in here else None,
        )
        for one in people
    ]


def queue_views(session: Session, clock: Clock) -> list[QueueView]:
    """Queues with their members and what waits in them."""
    found = queues.queues(session)
    members = queues.members(session)
    names = identity.staff_names(session, {one.user_id for one in members})
    waiting = cases.waiting(session)
    return [
        QueueView(
            **dict(one),
            open_now=queues.is_open(session, one, clock.now()),
            members=[
                MemberView(user_id=m.user_id, skills=m.skills, name=names.get(m.user_id, NOBODY_NAMED))
                for m in members
                if m.queue_id == one.id
            ],
            waiting=waiting.get(one.id, 0),
        )
        for one in found
    ]


def queue_view(session: Session, changed: Queue, clock: Clock) -> QueueView:
    return next(one for one in queue_views(session, clock) if one.id == changed.id)


def set_members(session: Session, queue_id: UUID, wanted: MembersIn) -> None:
    """Says who works in a queue.

    Raises:
        Invalid: One of them may not work at the desk.
    """
    known = {one.id for one in staff(session)}
    if any(one.user_id not in known for one in wanted.members):
        raise Invalid("名单中有不能使用工作台的账号", field="members")
    queues.set_members(session, queue_id, wanted.members)


def rota_view(session: Session, first: date, last: date, queue_id: UUID | None) -> RotaView:
    """The rota of some days: shifts as entered, spans as they fall, days that differ."""
    chosen = [queue_id] if queue_id else None
    shifts, spans = rota.shifts(session, chosen), rota.spans(session, first, last, chosen)
    names = identity.staff_names(session, {one.user_id for one in shifts})
    return RotaView(
        shifts=[ShiftView(**dict(one), user_name=names.get(one.user_id, NOBODY_NAMED)) for one in shifts],
        spans=[SpanView(**dict(one), user_name=names.get(one.user_id, NOBODY_NAMED)) for one in spans],
        holidays=calendar.days_between(session, first, last),
    )


def shift_view(session: Session, shift: Shift) -> ShiftView:
    name = identity.staff_names(session, [shift.user_id]).get(shift.user_id, NOBODY_NAMED)
    return ShiftView(**dict(shift), user_name=name)


def check_shift(session: Session, shift: ShiftIn) -> None:
    """Raises Invalid for a shift of nobody, or in no queue."""
    if shift.user_id not in {one.id for one in staff(session)}:
        raise Invalid("没有这位同事", field="user_id")
    if shift.queue_id is not None:
        queues.queue(session, shift.queue_id)


def on_duty(session: Session, at: datetime) -> list[OnDuty]:
    """Who is on duty, queue by queue; a queue without anybody is in the list, empty."""
    spans = rota.on_duty(session, at)
    names = identity.staff_names(session, {span.user_id for span in spans})
    found: list[OnDuty] = []
    for queue in queues.queues(session):
        own = [span for span in spans if span.queue_id == queue.id]
        people: Sequence[UUID] = list(dict.fromkeys(span.user_id for span in own))
        found.append(
            OnDuty(
                queue_id=queue.id,
                queue_name=queue.name,
                users=[Person(user_id=one, name=names.get(one, NOBODY_NAMED)) for one in people],
                until=min((span.end for span in own), default=None),
            )
        )
    return found
