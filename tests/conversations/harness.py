"""Plays conversations written as YAML against an engine."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from assistant import api as assistant
from assistant.api import AssistantRuntime, Inbound
from core_api.kit.clock import FixedClock
from core_api.kit.db import Sessions, new_id
from core_api.kit.yaml_text import load_yaml
from core_api.patients import service as patients
from core_api.patients.schemas import PatientIn
from core_api.questionnaires import service as questionnaires
from core_api.responses import service as responses
from dialogs import api as dialogs
from dialogs.api import DialogueEngine, DialogueOutcome, Reply, StartDialogue
from knowledge.entries import service as entries
from knowledge.entries.schemas import Content
from knowledge.starter.service import contents
from tests.fakes.answers import FakeAnswers

ZONE = ZoneInfo("Asia/Shanghai")
SCRIPTS = Path(__file__).parent
STARTS = ("elder", "people_there", "department", "context")


@cache
def _parking() -> list[tuple[str, Content]]:
    """What the knowledge base knows: where to park."""
    return [(key, content) for key, content in contents() if "停车" in content.question][:1]


def load(name: str) -> list[Any]:
    return list(load_yaml((SCRIPTS / name).read_text("utf-8"))["conversations"])


def names() -> list[tuple[str, dict[str, Any]]]:
    return [(f"{path.stem}: {one['name']}", one) for path in sorted(SCRIPTS.glob("*.yml")) for one in load(path.name)]


@dataclass
class Played:
    """A conversation as it went."""

    lines: list[str]
    reply: Reply
    outcome: DialogueOutcome
    answers: dict[str, Any]
    statuses: dict[str, str]
    sources: dict[str, str]
    actions: list[str] = field(default_factory=list)


@dataclass
class Stage:
    """Where conversations are played."""

    sessions: Sessions
    clock: FixedClock
    engine: DialogueEngine

    @property
    def runtime(self) -> AssistantRuntime:
        return AssistantRuntime(self.sessions, self.clock, ZONE, self.engine, FakeAnswers())

    def begin(self, key: str = "kidney_transplant", **start: Any) -> tuple[UUID, Reply, UUID]:
        conversation_id = new_id()
        with self.sessions.begin() as session:
            questionnaires.load_library(session, self.clock)
            if entries.is_empty(session):
                entries.seed(session, _parking(), "样例库", self.clock)
            patient = patients.upsert_patient(
                session, PatientIn(record_number=f"P{uuid4().hex[:8]}", name="王小丽", gender="female"), self.clock
            )
            response = responses.open_response(session, None, patient.patient_id, key, "voice", self.clock)
            assistant.open_conversation(
                session, "voice", patient.patient_id, "follow_up", self.clock, conversation_id=conversation_id
            )
            begin = StartDialogue.model_validate(
                {
                    "conversation_id": conversation_id,
                    "purpose": "follow_up",
                    "patient_id": patient.patient_id,
                    "response_id": response.id,
                    "questionnaire_key": key,
                    "questionnaire_version": response.version,
                    "hospital_name": "仁和医院",
                    "department": "移植科",
                    "salutation": "王女士",
                    "full_name": "王小丽",
                    **start,
                }
            )
            reply = dialogs.start(session, begin, self.clock, ZONE)
            assistant.say(session, conversation_id, reply, self.clock)
        return conversation_id, reply, response.id

    def turn(self, conversation_id: UUID, step: dict[str, Any], number: int) -> Reply:
        self.clock.advance(timedelta(seconds=5))
        inbound = Inbound(
            channel="voice",
            conversation_id=conversation_id,
            message_id=f"m{number}",
            text=step.get("say"),
            key=step.get("key"),
            event=step.get("event"),
            confidence=step.get("confidence", 1.0),
            transcript_source="simulator",
            amends=f"m{number - 1}" if step.get("goes_on") else None,
        )
        return assistant.receive(self.runtime, inbound)

    def play(self, script: dict[str, Any]) -> Played:
        start = {name: script[name] for name in STARTS if name in script}
        conversation_id, reply, response_id = self.begin(script.get("questionnaire", "kidney_transplant"), **start)
        lines = [f"bot: {reply.text}"]
        actions: list[str] = []
        for number, step in enumerate(script["turns"]):
            if "say" in step or "key" in step or "event" in step:
                reply = self.turn(conversation_id, step, number)
                lines += [f"    {step.get('say') or step.get('key') or step.get('event')}", f"bot: {reply.text}"]
                actions += [action.kind for action in reply.actions]
            _check(step, reply, lines)
        with self.sessions.begin() as session:
            outcome = dialogs.outcome(session, conversation_id)
            view = responses.answers(session, response_id)
        statuses: dict[str, str] = {answer.link_id: answer.status for answer in view.answers}
        values = {answer.link_id: answer.value for answer in view.answers}
        sources: dict[str, str] = {answer.link_id: answer.source for answer in view.answers}
        return Played(lines, reply, outcome, values, statuses, sources, actions)


def _check(step: dict[str, Any], reply: Reply, lines: list[str]) -> None:
    story = "\n".join(lines[-8:])
    for piece in _list(step.get("bot")):
        assert piece in reply.text, f"expected {piece!r}\n{story}"
    for piece in _list(step.get("bot_never")):
        assert piece not in reply.text, f"unexpected {piece!r}\n{story}"


def _list(value: object) -> list[str]:
    return [] if value is None else [str(one) for one in value] if isinstance(value, list) else [str(value)]


def check_end(script: dict[str, Any], played: Played) -> None:
    story = "\n".join(played.lines)
    end = script.get("end", {})
    if "disposition" in end:
        assert played.outcome.disposition == end["disposition"], story
    if "callback_at" in end:
        at = played.outcome.callback_at
        assert (at.astimezone(ZONE).strftime("%Y-%m-%d %H:%M") if at else None) == end["callback_at"], story
    for link_id, value in end.get("answers", {}).items():
        given = played.answers.get(link_id)
        assert (given.isoformat() if isinstance(given, date) else given) == value, f"{link_id}\n{story}"
    for link_id, status in end.get("statuses", {}).items():
        assert played.statuses.get(link_id) == status, f"{link_id}\n{story}"
    for link_id, source in end.get("sources", {}).items():
        assert played.sources.get(link_id) == source, f"{link_id}\n{story}"
    for kind in end.get("never", []):
        assert kind not in played.actions, f"{kind}\n{story}"
    for kind in end.get("actions", []):
        assert kind in played.actions, f"{kind} not in {played.actions}\n{story}"
