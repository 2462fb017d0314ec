from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest

from core_api.plans import rules
from core_api.plans.library import shipped_templates
from core_api.plans.schemas import AnchorEvent, Changes, CreatesEvent, ExistingTask, PlannedTask, Template

pytestmark = pytest.mark.unit
TODAY = date(2026, 11, 20)
TEMPLATES = {template.key: template for template in shipped_templates()}
NORMAL = {"ultrasound_3": {"result": "normal"}}


def event(kind: str, on: date, **detail: str) -> AnchorEvent:
    return AnchorEvent(id=uuid4(), kind=kind, occurred_on=on, detail=dict(detail))


def dates(tasks: tuple[PlannedTask, ...]) -> dict[str, date]:
    return {task.node_key: task.due_on for task in tasks}


def small(**node: object) -> Template:
    body = {"key": "n", "title": "随访", "questionnaire_key": "q", "offset": {"days": 1}, **node}
    return Template.model_validate(
        {
            "key": "t",
            "title": "计划",
            "department": "",
            "disease": "",
            "type": "",
            "anchor": "transfer",
            "nodes": [body],
        }
    )


class TestTasksFor:
    @pytest.mark.covers("RC-EDU-08")
    def test_a_transfer_asks_for_the_pregnancy_test_after_14_days(self) -> None:
        tasks = rules.tasks_for(TEMPLATES["ivf"], [event("transfer", date(2026, 11, 6))], {}, TODAY)
        assert dates(tasks) == {"pregnancy_test": TODAY}

    @pytest.mark.covers("RC-EDU-08")
    def test_a_result_of_the_hospital_closes_the_test(self) -> None:
        transfer = event("transfer", date(2026, 11, 6), outcome="negative")
        assert rules.tasks_for(TEMPLATES["ivf"], [transfer], {}, TODAY) == ()

    @pytest.mark.covers("RC-EDU-09")
    def test_a_pregnancy_asks_for_three_ultrasounds(self) -> None:
        events = [event("transfer", date(2026, 11, 1)), event("pregnancy_confirmed", date(2026, 11, 15))]
        assert dates(rules.tasks_for(TEMPLATES["ivf"], events, {}, TODAY)) == {
            "ultrasound_1": date(2026, 11, 29),
            "ultrasound_2": date(2026, 12, 13),
            "ultrasound_3": date(2026, 12, 27),
        }

    @pytest.mark.covers("RC-EDU-10")
    @pytest.mark.parametrize(
        ("weeks", "answers", "asked"),
        [
            (40, NORMAL, True),
            (39, NORMAL, False),
            (40, {}, False),
            (40, {"ultrasound_3": {"result": "abnormal"}}, False),
        ],
    )
    def test_delivery_needs_a_normal_third_ultrasound_and_40_weeks(
        self, weeks: int, answers: rules.Answers, asked: bool
    ) -> None:
        confirmed = TODAY - timedelta(weeks=weeks)
        events = [event("transfer", confirmed - timedelta(days=14)), event("pregnancy_confirmed", confirmed)]
        assert ("delivery" in dates(rules.tasks_for(TEMPLATES["ivf"], events, answers, TODAY))) == asked

    def test_insemination_goes_the_same_way(self) -> None:
        events = [event("insemination", date(2026, 11, 6))]
        assert dates(rules.tasks_for(TEMPLATES["insemination"], events, {}, TODAY)) == {"pregnancy_test": TODAY}

    def test_the_latest_transfer_counts_and_ends_the_one_before(self) -> None:
        first, second = event("transfer", date(2026, 11, 1)), event("transfer", date(2026, 11, 10))
        found = rules.episodes(TEMPLATES["ivf"], [second, first])
        assert [one.anchor for one in found] == [first, second]
        assert rules.tasks_of(TEMPLATES["ivf"], found[0], {}, TODAY) == ()
        assert dates(rules.tasks_for(TEMPLATES["ivf"], [first, second], {}, TODAY))["pregnancy_test"] == date(
            2026, 11, 24
        )

    def test_a_pregnancy_belongs_to_the_transfer_before_it(self) -> None:
        events = [
            event("transfer", date(2026, 9, 1)),
            event("pregnancy_confirmed", date(2026, 9, 15)),
            event("transfer", date(2026, 11, 10)),
        ]
        assert list(dates(rules.tasks_for(TEMPLATES["ivf"], events, {}, TODAY))) == ["pregnancy_test"]

    def test_the_hospitals_own_date_counts_before_what_a_patient_reported(self) -> None:
        reported = event("pregnancy_confirmed", date(2026, 11, 10), source="response")
        own = event("pregnancy_confirmed", date(2026, 11, 15))
        assert rules.first_of([reported, own], "pregnancy_confirmed") == own
        assert rules.first_of([], "pregnancy_confirmed") is None

    @pytest.mark.covers("TX-1.04-2")
    def test_a_transplant_gives_a_dated_series(self) -> None:
        tasks = rules.tasks_for(TEMPLATES["kidney_transplant"], [event("transplant_kidney", TODAY)], {}, TODAY)
        assert len(tasks) == 13 + 9
        assert [task.due_on for task in tasks[:2]] == [date(2026, 11, 27), date(2026, 12, 4)]
        assert max(task.due_on for task in tasks) <= TODAY + timedelta(days=400)

    @pytest.mark.covers("TX-1.04-1")
    def test_waiting_patients_of_different_urgency_get_different_timetables(self) -> None:
        calm = rules.tasks_for(TEMPLATES["waiting_list"], [event("waiting_listed", TODAY)], {}, TODAY)
        urgent = rules.tasks_for(
            TEMPLATES["waiting_list"], [event("waiting_listed", TODAY, urgency="urgent")], {}, TODAY
        )
        assert [task.due_on for task in calm[:2]] == [date(2026, 12, 20), date(2027, 1, 19)]
        assert [task.due_on for task in urgent[:2]] == [date(2026, 12, 4), date(2026, 12, 18)]

    def test_a_transplant_ends_the_waiting(self) -> None:
        events = [event("waiting_listed", date(2026, 11, 1)), event("transplant_liver", date(2026, 11, 10))]
        assert rules.tasks_for(TEMPLATES["waiting_list"], events, {}, TODAY) == ()

    def test_without_an_anchor_there_is_nothing(self) -> None:
        assert rules.tasks_for(TEMPLATES["ivf"], [], {}, TODAY) == ()

    def test_a_task_past_its_window_is_expired(self) -> None:
        (task,) = rules.tasks_for(small(), [event("transfer", date(2026, 11, 11))], {}, TODAY)
        assert task.expired
        (fresh,) = rules.tasks_for(small(), [event("transfer", date(2026, 11, 12))], {}, TODAY)
        assert not fresh.expired

    @pytest.mark.parametrize(
        ("condition", "expected"),
        [
            ({"kind": "event", "event": "delivery"}, False),
            ({"kind": "event", "event": "delivery", "present": False}, True),
            ({"kind": "detail", "event": "delivery", "name": "way", "value": "x"}, False),
            ({"kind": "detail", "event": "transfer", "name": "type", "value": "frozen"}, True),
            ({"kind": "detail", "event": "transfer", "name": "embryos", "value": 2}, False),
            ({"kind": "elapsed", "event": "transfer", "span": {"days": 5}}, True),
            ({"kind": "elapsed", "event": "transfer", "span": {"days": 90}}, False),
            ({"kind": "elapsed", "event": "delivery", "span": {"days": 0}}, False),
        ],
    )
    def test_each_condition_is_met_or_not(self, condition: dict[str, object], expected: bool) -> None:
        template = small(conditions=[condition])
        tasks = rules.tasks_for(template, [event("transfer", date(2026, 11, 15), type="frozen")], {}, TODAY)
        assert bool(tasks) == expected


