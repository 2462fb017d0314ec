"""Patients and due tasks for a benchmark, written in bulk."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import islice
from typing import Literal, TypeVar
from uuid import UUID

from sqlalchemy import insert

from core_api.identity import service as identity
from core_api.identity.schemas import SignedIn
from core_api.kit.db import new_id
from core_api.kit.web import Runtime
from core_api.patients import service as patients
from core_api.patients.schemas import PatientIn
from core_api.plans.models import Plan, Task

T = TypeVar("T")

BATCH = 1000
SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗"
GIVEN = "晓芳丽娜敏静秀英霞燕玲桂兰洁梅莉红艳玉珍"
SITES = ("越秀院区", "东院区", "番禺院区")
STAGES = ("建档", "促排", "移植后", "妊娠随访", "分娩后")
FIRST_NUMBER = 15_400_000_000
KEY = "bench"


def people(count: int, first: int = 0) -> Iterator[PatientIn]:
    """Invented patients with consent, each with a phone of their own; `first` keeps one crowd apart from another."""
    for number in range(first, first + count):
        yield PatientIn(
            record_number=f"B{number:08d}",
            name=SURNAMES[number % 20] + GIVEN[number // 20 % 20] + GIVEN[number // 400 % 20],
            visit_card=f"V{number:08d}",
            gender="female" if number % 4 else "male",
            phone=phone(number),
            site=SITES[number % len(SITES)],
            department="生殖中心",
            stage=STAGES[number % len(STAGES)],
            consent="granted",
        )


def phone(number: int) -> str:
    """The phone of a patient by number."""
    return f"+86{FIRST_NUMBER + number}"


def add_patients(runtime: Runtime, count: int, first: int = 0) -> list[UUID]:
    """Writes patients as an import does."""
    made: list[UUID] = []
    for batch in in_batches(people(count, first)):
        with runtime.sessions.begin() as session:
            rows = [(one, patients.fingerprint(session, one)) for one in batch]
            made += [result.patient_id for result in patients.upsert_many(session, rows, runtime.clock)]
    return made


def add_tasks(
    runtime: Runtime, patient_ids: Sequence[UUID], questionnaire_key: str, spread_days: int = 0, plan: str = KEY
) -> None:
    """Gives each patient a plan of a key with one task, due today or spread over some days around it."""
    now = runtime.clock.now()
    today = now.astimezone(runtime.zone).date()
    for batch in in_batches(enumerate(patient_ids)):
        plans = {patient_id: new_id() for _, patient_id in batch}
        plan_rows = [
            {
                "id": plan_id,
                "patient_id": patient_id,
                "template_key": plan,
                "title": "测量",
                "status": "active",
                "anchor_kind": "manual",
                "created_at": now,
            }
            for patient_id, plan_id in plans.items()
        ]
        task_rows = []
        for number, patient_id in batch:
            due_on = today + timedelta(days=number % (2 * spread_days + 1) - spread_days)
            task_rows.append(
                {
                    "id": new_id(),
                    "plan_id": plans[patient_id],
                    "patient_id": patient_id,
                    "template_key": plan,
                    "node_key": "round",
                    "occurrence": 1,
                    "title": "随访",
                    "questionnaire_key": questionnaire_key,
                    "due_on": due_on,
                    "opens_on": due_on,
                    "expires_on": due_on + timedelta(days=30),
                    "priority": 50,
                    "status": "planned",
                    "changed_at": now,
                }
            )
        with runtime.sessions.begin() as session:
            session.execute(insert(Plan), plan_rows)
            session.execute(insert(Task), task_rows)


def token(runtime: Runtime, username: str, kind: Literal["cookie", "bearer"]) -> str:
    """Signs a demo account in, with a new password."""
    with runtime.sessions.begin() as session:
        user_id = identity.user_id_of(session, username)
        assert user_id is not None
        password = identity.new_password()
        identity.set_password(session, user_id, password, runtime.clock)
        signed = identity.sign_in(session, username, password, kind, runtime.clock)
    assert isinstance(signed, SignedIn)
    return signed.token


def in_batches(items: Iterable[T], size: int = BATCH) -> Iterator[list[T]]:
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
