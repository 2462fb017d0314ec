from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy.orm import Session

from core_api.kit.clock import FixedClock
from core_api.kit.db import Sessions
from core_api.kit.outbox import publish
from huifang.live import LiveFeed
from tests.huifang.support import runtime_of

pytestmark = pytest.mark.unit


class TestPoll:
    def test_finds_an_event_that_commits_after_a_later_one(self, sessions: Sessions, clock: FixedClock) -> None:
        feed = LiveFeed(runtime_of(sessions, clock))
        since = clock.now()
        early = clock.now()
        clock.advance(timedelta(seconds=2))
        _publish(sessions, "alert.raised", clock)
        assert [message["name"] for _, message in feed.poll(since)] == ["alert.raised"]
        _publish(sessions, "call.ended", FixedClock(early))
        assert [message["name"] for _, message in feed.poll(since)] == ["call.ended"]

    def test_gives_each_event_its_topics(self, sessions: Sessions, clock: FixedClock) -> None:
        call_id, campaign_id = str(uuid4()), str(uuid4())
        _publish(sessions, "call.started", clock, call_id=call_id, campaign_id=campaign_id)
        [(topics, message)] = LiveFeed(runtime_of(sessions, clock)).poll(clock.now())
        assert topics == {f"call:{call_id}", f"campaign:{campaign_id}", "calls"}
        assert message["data"]["call_id"] == call_id

    def test_adds_what_the_outbox_may_not_hold(self, sessions: Sessions, clock: FixedClock) -> None:
        def enrich(_session: Session, _event: object) -> dict[str, str]:
            return {"text": "您好"}

        _publish(sessions, "message.added", clock, conversation_id="c1")
        [(topics, message)] = LiveFeed(runtime_of(sessions, clock), {"message.added": enrich}).poll(clock.now())
        assert message["data"]["text"] == "您好"
        assert "conversation:c1" in topics


def _publish(sessions: Sessions, name: str, clock: FixedClock, **data: str) -> None:
    with sessions.begin() as session:
        publish(session, name, None, data, clock)
