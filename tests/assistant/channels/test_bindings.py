"""Staff end an identity that somebody has online."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from assistant.conversations import service as conversations
from assistant.inbound import service as inbound
from assistant.inbound.schemas import Inbound
from core_api.kit.clock import FixedClock
from core_api.kit.crypto import Keyring
from core_api.kit.db import Sessions
from core_api.kit.web import CurrentUser, Runtime
from core_api.patients import service as patients
from core_api.patients.schemas import PatientIn
from core_api.treatments import service as treatments
from core_api.treatments.schemas import EventIn
from tests.assistant.channels.kit import ChatWorld, Person
from tests.assistant.channels.test_socket import SOCKET
from tests.assistant.channels.test_wechat import World
from tests.assistant.desk.world import World as Desk

CLAIM = "B20261234 19900506"
IDENTITY = {"record_number": "B20261234", "birth_date": "1990-05-06"}
WHY = {"reason": "患者来电说不是本人"}


@pytest.fixture
def record(sessions: Sessions, clock: FixedClock) -> UUID:
    wanted = PatientIn(
        record_number="B20261234", name="王小丽", birth_date=date(1990, 5, 6), phone="+8613800138000", department="生殖"
    )
    with sessions.begin() as session:
        patient_id = patients.upsert_patient(session, wanted, clock).patient_id
        event = EventIn(patient_id=patient_id, kind="transfer", occurred_on=date(2026, 11, 10), source_key="t1")
        treatments.record_event(session, event, clock)
    return patient_id


@pytest.fixture
def world(sessions: Sessions, clock: FixedClock, tmp_path: Path) -> Iterator[World]:
    made = World(sessions, clock, tmp_path)
    with made.http:
        yield made


@pytest.fixture
def staff(world: World, keyring: Keyring) -> "Staff":
    return Staff(world.chat, keyring)


class Staff:
    """Signed in at the desk of a chat."""

    def __init__(self, chat: ChatWorld, keyring: Keyring) -> None:
        self.desk = Desk(chat.sessions, chat.clock)  # type: ignore[arg-type]
        self.app = chat.app
        self.app.state.runtime = Runtime(chat.sessions, chat.clock, ZoneInfo("Asia/Shanghai"), keyring, chat.data_dir)
        self.http = self.as_user("nurse")

    def as_user(self, name: str, *roles: str) -> TestClient:
        actors: dict[str, CurrentUser] = self.app.state.__dict__.setdefault("actors", {})
        actors[name] = self.desk.actor(name, *roles)

        def authenticate(_session: Session, token: str) -> CurrentUser | None:
            return actors.get(token)

        self.app.state.authenticate = authenticate
        return TestClient(self.app, headers={"authorization": f"Bearer {name}"})

    def bindings(self, record: UUID) -> Any:
        return self.http.get(f"/api/desk/patients/{record}/bindings").json()

    def unbind(self, conversation_id: object, **more: object) -> Any:
        return self.http.post(f"/api/desk/conversations/{conversation_id}/unbind", json=WHY | more)

    def audited(self) -> list[tuple[Any, ...]]:
        query = "SELECT action, purpose FROM audit_entries WHERE action LIKE 'patient.ident%' ORDER BY id"
        with self.desk.sessions() as session:
            return [tuple(row) for row in session.execute(text(query))]


def told(world: World, words: str) -> str:
    before = len(world.wechat.person().received)
    world.say(words)
    world.handle_outbox()
    return "\n".join(world.wechat.person().received[before:])


class TestOnWechat:
    def test_an_identity_that_staff_end_shows_no_fact_any_more(self, world: World, staff: Staff, record: UUID) -> None:
        told(world, CLAIM)
        assert "2026 年 11 月 10 日" in told(world, "我的移植是哪天")
        [one] = staff.bindings(record)["items"]
        assert (one["channel"], one["conversation_id"]) == ("wechat", str(world.conversation_id))
        assert staff.unbind(world.conversation_id).status_code == 204
        world.handle_outbox()
        assert "工作人员已解除这里的身份绑定" in world.wechat.person().received[-1]
        assert "核对身份" in told(world, "我的移植是哪天")
        assert staff.bindings(record) == {"items": [], "paused": False}

    def test_who_and_why_are_kept(self, world: World, staff: Staff, record: UUID) -> None:
        told(world, CLAIM)
        staff.unbind(world.conversation_id)
        assert ("patient.identity_unbound", WHY["reason"]) in staff.audited()
        seen = staff.http.get(f"/api/desk/conversations/{world.conversation_id}").json()
        assert seen["patient_id"] is None
        assert [(one["author_name"], one["text"]) for one in seen["notes"]] == [
            ("nurse员", f"解除了身份绑定。事由：{WHY['reason']}")
        ]
        assert WHY["reason"] not in "".join(world.wechat.person().received)

    def test_a_second_time_says_that_nobody_is_bound(self, world: World, staff: Staff, record: UUID) -> None:
        told(world, CLAIM)
        staff.unbind(world.conversation_id)
        again = staff.unbind(world.conversation_id)
        assert (again.status_code, again.json()["code"]) == (409, "not_bound")

    def test_a_paused_record_is_opened_by_nobody_until_staff_open_it(
        self, world: World, staff: Staff, record: UUID
    ) -> None:
        told(world, CLAIM)
        staff.unbind(world.conversation_id, pause=True)
        assert "已暂停在线核对" in told(world, CLAIM)
        assert staff.bindings(record)["paused"]
        opened = staff.http.put(
            f"/api/desk/patients/{record}/identification", json={"reason": "本人到窗口核实", "paused": False}
        )
        assert opened.status_code == 204
        assert "身份已核对" in told(world, CLAIM)
        assert ("patient.identification_opened", "本人到窗口核实") in staff.audited()

    def test_what_wechat_held_back_for_the_patient_is_never_sent(
        self, world: World, staff: Staff, record: UUID
    ) -> None:
        told(world, CLAIM)
        for number in range(5):
            world.staff(f"第{number}条", f"k{number}")
        world.staff("您的移植日期是 11 月 10 日", "own")
        staff.unbind(world.conversation_id)
        with world.sessions.begin() as session:
            now = conversations.conversation(session, world.conversation_id)
            conversations.give_back(session, now.id, now.epoch, world.clock)
        assert "11 月 10 日" not in told(world, "你好")

    def test_without_a_reason_nothing_changes(self, world: World, staff: Staff, record: UUID) -> None:
        told(world, CLAIM)
        refused = staff.unbind(world.conversation_id, reason="  ")
        assert (refused.status_code, len(staff.bindings(record)["items"])) == (422, 1)

    @pytest.mark.parametrize("role", ["auditor", "knowledge_editor"])
    def test_only_who_works_at_the_desk_may(self, world: World, staff: Staff, record: UUID, role: str) -> None:
        told(world, CLAIM)
        other = staff.as_user("other", role)
        refused = other.post(f"/api/desk/conversations/{world.conversation_id}/unbind", json=WHY)
        assert refused.status_code == 403

    def test_an_identity_that_lapsed_is_not_listed(
        self, world: World, staff: Staff, record: UUID, clock: FixedClock
    ) -> None:
        told(world, CLAIM)
        clock.advance(timedelta(days=91))
        assert staff.bindings(record)["items"] == []


class TestOnThePage:
    @pytest.fixture
    def person(self, world: World) -> Person:
        made = Person(world.http)
        made.arrive()
        made.post("/identify", IDENTITY)
        return made

    def test_an_open_page_learns_of_it(self, world: World, staff: Staff, record: UUID, person: Person) -> None:
        with world.http.websocket_connect(SOCKET) as socket:
            socket.send_json({"type": "hello", "token": person.token, "after": 0})
            assert socket.receive_json()["conversation"]["identified"]["name"] == "王**"
            assert staff.unbind(person.conversation_id).status_code == 204
            frames = [socket.receive_json(), socket.receive_json()]
        states = [frame["conversation"]["identified"] for frame in frames if frame["type"] == "conversation"]
        lines = [frame["message"]["text"] for frame in frames if frame["type"] == "message"]
        assert states == [None]
        assert lines == ["工作人员已解除这里的身份绑定，之后不再显示个人信息。如有疑问，请联系医院。"]

    def test_a_reply_with_facts_that_is_just_being_made_is_dropped(
        self, world: World, staff: Staff, record: UUID, person: Person
    ) -> None:
        came = Inbound(
            channel="web",
            conversation_id=UUID(person.conversation_id),
            message_id="web:c9",
            text="我的移植是哪天",
            identified=True,
        )
        accepted = inbound.accept(world.chat.runtime, came)
        staff.unbind(person.conversation_id)
        assert inbound.answer(world.chat.runtime, came, accepted).text == ""
        said = "".join(one["text"] for one in person.get("/messages").json()["items"])
        assert "11 月 10 日" not in said
