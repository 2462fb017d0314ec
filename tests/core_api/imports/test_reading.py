import zipfile
from pathlib import Path

import pytest

from core_api.imports.profiles import load_profile
from core_api.imports.reading import FileRefused, Record, open_table, records
from core_api.kit.errors import Invalid
from tests.core_api.imports.exports import PATIENT_COLUMNS, SOUND, write_contracts, write_patients

HEADER = ",".join(PATIENT_COLUMNS)
ROW = ",".join(SOUND.values())


def read(path: Path) -> list[Record]:
    with records(open_table(path, load_profile())) as rows:
        return list(rows)


def refusal(path: Path) -> FileRefused:
    with pytest.raises(FileRefused) as caught:
        read(path)
    return caught.value


class TestText:
    @pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "utf-8-sig", "utf-16"])
    def test_is_read_in_any_usual_encoding(self, tmp_path: Path, encoding: str) -> None:
        write_patients(tmp_path, {}, encoding=encoding)
        assert read(tmp_path / "patients.csv")[0]["name"] == "王丽华"

    @pytest.mark.parametrize("delimiter", ["\t", ";", "|"])
    def test_is_read_with_any_usual_delimiter(self, tmp_path: Path, delimiter: str) -> None:
        path = tmp_path / "p.txt"
        path.write_text(f"患者名单\n\n{HEADER}\n{ROW}\n".replace(",", delimiter), "utf-8")
        assert [(one.row, one["name"]) for one in read(path)] == [(4, "王丽华")]

    @pytest.mark.parametrize("encoding", ["big5", "shift_jis"])
    def test_in_another_encoding_is_refused_clearly(self, tmp_path: Path, encoding: str) -> None:
        path = tmp_path / "p.csv"
        path.write_bytes("病歷號,姓名\nA1,王\n".encode(encoding, errors="replace"))
        assert "编码" in refusal(path).reason

    def test_a_broken_byte_refuses_its_row_only(self, tmp_path: Path) -> None:
        path = tmp_path / "p.csv"
        path.write_bytes(f"{HEADER}\n{ROW}\n".encode() + ROW.encode().replace("王".encode(), b"\xff") + b"\n")
        assert [bool(one.fault) for one in read(path)] == [False, True]

    def test_a_line_of_10_mb_refuses_its_row_only(self, tmp_path: Path) -> None:
        path = tmp_path / "p.csv"
        path.write_text(f"{HEADER}\n{'x' * 10_000_000}\n{ROW}\n", "utf-8")
        rows = read(path)
        assert [bool(one.fault) for one in rows] == [True, False]
        assert rows[0].row == 2

    def test_an_open_quote_does_not_swallow_the_file(self, tmp_path: Path) -> None:
        path = tmp_path / "p.csv"
        path.write_text(f'{HEADER}\n"{ROW}\n' + f"{ROW}\n" * 5000, "utf-8")
        rows = read(path)
        assert rows[0].fault
        assert sum(one.fault is None for one in rows) > 2000

    def test_more_columns_than_the_header_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "p.csv"
        path.write_text(f"{HEADER}\n{ROW},多,余\n", "utf-8")
        assert read(path)[0].fault

    def test_a_missing_column_is_named(self, tmp_path: Path) -> None:
        path = tmp_path / "patients.csv"
        path.write_text("大病历号,手机号,院区\nA1,1,2\n", "utf-8")
        found = refusal(path)
        assert "姓名" in found.reason
        assert not found.skipped

    def test_another_file_is_passed_over(self, tmp_path: Path) -> None:
        path = tmp_path / "questions.csv"
        path.write_text("department,title\n内科,高血压\n", "utf-8")
        assert refusal(path).skipped

    def test_an_empty_file_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "p.csv"
        path.touch()
        assert refusal(path).reason == "文件是空的"


class TestWorkbook:
    def test_is_read_below_its_title(self, tmp_path: Path) -> None:
        write_contracts(tmp_path, ("FZ1", "A1", None, "=1+1"))
        rows = read(tmp_path / "storage_contracts.xlsx")
        assert [(one.row, one["contract_number"], one["annual_fee"]) for one in rows] == [(3, "FZ1", "=1+1")]

    def test_a_zip_named_xlsx_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "c.xlsx"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("patients.csv", HEADER)
        assert "压缩包" in refusal(path).reason

    def test_a_bomb_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "c.xlsx"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("[Content_Types].xml", "")
            archive.writestr("xl/workbook.xml", "")
            archive.writestr("xl/worksheets/sheet1.xml", b"0" * (20 << 20))
        assert "过大" in refusal(path).reason

    @pytest.mark.parametrize("content", [b"not a workbook", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"0" * 100])
    def test_what_is_none_is_refused(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "c.xlsx"
        path.write_bytes(content)
        assert refusal(path).remedy

    def test_a_broken_sheet_is_refused(self, tmp_path: Path) -> None:
        write_contracts(tmp_path, ("FZ1", "A1", None, 1))
        source, path = tmp_path / "storage_contracts.xlsx", tmp_path / "broken.xlsx"
        with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w") as new:
            for name in old.namelist():
                data = old.read(name)
                new.writestr(name, data[: len(data) // 2] if "sheet1" in name else data)
        assert "损坏" in refusal(path).reason


class TestProfile:
    def test_a_hospital_names_its_own_columns(self, tmp_path: Path) -> None:
        profile = tmp_path / "ours.yaml"
        text = "name: ours\nfiles:\n  patients:\n    title: 名单\n    required: [record_number, name]\n"
        profile.write_text(text + "    columns: {record_number: [ID], name: [名字]}\n", "utf-8")
        path = tmp_path / "p.csv"
        path.write_text("ID,名字\nA1,王\n", "utf-8")
        assert open_table(path, load_profile(profile)).header.kind == "patients"

    @pytest.mark.parametrize(
        "text", ["[", "name: x", "name: x\nfiles: {patients: {title: a, required: [b], columns: {b: [c]}}}"]
    )
    def test_a_wrong_one_is_refused(self, tmp_path: Path, text: str) -> None:
        path = tmp_path / "bad.yaml"
        path.write_text(text, "utf-8")
        with pytest.raises(Invalid):
            load_profile(path)
