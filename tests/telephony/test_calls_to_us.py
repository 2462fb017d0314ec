"""Calls to us, from the carrier's webhook to the desk's case: personas call in, the real dialogue answers."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from assistant import api as assistant
from assistant.desk.cases import service as cases
from assistant.desk.queues import service as queues
from assistant.desk.queues.schemas import QueueIn
from core_api.contracts import service as contracts
from core_api.contracts.schemas import ContractIn
from core_api.kit.clock import FixedClock, SystemClock
from core_api.kit.db import Sessions
from core_api.kit.outbox import handle_pending
from core_api.patients import service as patients
from core_api.patients.schemas import PatientIn
from core_api.plans import service as plans
from core_api.plans.schemas import OwnPlanIn, OwnTaskIn
from core_api.questionnaires import service as questionnaires
from dialogs.api import CallStanding
from huifang import callers
from huifang.conversations import DialogueConversations, PeopleHours
from telephony import api
from telephony.calls import repository, rules, service
from telephony.calls.schemas import Arrival, Ending
from telephony.simulator.signature import sign
from tests.conversations.harness import ZONE
from tests.fakes.answers import FakeAnswers
from tests.fakes.engine import RulesEngine
from tests.huifang.support import runtime_of
from tests.knowledge.conftest import PARKING, live
from tests.telephony.kit import NUMBER, TOKEN, Stage, kept_audio, staged

pytestmark = pytest.mark.voice
BORN = date(1990, 1, 5)
PERSONAL = ("王", "复查", "欠", "冷冻")


def patient_settings(**more: Any) -> api.VoiceSettings:
    """At twenty times life's pace a busy machine is slower than people are."""
    return api.VoiceSettings(silence_seconds=40.0, interdigit_seconds=12.0, **more)


@dataclass
class Hotline:
    """Both sides running, with a patient who has a follow-up and a debt."""

    stage: Stage
    sessions: Sessions
    patient_id: UUID

    def called(self, persona: str, number: str = NUMBER, **facts: str) -> Any:
        return self.stage.ended(self.stage.call_in(persona, number, **facts))

    def said(self, call: Any) -> list[str]:
        with self.sessions() as session:
            found = assistant.messages(session, call.conversation_id)
            session.rollback()
        return [one.text for one in found if one.sender == "bot"]

    def events(self, call: Any, kind: str) -> list[dict[str, Any]]:
        with self.sessions() as session:
            found = repository.events(session, call.id)
            session.rollback()
        return [event.data for event in found if event.kind == kind]

    def cases(self, call: Any) -> list[tuple[str, str]]:
        with self.sessions() as session:
            found = cases.of_conversation(session, call.conversation_id)
            session.rollback()
        return [(one.kind, one.urgency) for one in found]


@contextmanager
def hotline(sessions: Sessions, folder: Path, **options: Any) -> Iterator[Hotline]:
    clock = SystemClock()
    people, follow_ups = options.pop("people", None), options.pop("follow_ups", None)
    options.setdefault("settings", patient_settings())
    with sessions.begin() as session:
        assistant.load_library(session, clock)
        patient_id = _patient(session, "P1", BORN)
        contracts.upsert_contract(
            session,
            ContractIn(contract_number="C1", patient_id=patient_id, annual_fee_fen=120_000, arrears_fen=120_050),
            clock,
        )
        questionnaires.load_library(session, clock)
        task = OwnTaskIn(title="术后复查", due_on=date(2030, 3, 4), questionnaire_key="kidney_transplant")
        plans.create_own_plan(session, patient_id, OwnPlanIn(title="随访", tasks=(task,)), clock)
        live(session, FixedClock(clock.now()), PARKING)
    runtime = runtime_of(sessions, clock, folder)
    conversation = DialogueConversations(runtime, RulesEngine(sessions, clock, runtime.zone), people, follow_ups)
    with staged(sessions, folder, conversation, **options) as stage:
        yield Hotline(stage, sessions, patient_id)


