"""What a visitor does in the chat, for REST and socket alike. Blocking; each step opens its own transactions."""

from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from assistant.channels.files import rules as file_rules
from assistant.channels.files import service as files
from assistant.channels.web import service, views
from assistant.channels.web.schemas import (
    MESSAGES_PER_MINUTE,
    Answered,
    ChatConversation,
    ChatMessage,
    Entry,
    History,
    MessageIn,
    Visit,
    Visitor,
)
from assistant.channels.web.throttle import Buckets, Throttle
from assistant.conversations import service as conversations
from assistant.inbound import service as inbound
from assistant.inbound.schemas import Accepted, AssistantRuntime, Inbound
from core_api.kit.db import Sessions
from core_api.kit.errors import Invalid, Unauthenticated
from core_api.patients.identifying import Claim
from knowledge import api as knowledge
from knowledge.api import Question

NEWEST = 30
CATCH_UP = 200
VISITS_PER_MINUTE = 120
TRIES_PER_MINUTE = 10
LOOKS_PER_MINUTE = 60
TOO_FAST = "您发得太快了，请稍等一会儿再发"


@dataclass(frozen=True)
class WebChat:
    """What the chat works with; one per process."""

    assistant: AssistantRuntime
    data_dir: Path
    hospital_name: str
    messages: Throttle = field(default_factory=lambda: Throttle("messages", MESSAGES_PER_MINUTE))
    visits: Throttle = field(default_factory=lambda: Throttle("visits", VISITS_PER_MINUTE))
    tries: Throttle = field(default_factory=lambda: Throttle("tries", TRIES_PER_MINUTE))
    looks: Throttle = field(default_factory=lambda: Throttle("looks", LOOKS_PER_MINUTE))

    @classmethod
    def counted(cls, assistant: AssistantRuntime, data_dir: Path, hospital_name: str, buckets: Buckets) -> "WebChat":
        """A chat whose visitors are counted together with those of other processes."""
        return cls(
            assistant,
            data_dir,
            hospital_name,
            messages=Throttle("messages", MESSAGES_PER_MINUTE, buckets),
            visits=Throttle("visits", VISITS_PER_MINUTE, buckets),
            tries=Throttle("tries", TRIES_PER_MINUTE, buckets),
            looks=Throttle("looks", LOOKS_PER_MINUTE, buckets),
        )

    @property
    def sessions(self) -> Sessions:
        return self.assistant.sessions


def visit(chat: WebChat, token: str, entry: Entry, address: str) -> Visit:
    """Goes on with a visit, or begins one where the token is dead."""
    clock = chat.assistant.clock
    visitor, new_token = _known(chat, token), None
    if visitor is None:
        chat.visits.check(address, "访问人数较多，请稍后再试", "too_many_visits")
        with chat.sessions.begin() as session:
            visitor, new_token = service.begin(session, entry, chat.hospital_name, clock)
    with chat.sessions() as session:
        session.connection(execution_options={"read_only": True})
        newest = conversations.page(session, visitor.conversation_id, limit=NEWEST)
        return Visit(
            token=new_token,
            resumed=new_token is None,
            expires_at=visitor.expires_at,
            conversation=views.conversation(session, visitor, clock),
            messages=views.messages(session, views.shown(newest)),
            hospital_name=chat.hospital_name,
        )


def authenticate(chat: WebChat, token: str) -> Visitor:
    """The visitor of a token.

    Raises:
        Unauthenticated: The token is unknown or its time is over.
    """
    with chat.sessions() as session:
        session.connection(execution_options={"read_only": True})
        return service.authenticate(session, token, chat.assistant.clock)


def history(chat: WebChat, visitor: Visitor, before: int | None, after: int | None, limit: int) -> History:
    """Messages in order, and whether there are more."""
    with chat.sessions() as session:
        session.connection(execution_options={"read_only": True})
        kept = conversations.page(session, visitor.conversation_id, before=before, after=after, limit=limit + 1)
        more = len(kept) > limit
        part = (kept[:limit] if after is not None else kept[-limit:]) if more else kept
        return History(items=views.messages(session, views.shown(part)), more=more)


def conversation(chat: WebChat, visitor: Visitor) -> ChatConversation:
    """The visitor's conversation."""
    with chat.sessions() as session:
        session.connection(execution_options={"read_only": True})
        return views.conversation(session, visitor, chat.assistant.clock)


def questions(chat: WebChat, visitor: Visitor, words: str) -> list[Question]:
    """Questions to read through; picking one asks it in the conversation.

    Raises:
        TooFast: The visitor looks more often than a person can.
    """
    chat.looks.check(str(visitor.id), "操作太快了，请稍等一会儿")
    with chat.sessions() as session:
        session.connection(execution_options={"read_only": True})
        return knowledge.frequent(session, words, chat.assistant.clock)


