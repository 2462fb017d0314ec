"""Dialling: nobody twice, nobody lost, whatever dies when."""

import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from campaigns.attempts import service as attempts
from campaigns.attempts.models import Attempt, LiveCall
from campaigns.campaigns import service as campaigns
from campaigns.campaigns.models import Campaign
from campaigns.dispatch import dialling
from campaigns.dispatch.dialling import run_attempt
from campaigns.dispatch.planning import plan_campaigns
from campaigns.dispatch.port import CallOrder, Fate, FateUnknown
from campaigns.dispatch.reconcile import sweep
from campaigns.dispatch.service import dispatch, tick
from campaigns.record.port import TaskFacts
from core_api.kit.clock import FixedClock
from core_api.kit.crypto import Keyring
from core_api.kit.db import Base, make_engine, make_sessions, new_id
from tests.campaigns.world import World, local
from tests.fakes.record import WILLING
from tests.fakes.telephony import Crash


class TestTick:
    @pytest.mark.covers("RC-OUT-02")
    def test_hands_each_due_task_to_the_carrier_once(self, world: World) -> None:
        world.record.add(5)
        world.campaign()
        assert world.tick().run == ("placed",) * 5
        assert world.later(seconds=5).run == ()
        assert set(world.dialler.dialled.values()) == {1}
        assert all(attempt.carrier_sid for attempt in world.attempts())

    def test_commits_dialling_before_the_carrier_is_asked(self, world: World) -> None:
        seen: list[str] = []
        world.dialler.before = lambda _order: seen.extend(world.states())
        world.record.add()
        world.campaign()
        world.tick()
        assert seen == ["dialling"]

    def test_keeps_to_the_limit_of_live_calls(self, world: World) -> None:
        world.record.add(10)
        world.campaign(max_concurrent=3)
        assert len(world.tick().run) == 3
        assert world.tick().run == ()
        world.end_last("completed", completed=True)
        assert len(world.tick().run) == 1

    def test_keeps_to_the_limit_over_all_campaigns(self, world: World) -> None:
        world.configure(max_concurrent=4)
        world.record.add(10)
        world.campaign()
        world.campaign()
        assert len(world.dialler.orders) + len(world.tick().run) == 4

    def test_keeps_to_the_daily_cap_and_goes_on_the_next_day(self, world: World) -> None:
        world.record.add(5)
        world.campaign(daily_cap=2)
        assert len(world.tick().run) == 2
        for order in list(world.dialler.orders):
            world.end(order.call_id, "completed", completed=True)
        assert world.tick().run == ()
        assert len(world.later(days=1).run) == 2

    @pytest.mark.parametrize(("now", "calls"), [("2026-11-30T19:59:59", 1), ("2026-11-30T20:00:00", 0)])
    def test_stops_at_the_windows_edge_on_the_months_last_day(self, world: World, now: str, calls: int) -> None:
        world.clock.set(local(now))
        world.record.add()
        world.campaign()
        assert len(world.tick().run) == calls
        world.clock.set(local("2026-12-01T09:00"))
        world.tick()
        assert len(world.dialler.orders) == 1

    def test_withdraws_what_the_window_overtook(self, world: World) -> None:
        world.clock.set(local("2026-11-30T19:59:59"))
        world.record.add()
        world.campaign()
        (attempt_id,) = _chosen(world)
        world.clock.set(local("2026-11-30T20:00:00"))
        assert run_attempt(world.runtime, attempt_id) == "withdrawn"
        assert world.target().next_attempt_at == local("2026-12-01T09:00")
        assert world.attempts() == []

    def test_leaves_out_who_may_not_be_called(self, world: World) -> None:
        world.record.add(facts=WILLING.model_copy(update={"consent": "unknown"}))
        campaign = world.campaign()
        world.tick()
        assert (world.target().state, world.target().reason) == ("excluded", "no_consent")
        assert world.row(campaign).status == "finished"

    def test_does_not_call_who_refused_after_planning(self, world: World) -> None:
        (task_id,) = world.record.add()
        world.campaign()
        (attempt_id,) = _chosen(world)
        patient_id = world.record.tasks[task_id].patient_id
        world.record.contacts[patient_id] = WILLING.model_copy(update={"do_not_contact": True})
        assert run_attempt(world.runtime, attempt_id) == "withdrawn"
        assert world.target().state == "excluded"

    def test_one_live_call_per_phone_over_campaigns(self, world: World) -> None:
        world.record.add(2, phone="+8615400000001")
        world.campaign()
        assert sorted(world.tick().run) == ["placed", "withdrawn"]
        assert world.later(minutes=5).run == ("withdrawn",)
        world.end_last("completed", completed=True)
        assert world.later(minutes=5).run == ("placed",)

    def test_at_a_simulated_pace_a_busy_phone_is_looked_at_again_sooner(self, world: World) -> None:
        world.runtime = replace(world.runtime, retry_pace={"simulator": 60.0})
        world.record.add(2, phone="+8615400000001")
        world.campaign()
        assert sorted(world.tick().run) == ["placed", "withdrawn"]
        world.end_last("completed", completed=True)
        assert world.later(seconds=4).run == ()
        assert world.later(seconds=1).run == ("placed",)

    def test_one_live_call_per_patient_over_campaigns(self, world: World) -> None:
        patient_id = new_id()
        world.record.add_task(patient_id)
        world.record.add_task(patient_id)
        world.campaign()
        world.campaign()
        assert sorted(world.tick().run) == ["placed", "withdrawn", "withdrawn", "withdrawn"]

    def test_paused_campaigns_call_nobody(self, world: World) -> None:
        from campaigns.campaigns import service as campaigns

        world.record.add()
        campaign = world.campaign()
        (attempt_id,) = _chosen(world)
        with world.sessions.begin() as session:
            campaigns.pause(session, campaign, world.clock)
        assert run_attempt(world.runtime, attempt_id) == "withdrawn"
        assert world.later(minutes=5).run == ()
        with world.sessions.begin() as session:
            campaigns.resume(session, campaign, world.clock)
        assert world.tick().run == ("placed",)

    @pytest.mark.covers("TX-3.11-3", "RC-OPS-03a")
    def test_a_standing_rule_takes_up_new_tasks_each_day(self, world: World) -> None:
        campaign = world.campaign(standing=True)
        assert world.tick().run == ()
        world.record.add(2)
        assert world.later(hours=1).run == ()
        assert world.later(days=1).run == ("placed", "placed")
        assert world.row(campaign).status == "running"

    def test_plans_in_batches_and_goes_on_where_it_stopped(self, world: World) -> None:
        world.configure(planning_batch=10)
        world.record.add(65)
        world.campaign()
        assert [plan_campaigns(world.runtime) for _ in range(3)] == [40, 25, 0]


