"""People and shifts for a demonstration: the nurse in office hours, the doctor on call day and night."""

from uuid import UUID

from sqlalchemy.orm import Session

from assistant.desk.queues import service as queues
from assistant.desk.queues.schemas import MemberIn
from assistant.desk.rota import service as rota
from assistant.desk.rota.schemas import ShiftIn
from core_api.kit.clock import Clock

OFFICE = (("08:00", "12:00"), ("13:30", "17:30"))
WORKDAYS, ALL_DAYS = range(1, 6), range(1, 8)


def staff_desk(session: Session, nurse_id: UUID, doctor_id: UUID, clock: Clock) -> None:
    """Puts two people into every queue of a desk that has no members yet."""
    if queues.members(session):
        return
    for queue in queues.queues(session):
        members = [MemberIn(user_id=nurse_id), MemberIn(user_id=doctor_id, skills=("clinical",))]
        queues.set_members(session, queue.id, members)
        for weekday in WORKDAYS:
            for start, end in OFFICE:
                shift = ShiftIn(queue_id=queue.id, user_id=nurse_id, weekday=weekday, start=start, end=end)
                rota.add_shift(session, shift, clock)
        for weekday in ALL_DAYS:
            on_call = ShiftIn(
                queue_id=queue.id, user_id=doctor_id, weekday=weekday, start="00:00", end="00:00", on_holidays=True
            )
            rota.add_shift(session, on_call, clock)
