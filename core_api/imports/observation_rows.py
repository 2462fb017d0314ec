"""Rows of laboratory results."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy.orm import Session

from core_api.imports import parsing
from core_api.imports.job import Job, Note, RowRefused, Subject, place, read_cell, subject_of
from core_api.imports.reading import Record
from core_api.imports.schemas import Change
from core_api.observations import service as observations
from core_api.observations.schemas import ObservationIn
from core_api.treatments import service as treatments
from core_api.treatments.schemas import EventIn, TreatmentEvent

SPACE = "result"
TOLD_SPACE = "estimated"
NOBODY = UUID(int=0)
TRANSPLANTS = ("transplant_kidney", "transplant_liver")
SOURCE_KEY = "lab:first"


@dataclass
class Row:
    """A result that can be read."""

    record: Record
    number: str
    subject: Subject
    result: ObservationIn
    notes: list[Note]

    @property
    def key(self) -> str:
        """What makes a result one, patients of a dry run included."""
        return f"{self.number}|{self.result.sample_number}|{self.result.code}"


def settle(job: Job, session: Session, records: Sequence[Record]) -> None:
    """Takes over results; the first sample of a transplant recipient stands in for an unknown date of operation."""
    subjects = job.subjects(session, [parsing.text(record["record_number"]) for record in records])
    rows: list[Row] = []
    for record in records:
        try:
            rows.append(_read(job, record, subjects))
        except RowRefused as refused:
            job.refuse(record, refused.note)
    _estimate_transplants(job, session, rows)
    known = observations.known(session, [row.result.key for row in rows])
    seen = job.scratch.get_many(SPACE, [row.key for row in rows])
    taken: list[Row] = []
    for row in rows:
        source_hash = observations.fingerprint(session, row.result)
        earlier = seen.get(row.key)
        if earlier is not None:
            _settle_repeated(job, row, earlier, source_hash)
            continue
        seen[row.key] = {"hash": source_hash, "place": place(row.record)}
        taken.append(row)
        old = known.get(row.result.key)
        change: Change = "created" if old is None else "updated"
        job.done(row.record, "unchanged" if old is not None and old[1] == source_hash else change, row.notes)
    job.scratch.put_many(SPACE, {row.key: seen[row.key] for row in taken})
    if not job.dry_run:
        observations.upsert_many(session, [row.result for row in taken], job.clock)


def _settle_repeated(job: Job, row: Row, earlier: dict[str, Any], source_hash: str) -> None:
    sample = row.result.sample_number
    if earlier["hash"] == source_hash:
        note = Note("sample_number", sample, f"与 {earlier['place']} 完全相同", "可删除重复行")
        job.done(row.record, "unchanged", [*row.notes, note])
        return
    reason = f"同一标本同一项目出现两次，内容不同（已采用 {earlier['place']}）"
    job.refuse(row.record, Note("sample_number", sample, reason, "请核对后只保留正确的一行"))


def _read(job: Job, record: Record, subjects: dict[str, Subject]) -> Row:
    number = parsing.text(record["record_number"])
    subject = subject_of(record, subjects)
    for name, title in (("sample_number", "标本号"), ("code", "项目代码"), ("result", "结果")):
        if not parsing.text(record[name]):
            raise RowRefused(Note(name, "", f"{title}为空", f"请补上{title}"))
    sampled_at = read_cell("sampled_at", record, lambda cell: parsing.read_datetime(cell, job.zone))
    if sampled_at is None:
        raise RowRefused(Note("sampled_at", "", "采样时间为空", "请补上采样时间"))
    value_text, comparator, value = parsing.read_result(record["result"])
    code = parsing.plain(record["code"])
    try:
        result = ObservationIn(
            patient_id=subject.patient_id or NOBODY,
            sample_number=parsing.text(record["sample_number"]),
            code=code,
            name=parsing.text(record["name"]) or code,
            sampled_at=sampled_at.astimezone(UTC),
            value_text=value_text,
            comparator=comparator,
            value=value,
            unit=parsing.text(record["unit"]) or None,
            reference_low=parsing.read_number(record["reference_low"]),
            reference_high=parsing.read_number(record["reference_high"]),
            flag=parsing.text(record["flag"]) or None,
        )
    except ValidationError as error:
        at = str(error.errors()[0]["loc"][0])
        at = "result" if at == "value_text" else at
        raise RowRefused(Note(at, record[at], "内容过长", "请缩短后重新导入")) from error
    return Row(record, number, subject, result, [])


def _estimate_transplants(job: Job, session: Session, rows: Sequence[Row]) -> None:
    first: dict[str, Row] = {}
    oldest: dict[str, date] = {}
    for row in rows:
        if row.subject.transplant is None:
            continue
        on = row.result.sampled_at.astimezone(job.zone).date()
        first.setdefault(row.number, row)
        oldest[row.number] = min(on, oldest.get(row.number, on))
    ids = {row.subject.patient_id for row in first.values() if row.subject.patient_id}
    events = treatments.events_of(session, ids)
    told = job.scratch.get_many(TOLD_SPACE, list(first))
    new = {}
    for number, row in first.items():
        kept = [event for event in events.get(row.result.patient_id, ()) if event.kind in TRANSPLANTS]
        if any(not event.detail.get("estimated") for event in kept):
            continue
        if number not in told:
            new[number] = {"place": place(row.record)}
            reason = "缺少移植日期，暂以首次检验日期推算随访时间"
            row.notes.append(Note("record_number", number, reason, "请在移植记录中补上手术日期"))
        if not job.dry_run and _is_earlier(oldest[number], kept):
            _record(job, session, row, oldest[number])
    job.scratch.put_many(TOLD_SPACE, new)


def _is_earlier(on: date, kept: Sequence[TreatmentEvent]) -> bool:
    return not kept or on < min(event.occurred_on for event in kept)


def _record(job: Job, session: Session, row: Row, on: date) -> None:
    event = EventIn.model_validate(
        {
            "patient_id": row.result.patient_id,
            "kind": row.subject.transplant,
            "occurred_on": on,
            "source_key": SOURCE_KEY,
            "detail": {"estimated": True},
        }
    )
    treatments.record_event(session, event, job.clock)
