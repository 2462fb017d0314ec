from datetime import date

from sqlalchemy.orm import Session

from core_api.contracts import service
from core_api.contracts.schemas import ContractIn
from core_api.kit.clock import FixedClock
from core_api.patients import service as patients
from core_api.patients.schemas import PatientIn


class TestUpsertContract:
    def test_makes_keeps_and_changes(self, session: Session, clock: FixedClock) -> None:
        patient = patients.upsert_patient(session, PatientIn(record_number="A1", name="王丽"), clock)
        contract = ContractIn(
            contract_number="FZ1", patient_id=patient.patient_id, annual_fee_fen=240000, due_on=date(2027, 3, 1)
        )
        owed = contract.model_copy(update={"state": "arrears", "arrears_fen": 240000})
        changes = [service.upsert_contract(session, one, clock) for one in (contract, contract, owed)]
        assert changes == ["created", "unchanged", "updated"]
        session.expire_all()
        (kept,) = service.contracts(session, patient.patient_id)
        assert (kept.state, kept.arrears_fen, kept.due_on) == ("arrears", 240000, date(2027, 3, 1))
