from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select

from core_api.audit.models import AuditEntry
from core_api.contracts import endpoints as contract_endpoints
from core_api.identity import rules
from core_api.imports import endpoints
from core_api.imports.uploads import safe_name
from core_api.kit.clock import FixedClock
from core_api.kit.crypto import Keyring
from core_api.kit.db import Sessions, new_id
from core_api.kit.web import CurrentUser, Runtime, install_problem_handlers
from core_api.observations import endpoints as observation_endpoints
from core_api.patients import endpoints as patient_endpoints
from core_api.treatments import endpoints as treatment_endpoints
from tests.core_api.imports.exports import write_contracts, write_patients


@pytest.fixture
def client(sessions: Sessions, clock: FixedClock, keyring: Keyring, tmp_path: Path) -> TestClient:
    """The token is the role."""
    app = FastAPI()
    app.state.runtime = Runtime(sessions, clock, ZoneInfo("Asia/Shanghai"), keyring, tmp_path / "data")
    app.state.authenticate = lambda _session, token: CurrentUser(
        id=new_id(), username=token, display_name=token, roles=(token,), permissions=rules.permissions_of((token,))
    )
    for slice_ in (
        endpoints,
        patient_endpoints,
        contract_endpoints,
        treatment_endpoints,
        observation_endpoints,
    ):
        app.include_router(slice_.router)
    install_problem_handlers(app)
    return TestClient(app, headers={"Authorization": "Bearer nurse"})


@pytest.fixture
def export(tmp_path: Path) -> list[tuple[str, tuple[str, bytes]]]:
    folder = write_patients(tmp_path / "in", {}, {"姓名": "", "大病历号": "A2"})
    write_contracts(folder, ("FZ1", "A1", None, 2400))
    return [("files", (path.name, path.read_bytes())) for path in sorted(folder.iterdir())]


class TestUpload:
    def test_previews_then_applies_then_forgets_the_files(
        self, client: TestClient, export: list[tuple[str, tuple[str, bytes]]], tmp_path: Path
    ) -> None:
        preview = client.post("/api/imports", files=export).json()
        assert (preview["state"], preview["files"][0]["created"]) == ("previewed", 1)
        assert client.get("/api/patients").json()["total"] == 0
        applied = client.post(f"/api/imports/{preview['id']}/apply").json()
        assert applied["issues"] == preview["issues"]
        assert client.get("/api/patients").json()["total"] == 1
        assert list((tmp_path / "data" / "imports").iterdir()) == []
        assert client.post(f"/api/imports/{preview['id']}/apply").status_code == 404
        runs = client.get("/api/imports").json()
        assert [one["state"] for one in runs] == ["applied", "previewed"]
        issues = client.get(f"/api/imports/{applied['id']}/issues?limit=1").json()
        assert (len(issues["items"]), issues["total"]) == (1, 2)
        assert issues["next_cursor"]

    def test_imports_at_once(self, client: TestClient, export: list[tuple[str, tuple[str, bytes]]]) -> None:
        report = client.post("/api/imports", files=export, data={"dry_run": "false"}).json()
        assert report["state"] == "applied"
        assert client.get(f"/api/imports/{report['id']}").json() == report

    def test_is_not_for_auditors(self, client: TestClient, export: list[tuple[str, tuple[str, bytes]]]) -> None:
        answer = client.post("/api/imports", files=export, headers={"Authorization": "Bearer auditor"})
        assert answer.status_code == 403

    def test_refuses_two_files_of_one_name(self, client: TestClient, tmp_path: Path) -> None:
        files = [("files", ("../p.csv", b"a")), ("files", ("p.csv", b"b"))]
        assert client.post("/api/imports", files=files).status_code == 422
        assert list((tmp_path / "data" / "imports").iterdir()) == []

    @pytest.mark.unit
    @pytest.mark.parametrize("name", ["../../etc/passwd", "..", "C:\\x\\患者 名单.csv", "a" * 300 + ".csv", ""])
    def test_file_names_are_made_harmless(self, name: str) -> None:
        safe = safe_name(name)
        assert safe
        assert "/" not in safe
        assert not safe.startswith(".")
        assert len(safe) <= 88


class TestRecord:
    def test_every_reading_leaves_one_audit_row(
        self, client: TestClient, export: list[tuple[str, tuple[str, bytes]]], sessions: Sessions
    ) -> None:
        client.post("/api/imports", files=export, data={"dry_run": "false"})
        found = client.post("/api/patients/search", json={"q": "丽华"}).json()["items"]
        patient_id = found[0]["id"]
        assert UUID(patient_id)
        assert (found[0]["name"], found[0]["phone"]) == ("王**", "154****4891")
        assert client.get(f"/api/patients/{patient_id}/contracts").json()[0]["annual_fee_fen"] == 240000
        assert client.get(f"/api/patients/{patient_id}/treatments").json() == []
        assert client.get(f"/api/patients/{patient_id}/observations").json() == []
        assert client.get(f"/api/patients/{patient_id}").json()["relatives"][0]["name"] == "罗*"
        body = {"fields": ["phone"], "reason": "电话核对"}
        assert client.post(f"/api/patients/{patient_id}/reveal", json=body).json() == {"phone": "+8615417974891"}
        with sessions() as session:
            actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
            session.rollback()
        assert actions == [
            "import.apply", "patient.search", "contract.read", "treatment.read", "observation.read", "patient.read",
            "patient.reveal",
        ]  # fmt: skip

    def test_what_is_typed_to_find_a_person_has_no_place_in_an_address(self, client: TestClient) -> None:
        refused = client.get("/api/patients", params={"q": "丽华"})
        assert (refused.status_code, refused.json()["field"]) == (422, "q")
        assert refused.json()["detail"] == "q：没有这一项，请删去"
        assert "丽华" not in refused.text

    def test_an_auditor_reads_but_reveals_nothing(self, client: TestClient) -> None:
        headers = {"Authorization": "Bearer auditor"}
        assert client.get("/api/patients/facets", headers=headers).status_code == 200
        body = {"fields": ["phone"], "reason": "电话核对"}
        assert client.post(f"/api/patients/{new_id()}/reveal", json=body, headers=headers).status_code == 403

    def test_contact_is_forbidden_and_allowed_again(
        self, client: TestClient, export: list[tuple[str, tuple[str, bytes]]]
    ) -> None:
        client.post("/api/imports", files=export, data={"dry_run": "false"})
        patient_id = client.post("/api/patients/search", json={"q": "A1"}).json()["items"][0]["id"]
        at = f"/api/patients/{patient_id}/do-not-contact"
        assert client.post(at, json={"reason": "本人要求"}).status_code == 204
        assert client.get(f"/api/patients/{patient_id}").json()["do_not_contact"] is True
        assert client.delete(at).status_code == 204
        assert client.get(f"/api/patients/{patient_id}").json()["do_not_contact"] is False
