"""Keeping storage contracts."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from core_api.contracts import repository, rules
from core_api.contracts.schemas import Change, ContractIn, ContractView, KnownContract, OwingFilter
from core_api.kit.clock import Clock
from core_api.kit.crypto import blind
from core_api.kit.db import new_id


def upsert_contract(session: Session, contract: ContractIn, clock: Clock) -> Change:
    """Makes or changes the contract of a contract number."""
    return upsert_many(session, [contract], clock)[0]


def upsert_many(session: Session, contracts: Sequence[ContractIn], clock: Clock) -> list[Change]:
    """Makes or changes many contracts; every contract number at most once."""
    found = known(session, [contract.contract_number for contract in contracts])
    return [_write(session, contract, found.get(contract.contract_number), clock) for contract in contracts]


def known(session: Session, numbers: Collection[str]) -> dict[str, KnownContract]:
    """Which of the contract numbers are there."""
    return repository.known(session, numbers)


def fingerprint(session: Session, contract: ContractIn) -> str:
    """A keyed hash of all that the source says of a contract."""
    return blind(session, "contracts.source", contract.model_dump_json())


def contracts(session: Session, patient_id: UUID) -> list[ContractView]:
    """A patient's contracts by due date."""
    return repository.of_patient(session, patient_id)


def contract(session: Session, contract_id: UUID) -> ContractView | None:
    """One contract."""
    return repository.get(session, contract_id)


def owing(session: Session, wanted: OwingFilter, after: UUID | None, limit: int) -> list[ContractView]:
    """Contracts to remind of, by id after `after`."""
    return repository.owing(session, wanted, after, limit)


def fee_texts(one: ContractView) -> dict[str, str] | None:
    """What the reminder's texts name: {owed_amount} and {yearly_fee} in yuan, {paid_until} as a day.

    None where the contract does not tell until when it is paid for.
    """
    until = one.covered_until
    if until is None:
        return None
    return {
        "owed_amount": rules.yuan(one.owed_fen),
        "yearly_fee": rules.yuan(one.annual_fee_fen),
        "paid_until": f"{until.year}年{until.month}月{until.day}日",
    }


def _write(session: Session, contract: ContractIn, earlier: KnownContract | None, clock: Clock) -> Change:
    source_hash = fingerprint(session, contract)
    if earlier is not None and earlier.source_hash == source_hash:
        return "unchanged"
    now = clock.now()
    row = contract.model_dump() | {"source_hash": source_hash, "updated_at": now}
    if earlier is None:
        repository.insert_one(session, row | {"id": new_id(), "created_at": now})
        return "created"
    repository.update_one(session, earlier.id, row)
    return "updated"
