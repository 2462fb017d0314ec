"""Agents, queues, rota and calendar over HTTP."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime

from assistant.desk.agents import service as agents
from assistant.desk.agents.schemas import AgentView, PresenceIn
from assistant.desk.board import service
from assistant.desk.calendar import service as calendar
from assistant.desk.calendar.schemas import CalendarDay, DayIn
from assistant.desk.queues import service as queues
from assistant.desk.queues.schemas import MembersIn, QueueIn, QueueView
from assistant.desk.rota import service as rota
from assistant.desk.rota.schemas import OnDuty, Person, RotaView, ShiftIn, ShiftView
from core_api.audit import service as audit
from core_api.kit.web import CurrentUser, Db, RuntimeDep, require

router = APIRouter(prefix="/api/desk", tags=["工作台设置"])
Reader = Annotated[CurrentUser, Depends(require("desk.read"), scope="function")]
Worker = Annotated[CurrentUser, Depends(require("desk.work"), scope="function")]
Manager = Annotated[CurrentUser, Depends(require("desk.manage"), scope="function")]


@router.get("/me")
def read_me(session: Db, runtime: RuntimeDep, user: Worker) -> AgentView:
    """Oneself at the desk."""
    return service.agent_views(session, runtime.clock, user.id)[0]


@router.put("/me/presence")
def set_presence(body: PresenceIn, session: Db, runtime: RuntimeDep, user: Worker) -> AgentView:
    """Accepts conversations, pauses or leaves."""
    agents.say(session, user.id, body.state, runtime.clock)
    return service.agent_views(session, runtime.clock, user.id)[0]


@router.post("/me/heartbeat", status_code=204)
def heartbeat(session: Db, runtime: RuntimeDep, user: Worker) -> None:
    """Says that the page is still open."""
    agents.seen(session, user.id, runtime.clock)


@router.get("/agents")
def list_agents(session: Db, runtime: RuntimeDep, user: Reader) -> list[AgentView]:
    """Everybody at the desk."""
    return service.agent_views(session, runtime.clock)


@router.get("/staff")
def list_staff(session: Db, user: Reader) -> list[Person]:
    """Everybody who may work at the desk, to choose from."""
    return [Person(user_id=one.id, name=one.display_name, roles=one.roles) for one in service.staff(session)]


@router.get("/queues")
def list_queues(session: Db, runtime: RuntimeDep, user: Reader) -> list[QueueView]:
    """Queues with their members and what waits."""
    return service.queue_views(session, runtime.clock)


@router.post("/queues", status_code=201)
def create_queue(body: QueueIn, session: Db, runtime: RuntimeDep, user: Manager) -> QueueView:
    """Makes a queue."""
    made = queues.create_queue(session, body, runtime.clock)
    audit.record(session, user.id, "queue.create", "queue", made.id, "新建队列", runtime.clock)
    return service.queue_view(session, made, runtime.clock)


@router.put("/queues/{queue_id}")
def change_queue(queue_id: UUID, body: QueueIn, session: Db, runtime: RuntimeDep, user: Manager) -> QueueView:
    """Changes a queue."""
    changed = queues.change_queue(session, queue_id, body)
    audit.record(session, user.id, "queue.change", "queue", queue_id, "修改队列", runtime.clock)
    return service.queue_view(session, changed, runtime.clock)


@router.put("/queues/{queue_id}/members")
def set_members(queue_id: UUID, body: MembersIn, session: Db, runtime: RuntimeDep, user: Manager) -> QueueView:
    """Says who works in a queue."""
    service.set_members(session, queue_id, body)
    audit.record(session, user.id, "queue.members", "queue", queue_id, "修改队列成员", runtime.clock)
    return service.queue_view(session, queues.queue(session, queue_id), runtime.clock)


@router.get("/rota")
def read_rota(
    session: Db,
    user: Reader,
    first: Annotated[date, Query(alias="from")],
    last: Annotated[date, Query(alias="to")],
    queue_id: UUID | None = None,
) -> RotaView:
    """The rota of some days."""
    return service.rota_view(session, first, last, queue_id)


@router.get("/rota/on-duty")
def read_on_duty(session: Db, runtime: RuntimeDep, user: Reader, at: AwareDatetime | None = None) -> list[OnDuty]:
    """Who is on duty now, or at a moment."""
    moment: datetime = at or runtime.clock.now()
    return service.on_duty(session, moment)


@router.post("/rota/shifts", status_code=201)
def add_shift(body: ShiftIn, session: Db, runtime: RuntimeDep, user: Manager) -> ShiftView:
    """Enters a shift or an absence."""
    service.check_shift(session, body)
    made = rota.add_shift(session, body, runtime.clock)
    audit.record(session, user.id, "shift.create", "shift", made.id, "新建班次", runtime.clock)
    return service.shift_view(session, made)


@router.put("/rota/shifts/{shift_id}")
def change_shift(shift_id: UUID, body: ShiftIn, session: Db, runtime: RuntimeDep, user: Manager) -> ShiftView:
    """Changes a shift."""
    service.check_shift(session, body)
    changed = rota.change_shift(session, shift_id, body)
    audit.record(session, user.id, "shift.change", "shift", shift_id, "修改班次", runtime.clock)
    return service.shift_view(session, changed)


@router.delete("/rota/shifts/{shift_id}", status_code=204)
def remove_shift(shift_id: UUID, session: Db, runtime: RuntimeDep, user: Manager) -> None:
    """Removes a shift."""
    rota.remove_shift(session, shift_id)
    audit.record(session, user.id, "shift.remove", "shift", shift_id, "删除班次", runtime.clock)


@router.get("/calendar")
def read_calendar(session: Db, user: Reader, year: Annotated[int, Query(ge=2000, le=2200)]) -> list[CalendarDay]:
    """The days of a year that are not what their weekday says."""
    return calendar.days(session, year)


@router.put("/calendar/{day}")
def put_day(day: date, body: DayIn, session: Db, runtime: RuntimeDep, user: Manager) -> CalendarDay:
    """Makes a day a holiday or a working day."""
    audit.record(session, user.id, "calendar.change", "day", day.isoformat(), "修改节假日", runtime.clock)
    return calendar.put_day(session, day, body)


@router.delete("/calendar/{day}", status_code=204)
def remove_day(day: date, session: Db, runtime: RuntimeDep, user: Manager) -> None:
    """Makes a day what its weekday says."""
    audit.record(session, user.id, "calendar.change", "day", day.isoformat(), "修改节假日", runtime.clock)
    calendar.remove_day(session, day)
