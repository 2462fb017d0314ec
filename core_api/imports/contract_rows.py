"""Rows of a register of storage contracts."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core_api.contracts import service as contracts
from core_api.contracts.schemas import ContractIn, ContractState
from core_api.imports import parsing
from core_api.imports.job import Job, Note, RowRefused, place, read_cell, subject_of
from core_api.imports.reading import Record
from core_api.imports.schemas import Change

SPACE = "contract"
NOBODY = UUID(int=0)
STATES: dict[str, ContractState] = {
    "正常": "active",
    "有效": "active",
    "欠费": "arrears",
    "终止": "terminated",
    "已终止": "terminated",
    "解除": "terminated",
}


def settle(job: Job, session: Session, records: Sequence[Record]) -> None:
    """Takes over sound rows and counts all; a contract number goes in at most once in a run."""
    subjects = job.subjects(session, [parsing.text(record["record_number"]) for record in records])
    rows: list[tuple[Record, ContractIn, list[Note]]] = []
    for record in records:
        notes: list[Note] = []
        try:
            subject = subject_of(record, subjects)
            rows.append((record, read_contract(record, subject.patient_id or NOBODY, notes), notes))
        except RowRefused as refused:
            job.refuse(record, refused.note)
    _settle_readable(job, session, rows)


def read_contract(record: Record, patient_id: UUID, notes: list[Note]) -> ContractIn:
    """A row as a contract; warnings are added to `notes`.

    Raises:
        RowRefused: A cell cannot be read; a fee in words is not guessed at.
    """
    number = parsing.text(record["contract_number"])
    if not number or len(number) > 64:  # noqa: PLR2004 - the column's length
        raise RowRefused(Note("contract_number", number, "合同号为空或过长", "请核对合同号"))
    fee = read_cell("annual_fee", record, parsing.read_money_fen)
    if fee is None:
        raise RowRefused(Note("annual_fee", "", "年费为空", "请填写年费，例如 2400"))
    due_on = read_cell("due_on", record, parsing.read_date)
    if due_on is None:
        notes.append(Note("due_on", "", "缺少到期日期，合同已保存，但不会按到期提醒", "请补上到期日期后重新导入"))
    arrears = read_cell("arrears", record, parsing.read_money_fen) or 0
    values: dict[str, Any] = {
        "contract_number": number,
        "patient_id": patient_id,
        "embryos": read_cell("embryos", record, parsing.read_count),
        "frozen_on": read_cell("frozen_on", record, parsing.read_date),
        "due_on": due_on,
        "annual_fee_fen": fee,
        "paid_until": read_cell("paid_until", record, parsing.read_date),
        "arrears_fen": arrears,
        "state": _state(record, arrears, notes),
    }
    return ContractIn(**values)


def _state(record: Record, arrears: int, notes: list[Note]) -> ContractState:
    written = parsing.text(record["state"])
    state = STATES.get(written)
    if state is None and written:
        notes.append(Note("state", written, "合同状态不认识，按是否欠费判断", "请使用 正常、欠费 或 终止"))
    return state or ("arrears" if arrears else "active")


def _settle_readable(job: Job, session: Session, rows: Sequence[tuple[Record, ContractIn, list[Note]]]) -> None:
    numbers = [contract.contract_number for _, contract, _ in rows]
    known, seen = contracts.known(session, numbers), job.scratch.get_many(SPACE, numbers)
    taken: list[ContractIn] = []
    for record, contract, notes in rows:
        number, source_hash = contract.contract_number, contracts.fingerprint(session, contract)
        earlier = seen.get(number)
        if earlier is not None and earlier["hash"] != source_hash:
            reason = f"同一合同号出现两次，内容不同（已采用 {earlier['place']}）"
            job.refuse(record, Note("contract_number", number, reason, "请核对后只保留正确的一行"))
            continue
        if earlier is not None:
            repeated = Note("contract_number", number, f"与 {earlier['place']} 完全相同", "可删除重复行")
            job.done(record, "unchanged", [*notes, repeated])
            continue
        seen[number] = {"hash": source_hash, "place": place(record)}
        taken.append(contract)
        change: Change = "updated" if number in known else "created"
        job.done(record, "unchanged" if number in known and known[number].source_hash == source_hash else change, notes)
    job.scratch.put_many(SPACE, {one.contract_number: seen[one.contract_number] for one in taken})
    if not job.dry_run:
        contracts.upsert_many(session, taken, job.clock)
