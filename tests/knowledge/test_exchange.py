"""Files in and out."""

import csv
import io
from datetime import UTC, datetime
from typing import Any, get_args

import pytest
from fastapi.testclient import TestClient
from openpyxl import load_workbook

from knowledge.cells import harmless, plain
from knowledge.entries.schemas import EntryDetail
from knowledge.exchange.schemas import Format
from tests.knowledge.conftest import FEE, Publish

Base = dict[str, EntryDetail]
RICH = FEE.model_copy(
    update={
        "question": "=SUM(A1) 怎么算？",
        "text_chat": "第一行\n- 第二行\n# 第三行\n=1+1",
        "answer_class": "education",
        "audience": ("reproductive", "all"),
        "valid_until": datetime(2027, 1, 1, 4, 30, tzinfo=UTC),
    }
)
HEADER = "编号,问题,相似问,答案,类别,失效日期\n"


def preview(client: TestClient, name: str, data: bytes) -> dict[str, Any]:
    answer = client.post("/api/knowledge/imports", files={"file": (name, data)})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


class TestRoundTrip:
    @pytest.mark.parametrize("form", get_args(Format))
    def test_what_is_exported_imports_without_a_change(
        self, client: TestClient, base: Base, publish: Publish, form: str
    ) -> None:
        publish(RICH, "rich")
        data = client.get("/api/knowledge/export", params={"format": form}).content
        told = preview(client, f"knowledge.{form}", data)
        assert (told["rows"], told["sound"], told["unchanged"], told["broken"]) == (4, 4, 4, [])

    def test_a_formula_is_never_written_as_one(self, client: TestClient, publish: Publish) -> None:
        publish(RICH, "rich")
        book = load_workbook(io.BytesIO(client.get("/api/knowledge/export", params={"format": "xlsx"}).content))
        assert {cell.data_type for row in book.worksheets[0].iter_rows() for cell in row if cell.value} == {"s"}
        text = client.get("/api/knowledge/export", params={"format": "csv"}).content.decode("utf-8-sig")
        cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
        assert not [cell for cell in cells if cell.startswith("=")]

    @pytest.mark.unit
    @pytest.mark.parametrize("cell", ["=1+1", "'=1+1", "'", "a", "", "-5", "'a"])
    def test_a_guarded_cell_reads_back(self, cell: str) -> None:
        assert plain(harmless(cell)) == cell


class TestImport:
    def test_twenty_broken_rows_are_listed_and_the_sound_ones_come_in(self, client: TestClient, base: Base) -> None:
        bad = ["k{},,x,答案,服务,", "k{},问题{},x,,服务,", "k{},问题{},x,答案,无此类,", "k{},问题{},x,答案,服务,明年"]
        rows = [bad[n % 4].format(n, n) for n in range(20)]
        sound = [
            "new_one,食堂几点开饭,食堂在哪,早上六点半。,服务,2027-12-31",
            "fee,冷冻保存费怎么交？,,只在窗口交。,服务,",
        ]
        told = preview(client, "rows.csv", (HEADER + "\n".join([*rows, *sound])).encode("gb18030"))
        assert [one["row"] for one in told["broken"]] == list(range(2, 22))
        assert all(one["reason"] and one["remedy"] for one in told["broken"])
        assert (told["sound"], told["created"], told["updated"]) == (2, 1, 1)
        assert [one["key"] for one in told["conflicts"]] == ["fee"]
        done = client.post(f"/api/knowledge/imports/{told['id']}/apply", json={})
        assert done.json()["status"] == "applied"
        drafts = client.get("/api/knowledge/entries", params={"open_status": "draft"}).json()
        assert {one["key"] for one in drafts["items"]} == {"new_one", "fee"}
        again = client.post(f"/api/knowledge/imports/{told['id']}/apply", json={})
        assert (again.status_code, again.json()["code"]) == (409, "import_applied")

    def test_duplicates_are_named_and_left_out(self, client: TestClient, base: Base) -> None:
        rows = "d1,停车场在哪里,,在东门。,服务,\nd2,停车场在哪里呀,,在东门。,服务,"
        told = preview(client, "rows.csv", (HEADER + rows).encode())
        duplicates = told["duplicates"]
        first = next((one["row"], one["kind"], one["entry_id"]) for one in duplicates)
        assert first == (2, "same", str(base["parking"].id))
        client.post(f"/api/knowledge/imports/{told['id']}/apply", json={"skip_duplicates": True})
        assert client.get("/api/knowledge/entries", params={"open_status": "draft"}).json()["items"] == []

    @pytest.mark.parametrize(
        ("name", "data"),
        [
            ("a.xlsx", b"no workbook"),
            ("a.docx", b"PK\x03\x04broken"),
            ("a.csv", b"a,b\n1,2"),
            ("a.md", b"text"),
            ("a.exe", b""),
        ],
    )
    def test_what_is_no_such_file_is_refused(self, client: TestClient, name: str, data: bytes) -> None:
        answer = client.post("/api/knowledge/imports", files={"file": (name, data)})
        assert (answer.status_code, answer.json()["field"]) == (422, "file")
