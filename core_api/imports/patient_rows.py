"""Rows of a list of patients."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import ValidationError
from sqlalchemy.orm import Session

from core_api.imports import parsing
from core_api.imports.job import Job, Note, RowRefused, place, read_cell
from core_api.imports.parsing import Unreadable
from core_api.imports.reading import Record
from core_api.imports.scratch import Value
from core_api.patients import service as patients
from core_api.patients.rules import STAGE_WAITING
from core_api.patients.schemas import Change, Consent, KnownPatient, PatientIn, RelativeIn
from core_api.treatments import rules as treatment_rules
from core_api.treatments import service as treatments
from core_api.treatments.schemas import EventIn

SPACE = "patient"
PHONE_SPACE = "phone"
NOTES_MAX = 4000


@dataclass
class Row:
    """A row that can be read."""

    record: Record
    patient: PatientIn
    notes: list[Note]
    source_hash: str = ""
    phone_blind: str | None = None


def settle(job: Job, session: Session, records: Sequence[Record]) -> None:
    """Takes over sound rows and counts all; a record number goes in at most once in a run."""
    rows = _readable(job, session, records)
    numbers = [row.patient.record_number for row in rows]
    known = patients.known(session, numbers)
    seen = job.scratch.get_many(SPACE, numbers)
    owners = _Owners(job, session, [row.phone_blind for row in rows if row.phone_blind])
    taken: list[Row] = []
    for row in rows:
        number = row.patient.record_number
        if number in seen:
            _settle_repeated(job, row, seen[number])
            continue
        earlier = known.get(number)
        change: Change = "created" if earlier is None else "updated"
        if earlier is not None and earlier.source_hash == row.source_hash:
            change = "unchanged"
        row.notes += owners.shared(row, unchanged=change == "unchanged")
        seen[number] = _seen(row)
        taken.append(row)
        job.done(row.record, change, row.notes)
    job.scratch.put_many(SPACE, {row.patient.record_number: seen[row.patient.record_number] for row in taken})
    owners.keep()
    if not job.dry_run:
        _write(job, session, taken)


def read_patient(job: Job, record: Record) -> tuple[PatientIn, list[Note]]:
    """A row as a patient with warnings.

    Raises:
        RowRefused: It lacks a name or record number, or a cell cannot be read.
    """
    notes: list[Note] = []
    number, name = parsing.text(record["record_number"]), parsing.text(record["name"])
    if not number:
        raise RowRefused(Note("record_number", "", "病历号为空", "请补上病历号"))
    if not name:
        raise RowRefused(Note("name", "", "姓名为空", "请补上姓名"))
    if parsing.is_formula(record["name"]):
        notes.append(Note("name", record["name"], "姓名像表格公式，已按文字保存，不会执行", "请核对姓名"))
    try:
        patient = PatientIn(
            record_number=number,
            name=name,
            visit_card=parsing.text(record["visit_card"]) or None,
            gender=parsing.read_gender(record["gender"]),
            birth_date=read_cell("birth_date", record, lambda cell: parsing.read_birth_date(cell, job.today)),
            identity_number=_identity(record, notes),
            phone=_phone(record, notes),
            notes=parsing.text(record["notes"])[:NOTES_MAX] if "notes" in record.titles else None,
            site=parsing.text(record["site"]) or None,
            department=parsing.text(record["department"]) or None,
            stage=parsing.text(record["stage"]) or None,
            consent=_consent(record, notes),
            relatives=_spouse(record, notes),
        )
    except ValidationError as error:
        at = str(error.errors()[0]["loc"][0])
        raise RowRefused(Note(at, record[at], "内容过长", "请缩短后重新导入")) from error
    return patient, notes


def _readable(job: Job, session: Session, records: Sequence[Record]) -> list[Row]:
    rows = []
    for record in records:
        try:
            row = Row(record, *read_patient(job, record))
        except RowRefused as refused:
            job.refuse(record, refused.note)
            continue
        row.source_hash = patients.fingerprint(session, row.patient)
        row.phone_blind = patients.phone_blind(session, row.patient.phone) if row.patient.phone else None
        rows.append(row)
    return rows


def _settle_repeated(job: Job, row: Row, earlier: Value) -> None:
    if earlier["hash"] == row.source_hash:
        note = Note("record_number", row.patient.record_number, f"与 {earlier['place']} 完全相同", "可删除重复行")
        job.done(row.record, "unchanged", [*row.notes, note])
        return
    other_phone = earlier["phone"] != row.phone_blind
    what = "同一病历号有两个不同的手机号" if other_phone else "同一病历号出现两次，内容不同"
    note = Note(
        "phone" if other_phone else "record_number",
        row.patient.phone if other_phone else row.patient.record_number,
        f"{what}（已采用 {earlier['place']}）",
        "请核对后只保留正确的一行",
    )
    job.refuse(row.record, note)


class _Owners:
    """Who has a phone: patients of the database as this run leaves them, and this run's own."""

    def __init__(self, job: Job, session: Session, phones: Sequence[str]) -> None:
        self._job = job
        self._run = {blind: seen["record"] for blind, seen in job.scratch.get_many(PHONE_SPACE, phones).items()}
        self._new: dict[str, Value] = {}
        self._database: dict[str, list[KnownPatient]] = {}
        for owner in patients.phone_owners(session, phones):
            self._database.setdefault(owner.phone_blind or "", []).append(owner)
        owners = [one.record_number for found in self._database.values() for one in found]
        self._settled = job.scratch.get_many(SPACE, owners)

    def shared(self, row: Row, *, unchanged: bool) -> list[Note]:
        """A warning when another patient has the row's phone; then the phone is the row's too.

        The second of two rows is told, in every run alike: an unchanged row is compared with this run's rows only.
        """
        number = row.patient.record_number
        self._settled[number] = {"phone": row.phone_blind}
        if row.phone_blind is None:
            return []
        other = self._run.get(row.phone_blind, number) != number
        if not unchanged and not other:
            found = self._database.get(row.phone_blind, [])
            other = any(one.record_number != number and self._still_has(one, row.phone_blind) for one in found)
        self._run.setdefault(row.phone_blind, number)
        self._new.setdefault(row.phone_blind, {"record": self._run[row.phone_blind]})
        if not other:
            return []
        return [
            Note("phone", row.patient.phone, "与另一位患者的手机号相同", "请确认是否为家属共用，通话时会先核对身份")
        ]

    def keep(self) -> None:
        """Remembers the batch's phones."""
        self._job.scratch.put_many(PHONE_SPACE, self._new)

    def _still_has(self, owner: KnownPatient, phone: str) -> bool:
        settled = self._settled.get(owner.record_number)
        return settled is None or settled["phone"] in {phone, None}


