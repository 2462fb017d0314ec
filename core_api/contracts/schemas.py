"""What storage contracts take and show."""

from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

ContractState = Literal["active", "arrears", "terminated"]
Change = Literal["created", "updated", "unchanged"]


class ContractIn(BaseModel):
    """A contract as a source tells it; money in fen."""

    model_config = ConfigDict(frozen=True)

    contract_number: str = Field(min_length=1, max_length=64)
    patient_id: UUID
    embryos: int | None = None
    frozen_on: date | None = None
    due_on: date | None = None
    annual_fee_fen: int = Field(ge=0)
    paid_until: date | None = None
    arrears_fen: int = Field(default=0, ge=0)
    state: ContractState = "active"


class ContractView(ContractIn):
    """A contract that is kept."""

    id: UUID

    @property
    def covered_until(self) -> date | None:
        """Until when the storage is paid for."""
        return self.paid_until or self.due_on

    @property
    def owed_fen(self) -> int:
        """What is to be paid now: the arrears, else the coming year."""
        return self.arrears_fen or self.annual_fee_fen


class OwingFilter(BaseModel):
    """Which contracts to remind of: in arrears, or paid for no longer than `due_by`."""

    model_config = ConfigDict(frozen=True)

    due_by: date
    arrears: bool = True
    site: str | None = None
    stage: str | None = None


class KnownContract(BaseModel):
    """What an import needs to know of a contract that is there."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    contract_number: str
    source_hash: str
