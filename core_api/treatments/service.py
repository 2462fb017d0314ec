"""Recording anchor events and reading them."""

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from core_api.kit.clock import Clock
from core_api.kit.db import new_id
from core_api.kit.errors import Invalid, NotFound
from core_api.kit.outbox import publish
from core_api.treatments import repository
from core_api.treatments.models import TreatmentEventRow
from core_api.treatments.schemas import EventByStaff, EventChange, EventIn, TreatmentEvent, Urgency

WAITING_LISTED = "waiting_listed"
TOMORROW_SOMEWHERE = timedelta(hours=14)
"""East of Greenwich the day has begun before UTC's."""


def record_event(session: Session, event: EventIn, clock: Clock) -> EventChange:
    """Makes an event, or moves the one of the same patient, kind and source key; publishes "treatment.recorded"."""
    row = repository.find(session, event)
    if row is None:
        stamp = clock.now()
        row = TreatmentEventRow(id=new_id(), **event.model_dump(), created_at=stamp, updated_at=stamp)
        session.add(row)
        session.flush()
        return _publish(session, row, "created", clock)
    moved = row.occurred_on != event.occurred_on
    if not moved and row.detail == event.detail:
        return "unchanged"
    row.occurred_on, row.detail, row.updated_at = event.occurred_on, event.detail, clock.now()
    session.flush()
    return _publish(session, row, "moved" if moved else "changed", clock)


def record_by_staff(session: Session, patient_id: UUID, wanted: EventByStaff, clock: Clock) -> TreatmentEvent:
    """Puts an event on the record that staff know of; the same day again changes nothing.

    Raises:
        Invalid: The day lies ahead, or an urgency is given to an event that has none.
    """
    if wanted.occurred_on > (clock.now() + TOMORROW_SOMEWHERE).date():
        raise Invalid("日期不能晚于今天", field="occurred_on")
    if wanted.urgency is not None and wanted.kind != WAITING_LISTED:
        raise Invalid("只有登记等待才分紧急程度", field="urgency")
    event = EventIn(
        patient_id=patient_id,
        kind=wanted.kind,
        occurred_on=wanted.occurred_on,
        source_key=f"staff:{wanted.occurred_on.isoformat()}",
        detail={"source": "staff"} | ({"urgency": wanted.urgency} if wanted.urgency else {}),
    )
    record_event(session, event, clock)
    return next(
        one for one in events(session, patient_id) if (one.kind, one.source_key) == (event.kind, event.source_key)
    )


def set_waiting_urgency(session: Session, patient_id: UUID, urgency: Urgency, clock: Clock) -> TreatmentEvent:
    """Sets how urgent a patient's latest registration on the waiting list is; the plan follows by the outbox.

    Raises:
        NotFound: The patient is on no waiting list.
    """
    listed = [one for one in events(session, patient_id) if one.kind == WAITING_LISTED]
    if not listed:
        raise NotFound("患者没有等待移植的登记", code="not_waiting")
    changed = listed[-1].model_copy(update={"detail": listed[-1].detail | {"urgency": urgency}})
    record_event(session, EventIn.model_validate(changed.model_dump(exclude={"id"})), clock)
    return changed


def events(session: Session, patient_id: UUID) -> list[TreatmentEvent]:
    """A patient's events, oldest first."""
    return repository.of_patients(session, [patient_id])


def events_of(session: Session, patient_ids: Collection[UUID]) -> dict[UUID, list[TreatmentEvent]]:
    """Events of many patients, by patient."""
    found: dict[UUID, list[TreatmentEvent]] = {}
    for event in repository.of_patients(session, patient_ids):
        found.setdefault(event.patient_id, []).append(event)
    return found


def _publish(session: Session, row: TreatmentEventRow, change: EventChange, clock: Clock) -> EventChange:
    data = {
        "patient_id": str(row.patient_id),
        "event_id": str(row.id),
        "kind": row.kind,
        "moved": change == "moved",
    }
    publish(session, "treatment.recorded", row.patient_id, data, clock)
    return change
