from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from core_api.alerts import service as alerts
from core_api.alerts.schemas import AlertFilter
from core_api.kit.clock import FixedClock
from core_api.kit.db import new_id
from core_api.kit.errors import Conflict, Invalid, NotFound
from core_api.responses import service
from core_api.responses.schemas import ResponseView
from tests.core_api.responses.conftest import Answer


@pytest.fixture
def rechecks(session: Session, clock: FixedClock, response: ResponseView, answer: Answer) -> list[UUID]:
    """One that may hide nothing, one that may hide a red alert, one that was not understood."""
    answer("weight", 62.5, status="uncertain", confidence=0.5, words="六十二……还是七十二")
    answer("medicines", "stopped", status="uncertain", confidence=0.4, words="没怎么吃")
    answer("exercise", status="uncertain", words="呃呃")
    service.finish(session, response.id, completed=True, clock=clock)
    return [one.id for one in service.list_rechecks(session, "open", None, 50).items]


@pytest.mark.covers("RC-OUT-04")
class TestListRechecks:
    def test_an_answer_that_only_the_recording_has_says_so(
        self, session: Session, clock: FixedClock, response: ResponseView, answer: Answer
    ) -> None:
        answer("exercise", status="uncertain", words=None)
        service.finish(session, response.id, completed=True, clock=clock)
        (one,) = service.list_rechecks(session, "open", None, 50).items
        assert (one.reason, one.words, one.value) == ("unwritten", None, None)

    def test_the_most_dangerous_comes_first_with_all_that_staff_need(
        self, session: Session, rechecks: list[UUID]
    ) -> None:
        page = service.list_rechecks(session, "open", None, 50)
        first = page.items[0]
        assert (page.total, service.count_open(session)) == (len(rechecks), 3)
        assert (first.level, first.reading, first.value) == ("red", "已经停了", "stopped")
        assert (first.words, first.reason) == ("没怎么吃", "low_confidence")
        assert (first.patient_name, first.record_number) == ("王**", "T202301")
        assert [option.code for option in first.item.options] == ["regular", "missed", "stopped"]
        assert {one.reason for one in page.items[1:]} == {"low_confidence", "not_understood"}

    def test_pages(self, session: Session, rechecks: list[UUID]) -> None:
        found: list[UUID] = []
        cursor = None
        for _ in rechecks:
            page = service.list_rechecks(session, "open", cursor, 1)
            found += [one.id for one in page.items]
            cursor = page.next_cursor
        assert (found, cursor) == (rechecks, None)

    @pytest.mark.parametrize("cursor", ["W10", "WyJ4IiwgIngiXQ"])
    def test_a_foreign_cursor_is_refused(self, session: Session, cursor: str) -> None:
        with pytest.raises(Invalid):
            service.list_rechecks(session, "open", cursor, 1)


@pytest.mark.covers("RC-OUT-04")
class TestResolveRecheck:
    def test_the_staffs_answer_counts_and_alarms(
        self, session: Session, clock: FixedClock, response: ResponseView, rechecks: list[UUID]
    ) -> None:
        result = service.resolve_recheck(session, rechecks[0], "stopped", "电话核实，已停药三天", new_id(), clock)
        assert [hit.rule_key for hit in result.alert_hits] == ["stopped_medicines"]
        view = service.answers(session, response.id)
        assert view.values == {"medicines": "stopped"}
        assert service.count_open(session) == 2
        assert "停药" not in str(session.execute(text("select * from rechecks")).all())
        resolved = service.list_rechecks(session, "resolved", None, 10).items[0]
        assert (resolved.words, resolved.resolved_at) == ("没怎么吃", clock.now())

    def test_no_value_leaves_the_item_without_answer(
        self, session: Session, clock: FixedClock, response: ResponseView, rechecks: list[UUID]
    ) -> None:
        assert service.resolve_recheck(session, rechecks[0], None, "", new_id(), clock).alert_hits == ()
        kept = {one.link_id: one.status for one in service.answers(session, response.id).answers}
        assert kept["medicines"] == "skipped"

    @pytest.mark.parametrize("value", ["sometimes", 5, {"a": 1}])
    def test_a_value_that_does_not_fit_is_refused(
        self, session: Session, clock: FixedClock, rechecks: list[UUID], value: object
    ) -> None:
        with pytest.raises(Invalid):
            service.resolve_recheck(session, rechecks[0], value, "", new_id(), clock)

    def test_twice_is_a_conflict(self, session: Session, clock: FixedClock, rechecks: list[UUID]) -> None:
        service.resolve_recheck(session, rechecks[0], "regular", "", new_id(), clock)
        with pytest.raises(Conflict):
            service.resolve_recheck(session, rechecks[0], "regular", "", new_id(), clock)

    def test_an_unknown_one_is_not_found(self, session: Session, clock: FixedClock) -> None:
        with pytest.raises(NotFound):
            service.resolve_recheck(session, new_id(), True, "", new_id(), clock)


class TestTheCall:
    def test_alert_and_recheck_lead_to_the_call_they_came_from(
        self, session: Session, clock: FixedClock, response: ResponseView, answer: Answer
    ) -> None:
        first, second = new_id(), new_id()
        again = (response.task_id, response.patient_id, response.questionnaire_key, "voice", clock)
        service.open_response(session, *again, call_id=first)
        answer("fever", True)
        answer("weight", 62.5, status="uncertain", confidence=0.5, words="六十二")
        service.finish(session, response.id, completed=False, clock=clock)
        service.open_response(session, *again, call_id=second)
        service.finish(session, response.id, completed=True, clock=clock)
        (alert,) = alerts.list_alerts(session, AlertFilter(), clock).items
        (recheck,) = service.list_rechecks(session, "open", None, 5).items
        assert (alert.call_id, recheck.call_id) == (first, first)
