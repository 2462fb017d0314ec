"""Campaigns over HTTP."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from campaigns.board.endpoints import router
from core_api.kit.crypto import Keyring
from core_api.kit.db import new_id
from core_api.kit.web import CurrentUser, Runtime, install_problem_handlers
from tests.campaigns.world import ZONE, World
from tests.fakes.record import WILLING

NURSE = frozenset({"campaigns.read", "campaigns.write", "campaigns.run"})


@pytest.fixture
def client(world: World, keyring: Keyring, tmp_path: Path) -> Iterator[TestClient]:
    app = FastAPI()
    app.state.runtime = Runtime(world.sessions, world.clock, ZONE, keyring, tmp_path)
    app.state.campaign_record = world.record
    app.state.authenticate = _user
    app.include_router(router)
    install_problem_handlers(app)
    with TestClient(app, headers={"authorization": "Bearer nurse"}) as made:
        yield made


def _user(_session: Any, token: str) -> CurrentUser:
    permissions = NURSE if token == "nurse" else frozenset({"patients.read"})
    return CurrentUser(id=new_id(), username=token, display_name=token, roles=(), permissions=permissions)


class TestCampaigns:
    def test_make_start_watch_and_pause(self, client: TestClient, world: World) -> None:
        world.record.add(2)
        body = {"name": "肾移植", "filter": {"template_key": "kidney"}, "window_start": "09:00", "window_end": "20:00"}
        made = client.post("/api/campaigns", json=body).json()
        assert made["status"] == "draft"
        assert client.post(f"/api/campaigns/{made['id']}/start").json()["status"] == "running"
        world.tick()
        board = client.get(f"/api/campaigns/{made['id']}/board").json()
        assert (board["counts"]["in_progress"], len(board["live"])) == (2, 2)
        world.end_last("no_answer")
        board = client.get(f"/api/campaigns/{made['id']}/board").json()
        assert board["outcomes"] == [{"disposition": "no_answer", "label": "无人接听", "count": 1}]
        assert board["per_minute"][0]["ended"] == 1
        targets = client.get(f"/api/campaigns/{made['id']}/targets?state=retrying").json()
        assert (targets["total"], targets["items"][0]["last_label"]) == (1, "无人接听")
        assert client.post(f"/api/campaigns/{made['id']}/pause").json()["status"] == "paused"
        assert client.post(f"/api/campaigns/{made['id']}/pause").status_code == 409
        assert client.post(f"/api/campaigns/{made['id']}/resume").json()["status"] == "running"
        assert client.post(f"/api/campaigns/{made['id']}/cancel").json()["status"] == "cancelled"
        assert client.get("/api/campaigns").json()["total"] == 1

    def test_preview_names_reasons(self, client: TestClient, world: World) -> None:
        world.record.add(2)
        world.record.add(facts=WILLING.model_copy(update={"consent": "unknown"}))
        shown = client.post("/api/campaigns/preview", json={"name": "试"}).json()
        assert shown["targets"] == 2
        assert shown["excluded"] == [{"reason": "no_consent", "label": "未取得语音随访同意", "count": 1}]

    def test_people_list_shows_and_closes(self, client: TestClient, world: World) -> None:
        world.record.add()
        world.campaign()
        world.tick()
        world.end_last("invalid_number")
        (line,) = client.get("/api/people-list").json()["items"]
        assert line["attempts"][0]["label"] == "空号或停机"
        closed = client.post(f"/api/people-list/{line['id']}/close", json={"note": "已联系", "outcome": "done"})
        assert closed.json()["outcome"] == "done"
        assert client.get("/api/people-list").json()["items"] == []

    def test_takes_and_shows_how_a_standing_campaign_calls(self, client: TestClient) -> None:
        body = {
            "name": "常设",
            "standing": True,
            "skip_holidays": False,
            "patient_daily_cap": 1,
            "caller_id": "+862087654321",
            "source": {"kind": "storage_fees", "due_within_days": 60},
        }
        made = client.post("/api/campaigns", json=body).json()
        shown = client.get(f"/api/campaigns/{made['id']}").json()
        assert {key: shown[key] for key in body if key != "source"} == {k: v for k, v in body.items() if k != "source"}
        assert shown["source"] == {"kind": "storage_fees", "due_within_days": 60, "arrears": True}

    def test_the_list_for_people_is_narrowed_to_a_campaign(self, client: TestClient, world: World) -> None:
        world.record.add()
        campaign_id = world.campaign()
        world.tick()
        world.end_last("invalid_number")
        assert client.get(f"/api/people-list?campaign_id={campaign_id}").json()["total"] == 1
        assert client.get(f"/api/people-list?campaign_id={new_id()}").json() == {
            "items": [], "next_cursor": None, "total": 0,
        }  # fmt: skip

    @pytest.mark.parametrize(
        "body",
        [{"name": "a", "caller_id": "12"}, {"name": ""}, {"name": "a", "window_start": "20:00", "window_end": "09:00"}],
    )
    def test_refuses_what_makes_no_sense(self, client: TestClient, body: dict[str, Any]) -> None:
        assert client.post("/api/campaigns", json=body).status_code == 422

    def test_denies_who_lacks_the_permission(self, client: TestClient) -> None:
        other = {"authorization": "Bearer other"}
        assert client.get("/api/campaigns", headers=other).status_code == 403
        assert client.get("/api/people-list", headers=other).status_code == 403
        assert client.get(f"/api/campaigns/{new_id()}").status_code == 404
        assert client.get("/api/campaigns?cursor=x").status_code == 422
