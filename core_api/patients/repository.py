"""Queries of patients; rows become schemas here."""

from collections.abc import Collection, Sequence
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, bindparam, delete, exists, func, insert, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from core_api.kit import totals
from core_api.kit.crypto import unseal
from core_api.kit.errors import NotFound
from core_api.kit.masking import mask_name, mask_phone
from core_api.patients import rules, sealing
from core_api.patients.models import NameGram, Patient, Relative
from core_api.patients.schemas import (
    KnownPatient,
    PatientFilter,
    PatientLine,
    PatientView,
    Preferences,
    Reachability,
    RelativeView,
)
from core_api.patients.sealing import Row as Values

T = TypeVar("T", bound=tuple[Any, ...])
Column = InstrumentedAttribute[str] | InstrumentedAttribute[str | None]

IDENTITY_LENGTH = 18
IN_CHUNK = 400
CLAIMED_MAX = 8
_KNOWN = (
    Patient.id,
    Patient.record_number,
    Patient.source_hash,
    Patient.phone_blind,
    Patient.stage,
    Patient.department,
)


def by_id(session: Session, patient_id: UUID) -> Patient:
    """The patient's row.

    Raises:
        NotFound: There is none.
    """
    patient = session.get(Patient, patient_id)
    if patient is None:
        raise NotFound("没有找到这位患者")
    return patient


def id_of(session: Session, record_number: str) -> UUID | None:
    """The id behind a record number."""
    return session.scalar(select(Patient.id).where(Patient.record_number == record_number))


def known(session: Session, record_numbers: Collection[str]) -> dict[str, KnownPatient]:
    """Patients by record number."""
    return {row.record_number: row for row in _known_where(session, Patient.record_number, record_numbers)}


def phone_owners(session: Session, phone_blinds: Collection[str]) -> list[KnownPatient]:
    """Patients by the blind index of their phone."""
    return _known_where(session, Patient.phone_blind, phone_blinds)


def lines(session: Session, patient_ids: Collection[UUID]) -> list[PatientLine]:
    """Masked lines of patients; unknown ids are left out."""
    columns = (Patient.id, Patient.name_sealed, Patient.record_number, Patient.department, Patient.stage)
    rows = session.execute(select(*columns).where(Patient.id.in_(patient_ids)))
    return [
        PatientLine(
            id=row.id,
            name=mask_name(unseal(session, "patients.name", row.id, row.name_sealed) or ""),
            record_number=row.record_number,
            department=row.department,
            stage=row.stage,
        )
        for row in rows
    ]


def claimed_by_record(session: Session, record_number: str) -> list[Patient]:
    """Who has a record number or visit card, in either case of its letters."""
    wanted = {record_number, record_number.upper(), record_number.lower()}
    query = select(Patient).where(or_(Patient.record_number.in_(wanted), Patient.visit_card.in_(wanted)))
    return list(session.scalars(query.limit(CLAIMED_MAX)))


def claimed_by_phone(session: Session, phone_blind: str) -> list[Patient]:
    """Who has a phone."""
    return list(session.scalars(select(Patient).where(Patient.phone_blind == phone_blind).limit(CLAIMED_MAX)))


def insert_many(
    session: Session, patients: Sequence[Values], grams: Sequence[Values], relatives: Sequence[Values]
) -> None:
    """Writes new patients with their name parts and relatives."""
    for model, rows in ((Patient, patients), (NameGram, grams), (Relative, relatives)):
        if rows:
            session.execute(insert(model.__table__), list(rows))  # type: ignore[arg-type]


def update_one(
    session: Session, patient_id: UUID, row: Values, grams: Sequence[Values], relatives: Sequence[Values]
) -> None:
    """Changes a patient; relatives that are named replace those of the same relation and ordinal."""
    session.execute(update(Patient).where(Patient.id == patient_id).values(**row))
    session.execute(delete(NameGram).where(NameGram.patient_id == patient_id))
    for relative in relatives:
        session.execute(
            delete(Relative).where(
                Relative.patient_id == patient_id,
                Relative.relation == relative["relation"],
                Relative.ordinal == relative["ordinal"],
            )
        )
    insert_many(session, (), grams, relatives)


def relatives_of(session: Session, patient_id: UUID) -> list[tuple[str, str | None, str | None]]:
    """(relation, name, phone) in the clear."""
    rows = session.execute(_RELATIVES, {"patient_id": patient_id})
    return [
        (
            row.relation,
            unseal(session, "relatives.name", row.id, row.name_sealed),
            unseal(session, "relatives.phone", row.id, row.phone_sealed),
        )
        for row in rows
    ]


def shown(session: Session, patient_id: UUID) -> PatientView:
    """A patient with relatives, masked; only what is shown is read and opened.

    Raises:
        NotFound: There is none.
    """
    row = session.execute(_ONE, {"patient_id": patient_id}).first()
    if row is None:
        raise NotFound("没有找到这位患者")
    return view(session, row, with_relatives=True)


