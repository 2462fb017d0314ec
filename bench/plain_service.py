"""The yardstick of the API benchmark: FastAPI and ORM as a tutorial writes them, doing the same four things.

No encryption, no outbox; one session per request, a user looked up by token, an audit row per request. Run as
`python -m bench.plain_service PORT DATABASE_URL`; `fill` writes its tables.
"""

import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

import uvicorn
from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException, Request
from pydantic import BaseModel, ConfigDict
from sqlalchemy import ForeignKey, String, create_engine, func, insert, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, sessionmaker

from bench.world import FIRST_NUMBER, SITES, STAGES
from core_api.kit.masking import mask_name, mask_phone

SHOWN = 20
TOKEN = "plain-" + "0" * 32


class Base(DeclarativeBase):
    pass


class Account(Base):
    __tablename__ = "plain_accounts"
    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(String(64), unique=True)
    role: Mapped[str] = mapped_column(String(16))


class Patient(Base):
    __tablename__ = "plain_patients"
    id: Mapped[int] = mapped_column(primary_key=True)
    record_number: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(64))
    phone: Mapped[str] = mapped_column(String(20))
    gender: Mapped[str] = mapped_column(String(8))
    site: Mapped[str] = mapped_column(String(64), index=True)
    department: Mapped[str] = mapped_column(String(64))
    stage: Mapped[str] = mapped_column(String(32))


class Task(Base):
    __tablename__ = "plain_tasks"
    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("plain_patients.id"), index=True)
    title: Mapped[str] = mapped_column(String(64))
    status: Mapped[str] = mapped_column(String(16))
    due_on: Mapped[date] = mapped_column(index=True)
    patient: Mapped[Patient] = relationship(lazy="joined")


class Audit(Base):
    __tablename__ = "plain_audit"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column()
    account_id: Mapped[int] = mapped_column()
    action: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(64))


class PatientOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    record_number: str
    name: str
    phone: str
    gender: str
    site: str
    department: str
    stage: str


class TaskOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    title: str
    status: str
    due_on: date
    patient: PatientOut


class Listing(BaseModel):
    items: list[PatientOut] | list[TaskOut]
    total: int | None = None


router = APIRouter()


def db(request: Request) -> Iterator[Session]:
    with request.app.state.sessions() as session:
        yield session


Db = Annotated[Session, Depends(db)]


def account(session: Db, authorization: Annotated[str, Header()]) -> Account:
    found = session.scalar(select(Account).where(Account.token == authorization.removeprefix("Bearer ")))
    if found is None:
        raise HTTPException(401)
    return found


User = Annotated[Account, Depends(account)]


@router.get("/patients")
def list_patients(session: Db, user: User, after: str = "") -> Listing:
    query = select(Patient).where(Patient.record_number > after).order_by(Patient.record_number).limit(SHOWN)
    found = [_masked(row) for row in session.scalars(query)]
    total = session.scalar(select(func.count()).select_from(Patient)) if not after else None
    _audit(session, user, "list", "")
    return Listing(items=found, total=total)


@router.get("/patients/{patient_id}")
def read_patient(session: Db, user: User, patient_id: int) -> PatientOut:
    row = session.get(Patient, patient_id)
    if row is None:
        raise HTTPException(404)
    found = _masked(row)
    _audit(session, user, "read", str(patient_id))
    return found


@router.get("/tasks")
def list_tasks(session: Db, user: User) -> Listing:
    due = (Task.status == "planned", Task.due_on <= datetime.now(UTC).date())
    rows = session.scalars(select(Task).where(*due).order_by(Task.due_on, Task.id).limit(SHOWN))
    found = [_task(row) for row in rows]
    total = session.scalar(select(func.count()).select_from(Task).where(*due))
    _audit(session, user, "tasks", "")
    return Listing(items=found, total=total)


@router.post("/tasks/{task_id}/cancel")
def cancel_task(session: Db, user: User, task_id: int) -> TaskOut:
    row = session.get(Task, task_id)
    if row is None:
        raise HTTPException(404)
    row.status = "cancelled"
    found = _task(row)
    _audit(session, user, "cancel", str(task_id))
    return found


def make_app(url: str) -> FastAPI:
    """The service over one database."""
    app = FastAPI()
    app.state.sessions = sessionmaker(create_engine(url, pool_size=20, max_overflow=10))
    app.include_router(router)
    return app


def fill(url: str, patients: int) -> None:
    """Makes the tables and their rows."""
    engine = create_engine(url)
    Base.metadata.create_all(engine)
    today = datetime.now(UTC).date()
    with Session(engine) as session:
        session.add(Account(token=TOKEN, role="nurse"))
        session.execute(insert(Patient), [_patient_row(number) for number in range(1, patients + 1)])
        session.execute(insert(Task), [_task_row(number, today) for number in range(1, patients + 1)])
        session.commit()
    engine.dispose()


def _audit(session: Session, user: Account, action: str, subject: str) -> None:
    session.add(Audit(at=datetime.now(UTC).replace(tzinfo=None), account_id=user.id, action=action, subject=subject))
    session.commit()


def _masked(row: Patient) -> PatientOut:
    found = PatientOut.model_validate(row)
    return found.model_copy(update={"name": mask_name(row.name), "phone": mask_phone(row.phone)})


def _task(row: Task) -> TaskOut:
    return TaskOut(id=row.id, title=row.title, status=row.status, due_on=row.due_on, patient=_masked(row.patient))


def _patient_row(number: int) -> dict[str, object]:
    return {
        "id": number,
        "record_number": f"B{number:08d}",
        "name": "林晓燕",
        "phone": f"+86{FIRST_NUMBER + number}",
        "gender": "female",
        "site": SITES[number % len(SITES)],
        "department": "生殖中心",
        "stage": STAGES[number % len(STAGES)],
    }


def _task_row(number: int, today: date) -> dict[str, object]:
    due_on = today + timedelta(days=number % 61 - 30)
    return {"id": number, "patient_id": number, "title": "随访", "status": "planned", "due_on": due_on}


if __name__ == "__main__":
    uvicorn.run(make_app(sys.argv[2]), port=int(sys.argv[1]), log_level="warning", access_log=False)