def _patient(session: Any, number: str, born: date) -> UUID:
    new = PatientIn(record_number=number, name="王小丽", gender="female", birth_date=born, phone=NUMBER)
    return patients.upsert_patient(session, new, SystemClock()).patient_id


class TestACallToUs:
    def test_a_service_question_is_answered_and_the_call_is_kept(self, sessions: Sessions, tmp_path: Path) -> None:
        with hotline(sessions, tmp_path) as here:
            call = here.called("calls_service")
            said = here.said(call)
        assert (call.direction, call.disposition, call.patient_id) == ("inbound", "answered", None)
        assert call.caller_masked == "138****8000"
        assert said[0].startswith("您好，这里是")
        assert all(word in said[0] for word in ("自动", "录音", "按1", "按4", "按0"))
        assert any("院内有停车场" in text for text in said)
        assert not any(word in text for word in PERSONAL for text in said)

    def test_own_facts_are_told_after_the_second_fact_and_not_before(self, sessions: Sessions, tmp_path: Path) -> None:
        with hotline(sessions, tmp_path) as here:
            call = here.called("calls_visit", birth="一九九零年一月五号")
            said = here.said(call)
        asked = next(number for number, text in enumerate(said) if "核对身份" in text)
        assert not any(word in text for word in PERSONAL for text in said[: asked + 1])
        assert "王女士，您好" in said[asked + 1]
        assert "术后复查，日期是2030年3月4日" in said[asked + 1]
        assert "还欠1200.50元" in said[asked + 2]
        assert (call.patient_id, call.disposition) == (here.patient_id, "answered")

    def test_keys_alone_get_the_same(self, sessions: Sessions, tmp_path: Path) -> None:
        with hotline(sessions, tmp_path) as here:
            call = here.called("calls_keys", birth="19900105")
            said = here.said(call)
        assert any("2030年3月4日" in text for text in said)
        assert any("还欠1200.50元" in text for text in said)
        assert any("门诊时间请按1" in text for text in said)
        assert call.patient_id == here.patient_id

    def test_a_wrong_second_fact_twice_tells_nothing(self, sessions: Sessions, tmp_path: Path) -> None:
        with hotline(sessions, tmp_path) as here:
            call = here.called("calls_guesses")
            said = here.said(call)
            failed = here.events(call, "caller.not_confirmed")
        assert sum("没有核对上" in text for text in said) == 2
        assert not any(word in text for word in PERSONAL for text in said)
        assert (call.patient_id, len(failed)) == (None, 1)

    def test_an_unknown_number_hears_the_same_questions_as_a_known_one(
        self, sessions: Sessions, tmp_path: Path
    ) -> None:
        with hotline(sessions, tmp_path) as here:
            known = here.said(here.called("calls_guesses"))
            unknown = here.said(here.called("calls_guesses", "+8613911112222"))
        assert known == unknown

    def test_of_two_patients_on_one_phone_the_second_fact_decides(self, sessions: Sessions, tmp_path: Path) -> None:
        with hotline(sessions, tmp_path) as here:
            with sessions.begin() as session:
                other = _patient(session, "P2", date(1962, 8, 9))
            call = here.called("calls_visit", birth="一九六二年八月九号")
            said = here.said(call)
        assert call.patient_id == other
        assert any("没有待完成的随访" in text for text in said)

    def test_a_number_that_failed_too_often_is_asked_no_more(self, sessions: Sessions, tmp_path: Path) -> None:
        with hotline(sessions, tmp_path) as here:
            for number in range(callers.FAILED_CALLS):
                _failed_call(sessions, f"CA{number}")
            said = here.said(here.called("calls_visit", birth="19900105"))
        assert any("次数太多" in text for text in said)
        assert not any(word in text for word in PERSONAL for text in said)

    def test_who_says_nothing_is_asked_twice_and_let_go(self, sessions: Sessions, tmp_path: Path) -> None:
        with hotline(sessions, tmp_path) as here:
            call = here.called("calls_silent")
            said = here.said(call)
        assert ["您还在吗" in text for text in said] == [False, True, True, False]
        assert call.disposition == "silent"

    def test_a_red_flag_is_answered_with_the_approved_words_and_an_urgent_case(
        self, sessions: Sessions, tmp_path: Path
    ) -> None:
        with hotline(sessions, tmp_path) as here:
            call = here.called("calls_emergency")
            said = here.said(call)
            opened = here.cases(call)
        assert ("red_flag", "urgent") in opened
        assert "一二零" in said[1]
        assert call.disposition == "emergency"


