"""What a visitor does besides writing: rating an answer, ending the conversation."""

from uuid import UUID

from assistant.channels.web import service
from assistant.channels.web.schemas import Visitor
from assistant.channels.web.talk import WebChat
from assistant.conversations import service as conversations
from assistant.inbound import rating


def rate(chat: WebChat, visitor: Visitor, message_id: UUID, *, useful: bool, word: str | None) -> None:
    """Useful or useless; a useless answer goes on to people.

    Raises:
        NotFound: The conversation has no such message.
        Invalid: It is no answer from the knowledge base.
    """
    with chat.sessions.begin() as session:
        rating.rate(session, chat.assistant, visitor.conversation_id, message_id, useful=useful, word=word)


def satisfaction(chat: WebChat, visitor: Visitor, score: int, word: str | None) -> None:
    """How the patient found the service, once they were asked.

    Raises:
        Conflict: Nobody has asked.
    """
    with chat.sessions.begin() as session:
        rating.rate_service(session, visitor.conversation_id, score, word, chat.assistant.clock)


def end(chat: WebChat, visitor: Visitor) -> None:
    """Finishes the conversation, whoever has it."""
    clock = chat.assistant.clock
    with chat.sessions.begin() as session:
        now = conversations.conversation(session, visitor.conversation_id, lock=True)
        conversations.set_status(session, now.id, "resolved", now.epoch, clock)


def forget(chat: WebChat) -> None:
    """Forgets visitors whose time is over, and old tries; conversations stay."""
    with chat.sessions.begin() as session:
        service.sweep(session, chat.assistant.clock)
