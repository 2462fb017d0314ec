"""Red flags: the case, the alert, the ladder; one acknowledgement; restarts, empty rotas, events told twice."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from assistant.desk import escalation
from assistant.desk import service as desk
from assistant.desk.cases import service as cases
from assistant.desk.cases.schemas import CaseIn, FlagIn
from core_api.alerts import service as alerts
from core_api.alerts.schemas import AlertFilter, AlertIn
from core_api.kit.db import new_id
from core_api.kit.errors import Conflict
from core_api.kit.outbox import Event
from tests.assistant.desk.conftest import As
from tests.assistant.desk.world import World


def _urgent(family: object = "chest_pain", **more: object) -> tuple[CaseIn, list[FlagIn]]:
    message_id = new_id()
    plain = {"kind": "red_flag", "reason_text": "患者提到胸痛", "source_kind": "message", "source_id": message_id}
    flag = FlagIn(message_id=message_id, family=str(family), title="胸痛", rule_key=f"{family}.words", revision=1)
    return CaseIn.model_validate(plain | more), [flag]


def _open(world: World, **more: object) -> UUID:
    new, flags = _urgent(**more)
    with world.sessions.begin() as session:
        return desk.open_urgent(session, new, flags, world.clock)


def _alarms(world: World) -> list[tuple[int, int, int]]:
    """(round, step, how many were told) in order."""
    return [(event["round"], event["ordinal"], len(event["user_ids"])) for event in world.events("alarm.raised")]


class TestTheLadder:
    def test_climbs_until_somebody_acknowledges(self, world: World) -> None:
        case_id, nurse = _open(world), world.actor("nurse")
        assert _alarms(world) == [(1, 1, 2)]
        for minutes in (2, 1, 5, 10, 10):
            world.tick(minutes)
        assert _alarms(world) == [(1, 1, 2), (1, 2, 2), (1, 3, 1), (2, 3, 1), (3, 3, 1)]
        with world.sessions.begin() as session:
            escalation.acknowledge(session, case_id, nurse, "已打电话", world.clock)
        world.tick(60)
        assert len(_alarms(world)) == 5
        assert world.case(case_id).acknowledged_at is not None

    def test_with_nobody_on_duty_the_next_step_does_not_wait(self, world: World) -> None:
        world.user("night", "nurse")
        world.queue("急诊", "急诊科", members=("night",))
        _open(world, department="急诊科")
        assert _alarms(world) == [(1, 1, 0), (1, 2, 1)]

    def test_is_not_told_twice_by_two_ticks_at_once(self, world: World) -> None:
        _open(world)
        world.clock.advance(timedelta(minutes=3))
        desk.tick(world.sessions, world.clock)
        desk.tick(world.sessions, world.clock)
        assert _alarms(world) == [(1, 1, 2), (1, 2, 2)]

    def test_what_was_due_while_nothing_ran_is_told_afterwards(self, world: World) -> None:
        _open(world)
        world.tick(30)
        assert [step for _, step, _ in _alarms(world)] == [1, 2, 3]

    def test_is_edited_and_new_cases_get_the_new_one(self, world: World, as_user: As) -> None:
        doctor = as_user("doctor", "clinician")
        steps = [{"ordinal": 1, "after_minutes": 0, "who": "administrator", "label": "管理员"}]
        body = {"deadline_minutes": 5, "repeat_minutes": 2, "steps": steps}
        assert doctor.put("/api/safety/ladder", json=body).json()["deadline_minutes"] == 5
        case_id = _open(world)
        assert _alarms(world) == [(1, 1, 1)]
        opened = world.case(case_id)
        assert opened.due_at == opened.opened_at + timedelta(minutes=5)


class TestAcknowledgement:
    def test_at_the_case_settles_its_alert(self, world: World, as_user: As) -> None:
        case_id = _open(world, patient_id=world.patient())
        nurse = as_user("nurse", "nurse")
        done = nurse.post(f"/api/desk/cases/{case_id}/acknowledge", json={"note": "已联系家属"}).json()
        assert (done["acknowledged_by"], done["needs_acknowledgement"]) == ("nurse员", False)
        alert = nurse.get("/api/alerts").json()["items"][0]
        assert (alert["id"], alert["acknowledged_by"]) == (done["alert_id"], "nurse员")
        again = nurse.post(f"/api/desk/cases/{case_id}/acknowledge", json={"note": ""})
        assert (again.status_code, again.json()["code"]) == (409, "already_acknowledged")

    def test_at_the_alert_settles_its_case_and_silences_it(self, world: World, as_user: As) -> None:
        case_id = _open(world, patient_id=world.patient())
        doctor = as_user("doctor", "clinician")
        alert_id = doctor.get(f"/api/desk/cases/{case_id}").json()["alert_id"]
        assert doctor.post(f"/api/alerts/{alert_id}/acknowledge", json={"note": "处理"}).status_code == 200
        refused = doctor.post(f"/api/desk/cases/{case_id}/acknowledge", json={"note": ""})
        assert refused.json()["code"] == "already_acknowledged"
        world.tick(5)
        assert len(_alarms(world)) == 1
        settled = world.case(case_id)
        assert settled.acknowledged_by_id == world.users["doctor"]

    def test_the_alerts_event_told_twice_settles_once(self, world: World) -> None:
        patient_id = world.patient()
        case_id = _open(world, patient_id=patient_id)
        alert_id = world.case(case_id).alert_id
        assert alert_id is not None
        with world.sessions.begin() as session:
            alerts.acknowledge(session, alert_id, world.actor("doctor", "clinician"), "", world.clock)
        world.handle()
        first = world.case(case_id).acknowledged_at
        with world.sessions.begin() as session:
            event = Event(0, uuid4(), "alert.acknowledged", alert_id, {}, world.clock.now())
            world.clock.advance(timedelta(minutes=1))
            escalation.on_alert_acknowledged(session, event, world.clock)
        assert world.case(case_id).acknowledged_at == first
        assert len(world.events("case.acknowledged")) == 1

    def test_a_red_flag_is_not_ended_unseen(self, world: World) -> None:
        case_id = _open(world)
        with world.sessions.begin() as session, pytest.raises(Conflict, match="先确认"):
            cases.resolve(session, case_id, world.users["nurse"], "solved", world.clock)


class TestRedAlerts:
    def test_of_a_questionnaire_become_cases_once(self, world: World) -> None:
        patient_id = world.patient()
        with world.sessions.begin() as session:
            alert = AlertIn(
                patient_id=patient_id,
                level="red",
                rule_key="fever",
                text="体温 39 度",
                source_kind="response",
                source_id=new_id(),
            )
            alert_id = alerts.raise_alert(session, alert, world.clock)
        world.handle()
        with world.sessions.begin() as session:
            event = Event(0, uuid4(), "alert.raised", alert_id, {"level": "red"}, world.clock.now())
            escalation.on_alert_raised(session, event, world.clock)
        opened = world.events("case.opened")
        assert len(opened) == 1
        case = world.case(UUID(str(opened[0]["case_id"])))
        assert (case.kind, case.alert_id, case.reason_text) == ("red_flag", alert_id, "体温 39 度")
        assert _alarms(world) == [(1, 1, 2)]

    def test_of_a_case_do_not_become_another(self, world: World) -> None:
        _open(world, patient_id=world.patient())
        world.handle()
        assert len(world.events("case.opened")) == 1
        with world.sessions() as session:
            assert len(alerts.list_alerts(session, AlertFilter(), world.clock).items) == 1


class TestFurtherFlags:
    def test_join_the_case_that_nobody_has_seen(self, world: World) -> None:
        conversation_id = world.conversation()
        first = _open(world, conversation_id=conversation_id)
        assert _open(world, conversation_id=conversation_id, family="breathlessness") == first

    def test_of_another_family_open_a_new_one_once_it_is_seen(self, world: World) -> None:
        conversation_id = world.conversation()
        first = _open(world, conversation_id=conversation_id)
        with world.sessions.begin() as session:
            escalation.acknowledge(session, first, world.actor("nurse"), "", world.clock)
        assert _open(world, conversation_id=conversation_id) == first
        assert _open(world, conversation_id=conversation_id, family="suicide") != first
