"""A campaign over the real record: from the due task to the done one."""

from datetime import date
from uuid import UUID

import pytest

from campaigns.dispatch.service import tick
from campaigns.record.core import CoreRecord
from core_api.kit.clock import FixedClock
from core_api.kit.db import Sessions, new_id
from core_api.patients import service as patients
from core_api.patients.schemas import Consent, PatientIn
from core_api.plans import service as plans
from core_api.plans.schemas import OwnPlanIn, OwnTaskIn, TaskFilter
from core_api.questionnaires import service as questionnaires
from tests.campaigns.world import World


@pytest.fixture
def real(sessions: Sessions, clock: FixedClock) -> World:
    world = World(sessions, clock)
    object.__setattr__(world.runtime, "record", CoreRecord())
    with sessions.begin() as session:
        questionnaires.load_library(session, clock)
    return world


def add(world: World, number: str, consent: Consent = "granted") -> UUID:
    with world.sessions.begin() as session:
        wanted = PatientIn(
            record_number=number,
            name="王小明",
            gender="male",
            phone=f"+861540000{number}",
            consent=consent,
        )
        patient_id = patients.upsert_patient(session, wanted, world.clock).patient_id
        own = OwnPlanIn(
            title="满意度",
            tasks=(OwnTaskIn(title="满意度回访", questionnaire_key="satisfaction", due_on=date(2026, 11, 20)),),
        )
        plans.create_own_plan(session, patient_id, own, world.clock)
        wanted_tasks = TaskFilter(patient_id=patient_id)
        return plans.due_for_campaign(session, wanted_tasks, 1)[0].id


class TestCoreRecord:
    @pytest.mark.covers("RC-OUT-01", "RC-OUT-05")
    def test_a_completed_call_closes_the_task(self, real: World) -> None:
        task_id = add(real, "1001")
        real.campaign(filter={"due_to": "2026-11-20"})
        assert tick(real.runtime).run == ("placed",)
        (order,) = real.dialler.orders
        assert (order.salutation, order.questionnaire_key) == ("王先生", "satisfaction")
        real.end(order.call_id, "completed", times=3, completed=True)
        with real.sessions() as session:
            assert plans.task(session, task_id).status == "done"
            assert plans.task(session, task_id).response_id == order.response_id

    def test_leaves_out_who_gave_no_consent(self, real: World) -> None:
        add(real, "1002", consent="unknown")
        real.campaign(filter={"due_to": "2026-11-20"})
        assert tick(real.runtime).run == ()
        assert real.target().reason == "no_consent"

    def test_notes_do_not_call_on_the_patient(self, real: World) -> None:
        add(real, "1003")
        real.campaign(filter={"due_to": "2026-11-20"})
        tick(real.runtime)
        real.end_last("do_not_call")
        with real.sessions() as session:
            assert patients.get(session, real.target().patient_id).do_not_contact

    def test_knows_nothing_of_a_patient_who_is_not_there(self, real: World) -> None:
        with real.sessions() as session:
            assert CoreRecord().contact_facts(session, [new_id()]) == {}
            assert CoreRecord().task(session, new_id()) is None
