"""Rows of a register of embryo transfers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from core_api.imports import parsing
from core_api.imports.job import Job, Note, RowRefused, Subject, place, read_cell, subject_of
from core_api.imports.reading import Record
from core_api.imports.schemas import Change
from core_api.imports.scratch import Value
from core_api.treatments import rules
from core_api.treatments import service as treatments
from core_api.treatments.schemas import EventIn, TreatmentEvent

SPACE = "transfer"
NOBODY = UUID(int=0)


@dataclass
class Row:
    """A transfer as the source tells it."""

    record: Record
    number: str
    subject: Subject
    transferred_on: date
    confirmed_on: date | None
    detail: dict[str, object]
    notes: list[Note] = field(default_factory=list)


def settle(job: Job, session: Session, records: Sequence[Record]) -> None:
    """Records transfers and confirmed pregnancies; a corrected date moves its event."""
    subjects = job.subjects(session, [parsing.text(record["record_number"]) for record in records])
    rows = []
    for record in records:
        try:
            rows.append(_read(job, record, subjects))
        except RowRefused as refused:
            job.refuse(record, refused.note)
    claimed = job.scratch.get_many(SPACE, [row.number for row in rows])
    ids = {row.subject.patient_id for row in rows if row.subject.patient_id}
    earlier = treatments.events_of(session, ids)
    for row in rows:
        _settle_one(job, session, row, claimed.setdefault(row.number, {}), earlier)
    job.scratch.put_many(SPACE, claimed)


def _settle_one(
    job: Job, session: Session, row: Row, claimed: Value, earlier: dict[UUID, list[TreatmentEvent]]
) -> None:
    """`claimed` holds the patient's events that rows of this run speak of: source key -> [date, place]."""
    on = row.transferred_on.isoformat()
    repeated = next((where for date_, where in claimed.values() if date_ == on), None)
    if repeated is not None:
        note = Note("transferred_on", on, f"与 {repeated} 重复", "可删除重复行")
        job.done(row.record, "unchanged", [*row.notes, note])
        return
    patient_id = row.subject.patient_id or NOBODY
    events = earlier.get(patient_id, [])
    same = rules.same_transfer(events, row.transferred_on, list(claimed))
    source_key = same.source_key if same else f"transfer:{on}"
    claimed[source_key] = [on, place(row.record)]
    told = _events(row, patient_id, source_key)
    kept: dict[tuple[str, str], TreatmentEvent] = {(one.kind, one.source_key): one for one in events}
    job.done(row.record, _change(told, kept), row.notes)
    if not job.dry_run:
        for event in told:
            treatments.record_event(session, event, job.clock)


def _change(told: Sequence[EventIn], kept: dict[tuple[str, str], TreatmentEvent]) -> Change:
    found = [kept.get((event.kind, event.source_key)) for event in told]
    if found[0] is None:
        return "created"
    same = all(
        old is not None and (old.occurred_on, old.detail) == (new.occurred_on, new.detail)
        for old, new in zip(found, told, strict=True)
    )
    return "unchanged" if same else "updated"


def _events(row: Row, patient_id: UUID, source_key: str) -> list[EventIn]:
    told = [
        EventIn(
            patient_id=patient_id,
            kind="transfer",
            occurred_on=row.transferred_on,
            source_key=source_key,
            detail=row.detail,
        )
    ]
    if row.confirmed_on is not None:
        told.append(
            EventIn(
                patient_id=patient_id,
                kind="pregnancy_confirmed",
                occurred_on=row.confirmed_on,
                source_key=f"pregnancy:{source_key}",
            )
        )
    return told


def _read(job: Job, record: Record, subjects: dict[str, Subject]) -> Row:
    number = parsing.text(record["record_number"])
    subject = subject_of(record, subjects)
    transferred_on = read_cell("transferred_on", record, parsing.read_date)
    if transferred_on is None:
        raise RowRefused(Note("transferred_on", "", "移植日期为空", "请补上移植日期"))
    notes: list[Note] = []
    if transferred_on > job.today:
        notes.append(Note("transferred_on", record["transferred_on"], "移植日期晚于今天", "请核对移植日期"))
    outcome = _outcome(parsing.plain(record["outcome"]))
    detail: dict[str, object] = {
        "type": _type(parsing.plain(record["transfer_type"])),
        "embryos": read_cell("embryos", record, parsing.read_count),
        "outcome": outcome,
    }
    confirmed_on = _confirmed_on(record, outcome, transferred_on, notes)
    return Row(record, number, subject, transferred_on, confirmed_on, detail, notes)


def _confirmed_on(record: Record, outcome: str | None, transferred_on: date, notes: list[Note]) -> date | None:
    confirmed_on = read_cell("confirmed_on", record, parsing.read_date)
    if outcome == "positive" and confirmed_on is None:
        notes.append(Note("confirmed_on", "", "已妊娠但缺少确认日期，不会安排超声随访", "请补上妊娠确认日期"))
    if confirmed_on is not None and outcome != "positive":
        notes.append(
            Note("confirmed_on", record["confirmed_on"], "有妊娠确认日期但结果不是妊娠，日期未采用", "请核对妊娠结果")
        )
        return None
    if confirmed_on is not None and confirmed_on < transferred_on:
        notes.append(Note("confirmed_on", record["confirmed_on"], "妊娠确认早于移植，日期未采用", "请核对两个日期"))
        return None
    return confirmed_on


def _outcome(word: str) -> str | None:
    if word in {"未妊娠", "未孕", "阴性", "否"}:
        return "negative"
    return "positive" if word in {"妊娠", "已妊娠", "临床妊娠", "阳性", "是"} else None


def _type(word: str) -> str | None:
    if not word:
        return None
    if "冷冻" in word or "冻融" in word:
        return "frozen"
    return "fresh" if "新鲜" in word else "other"