class TestAPerson:
    def test_there_by_the_hours_gets_the_call(self, sessions: Sessions, tmp_path: Path) -> None:
        always = PeopleHours("8001", time(0), time(23, 59, 59), frozenset(range(1, 8)))
        settings = patient_settings(transfer_number="8001")
        with hotline(sessions, tmp_path, people=always, settings=settings) as here:
            with sessions.begin() as session:
                for queue in queues.queues(session):
                    open_all_day = QueueIn.model_validate(queue.model_dump(exclude={"id"}) | {"hours": ()})
                    queues.change_queue(session, queue.id, open_all_day)
            call = here.called("calls_person")
            sent = here.stage.exchange.state.exchange.store.get(_sid(here, call)).transferred_to
            opened = here.cases(call)
        assert (sent, call.disposition, opened) == ("8001", "wants_person", [("handoff", "high")])

    def test_not_there_is_said_and_a_case_waits(self, sessions: Sessions, tmp_path: Path) -> None:
        with hotline(sessions, tmp_path) as here:
            call = here.called("calls_person")
            said, opened = here.said(call), here.cases(call)
        assert "没有工作人员值班" in said[1]
        assert "请按4" in said[1]
        assert opened == [("handoff", "high")]


class TestAMessage:
    def test_is_recorded_written_down_and_a_case(self, sessions: Sessions, tmp_path: Path) -> None:
        with hotline(sessions, tmp_path) as here:
            call = here.called("calls_message")
            said, opened, left = here.said(call), here.cases(call), here.events(call, "message.left")
            with sessions() as session:
                words = [one.text for one in assistant.messages(session, call.conversation_id)]
                kept = repository.recording(session, call.id)
        assert opened == [("voicemail", "normal")]
        assert any("留言" in text and "改一下复查的时间" in text for text in words)
        assert any("留言已经保存" in text for text in said)
        assert (left[0]["spoke"], left[0]["saved"], call.disposition) == (True, True, "message_left")
        assert kept is not None
        audio = kept_audio(sessions, call.id, tmp_path / "recordings" / str(kept.file_name))
        assert left[0]["begun_ms"] < len(audio)

    def test_broken_off_by_the_caller_is_kept(self, sessions: Sessions, tmp_path: Path) -> None:
        with hotline(sessions, tmp_path) as here:
            call = here.called("calls_message_breaks_off")
            opened, left = here.cases(call), here.events(call, "message.left")
        assert (opened, call.disposition) == ([("voicemail", "normal")], "message_left")
        assert left[0]["spoke"]

    def test_for_which_the_disk_is_full_is_admitted_and_people_call_back(
        self, sessions: Sessions, tmp_path: Path
    ) -> None:
        (tmp_path / "recordings").write_text("in the way of the folder")
        with hotline(sessions, tmp_path) as here:
            call = here.called("calls_message")
            said, opened = here.said(call), here.cases(call)
        assert any("没能录下您的留言" in text for text in said)
        assert opened == [("voicemail", "high")]

    def test_of_a_process_that_died_is_a_case_once_the_call_is_found_over(
        self, sessions: Sessions, clock: FixedClock
    ) -> None:
        arrival = Arrival(carrier="simulator", carrier_sid="CA9", caller=NUMBER)
        with sessions.begin() as session:
            assistant.load_library(session, clock)
            known = service.register_arrival(session, arrival, clock)
            where = known.conversation.conversation_id
            assistant.open_conversation(session, "voice", None, assistant.CALL, clock, conversation_id=where)
            assistant.begin_call(session, where, CallStanding(), "仁和医院", clock)
        runtime = assistant.AssistantRuntime(sessions, clock, ZONE, RulesEngine(sessions, clock, ZONE), FakeAnswers())
        pressed = assistant.Inbound(channel="voice", conversation_id=where, message_id="m1", key="4")
        assert assistant.receive(runtime, pressed).records_seconds == 90
        with sessions.begin() as session:
            service.finish(session, known.id, Ending(disposition="interrupted"), clock)
        for _ in range(2):
            handle_pending(sessions, callers.handlers(clock), clock)
        with sessions() as session:
            opened = cases.of_conversation(session, where)
        assert [(one.kind, one.urgency, one.call_id) for one in opened] == [("voicemail", "high", known.id)]


