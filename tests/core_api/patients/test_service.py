from datetime import date

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core_api.audit.models import AuditEntry
from core_api.identity import rules as identity
from core_api.kit.clock import FixedClock
from core_api.kit.db import new_id
from core_api.kit.errors import Invalid, NotFound
from core_api.kit.web import CurrentUser
from core_api.patients import service
from core_api.patients.models import NameGram, Patient, Relative
from core_api.patients.schemas import PatientFilter, PatientIn, RelativeIn

WANG = PatientIn(
    record_number="A202001",
    name="王丽华",
    visit_card="9000000037",
    gender="female",
    birth_date=date(1992, 12, 16),
    identity_number="11010119900307775X",
    phone="+8615417974891",
    notes="只接下午电话，粤语",
    site="番禺院区",
    department="生殖中心",
    stage="验孕",
    consent="granted",
    relatives=(RelativeIn(name="罗华", phone="+8615444378154"),),
)
NURSE = CurrentUser(
    id=new_id(), username="li", display_name="李", roles=("nurse",), permissions=identity.permissions_of(("nurse",))
)


def changed(**fields: object) -> PatientIn:
    return PatientIn.model_validate(WANG.model_dump() | fields)


class TestUpsertPatient:
    def test_makes_a_patient_once(self, session: Session, clock: FixedClock) -> None:
        first = service.upsert_patient(session, WANG, clock)
        second = service.upsert_patient(session, WANG, clock)
        assert (first.change, second.change) == ("created", "unchanged")
        assert first.patient_id == second.patient_id
        assert service.by_record_number(session, "A202001") == first.patient_id

    @pytest.mark.covers("TX-3.11-3")
    def test_nothing_personal_lies_in_the_clear(self, session: Session, clock: FixedClock) -> None:
        service.upsert_patient(session, WANG, clock)
        rows = [*session.execute(select(Patient.__table__)), *session.execute(select(Relative.__table__))]
        stored = repr(rows)
        for secret in ("王丽华", "15417974891", "11010119900307775X", "只接下午", "罗华", "15444378154"):
            assert secret not in stored

    def test_an_empty_value_erases_nothing_but_consent(self, session: Session, clock: FixedClock) -> None:
        patient_id = service.upsert_patient(session, WANG, clock).patient_id
        result = service.upsert_patient(session, changed(phone=None, consent="unknown", gender="unknown"), clock)
        assert result.change == "updated"
        view = service.get(session, patient_id)
        assert (view.phone, view.consent, view.gender) == ("154****4891", "unknown", "female")

    def test_notes_that_are_gone_take_their_preferences_with_them(self, session: Session, clock: FixedClock) -> None:
        patient_id = service.upsert_patient(session, WANG, clock).patient_id
        service.upsert_patient(session, changed(notes=""), clock)
        assert service.get(session, patient_id).preferences.dialect is None

    def test_a_new_phone_clears_the_wrong_number_mark(self, session: Session, clock: FixedClock) -> None:
        patient_id = service.upsert_patient(session, WANG, clock).patient_id
        service.set_wrong_number(session, patient_id, clock)
        assert service.get(session, patient_id).wrong_number
        service.upsert_patient(session, changed(phone="+8615400000000"), clock)
        session.expire_all()
        assert not service.get(session, patient_id).wrong_number

    def test_a_new_name_replaces_its_parts(self, session: Session, clock: FixedClock) -> None:
        service.upsert_patient(session, WANG, clock)
        service.upsert_patient(session, changed(name="张三"), clock)
        assert session.scalar(select(func.count()).select_from(NameGram)) == 3
        assert service.search(session, PatientFilter(q="丽华"), None, 10).items == []


class TestGet:
    def test_masks_what_is_personal(self, session: Session, clock: FixedClock) -> None:
        patient_id = service.upsert_patient(session, WANG, clock).patient_id
        view = service.get(session, patient_id)
        assert (view.name, view.phone) == ("王**", "154****4891")
        assert [(one.relation, one.name, one.phone) for one in view.relatives] == [("spouse", "罗*", "154****8154")]
        assert view.preferences.contact_windows[0].start == "14:00"

    def test_knows_no_stranger(self, session: Session) -> None:
        with pytest.raises(NotFound):
            service.get(session, new_id())


