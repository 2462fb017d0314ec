"""A follow-up that is due, offered to a confirmed caller and done in their call; personas call in."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from assistant.desk.cases import service as cases
from campaigns import api as campaigns
from campaigns.dispatch.service import tick
from campaigns.targets import service as targets
from campaigns.targets.schemas import TargetState, TargetUpdate
from core_api.alerts import service as alerts
from core_api.alerts.schemas import AlertFilter
from core_api.kit.clock import SystemClock
from core_api.kit.db import Sessions
from core_api.kit.outbox import handle_pending
from core_api.patients import service as patients
from core_api.patients.schemas import PatientIn
from core_api.plans import service as plans
from core_api.plans.planning import local_date
from core_api.plans.schemas import OwnPlanIn, OwnTaskIn, TaskView
from core_api.responses import service as responses
from dialogs.api import Reply, Turn
from huifang.follow_ups import FollowUpsOfCallers
from telephony.calls import service
from telephony.calls.schemas import Arrival, CallSnapshot, Ending
from tests.campaigns.world import ZONE, World
from tests.huifang.support import runtime_of
from tests.telephony.kit import NUMBER
from tests.telephony.test_calls_to_us import BORN, Hotline, hotline

pytestmark = pytest.mark.voice
TITLE = "术后首访"
DIGITS = BORN.strftime("%Y%m%d")


@dataclass
class Due:
    """A hotline, and a campaign whose only target is the caller's overdue follow-up."""

    here: Hotline
    world: World
    follow_ups: FollowUpsOfCallers

    def task(self) -> TaskView:
        with self.world.sessions() as session:
            found = plans.plans_of(session, self.here.patient_id, local_date(self.world.clock.now(), ZONE))
            session.rollback()
        return next(task for plan in found for task in plan.tasks if task.title == TITLE)

    def settled(self, call: Any) -> None:
        """What follows from the call, as often as the outbox may tell it."""
        assert call.state == "ended"
        for _ in range(2):
            handle_pending(self.world.sessions, _handlers(self.world), SystemClock())

    def begun_by_another_call(self, sid: str = "CA2") -> Reply | None:
        """What a caller hears who takes the follow-up up, in a call without audio."""
        known = self.arrived(sid)
        turn = Turn(conversation_id=known.conversation.conversation_id, turn_id="m1", key="1")
        return self.follow_ups.begin(turn, self.here.patient_id, people_there=False)

    def taken_up(self) -> CallSnapshot:
        """A call in which the follow-up is under way."""
        assert self.begun_by_another_call("CA1") is not None
        return self.arrived("CA1")

    def arrived(self, sid: str) -> CallSnapshot:
        with self.world.sessions.begin() as session:
            arrival = Arrival(carrier="simulator", carrier_sid=sid, caller=NUMBER)
            return service.register_arrival(session, arrival, SystemClock())

    def dialled(self, **later: float) -> int:
        """How many calls the campaign has placed, once so much time is over."""
        self.world.clock.advance(timedelta(**later))
        tick(self.world.runtime)
        return len(self.world.dialler.orders)


def _handlers(world: World) -> Any:
    outcomes = world.runtime.outcomes.handlers()
    changes = campaigns.handlers(world.clock, ZONE)
    return {**outcomes, **{name: changes[name] for name in ("patient.changed", "task.changed")}}


@contextmanager
def due(sessions: Sessions, folder: Path, clock: Any, questionnaire: str = "satisfaction") -> Iterator[Due]:
    """The clock of the campaign stands by day; the calls have the real one."""
    world = World(sessions, clock)
    object.__setattr__(world.runtime, "record", campaigns.CoreRecord())
    calls = campaigns.CallsIn(campaigns.CoreRecord(), clock, world.runtime.settings, "仁和医院")
    follow_ups = FollowUpsOfCallers(runtime_of(sessions, SystemClock(), folder), calls)
    with hotline(sessions, folder, follow_ups=follow_ups) as here:
        with sessions.begin() as session:
            known = PatientIn(
                record_number="P1", name="王小丽", gender="female", birth_date=BORN, phone=NUMBER, consent="granted"
            )
            patients.upsert_patient(session, known, clock)
            on = local_date(clock.now(), ZONE)
            task = OwnTaskIn(title=TITLE, due_on=on, questionnaire_key=questionnaire)
            plans.create_own_plan(session, here.patient_id, OwnPlanIn(title="术后", tasks=(task,)), clock)
        world.campaign(standing=True)
        campaigns_planned(world)
        yield Due(here, world, follow_ups)


