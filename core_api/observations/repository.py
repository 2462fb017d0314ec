"""Queries of laboratory results."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from core_api.observations.models import Observation
from core_api.observations.schemas import SampleKey

IN_CHUNK = 400


def known(session: Session, keys: Iterable[SampleKey]) -> dict[SampleKey, tuple[UUID, str]]:
    """(id, source hash) of results by key, sought by their sample numbers."""
    wanted = set(keys)
    samples = sorted({sample for _, sample, _ in wanted})
    patients = {patient for patient, _, _ in wanted}
    found: dict[SampleKey, tuple[UUID, str]] = {}
    for start in range(0, len(samples), IN_CHUNK):
        rows = session.execute(
            select(
                Observation.id,
                Observation.patient_id,
                Observation.sample_number,
                Observation.code,
                Observation.source_hash,
            ).where(
                Observation.patient_id.in_(patients), Observation.sample_number.in_(samples[start : start + IN_CHUNK])
            )
        )
        found |= {(row.patient_id, row.sample_number, row.code): (row.id, row.source_hash) for row in rows}
    return found


def insert_many(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Writes new results."""
    if rows:
        session.execute(insert(Observation.__table__), list(rows))  # type: ignore[arg-type]


def update_one(session: Session, observation_id: UUID, row: dict[str, Any]) -> None:
    """Changes a result that the laboratory corrected."""
    session.execute(update(Observation).where(Observation.id == observation_id).values(**row))


def get(session: Session, observation_id: UUID) -> Observation | None:
    """One result."""
    return session.get(Observation, observation_id)


def of_patient(session: Session, patient_id: UUID, codes: Collection[str] | None = None) -> Sequence[Observation]:
    """A patient's results by analyte and time."""
    query = select(Observation).where(Observation.patient_id == patient_id)
    if codes is not None:
        query = query.where(Observation.code.in_(codes))
    return session.scalars(query.order_by(Observation.code, Observation.sampled_at, Observation.id)).all()
