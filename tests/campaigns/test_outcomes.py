"""What comes of a call: retries by kind, the list for people, one effect however often it is told."""

from dataclasses import replace
from datetime import timedelta

import pytest

from campaigns.campaigns import service as campaigns
from campaigns.dispatch.port import Fate
from campaigns.dispositions.service import get, labels, library, load_library
from campaigns.people import service as people
from campaigns.people.schemas import CloseCase, PeopleLine
from core_api.kit.db import new_id
from core_api.kit.errors import Conflict, NotFound
from core_api.kit.outbox import OutboxEvent, handle_pending, publish
from tests.campaigns.world import World, local


def begin(world: World) -> None:
    world.record.add()
    world.campaign(patient_daily_cap=10)
    assert world.tick().run == ("placed",)


def cases(world: World) -> list[PeopleLine]:
    with world.sessions() as session:
        return people.page(session, world.record, None, 50, open_only=True).items


class TestApply:
    @pytest.mark.covers("RC-OUT-05")
    def test_the_same_outcome_twenty_times_has_one_effect(self, world: World) -> None:
        begin(world)
        world.end(world.dialler.orders[0].call_id, "completed", times=20, completed=True)
        assert [status for _, status in world.record.statuses] == ["done"]
        assert len(world.record.finished) == len(world.record.planned_after) == 1
        assert (world.target().state, world.target().attempts_made) == ("done", 1)

    @pytest.mark.covers("RC-OUT-05")
    @pytest.mark.parametrize(
        ("disposition", "target", "task", "flag"),
        [
            ("completed", "done", "done", None),
            ("refused", "done", "cancelled", None),
            ("do_not_call", "done", "cancelled", "do_not_contact"),
            ("deceased", "people", "cancelled", "deceased"),
            ("wrong_number", "people", "unreachable", "wrong_number"),
            ("wants_person", "people", "in_progress", None),
            ("invalid_number", "people", "unreachable", None),
            ("unknown", "people", "unreachable", None),
            ("no_such_thing", "people", "unreachable", None),
            (None, "people", "unreachable", None),
        ],
    )
    def test_a_final_outcome_sets_task_target_and_patient(
        self, world: World, disposition: str | None, target: str, task: str, flag: str | None
    ) -> None:
        begin(world)
        world.end_last(disposition)
        assert world.target().state == target
        assert [status for _, status in world.record.statuses] == [task]
        assert [name for _, name in world.record.flags] == ([flag] if flag else [])
        assert len(cases(world)) == (1 if target == "people" else 0)

    def test_evaluates_alerts_of_a_call_that_broke_off(self, world: World) -> None:
        begin(world)
        world.end_last("partial")
        assert world.record.finished == [(world.dialler.orders[0].response_id, False)]

    def test_finishes_the_campaign_with_its_last_target(self, world: World) -> None:
        begin(world)
        world.end_last("completed", completed=True)
        campaign = world.row(world.target().campaign_id)
        assert campaign.status == "finished"
        with world.sessions() as session:
            told = [e.data["status"] for e in session.query(OutboxEvent).filter_by(name="campaign.changed")]
        assert told == ["draft", "running", "running", "finished"]

    def test_ignores_calls_that_no_campaign_placed(self, world: World) -> None:
        with world.sessions.begin() as session:
            publish(session, "call.ended", None, {"attempt_id": None, "disposition": "completed"}, world.clock)
            publish(session, "call.ended", None, {"attempt_id": str(new_id())}, world.clock)
        assert handle_pending(world.sessions, world.runtime.outcomes.handlers(), world.clock) == 2

    def test_all_or_nothing(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        begin(world)

        def fail(*_args: object, **_kwargs: object) -> None:
            raise RuntimeError

        with monkeypatch.context() as patched:
            patched.setattr(world.record, "after_response", fail)
            with world.sessions.begin() as session:
                data = {"attempt_id": str(world.dialler.orders[0].call_id), "disposition": "completed"}
                publish(session, "call.ended", None, data, world.clock)
            handle_pending(world.sessions, world.runtime.outcomes.handlers(), world.clock)
        assert (world.states(), world.target().state) == (["dialling"], "in_progress")

    def test_the_true_outcome_told_late_takes_the_place_of_unknown(self, world: World) -> None:
        begin(world)
        world.end_last("unknown")
        assert len(cases(world)) == 1
        world.end_last("completed", completed=True)
        assert (world.target().state, cases(world)) == ("done", [])


class TestRetry:
    @pytest.mark.covers("RC-OUT-03", "RC-OUT-04")
    def test_no_answer_is_tried_three_times_then_goes_to_people_with_all_attempts(self, world: World) -> None:
        begin(world)
        for _ in range(2):
            world.end_last("no_answer", answered=False)
            assert world.later(minutes=119).run == ()
            assert world.later(minutes=1).run == ("placed",)
        world.end_last("no_answer", answered=False)
        (case,) = cases(world)
        assert [one.disposition for one in case.attempts] == ["no_answer"] * 3
        assert (case.reason_label, world.record.statuses[-1][1]) == ("无人接听", "unreachable")
        assert world.later(days=3).run == ()

    def test_unfinished_calls_count_apart_and_continue_the_same_response(self, world: World) -> None:
        begin(world)
        for disposition, minutes in (("no_answer", 120), ("busy", 30), ("partial", 120), ("partial", 120)):
            world.end_last(disposition)
            assert world.later(minutes=minutes).run == ("placed",)
        assert (world.target().no_answer_count, world.target().unfinished_count) == (2, 2)
        assert len({order.response_id for order in world.dialler.orders}) == 1
        world.end_last("partial")
        assert world.target().state == "people"

    def test_calls_back_at_the_time_that_was_named(self, world: World) -> None:
        begin(world)
        world.end_last("callback", callback_at=local("2026-11-21T15:00").isoformat())
        world.clock.set(local("2026-11-21T14:59"))
        assert world.tick().run == ()
        world.clock.set(local("2026-11-21T15:00"))
        assert world.tick().run == ("placed",)

    def test_a_call_back_named_for_the_night_waits_for_the_morning(self, world: World) -> None:
        begin(world)
        world.end_last("callback", callback_at=local("2026-11-20T22:00").isoformat())
        world.clock.set(local("2026-11-20T22:00"))
        assert world.tick().run == ()
        world.clock.set(local("2026-11-21T09:00"))
        assert world.tick().run == ("placed",)

    @pytest.mark.covers("RC-OUT-03")
    @pytest.mark.parametrize("disposition", ["not_here", "relative"])
    def test_a_time_that_a_relative_named_is_kept(self, world: World, disposition: str) -> None:
        begin(world)
        world.end_last(disposition, callback_at=local("2026-11-20T11:30").isoformat())
        world.clock.set(local("2026-11-20T11:29"))
        assert world.tick().run == ()
        world.clock.set(local("2026-11-20T11:30"))
        assert world.tick().run == ("placed",)
        assert (world.target().no_answer_count, world.target().callback_count) == (0, 1)

    @pytest.mark.covers("RC-OUT-03")
    def test_a_promise_outlives_a_fate_that_was_asked_before_the_event(self, world: World) -> None:
        begin(world)
        (order,) = world.dialler.orders
        promised = local("2026-11-21T15:00")
        world.dialler.fates[order.call_id] = Fate(state="ended", disposition="callback", callback_at=promised)
        world.later(minutes=30)
        assert (world.states(), world.target().callback_at) == (["ended"], promised)
        world.end(order.call_id, "callback", callback_at=promised.isoformat())
        assert (world.target().callback_at, world.target().callback_count) == (promised, 1)

    @pytest.mark.covers("RC-OUT-03")
    def test_a_promise_that_comes_after_its_outcome_is_kept(self, world: World) -> None:
        begin(world)
        (order,) = world.dialler.orders
        world.dialler.fates[order.call_id] = Fate(state="ended", disposition="callback")
        world.later(minutes=30)
        assert world.target().callback_at is None
        promised = local("2026-11-21T15:00")
        world.end(order.call_id, "callback", callback_at=promised.isoformat())
        assert (world.target().callback_at, world.target().next_attempt_at) == (promised, promised)

    def test_on_a_line_that_is_simulated_waits_may_pass_faster(self, world: World) -> None:
        world.runtime = replace(world.runtime, retry_pace={"simulator": 60.0})
        begin(world)
        world.end_last("no_answer", answered=False)
        assert world.later(seconds=119).run == ()
        assert world.later(seconds=1).run == ("placed",)
        world.end_last("callback", callback_at=(world.clock.now() + timedelta(hours=1)).isoformat())
        assert world.later(seconds=59).run == ()
        assert world.later(seconds=1).run == ("placed",)

    def test_on_any_other_line_they_do_not(self, world: World) -> None:
        world.runtime = replace(world.runtime, retry_pace={"simulator": 60.0})
        world.record.add()
        world.campaign(carrier="twilio")
        world.tick()
        world.end_last("no_answer", answered=False)
        assert world.later(minutes=119).run == ()
        assert world.later(minutes=1).run == ("placed",)

    def test_a_cancelled_campaign_tries_no_more(self, world: World) -> None:
        begin(world)
        with world.sessions.begin() as session:
            campaigns.cancel(session, world.target().campaign_id, world.clock)
        world.end_last("no_answer")
        assert world.target().state == "cancelled"


class TestClose:
    @pytest.mark.covers("RC-OUT-04")
    def test_a_person_closes_a_case_once_and_the_task_follows(self, world: World) -> None:
        begin(world)
        world.end_last("invalid_number")
        (case,) = cases(world)
        with world.sessions.begin() as session:
            found = CloseCase(note="已电话联系家属", outcome="done")
            closed = people.close(session, world.record, case.id, found, new_id(), world.clock)
        assert (closed.outcome, world.record.statuses[-1][1], cases(world)) == ("done", "done", [])
        with world.sessions() as session, pytest.raises(Conflict):
            people.close(session, world.record, case.id, CloseCase(), new_id(), world.clock)
        with world.sessions() as session, pytest.raises(NotFound):
            people.close(session, world.record, new_id(), CloseCase(), new_id(), world.clock)


class TestLibrary:
    def test_seeds_once_and_keeps_what_the_hospital_changed(self, world: World) -> None:
        with world.sessions() as session:
            assert load_library(session) == 0
            assert list(labels(session)) == list(library())
            assert get(session, "busy").delay_minutes == 30
