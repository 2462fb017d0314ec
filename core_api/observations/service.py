"""Keeping laboratory results and showing them as series."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core_api.kit.clock import Clock
from core_api.kit.crypto import blind
from core_api.kit.db import new_id
from core_api.kit.outbox import publish
from core_api.observations import repository, rules
from core_api.observations.critical import on_critical
from core_api.observations.models import Observation
from core_api.observations.schemas import Change, ObservationIn, Point, SampleKey, Series

__all__ = ["all_series", "fingerprint", "known", "on_critical", "series", "upsert_many"]


def upsert_many(session: Session, observations: Sequence[ObservationIn], clock: Clock) -> list[Change]:
    """Makes or corrects results; a new critical one publishes "observation.critical".

    Args:
        session: One transaction for all of them.
        observations: Every key at most once.
        clock: Tells now.
    """
    found = known(session, [one.key for one in observations])
    new: list[dict[str, Any]] = []
    changes: list[Change] = []
    for one in observations:
        earlier, source_hash = found.get(one.key), fingerprint(session, one)
        if earlier is not None and earlier[1] == source_hash:
            changes.append("unchanged")
            continue
        row = _row(one, source_hash)
        if earlier is None:
            row |= {"id": new_id(), "created_at": clock.now()}
            new.append(row)
        else:
            repository.update_one(session, earlier[0], row)
        changes.append("updated" if earlier else "created")
        if row["critical"]:
            _publish_critical(session, one, earlier[0] if earlier else row["id"], clock)
    repository.insert_many(session, new)
    return changes


def known(session: Session, keys: Iterable[SampleKey]) -> dict[SampleKey, tuple[UUID, str]]:
    """(id, source hash) of the results that are there."""
    return repository.known(session, keys)


def fingerprint(session: Session, observation: ObservationIn) -> str:
    """A keyed hash of all that the source says of a result."""
    return blind(session, "observations.source", observation.model_dump_json())


def series(session: Session, patient_id: UUID, code: str) -> Series | None:
    """One analyte's results, oldest first; None when there are none."""
    rows = repository.of_patient(session, patient_id, [code])
    return _series(rows) if rows else None


def all_series(session: Session, patient_id: UUID) -> list[Series]:
    """Every analyte's results, oldest first."""
    rows = repository.of_patient(session, patient_id)
    return [_series(list(group)) for _, group in groupby(rows, key=lambda row: row.code)]


def _row(one: ObservationIn, source_hash: str) -> dict[str, Any]:
    flag = one.flag or rules.flag_of(one.value, one.comparator, one.reference_low, one.reference_high)
    critical = rules.is_critical(one.code, one.unit, one.value, one.comparator)
    return one.model_dump() | {"flag": flag, "critical": critical, "source_hash": source_hash}


def _publish_critical(session: Session, one: ObservationIn, observation_id: UUID, clock: Clock) -> None:
    data = {
        "patient_id": str(one.patient_id),
        "observation_id": str(observation_id),
        "code": one.code,
        "sampled_at": one.sampled_at.isoformat(),
    }
    publish(session, "observation.critical", one.patient_id, data, clock)


def _series(rows: Sequence[Observation]) -> Series:
    newest = rows[-1]
    return Series(
        code=newest.code,
        name=newest.name,
        unit=newest.unit,
        low=newest.reference_low,
        high=newest.reference_high,
        points=tuple(
            Point(
                at=row.sampled_at,
                value=row.value,
                comparator=row.comparator,
                text=row.value_text,
                flag=row.flag,
                critical=row.critical,
            )
            for row in rows
        ),
    )
