"""A small knowledge base and the people who work on it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from core_api.identity.rules import permissions_of
from core_api.kit.clock import FixedClock
from core_api.kit.crypto import Keyring
from core_api.kit.db import Sessions
from core_api.kit.web import CurrentUser, Runtime, install_problem_handlers
from knowledge import api
from knowledge.entries import service
from knowledge.entries.schemas import Content, EntryDetail, NewEntry, Person, ReviewIn
from knowledge.publishing import service as publishing

EDITOR = Person(id=UUID(int=1), name="周编辑", roles=("knowledge_editor",))
COLLEAGUE = Person(id=UUID(int=2), name="吴编辑", roles=("knowledge_editor",))
DOCTOR = Person(id=UUID(int=3), name="陈医生", roles=("clinician",))
FEE = Content(
    question="冷冻保存费怎么交？",
    variants=("保存费在哪里交", "冷冻费怎么缴"),
    text_chat="可以在{official_account}里交，也可以到窗口交。",
    text_voice="可以在公众号里交，也可以到窗口交。",
    department="生殖中心",
)
PARKING = Content(question="医院能停车吗？", variants=("停车场在哪里", "停车怎么收费"), text_chat="院内有停车场。")
INVOICE = Content(question="怎么开发票？", variants=("发票在哪里打印", "能开电子发票吗"), text_chat="在公众号里下载。")
Publish = Callable[..., EntryDetail]


def live(session: Session, clock: FixedClock, content: Content, key: str | None = None) -> EntryDetail:
    """An entry written, reviewed and published."""
    made = service.create(session, NewEntry(content=content, key=key), EDITOR, clock)
    return go_live(session, clock, made.id)


def go_live(session: Session, clock: FixedClock, entry_id: UUID) -> EntryDetail:
    """The open draft reviewed and published."""
    service.submit(session, entry_id, clock)
    service.review(session, entry_id, ReviewIn(decision="approve"), DOCTOR, clock)
    return publishing.publish(session, entry_id, "内容已核对", clock)


@pytest.fixture
def publish(sessions: Sessions, clock: FixedClock) -> Publish:
    def make(content: Content, key: str | None = None) -> EntryDetail:
        with sessions.begin() as session:
            return live(session, clock, content, key)

    return make


@pytest.fixture
def base(publish: Publish) -> dict[str, EntryDetail]:
    """Three entries that answer."""
    return {"fee": publish(FEE, "fee"), "parking": publish(PARKING, "parking"), "invoice": publish(INVOICE, "invoice")}


Ask = Callable[..., api.Finding]


@pytest.fixture
def ask(sessions: Sessions, clock: FixedClock) -> Ask:
    def once(text: str, **more: object) -> api.Finding:
        told = {"text": text, "channel": "web", "message_id": str(uuid4()), "conversation_id": uuid4()} | more
        return api.ask(sessions, api.Asked.model_validate(told), clock)

    return once


def user_of(person: Person) -> CurrentUser:
    return CurrentUser(
        id=person.id or UUID(int=0),
        username="user",
        display_name=person.name,
        roles=person.roles,
        permissions=permissions_of(person.roles),
    )


@pytest.fixture
def client(sessions: Sessions, keyring: Keyring, clock: FixedClock, tmp_path: Path) -> Iterator[TestClient]:
    """Signed in by name: `editor`, `colleague`, `doctor`, `auditor`."""
    people = {"editor": EDITOR, "colleague": COLLEAGUE, "doctor": DOCTOR}
    users = {name: user_of(person) for name, person in people.items()}
    users["auditor"] = user_of(Person(id=UUID(int=9), name="审计", roles=("auditor",)))
    app = FastAPI()
    app.state.runtime = Runtime(sessions, clock, ZoneInfo("Asia/Shanghai"), keyring, tmp_path)
    app.state.authenticate = lambda _session, token: users.get(token)
    install_problem_handlers(app)
    for router in api.routers:
        app.include_router(router)
    with TestClient(app, headers={"authorization": "Bearer editor"}) as opened:
        yield opened


def bearer(name: str) -> dict[str, str]:
    return {"authorization": f"Bearer {name}"}
