"""A follow-up taken up by the patient's own call, at once with workers that dial."""

from collections import Counter
from threading import Thread
from uuid import UUID

import pytest

from campaigns.calling_in.service import CallsIn
from campaigns.campaigns import service as campaigns
from campaigns.dispatch.port import Fate
from core_api.kit.clock import FixedClock
from core_api.kit.db import Sessions, new_id
from core_api.kit.outbox import handle_pending, publish
from tests.campaigns.test_dispatch import race
from tests.campaigns.test_servers import server_sessions
from tests.campaigns.world import World

__all__ = ["server_sessions"]
PATIENTS = 24


def calls_in(world: World) -> CallsIn:
    return CallsIn(world.record, world.clock, world.runtime.settings, "仁和医院")


def begin(world: World, patient_id: UUID) -> UUID | None:
    """A confirmed caller says yes; the id of the call that the follow-up became."""
    with world.sessions.begin() as session:
        order = calls_in(world).begin(session, patient_id, new_id(), new_id())
    return None if order is None else order.call_id


def planned(world: World, count: int = 1) -> list[UUID]:
    """A campaign whose patients wait to be called; by id."""
    world.record.add(count)
    world.campaign(max_concurrent=100, patient_daily_cap=10)
    world.configure(max_concurrent=0)
    world.tick()
    world.configure(max_concurrent=100)
    return [target.patient_id for target in world.targets()]


def ended(world: World, call_id: UUID, **data: object) -> None:
    event = {"call_id": str(call_id), "attempt_id": "in:asterisk:1", "direction": "inbound", "answered": True} | data
    with world.sessions.begin() as session:
        publish(session, "call.ended", call_id, event, world.clock)
    handle_pending(world.sessions, world.runtime.outcomes.handlers(), world.clock)


def contend(world: World) -> None:
    """Workers dial and patients call at once: each patient is talked to once."""
    patients = planned(world, PATIENTS)
    begun: list[UUID | None] = []
    callers = [Thread(target=lambda one=one: begun.append(begin(world, one))) for one in patients[::2]]
    dialling = Thread(target=race, args=(world, 2))
    for thread in (*callers, dialling):
        thread.start()
    for thread in (*callers, dialling):
        thread.join()
    attempts = Counter(attempt.target_id for attempt in world.attempts() if attempt.state != "planned")
    assert len(begun) == len(callers)
    assert set(attempts.values()) == {1}
    assert len(attempts) == PATIENTS
    assert sum(world.dialler.dialled.values()) == PATIENTS - sum(one is not None for one in begun)


class TestBegin:
    def test_at_once_with_workers_nobody_is_talked_to_twice(self, world: World) -> None:
        contend(world)

    @pytest.mark.db
    def test_nor_on_a_server(self, server_sessions: Sessions, clock: FixedClock) -> None:
        contend(World(server_sessions, clock))

    def test_by_two_calls_of_one_patient_is_one(self, world: World) -> None:
        (patient,) = planned(world)
        assert begin(world, patient) is not None
        assert begin(world, patient) is None
        with world.sessions() as session:
            assert calls_in(world).due(session, patient) is None

    def test_counts_against_no_cap_and_a_call_back_is_kept(self, world: World) -> None:
        (patient,) = planned(world)
        call_id = begin(world, patient)
        assert call_id is not None
        at = world.clock.now().replace(minute=59)
        ended(world, call_id, disposition="callback", callback_at=at.isoformat())
        target, (attempt,) = world.target(), world.attempts()
        assert (attempt.state, attempt.dialled_on, target.state, target.callback_at) == ("ended", None, "retrying", at)

    def test_of_a_campaign_that_is_over_stays_with_people_unless_it_was_completed(self, world: World) -> None:
        (patient,) = planned(world)
        for _ in range(3):
            world.later(days=1)
            world.end_last("no_answer", answered=False)
        world.record.tasks = {
            key: task.model_copy(update={"status": "unreachable"}) for key, task in world.record.tasks.items()
        }
        assert world.row(world.target().campaign_id).status == "finished"
        first = begin(world, patient)
        assert first is not None
        ended(world, first, disposition="partial")
        assert world.target().state == "people"
        second = begin(world, patient)
        assert second is not None
        ended(world, second, disposition="completed", completed=True)
        assert world.target().state == "done"

    def test_whose_end_nobody_told_is_asked_of_the_call(self, world: World) -> None:
        (patient,) = planned(world)
        call_id = begin(world, patient)
        assert call_id is not None
        world.dialler.fates[call_id] = Fate(state="ended", disposition="partial", answered=True)
        world.later(minutes=20)
        world.later(minutes=1)
        assert (world.states(), world.target().last_disposition) == (["ended"], "partial")

    def test_of_a_cancelled_campaign_there_is_none(self, world: World) -> None:
        (patient,) = planned(world)
        with world.sessions.begin() as session:
            campaigns.cancel(session, world.target().campaign_id, world.clock)
        assert begin(world, patient) is None
