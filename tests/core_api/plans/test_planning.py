from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.orm import Session

from core_api.kit.clock import FixedClock
from core_api.kit.db import Sessions
from core_api.kit.errors import NotFound
from core_api.kit.outbox import handle_pending
from core_api.patients import service as patients
from core_api.plans import service as plans
from core_api.plans.schemas import SyncResult, TaskFilter, TaskView
from core_api.responses import service as responses
from core_api.responses.schemas import AnswerIn
from tests.core_api.plans.conftest import NewEvent, NewPatient

TODAY = date(2026, 11, 20)


def tasks(session: Session, patient_id: UUID, today: date = TODAY) -> dict[str, TaskView]:
    return {task.node_key: task for plan in plans.plans_of(session, patient_id, today) for task in plan.tasks}


def finish(session: Session, task: TaskView, clock: FixedClock, **values: object) -> UUID:
    """Answers a task's questionnaire in part and closes it as done."""
    view = responses.open_response(session, task.id, task.patient_id, task.questionnaire_key, "voice", clock)
    for link_id, value in values.items():
        responses.record_answer(session, view.id, AnswerIn.model_validate({"link_id": link_id, "value": value}), clock)
    responses.finish(session, view.id, True, clock)
    plans.set_task_status(session, task.id, "done", response_id=view.id, clock=clock)
    return view.id


class TestSyncPatient:
    @pytest.mark.covers("TX-3.04-1")
    def test_patients_of_two_diseases_and_types_get_their_own_template(
        self, library: Session, clock: FixedClock, zone: ZoneInfo, new_patient: NewPatient, new_event: NewEvent
    ) -> None:
        for department, kind, key in (
            ("生殖中心", "transfer", "ivf"),
            ("生殖中心", "insemination", "insemination"),
            ("肾移植中心", "transplant_kidney", "kidney_transplant"),
            ("肝移植中心", "transplant_liver", "liver_transplant"),
        ):
            patient_id = new_patient(department)
            new_event(patient_id, kind, TODAY)
            plans.sync_patient(library, patient_id, clock, zone)
            (plan,) = plans.plans_of(library, patient_id, TODAY)
            assert plan.template_key == key
            assert key in {found.template.key for found in plans.proposed(library, patient_id)}
            assert all(task.due_on > TODAY for task in plan.tasks)

    def test_doing_it_again_changes_nothing(
        self, library: Session, clock: FixedClock, zone: ZoneInfo, new_patient: NewPatient, new_event: NewEvent
    ) -> None:
        patient_id = new_patient("肾移植中心", "术后随访")
        new_event(patient_id, "transplant_kidney", TODAY - timedelta(days=20))
        assert plans.sync_patient(library, patient_id, clock, zone).created > 10
        assert plans.sync_patient(library, patient_id, clock, zone) == SyncResult()

    def test_a_moved_anchor_moves_open_tasks_and_leaves_done_ones(
        self, library: Session, clock: FixedClock, zone: ZoneInfo, new_patient: NewPatient, new_event: NewEvent
    ) -> None:
        patient_id = new_patient()
        new_event(patient_id, "transfer", TODAY - timedelta(days=20))
        new_event(patient_id, "pregnancy_confirmed", TODAY - timedelta(days=14))
        plans.sync_patient(library, patient_id, clock, zone)
        finish(library, tasks(library, patient_id)["ultrasound_1"], clock)
        assert new_event(patient_id, "pregnancy_confirmed", TODAY - timedelta(days=10)) == "moved"
        assert plans.sync_patient(library, patient_id, clock, zone) == SyncResult(moved=2)
        found = tasks(library, patient_id)
        assert found["ultrasound_1"].due_on == TODAY
        assert found["ultrasound_2"].due_on == TODAY + timedelta(days=18)

    def test_what_is_long_past_is_missed_and_not_called(
        self, library: Session, clock: FixedClock, zone: ZoneInfo, new_patient: NewPatient, new_event: NewEvent
    ) -> None:
        patient_id = new_patient()
        new_event(patient_id, "transfer", TODAY - timedelta(days=60))
        plans.sync_patient(library, patient_id, clock, zone)
        assert tasks(library, patient_id)["pregnancy_test"].status == "missed"
        assert plans.due_for_campaign(library, TaskFilter(), 10, today=TODAY) == []

    def test_an_open_task_is_missed_when_its_window_is_over(
        self, library: Session, clock: FixedClock, zone: ZoneInfo, new_patient: NewPatient, new_event: NewEvent
    ) -> None:
        patient_id = new_patient()
        new_event(patient_id, "transfer", TODAY - timedelta(days=14))
        plans.sync_patient(library, patient_id, clock, zone)
        clock.advance(timedelta(days=15))
        assert plans.sync_patient(library, patient_id, clock, zone) == SyncResult(missed=1)

    def test_a_patient_who_died_is_asked_nothing_more(
        self, library: Session, clock: FixedClock, zone: ZoneInfo, new_patient: NewPatient, new_event: NewEvent
    ) -> None:
        patient_id = new_patient()
        new_event(patient_id, "transfer", TODAY)
        plans.sync_patient(library, patient_id, clock, zone)
        patients.set_deceased(library, patient_id, "follow_up_call", clock)
        library.flush()
        assert plans.sync_patient(library, patient_id, clock, zone) == SyncResult(cancelled=1)
        assert tasks(library, patient_id)["pregnancy_test"].reason == "deceased"

    def test_the_hospitals_date_is_what_counts_at_midnight(
        self, library: Session, clock: FixedClock, zone: ZoneInfo, new_patient: NewPatient, new_event: NewEvent
    ) -> None:
        patient_id = new_patient()
        new_event(patient_id, "transfer", TODAY - timedelta(days=27))
        clock.advance(timedelta(hours=14, minutes=59))
        plans.sync_patient(library, patient_id, clock, zone)
        assert tasks(library, patient_id)["pregnancy_test"].status == "due"
        clock.advance(timedelta(minutes=1, days=1))
        assert plans.sync_patient(library, patient_id, clock, zone) == SyncResult(missed=1)

    def test_an_unknown_patient_is_refused(self, library: Session, clock: FixedClock, zone: ZoneInfo) -> None:
        with pytest.raises(NotFound):
            plans.sync_patient(library, UUID(int=1), clock, zone)


