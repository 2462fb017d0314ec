from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy.orm import Session

from core_api.kit.clock import FixedClock
from core_api.kit.db import Sessions
from core_api.kit.follow import Follower
from core_api.kit.outbox import publish
from huifang.live import LiveFeed
from tests.huifang.support import runtime_of

pytestmark = pytest.mark.unit


class TestPoll:
    def test_finds_an_event_that_commits_after_a_later_one(self, sessions: Sessions, clock: FixedClock) -> None:
        feed, follower = LiveFeed(runtime_of(sessions, clock)), Follower()
        since = clock.now()
        early = clock.now()
        clock.advance(timedelta(seconds=2))
        _publish(sessions, "alert.raised", clock)
        assert [message["name"] for _, message in feed.poll(follower, since)] == ["alert.raised"]
        _publish(sessions, "call.ended", FixedClock(early))
        assert [message["name"] for _, message in feed.poll(follower, since)] == ["call.ended"]

    def test_brings_every_event_however_many_there_are(self, sessions: Sessions, clock: FixedClock) -> None:
        feed, follower = LiveFeed(runtime_of(sessions, clock)), Follower()
        feed.poll(follower, clock.now())
        with sessions.begin() as session:
            for number in range(1_500):
                publish(session, "message.added", None, {"number": number}, clock)
        found = [message["data"]["number"] for _, message in feed.poll(follower, clock.now())]
        assert found == list(range(1_500))

    def test_leaves_out_what_was_there_long_before_anybody_listened(
        self, sessions: Sessions, clock: FixedClock
    ) -> None:
        _publish(sessions, "alert.raised", clock)
        clock.advance(timedelta(minutes=1))
        _publish(sessions, "call.ended", clock)
        found = LiveFeed(runtime_of(sessions, clock)).poll(Follower(), clock.now() - timedelta(seconds=10))
        assert [message["name"] for _, message in found] == ["call.ended"]

    def test_gives_each_event_its_topics(self, sessions: Sessions, clock: FixedClock) -> None:
        call_id, campaign_id = str(uuid4()), str(uuid4())
        _publish(sessions, "call.started", clock, call_id=call_id, campaign_id=campaign_id)
        [(topics, message)] = LiveFeed(runtime_of(sessions, clock)).poll(Follower(), clock.now())
        assert topics == {f"call:{call_id}", f"campaign:{campaign_id}", "calls"}
        assert message["data"]["call_id"] == call_id

    def test_adds_what_the_outbox_may_not_hold(self, sessions: Sessions, clock: FixedClock) -> None:
        def enrich(_session: Session, _event: object) -> dict[str, str]:
            return {"text": "您好"}

        _publish(sessions, "message.added", clock, conversation_id="c1")
        [(topics, message)] = LiveFeed(runtime_of(sessions, clock), {"message.added": enrich}).poll(
            Follower(), clock.now()
        )
        assert message["data"]["text"] == "您好"
        assert "conversation:c1" in topics


def _publish(sessions: Sessions, name: str, clock: FixedClock, **data: str) -> None:
    with sessions.begin() as session:
        publish(session, name, None, data, clock)
