"""The editors' way over HTTP: from what was asked in vain to an answer."""

from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from core_api.kit.clock import FixedClock
from core_api.kit.db import Sessions
from knowledge import api
from knowledge.asked import bank
from knowledge.asked.models import Asked
from knowledge.entries.schemas import EntryDetail
from tests.knowledge.conftest import FEE, Ask, bearer

Base = dict[str, EntryDetail]
CONTENT = FEE.model_dump(mode="json")


def group(sessions: Sessions, clock: FixedClock) -> None:
    """What the outbox does with every unanswered question."""
    with sessions.begin() as session:
        for row in session.query(Asked).filter(Asked.kind == "none").all():
            bank.join(session, row.id, clock)


class TestFromQuestionToAnswer:
    @pytest.mark.covers("RC-2.1-6", "RC-KB-01")
    def test_an_unanswered_question_becomes_an_entry_and_is_answered(
        self, client: TestClient, base: Base, ask: Ask, sessions: Sessions, clock: FixedClock
    ) -> None:
        for text in ("住院部几点探视", "住院部几点可以探视啊", "请问住院部探视几点，我电话13800138000"):
            assert ask(text).kind == "none"
        group(sessions, clock)
        page = client.get("/api/knowledge/unanswered").json()
        assert [(one["count"], one["patients_count"]) for one in page["items"]] == [(3, 3)]
        one = client.get(f"/api/knowledge/unanswered/{page['items'][0]['id']}").json()
        assert all("138" not in sample["text"] for sample in one["samples"])

        drafted = client.post(f"/api/knowledge/unanswered/{one['id']}/draft", json={}).json()
        better = {"question": "住院部的探视时间", "text_chat": "下午三点到七点。"}
        content = drafted["open"] | better
        keep = {"content": {name: content[name] for name in CONTENT}, "expected_version": drafted["version"]}
        assert client.put(f"/api/knowledge/entries/{drafted['id']}/draft", json=keep).status_code == 200
        tried = client.post("/api/knowledge/test", json={"text": "住院部几点探视", "draft_of": drafted["id"]}).json()
        assert (tried["kind"], tried["found"][0]["entry_id"]) == ("answer", drafted["id"])
        assert ask("住院部几点探视").kind == "none"

        path = f"/api/knowledge/entries/{drafted['id']}"
        assert client.post(f"{path}/submit").status_code == 200
        own = client.post(f"{path}/review", json={"decision": "approve"})
        assert (own.status_code, own.json()["code"]) == (403, "own_revision")
        approved = client.post(f"{path}/review", json={"decision": "approve"}, headers=bearer("colleague"))
        assert approved.json()["open"]["approved"] is True
        assert client.post(f"{path}/publish", json={}).json()["status"] == "published"
        for text in ("住院部几点探视", "住院部几点可以探视啊", "请问住院部探视几点，我电话13900139000"):
            found = ask(text)
            assert found.answer is not None, text
            assert found.answer.text_chat == "下午三点到七点。"

    @pytest.mark.covers("RC-KB-01")
    def test_a_reply_becomes_a_draft_without_personal_data_and_only_once(self, client: TestClient, base: Base) -> None:
        told = {"question": "我叫王小梅，空腹要多久", "answer": "八小时，有事打13800138000", "source_kind": "desk"}
        made = client.post("/api/knowledge/candidates", json=told | {"source_id": str(uuid4())}).json()
        assert (made["question"], made["answer"]) == ("我叫＊＊，空腹要多久", "八小时，有事打＊＊＊")
        drafted = client.post(f"/api/knowledge/candidates/{made['id']}/draft", json={})
        assert (drafted.json()["status"], drafted.json()["open"]["text_chat"]) == ("draft", "八小时，有事打＊＊＊")
        again = client.post(f"/api/knowledge/candidates/{made['id']}/draft", json={})
        assert (again.status_code, again.json()["code"]) == (409, "candidate_closed")