def view(session: Session, row: Row[Any], with_relatives: bool = False) -> PatientView:
    """The row masked."""
    phone = unseal(session, "patients.phone", row.id, row.phone_sealed)
    relatives: tuple[RelativeView, ...] = ()
    if with_relatives:
        relatives = tuple(
            RelativeView(relation=relation, name=name and mask_name(name), phone=number and mask_phone(number))
            for relation, name, number in relatives_of(session, row.id)
        )
    plain = {name: getattr(row, name) for name in _PLAIN}
    return PatientView(
        **plain,
        name=mask_name(unseal(session, "patients.name", row.id, row.name_sealed) or ""),
        phone=mask_phone(phone) if phone else None,
        preferences=Preferences.model_validate(row.preferences),
        relatives=relatives,
    )


def page(session: Session, wanted: PatientFilter, after: str | None, limit: int) -> list[PatientView]:
    """Patients in order of record number, after one."""
    query = _filtered(session, select(*_SHOWN), wanted).order_by(Patient.record_number).limit(limit)
    if after is not None:
        query = query.where(Patient.record_number > after)
    return [view(session, row) for row in session.execute(query)]


def reachability(session: Session, patient_ids: Collection[UUID]) -> list[Reachability]:
    """What decides about contact, of those that are there; nothing sealed is read."""
    found: list[Reachability] = []
    wanted = sorted(set(patient_ids))
    for start in range(0, len(wanted), IN_CHUNK):
        query = select(*_REACHABILITY).where(Patient.id.in_(wanted[start : start + IN_CHUNK]))
        found.extend(Reachability.model_validate(dict(row)) for row in session.execute(query).mappings())
    return found


def count(session: Session, wanted: PatientFilter) -> int:
    """How many patients a filter finds; of many, as counted a moment ago."""
    if wanted.q:
        return _count(session, wanted)
    return totals.recent(session, ("patients", wanted), lambda: _count(session, wanted))


def _count(session: Session, wanted: PatientFilter) -> int:
    return session.scalar(_filtered(session, select(func.count()).select_from(Patient), wanted)) or 0


def distinct(session: Session, column: str) -> tuple[str, ...]:
    """The values of one column, sorted."""
    attribute = getattr(Patient, column)
    return tuple(session.scalars(select(attribute).where(attribute.is_not(None)).distinct().order_by(attribute)))


_REACHABILITY = (
    Patient.id.label("patient_id"),
    Patient.consent,
    Patient.do_not_contact,
    Patient.deceased,
    Patient.phone_sealed.is_not(None).label("has_phone"),
    Patient.wrong_number,
    Patient.preferences,
)
_PLAIN = tuple(name for name in PatientView.model_fields if name not in {"name", "phone", "preferences", "relatives"})
_TABLE = Patient.__table__.c
_SHOWN = tuple(_TABLE[name] for name in (*_PLAIN, "name_sealed", "phone_sealed", "preferences"))
_ONE = select(*_SHOWN).where(_TABLE.id == bindparam("patient_id"))
_RELATIVES = (
    select(Relative.id, Relative.relation, Relative.name_sealed, Relative.phone_sealed)
    .where(Relative.patient_id == bindparam("patient_id"))
    .order_by(Relative.relation, Relative.ordinal)
)


def _known_where(session: Session, column: Column, values: Collection[str]) -> list[KnownPatient]:
    found: list[KnownPatient] = []
    wanted = sorted(set(values))
    for start in range(0, len(wanted), IN_CHUNK):
        rows = session.execute(select(*_KNOWN).where(column.in_(wanted[start : start + IN_CHUNK])))
        found.extend(
            KnownPatient(
                patient_id=row.id,
                record_number=row.record_number,
                source_hash=row.source_hash,
                phone_blind=row.phone_blind,
                stage=row.stage,
                department=row.department,
            )
            for row in rows
        )
    return found


def _filtered(session: Session, query: Select[T], wanted: PatientFilter) -> Select[T]:
    for column in ("site", "department", "stage"):
        value = getattr(wanted, column)
        if value:
            query = query.where(getattr(Patient, column) == value)
    if wanted.list:
        query = query.where(Patient.stage == rules.LIST_STAGES[wanted.list])
    if wanted.q and wanted.q.strip():
        query = query.where(or_(*_matches(session, wanted.q.strip())))
    return query


def _matches(session: Session, q: str) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [Patient.record_number.in_({q, q.upper()}), Patient.visit_card == q]
    digits = "".join(c for c in q.removeprefix("+86") if c.isdigit())
    if len(digits) == sealing.TAIL_DIGITS and digits == q:
        found.append(Patient.phone_tail_blind == sealing.phone_tail_blind(session, digits))
    elif rules.is_mobile(digits):
        blind = sealing.phone_blind(session, f"+86{digits}")
        found += [
            Patient.phone_blind == blind,
            exists().where(Relative.patient_id == Patient.id, Relative.phone_blind == blind),
        ]
    elif len(q) == IDENTITY_LENGTH:
        found.append(Patient.identity_blind == sealing.identity_blind(session, q))
    if rules.looks_like_name(q):
        found.append(_name_has(session, q))
    return found


def _name_has(session: Session, part: str) -> ColumnElement[bool]:
    grams = [sealing.gram_blind(session, gram) for gram in rules.query_grams(part)]
    if len(grams) == 1:
        return Patient.id.in_(select(NameGram.patient_id).where(NameGram.gram == grams[0]))
    return Patient.id.in_(
        select(NameGram.patient_id)
        .where(NameGram.gram.in_(grams))
        .group_by(NameGram.patient_id)
        .having(func.count() == len(grams))
    )
