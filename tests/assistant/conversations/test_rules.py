"""How a conversation's standing follows from what happens in it."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from assistant.conversations import rules
from assistant.conversations.schemas import Standing, Status
from core_api.kit.errors import Conflict

pytestmark = pytest.mark.unit
NOW = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
BEFORE = NOW - timedelta(hours=1)
NURSE = uuid4()


class TestAfterMessage:
    def test_a_patient_starts_the_clock_of_people_once(self) -> None:
        waiting = rules.after_message(Standing(status="open", owner_id=NURSE), "patient", BEFORE)
        assert rules.after_message(waiting, "patient", NOW).waiting_since == BEFORE

    def test_the_bots_conversation_has_no_such_clock(self) -> None:
        assert rules.after_message(Standing(status="pending", owner_id=None), "patient", NOW).waiting_since is None

    def test_a_reply_of_staff_stops_it_and_the_first_one_is_kept(self) -> None:
        waiting = Standing(status="open", owner_id=NURSE, waiting_since=BEFORE)
        first = rules.after_message(waiting, "staff", BEFORE)
        assert (first.waiting_since, rules.after_message(first, "staff", NOW).first_reply_at) == (None, BEFORE)

    def test_a_resolved_one_reopens_with_the_bot(self) -> None:
        old = Standing(status="resolved", owner_id=None, opened_at=BEFORE, first_reply_at=BEFORE, resolved_at=BEFORE)
        assert rules.after_message(old, "patient", NOW) == Standing(status="pending", owner_id=None)

    def test_a_snoozed_one_comes_back_to_its_owner(self) -> None:
        asleep = Standing(status="snoozed", owner_id=NURSE, snoozed_until=NOW + timedelta(days=1))
        awake = rules.after_message(asleep, "patient", NOW)
        assert (awake.status, awake.owner_id, awake.snoozed_until, awake.waiting_since) == ("open", NURSE, None, NOW)

    def test_the_bot_moves_nothing(self) -> None:
        standing = Standing(status="open", owner_id=None, waiting_since=BEFORE)
        assert rules.after_message(standing, "bot", NOW) == standing


class TestHandedOver:
    def test_counts_from_the_first_time_it_is_asked(self) -> None:
        once = rules.handed_over(Standing(status="pending", owner_id=None), BEFORE)
        assert (once.status, once.opened_at, once.waiting_since) == ("open", BEFORE, BEFORE)
        assert rules.handed_over(once, NOW) == once

    def test_a_snoozed_one_keeps_when_it_was_opened(self) -> None:
        asleep = Standing(status="snoozed", owner_id=NURSE, opened_at=BEFORE, snoozed_until=NOW)
        awake = rules.handed_over(asleep, NOW)
        assert (awake.status, awake.opened_at, awake.waiting_since) == ("open", BEFORE, NOW)


class TestMoved:
    @pytest.mark.parametrize(("before", "after"), [("pending", "snoozed"), ("resolved", "snoozed")])
    def test_refuses_what_cannot_follow(self, before: Status, after: Status) -> None:
        with pytest.raises(Conflict):
            rules.moved(Standing(status=before, owner_id=None), after, NOW)

    def test_resolved_it_belongs_to_nobody(self) -> None:
        done = rules.moved(Standing(status="open", owner_id=NURSE, waiting_since=BEFORE), "resolved", NOW)
        assert (done.owner_id, done.waiting_since, done.resolved_at) == (None, None, NOW)

    def test_pending_it_is_the_bots(self) -> None:
        back = rules.moved(Standing(status="open", owner_id=NURSE, waiting_since=BEFORE), "pending", NOW)
        assert (back.owner_id, back.status, back.waiting_since) == (None, "pending", None)

    def test_reopened_it_waits(self) -> None:
        again = rules.moved(Standing(status="resolved", owner_id=None, resolved_at=BEFORE), "open", NOW)
        assert (again.status, again.opened_at, again.resolved_at) == ("open", NOW, None)

    def test_the_same_status_changes_nothing(self) -> None:
        standing = Standing(status="open", owner_id=NURSE)
        assert rules.moved(standing, "open", NOW) == standing


class TestOwned:
    def test_a_person_opens_it_and_keeps_when_it_was_opened(self) -> None:
        mine = rules.owned(Standing(status="pending", owner_id=None), NURSE, BEFORE)
        assert (mine.status, mine.opened_at) == ("open", BEFORE)
        assert rules.owned(mine, uuid4(), NOW).opened_at == BEFORE
