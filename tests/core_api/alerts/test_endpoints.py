from uuid import UUID

from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from tests.core_api.alerts.conftest import Raise


class TestAlertsOverHttp:
    def test_a_nurse_lists_reads_and_acknowledges(self, client: TestClient, session: Session, raise_one: Raise) -> None:
        alert_id = raise_one()
        session.commit()
        listed = client.get("/api/alerts", params={"status": "open", "level": "red"}).json()
        assert (listed["total"], listed["items"][0]["id"]) == (1, str(alert_id))
        assert client.get(f"/api/alerts/{alert_id}").json()["overdue"] is False
        done = client.post(f"/api/alerts/{alert_id}/acknowledge", json={"note": "已联系"})
        assert done.json()["acknowledged_by"] == "李护士"
        again = client.post(f"/api/alerts/{alert_id}/acknowledge", json={"note": ""})
        assert (again.status_code, again.json()["code"]) == (409, "already_acknowledged")

    def test_an_unknown_alert_is_not_found(self, client: TestClient) -> None:
        assert client.post(f"/api/alerts/{UUID(int=1)}/acknowledge", json={}).status_code == 404

    def test_nobody_enters_without_signing_in(self, client: TestClient) -> None:
        assert client.get("/api/alerts", headers={"authorization": ""}).status_code == 401
