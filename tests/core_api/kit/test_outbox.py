from collections.abc import Sequence
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core_api.kit.clock import FixedClock
from core_api.kit.db import Sessions
from core_api.kit.follow import Follower
from core_api.kit.outbox import Event, Handler, OutboxEvent, handle_pending, publish

pytestmark = pytest.mark.unit


def _publish(sessions: Sessions, clock: FixedClock, *names: str) -> None:
    with sessions.begin() as session:
        for name in names:
            publish(session, name, uuid4(), {}, clock)


def _writes(name: str, clock: FixedClock) -> Handler:
    def handler(session: Session, _event: Event) -> None:
        publish(session, name, None, {}, clock)

    return handler


def _fails(_session: Session, _event: Event) -> None:
    raise RuntimeError


class TestHandlePending:
    def test_runs_every_handler_once_oldest_first(self, sessions: Sessions, clock: FixedClock) -> None:
        seen: list[str] = []
        handlers: dict[str, Sequence[Handler]] = {
            name: [lambda _session, event: seen.append(event.name)] for name in ("call.ended", "alert.raised")
        }
        _publish(sessions, clock, "call.ended", "alert.raised", "unheard.of")
        assert handle_pending(sessions, handlers, clock) == 3
        assert handle_pending(sessions, handlers, clock) == 0
        assert seen == ["call.ended", "alert.raised"]

    def test_a_failed_handler_undoes_its_event_and_stops_no_other(self, sessions: Sessions, clock: FixedClock) -> None:
        seen: list[str] = []
        handlers: dict[str, Sequence[Handler]] = {
            "bad": [_writes("half.done", clock), _fails],
            "good": [lambda _session, event: seen.append(event.name)],
        }
        _publish(sessions, clock, "bad", "good")
        assert handle_pending(sessions, handlers, clock) == 1
        with sessions() as session:
            names = session.scalars(select(OutboxEvent.name)).all()
        assert "half.done" not in names
        assert seen == ["good"]

    def test_a_failed_event_is_tried_again_later(self, sessions: Sessions, clock: FixedClock) -> None:
        _publish(sessions, clock, "bad")
        handle_pending(sessions, {"bad": [_fails]}, clock)
        seen: list[int] = []
        healed: dict[str, Sequence[Handler]] = {"bad": [lambda _session, event: seen.append(event.seq)]}
        assert handle_pending(sessions, healed, clock) == 0
        clock.advance(timedelta(seconds=5))
        assert handle_pending(sessions, healed, clock) == 1
        assert len(seen) == 1


class TestPublish:
    def test_is_undone_with_its_transaction(self, sessions: Sessions, clock: FixedClock) -> None:
        with sessions() as session:
            publish(session, "call.ended", None, {}, clock)
            session.rollback()
        with sessions() as session:
            assert Follower().poll(session, clock.now()) == []