class TestTheWebhook:
    def test_told_twice_is_one_call_and_forged_is_refused(self, sessions: Sessions, tmp_path: Path) -> None:
        with hotline(sessions, tmp_path) as here:
            url = f"{here.stage.ours.url}/carriers/twilio/voice"
            form = {"CallSid": "CA1", "From": NUMBER, "To": "+861012345678", "CallStatus": "ringing"}
            good = {"X-Twilio-Signature": sign(TOKEN, url, form)}
            answers = [httpx.post(url, data=form, headers=good, trust_env=False) for _ in range(2)]
            forged = httpx.post(url, data=form | {"From": "+8613900000000"}, headers=good, trust_env=False)
            unsigned = httpx.post(url, data=form, trust_env=False)
            nameless = httpx.post(
                url, data={"From": NUMBER}, headers={"X-Twilio-Signature": sign(TOKEN, url, {"From": NUMBER})},
                trust_env=False,
            )  # fmt: skip
            with sessions() as session:
                listed = api.calls(session, api.CallFilter()).items
        assert [answer.status_code for answer in answers] == [200, 200]
        assert answers[0].text == answers[1].text
        assert "<Stream" in answers[0].text
        assert (forged.status_code, unsigned.status_code, nameless.status_code) == (403, 403, 422)
        assert [(call.direction, call.state) for call in listed] == [("inbound", "ringing")]

    def test_a_status_of_a_call_nobody_knows_changes_nothing(self, sessions: Sessions, tmp_path: Path) -> None:
        with hotline(sessions, tmp_path) as here:
            url = f"{here.stage.ours.url}/carriers/twilio/status"
            form = {"CallSid": "CA404", "CallStatus": "completed"}
            told = httpx.post(url, data=form, headers={"X-Twilio-Signature": sign(TOKEN, url, form)}, trust_env=False)
        assert told.status_code == 204

    @pytest.mark.parametrize(
        ("told", "number"),
        [
            ("+8613800138000", NUMBER), ("13800138000", NUMBER), ("013800138000", NUMBER), ("008613800138000", NUMBER),
            ("anonymous", None), ("", None), ("+266696687", None),
            ("01062345678", "01062345678"), ("+14155550100", "+14155550100"),
        ],
    )  # fmt: skip
    def test_numbers_are_known_however_the_exchange_writes_them(self, told: str, number: str | None) -> None:
        assert rules.caller_number(told) == number


def _failed_call(sessions: Sessions, sid: str) -> None:
    with sessions.begin() as session:
        arrival = Arrival(carrier="simulator", carrier_sid=sid, caller=NUMBER)
        known = service.register_arrival(session, arrival, SystemClock())
        service.note_unconfirmed(session, known.conversation.conversation_id, SystemClock())
        service.finish(session, known.id, Ending(disposition="partial"), SystemClock())


def _sid(here: Hotline, call: Any) -> str:
    with here.sessions() as session:
        return str(service.snapshot(session, call.id).carrier_sid)
