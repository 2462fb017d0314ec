from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from core_api.alerts import service as alerts
from core_api.alerts.schemas import AlertFilter
from core_api.kit.clock import FixedClock
from core_api.kit.db import new_id
from core_api.kit.errors import Conflict, Invalid, NotFound
from core_api.questionnaires import service as questionnaires
from core_api.questionnaires.rules import next_item
from core_api.responses import service
from core_api.responses.models import AnswerRow
from core_api.responses.schemas import AnswerIn, ResponseView
from tests.core_api.responses.conftest import Answer


def open_alerts(session: Session, clock: FixedClock) -> set[str]:
    return {one.text for one in alerts.list_alerts(session, AlertFilter(), clock, None, 50).items}


class TestOpenResponse:
    def test_takes_the_published_version(self, response: ResponseView) -> None:
        assert (response.status, response.version, response.title) == ("in_progress", 1, "肾移植术后随访")

    def test_goes_on_with_the_tasks_unfinished_one(
        self, session: Session, clock: FixedClock, response: ResponseView, answer: Answer
    ) -> None:
        answer("recovery", "good")
        service.finish(session, response.id, completed=False, clock=clock)
        assert response.task_id is not None
        again = service.open_response(
            session, response.task_id, response.patient_id, "kidney_transplant", "chat", clock, call_id=new_id()
        )
        assert (again.id, again.channel, again.status) == (response.id, "chat", "in_progress")
        assert again.values == {"recovery": "good"}

    def test_keeps_the_version_it_was_begun_with(
        self, session: Session, clock: FixedClock, response: ResponseView
    ) -> None:
        questionnaires.save_draft(session, questionnaires.published(session, "kidney_transplant"), clock)
        questionnaires.publish(session, "kidney_transplant", clock)
        ids = (response.task_id, response.patient_id)
        assert service.open_response(session, *ids, "kidney_transplant", "voice", clock).version == 1

    def test_a_completed_one_is_not_opened_again(
        self, session: Session, clock: FixedClock, response: ResponseView
    ) -> None:
        service.finish(session, response.id, completed=True, clock=clock)
        ids = (response.task_id, response.patient_id)
        assert service.open_response(session, *ids, "kidney_transplant", "voice", clock).id != response.id

    def test_without_a_task_each_is_new(self, session: Session, clock: FixedClock, patient_id: UUID) -> None:
        made = {service.open_response(session, None, patient_id, "satisfaction", "chat", clock).id for _ in range(2)}
        assert len(made) == 2

    def test_an_unpublished_questionnaire_is_refused(
        self, session: Session, clock: FixedClock, patient_id: UUID
    ) -> None:
        with pytest.raises(NotFound):
            service.open_response(session, None, patient_id, "nothing", "voice", clock)


@pytest.mark.covers("RC-OUT-02")
class TestRecordAnswer:
    @pytest.mark.parametrize(
        ("link_id", "given", "expected"),
        [
            ("fever", True, (True, "有")),
            ("temperature", 38.5, (38.5, "38.5℃")),
            ("systolic", 130.0, (130, "130毫米汞柱")),
            ("medicines", "missed", ("missed", "有时漏吃")),
            ("reaction_kinds", ("tremor", "rash"), (("tremor", "rash"), "手抖、皮疹")),
            ("last_blood_test", date(2026, 11, 5), (date(2026, 11, 5), "2026-11-05")),
            ("last_blood_test", "2026-11-05", (date(2026, 11, 5), "2026-11-05")),
            ("message", "true", ("true", "true")),
            ("message", "2026-11-05", ("2026-11-05", "2026-11-05")),
        ],
    )
    def test_keeps_words_reading_and_confidence(
        self,
        session: Session,
        response: ResponseView,
        answer: Answer,
        link_id: str,
        given: Any,
        expected: tuple[Any, str],
    ) -> None:
        kept, display = expected
        answer(link_id, given, words="原话", confidence=0.9)
        (found,) = service.answers(session, response.id).answers
        assert (found.value, found.display, found.words, found.confidence) == (kept, display, "原话", 0.9)
        assert type(found.value) is type(kept)

    def test_the_newest_counts_and_the_history_is_kept(
        self, session: Session, response: ResponseView, answer: Answer
    ) -> None:
        answer("fever", True, words="有点烧")
        answer("fever", False, words="说错了，没有")
        answer("fever", False, words="说错了，没有")
        (found,) = service.answers(session, response.id).answers
        assert (found.value, found.revision) == (False, 2)
        history = service.answer_history(session, response.id, "fever")
        assert [one.words for one in history] == ["有点烧", "说错了，没有"]

    def test_words_and_values_are_sealed_in_the_database(
        self, session: Session, response: ResponseView, answer: Answer
    ) -> None:
        answer("message", "伤口流脓", words="我伤口流脓")
        rows = session.execute(text("select * from answers")).all()
        assert "脓" not in str(rows)
        assert session.scalars(select(AnswerRow.response_id)).one() == response.id

    def test_refused_skipped_and_uncertain_are_done_without_value(
        self, session: Session, response: ResponseView, answer: Answer
    ) -> None:
        answer("recovery", status="refused", words="不想说")
        answer("fever", status="skipped")
        answer("urine_less", True, status="uncertain", confidence=0.4)
        answer("blood_urine", status="uncertain", words="呃")
        view = service.answers(session, response.id)
        assert view.values == {}
        assert view.skipped == {"recovery", "fever", "urine_less", "blood_urine"}
        following = next_item(service.questionnaire_of(session, view), view.values, view.skipped)
        assert following is not None
        assert following.link_id == "graft_pain"

    @pytest.mark.parametrize(
        ("given", "code"),
        [
            ({"link_id": "nothing", "value": True}, "answer_unknown_item"),
            ({"link_id": "temperature", "value": 385}, "answer_range"),
            ({"link_id": "medicines", "value": "daily"}, "answer_option"),
            ({"link_id": "fever", "value": "有"}, "answer_type"),
            ({"link_id": "fever"}, "answer_type"),
            ({"link_id": "temperature", "value": 99.0, "status": "uncertain"}, "answer_range"),
        ],
    )
    def test_what_does_not_fit_is_refused(
        self, session: Session, clock: FixedClock, response: ResponseView, given: dict[str, Any], code: str
    ) -> None:
        with pytest.raises(Invalid) as refused:
            service.record_answer(session, response.id, AnswerIn(**given), clock)
        assert refused.value.code == code

    def test_after_completion_only_staff_may_correct(
        self, session: Session, clock: FixedClock, response: ResponseView, answer: Answer
    ) -> None:
        service.finish(session, response.id, completed=True, clock=clock)
        with pytest.raises(Conflict):
            answer("fever", True)
        answer("fever", True, source="staff")
        assert service.answers(session, response.id).values == {"fever": True}

    def test_an_unknown_response_is_not_found(self, session: Session, clock: FixedClock, patient_id: UUID) -> None:
        assert patient_id
        with pytest.raises(NotFound):
            service.record_answer(session, new_id(), AnswerIn(link_id="fever", value=True), clock)


