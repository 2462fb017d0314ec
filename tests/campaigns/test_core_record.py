"""A campaign over the real record: from the due task to the done one."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from campaigns.board import service as board
from campaigns.campaigns.schemas import CampaignIn
from campaigns.dispatch.service import tick
from campaigns.record.core import CoreRecord
from core_api.contracts import service as contracts
from core_api.contracts.schemas import ContractIn
from core_api.kit.clock import FixedClock
from core_api.kit.db import Sessions, new_id
from core_api.kit.errors import Invalid
from core_api.patients import service as patients
from core_api.patients.schemas import Consent, PatientIn
from core_api.plans import service as plans
from core_api.plans.schemas import OwnPlanIn, OwnTaskIn, TaskFilter
from core_api.questionnaires import service as questionnaires
from core_api.treatments import service as treatments
from core_api.treatments.schemas import EventIn
from tests.campaigns.world import ZONE, World


@pytest.fixture
def real(sessions: Sessions, clock: FixedClock) -> World:
    world = World(sessions, clock)
    object.__setattr__(world.runtime, "record", CoreRecord())
    with sessions.begin() as session:
        questionnaires.load_library(session, clock)
    return world


def add(world: World, number: str, consent: Consent = "granted", **more: Any) -> UUID:
    with world.sessions.begin() as session:
        wanted = PatientIn(
            record_number=number,
            name="王小明",
            gender="male",
            phone=f"+861540000{number}",
            consent=consent,
            **more,
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


class TestStorageFees:
    @pytest.fixture
    def owing(self, real: World) -> UUID:
        with real.sessions.begin() as session:
            one = PatientIn(
                record_number="F1", name="王小丽", gender="female", phone="+8615400009999", consent="granted"
            )
            patient_id = patients.upsert_patient(session, one, real.clock).patient_id
            for number, arrears, paid_until in (("C1", 120050, date(2026, 9, 30)), ("C2", 0, date(2027, 9, 30))):
                contracts.upsert_contract(
                    session,
                    ContractIn(
                        contract_number=number,
                        patient_id=patient_id,
                        annual_fee_fen=120000,
                        paid_until=paid_until,
                        arrears_fen=arrears,
                    ),
                    real.clock,
                )
        return patient_id

    @pytest.mark.covers("RC-OUT-02")
    def test_who_owes_is_called_with_the_contracts_own_amounts(self, real: World, owing: UUID) -> None:
        real.campaign(source={"kind": "storage_fees"})
        assert tick(real.runtime).run == ("placed",)
        (order,) = real.dialler.orders
        assert (order.patient_id, order.questionnaire_key) == (owing, "storage_fee")
        assert order.context == {"owed_amount": "1200.5", "yearly_fee": "1200", "paid_until": "2026年9月30日"}

    def test_the_same_period_is_reminded_of_once(self, real: World, owing: UUID) -> None:
        real.campaign(source={"kind": "storage_fees"})
        tick(real.runtime)
        real.end_last("completed", completed=True)
        real.campaign(source={"kind": "storage_fees"})
        assert tick(real.runtime).run == ()
        assert len(real.targets()) == 1

    def test_a_preview_makes_nothing(self, real: World, owing: UUID) -> None:
        wanted = CampaignIn.model_validate({"name": "试", "source": {"kind": "storage_fees"}})
        with real.sessions() as session:
            shown = board.preview(session, CoreRecord(), wanted, real.clock.now(), ZONE)
            assert (shown.targets, plans.plans_of(session, owing, date(2026, 11, 20))) == (1, [])


class TestSatisfaction:
    @pytest.fixture
    def treated(self, real: World) -> UUID:
        """A patient whose only planned call was answered today."""
        with real.sessions.begin() as session:
            plans.load_library(session, real.clock)
            one = PatientIn(
                record_number="S1",
                name="王小丽",
                gender="female",
                phone="+8615400008888",
                department="生殖中心",
                consent="granted",
            )
            patient_id = patients.upsert_patient(session, one, real.clock).patient_id
            event = EventIn(patient_id=patient_id, kind="transfer", occurred_on=date(2026, 11, 6), source_key="t")
            treatments.record_event(session, event, real.clock)
            plans.sync_patient(session, patient_id, real.clock, ZONE)
            (task,) = plans.due_for_campaign(session, TaskFilter(patient_id=patient_id), 5)
            plans.set_task_status(session, task.id, "done", clock=real.clock)
        return patient_id

    @pytest.mark.parametrize(
        "source", [{"after": "episode"}, {"after": "calls", "completed_calls": 1}, {"after": "calls"}]
    )
    def test_is_asked_once_after_an_episode_or_so_many_calls(
        self, real: World, treated: UUID, source: dict[str, object]
    ) -> None:
        asked = source != {"after": "calls"}
        for _ in range(2):
            real.campaign(source={"kind": "satisfaction", **source})
            tick(real.runtime)
            if real.dialler.orders:
                real.end_last("completed", completed=True)
        keys = [(order.patient_id, order.questionnaire_key) for order in real.dialler.orders]
        assert keys == ([(treated, "satisfaction")] if asked else [])


class TestList:
    def test_everybody_on_the_list_is_asked_the_questionnaire(self, real: World) -> None:
        add(real, "1201")
        add(real, "1202")
        add(real, "1203")
        source = {"kind": "list", "record_numbers": ["1201", "1203"], "questionnaire_key": "satisfaction"}
        real.campaign(source=source)
        assert tick(real.runtime).run == ("placed", "placed")
        assert {order.questionnaire_key for order in real.dialler.orders} == {"satisfaction"}

    def test_without_a_questionnaire_what_is_due_is_asked(self, real: World) -> None:
        wanted = add(real, "1204")
        add(real, "1205")
        real.campaign(source={"kind": "list", "record_numbers": ["1204"]})
        tick(real.runtime)
        assert [order.task_id for order in real.dialler.orders] == [wanted]

    def test_an_unknown_number_is_named(self, real: World) -> None:
        wanted = CampaignIn.model_validate({"name": "试", "source": {"kind": "list", "record_numbers": ["nobody"]}})
        with real.sessions() as session, pytest.raises(Invalid) as refused:
            board.preview(session, CoreRecord(), wanted, real.clock.now(), ZONE)
        assert refused.value.items[0]["value"] == "nobody"


class TestElder:
    def test_an_old_patient_is_spoken_to_slowly(self, real: World) -> None:
        add(real, "1301", birth_date=date(1950, 1, 1))
        add(real, "1302", birth_date=date(1990, 1, 1))
        real.campaign(filter={"due_to": "2026-11-20"})
        tick(real.runtime)
        assert sorted(order.elder for order in real.dialler.orders) == [False, True]