class TestApplies:
    def test_a_template_is_for_its_department(self) -> None:
        assert rules.applies(TEMPLATES["ivf"], "生殖中心", "移植")
        assert not rules.applies(TEMPLATES["ivf"], "肾移植中心", "移植")
        assert not rules.applies(TEMPLATES["ivf"], None, None)


class TestCompare:
    @pytest.mark.parametrize(
        ("left", "operator", "right", "expected"),
        [
            (None, "!=", "x", False),
            ("a", "=", "a", True),
            ("a", "!=", "a", False),
            (True, "=", "true", True),
            (38.5, ">=", 38, True),
            (37, ">", 38, False),
            ("38", ">", 37, False),
            (("a", "b"), "=", "a", True),
            (("a", "b"), "!=", "c", True),
        ],
    )
    def test_values_are_compared_as_they_are_meant(
        self, left: object, operator: str, right: object, expected: bool
    ) -> None:
        assert rules.compare(left, operator, right) == expected


class TestEventFrom:
    created = CreatesEvent(event="pregnancy_confirmed", item="test_result", value="positive", date_item="test_date")

    @pytest.mark.parametrize(
        ("stated", "expected"),
        [
            (date(2026, 11, 18), date(2026, 11, 18)),
            ("2026-11-18", date(2026, 11, 18)),
            ("上周", TODAY),
            (None, TODAY),
            (date(2026, 12, 1), TODAY),
        ],
    )
    def test_the_stated_date_counts_unless_it_cannot_be(self, stated: str | date | None, expected: date) -> None:
        answers = {"test_result": "positive"} | ({"test_date": stated} if stated else {})
        assert rules.event_from(self.created, answers, TODAY) == expected

    def test_another_answer_makes_no_event(self) -> None:
        assert rules.event_from(self.created, {"test_result": "negative"}, TODAY) is None

    def test_without_a_date_item_the_day_of_the_answer_counts(self) -> None:
        created = self.created.model_copy(update={"date_item": None})
        assert rules.event_from(created, {"test_result": "positive"}, TODAY) == TODAY