@pytest.mark.covers("RC-OUT-03", "TX-3.11-4")
class TestFinish:
    def test_raises_the_alerts_once(
        self, session: Session, clock: FixedClock, response: ResponseView, answer: Answer
    ) -> None:
        answer("fever", True)
        answer("temperature", 38.6)
        first = service.finish(session, response.id, completed=True, clock=clock)
        assert [hit.rule_key for hit in first.alert_hits] == ["high_fever"]
        assert service.finish(session, response.id, completed=True, clock=clock) == first
        assert open_alerts(session, clock) == {"肾移植术后发热，体温达到38.5℃或以上"}

    def test_a_broken_call_alarms_too_and_can_go_on(
        self, session: Session, clock: FixedClock, response: ResponseView, answer: Answer
    ) -> None:
        answer("fever", True)
        stopped = service.finish(session, response.id, completed=False, clock=clock)
        assert (stopped.status, [hit.rule_key for hit in stopped.alert_hits]) == ("stopped", ["fever_unmeasured"])
        answer("temperature", 38.2)
        done = service.finish(session, response.id, completed=True, clock=clock)
        assert (done.status, [hit.rule_key for hit in done.alert_hits]) == ("completed", ["fever"])

    def test_what_is_completed_stays_so(self, session: Session, clock: FixedClock, response: ResponseView) -> None:
        service.finish(session, response.id, completed=True, clock=clock)
        completed_at = clock.now()
        clock.advance(timedelta(hours=1))
        assert service.finish(session, response.id, completed=False, clock=clock).status == "completed"
        assert service.answers(session, response.id).completed_at == completed_at

    def test_uncertain_answers_do_not_alarm_but_are_rechecked(
        self, session: Session, clock: FixedClock, response: ResponseView, answer: Answer
    ) -> None:
        answer("medicines", "stopped", status="uncertain", confidence=0.3, words="停……没停")
        result = service.finish(session, response.id, completed=True, clock=clock)
        assert (result.alert_hits, len(result.rechecks)) == ((), 1)
        assert service.finish(session, response.id, completed=True, clock=clock).rechecks == result.rechecks


class TestOfPatient:
    def test_pages_newest_first(self, session: Session, clock: FixedClock, patient_id: UUID) -> None:
        made = [service.open_response(session, None, patient_id, "satisfaction", "chat", clock).id for _ in range(3)]
        first = service.of_patient(session, patient_id, limit=2)
        assert [view.id for view in first.items] == made[:0:-1]
        rest = service.of_patient(session, patient_id, first.next_cursor, 2)
        assert ([view.id for view in rest.items], rest.next_cursor) == (made[:1], None)

    def test_a_foreign_cursor_is_refused(self, session: Session, patient_id: UUID) -> None:
        with pytest.raises(Invalid):
            service.of_patient(session, patient_id, "W10", 2)


class TestLatestValues:
    def test_only_completed_responses_count(
        self, session: Session, clock: FixedClock, response: ResponseView, answer: Answer
    ) -> None:
        answer("fever", False)
        assert service.latest_values(session, response.patient_id, "kidney_transplant") == {}
        service.finish(session, response.id, completed=True, clock=clock)
        assert service.latest_values(session, response.patient_id, "kidney_transplant") == {"fever": False}


class TestScores:
    def test_come_with_the_response(self, session: Session, clock: FixedClock, patient_id: UUID) -> None:
        opened = service.open_response(session, None, patient_id, "satisfaction", "chat", clock)
        for link_id in ("overall", "doctor", "nurse", "environment"):
            service.record_answer(session, opened.id, AnswerIn(link_id=link_id, value="good"), clock)
        assert service.answers(session, opened.id).scores[0].label == "满意"
