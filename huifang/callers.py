"""Calls to us: who may be calling, what is heard at each place, and the message that a broken call leaves behind."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from assistant import api as assistant
from core_api.kit.clock import Clock
from core_api.kit.outbox import Event, Handler
from core_api.patients import identifying
from dialogs import api as dialogs
from huifang import call_cases
from telephony import api as telephony
from telephony.api import ConversationSpec, Expected, Heard, Outcome

FAILED_WITHIN = timedelta(hours=24)
FAILED_CALLS = 3
"""In so many calls a day a number may fail to say who it is; then no more is asked."""
COMMANDS = (
    *("服务问题", "我的随访", "下次随访", "我的费用", "费用", "随访", "复查", "留言", "我要留言", "人工", "转人工"),
    *("没有了", "没事了", "谢谢", "再见", "都不是", "返回"),
)
OFFERED = ("方便", "不方便", "现在可以", "现在方便", "以后再做", "以后再说", "下次吧", "转人工")
MESSAGE_TEXT = "（电话留言 {seconds} 秒）"
Hours = Callable[[datetime], bool]


class Callers:
    """The calls' side of the conversations; blocking.

    Args:
        runtime: The funnel's.
        there: Whether somebody takes transferred calls at a moment of the hospital's zone.
    """

    def __init__(self, runtime: assistant.AssistantRuntime, there: Hours) -> None:
        self._runtime = runtime
        self._there = there

    def open(self, spec: ConversationSpec) -> dialogs.Reply:
        """The first words; nothing in them depends on whose number calls."""
        clock = self._runtime.clock
        with self._runtime.sessions.begin() as session:
            assistant.open_conversation(
                session, spec.channel, None, assistant.CALL, clock, conversation_id=spec.conversation_id
            )
            standing = self._standing(session, spec.caller)
            return assistant.begin_call(session, spec.conversation_id, standing, spec.hospital_name, clock)

    def inbound(self, inbound: assistant.Inbound, heard: Heard) -> assistant.Inbound:
        """A turn with what only calls to us have: the message that was left, whether people can be reached."""
        local = self._runtime.clock.now().astimezone(self._runtime.zone)
        change: dict[str, object] = {"can_transfer": self._there(local)}
        if heard.left is not None:
            left = heard.left
            words = MESSAGE_TEXT.format(seconds=round(left.seconds)) + (heard.text or "") if left.spoke else None
            recorded = dialogs.Recorded(seconds=left.seconds, spoke=left.spoke, saved=left.saved, hung_up=left.hung_up)
            change |= {"text": words, "recorded": recorded}
        return inbound.model_copy(update=change)

    def note(self, spec: ConversationSpec, reply: dialogs.Reply) -> None:
        """What the call's row is told of who calls."""
        clock, kind = self._runtime.clock, (reply.understanding or {}).get("call")
        with self._runtime.sessions.begin() as session:
            if kind == "not_verified":
                telephony.caller_not_confirmed(session, spec.conversation_id, clock)
            standing = assistant.call_standing(session, spec.conversation_id)
            if standing is not None and standing.patient_id is not None:
                telephony.caller_confirmed(session, spec.conversation_id, standing.patient_id, clock)

    def known_now(self, spec: ConversationSpec, reply: dialogs.Reply) -> ConversationSpec:
        """What the call asks since a follow-up began in it; before, as it was."""
        if reply.place:
            return spec
        with self._runtime.sessions.begin() as session:
            call = telephony.call_of_conversation(session, spec.conversation_id)
            return spec if call is None else telephony.spec_of(session, call.id)

    def outcome(self, spec: ConversationSpec) -> Outcome:
        """What the call has come to so far."""
        with self._runtime.sessions.begin() as session:
            standing = assistant.call_standing(session, spec.conversation_id)
        disposition = standing.disposition if standing else None
        return Outcome(disposition=disposition, completed=disposition in {"answered", "message_left"})

    def _standing(self, session: Session, caller: str | None) -> dialogs.CallStanding:
        if caller is None:
            return dialogs.CallStanding(callable_back=False)
        since = self._runtime.clock.now() - FAILED_WITHIN
        return dialogs.CallStanding(
            candidates=identifying.callers(session, caller),
            may_verify=telephony.failed_checks(session, caller, since) < FAILED_CALLS,
        )


def expected(reply: dialogs.Reply) -> Expected | None:
    """What may be said at a place of a call to us, for the recogniser."""
    match reply.place:
        case "call:verify":
            return Expected("birth")
        case "call:offer":
            return Expected("boolean", OFFERED)
        case "call:record":
            return Expected("dictation")
    return Expected("command", COMMANDS)


def handlers(clock: Clock) -> Mapping[str, Sequence[Handler]]:
    """What a killed process still owed: the cases that replies promised, and one for a message that broke off."""

    def ended(session: Session, event: Event) -> None:
        conversation_id = event.data.get("conversation_id")
        if not conversation_id:
            return
        call_cases.open_promised(session, telephony.spec_of(session, UUID(str(event.data["call_id"]))), clock)
        if event.data.get("direction") != telephony.INBOUND:
            return
        standing = assistant.call_standing(session, UUID(str(conversation_id)))
        if standing is not None and standing.at == "record":
            spec = ConversationSpec(conversation_id=UUID(str(conversation_id)))
            call_cases.open_reason(session, spec, "message_broken", clock)

    return {"call.ended": [ended]}
