from datetime import date, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from core_api.contracts import service as contracts
from core_api.imports import service
from core_api.imports.schemas import ImportReport, Issue
from core_api.kit.clock import FixedClock
from core_api.kit.db import Sessions
from core_api.kit.errors import Invalid
from core_api.observations import service as observations
from core_api.patients import service as patients
from core_api.patients.models import Patient
from core_api.patients.schemas import PatientFilter
from core_api.treatments import service as treatments
from tests.core_api.imports.exports import SOUND, write_contracts, write_csv, write_patients

SHARED = Path(__file__).parents[4] / "shared" / "data"
LAB_HEADER = "大病历号,标本号,采样时间,项目代码,项目名称,结果,单位,参考下限,参考上限,仪器标志"
TRANSFER_HEADER = "大病历号,移植日期,移植类型,移植胚胎数,妊娠结果,妊娠确认日期"


class Importer:
    def __init__(self, sessions: Sessions, clock: FixedClock, folder: Path) -> None:
        self.sessions = sessions
        self.clock = clock
        self.folder = folder

    def run(self, *, dry_run: bool = False) -> ImportReport:
        return service.run_import(self.sessions, self.folder, service.load_profile(), self.clock, dry_run)

    def patients(self, *rows: dict[str, str]) -> ImportReport:
        write_patients(self.folder, *rows)
        return self.run()


@pytest.fixture
def importer(sessions: Sessions, clock: FixedClock, tmp_path: Path) -> Importer:
    return Importer(sessions, clock, tmp_path / "export")


def only(report: ImportReport) -> Issue:
    assert len(report.issues) == 1, report.issues
    return report.issues[0]


class TestPatients:
    def test_a_sound_row_goes_in_whole(self, importer: Importer) -> None:
        report = importer.patients({"手机号": "+86 154-1797-4891", "备注": "<script>alert(1)</script>"})
        assert (report.files[0].created, report.issues_total) == (1, 0)
        with importer.sessions() as session:
            patient_id = patients.by_record_number(session, "A1")
            assert patient_id
            contact = patients.contact(session, patient_id)
            assert (contact.phone_e164, contact.spouse_name) == ("+8615417974891", "罗华")
            assert contact.birth_date == date(1992, 12, 16)
            session.rollback()

    @pytest.mark.parametrize(
        ("row", "column", "value", "severity"),
        [
            ({"手机号": "1541797489"}, "手机号", "154****89", "error"),
            ({"手机号": ""}, "手机号", "", "warning"),
            ({"出生日期": "1991-02-30"}, "出生日期", "1991-02-30", "error"),
            ({"姓名": ""}, "姓名", "", "error"),
            ({"身份证号": "110105194912310021"}, "身份证号", "110105********0021", "warning"),
            ({"姓名": "=cmd|'/c calc'!A1"}, "姓名", "=****************", "warning"),
            ({"语音随访同意": ""}, "语音随访同意", "", "warning"),
            ({"语音随访同意": "看情况"}, "语音随访同意", "看情况", "warning"),
            ({"配偶手机号": "12"}, "配偶手机号", "12****12", "warning"),
            ({"院区": "很长" * 40}, "院区", ("很长" * 40)[:60], "error"),
        ],
    )
    def test_a_mistake_is_named(
        self, importer: Importer, row: dict[str, str], column: str, value: str, severity: str
    ) -> None:
        report = importer.patients(row)
        issue = only(report)
        assert (issue.row, issue.column, issue.value, issue.severity) == (2, column, value, severity)
        assert issue.reason
        assert issue.remedy
        assert report.files[0].refused == (severity == "error")

    def test_absent_consent_is_not_yes(self, importer: Importer) -> None:
        importer.patients({"语音随访同意": ""})
        with importer.sessions() as session:
            assert session.scalars(select(Patient.consent)).one() == "unknown"
            session.rollback()

    def test_the_same_row_twice_is_one_patient(self, importer: Importer) -> None:
        report = importer.patients({}, {})
        assert (report.files[0].created, report.files[0].unchanged, report.files[0].refused) == (1, 1, 0)
        assert "第 2 行" in only(report).reason

    def test_a_record_number_with_two_phones_is_refused_the_second_time(self, importer: Importer) -> None:
        report = importer.patients({}, {"手机号": "15400000000"})
        assert (report.files[0].created, report.files[0].refused) == (1, 1)
        assert "两个不同的手机号" in only(report).reason

    def test_two_patients_on_one_phone_go_in_with_a_warning(self, importer: Importer) -> None:
        report = importer.patients({}, {"大病历号": "A2", "姓名": "王芳"})
        assert (report.files[0].created, report.files[0].warned) == (2, 1)
        assert only(report).row == 3

    def test_a_phone_that_was_given_up_is_nobodys(self, importer: Importer) -> None:
        importer.patients({})
        write_patients(importer.folder, {"手机号": "15400000000"}, {"大病历号": "A2", "姓名": "王芳"})
        assert importer.run(dry_run=True).issues == importer.run().issues == ()

    def test_waiting_for_a_transplant_is_an_event(self, importer: Importer) -> None:
        importer.patients({"治疗阶段": "等待移植", "科室": "肾移植中心"})
        with importer.sessions() as session:
            patient_id = patients.by_record_number(session, "A1")
            assert patient_id
            assert [event.kind for event in treatments.events(session, patient_id)] == ["waiting_listed"]
            session.rollback()


