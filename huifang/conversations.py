"""The conversation behind a live call: telephony's port, with the assistant and dialogues behind it."""

import re
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, time
from functools import lru_cache
from uuid import UUID

from assistant import api as assistant
from core_api.kit.errors import NotFound
from core_api.kit.web import Runtime
from core_api.questionnaires import service as questionnaires
from core_api.questionnaires.schemas import Item
from dialogs import api as dialogs
from huifang import call_cases, callers
from telephony.api import INBOUND, ConversationSpec, Expected, Heard, Outcome, Spoken

KNOWN_QUESTIONNAIRES = 64
MAX_REMEMBERED = 5_000
WHETHER = re.compile(r"有没有([\u4e00-\u9fff]{1,6}?)[，。？?]")
"""People answer with the question's own words: 没有发烧."""


@dataclass(frozen=True)
class PeopleHours:
    """When somebody takes transferred calls; nobody ever where there is no number.

    Attributes:
        number: Where calls are transferred to.
        start: Start of the hours in the hospital's zone.
        end: Their end, exclusive.
        weekdays: ISO weekdays on which somebody is there.
    """

    number: str | None = None
    start: time = time(8, 0)
    end: time = time(17, 30)
    weekdays: frozenset[int] = frozenset(range(1, 6))

    def there(self, local: datetime) -> bool:
        """Whether somebody is there at a moment of the hospital's zone."""
        return self.number is not None and local.isoweekday() in self.weekdays and self.start <= local.time() < self.end


