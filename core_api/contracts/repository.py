"""Queries of storage contracts."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from core_api.contracts.models import StorageContract
from core_api.contracts.schemas import ContractView, KnownContract

IN_CHUNK = 400


def known(session: Session, numbers: Collection[str]) -> dict[str, KnownContract]:
    """Contracts by number."""
    wanted = sorted(set(numbers))
    found: dict[str, KnownContract] = {}
    columns = (StorageContract.id, StorageContract.contract_number, StorageContract.source_hash)
    for start in range(0, len(wanted), IN_CHUNK):
        chunk = wanted[start : start + IN_CHUNK]
        for row in session.execute(select(*columns).where(StorageContract.contract_number.in_(chunk))):
            found[row.contract_number] = KnownContract.model_validate(row, from_attributes=True)
    return found


def insert_one(session: Session, row: dict[str, Any]) -> None:
    """Writes a new contract."""
    session.execute(insert(StorageContract).values(**row))


def update_one(session: Session, contract_id: UUID, row: dict[str, Any]) -> None:
    """Changes a contract."""
    session.execute(update(StorageContract).where(StorageContract.id == contract_id).values(**row))


def of_patient(session: Session, patient_id: UUID) -> list[ContractView]:
    """A patient's contracts by due date."""
    rows = session.scalars(
        select(StorageContract)
        .where(StorageContract.patient_id == patient_id)
        .order_by(StorageContract.due_on, StorageContract.contract_number)
    )
    return [ContractView.model_validate(row, from_attributes=True) for row in rows]
