"""Changes of the record reach targets that wait."""

from typing import Any
from uuid import UUID

import pytest

from campaigns.outcomes.changes import RecordChanges
from campaigns.people import service as people
from core_api.kit.outbox import handle_pending, publish
from tests.campaigns.world import World
from tests.fakes.record import WILLING

SILENT = WILLING.model_copy(update={"consent": "unknown"})


def tell(world: World, name: str, subject: UUID, **data: Any) -> None:
    with world.sessions.begin() as session:
        publish(session, name, subject, data, world.clock)
    handle_pending(world.sessions, RecordChanges(world.record, world.clock).handlers(), world.clock)


class TestOnPatientChanged:
    @pytest.mark.covers("RC-OUT-02")
    @pytest.mark.parametrize("standing", [False, True])
    def test_consent_that_comes_later_takes_the_patient_in(self, world: World, standing: bool) -> None:
        world.record.add(facts=SILENT)
        world.record.add()
        world.campaign(standing=standing)
        assert world.tick().run == ("placed",)
        left_out = next(one for one in world.targets() if one.state == "excluded")
        world.record.contacts[left_out.patient_id] = WILLING
        tell(world, "patient.changed", left_out.patient_id, patient_id=str(left_out.patient_id))
        assert world.later(seconds=1).run == ("placed",)

    def test_who_still_may_not_be_called_stays_out(self, world: World) -> None:
        world.record.add(facts=SILENT)
        world.record.add()
        world.campaign()
        world.tick()
        left_out = next(one for one in world.targets() if one.state == "excluded")
        world.record.contacts[left_out.patient_id] = WILLING.model_copy(update={"deceased": True})
        tell(world, "patient.changed", left_out.patient_id, patient_id=str(left_out.patient_id))
        assert world.later(seconds=1).run == ()

    def test_a_finished_campaign_is_not_opened_again(self, world: World) -> None:
        world.record.add(facts=SILENT)
        campaign_id = world.campaign()
        world.tick()
        world.later(seconds=1)
        assert world.row(campaign_id).status == "finished"
        patient_id = world.target().patient_id
        world.record.contacts[patient_id] = WILLING
        tell(world, "patient.changed", patient_id, patient_id=str(patient_id))
        assert world.target().state == "excluded"


class TestOnTaskChanged:
    def test_nobody_is_called_about_a_task_that_staff_closed(self, world: World) -> None:
        world.record.add()
        world.campaign()
        world.tick()
        world.end_last("no_answer")
        task_id = world.target().task_id
        tell(world, "task.changed", task_id, task_id=str(task_id), status="done")
        assert (world.target().state, world.target().reason) == ("done", "task_closed")
        assert world.row(world.target().campaign_id).status == "finished"

    @pytest.mark.parametrize(("status", "waiting"), [("done", 0), ("cancelled", 1), ("in_progress", 1)])
    def test_a_case_for_people_is_settled_by_an_answer_only(self, world: World, status: str, waiting: int) -> None:
        world.record.add()
        world.campaign()
        world.tick()
        world.end_last("deceased")
        task_id = world.target().task_id
        tell(world, "task.changed", task_id, task_id=str(task_id), status=status)
        with world.sessions() as session:
            assert people.count_open(session) == waiting