def _seen(row: Row) -> Value:
    return {
        "place": place(row.record),
        "hash": row.source_hash,
        "phone": row.phone_blind,
        "transplant": treatment_rules.transplant_kind(row.patient.stage, row.patient.department),
    }


def _write(job: Job, session: Session, rows: Sequence[Row]) -> None:
    results = patients.upsert_many(session, [(row.patient, row.source_hash) for row in rows], job.clock)
    waiting = [
        result.patient_id
        for row, result in zip(rows, results, strict=True)
        if row.patient.stage == STAGE_WAITING and result.change != "unchanged"
    ]
    events = treatments.events_of(session, waiting)
    for patient_id in waiting:
        if not any(event.kind == "waiting_listed" for event in events.get(patient_id, ())):
            event = EventIn(
                patient_id=patient_id,
                kind="waiting_listed",
                occurred_on=job.today,
                source_key="stage",
                detail={"estimated": True},
            )
            treatments.record_event(session, event, job.clock)


def _identity(record: Record, notes: list[Note]) -> str | None:
    number, sound = parsing.read_identity(record["identity_number"])
    if not sound:
        notes.append(Note("identity_number", number, "身份证号的格式或校验码不正确，已照原样保存", "请核对身份证号"))
    return number


def _phone(record: Record, notes: list[Note]) -> str | None:
    """An empty phone goes in, for the patient is one; a wrong one refuses the row, for a stranger might be called."""
    phone = read_cell("phone", record, parsing.read_phone)
    if phone is None and "phone" in record.titles:
        notes.append(Note("phone", "", "没有手机号，患者已建档但无法外呼", "请补上手机号后重新导入"))
    return phone


def _spouse(record: Record, notes: list[Note]) -> tuple[RelativeIn, ...]:
    name = parsing.text(record["spouse_name"]) or None
    try:
        phone = parsing.read_phone(record["spouse_phone"])
    except Unreadable as problem:
        reason = f"配偶手机号未采用：{problem.reason}"
        notes.append(Note("spouse_phone", record["spouse_phone"], reason, problem.remedy))
        phone = None
    return (RelativeIn(name=name, phone=phone),) if name or phone else ()


def _consent(record: Record, notes: list[Note]) -> Consent:
    consent = parsing.read_consent(record["consent"])
    if consent == "unknown":
        notes.append(Note("consent", "", "未填写是否同意语音随访，按未同意处理，不会外呼", "请填写 是 或 否"))
    elif consent is None:
        reason = "看不懂是否同意语音随访，按未同意处理，不会外呼"
        notes.append(Note("consent", record["consent"], reason, "请填写 是 或 否"))
    return consent or "unknown"
