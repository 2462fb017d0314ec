"""The chat as an application of its own, with a fake knowledge base and an engine by rules."""

import contextlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient

from assistant.api import AssistantRuntime, ChatHub, WebChat, routers
from assistant.channels.web.throttle import Throttle
from core_api.kit.clock import Clock
from core_api.kit.db import Sessions
from core_api.kit.web import install_problem_handlers
from dialogs.api import DialogueEngine
from tests.conversations.harness import ZONE
from tests.fakes.answers import FakeAnswers
from tests.fakes.engine import RulesEngine

ENTRIES = {
    "取卵前一天要注意什么": "取卵前一天晚上十点后不要吃东西、喝水。",
    "取卵前一天要带什么": "请带身份证和病历本。",
    "停车场怎么走": "停车场在门诊楼北侧地下一层。",
    "停车场多少钱": "每小时 5 元。",
    "冷冻费怎么交": "可以在公众号缴费，也可以到一楼收费处。",
}
ADVICE = frozenset({"他克莫司要不要停"})


@dataclass
class ChatWorld:
    """One process of the chat."""

    sessions: Sessions
    clock: Clock
    data_dir: Path
    answers: FakeAnswers = field(default_factory=lambda: FakeAnswers(dict(ENTRIES), ADVICE))
    engine: DialogueEngine | None = None
    per_minute: int = 1000

    def __post_init__(self) -> None:
        engine = self.engine or RulesEngine(self.sessions, self.clock, ZONE)
        self.runtime = AssistantRuntime(self.sessions, self.clock, ZONE, engine, self.answers, "仁和医院")
        self.chat = WebChat(self.runtime, self.data_dir, "仁和医院", messages=Throttle("messages", self.per_minute))
        self.hub = ChatHub(self.chat)
        self.app = FastAPI()
        self.app.state.chat, self.app.state.chat_hub = self.chat, self.hub
        install_problem_handlers(self.app)
        for router in routers:
            self.app.include_router(router)

    def client(self) -> contextlib.AbstractContextManager[TestClient]:
        return TestClient(self.app)


@dataclass
class Person:
    """A patient with a browser."""

    http: TestClient
    token: str = ""
    conversation_id: str = ""
    number: int = 0

    def arrive(self) -> dict[str, Any]:
        visit = self.http.post("/api/chat/visits", json={}, headers=self.headers).json()
        self.token = visit["token"] or self.token
        self.conversation_id = visit["conversation"]["id"]
        return dict(visit)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def say(self, text: str, **more: Any) -> dict[str, Any]:
        self.number += 1
        body = {"client_id": f"c{self.number}", "text": text} | more
        answer = self.post("/messages", body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def reply_to(self, text: str, **more: Any) -> str:
        return "".join(reply["text"] for reply in self.say(text, **more)["replies"])

    def post(self, path: str, body: Any, **more: Any) -> Any:
        return self.http.post(f"/api/chat{path}", json=body, headers=self.headers, **more)

    def get(self, path: str) -> Any:
        return self.http.get(f"/api/chat{path}", headers=self.headers)