class TestContracts:
    @pytest.mark.covers("TX-1.04-1")
    def test_a_fee_in_words_a_missing_date_and_a_stranger(self, importer: Importer) -> None:
        write_patients(importer.folder, {})
        due = datetime(2027, 3, 1)  # noqa: DTZ001 - as a spreadsheet keeps it
        write_contracts(
            importer.folder, ("FZ1", "A1", due, 2400), ("FZ2", "A1", due, "二千四"), ("FZ3", "A1", None, 1800),
            ("FZ4", "A999999", due, 1800), ("FZ5", "A1", due, "=1200*2"),
        )  # fmt: skip
        report = importer.run()
        assert [(one.row, one.column, one.severity) for one in report.issues] == [
            (4, "年费(元)", "error"), (5, "到期日期", "warning"), (6, "大病历号", "error"), (7, "年费(元)", "error"),
        ]  # fmt: skip
        with importer.sessions() as session:
            patient_id = patients.by_record_number(session, "A1")
            assert patient_id
            kept = {one.contract_number: one for one in contracts.contracts(session, patient_id)}
            session.rollback()
        assert set(kept) == {"FZ1", "FZ3"}
        assert (kept["FZ1"].annual_fee_fen, kept["FZ1"].due_on, kept["FZ3"].due_on) == (240000, date(2027, 3, 1), None)


class TestTreatments:
    def test_a_corrected_date_moves_the_transfer_and_its_pregnancy(self, importer: Importer) -> None:
        write_patients(importer.folder, {})
        for transferred, confirmed in (("2026-09-21", "2026-10-05"), ("2026-09-23", "2026-10-07")):
            row = f"A1,{transferred},冷冻胚胎移植,1,妊娠,{confirmed}"
            write_csv(importer.folder, "transfers.csv", TRANSFER_HEADER, row)
            report = importer.run()
        assert report.files[-1].updated == 1
        with importer.sessions() as session:
            patient_id = patients.by_record_number(session, "A1")
            assert patient_id
            kept = treatments.events(session, patient_id)
            session.rollback()
        assert [(one.kind, one.occurred_on.day) for one in kept] == [("transfer", 23), ("pregnancy_confirmed", 7)]

    def test_two_transfers_of_one_cycle_stay_two(self, importer: Importer) -> None:
        write_patients(importer.folder, {})
        rows = [f"A1,2026-09-{day},冷冻胚胎移植,1,," for day in (21, 23)]
        write_csv(importer.folder, "transfers.csv", TRANSFER_HEADER, *rows)
        assert importer.run().files[-1].created == 2
        assert importer.run().files[-1].unchanged == 2