class TestSearch:
    @pytest.mark.parametrize(
        "q", ["王丽华", "丽华", "王", "4891", "15417974891", "+86 154-1797-4891", "a202001", "9000000037",
              "15444378154", "11010119900307775x"],
    )  # fmt: skip
    def test_finds_by(self, session: Session, clock: FixedClock, q: str) -> None:
        service.upsert_patient(session, WANG, clock)
        service.upsert_patient(session, PatientIn(record_number="A202002", name="赵薇"), clock)
        found = service.search(session, PatientFilter(q=q), None, 10)
        assert [one.record_number for one in found.items] == ["A202001"]

    def test_pages_through_a_stage_list(self, session: Session, clock: FixedClock) -> None:
        for number in range(5):
            patient = PatientIn(record_number=f"T{number}", name="李明", stage="等待移植", site="天河院区")
            service.upsert_patient(session, patient, clock)
        service.upsert_patient(session, WANG, clock)
        first = service.search(session, PatientFilter(list="waiting"), None, 3)
        rest = service.search(session, PatientFilter(list="waiting"), first.next_cursor, 3)
        assert [one.record_number for one in first.items + rest.items] == ["T0", "T1", "T2", "T3", "T4"]
        assert (first.total, rest.next_cursor) == (5, None)


class TestReveal:
    @pytest.mark.covers("TX-3.11-4")
    def test_shows_the_fields_and_leaves_an_audit_row(self, session: Session, clock: FixedClock) -> None:
        patient_id = service.upsert_patient(session, WANG, clock).patient_id
        shown = service.reveal(session, patient_id, ["name", "spouse_phone"], "电话核对", NURSE, clock)
        assert shown == {"name": "王丽华", "spouse_phone": "+8615444378154"}
        entry = session.scalars(select(AuditEntry)).one()
        assert (entry.actor_id, entry.action, entry.purpose) == (
            NURSE.id,
            "patient.reveal",
            "name,spouse_phone: 电话核对",
        )

    @pytest.mark.parametrize(("fields", "reason"), [(["name"], " "), (["source_hash"], "电话核对")])
    def test_refuses(self, session: Session, clock: FixedClock, fields: list[str], reason: str) -> None:
        patient_id = service.upsert_patient(session, WANG, clock).patient_id
        with pytest.raises(Invalid):
            service.reveal(session, patient_id, fields, reason, NURSE, clock)


class TestContact:
    def test_gives_what_a_call_needs(self, session: Session, clock: FixedClock) -> None:
        patient_id = service.upsert_patient(session, WANG, clock).patient_id
        contact = service.contact(session, patient_id)
        assert (contact.salutation, contact.phone_e164, contact.spouse_name) == ("王女士", "+8615417974891", "罗华")


class TestFlags:
    def test_are_set_once_and_stay_through_an_import(self, session: Session, clock: FixedClock) -> None:
        patient_id = service.upsert_patient(session, WANG, clock).patient_id
        service.set_do_not_contact(session, patient_id, "本人要求", clock)
        service.set_do_not_contact(session, patient_id, "再次", clock)
        service.set_deceased(session, patient_id, "家属", clock)
        service.upsert_patient(session, changed(stage="冷冻保存"), clock)
        view = service.get(session, patient_id)
        assert view.do_not_contact
        assert view.deceased
        assert session.get_one(Patient, patient_id).do_not_contact_reason == "本人要求"
        service.allow_contact(session, patient_id, clock)
        assert not service.get(session, patient_id).do_not_contact


class TestReachability:
    def test_tells_of_many_at_once_without_naming_anybody(self, session: Session, clock: FixedClock) -> None:
        known = service.upsert_patient(session, WANG, clock).patient_id
        silent = service.upsert_patient(session, changed(record_number="A2", phone=None, consent="refused"), clock)
        service.set_deceased(session, silent.patient_id, "relative", clock)
        found = {
            one.patient_id: one for one in service.reachability(session, [known, silent.patient_id, known, new_id()])
        }
        assert set(found) == {known, silent.patient_id}
        assert (found[known].consent, found[known].has_phone, found[known].deceased) == ("granted", True, False)
        assert found[known].preferences.dialect == "粤语"
        assert (found[silent.patient_id].consent, found[silent.patient_id].has_phone) == ("refused", False)
        assert found[silent.patient_id].deceased
        assert "王丽华" not in repr(found)