class DialogueConversations:
    """Blocking; called from a call's worker threads."""

    def __init__(
        self,
        runtime: Runtime,
        engine: dialogs.DialogueEngine,
        people: PeopleHours | None = None,
        follow_ups: dialogs.FollowUps | None = None,
    ) -> None:
        self._runtime = served_by(runtime, engine, follow_ups)
        self._people = people or PeopleHours()
        self._calls = callers.Callers(self._runtime, self._people.there)
        self._items = lru_cache(KNOWN_QUESTIONNAIRES)(self._read_items)
        # Conversations that have come to the questions: before them the patient is still being identified.
        self._past_identity: OrderedDict[UUID, None] = OrderedDict()

    def open(self, spec: ConversationSpec) -> Spoken:
        """The first words."""
        if spec.purpose == INBOUND:
            return self._spoken(spec, self._calls.open(spec))
        clock = self._runtime.clock
        there = self._people.there(clock.now().astimezone(self._runtime.zone))
        begin = dialogs.StartDialogue.model_validate(spec.model_dump() | {"people_there": there})
        with self._runtime.sessions.begin() as session:
            assistant.open_conversation(
                session, spec.channel, spec.patient_id, spec.purpose, clock, conversation_id=spec.conversation_id
            )
            reply = dialogs.start(session, begin, clock)
            assistant.say(session, spec.conversation_id, reply, clock)
        return self._spoken(spec, reply)

    def respond(self, spec: ConversationSpec, heard: Heard) -> Spoken:
        """What to say to what was heard."""
        inbound = assistant.Inbound(
            channel=spec.channel,
            conversation_id=spec.conversation_id,
            message_id=heard.message_id,
            text=heard.text,
            key=heard.key,
            event=heard.event,
            confidence=heard.confidence,
            transcript_source=heard.source,
            amends=heard.amends,
        )
        if spec.purpose == INBOUND:
            inbound = self._calls.inbound(inbound, heard)
        reply = assistant.receive(self._runtime, inbound)
        if spec.purpose == INBOUND:
            self._calls.note(spec, reply)
            spec = self._calls.known_now(spec, reply)
        if any(action.kind == call_cases.OPEN_CASE for action in reply.actions):
            with self._runtime.sessions.begin() as session:
                call_cases.open_cases(session, spec, reply, self._runtime.clock)
        return self._spoken(spec, reply)

    def likely(self, spec: ConversationSpec, heard: Heard) -> tuple[str, ...]:
        """What would probably be said to words that were hardly heard; nothing is kept. Of calls to us nothing."""
        if spec.purpose == INBOUND:
            return ()
        words = dialogs.Heard(text=heard.text, confidence=heard.confidence)
        with self._runtime.sessions.begin() as session:
            session.connection(execution_options={"read_only": True})
            return dialogs.likely(session, spec.conversation_id, words, self._runtime.clock, self._runtime.zone)

    def outcome(self, spec: ConversationSpec) -> Outcome:
        """What it came to so far, nothing when it never began; in a call to us the follow-up that was done in it."""
        try:
            with self._runtime.sessions.begin() as session:
                found = dialogs.outcome(session, spec.conversation_id)
        except NotFound:
            return self._calls.outcome(spec) if spec.purpose == INBOUND else Outcome(response_id=spec.response_id)
        return Outcome(
            disposition=found.disposition,
            completed=found.completed,
            callback_at=found.callback_at,
            response_id=found.response_id,
            note_code=found.note_code,
        )

    def said(self, spec: ConversationSpec, text: str, kind: str) -> None:
        """Keeps the call's own words in the transcript, also where the conversation had not begun."""
        clock = self._runtime.clock
        with self._runtime.sessions.begin() as session:
            subject = assistant.CALL if spec.purpose == INBOUND else spec.purpose
            assistant.open_conversation(
                session, spec.channel, spec.patient_id, subject, clock, conversation_id=spec.conversation_id
            )
            reply = dialogs.Reply(text=text, segments=(text,), expects="none")
            assistant.say_last(session, spec.conversation_id, reply, clock, f"call:{kind}")

    def _spoken(self, spec: ConversationSpec, reply: dialogs.Reply) -> Spoken:
        return Spoken(
            segments=reply.segments or ((reply.text,) if reply.text else ()),
            place=self._place(spec, reply),
            expects=reply.expects,
            key_hint=reply.key_hint,
            actions=tuple((action.kind, dict(action.data)) for action in reply.actions),
            expected=self._expected(spec, reply),
            records_seconds=reply.records_seconds,
        )

    def _expected(self, spec: ConversationSpec, reply: dialogs.Reply) -> Expected | None:
        """What the open question may be answered with, for the recogniser."""
        if reply.place:
            return callers.expected(reply)
        item = self._item(spec, reply)
        if item is None or item.type == "display":
            return None
        options = {option.code: [option.display, *option.synonyms] for option in item.options}
        for asked in WHETHER.findall(item.text_voice) if item.type == "boolean" else ():
            options.setdefault("true", []).append(f"有{asked}")
            options.setdefault("false", []).extend((f"没有{asked}", f"没{asked}"))
        grouped = tuple(map(tuple, options.values()))
        return Expected(item.type, sum(grouped, ()), item.unit, item.minimum, item.maximum, grouped)

    def _item(self, spec: ConversationSpec, reply: dialogs.Reply) -> Item | None:
        key, version = spec.questionnaire_key, spec.questionnaire_version
        if reply.item_link_id is None or key is None or version is None:
            return None
        return self._items(key, version).get(reply.item_link_id)

    def _place(self, spec: ConversationSpec, reply: dialogs.Reply) -> str:
        if reply.ends:
            self._past_identity.pop(spec.conversation_id, None)
            return "closing"
        if reply.place:
            return reply.place
        if reply.item_link_id is None or spec.questionnaire_key is None:
            return "other" if spec.conversation_id in self._past_identity else "identity"
        item = self._item(spec, reply)
        self._past_identity[spec.conversation_id] = None
        while len(self._past_identity) > MAX_REMEMBERED:
            self._past_identity.popitem(last=False)
        return f"item:{reply.item_link_id}/{item.type if item else 'text'}"

    def _read_items(self, key: str, version: int) -> dict[str, Item]:
        with self._runtime.sessions.begin() as session:
            return {item.link_id: item for item in questionnaires.get(session, key, version).items}


def served_by(
    runtime: Runtime, engine: dialogs.DialogueEngine, follow_ups: dialogs.FollowUps | None = None
) -> assistant.AssistantRuntime:
    """What receiving a message works with, for patients' channels and calls alike."""
    answers = dialogs.KnowledgeAnswers(runtime.sessions, runtime.clock)
    return assistant.AssistantRuntime(
        runtime.sessions, runtime.clock, runtime.zone, engine, answers, runtime.hospital_name, follow_ups
    )
