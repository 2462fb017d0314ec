"""Messages from WeChat into the funnel, once each."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from assistant.channels.files import rules as file_rules
from assistant.channels.files import service as files
from assistant.channels.wechat import identity, repository, rules
from assistant.channels.wechat.client import WechatClient, WechatRefused
from assistant.channels.wechat.schemas import Contact, Incoming, WechatAccount
from assistant.conversations import service as conversations
from assistant.conversations.schemas import Kind
from assistant.desk.satisfaction import service as satisfaction
from assistant.inbound import rating
from assistant.inbound import service as inbound
from assistant.inbound.schemas import Accepted, AssistantRuntime, Inbound
from core_api.kit.clock import Clock
from core_api.kit.errors import Invalid, ServiceError
from core_api.kit.outbox import Event
from dialogs import api as dialogs
from dialogs.api import QuickReply, Reply

log = logging.getLogger(__name__)

CHANNEL = "wechat"
SUBJECT = "enquiry"
SCORES = frozenset("12345")
GREETED = frozenset({"subscribe", "user_enter_tempsession"})
MEDIA_GONE = "患者发来的图片或语音未能从微信取回。"


@dataclass(frozen=True)
class WechatRuntime:
    """What the channel works with."""

    assistant: AssistantRuntime
    client: WechatClient
    accounts: Mapping[str, WechatAccount]
    data_dir: Path


@dataclass(frozen=True)
class Taken:
    """A push that is kept and has yet to be answered."""

    contact: Contact
    came: Inbound
    accepted: Accepted
    media_id: str = ""


def take(runtime: WechatRuntime, account: WechatAccount, incoming: Incoming) -> Taken | None:
    """Keeps a push; None where there is nothing to answer: an event, or a repetition of what was answered.

    Raises:
        TooLong: The text is longer than a message may be.
    """
    contact = _contact(runtime, account, incoming)
    if incoming.kind == "event":
        _event(runtime, contact, incoming)
        return None
    if _rated(runtime, contact, incoming):
        return None
    if incoming.kind == "text" and _said_who(runtime, contact, incoming):
        return None
    came = _inbound(runtime, contact, incoming)
    accepted = inbound.accept(runtime.assistant, came)
    if not accepted.repeated:
        with runtime.assistant.sessions.begin() as session:
            _wrote(session, contact, runtime.assistant.clock)
    return Taken(contact, came, accepted, incoming.media_id if came.kind != "text" else "")


def answer(runtime: WechatRuntime, taken: Taken) -> None:
    """Fetches what hangs on the message and computes the reply; `sending` brings it to the person."""
    if taken.media_id and not taken.accepted.repeated:
        _fetch(runtime, taken)
    inbound.answer(runtime.assistant, taken.came, taken.accepted)
    with runtime.assistant.sessions.begin() as session:
        repository.mark_due(session, taken.contact.conversation_id, runtime.assistant.clock.now())


def on_outgoing(session: Session, event: Event, clock: Clock) -> None:
    """Something was said in a conversation on WeChat: it waits to be sent."""
    repository.mark_due(session, UUID(str(event.data["conversation_id"])), clock.now())


def _contact(runtime: WechatRuntime, account: WechatAccount, incoming: Incoming) -> Contact:
    """The person, with a conversation; of two first messages at once one makes them."""
    for _ in range(2):
        try:
            with runtime.assistant.sessions.begin() as session:
                found = repository.contact(session, account.name, incoming.openid)
                return found or _made(session, account, incoming.openid, runtime.assistant.clock)
        except IntegrityError:
            continue
    raise Invalid("消息暂时无法接收", code="wechat_busy")


def _made(session: Session, account: WechatAccount, openid: str, clock: Clock) -> Contact:
    conversation_id = conversations.open_conversation(session, CHANNEL, None, SUBJECT, clock)
    made = repository.add_contact(session, account.name, openid, conversation_id, rules.REPLIES, clock.now())
    found = repository.contact_by_id(session, made)
    if found is None:
        raise Invalid("消息暂时无法接收", code="wechat_busy")
    return found


def _wrote(session: Session, contact: Contact, clock: Clock) -> None:
    """A message opens the window again and fills the budget; what was held is due."""
    now = clock.now()
    values: dict[str, object] = {"last_inbound_at": now, "replies_left": rules.REPLIES, "tries": 0, "held": False}
    repository.change(session, contact.id, values | ({"due_at": now} if contact.held else {}))
    identity.goes_on(session, contact, clock)


def _event(runtime: WechatRuntime, contact: Contact, incoming: Incoming) -> None:
    """Greets who follows the account or opens the mini-program's service; other events need no words."""
    if incoming.event.lower() not in GREETED:
        return
    clock = runtime.assistant.clock
    with runtime.assistant.sessions.begin() as session:
        greeting = dialogs.enquiry_opening(runtime.assistant.hospital_name)
        inbound.say(session, contact.conversation_id, greeting, clock, rules.key_of(incoming))
        _wrote(session, contact, clock)


