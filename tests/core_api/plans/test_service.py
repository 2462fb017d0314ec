from collections.abc import Callable
from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.orm import Session

from core_api.kit.clock import FixedClock
from core_api.kit.errors import Conflict, Invalid, NotFound
from core_api.patients import service as patients
from core_api.plans import service as plans
from core_api.plans.library import shipped_templates
from core_api.plans.schemas import OwnPlanIn, Period, TaskFilter, TaskView, Template
from tests.core_api.plans.conftest import NewEvent, NewPatient

TODAY = date(2026, 11, 20)
DueIn = Callable[..., TaskView]


@pytest.fixture
def due_in(library: Session, clock: FixedClock, zone: ZoneInfo, new_patient: NewPatient, new_event: NewEvent) -> DueIn:
    """Makes a patient whose pregnancy test is due in so many days."""

    def make(days: int, site: str = "越秀院区", stage: str = "移植") -> TaskView:
        patient_id = new_patient(site=site, stage=stage)
        new_event(patient_id, "transfer", TODAY + timedelta(days=days - 14))
        plans.sync_patient(library, patient_id, clock, zone)
        (task,) = plans.list_tasks(library, TaskFilter(patient_id=patient_id), TODAY).items
        return task

    return make


class TestListTasks:
    @pytest.mark.covers("TX-3.03-1")
    @pytest.mark.parametrize(("period", "shown"), [("day", 1), ("week", 2), ("month", 3)])
    def test_day_week_and_month_hold_one_two_and_three(
        self, library: Session, due_in: DueIn, period: Period, shown: int
    ) -> None:
        for days in (0, 3, 21):
            due_in(days)
        page = plans.list_tasks(library, TaskFilter(period=period), TODAY)
        assert (len(page.items), page.total) == (shown, shown)

    def test_overdue_tasks_come_first_and_done_ones_leave(
        self, library: Session, due_in: DueIn, clock: FixedClock
    ) -> None:
        today, overdue, done = due_in(0), due_in(-2), due_in(0)
        plans.set_task_status(library, done.id, "done", clock=clock)
        page = plans.list_tasks(library, TaskFilter(period="day"), TODAY)
        assert [task.id for task in page.items] == [overdue.id, today.id]
        assert {task.status for task in page.items} == {"due"}

    def test_pages_follow_each_other_without_gap_or_repeat(self, library: Session, due_in: DueIn) -> None:
        made = [due_in(days).id for days in (0, 0, 1, 1, 2)]
        seen: list[UUID] = []
        cursor = None
        while True:
            page = plans.list_tasks(library, TaskFilter(), TODAY, cursor, 2)
            seen += [task.id for task in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert seen == made

    @pytest.mark.parametrize("cursor", ["nonsense", "WyJ4Il0", "WyJ4IiwieSJd"])
    def test_a_foreign_cursor_is_refused(self, library: Session, cursor: str) -> None:
        with pytest.raises(Invalid):
            plans.list_tasks(library, TaskFilter(), TODAY, cursor)

    def test_filters_narrow_and_names_are_masked(self, library: Session, due_in: DueIn) -> None:
        due_in(0, site="番禺院区")
        wanted = due_in(1, site="天河院区", stage="验孕")
        for filter_ in (
            TaskFilter(site="天河院区"),
            TaskFilter(stage="验孕"),
            TaskFilter(due_from=TODAY + timedelta(days=1)),
            TaskFilter(status="planned"),
            TaskFilter(patient_ids=(wanted.patient_id,)),
        ):
            (found,) = plans.list_tasks(library, filter_, TODAY).items
            assert (found.id, found.patient_name) == (wanted.id, "王**")
        assert plans.list_tasks(library, TaskFilter(status="due"), TODAY).total == 1
        assert plans.list_tasks(library, TaskFilter(template_key="kidney_transplant"), TODAY).total == 0


class TestDueForCampaign:
    def test_only_planned_tasks_in_their_window_are_taken(
        self, library: Session, due_in: DueIn, clock: FixedClock
    ) -> None:
        due, later, expired, taken = due_in(0), due_in(2), due_in(-30), due_in(0)
        plans.set_task_status(library, taken.id, "in_progress", clock=clock)
        assert expired.status == "missed"
        assert [task.id for task in plans.due_for_campaign(library, TaskFilter(), 10, today=TODAY)] == [due.id]
        assert [task.id for task in plans.due_for_campaign(library, TaskFilter(due_to=TODAY), 10)] == [due.id]
        everything = plans.due_for_campaign(library, TaskFilter(), 10)
        assert [task.id for task in everything] == [due.id, later.id]

    def test_it_goes_on_after_the_last_id(self, library: Session, due_in: DueIn) -> None:
        first, second = due_in(0), due_in(0)
        assert [task.id for task in plans.due_for_campaign(library, TaskFilter(), 1)] == [first.id]
        assert [task.id for task in plans.due_for_campaign(library, TaskFilter(), 5, first.id)] == [second.id]

    def test_nobody_who_has_died_is_called(self, library: Session, due_in: DueIn, clock: FixedClock) -> None:
        task = due_in(0)
        patients.set_deceased(library, task.patient_id, "relative", clock)
        library.flush()
        assert plans.due_for_campaign(library, TaskFilter(), 10) == []


class TestSetTaskStatus:
    @pytest.mark.covers("RC-OUT-05")
    def test_a_repeated_result_has_no_effect(self, library: Session, due_in: DueIn, clock: FixedClock) -> None:
        task = due_in(0)
        assert plans.set_task_status(library, task.id, "in_progress", clock=clock)
        assert plans.set_task_status(library, task.id, "done", clock=clock)
        assert not plans.set_task_status(library, task.id, "done", clock=clock)
        assert not plans.set_task_status(library, task.id, "unreachable", clock=clock)
        assert plans.task(library, task.id).status == "done"

    def test_due_means_open_again(self, library: Session, due_in: DueIn, clock: FixedClock) -> None:
        task = due_in(0)
        plans.set_task_status(library, task.id, "in_progress", clock=clock)
        plans.set_task_status(library, task.id, "due", clock=clock)
        assert plans.task(library, task.id, TODAY).status == "due"

    @pytest.mark.covers("RC-OUT-05")
    def test_a_refusal_stays_through_the_next_sync(
        self, library: Session, due_in: DueIn, clock: FixedClock, zone: ZoneInfo
    ) -> None:
        task = due_in(0)
        plans.set_task_status(library, task.id, "cancelled", reason="patient_declined", clock=clock)
        plans.sync_patient(library, task.patient_id, clock, zone)
        assert plans.task(library, task.id).reason == "patient_declined"

    def test_an_unknown_task_is_refused(self, library: Session, clock: FixedClock) -> None:
        with pytest.raises(NotFound):
            plans.set_task_status(library, UUID(int=1), "done", clock=clock)
        with pytest.raises(NotFound):
            plans.task(library, UUID(int=1))


class TestCancelTask:
    def test_an_open_task_is_cancelled_and_a_done_one_is_not(
        self, library: Session, due_in: DueIn, clock: FixedClock
    ) -> None:
        task, done = due_in(0), due_in(0)
        assert plans.cancel_task(library, task.id, "duplicate", clock).status == "cancelled"
        assert plans.cancel_task(library, task.id, "other", clock).reason == "duplicate"
        plans.set_task_status(library, done.id, "done", clock=clock)
        with pytest.raises(Conflict):
            plans.cancel_task(library, done.id, "other", clock)


class TestCreateOwnPlan:
    @pytest.mark.covers("QP-CDOC-11", "FW-OCMG-11")
    def test_each_round_is_due_on_its_date_by_its_way(
        self, library: Session, clock: FixedClock, zone: ZoneInfo, new_patient: NewPatient
    ) -> None:
        patient_id = new_patient()
        wanted = OwnPlanIn.model_validate(
            {
                "title": "出院随访",
                "tasks": [
                    {"title": "第一轮", "questionnaire_key": "satisfaction", "due_on": TODAY, "channel": "voice"},
                    {
                        "title": "第二轮",
                        "questionnaire_key": "satisfaction",
                        "due_on": TODAY + timedelta(days=7),
                        "channel": "sms",
                    },
                ],
            }
        )
        plans.create_own_plan(library, patient_id, wanted, clock)
        plans.sync_patient(library, patient_id, clock, zone)
        first = plans.due_for_campaign(library, TaskFilter(), 10, today=TODAY)
        second = plans.due_for_campaign(library, TaskFilter(), 10, today=TODAY + timedelta(days=7))
        assert [(task.title, task.channel) for task in first] == [("第一轮", "voice")]
        assert [(task.title, task.channel) for task in second] == [("第一轮", "voice"), ("第二轮", "sms")]
        clock.advance(timedelta(days=10))
        assert plans.sync_patient(library, patient_id, clock, zone).missed == 1

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"due_on": "2026-11-19"}, "tasks.due_on"),
            ({"questionnaire_key": "unknown"}, "tasks.questionnaire_key"),
        ],
    )
    def test_a_wrong_plan_is_refused(
        self, library: Session, clock: FixedClock, new_patient: NewPatient, change: dict[str, str], field: str
    ) -> None:
        task = {"title": "随访", "questionnaire_key": "satisfaction", "due_on": "2026-11-20", **change}
        wanted = OwnPlanIn.model_validate({"title": "出院随访", "tasks": [task]})
        with pytest.raises(Invalid) as refused:
            plans.create_own_plan(library, new_patient(), wanted, clock)
        assert refused.value.field == field

    def test_an_unknown_patient_is_refused(self, library: Session, clock: FixedClock) -> None:
        task = {"title": "随访", "questionnaire_key": "satisfaction", "due_on": "2026-11-20"}
        wanted = OwnPlanIn.model_validate({"title": "出院随访", "tasks": [task]})
        with pytest.raises(NotFound):
            plans.create_own_plan(library, UUID(int=1), wanted, clock)


