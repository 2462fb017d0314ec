"""Queries of treatment events."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core_api.treatments.models import TreatmentEventRow
from core_api.treatments.schemas import EventIn, TreatmentEvent

IN_CHUNK = 400


def find(session: Session, event: EventIn) -> TreatmentEventRow | None:
    """The event of the same patient, kind and source key."""
    return session.scalar(
        select(TreatmentEventRow).where(
            TreatmentEventRow.patient_id == event.patient_id,
            TreatmentEventRow.kind == event.kind,
            TreatmentEventRow.source_key == event.source_key,
        )
    )


def of_patients(session: Session, patient_ids: Collection[UUID]) -> list[TreatmentEvent]:
    """Events of the patients, oldest first."""
    wanted = list(patient_ids)
    found: list[TreatmentEvent] = []
    for start in range(0, len(wanted), IN_CHUNK):
        rows = session.scalars(
            select(TreatmentEventRow)
            .where(TreatmentEventRow.patient_id.in_(wanted[start : start + IN_CHUNK]))
            .order_by(TreatmentEventRow.occurred_on, TreatmentEventRow.id)
        )
        found.extend(TreatmentEvent.model_validate(row, from_attributes=True) for row in rows)
    return found