class TestAfterResponse:
    @pytest.mark.covers("RC-EDU-08", "RC-EDU-09", "RC-EDU-10", "RC-OUT-05")
    def test_answers_lead_from_the_test_to_the_delivery(
        self, library: Session, clock: FixedClock, zone: ZoneInfo, new_patient: NewPatient, new_event: NewEvent
    ) -> None:
        patient_id = new_patient()
        new_event(patient_id, "transfer", TODAY - timedelta(days=14))
        plans.sync_patient(library, patient_id, clock, zone)
        test = tasks(library, patient_id)["pregnancy_test"]
        finish(library, test, clock, tested=True, test_date="2026-11-19", test_result="positive")
        found = tasks(library, patient_id)
        assert found["pregnancy_test"].status == "done"
        assert found["ultrasound_1"].due_on == date(2026, 12, 3)
        assert found["ultrasound_3"].due_on == date(2026, 12, 31)
        finish(library, found["ultrasound_3"], clock, done=True, result="normal")
        assert "delivery" not in tasks(library, patient_id)
        clock.advance(timedelta(weeks=40))
        plans.sync_patient(library, patient_id, clock, zone)
        delivery = tasks(library, patient_id)["delivery"]
        assert delivery.due_on == date(2026, 11, 19) + timedelta(weeks=40)
        finish(library, delivery, clock, outcome="born", born_on="2027-08-20")
        assert tasks(library, patient_id)["delivery"].status == "done"

    def test_it_repeats_harmlessly(
        self, library: Session, clock: FixedClock, zone: ZoneInfo, new_patient: NewPatient, new_event: NewEvent
    ) -> None:
        patient_id = new_patient()
        new_event(patient_id, "transfer", TODAY - timedelta(days=14))
        plans.sync_patient(library, patient_id, clock, zone)
        test = tasks(library, patient_id)["pregnancy_test"]
        finish(library, test, clock, tested=True, test_result="positive")
        assert plans.after_response(library, test.id, clock, zone) is False

    def test_an_unfinished_task_tells_nothing_yet(
        self, library: Session, clock: FixedClock, zone: ZoneInfo, new_patient: NewPatient, new_event: NewEvent
    ) -> None:
        patient_id = new_patient()
        new_event(patient_id, "transfer", TODAY - timedelta(days=14))
        plans.sync_patient(library, patient_id, clock, zone)
        test = tasks(library, patient_id)["pregnancy_test"]
        assert plans.after_response(library, test.id, clock, zone, response_id=UUID(int=1)) is False


class TestOnTreatmentRecorded:
    @pytest.mark.covers("TX-1.04-2")
    def test_a_recorded_event_plans_through_the_outbox(
        self,
        sessions: Sessions,
        library: Session,
        clock: FixedClock,
        new_patient: NewPatient,
        new_event: NewEvent,
    ) -> None:
        patient_id = new_patient("肝移植中心", "等待移植")
        library.info["clock"] = clock
        new_event(patient_id, "waiting_listed", TODAY - timedelta(days=5))
        new_event(patient_id, "transplant_liver", TODAY)
        library.commit()
        sessions.configure(info={**library.info})
        handle_pending(sessions, {"treatment.recorded": [plans.on_treatment_recorded]}, clock)
        with sessions() as session:
            (plan,) = plans.plans_of(session, patient_id, TODAY)
            assert plan.template_key == "liver_transplant"
            assert plan.tasks[0].title == "肝移植术后随访（第1周）"


class TestSyncAll:
    def test_every_patient_is_planned_with_progress(
        self,
        sessions: Sessions,
        library: Session,
        clock: FixedClock,
        zone: ZoneInfo,
        new_patient: NewPatient,
        new_event: NewEvent,
    ) -> None:
        for _ in range(3):
            new_event(new_patient(), "transfer", TODAY)
        library.commit()
        told: list[tuple[int, int]] = []
        result = plans.sync_all(sessions, clock, zone, lambda done, total: told.append((done, total)))
        assert result == SyncResult(created=3)
        assert told == [(3, 3)]

    def test_concurrent_runs_make_every_task_once(
        self,
        sessions: Sessions,
        library: Session,
        clock: FixedClock,
        zone: ZoneInfo,
        new_patient: NewPatient,
        new_event: NewEvent,
    ) -> None:
        patient_id = new_patient("肾移植中心", "术后随访")
        new_event(patient_id, "transplant_kidney", TODAY)
        library.commit()
        with ThreadPoolExecutor(4) as pool:
            results = list(pool.map(lambda _: plans.sync_all(sessions, clock, zone), range(4)))
        assert sorted(result.created for result in results) == [0, 0, 0, 22]
