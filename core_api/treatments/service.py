"""Recording anchor events and reading them."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy.orm import Session

from core_api.kit.clock import Clock
from core_api.kit.db import new_id
from core_api.kit.outbox import publish
from core_api.treatments import repository
from core_api.treatments.models import TreatmentEventRow
from core_api.treatments.schemas import EventChange, EventIn, TreatmentEvent


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
    return _publish(session, row, "moved", clock) if moved else "unchanged"


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