def _rated(runtime: WechatRuntime, contact: Contact, incoming: Incoming) -> bool:
    """Whether a number answers the question how the service was."""
    score = incoming.content.strip()
    if incoming.kind != "text" or score not in SCORES:
        return False
    clock = runtime.assistant.clock
    with runtime.assistant.sessions.begin() as session:
        if not satisfaction.asked(session, contact.conversation_id):
            return False
        rating.rate_service(session, contact.conversation_id, int(score), None, clock)
        _wrote(session, contact, clock)
    return True


def _said_who(runtime: WechatRuntime, contact: Contact, incoming: Incoming) -> bool:
    """Whether the message binds or unbinds the person; what is said to it is due."""
    clock, sessions = runtime.assistant.clock, runtime.assistant.sessions
    if not identity.take(sessions, contact, rules.key_of(incoming), incoming.content, clock):
        return False
    with sessions.begin() as session:
        found = repository.contact_by_id(session, contact.id)
        _wrote(session, found or contact, clock)
        repository.mark_due(session, contact.conversation_id, clock.now())
    return True


def _inbound(runtime: WechatRuntime, contact: Contact, incoming: Incoming) -> Inbound:
    text, kind = _words(incoming)
    chosen = _chosen(runtime, contact, text) if text else None
    return Inbound(
        channel=CHANNEL,
        conversation_id=contact.conversation_id,
        message_id=rules.key_of(incoming),
        text=chosen.text if chosen else text,
        choice=chosen.choice if chosen else None,
        kind=kind,
        identified=contact.identified(runtime.assistant.clock.now()),
    )


def _words(incoming: Incoming) -> tuple[str, Kind]:
    if incoming.kind == "text":
        return incoming.content, "text"
    if incoming.kind == "voice" and incoming.recognition:
        return incoming.recognition, "text"
    return ("[语音]", "voice") if incoming.kind == "voice" else ("[图片]", "picture")


def _chosen(runtime: WechatRuntime, contact: Contact, text: str) -> QuickReply | None:
    """What a number means after choices were offered."""
    with runtime.assistant.sessions.begin() as session:
        newest = conversations.page(session, contact.conversation_id, limit=3)
    said = next((one for one in reversed(newest) if one.sender == "bot" and one.reply), None)
    offered = Reply.model_validate_json(said.reply).quick_replies if said and said.reply else ()
    return rules.picked(text, offered)


def _fetch(runtime: WechatRuntime, taken: Taken) -> None:
    account, clock = runtime.accounts[taken.contact.account], runtime.assistant.clock
    try:
        checked = file_rules.check(runtime.client.media(account, taken.media_id), None)
    except (WechatRefused, ServiceError):
        log.warning("media of a WeChat message could not be fetched")
        with runtime.assistant.sessions.begin() as session:
            conversations.note(
                session, taken.contact.conversation_id, MEDIA_GONE, clock, f"media:{taken.came.message_id}"
            )
        return
    with runtime.assistant.sessions.begin() as session:
        file = files.keep(session, runtime.data_dir, taken.contact.conversation_id, checked, clock)
        conversations.attach(session, taken.accepted.message_id, file.id)