class TestOneBrokenCampaign:
    """A row that cannot be read stands for any fault of one campaign."""

    def test_keeps_no_other_from_planning_and_calling(self, world: World, caplog: pytest.LogCaptureFixture) -> None:
        world.record.add(2)
        broken, sound = world.campaign(), world.campaign()
        with world.sessions.begin() as session:
            session.execute(update(Campaign).where(Campaign.id == broken).values(source={"kind": "no such"}))
        assert world.tick().run == ("placed", "placed")
        assert {one.campaign_id for one in world.attempts()} == {sound}
        assert str(broken) in str([vars(record).get("campaign_id") for record in caplog.records])

    def test_its_half_done_work_is_taken_back(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        world.record.add(2)
        broken = world.campaign()
        plan_campaigns(world.runtime)
        whole = attempts.plan

        def fail(session: Session, campaign_id: UUID, *arguments: Any) -> list[UUID]:
            planned = whole(session, campaign_id, *arguments)
            if campaign_id == broken:
                raise RuntimeError
            return planned

        with monkeypatch.context() as patched:
            patched.setattr(attempts, "plan", fail)
            assert dispatch(world.runtime) == []
        assert (world.states(), {one.state for one in world.targets()}) == ([], {"waiting"})
        assert len(dispatch(world.runtime)) == 2

    def test_a_database_that_fails_ends_the_round(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        world.record.add()
        world.campaign()

        def locked(*_arguments: Any) -> None:
            raise OperationalError("", None, Exception("database is locked"))

        monkeypatch.setattr(attempts, "plan", locked)
        with pytest.raises(OperationalError):
            world.tick()


class TestCarrierTrouble:
    @pytest.mark.covers("RC-OUT-03", "TX-6.2-1")
    def test_a_refusal_is_an_outcome_and_is_tried_again(self, world: World) -> None:
        world.dialler.refuse_with = "carrier_failed"
        world.record.add()
        world.campaign()
        assert world.tick().run == ("refused",)
        assert world.target().state == "retrying"
        world.dialler.refuse_with = None
        assert world.later(minutes=15).run == ("placed",)

    def test_an_unknown_fate_is_asked_and_never_dialled_again(self, world: World) -> None:
        world.dialler.after = _lose_answer
        world.record.add()
        world.campaign()
        assert world.tick().run == ("unknown",)
        for _ in range(20):
            world.later(minutes=2)
        assert sum(world.dialler.dialled.values()) == 1
        world.dialler.fates[world.attempts()[0].id] = Fate(state="ended", disposition="no_answer")
        world.later(minutes=2)
        assert world.states() == ["ended"]

    @pytest.mark.covers("TX-6.2-1")
    def test_a_call_the_carrier_never_saw_is_tried_again(self, world: World) -> None:
        world.dialler.before = _lose_answer
        world.record.add()
        world.campaign()
        world.tick()
        world.later(seconds=60)
        assert world.states() == ["unknown"]
        world.later(seconds=61)
        assert (world.target().state, world.target().last_disposition) == ("waiting", "not_placed")
        world.dialler.before = lambda _order: None
        assert world.later(minutes=5).run == ("placed",)

    def test_what_can_never_be_prepared_comes_to_people_and_the_campaign_to_its_end(
        self, world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        broken, _sound = world.record.add(2)
        facts = world.record.context

        def context(session: Session, task_id: UUID, task: TaskFacts) -> dict[str, str] | None:
            if task_id == broken:
                raise ValueError("陈秀英")
            return facts(session, task_id, task)

        monkeypatch.setattr(world.record, "context", context)
        campaign = world.campaign()
        assert sorted(world.tick().run) == ["placed", "unprepared"]
        world.end_last("completed", completed=True)
        target = world.target_of(broken)
        assert (target.state, target.last_disposition) == ("retrying", "unprepared")
        for _ in range(2):
            assert world.later(minutes=15).run == ("unprepared",)
        assert world.target_of(broken).state == "people"
        assert [one.dialled_on for one in world.attempts() if one.disposition == "unprepared"] == [None] * 3
        assert world.row(campaign).status == "finished"
        assert "陈秀英" not in caplog.text

    def test_a_lease_that_is_anothers_by_now_is_not_ended(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        world.record.add()
        world.campaign()

        def context(session: Session, *_: object) -> dict[str, str] | None:
            session.execute(update(Attempt).values(lease_owner="another"))
            session.commit()
            raise ValueError("late")

        monkeypatch.setattr(world.record, "context", context)
        assert world.tick().run == ("unprepared",)
        assert world.states() == ["leased"]

    def test_who_was_not_dialled_is_not_counted_as_tried(self, world: World) -> None:
        world.dialler.refuse_with = "not_placed"
        world.record.add()
        world.campaign(daily_cap=1, patient_daily_cap=1)
        for _ in range(8):
            assert world.tick().run == ("refused",)
            world.clock.advance(timedelta(minutes=5))
        assert (world.target().state, world.target().attempts_made, world.target().no_answer_count) == ("waiting", 0, 0)
        world.dialler.refuse_with = None
        assert world.tick().run == ("placed",)

    def test_a_promised_time_is_kept_when_the_call_was_not_placed(self, world: World) -> None:
        world.record.add()
        world.campaign()
        world.tick()
        promised = world.clock.now() + timedelta(hours=1)
        world.end_last("callback", callback_at=promised.isoformat())
        world.dialler.refuse_with = "not_placed"
        assert world.later(hours=1).run == ("refused",)
        assert (world.target().state, world.target().callback_at) == ("retrying", promised)

    def test_a_cancelled_campaign_does_not_try_again(self, world: World) -> None:
        world.dialler.before = _lose_answer
        world.record.add()
        campaign = world.campaign()
        world.tick()
        with world.sessions.begin() as session:
            campaigns.cancel(session, campaign, world.clock)
        world.later(seconds=60)
        world.later(seconds=61)
        assert world.target().state == "cancelled"

    def test_a_carrier_out_for_half_a_day_hands_the_call_to_people(self, world: World) -> None:
        world.dialler.after = _lose_answer
        world.record.add()
        world.campaign()
        world.tick()
        world.dialler.down = True
        world.later(hours=11)
        assert world.states() == ["unknown"]
        world.later(hours=2)
        assert world.target().state == "people"

    def test_one_call_that_cannot_be_settled_keeps_no_other_from_it(
        self, world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        world.dialler.after = _lose_answer
        world.record.add(3)
        world.campaign()
        world.tick()
        broken, *others = [attempt.id for attempt in world.attempts()]
        fate = world.dialler.fate

        def fails(call_id: UUID) -> Fate:
            if call_id == broken:
                raise ValueError("王小明 13800138000")
            return fate(call_id)

        monkeypatch.setattr(world.dialler, "fate", fails)
        for call_id in others:
            world.dialler.fates[call_id] = Fate(state="ended", disposition="no_answer")
        world.later(minutes=2)
        assert sorted(world.states()) == ["ended", "ended", "unknown"]
        assert "ValueError" in str([vars(record) for record in caplog.records])
        assert "王小明" not in str([vars(record) for record in caplog.records])
        world.dialler.fates[broken] = Fate(state="ended", disposition="busy")
        monkeypatch.undo()
        world.later(minutes=2)
        assert world.states() == ["ended"] * 3

    def test_a_call_that_goes_on_is_left_alone(self, world: World) -> None:
        world.record.add()
        world.campaign()
        world.tick()
        world.dialler.fates[world.attempts()[0].id] = Fate(state="in_progress")
        world.later(minutes=20)
        assert world.states() == ["in_call"]
        with world.sessions() as session:
            assert session.query(LiveCall).count() == 2


class TestCrash:
    """The process dies between committed transactions; the next one finds its way."""

    @pytest.mark.parametrize("step", ["planned", "claimed", "dialling", "placed"])
    @pytest.mark.covers("RC-OUT-03")
    def test_nobody_is_lost_and_nobody_dialled_twice(
        self, world: World, monkeypatch: pytest.MonkeyPatch, step: str
    ) -> None:
        world.record.add()
        world.campaign()
        (attempt_id,) = _chosen(world)
        with monkeypatch.context() as patched:
            _crash_at(patched, world, step)
            if step != "planned":
                with pytest.raises(Crash):
                    run_attempt(world.runtime, attempt_id)
        world.dialler.before = world.dialler.after = lambda _order: None
        for _ in range(40):
            world.later(minutes=1)
        assert sum(world.dialler.dialled.values()) == 1
        world.end_last("completed", completed=True)
        assert world.target().state == "done"

    def test_an_expired_lease_loses_to_the_one_after(self, world: World) -> None:
        world.record.add()
        world.campaign()
        (attempt_id,) = _chosen(world)
        with world.sessions.begin() as session:
            slow = attempts.claim(session, attempt_id, "slow", timedelta(seconds=60), world.clock)
        world.clock.advance(timedelta(seconds=61))
        assert sweep(world.runtime) == [attempt_id]
        assert run_attempt(world.runtime, attempt_id) == "placed"
        assert slow is not None
        with world.sessions.begin() as session:
            assert dialling.prepare(session, world.runtime, slow) is None
        assert world.states() == ["dialling"]
        assert sum(world.dialler.dialled.values()) == 1


class TestRace:
    @pytest.mark.usefixtures("sessions")
    @settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(people=st.integers(1, 12), shared=st.integers(0, 3), workers=st.integers(2, 4))
    def test_workers_racing_dial_nobody_twice(
        self, tmp_path: Path, keyring: Keyring, people: int, shared: int, workers: int
    ) -> None:
        engine = make_engine(f"sqlite:///{tmp_path / new_id().hex}.db")
        Base.metadata.create_all(engine)
        world = World(make_sessions(engine, keyring), FixedClock(local("2026-11-20T09:00")))
        world.record.add(people)
        world.record.add(shared, phone="+8615499999999")
        world.configure(max_concurrent=100)
        world.campaign(max_concurrent=100)
        race(world, workers)
        assert all(number == 1 for number in world.dialler.dialled.values())
        assert len(world.dialler.dialled) == people + (1 if shared else 0)
        engine.dispose()

    def test_the_same_attempt_run_by_many_is_placed_once(self, world: World) -> None:
        world.record.add(3)
        world.campaign()
        chosen = _chosen(world)
        results = _together([lambda one=one: run_attempt(world.runtime, one) for one in chosen * 4])
        assert sorted(results) == ["placed"] * 3 + ["taken"] * 9


def race(world: World, workers: int, rounds: int = 4) -> None:
    """Several workers tick at once, several times."""
    plan_campaigns(world.runtime)
    _together([lambda: [tick(world.runtime).run for _ in range(rounds)] for _ in range(workers)])


def _together(work: list) -> list:  # type: ignore[type-arg]
    results: list = []  # type: ignore[type-arg]
    errors: list[BaseException] = []

    def run(one) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
        try:
            results.append(one())
        except BaseException as error:  # noqa: BLE001 - told to the test below
            errors.append(error)

    threads = [threading.Thread(target=run, args=(one,)) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    return results


def _chosen(world: World) -> list[UUID]:
    plan_campaigns(world.runtime)
    return dispatch(world.runtime)


def _lose_answer(_order: CallOrder) -> None:
    raise FateUnknown


def _crash_at(patched: pytest.MonkeyPatch, world: World, step: str) -> None:
    def crash(*_args: object, **_kwargs: object) -> None:
        raise Crash

    if step == "claimed":
        patched.setattr(dialling, "prepare", crash)
    elif step == "dialling":
        world.dialler.before = crash
    elif step == "placed":
        world.dialler.after = crash
