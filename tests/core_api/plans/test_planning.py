from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from itertools import pairwise
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
from core_api.plans.schemas import Span, SyncResult, TaskFilter, TaskView, Template
from core_api.responses import service as responses
from core_api.responses.schemas import AnswerIn
from core_api.treatments import service as treatments
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


class TestANewVersion:
    """Tasks that were made stay; new ones follow the template in force."""

    @pytest.fixture
    def patient_id(
        self, library: Session, clock: FixedClock, zone: ZoneInfo, new_patient: NewPatient, new_event: NewEvent
    ) -> UUID:
        made = new_patient()
        new_event(made, "transfer", TODAY)
        plans.sync_patient(library, made, clock, zone)
        return made

    def publish(self, session: Session, clock: FixedClock, days: int) -> Template:
        ivf = plans.template(session, "ivf").template
        first = ivf.nodes[0].model_copy(update={"offset": Span(days=days)})
        changed = ivf.model_copy(update={"nodes": (first, *ivf.nodes[1:])})
        return plans.publish_template(session, changed, clock).template

    def test_a_task_that_was_made_keeps_its_date_and_a_new_patient_gets_the_new_one(
        self, library: Session, clock: FixedClock, zone: ZoneInfo, patient_id: UUID, new_patient: NewPatient,
        new_event: NewEvent,
    ) -> None:  # fmt: skip
        self.publish(library, clock, 12)
        assert plans.sync_patient(library, patient_id, clock, zone) == SyncResult()
        assert tasks(library, patient_id)["pregnancy_test"].due_on == TODAY + timedelta(days=14)
        other = new_patient()
        new_event(other, "transfer", TODAY)
        plans.sync_patient(library, other, clock, zone)
        assert tasks(library, other)["pregnancy_test"].due_on == TODAY + timedelta(days=12)

    def test_a_later_task_of_the_same_patient_follows_the_new_version(
        self, library: Session, clock: FixedClock, zone: ZoneInfo, patient_id: UUID, new_event: NewEvent
    ) -> None:
        ivf = self.publish(library, clock, 12)
        ultrasound = ivf.nodes[1].model_copy(update={"offset": Span(days=20)})
        changed = ivf.model_copy(update={"nodes": (ivf.nodes[0], ultrasound, *ivf.nodes[2:])})
        plans.publish_template(library, changed, clock)
        new_event(patient_id, "pregnancy_confirmed", TODAY)
        plans.sync_patient(library, patient_id, clock, zone)
        assert tasks(library, patient_id)["ultrasound_1"].due_on == TODAY + timedelta(days=20)

    def test_a_moved_anchor_moves_a_task_by_the_version_that_made_it(
        self, library: Session, clock: FixedClock, zone: ZoneInfo, patient_id: UUID, new_event: NewEvent
    ) -> None:
        self.publish(library, clock, 12)
        new_event(patient_id, "transfer", TODAY - timedelta(days=2))
        assert plans.sync_patient(library, patient_id, clock, zone) == SyncResult(moved=1)
        assert tasks(library, patient_id)["pregnancy_test"].due_on == TODAY + timedelta(days=12)

    def test_rounds_go_on_by_the_new_version_after_the_last_one_made(
        self, library: Session, clock: FixedClock, zone: ZoneInfo, new_patient: NewPatient, new_event: NewEvent
    ) -> None:
        waiting = new_patient("肾移植中心", "等待移植")
        new_event(waiting, "waiting_listed", TODAY)
        plans.sync_patient(library, waiting, clock, zone)
        template = plans.template(library, "waiting_list").template
        node = template.nodes[0]
        every = node.recurrence[0].model_copy(update={"every": Span(days=60)})
        changed = node.model_copy(update={"recurrence": (every,)})
        nodes = (changed, *template.nodes[1:])
        plans.publish_template(library, template.model_copy(update={"nodes": nodes}), clock)
        clock.advance(timedelta(days=200))
        plans.sync_patient(library, waiting, clock, zone)
        due = sorted(task.due_on for plan in plans.plans_of(library, waiting, TODAY) for task in plan.tasks)
        assert {(b - a).days for a, b in pairwise(due)} == {30, 60}
        assert len(due) == len(set(due))


class TestWaitingUrgency:
    @pytest.mark.covers("TX-1.04-1")
    def test_an_urgent_patient_is_asked_every_fortnight(
        self, library: Session, clock: FixedClock, zone: ZoneInfo, new_patient: NewPatient, new_event: NewEvent
    ) -> None:
        patient_id = new_patient("肾移植中心", "等待移植")
        new_event(patient_id, "waiting_listed", TODAY)
        plans.sync_patient(library, patient_id, clock, zone)
        assert set(tasks(library, patient_id)) == {"status_update"}
        treatments.set_waiting_urgency(library, patient_id, "urgent", clock)
        plans.sync_patient(library, patient_id, clock, zone)
        found = [task for plan in plans.plans_of(library, patient_id, TODAY) for task in plan.tasks]
        assert min(t.due_on for t in found if t.node_key == "urgent_status_update") == TODAY + timedelta(days=14)
        assert {t.status for t in found if t.node_key == "status_update"} == {"cancelled"}
