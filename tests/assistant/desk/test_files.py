"""Pictures and voice messages at the desk: seen by staff, sent by staff, and by nobody else."""

import io
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from assistant.channels.files import rules as file_rules
from assistant.channels.files import service as files
from assistant.conversations import service as conversations
from assistant.conversations.schemas import NewMessage
from dialogs.api import QuickReply, Reply
from tests.assistant.desk.conftest import As
from tests.assistant.desk.world import World


def picture(colour: str = "red") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (640, 480), colour).save(out, "PNG")
    return out.getvalue()


def send(person: TestClient, conversation_id: UUID, content: bytes, key: str = "p1", epoch: int = 1) -> Any:
    return person.post(
        f"/api/desk/conversations/{conversation_id}/files",
        data={"expected_epoch": str(epoch), "dedupe_key": key},
        files={"file": ("report.png", content, "image/png")},
    )


@pytest.fixture
def conversation_id(world: World) -> UUID:
    """A conversation in which the patient sent a picture."""
    return world.handoff()[0]


@pytest.fixture
def file_id(world: World, conversation_id: UUID, tmp_path: Path) -> UUID:
    with world.sessions.begin() as session:
        kept = files.keep(session, tmp_path, conversation_id, file_rules.picture(picture()), world.clock)
        came = NewMessage(
            conversation_id=conversation_id,
            dedupe_key="web:p",
            sender="patient",
            kind="picture",
            text="",
            at=world.clock.now(),
            file_id=kept.id,
        )
        conversations.add(session, came, world.clock)
    return kept.id


class TestThePatientsPicture:
    def test_is_told_and_shown(self, as_user: As, conversation_id: UUID, file_id: UUID) -> None:
        nurse = as_user("nurse", "nurse")
        path = f"/api/desk/conversations/{conversation_id}"
        told = nurse.get(path).json()["messages"][-1]["file"]
        assert (told["id"], told["kind"], told["width"], told["height"]) == (str(file_id), "picture", 640, 480)
        shown = nurse.get(f"{path}/files/{file_id}")
        assert Image.open(io.BytesIO(shown.content)).size == (640, 480)
        assert "private" in shown.headers["cache-control"]

    def test_belongs_to_its_conversation(self, world: World, as_user: As, file_id: UUID) -> None:
        other, _ = world.handoff()
        nurse = as_user("nurse", "nurse")
        assert nurse.get(f"/api/desk/conversations/{other}/files/{file_id}").status_code == 404
        assert nurse.get(f"/api/desk/conversations/{other}/files/{uuid4()}").status_code == 404

    def test_is_not_for_who_may_not_read_the_desk(self, as_user: As, conversation_id: UUID, file_id: UUID) -> None:
        refused = as_user("auditor", "auditor").get(f"/api/desk/conversations/{conversation_id}/files/{file_id}")
        assert refused.status_code == 403


class TestAStaffPicture:
    def test_reaches_the_conversation_once(self, as_user: As, conversation_id: UUID) -> None:
        nurse = as_user("nurse", "nurse")
        path = f"/api/desk/conversations/{conversation_id}"
        nurse.post(f"{path}/take-over", json={"expected_epoch": 0})
        first, again = (send(nurse, conversation_id, picture()).json() for _ in range(2))
        assert (first["sender"], first["kind"], first["id"]) == ("staff", "picture", again["id"])
        assert nurse.get(f"{path}/files/{first['file']['id']}").status_code == 200

    def test_is_refused_from_who_does_not_own_it(self, as_user: As, conversation_id: UUID, tmp_path: Path) -> None:
        as_user("nurse", "nurse").post(
            f"/api/desk/conversations/{conversation_id}/take-over", json={"expected_epoch": 0}
        )
        refused = send(as_user("doctor", "clinician"), conversation_id, picture())
        assert (refused.status_code, refused.json()["code"]) == (409, "epoch_changed")
        assert not list((tmp_path / "chat").rglob("*"))

    def test_must_be_a_picture(self, as_user: As, conversation_id: UUID) -> None:
        nurse = as_user("nurse", "nurse")
        nurse.post(f"/api/desk/conversations/{conversation_id}/take-over", json={"expected_epoch": 0})
        refused = send(nurse, conversation_id, b"OggS and so on")
        assert (refused.status_code, refused.json()["code"]) == (422, "not_a_picture")


def test_the_questions_that_the_bot_offered_are_shown(world: World, as_user: As, conversation_id: UUID) -> None:
    offered = Reply(
        text="您是想问：",
        quick_replies=(
            QuickReply(label="报告在哪里看？", text="报告在哪里看", choice="entry"),
            QuickReply(label="核对身份", text="核对身份", choice="identify"),
            QuickReply(label="转人工", text="转人工"),
        ),
    )
    said = NewMessage(
        conversation_id=conversation_id,
        dedupe_key="bot:1",
        sender="bot",
        text=offered.text,
        at=world.clock.now(),
        reply=offered.model_dump_json(),
    )
    with world.sessions.begin() as session:
        conversations.add(session, said, world.clock)
    last = as_user("nurse", "nurse").get(f"/api/desk/conversations/{conversation_id}").json()["messages"][-1]
    assert last["choices"] == ["报告在哪里看？"]