class TestGate:
    def test_publishing_that_breaks_gold_questions_says_which_and_needs_a_reason(
        self, client: TestClient, base: Base
    ) -> None:
        client.post("/api/knowledge/gold", json={"question": "发票在哪打印呀", "expected": ["invoice"]})
        greedy = CONTENT | {"question": "发票在哪打印呀", "variants": ["发票在哪里打印"]}
        made = client.post("/api/knowledge/entries", json={"content": greedy, "key": "greedy"}).json()
        path = f"/api/knowledge/entries/{made['id']}"
        client.post(f"{path}/submit")
        client.post(f"{path}/review", json={"decision": "approve"}, headers=bearer("colleague"))
        gate = client.get(f"{path}/gate").json()
        assert [one["question"] for one in gate["broken"]] == ["发票在哪打印呀"]
        refused = client.post(f"{path}/publish", json={})
        assert (refused.status_code, refused.json()["code"], refused.json()["field"]) == (409, "gold_broken", "reason")
        done = client.post(f"{path}/publish", json={"reason": "旧条目将停用"}).json()
        assert done["published"]["publish_reason"] == "旧条目将停用"

    def test_an_evaluation_is_kept(self, client: TestClient, base: Base) -> None:
        client.post("/api/knowledge/gold", json={"question": "发票在哪打印呀", "expected": ["invoice"]})
        client.post("/api/knowledge/gold", json={"question": "今天天气怎么样", "expected": []})
        run = client.post("/api/knowledge/evaluations").json()
        fused = next(line for line in run["lines"] if line["method"] == "fused")
        assert (fused["acc_at_1"], fused["refused_right"], fused["wrong_given"]) == (1.0, 1.0, 0.0)
        assert client.get(f"/api/knowledge/evaluations/{run['id']}").json()["questions"] == 2
        assert client.get("/api/knowledge/evaluations").json()["items"][0]["id"] == run["id"]


class TestLists:
    def test_overview_and_search_show_what_there_is(self, client: TestClient, base: Base) -> None:
        overview = client.get("/api/knowledge/overview").json()
        assert (overview["counts"]["published"], overview["index"]["questions"]) == (3, 9)
        found = client.post("/api/knowledge/entries/search", json={"words": "停车收费"}).json()
        assert found["items"][0]["key"] == "parking"
        listed = client.get("/api/knowledge/entries", params={"limit": 2}).json()
        rest = client.get("/api/knowledge/entries", params={"limit": 2, "cursor": listed["next_cursor"]}).json()
        assert (listed["total"], len(listed["items"]), len(rest["items"])) == (3, 2, 1)

    def test_who_received_a_revision_is_listed_and_exported(self, client: TestClient, base: Base, ask: Ask) -> None:
        assert ask("怎么开发票").kind == "answer"
        wanted: dict[str, str | int] = {"entry_id": str(base["invoice"].id), "revision": 1}
        page = client.get("/api/knowledge/given", params=wanted).json()
        assert [(one["entry_key"], one["revision"], one["patient_name"]) for one in page["items"]] == [
            ("invoice", 1, None)
        ]
        assert client.get("/api/knowledge/given/export", params=wanted).status_code == 403
        table = client.get("/api/knowledge/given/export", params=wanted, headers=bearer("doctor")).text
        assert len(table.splitlines()) == 2

    def test_an_auditor_may_not_see_the_knowledge_base(self, client: TestClient) -> None:
        assert client.get("/api/knowledge/entries", headers=bearer("auditor")).status_code == 403


class TestThePublicDoor:
    def test_suggestions_leave_no_trace(self, base: Base, sessions: Sessions, clock: FixedClock) -> None:
        with sessions.begin() as session:
            found = api.suggest(session, "发票", clock)
            assert found[0].entry_key == "invoice"
            assert session.query(Asked).count() == 0


class TestTerms:
    def test_subjects_of_other_houses_can_be_seen_and_changed_by_those_who_may(self, client: TestClient) -> None:
        assert "螺蛳粉" in client.get("/api/knowledge/terms/subjects").json()["words"]
        wanted = {"kind": "foreign", "term": "体外碎石"}
        assert client.post("/api/knowledge/terms", json=wanted, headers=bearer("auditor")).status_code == 403
        made = client.post("/api/knowledge/terms", json=wanted)
        assert made.status_code == 201
        listed = client.get("/api/knowledge/terms", params={"kind": "foreign"}).json()
        assert [one["term"] for one in listed["items"]] == ["体外碎石"]
        assert client.post("/api/knowledge/terms", json=wanted).json()["code"] == "term_taken"
        assert client.delete(f"/api/knowledge/terms/{made.json()['id']}").status_code == 204