def campaigns_planned(world: World) -> None:
    """Plans without dialling: the campaign's limit of calls at once is nought."""
    world.configure(max_concurrent=0)
    tick(world.runtime)
    world.configure(max_concurrent=20)
    assert [target.state for target in world.targets()] == ["waiting"]


class TestDone:
    @pytest.mark.parametrize(
        ("persona", "birth"), [("calls_follow_up", "一九九零年一月五号"), ("calls_follow_up_keys", DIGITS)]
    )
    def test_in_the_call_counts_as_if_the_campaign_had_called(
        self, sessions: Sessions, tmp_path: Path, clock: Any, persona: str, birth: str
    ) -> None:
        with due(sessions, tmp_path, clock) as one:
            call = one.here.called(persona, birth=birth)
            said = one.here.said(call)
            one.settled(call)
            (attempt,) = one.world.attempts()
            target, task = one.world.target(), one.task()
            again = one.dialled(days=1)
            with sessions() as session:
                response = responses.answers(session, call.response_id)
        offered = next(number for number, text in enumerate(said) if "现在方便花几分钟" in text)
        assert not any(TITLE in text for text in said[:offered])
        assert (call.direction, call.disposition, call.patient_id) == ("inbound", "completed", one.here.patient_id)
        assert (attempt.id, attempt.state, attempt.disposition) == (call.id, "ended", "completed")
        assert (attempt.dialled_on, call.campaign_id) == (None, target.campaign_id)
        assert (target.state, target.attempts_made, task.status, task.response_id) == (
            "done", 1, "done", call.response_id
        )  # fmt: skip
        assert (response.status, response.call_id, again) == ("completed", call.id, 0)
        assert len(response.answers) >= 5

    def test_to_its_middle_is_gone_on_with_in_the_next_call_of_ours(
        self, sessions: Sessions, tmp_path: Path, clock: Any
    ) -> None:
        with due(sessions, tmp_path, clock) as one:
            call = one.here.called("calls_follow_up_breaks_off", birth=DIGITS)
            one.settled(call)
            (attempt,) = one.world.attempts()
            target, task = one.world.target(), one.task()
            soon, later = one.dialled(minutes=60), one.dialled(minutes=61)
            order = one.world.dialler.orders[0]
            with sessions() as session:
                answers = responses.answers(session, call.response_id).answers
        assert (call.disposition, attempt.disposition) == ("partial", "partial")
        assert (target.state, target.unfinished_count, task.status) == ("retrying", 1, "in_progress")
        assert (soon, later, order.response_id) == (0, 1, call.response_id)
        assert len(answers) >= 1

    def test_with_a_red_flag_in_an_answer_alarms_and_goes_on(
        self, sessions: Sessions, tmp_path: Path, clock: Any
    ) -> None:
        with due(sessions, tmp_path, clock, "kidney_transplant") as one:
            call = one.here.called("calls_follow_up_fever", birth=DIGITS)
            said = one.here.said(call)
            one.settled(call)
            with sessions() as session:
                opened = [(case.kind, case.urgency) for case in cases.of_conversation(session, call.conversation_id)]
                levels = {alert.level for alert in alerts.list_alerts(session, AlertFilter(), clock).items}
            task = one.task()
        assert ("red_flag", "urgent") in opened
        assert any("一二零" in text and "最高烧到多少度" in text for text in said)
        assert (call.disposition, task.status, "red" in levels) == ("completed", "done", True)