def accept(chat: WebChat, visitor: Visitor, message: MessageIn) -> tuple[Inbound, Accepted]:
    """Keeps a message, once per client id.

    Raises:
        Invalid: There is nothing in it.
        TooFast: The visitor writes more than a person can.
        TooLong: The text is longer than a message may be; nothing is kept.
    """
    if not message.text.strip():
        raise Invalid("请输入内容", code="empty_message", field="text")
    conversations.check_length(message.text)
    chat.messages.check(str(visitor.id), TOO_FAST)
    came = _inbound(chat, visitor, message)
    return came, _accepted(chat, visitor, came)


def take(chat: WebChat, visitor: Visitor, sent: MessageIn) -> tuple[Visitor, Inbound, Accepted, ChatMessage]:
    """As `accept`, for a socket that was opened a while ago; with the message as it is shown."""
    now = current(chat, visitor)
    came, accepted = accept(chat, now, sent)
    shown = message(chat, now, accepted.message_id) if accepted.repeated else views.sent(came, accepted)
    return now, came, accepted, shown


def accept_file(
    chat: WebChat, visitor: Visitor, client_id: str, content: bytes, seconds: int | None
) -> tuple[Inbound, Accepted]:
    """Keeps a picture or voice message, once per client id.

    Raises:
        Invalid: It is neither a picture nor a voice message.
        TooFast: The visitor sends more than a person can.
        TooLarge: It has more bytes, pixels or seconds than a file may have.
    """
    chat.messages.check(str(visitor.id), TOO_FAST)
    came = _inbound(chat, visitor, MessageIn(client_id=client_id))
    with chat.sessions.begin() as session:
        kept = conversations.known(session, visitor.conversation_id, came.message_id)
    if kept is None:
        checked = file_rules.check(content, seconds)
        with chat.sessions.begin() as session:
            file = files.keep(session, chat.data_dir, visitor.conversation_id, checked, chat.assistant.clock)
        came = came.model_copy(update={"kind": file.kind, "file_id": file.id})
    else:
        came = came.model_copy(update={"kind": kept.kind, "file_id": kept.file_id})
    return came, _accepted(chat, visitor, came)


def answer(chat: WebChat, visitor: Visitor, came: Inbound, accepted: Accepted) -> Answered:
    """Answers what was accepted, and shows the message with what was said since."""
    reply(chat, came, accepted)
    with chat.sessions() as session:
        session.connection(execution_options={"read_only": True})
        kept = conversations.page(session, visitor.conversation_id, after=accepted.seq - 1, limit=CATCH_UP)
        own, *later = views.messages(session, views.shown(kept))
        replies = tuple(one for one in later if one.sender != "patient" and one.reply_to in {own.id, None})
        shown = views.conversation(session, visitor, chat.assistant.clock)
    return Answered(message=own, replies=replies, conversation=shown)


def reply(chat: WebChat, came: Inbound, accepted: Accepted) -> None:
    """Computes and keeps the reply."""
    inbound.answer(chat.assistant, came, accepted)


def message(chat: WebChat, visitor: Visitor, message_id: UUID) -> ChatMessage:
    """One message of the visitor's conversation."""
    with chat.sessions() as session:
        session.connection(execution_options={"read_only": True})
        kept = conversations.message(session, visitor.conversation_id, message_id)
        return views.messages(session, [kept])[0]


def identify(chat: WebChat, visitor: Visitor, claim: Claim, address: str) -> ChatConversation:
    """Says who the visitor is.

    Raises:
        TooFast: There were too many tries.
        Invalid: The facts fit no record.
    """
    clock = chat.assistant.clock
    chat.tries.check(str(visitor.id), "尝试次数过多，请稍后再试", "too_many_tries")
    with chat.sessions.begin() as session:
        service.note_try(session, visitor, claim, address, clock)
    with chat.sessions.begin() as session:
        service.identify(session, visitor, claim, address, clock)
    return conversation(chat, current(chat, visitor))


def forget_identity(chat: WebChat, visitor: Visitor) -> ChatConversation:
    """The browser is somebody else's from here on."""
    with chat.sessions.begin() as session:
        service.forget_identity(session, visitor, chat.assistant.clock)
    return conversation(chat, current(chat, visitor))


def current(chat: WebChat, visitor: Visitor) -> Visitor:
    """The visitor as they stand now.

    Raises:
        Unauthenticated: Their time is over.
    """
    with chat.sessions() as session:
        session.connection(execution_options={"read_only": True})
        return service.visitor(session, visitor.id)


def _inbound(chat: WebChat, visitor: Visitor, message: MessageIn) -> Inbound:
    return Inbound(
        channel=service.CHANNEL,
        conversation_id=visitor.conversation_id,
        message_id=views.OWN + message.client_id,
        text=message.text,
        choice=message.choice,
        identified=visitor.identified(chat.assistant.clock.now()),
    )


def _accepted(chat: WebChat, visitor: Visitor, came: Inbound) -> Accepted:
    accepted = inbound.accept(chat.assistant, came)
    if service.needs_touch(visitor, chat.assistant.clock):
        with chat.sessions.begin() as session:
            service.touch(session, visitor, chat.assistant.clock)
    return accepted


def _known(chat: WebChat, token: str) -> Visitor | None:
    try:
        return authenticate(chat, token)
    except Unauthenticated:
        return None
