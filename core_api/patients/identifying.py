"""Telling who a person is by two facts of the record."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy.orm import Session

from core_api.kit.crypto import unseal
from core_api.patients import repository, sealing
from core_api.patients.models import Patient

MOBILE_DIGITS = 11


class Claim(BaseModel):
    """Two facts: which record, and something that its owner knows."""

    model_config = ConfigDict(frozen=True)

    record_number: str | None = Field(default=None, min_length=1, max_length=64)
    phone: str | None = Field(default=None, pattern=r"^\+?[0-9 \-]{8,20}$")
    birth_date: date | None = None
    phone_tail: str | None = Field(default=None, pattern=r"^[0-9]{4}$")

    @model_validator(mode="after")
    def _two_independent_facts(self) -> "Claim":
        keys = [self.record_number, self.phone]
        proofs = [self.birth_date, self.phone_tail]
        if sum(key is not None for key in keys) != 1 or all(proof is None for proof in proofs):
            message = "one key and at least one further fact"
            raise ValueError(message)
        if self.phone is not None and self.birth_date is None:
            message = "the tail of a phone proves nothing about the phone"
            raise ValueError(message)
        return self

    @property
    def key(self) -> str:
        """The key in one form, to count tries by."""
        return (self.record_number or "").strip().upper() or _e164(self.phone or "")


def identify(session: Session, claim: Claim) -> UUID | None:
    """The one living patient whose record has all facts of a claim; None tells not which of them is wrong."""
    if claim.record_number is not None:
        found = repository.claimed_by_record(session, claim.record_number.strip())
    else:
        found = repository.claimed_by_phone(session, sealing.phone_blind(session, _e164(claim.phone or "")))
    tail = sealing.phone_tail_blind(session, claim.phone_tail) if claim.phone_tail else None
    fitting = [
        one.id
        for one in found
        if not one.deceased
        and (claim.birth_date is None or one.birth_date == claim.birth_date)
        and (tail is None or one.phone_tail_blind == tail)
    ]
    return fitting[0] if len(fitting) == 1 else None


def callers(session: Session, phone: str) -> tuple[UUID, ...]:
    """The living patients whose own phone a caller's number is; more than one share it."""
    found = repository.claimed_by_phone(session, sealing.phone_blind(session, _e164(phone)))
    return tuple(one.id for one in found if not one.deceased and not one.wrong_number)


def confirm(
    session: Session, candidates: Collection[UUID], birth_date: date | None = None, tail: str | None = None
) -> UUID | None:
    """The one of some patients that a second fact fits.

    Args:
        session: The session.
        candidates: Patients.
        birth_date: The fact, or
        tail: the last four of the identity number; of the record number where there is no identity number.
    """
    fitting = [
        row.id
        for row in (repository.by_id(session, one) for one in candidates)
        if (birth_date is not None and row.birth_date == birth_date)
        or (tail is not None and _number_of(session, row).endswith(tail.upper()))
    ]
    return fitting[0] if len(fitting) == 1 else None


def _number_of(session: Session, row: Patient) -> str:
    number = unseal(session, "patients.identity_number", row.id, row.identity_sealed)
    return (number or row.record_number).upper()


def _e164(phone: str) -> str:
    digits = phone.replace(" ", "").replace("-", "")
    return f"+86{digits}" if len(digits) == MOBILE_DIGITS and not digits.startswith("+") else digits
