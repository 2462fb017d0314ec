"""Safety rules over HTTP: the test box, drafts, publishing by a clinician, alarms."""

import pytest

from assistant import api as assistant
from assistant.safety import service as safety
from assistant.safety.ruleset import shipped_text
from assistant.safety.service import Screened
from tests.assistant.desk.conftest import As
from tests.assistant.desk.world import World

SMALL = """
families:
  - key: hiccup
    title: 打嗝
    text: 患者提到打嗝
    wording_chat: 请喝水
    wording_voice: 请喝水
    rules: [{key: hiccup.words, anchors: [打嗝], patterns: [打嗝]}]
    examples: {flag: [一直打嗝], free: [%s]}
"""


@pytest.fixture(autouse=True)
def _library(world: World) -> None:
    with world.sessions.begin() as session:
        assistant.load_library(session, world.clock)


class TestTheTestBox:
    def test_says_which_rule_met_which_words_and_why_a_near_miss_does_not_count(self, as_user: As) -> None:
        nurse = as_user("nurse", "nurse")
        found = nurse.post("/api/safety/check", json={"text": "没有胸痛，就是喘不上气"}).json()
        assert [(flag["family"], flag["words"]) for flag in found["flags"]] == [("breathlessness", "喘不上气")]
        assert [(miss["family"], miss["reason"], miss["cue"]) for miss in found["near_misses"]] == [
            ("chest_pain", "negated", "没有")
        ]

    def test_takes_facts(self, as_user: As) -> None:
        nurse = as_user("nurse", "nurse")
        body = {"text": "烧到39度"}
        assert nurse.post("/api/safety/check", json=body).json()["flags"] == []
        told = nurse.post("/api/safety/check", json=body | {"facts": {"transplant": True}}).json()
        assert told["flags"][0]["family"] == "transplant_fever"


class TestRevisions:
    def test_a_clinician_publishes_what_holds_from_then_on(self, world: World, as_user: As) -> None:
        doctor, admin = as_user("doctor", "clinician"), as_user("admin", "administrator")
        made = admin.post("/api/safety/revisions", json={"document": SMALL % "不打", "note": "试"}).json()
        assert (made["number"], made["status"]) == (2, "draft")
        path = f"/api/safety/revisions/{made['number']}/publish"
        assert admin.post(path, json={"note": ""}).status_code == 403
        assert doctor.post("/api/safety/check", json={"text": "胸口疼"}).json()["flags"] != []
        assert doctor.post(path, json={"note": "同意"}).json()["status"] == "published"
        assert doctor.post("/api/safety/check", json={"text": "胸口疼"}).json()["flags"] == []
        assert doctor.post("/api/safety/check", json={"text": "胸口疼", "revision": 1}).json()["flags"] != []
        assert [one["status"] for one in doctor.get("/api/safety/revisions").json()] == ["published", "retired"]
        changed = admin.put("/api/safety/revisions/2", json={"document": SMALL % "x", "note": ""})
        assert changed.json()["code"] == "already_published"

    def test_one_whose_examples_fail_is_refused(self, as_user: As) -> None:
        doctor = as_user("doctor", "clinician")
        made = doctor.post("/api/safety/revisions", json={"document": SMALL % "不要打嗝"}).json()
        refused = doctor.post(f"/api/safety/revisions/{made['number']}/publish", json={"note": ""}).json()
        assert (refused["code"], "不要打嗝" in refused["title"]) == ("examples_fail", True)

    def test_a_broken_document_is_refused_with_its_line(self, as_user: As) -> None:
        refused = as_user("doctor", "clinician").post("/api/safety/revisions", json={"document": "a: ["}).json()
        assert (refused["code"], refused["field"]) == ("invalid", "document")

    def test_loading_the_library_again_changes_nothing(self, world: World, as_user: As) -> None:
        with world.sessions.begin() as session:
            assistant.load_library(session, world.clock)
        listed = as_user("nurse", "nurse").get("/api/safety/revisions").json()
        assert [one["number"] for one in listed] == [1]
        document = as_user("nurse", "nurse").get("/api/safety/revisions/1").json()["document"]
        assert document == shipped_text()


class TestScreen:
    def test_a_flag_opens_one_case_rings_and_gives_the_approved_words(self, world: World, as_user: As) -> None:
        patient_id = world.patient()
        conversation_id = world.conversation(patient_id, "我胸口疼得厉害")
        message_id = world.say(conversation_id, "我胸口疼得厉害")
        told = []
        for _ in range(3):
            screened = Screened(
                conversation_id=conversation_id,
                message_id=message_id,
                patient_id=patient_id,
                channel="web",
                text="我胸口疼得厉害",
            )
            with world.sessions.begin() as session:
                told.append(safety.wording(safety.screen(session, screened, world.clock), "web"))
        assert told[0] is not None
        assert "120" in told[0]
        assert len(set(told)) == 1
        nurse = as_user("nurse", "nurse")
        ringing = nurse.get("/api/safety/alarms").json()
        assert [(one["conversation_id"], one["flags"][0]["title"]) for one in ringing] == [
            (str(conversation_id), "胸痛")
        ]
        assert nurse.get("/api/desk/counts").json()["alarms"] == 1
        families = nurse.get("/api/safety/families").json()
        assert told[0] in {one["wording_chat"] for one in families}

    def test_facts_come_from_the_record(self, world: World) -> None:
        waiting, done = world.patient(stage="等待移植"), world.patient(stage="术后随访")
        with world.sessions() as session:
            assert safety.facts_of(session, None, world.clock).transplant is None
            assert safety.facts_of(session, waiting, world.clock).transplant is False
            assert safety.facts_of(session, done, world.clock).transplant is True
