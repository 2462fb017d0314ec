"""Queries of storage contracts."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, String, Uuid, column, func, insert, or_, select, table, update
from sqlalchemy.orm import Session

from core_api.contracts.models import StorageContract
from core_api.contracts.schemas import ContractView, KnownContract, OwingFilter

IN_CHUNK = 400
PATIENTS = table(
    "patients", column("id", Uuid), column("site", String), column("stage", String), column("deceased", Boolean)
)


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


def get(session: Session, contract_id: UUID) -> ContractView | None:
    """One contract."""
    row = session.get(StorageContract, contract_id)
    return None if row is None else ContractView.model_validate(row, from_attributes=True)


def owing(session: Session, wanted: OwingFilter, after: UUID | None, limit: int) -> list[ContractView]:
    """Contracts that run and are in arrears or due, by id, of patients who live."""
    until = func.coalesce(StorageContract.paid_until, StorageContract.due_on)
    owed = until <= wanted.due_by
    if wanted.arrears:
        owed = or_(owed, StorageContract.arrears_fen > 0)
    query = (
        select(StorageContract)
        .join(PATIENTS, PATIENTS.c.id == StorageContract.patient_id)
        .where(StorageContract.state != "terminated", until.is_not(None), owed, PATIENTS.c.deceased.is_(False))
    )
    for field, value in ((PATIENTS.c.site, wanted.site), (PATIENTS.c.stage, wanted.stage)):
        query = query if value is None else query.where(field == value)
    if after is not None:
        query = query.where(StorageContract.id > after)
    rows = session.scalars(query.order_by(StorageContract.id).limit(limit))
    return [ContractView.model_validate(row, from_attributes=True) for row in rows]


def of_patient(session: Session, patient_id: UUID) -> list[ContractView]:
    """A patient's contracts by due date."""
    rows = session.scalars(
        select(StorageContract)
        .where(StorageContract.patient_id == patient_id)
        .order_by(StorageContract.due_on, StorageContract.contract_number)
    )
    return [ContractView.model_validate(row, from_attributes=True) for row in rows]
