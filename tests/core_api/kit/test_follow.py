"""Following the outbox."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from core_api.kit.clock import FixedClock
from core_api.kit.db import Sessions, new_id
from core_api.kit.follow import Follower
from core_api.kit.outbox import OutboxEvent

pytestmark = pytest.mark.unit


def put(session: Session, seq: int, clock: FixedClock) -> None:
    """An event under a number of its own, as a server's sequence gives it before the commit."""
    now = clock.now()
    session.add(OutboxEvent(seq=seq, id=new_id(), name="message.added", data={}, created_at=now, next_try_at=now))
    session.flush()


class TestPoll:
    def test_brings_each_event_once(self, session: Session, clock: FixedClock) -> None:
        follower = Follower()
        put(session, 1, clock)
        assert [event.seq for event in follower.poll(session, clock.now())] == [1]
        put(session, 2, clock)
        assert [event.seq for event in follower.poll(session, clock.now())] == [2]
        assert follower.poll(session, clock.now()) == []

    def test_brings_an_event_that_commits_after_a_later_one(self, session: Session, clock: FixedClock) -> None:
        follower = Follower()
        put(session, 5, clock)
        follower.poll(session, clock.now())
        put(session, 7, clock)
        follower.poll(session, clock.now())
        put(session, 6, clock)
        clock.advance(timedelta(seconds=20))
        assert [event.seq for event in follower.poll(session, clock.now())] == [6]

    def test_gives_up_on_numbers_of_transactions_that_rolled_back(self, session: Session, clock: FixedClock) -> None:
        follower = Follower()
        put(session, 1, clock)
        follower.poll(session, clock.now())
        put(session, 4, clock)
        follower.poll(session, clock.now())
        clock.advance(timedelta(seconds=31))
        put(session, 3, clock)
        assert follower.poll(session, clock.now()) == []

    def test_begins_near_the_end(self, sessions: Sessions, clock: FixedClock) -> None:
        with sessions.begin() as session:
            for seq in range(1, 251):
                put(session, seq, clock)
        with sessions() as session:
            assert next(event.seq for event in Follower().poll(session, clock.now())) == 51
