"""The one funnel for every channel: dedupe, persist, safety gate, owner, dialogue, reply.

`accept` keeps a message and can be acknowledged at once; `answer` computes the reply, later or elsewhere if need be.
"""

import logging
import time
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from assistant.conversations import service as conversations
from assistant.conversations.schemas import ConversationView, Kept, NewMessage
from assistant.desk import service as desk
from assistant.inbound import gate, handing
from assistant.inbound.schemas import Accepted, AssistantRuntime, Inbound
from core_api.kit.clock import Clock
from core_api.kit.errors import ServiceError
from dialogs import api as dialogs
from dialogs.api import Asker, CallStanding, EnquiryState, Reply, Turn

log = logging.getLogger(__name__)

VOICE = "voice"
CALL = "inbound_call"
"""The subject of a conversation that a caller began."""
SILENT = Reply(text="", expects="none")
UNWRITTEN = "（说的话没有转成文字，请听录音）"
"""In the place of words that only a call's recording has."""
OWED_AFTER = timedelta(seconds=20)
"""An answer that is not there by then is computed by whoever looks first."""


def say(session: Session, conversation_id: UUID, reply: Reply, clock: Clock, dedupe_key: str = "opening") -> None:
    """Keeps a line of the bot that answers no message, such as the opening; once per dedupe key.

    Nothing is said while a person owns the conversation.
    """
    now = conversations.conversation(session, conversation_id, lock=True)
    if now.owner_id is None and conversations.known(session, conversation_id, dedupe_key) is None:
        conversations.add(session, _line(conversation_id, dedupe_key, reply, clock), clock)


def say_last(session: Session, conversation_id: UUID, reply: Reply, clock: Clock, dedupe_key: str) -> None:
    """Keeps the bot's last line; a reply that is still being made is dropped, since nobody will hear it."""
    if conversations.known(session, conversation_id, dedupe_key) is None:
        say(session, conversation_id, reply, clock, dedupe_key)
        conversations.outdate(session, conversation_id, clock)


def receive(runtime: AssistantRuntime, inbound: Inbound) -> Reply:
    """Takes a patient's message and returns the reply.

    The same message id again returns the same reply. The reply is kept only if nobody took the conversation over
    meanwhile; taken over, nothing is said.

    Raises:
        NotFound: There is no such conversation.
        TooLong: The text is longer than a message may be; nothing of it is kept.
    """
    return answer(runtime, inbound, accept(runtime, inbound))


def accept(runtime: AssistantRuntime, inbound: Inbound) -> Accepted:
    """Keeps a message, once, and lets the safety gate see it; in one transaction.

    Raises:
        NotFound: There is no such conversation.
        TooLong: The text is longer than a message may be; nothing of it is kept.
    """
    conversations.check_length(inbound.text or "")
    with runtime.sessions.begin() as session:
        now = conversations.conversation(session, inbound.conversation_id, lock=True)
        kept = conversations.known(session, now.id, inbound.message_id)
        if kept is None:
            return _keep(session, now, inbound, runtime.clock)
        reply = conversations.known(session, now.id, f"reply:{inbound.message_id}")
        enquiry = _enquiry(session, now, inbound, runtime.clock)
        told = gate.told_before(
            session, now, Kept(id=kept.id, seq=kept.seq), inbound.text, runtime.clock, asks=_asks(now, enquiry)
        )
        return Accepted(
            message_id=kept.id,
            seq=kept.seq,
            at=kept.at,
            epoch=now.epoch,
            **told.model_dump(),
            reply=Reply.model_validate_json(reply.reply) if reply and reply.reply else None,
            silent=now.owner_id is not None,
            repeated=True,
            **enquiry,
        )


def answer(runtime: AssistantRuntime, inbound: Inbound, accepted: Accepted) -> Reply:
    """Computes and keeps the reply to an accepted message, unless it is there or a person owns the conversation."""
    if accepted.reply is not None:
        return accepted.reply
    if accepted.silent:
        return SILENT
    started = time.monotonic()
    reply, after = _reply(runtime, inbound, accepted)
    latency_ms = round((time.monotonic() - started) * 1000)
    reply_key = f"reply:{inbound.message_id}"
    with runtime.sessions.begin() as session:
        now = conversations.conversation(session, inbound.conversation_id, lock=True)
        conversations.settle_answers(session, now.id, accepted.seq)
        if now.epoch != accepted.epoch:
            _warn(session, now, accepted, runtime.clock)
            return SILENT
        kept = conversations.known(session, now.id, reply_key)
        if kept is not None and kept.reply is not None:
            return Reply.model_validate_json(kept.reply)
        line = _line(now.id, reply_key, reply, runtime.clock)
        line = line.model_copy(update={"latency_ms": latency_ms, "reply_to_id": accepted.message_id})
        conversations.add(session, line, runtime.clock, held=now)
        handing.carry_out(session, now, accepted.message_id, reply.actions, runtime.clock)
        if accepted.state is not None and after is not None:
            dialogs.keep_enquiry(session, now.id, accepted.state, after, runtime.clock)
            _name_caller(session, now, after, runtime.clock)
    return reply


def begin_call(session: Session, conversation_id: UUID, standing: CallStanding, hospital: str, clock: Clock) -> Reply:
    """The first words of a call to us; begun before, where it stands is left as it is."""
    known = dialogs.enquiry_standing(session, conversation_id)
    reply, state = dialogs.begin_call(standing, hospital)
    if known.call is None:
        dialogs.keep_enquiry(session, conversation_id, known, state, clock)
        say(session, conversation_id, reply, clock)
    return reply