class TestTemplates:
    @pytest.mark.parametrize("shipped", shipped_templates(), ids=lambda found: found.key)
    def test_shipped_templates_fit_the_shipped_questionnaires(self, library: Session, shipped: Template) -> None:
        assert plans.check_template(library, shipped) == ()

    def test_seeding_again_changes_nothing(self, library: Session, clock: FixedClock) -> None:
        report = plans.load_library(library, clock)
        assert (report.created, len(report.unchanged)) == ((), 6)

    def test_a_changed_template_becomes_the_next_version(self, library: Session, clock: FixedClock) -> None:
        ivf = plans.template(library, "ivf")
        assert plans.publish_template(library, ivf.template, clock).version == 1
        changed = ivf.template.model_copy(update={"title": "新的随访计划"})
        assert plans.publish_template(library, changed, clock).version == 2
        assert plans.template(library, "ivf").template.title == "新的随访计划"
        assert "ivf" in plans.load_library(library, clock).unchanged

    @pytest.mark.covers("TX-3.03-1")
    def test_a_newer_shipped_one_takes_the_place_of_the_shipped_one(
        self, library: Session, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        newer = tuple(
            one.model_copy(update={"title": "移植后随访（新）"}) if one.key == "ivf" else one
            for one in shipped_templates()
        )
        monkeypatch.setattr("core_api.plans.library.shipped_templates", lambda: newer)
        report = plans.load_library(library, clock)
        assert (report.updated, len(report.unchanged)) == (("ivf",), 5)
        assert plans.template(library, "ivf").version == 2
        assert plans.load_library(library, clock).updated == ()

    def test_a_template_with_problems_is_not_published(self, library: Session, clock: FixedClock) -> None:
        ivf = plans.template(library, "ivf").template
        wrong = ivf.model_copy(update={"nodes": ivf.nodes[::-1]})
        with pytest.raises(Invalid) as refused:
            plans.publish_template(library, wrong, clock)
        assert "请把被依赖的节点移到前面" in refused.value.message

    def test_an_unknown_key_is_refused(self, library: Session) -> None:
        with pytest.raises(NotFound):
            plans.template(library, "unknown")
        with pytest.raises(NotFound):
            plans.proposed(library, UUID(int=1))