def planned(number: int = 1, *, due: date = TODAY, recurring: bool = False, expired: bool = False) -> PlannedTask:
    return PlannedTask(
        node_key="n",
        occurrence=number,
        title="随访",
        questionnaire_key="q",
        due_on=due,
        opens_on=due,
        expires_on=due,
        priority=1,
        recurring=recurring,
        expired=expired,
    )


def stored(number: int = 1, status: str = "planned", reason: str | None = None, due: date = TODAY) -> ExistingTask:
    values = planned(number, due=due).model_dump(exclude={"recurring", "expired"})
    return ExistingTask(id=UUID(int=number), status=status, reason=reason, **values)


class TestChanges:
    def test_what_is_there_already_stays(self) -> None:
        assert rules.changes([stored()], [planned()]) == Changes()

    def test_what_is_missing_is_made(self) -> None:
        assert rules.changes([], [planned()]).create == (planned(),)

    def test_expired_rounds_are_not_made_up(self) -> None:
        single, round_ = planned(1, expired=True), planned(2, expired=True, recurring=True)
        assert rules.changes([], [single, round_]).create == (single,)

    def test_a_moved_date_moves_the_task(self) -> None:
        later = planned(due=TODAY + timedelta(days=3))
        assert rules.changes([stored()], [later]).move == ((UUID(int=1), later),)

    def test_what_is_not_wanted_any_more_is_cancelled(self) -> None:
        assert rules.changes([stored()], []).cancel == (UUID(int=1),)

    def test_what_is_past_its_window_is_missed(self) -> None:
        assert rules.changes([stored()], [planned(expired=True)]).miss == (UUID(int=1),)

    @pytest.mark.parametrize("status", ["done", "in_progress", "unreachable"])
    @pytest.mark.parametrize(
        "wanted", [[], [planned(expired=True)], [planned(due=TODAY + timedelta(days=3))]], ids=["gone", "old", "moved"]
    )
    def test_what_people_or_calls_have_taken_up_stays(self, status: str, wanted: list[PlannedTask]) -> None:
        assert rules.changes([stored(status=status)], wanted) == Changes()

    @pytest.mark.parametrize(
        ("status", "reason", "opened"),
        [
            ("missed", "expired", True),
            ("cancelled", rules.BY_PLAN, True),
            ("cancelled", "patient_declined", False),
        ],
    )
    def test_only_what_the_plan_closed_is_opened_again(self, status: str, reason: str, opened: bool) -> None:
        assert bool(rules.changes([stored(status=status, reason=reason)], [planned()]).move) == opened


class TestShownStatus:
    def test_a_planned_task_is_due_from_its_date_on(self) -> None:
        assert rules.shown_status("planned", TODAY, TODAY) == "due"
        assert rules.shown_status("planned", TODAY + timedelta(days=1), TODAY) == "planned"
        assert rules.shown_status("done", TODAY, TODAY) == "done"
