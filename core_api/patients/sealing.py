"""A patient's rows as they lie in the database: sealed, blinded, fingerprinted."""

from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core_api.kit.crypto import Keyring, blind, blind_with, ring_of, seal
from core_api.kit.db import new_id
from core_api.patients import rules
from core_api.patients.schemas import PatientIn, RelativeIn

TAIL_DIGITS = 4
GRAM_BITS = 63
GRAMS_REMEMBERED = 100_000
Row = dict[str, Any]


def fingerprint(session: Session, patient: PatientIn) -> str:
    """A keyed hash of everything the source said, by which an unchanged row is known at once."""
    return blind(session, "patients.source", patient.model_dump_json())


def phone_blind(session: Session, phone: str) -> str:
    """The blind index of a phone in E.164."""
    return blind(session, "phone", phone)


def phone_tail_blind(session: Session, tail: str) -> str:
    """The blind index of a phone's last four digits."""
    return blind(session, "phone.tail", tail)


def name_blind(session: Session, name: str) -> str:
    """The blind index of a whole name."""
    return blind(session, "name", rules.normal_name(name))


def identity_blind(session: Session, number: str) -> str:
    """The blind index of an identity number."""
    return blind(session, "identity", number.upper())


def gram_blind(session: Session, gram: str) -> int:
    """A keyed hash of a name part as a 63-bit number; there are few different parts, so they are remembered."""
    return _gram(ring_of(session).index_key, gram)


@lru_cache(maxsize=GRAMS_REMEMBERED)
def _gram(index_key: bytes, gram: str) -> int:
    return int(blind_with(Keyring({}, "", index_key), "name.gram", gram)[:16], 16) >> (64 - GRAM_BITS)


def patient_row(session: Session, patient_id: UUID, patient: PatientIn) -> Row:
    """Columns that come from the source, without None: what is not said is not changed."""
    row: Row = {
        "id": patient_id,
        "record_number": patient.record_number,
        "visit_card": patient.visit_card,
        "name_sealed": seal(session, "patients.name", patient_id, patient.name),
        "name_blind": name_blind(session, patient.name),
        "gender": patient.gender,
        "birth_date": patient.birth_date,
        "site": patient.site,
        "department": patient.department,
        "stage": patient.stage,
        "consent": patient.consent,
        **_phone_columns(session, patient_id, patient.phone),
        **_identity_columns(session, patient_id, patient.identity_number),
    }
    if patient.notes is not None:
        row["notes_sealed"] = seal(session, "patients.notes", patient_id, patient.notes or None)
        row["preferences"] = rules.read_preferences(patient.notes).model_dump(mode="json")
    return row


def relative_row(session: Session, patient_id: UUID, relative: RelativeIn) -> Row:
    """A relative's columns, with a new id."""
    row_id = new_id()
    return {
        "id": row_id,
        "patient_id": patient_id,
        "relation": relative.relation,
        "ordinal": relative.ordinal,
        "name_sealed": seal(session, "relatives.name", row_id, relative.name),
        "phone_sealed": seal(session, "relatives.phone", row_id, relative.phone),
        "phone_blind": phone_blind(session, relative.phone) if relative.phone else None,
    }


def gram_rows(session: Session, patient_id: UUID, name: str) -> list[Row]:
    """The name's rows in the index of name parts."""
    return [{"gram": gram_blind(session, gram), "patient_id": patient_id} for gram in rules.grams(name)]


def _phone_columns(session: Session, patient_id: UUID, phone: str | None) -> Row:
    if phone is None:
        return {"phone_sealed": None, "phone_blind": None, "phone_tail_blind": None}
    return {
        "phone_sealed": seal(session, "patients.phone", patient_id, phone),
        "phone_blind": phone_blind(session, phone),
        "phone_tail_blind": phone_tail_blind(session, phone[-TAIL_DIGITS:]),
    }


def _identity_columns(session: Session, patient_id: UUID, number: str | None) -> Row:
    if number is None:
        return {"identity_sealed": None, "identity_blind": None}
    return {
        "identity_sealed": seal(session, "patients.identity_number", patient_id, number),
        "identity_blind": identity_blind(session, number),
    }
