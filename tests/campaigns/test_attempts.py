"""The state machine of an attempt, and what a claim promises."""

import itertools
from datetime import timedelta
from uuid import UUID

import pytest

from campaigns.attempts import service as attempts
from campaigns.attempts.rules import TRANSITIONS, sources_of
from campaigns.attempts.schemas import AttemptState as S
from tests.campaigns.world import World


class TestTransitions:
    @pytest.mark.unit
    def test_nothing_follows_the_end(self) -> None:
        assert TRANSITIONS[S.ENDED] == frozenset()

    @pytest.mark.unit
    def test_a_number_that_may_have_been_dialled_never_becomes_planned_again(self) -> None:
        reachable: set[S] = {S.DIALLING}
        for _ in S:
            reachable |= set(itertools.chain.from_iterable(TRANSITIONS[state] for state in reachable))
        assert not reachable & {S.PLANNED, S.LEASED}

    @pytest.mark.unit
    def test_sources_are_the_transitions_backwards(self) -> None:
        for state in S:
            assert all(state in TRANSITIONS[source] for source in sources_of(state))


class TestClaim:
    def test_gives_an_attempt_to_one_owner(self, world: World) -> None:
        world.record.add()
        world.campaign()
        attempt_id = _planned(world)
        with world.sessions.begin() as session:
            first = attempts.claim(session, attempt_id, "a", timedelta(seconds=60), world.clock)
        with world.sessions.begin() as session:
            second = attempts.claim(session, attempt_id, "b", timedelta(seconds=60), world.clock)
        assert first is not None
        assert first.lease_owner == "a"
        assert second is None


def _planned(world: World) -> UUID:
    from campaigns.dispatch.planning import plan_campaigns
    from campaigns.dispatch.service import dispatch

    plan_campaigns(world.runtime)
    (attempt_id,) = dispatch(world.runtime)
    return attempt_id