class TestObservations:
    def test_a_bound_is_kept_and_a_critical_value_known(self, importer: Importer) -> None:
        write_patients(importer.folder, {"治疗阶段": "术后随访", "科室": "肾移植中心"})
        write_csv(
            importer.folder, "lab_results.csv", LAB_HEADER,
            "A1,S1,2026-03-14 08:05,FK506,他克莫司血药浓度,<1.0,ng/mL,5,10,L",
            "A1,S1,2026-03-14 08:05,K,血钾,6.70,mmol/L,3.5,5.3,",
            "A2,S2,2026-03-14 08:05,K,血钾,4.0,mmol/L,3.5,5.3,",
        )  # fmt: skip
        report = importer.run()
        assert [(one.row, one.severity) for one in report.issues] == [(2, "warning"), (4, "error")]
        with importer.sessions() as session:
            patient_id = patients.by_record_number(session, "A1")
            assert patient_id
            tacrolimus, potassium = observations.all_series(session, patient_id)
            events = treatments.events(session, patient_id)
            session.rollback()
        point = tacrolimus.points[0]
        assert (point.text, point.comparator, point.value, point.flag, point.critical) == ("<1.0", "<", 1.0, "L", False)
        assert (potassium.points[0].flag, potassium.points[0].critical) == ("H", True)
        assert [(one.kind, one.occurred_on, one.detail) for one in events] == [
            ("transplant_kidney", date(2026, 3, 14), {"estimated": True})
        ]


class TestAgain:
    def test_a_second_run_changes_nothing_and_a_dry_run_tells_the_same(self, importer: Importer) -> None:
        write_patients(importer.folder, {}, {"大病历号": "T2", "治疗阶段": "术后随访", "科室": "肝移植中心"})
        write_csv(importer.folder, "lab.csv", LAB_HEADER, "T2,S1,20260314,ALT,丙氨酸氨基转移酶,23.5,U/L,9,50,")
        write_csv(importer.folder, "transfers.csv", TRANSFER_HEADER, "A1,2026-09-21,冷冻胚胎移植,1,妊娠,2026-10-05")
        before = importer.run(dry_run=True)
        assert count(importer.sessions) == 0
        first, dry, second = importer.run(), importer.run(dry_run=True), importer.run()
        assert (before.files, before.issues) == (first.files, first.issues)
        assert (dry.files, dry.issues) == (second.files, second.issues)
        assert second.issues == first.issues
        assert {(one.created, one.updated) for one in second.files} == {(0, 0)}

    def test_a_killed_import_is_finished_by_another(self, importer: Importer, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(service, "BATCH_ROWS", 2)
        write_patients(importer.folder, *({"大病历号": f"A{n}", "手机号": f"1540000000{n}"} for n in range(5)))

        def die(_file: str, rows: int) -> None:
            if rows == 4:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            service.run_import(
                importer.sessions, importer.folder, service.load_profile(), importer.clock, False, progress=die
            )
        assert count(importer.sessions) == 4
        report = importer.run()
        assert (report.files[0].created, report.files[0].unchanged) == (1, 4)

    def test_a_changed_cell_is_an_update(self, importer: Importer) -> None:
        importer.patients({})
        report = importer.patients({"治疗阶段": "妊娠随访"})
        assert report.files[0].updated == 1
        with importer.sessions() as session:
            assert patients.search(session, PatientFilter(stage="妊娠随访"), None, 10).total == 1
            session.rollback()


class TestFolder:
    def test_that_is_empty_or_missing_is_refused(self, importer: Importer) -> None:
        with pytest.raises(Invalid):
            importer.run()
        importer.folder.mkdir()
        with pytest.raises(Invalid):
            importer.run()

    def test_every_export_there_is_comes_in_and_the_second_time_changes_nothing(self, importer: Importer) -> None:
        """The hospital's own export where it lies beside the repository; else one row."""
        if SHARED.is_dir():
            importer.folder = SHARED
        else:
            write_patients(importer.folder, SOUND)
        first, second = importer.run(), importer.run()
        assert second.issues == first.issues
        assert sum(one.created + one.updated for one in second.files) == 0
        if SHARED.is_dir():
            counts = {one.file: (one.rows, one.created, one.refused, one.warned) for one in first.files}
            assert counts["patients.csv"] == (360, 355, 4, 6)
            assert counts["storage_contracts.xlsx"] == (128, 125, 3, 1)
            assert counts["transfers.csv"] == (129, 127, 2, 0)
            assert counts["lab_results.csv"][:3] == (2160, 2160, 0)


def count(sessions: Sessions) -> int:
    with sessions() as session:
        found = session.scalar(select(func.count()).select_from(Patient)) or 0
        session.rollback()
    return found