def call_standing(session: Session, conversation_id: UUID) -> CallStanding | None:
    """Where a call to us stands; None for other conversations."""
    return dialogs.enquiry_standing(session, conversation_id).call


def _name_caller(session: Session, now: ConversationView, after: EnquiryState, clock: Clock) -> None:
    """The conversation is the confirmed caller's from here on."""
    call = after.call
    if call is not None and call.patient_id is not None and now.patient_id is None:
        conversations.set_patient(session, now.id, call.patient_id, call.department or None, clock)


def _warn(session: Session, now: ConversationView, accepted: Accepted, clock: Clock) -> None:
    """What a red flag tells the patient is said even if a person took over before the bot could."""
    if accepted.wording is not None:
        key = f"safety:{accepted.message_id}"
        conversations.notice(session, now.id, accepted.wording, clock, dedupe_key=key)


def _reply(runtime: AssistantRuntime, inbound: Inbound, accepted: Accepted) -> tuple[Reply, EnquiryState | None]:
    """Decides, and tells where an enquiry stands then.

    Whatever goes wrong in an enquiry, the patient hears of it and people take it up. An emergency wording stands alone
    but for the offer of a person; only a questionnaire goes on behind it, because what was said is kept as its answer.
    """
    turn = _turn(inbound)
    if accepted.asker is None or accepted.state is None:
        asked = dialogs.respond(runtime.sessions, turn, runtime.engine, runtime.clock, runtime.zone)
        return _with_wording(asked, accepted.wording), None
    state, calls = accepted.state, accepted.asker.channel == VOICE
    if accepted.wording is not None and not calls:
        return _followed(state, dialogs.emergency_reply(accepted.wording))
    if accepted.settled is not None:
        return _followed(state, Reply(text=accepted.settled))
    try:
        asker = accepted.asker.model_copy(update={"hospital_name": runtime.hospital_name})
        if calls:
            return dialogs.answer_call(runtime.enquiries, turn, state, asker, accepted.wording)
        found = dialogs.enquire(runtime.enquiries, turn, state, asker)
        return _followed(state, _with_wording(found, accepted.question))
    except ServiceError:
        raise
    except Exception:
        log.exception("enquiry failed")
        return dialogs.call_failed(state) if calls else _followed(state, dialogs.failed_reply())


def _followed(state: EnquiryState, reply: Reply) -> tuple[Reply, EnquiryState]:
    return reply, dialogs.follow_enquiry(state, reply)


def _turn(inbound: Inbound) -> Turn:
    return Turn(
        conversation_id=inbound.conversation_id,
        turn_id=inbound.message_id,
        text=inbound.text,
        key=inbound.key,
        event=inbound.event,
        confidence=inbound.confidence,
        choice=inbound.choice,
        attachment=inbound.kind if inbound.kind in {"picture", "voice"} else None,
        recorded=inbound.recorded,
        amends=inbound.amends,
    )


def _keep(session: Session, now: ConversationView, inbound: Inbound, clock: Clock) -> Accepted:
    """Keeps what came, and raises a red flag in the same transaction, whoever owns the conversation."""
    owed = now.owner_id is None
    message = NewMessage(
        conversation_id=now.id,
        dedupe_key=inbound.message_id,
        sender="patient",
        kind=inbound.kind,
        text=UNWRITTEN if inbound.event == "unwritten" else inbound.text or "",
        at=clock.now(),
        file_id=inbound.file_id,
        key=inbound.key,
        source=inbound.event or inbound.transcript_source,
        answer_due_at=clock.now() + OWED_AFTER if owed and now.channel != VOICE else None,
    )
    kept = conversations.add(session, message, clock, held=now)
    enquiry = _enquiry(session, now, inbound, clock)
    told = gate.screen(session, now, kept, inbound.text, clock, asks=_asks(now, enquiry))
    return Accepted(
        message_id=kept.id,
        seq=kept.seq,
        at=message.at,
        epoch=now.epoch,
        silent=not owed,
        **told.model_dump(),
        **enquiry,
    )


def _asks(now: ConversationView, enquiry: dict[str, Any]) -> bool:
    """Whether a question of the gate's own would be answered as such."""
    return bool(enquiry) and now.channel != VOICE and now.owner_id is None


def _enquiry(session: Session, now: ConversationView, inbound: Inbound, clock: Clock) -> dict[str, Any]:
    """Who asks and where the enquiry stands, unless a call of ours or a questionnaire is under way."""
    if (now.channel == VOICE and now.subject != CALL) or dialogs.under_way(session, now.id):
        return {}
    patient_id = now.patient_id if inbound.identified else None
    there = inbound.can_transfer and desk.somebody_there(session, now.department, clock)
    asker = Asker(channel=now.channel, patient_id=patient_id, waiting=now.status == "open", people_there=there)
    return {"asker": asker, "state": dialogs.enquiry_standing(session, now.id)}


def _with_wording(reply: Reply, wording: str | None) -> Reply:
    """Tells the patient what to do now, before anything else, unless the reply says it already."""
    if wording is None or wording in reply.text:
        return reply
    return reply.model_copy(update={"text": wording + reply.text, "segments": (wording, *reply.segments)})


def _line(conversation_id: UUID, dedupe_key: str, reply: Reply, clock: Clock) -> NewMessage:
    return NewMessage(
        conversation_id=conversation_id,
        dedupe_key=dedupe_key,
        sender="bot",
        text=reply.text,
        at=clock.now(),
        understanding=reply.understanding,
        reply=reply.model_dump_json(),
    )