class TestOffered:
    def test_and_put_off_goes_on_with_the_menu_and_is_not_offered_again(
        self, sessions: Sessions, tmp_path: Path, clock: Any
    ) -> None:
        with due(sessions, tmp_path, clock) as one:
            call = one.here.called("calls_follow_up_later", birth=DIGITS)
            said = one.here.said(call)
            one.settled(call)
            target, attempts = one.world.target(), one.world.attempts()
            dialled = one.dialled()
        assert sum("现在方便花几分钟" in text for text in said) == 1
        assert any("那以后再做" in text for text in said)
        assert any("还欠1200.50元" in text for text in said)
        assert (call.disposition, target.state, attempts, dialled) == ("answered", "waiting", [], 1)

    def test_is_nothing_that_was_done_already(self, sessions: Sessions, tmp_path: Path, clock: Any) -> None:
        with due(sessions, tmp_path, clock) as one:
            with sessions.begin() as session:
                plans.set_task_status(session, one.task().id, "done", reason="by_phone", clock=clock)
            said = one.here.said(one.here.called("calls_follow_up_later", birth=DIGITS))
        assert not any("现在方便花几分钟" in text for text in said)
        assert any("还欠1200.50元" in text for text in said)

    def test_is_nothing_while_the_campaign_dials_the_patient(
        self, sessions: Sessions, tmp_path: Path, clock: Any
    ) -> None:
        with due(sessions, tmp_path, clock) as one:
            assert one.dialled() == 1
            call = one.here.called("calls_follow_up_later", birth=DIGITS)
            said = one.here.said(call)
            one.settled(call)
            states = one.world.states()
        assert not any("现在方便花几分钟" in text for text in said)
        assert states == ["dialling"]

    def test_and_taken_up_keeps_every_campaign_from_dialling_meanwhile(
        self, sessions: Sessions, tmp_path: Path, clock: Any
    ) -> None:
        with due(sessions, tmp_path, clock) as one:
            one.world.campaign(standing=True)
            known = one.taken_up()
            during = one.dialled()
            assert one.begun_by_another_call() is None
            with sessions.begin() as session:
                ending = Ending(disposition="completed", completed=True)
                service.finish(session, known.id, ending, SystemClock())
            for _ in range(2):
                handle_pending(sessions, _handlers(one.world), SystemClock())
            after = one.dialled(days=1)
            states = sorted(target.state for target in one.world.targets())
        assert (during, after, states) == (0, 0, ["done", "done"])

    def test_to_who_could_not_be_reached_before_takes_it_off_the_list_for_people(
        self, sessions: Sessions, tmp_path: Path, clock: Any
    ) -> None:
        with due(sessions, tmp_path, clock) as one:
            for _ in range(3):
                assert one.dialled(days=1)
                one.world.end_last("no_answer", answered=False)
            with sessions() as session:
                waiting = campaigns.count_people(session)
            call = one.here.called("calls_follow_up", birth=DIGITS)
            one.settled(call)
            with sessions() as session:
                left = campaigns.count_people(session)
            target, task = one.world.target(), one.task()
        assert (waiting, left) == (1, 0)
        assert (call.disposition, target.state, target.attempts_made, task.status) == ("completed", "done", 4, "done")

    def test_is_nothing_of_a_paused_campaign_or_to_who_wants_no_calls(
        self, sessions: Sessions, tmp_path: Path, clock: Any
    ) -> None:
        with due(sessions, tmp_path, clock) as one:
            follow_ups = campaigns.CallsIn(campaigns.CoreRecord(), clock, one.world.runtime.settings, "仁和医院")
            target = one.world.target()
            with sessions.begin() as session:
                assert follow_ups.due(session, one.here.patient_id) is not None
                targets.put(session, target.id, TargetUpdate(state=TargetState.EXCLUDED, reason="no_consent"))
                assert follow_ups.due(session, one.here.patient_id) is None
                targets.put(session, target.id, TargetUpdate(state=TargetState.WAITING))
                campaigns.pause(session, target.campaign_id, clock)
                assert follow_ups.due(session, one.here.patient_id) is None
                campaigns.resume(session, target.campaign_id, clock)
                patients.set_do_not_contact(session, one.here.patient_id, "asked", clock)
                assert follow_ups.due(session, one.here.patient_id) is None
