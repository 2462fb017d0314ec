"""The patient record's verbs."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core_api.audit import service as audit
from core_api.kit.clock import Clock
from core_api.kit.crypto import unseal
from core_api.kit.db import new_id
from core_api.kit.errors import Invalid
from core_api.kit.outbox import publish
from core_api.kit.paging import Page, decode_cursor, encode_cursor
from core_api.kit.web import CurrentUser
from core_api.patients import repository, rules, sealing
from core_api.patients.models import Patient
from core_api.patients.schemas import (
    Contact,
    Facets,
    KnownPatient,
    PatientFilter,
    PatientIn,
    PatientLine,
    PatientView,
    Preferences,
    Reachability,
    UpsertResult,
)
from core_api.patients.sealing import Row

REASON_MIN = 2


def upsert_patient(session: Session, patient: PatientIn, clock: Clock) -> UpsertResult:
    """Makes or changes the patient of a record number."""
    return upsert_many(session, [(patient, fingerprint(session, patient))], clock)[0]


def upsert_many(session: Session, patients: Sequence[tuple[PatientIn, str]], clock: Clock) -> list[UpsertResult]:
    """Makes or changes many patients with few statements.

    Args:
        session: One transaction for all of them.
        patients: (patient, its `fingerprint`); every record number at most once.
        clock: Tells now.
    """
    found = known(session, [patient.record_number for patient, _ in patients])
    now = clock.now()
    new_rows: list[Row] = []
    grams: list[Row] = []
    relatives: list[Row] = []
    results = []
    for patient, source_hash in patients:
        earlier = found.get(patient.record_number)
        if earlier is None:
            patient_id = new_id()
            new_rows.append(_new_row(session, patient_id, patient, source_hash, now))
            grams += sealing.gram_rows(session, patient_id, patient.name)
            relatives += [sealing.relative_row(session, patient_id, one) for one in patient.relatives]
            results.append(UpsertResult(patient_id=patient_id, change="created"))
        elif earlier.source_hash == source_hash:
            results.append(UpsertResult(patient_id=earlier.patient_id, change="unchanged"))
        else:
            _change(session, earlier, patient, source_hash, now)
            _tell(session, earlier.patient_id, "record", clock)
            results.append(UpsertResult(patient_id=earlier.patient_id, change="updated"))
    repository.insert_many(session, new_rows, grams, relatives)
    return results


def fingerprint(session: Session, patient: PatientIn) -> str:
    """A keyed hash of all that the source says of a patient."""
    return sealing.fingerprint(session, patient)


def phone_blind(session: Session, phone: str) -> str:
    """The blind index of a phone in E.164, to compare phones without keeping them."""
    return sealing.phone_blind(session, phone)


def known(session: Session, record_numbers: Collection[str]) -> dict[str, KnownPatient]:
    """Which of the record numbers are there, by record number."""
    return repository.known(session, record_numbers)


def phone_owners(session: Session, phone_blinds: Collection[str]) -> list[KnownPatient]:
    """Who has one of the phones."""
    return repository.phone_owners(session, phone_blinds)


def get(session: Session, patient_id: UUID) -> PatientView:
    """A patient, masked.

    Raises:
        NotFound: There is none.
    """
    return repository.shown(session, patient_id)


def lines(session: Session, patient_ids: Collection[UUID]) -> dict[UUID, PatientLine]:
    """Masked lines for lists, by id; unknown ids are left out."""
    return {line.id: line for line in repository.lines(session, patient_ids)} if patient_ids else {}


def by_record_number(session: Session, record_number: str) -> UUID | None:
    """The id behind a record number."""
    return repository.id_of(session, record_number)


def ids_of(session: Session, record_numbers: Collection[str]) -> dict[str, UUID]:
    """The ids behind record numbers; unknown ones are not in the result."""
    return {number: one.patient_id for number, one in known(session, record_numbers).items()}


def search(session: Session, wanted: PatientFilter, cursor: str | None, limit: int) -> Page[PatientView]:
    """A page of masked patients by record number; the total comes with the first page.

    Raises:
        Invalid: The cursor is not ours.
    """
    after = str(decode_cursor(cursor)[0]) if cursor else None
    items = repository.page(session, wanted, after, limit + 1)
    more = len(items) > limit
    return Page(
        items=items[:limit],
        next_cursor=encode_cursor(items[limit - 1].record_number) if more else None,
        total=repository.count(session, wanted) if after is None else None,
    )


def reachability(session: Session, patient_ids: Collection[UUID]) -> list[Reachability]:
    """What decides whether patients may be contacted, many at once; who is not there is not in the result."""
    return repository.reachability(session, patient_ids)


def facets(session: Session) -> Facets:
    """What lists can be filtered by."""
    return Facets(
        sites=repository.distinct(session, "site"),
        departments=repository.distinct(session, "department"),
        stages=repository.distinct(session, "stage"),
    )


def contact(session: Session, patient_id: UUID) -> Contact:
    """What a call needs, in the clear; the caller records the purpose in the audit log.

    Raises:
        NotFound: There is no such patient.
    """
    row = repository.by_id(session, patient_id)
    clear = _clear(session, row)
    return Contact(
        patient_id=patient_id,
        name=clear["name"] or "",
        salutation=rules.salutation(clear["name"] or "", row.gender),
        phone_e164=clear["phone"],
        spouse_name=clear["spouse_name"],
        spouse_phone=clear["spouse_phone"],
        gender=row.gender,
        birth_date=row.birth_date,
        preferences=Preferences.model_validate(row.preferences),
    )


def reveal(
    session: Session, patient_id: UUID, fields: Sequence[str], reason: str, actor: CurrentUser, clock: Clock
) -> dict[str, Any]:
    """Fields in the clear, with an audit row that names the fields and the reason.

    Raises:
        Invalid: No reason, or a field that does not exist.
        NotFound: There is no such patient.
    """
    if len(reason.strip()) < REASON_MIN:
        raise Invalid("请填写查看原因", field="reason")
    row = repository.by_id(session, patient_id)
    clear = _clear(session, row) | {"birth_date": row.birth_date, "visit_card": row.visit_card}
    if not set(fields) <= set(clear):
        raise Invalid("没有这个字段", field="fields")
    purpose = f"{','.join(sorted(fields))}: {reason.strip()}"
    audit.record(session, actor.id, "patient.reveal", "patient", patient_id, purpose, clock)
    return {field: clear[field] for field in fields}


def set_do_not_contact(session: Session, patient_id: UUID, reason: str, clock: Clock) -> None:
    """Nobody contacts this patient any more; the first reason stands.

    Raises:
        NotFound: There is no such patient.
    """
    row = repository.by_id(session, patient_id)
    if not row.do_not_contact:
        row.do_not_contact, row.do_not_contact_reason, row.do_not_contact_at = True, reason[:64], clock.now()
        _changed(session, row, "do_not_contact", clock)


def allow_contact(session: Session, patient_id: UUID, clock: Clock) -> None:
    """Takes back `set_do_not_contact`.

    Raises:
        NotFound: There is no such patient.
    """
    row = repository.by_id(session, patient_id)
    if row.do_not_contact:
        row.do_not_contact, row.do_not_contact_reason, row.do_not_contact_at = False, None, None
        _changed(session, row, "do_not_contact", clock)


def set_deceased(session: Session, patient_id: UUID, reported_by: str, clock: Clock) -> None:
    """Somebody said that the patient has died; the first report stands.

    Raises:
        NotFound: There is no such patient.
    """
    row = repository.by_id(session, patient_id)
    if not row.deceased:
        row.deceased, row.deceased_reported_by, row.deceased_at = True, reported_by[:64], clock.now()
        _changed(session, row, "deceased", clock)


def set_wrong_number(session: Session, patient_id: UUID, clock: Clock) -> None:
    """The phone is somebody else's; another phone clears the mark.

    Raises:
        NotFound: There is no such patient.
    """
    row = repository.by_id(session, patient_id)
    if not row.wrong_number:
        row.wrong_number, row.wrong_number_at = True, clock.now()
        _changed(session, row, "wrong_number", clock)


def _new_row(session: Session, patient_id: UUID, patient: PatientIn, source_hash: str, now: datetime) -> Row:
    empty: Row = {"notes_sealed": None, "preferences": Preferences().model_dump(mode="json")}
    stamp = {"source_hash": source_hash, "created_at": now, "updated_at": now}
    return empty | sealing.patient_row(session, patient_id, patient) | stamp


def _change(session: Session, earlier: KnownPatient, patient: PatientIn, source_hash: str, now: datetime) -> None:
    row = sealing.patient_row(session, earlier.patient_id, patient)
    said = {key: value for key, value in row.items() if key != "id" and (value is not None or key == "notes_sealed")}
    if patient.gender == "unknown":
        said.pop("gender")
    if row["phone_blind"] is not None and row["phone_blind"] != earlier.phone_blind:
        said |= {"wrong_number": False, "wrong_number_at": None}
    said |= {"source_hash": source_hash, "updated_at": now}
    grams = sealing.gram_rows(session, earlier.patient_id, patient.name)
    relatives = [sealing.relative_row(session, earlier.patient_id, one) for one in patient.relatives]
    repository.update_one(session, earlier.patient_id, said, grams, relatives)


def _clear(session: Session, row: Patient) -> dict[str, str | None]:
    relatives = repository.relatives_of(session, row.id)
    spouse = next(((name, phone) for relation, name, phone in relatives if relation == "spouse"), (None, None))
    return {
        "name": unseal(session, "patients.name", row.id, row.name_sealed),
        "phone": unseal(session, "patients.phone", row.id, row.phone_sealed),
        "identity_number": unseal(session, "patients.identity_number", row.id, row.identity_sealed),
        "notes": unseal(session, "patients.notes", row.id, row.notes_sealed),
        "spouse_name": spouse[0],
        "spouse_phone": spouse[1],
    }


def _changed(session: Session, row: Patient, what: str, clock: Clock) -> None:
    row.updated_at = clock.now()
    session.flush()
    _tell(session, row.id, what, clock)


def _tell(session: Session, patient_id: UUID, what: str, clock: Clock) -> None:
    publish(session, "patient.changed", patient_id, {"patient_id": str(patient_id), "field": what}, clock)
