"""The conversation behind a live call: telephony's port, with the assistant and dialogues behind it."""

from collections import OrderedDict
from functools import lru_cache
from uuid import UUID

from assistant import api as assistant
from core_api.kit.errors import NotFound
from core_api.kit.web import Runtime
from core_api.questionnaires import service as questionnaires
from dialogs import api as dialogs
from telephony.api import ConversationSpec, Heard, Outcome, Spoken

KNOWN_TYPES = 64
MAX_REMEMBERED = 5_000


class DialogueConversations:
    """Blocking; called from a call's worker threads."""

    def __init__(self, runtime: Runtime, engine: dialogs.DialogueEngine) -> None:
        self._runtime = assistant.AssistantRuntime(runtime.sessions, runtime.clock, runtime.zone, engine)
        self._item_types = lru_cache(KNOWN_TYPES)(self._read_item_types)
        # Conversations that have come to the questions: before them the patient is still being identified.
        self._past_identity: OrderedDict[UUID, None] = OrderedDict()

    def open(self, spec: ConversationSpec) -> Spoken:
        """The first words."""
        begin = dialogs.StartDialogue.model_validate(spec.model_dump())
        clock = self._runtime.clock
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
        )
        return self._spoken(spec, assistant.receive(self._runtime, inbound))

    def outcome(self, spec: ConversationSpec) -> Outcome:
        """What it came to so far; nothing when it never began."""
        try:
            with self._runtime.sessions.begin() as session:
                found = dialogs.outcome(session, spec.conversation_id)
        except NotFound:
            return Outcome(response_id=spec.response_id)
        return Outcome(
            disposition=found.disposition,
            completed=found.completed,
            callback_at=found.callback_at,
            response_id=found.response_id,
            note_code=found.note_code,
        )

    def _spoken(self, spec: ConversationSpec, reply: dialogs.Reply) -> Spoken:
        return Spoken(
            segments=reply.segments or ((reply.text,) if reply.text else ()),
            place=self._place(spec, reply),
            expects=reply.expects,
            key_hint=reply.key_hint,
            actions=tuple((action.kind, dict(action.data)) for action in reply.actions),
        )

    def _place(self, spec: ConversationSpec, reply: dialogs.Reply) -> str:
        if reply.ends:
            self._past_identity.pop(spec.conversation_id, None)
            return "closing"
        key, version = spec.questionnaire_key, spec.questionnaire_version
        if reply.item_link_id is None or key is None or version is None:
            return "other" if spec.conversation_id in self._past_identity else "identity"
        self._past_identity[spec.conversation_id] = None
        while len(self._past_identity) > MAX_REMEMBERED:
            self._past_identity.popitem(last=False)
        return f"item:{reply.item_link_id}/{self._item_types(key, version).get(reply.item_link_id, 'text')}"

    def _read_item_types(self, key: str, version: int) -> dict[str, str]:
        with self._runtime.sessions.begin() as session:
            return {item.link_id: item.type for item in questionnaires.get(session, key, version).items}
