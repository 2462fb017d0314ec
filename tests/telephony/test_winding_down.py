"""The process is about to end: nobody is left on a dead line, and every call goes on another time."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from core_api.kit.db import Sessions
from core_api.kit.outbox import OutboxEvent
from telephony import api
from telephony.calls import repository
from tests.telephony.kit import ScriptedConversation, Stage, staged, wait_for

pytestmark = pytest.mark.voice


@pytest.fixture
def stage(sessions: Sessions, tmp_path: Path) -> Iterator[Stage]:
    with staged(sessions, tmp_path, ScriptedConversation(), pace=5.0) as running:
        yield running


def wind_down(stage: Stage, *, cancel_unanswered: bool = True) -> None:
    asyncio.run(api.wind_down(stage.runtime, within_seconds=10, cancel_unanswered=cancel_unanswered))


def state(stage: Stage, call_id: UUID) -> str:
    with stage.runtime.sessions() as session:
        return repository.row(session, call_id).state


def ends(stage: Stage) -> list[dict[str, Any]]:
    with stage.runtime.sessions() as session:
        return [dict(row.data) for row in session.scalars(select(OutboxEvent).where(OutboxEvent.name == "call.ended"))]


class TestWindDown:
    def test_says_good_bye_on_a_live_call_and_leaves_it_to_be_gone_on_with(self, stage: Stage) -> None:
        call_id = stage.place("silent")
        wait_for(lambda: len(stage.runtime.live) == 1)
        wind_down(stage)
        assert len(stage.runtime.live) == 0
        call = stage.ended(call_id)
        with stage.runtime.sessions() as session:
            events = repository.events(session, call_id)
            recording = repository.recording(session, call_id)
        assert call.disposition == "interrupted"
        assert "call.interrupted" in [event.kind for event in events]
        assert any(str(event.data.get("mark", "")).startswith("closing") for event in events) or recording is not None
        assert recording is not None
        assert [end["disposition"] for end in ends(stage)] == ["interrupted"]

    def test_a_call_that_is_ringing_is_cancelled_and_is_no_fault_of_the_line(self, stage: Stage) -> None:
        call_id = stage.place("never_answers")
        wait_for(lambda: state(stage, call_id) == "ringing")
        wind_down(stage)
        assert stage.ended(call_id).disposition == "interrupted"
        wait_for(lambda: api.fetch_fate(stage.runtime, call_id).state == "ended")
        with stage.runtime.sessions() as session:
            sid = repository.row(session, call_id).carrier_sid
        carrier = stage.runtime.carrier("simulator")
        wait_for(lambda: (told := carrier.fetch(str(sid))) is not None and told.status == "canceled")
        assert [(end["disposition"], end["answered"]) for end in ends(stage)] == [("interrupted", False)]

    def test_leaves_ringing_calls_to_other_processes_where_there_are_some(self, stage: Stage) -> None:
        call_id = stage.place("never_answers")
        wait_for(lambda: state(stage, call_id) == "ringing")
        wind_down(stage, cancel_unanswered=False)
        assert state(stage, call_id) == "ringing"


class TestAnsweredWhileAway:
    def test_is_told_apart_from_a_line_on_which_nobody_spoke(self, stage: Stage) -> None:
        """The patient picked up while our side was restarting: that the bot was away is no silence of theirs."""
        call_id = stage.place("cooperative")
        wait_for(lambda: state(stage, call_id) == "ringing")
        stage.ours.stop()
        with stage.runtime.sessions() as session:
            sid = str(repository.row(session, call_id).carrier_sid)
        carrier = stage.runtime.carrier("simulator")
        wait_for(lambda: (told := carrier.fetch(sid)) is not None and told.status == "completed")
        assert api.fetch_fate(stage.runtime, call_id).disposition == "bot_unavailable"
