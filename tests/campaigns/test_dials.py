"""Calling a patient by hand: the policy's say, what may be set aside with a reason, what it came to."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select

from assistant.desk.cases.models import CaseRow
from campaigns import api
from campaigns.attempts.models import LiveCall
from campaigns.dials import rules
from campaigns.dials.schemas import DialSettings
from campaigns.policy.schemas import REASON_LABELS, ContactFacts
from core_api.alerts import service as alerts
from core_api.alerts.schemas import AlertIn
from core_api.audit.models import AuditEntry
from core_api.kit.crypto import Keyring
from core_api.kit.db import new_id
from core_api.kit.outbox import handle_pending
from core_api.kit.web import CurrentUser, Runtime, install_problem_handlers
from core_api.patients import service as patients
from core_api.patients.schemas import PatientIn
from telephony import api as telephony
from telephony.calls import by_hand
from telephony.calls import rules as call_rules
from telephony.calls import service as calls
from telephony.calls.models import CallRow
from telephony.calls.schemas import Ending
from tests.campaigns.world import ZONE, World, local
from tests.fakes.record import WILLING

pytestmark = pytest.mark.covers("TX-6.2-1")
DIALLERS = frozenset({"calls.dial", "calls.read", "calls.talk"})
REASON = "患者刚才来电要求马上回电"


class Silent:
    """A line that is never asked."""

    pace = 1.0


class Desk:
    """A nurse's and a colleague's page."""

    def __init__(self, world: World, client: TestClient) -> None:
        self.world = world
        self.client = client

    def patient(self, facts: ContactFacts = WILLING) -> UUID:
        task_id = self.world.record.add_task(new_id(), facts)
        return self.world.record.tasks[task_id].patient_id

    def check(self, patient_id: UUID) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get(f"/api/patients/{patient_id}/dialling").json()
        return found

    def dial(self, patient_id: UUID, reason: str | None = None, by: str = "nurse") -> Any:
        body = {"patient_id": str(patient_id), "reason": reason}
        return self.client.post("/api/dials", json=body, headers={"authorization": f"Bearer {by}"})

    def end(self, call_id: str, disposition: str = "talked") -> None:
        """The call is over, and the outbox is worked off."""
        with self.world.sessions.begin() as session:
            calls.finish(session, UUID(call_id), Ending(disposition=disposition), self.world.clock)
        handle_pending(self.world.sessions, api.handlers(self.world.clock, ZONE), self.world.clock)

    def result(self, call_id: str, by: str = "nurse", **said: Any) -> Any:
        return self.client.post(f"/api/dials/{call_id}/result", json=said, headers={"authorization": f"Bearer {by}"})

    def audits(self) -> list[tuple[str, str]]:
        with self.world.read() as session:
            rows = session.scalars(select(AuditEntry).order_by(AuditEntry.at, AuditEntry.id))
            return [(row.action, row.purpose) for row in rows]

    def count(self, table: Any) -> int:
        with self.world.read() as session:
            return len(session.scalars(select(table)).all())


def _desk(world: World, keyring: Keyring, folder: Path) -> Iterator[Desk]:
    app = FastAPI()
    runtime = Runtime(world.sessions, world.clock, ZONE, keyring, folder, "示例医院")
    app.state.runtime, app.state.campaign_record, app.state.authenticate = runtime, world.record, _user
    app.state.telephony = telephony.TelephonyRuntime(
        sessions=world.sessions,
        clock=world.clock,
        zone=ZONE,
        data_dir=folder,
        carriers={"simulator": Silent()},  # type: ignore[dict-item]
        conversations=None,  # type: ignore[arg-type]
        synthesizer=None,  # type: ignore[arg-type]
        settings=telephony.VoiceSettings(hospital_name="示例医院"),
    )
    app.state.dial_settings = DialSettings(caller_ids={"移植科": "+862088880001"})
    for router in api.routers:
        app.include_router(router)
    install_problem_handlers(app)
    world.clock.set(local("2026-03-10 10:00"))
    with TestClient(app, headers={"authorization": "Bearer nurse"}) as client:
        yield Desk(world, client)


@pytest.fixture
def desk(world: World, keyring: Keyring, tmp_path: Path) -> Iterator[Desk]:
    yield from _desk(world, keyring, tmp_path)


def _user(_session: Any, token: str) -> CurrentUser:
    permissions = DIALLERS if token in {"nurse", "colleague"} else frozenset({"calls.read"})
    return CurrentUser(
        id=uuid5(NAMESPACE_OID, token), username=token, display_name=token, roles=(), permissions=permissions
    )


class TestWhatMayBeSetAside:
    @pytest.mark.parametrize("code", REASON_LABELS)
    def test_the_patients_own_no_only_while_they_are_in_danger(self, code: Any) -> None:
        (calm,) = rules.obstacles([code], danger=False)
        (danger,) = rules.obstacles([code], danger=True)
        assert calm.overridable == (code in rules.WITH_A_REASON)
        assert danger.overridable == (code in rules.WITH_A_REASON | rules.IN_DANGER)

    def test_a_refusal_names_what_binds_and_until_when(self) -> None:
        found = rules.obstacles(["outside_window", "do_not_contact"], danger=False)
        assert rules.refusal(found, None, ZONE) == "现在不能拨打：要求不再联系"
        until = local("2026-03-11 08:00")
        assert rules.refusal(found[:1], until, ZONE) == "现在不能拨打：不在外呼时段，03月11日 08:00 起可以拨打"


class TestDialling:
    def test_a_call_is_prepared_with_the_departments_number_and_audited(self, desk: Desk) -> None:
        patient_id = desk.patient()
        assert desk.check(patient_id) == {
            "allowed": True, "needs_reason": False, "obstacles": [], "next_allowed_at": None,
            "danger": False, "call_id": None, "pace": 1.0,
        }  # fmt: skip
        answer = desk.dial(patient_id)
        assert answer.status_code == 201
        with desk.world.read() as session:
            row = session.get(CallRow, UUID(answer.json()["call_id"]))
            assert row is not None
            assert (row.caller_id, row.dialled_by_id) == ("+862088880001", uuid5(NAMESPACE_OID, "nurse"))
            assert (row.state, row.patient_id) == ("placing", patient_id)
        assert desk.audits() == [("call.dial", "人工拨打")]

    @pytest.mark.parametrize(
        "facts",
        [
            {"consent": "refused"}, {"do_not_contact": True}, {"deceased": True}, {"wrong_number": True},
            {"has_phone": False}, {"consent": None},
        ],
    )  # fmt: skip
    def test_what_binds_is_refused_with_any_reason_and_audited(self, desk: Desk, facts: dict[str, Any]) -> None:
        patient_id = desk.patient(WILLING.model_copy(update=facts))
        assert not desk.check(patient_id)["needs_reason"]
        answer = desk.dial(patient_id, REASON)
        code = desk.check(patient_id)["obstacles"][0]["code"]
        assert (answer.status_code, answer.json()["code"]) == (409, "dial_refused")
        assert answer.json()["errors"][0]["field"] == code
        assert desk.audits() == [("call.dial_refused", f"人工拨打被拒绝：{code}")]
        assert (desk.count(CallRow), desk.count(LiveCall)) == (0, 0)

    def test_at_night_a_reason_is_asked_for_and_kept_sealed(self, desk: Desk) -> None:
        desk.world.clock.set(local("2026-03-10 22:30"))
        patient_id = desk.patient(WILLING.model_copy(update={"consent": "unknown"}))
        checked = desk.check(patient_id)
        assert (checked["allowed"], checked["needs_reason"]) == (False, True)
        assert desk.dial(patient_id).status_code == 409
        answer = desk.dial(patient_id, REASON)
        assert answer.status_code == 201
        shown = desk.client.get(f"/api/dials/{answer.json()['call_id']}").json()
        assert (shown["reason"], shown["overridden"]) == (REASON, ["未取得语音随访同意", "不在外呼时段"])
        assert desk.audits()[-1] == ("call.dial_override", "人工拨打，说明理由后越过规则：no_consent,outside_window")
        with desk.world.read() as session:
            assert REASON not in str(session.connection().exec_driver_sql("SELECT * FROM staff_dials").all())

    def test_until_when_a_rule_holds_is_told(self, desk: Desk) -> None:
        desk.world.clock.set(local("2026-03-10 22:30"))
        checked = desk.check(desk.patient())
        assert datetime.fromisoformat(checked["next_allowed_at"]) == local("2026-03-11 08:00")
        refused = desk.dial(desk.patient()).json()
        assert refused["title"] == "现在不能拨打：不在外呼时段，03月11日 08:00 起可以拨打"

    def test_an_open_red_alert_lets_a_withdrawn_consent_be_set_aside(self, desk: Desk) -> None:
        with desk.world.sessions.begin() as session:
            person = PatientIn(record_number="R1", name="王小明", gender="male", site="本部")
            patient_id = patients.upsert_patient(session, person, desk.world.clock).patient_id
            desk.world.record.add_task(
                patient_id, WILLING.model_copy(update={"consent": "refused", "do_not_contact": True})
            )
            raised = AlertIn(
                patient_id=patient_id, level="red", source_id=new_id(), rule_key="critical", source_kind="answer",
                text="体温过高",
            )  # fmt: skip
            alerts.raise_alert(session, raised, desk.world.clock)
        assert desk.check(patient_id)["danger"]
        assert desk.dial(patient_id).status_code == 409
        assert desk.dial(patient_id, "体温 39.5，需立即就医").status_code == 201

    def test_calls_by_hand_count_towards_everybodys_cap(self, desk: Desk) -> None:
        patient_id = desk.patient()
        for disposition in ("no_answer", "busy", "talked"):
            desk.end(desk.dial(patient_id).json()["call_id"], disposition)
        assert [one["code"] for one in desk.check(patient_id)["obstacles"]] == ["patient_daily_cap"]
        desk.world.campaign()
        desk.world.tick()
        assert desk.world.dialler.orders == []
        desk.world.clock.advance(timedelta(days=1))
        assert desk.check(patient_id)["allowed"]

    def test_who_lacks_the_right_is_denied(self, desk: Desk) -> None:
        assert desk.dial(desk.patient(), by="auditor").status_code == 403


class TestTwoAtOnce:
    def test_the_second_is_told_that_the_patient_is_in_a_call_until_it_ends(self, desk: Desk) -> None:
        patient_id = desk.patient()
        first = desk.dial(patient_id).json()["call_id"]
        assert desk.check(patient_id)["call_id"] == first
        refused = desk.dial(patient_id, REASON, by="colleague")
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (409, "patient_in_call")
        desk.end(first)
        assert desk.count(LiveCall) == 0
        assert desk.dial(patient_id, by="colleague").status_code == 201

    def test_a_campaign_waits_while_somebody_dials_and_the_other_way_round(self, desk: Desk) -> None:
        patient_id = desk.patient()
        call_id = desk.dial(patient_id).json()["call_id"]
        desk.world.campaign()
        assert desk.world.tick().run == ("withdrawn",)
        desk.end(call_id)
        desk.world.later(minutes=10)
        assert len(desk.world.dialler.orders) == 1
        assert desk.dial(patient_id, REASON).json()["errors"][0]["field"] == "patient_in_call"

    def test_of_two_patients_with_one_telephone_one_waits(self, desk: Desk) -> None:
        one, other = desk.patient(), desk.patient()
        desk.world.record.phones[other] = desk.world.record.phones[one]
        assert desk.dial(one).status_code == 201
        assert desk.dial(other).json()["errors"][0]["field"] == "phone_in_call"


class TestResult:
    def test_is_kept_with_its_note_and_shown_as_what_the_call_came_to(self, desk: Desk) -> None:
        call_id = desk.dial(desk.patient()).json()["call_id"]
        assert desk.result(call_id, result="reached").status_code == 409
        desk.end(call_id)
        shown = desk.result(call_id, result="reached", note="已嘱今日来院").json()
        assert (shown["result_label"], shown["note"]) == ("已联系上", "已嘱今日来院")
        assert desk.result(call_id, by="colleague", result="busy").status_code == 403
        assert desk.audits()[-1] == ("call.result", "登记通话结果：reached")

    def test_a_wrong_number_is_noted_on_the_patient(self, desk: Desk) -> None:
        patient_id = desk.patient()
        call_id = desk.dial(patient_id).json()["call_id"]
        desk.end(call_id)
        desk.result(call_id, result="wrong_number")
        assert desk.world.record.flags[patient_id, "wrong_number"] == 1
        with desk.world.read() as session:
            assert telephony.call(session, UUID(call_id)).disposition == "wrong_number"

    def test_a_promised_call_back_is_a_case_due_at_its_time(self, desk: Desk) -> None:
        call_id = desk.dial(desk.patient()).json()["call_id"]
        desk.end(call_id)
        at = local("2026-03-11 15:00")
        assert desk.result(call_id, result="call_back").status_code == 422
        assert desk.result(call_id, result="call_back", call_back_at="2026-03-09T10:00:00+08:00").status_code == 422
        assert desk.result(call_id, result="call_back", call_back_at=at.isoformat()).status_code == 200
        with desk.world.read() as session:
            (case,) = session.scalars(select(CaseRow))
            assert (case.due_at, case.call_id) == (at, UUID(call_id))
            assert telephony.call(session, UUID(call_id)).disposition == "callback"
        assert {call_rules.GIVEN_UP} <= by_hand.NOT_DIALLED
