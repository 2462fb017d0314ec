"""What time brings: answers that a process still owes, conversations whose rest is over."""

import logging

from assistant.conversations import service as conversations
from assistant.conversations.schemas import MessageView
from assistant.inbound import service
from assistant.inbound.schemas import AssistantRuntime, Inbound

log = logging.getLogger(__name__)


def sweep(runtime: AssistantRuntime) -> int:
    """Answers what is overdue and wakes what was put off; tells how many answers it gave."""
    with runtime.sessions.begin() as session:
        conversations.wake_snoozed(session, runtime.clock)
        owed = conversations.overdue_answers(session, runtime.clock)
    return sum(_answer(runtime, message) for message in owed)


def _answer(runtime: AssistantRuntime, message: MessageView) -> bool:
    """As if the channel had sent the message again; one that cannot be answered does not keep the others waiting."""
    with runtime.sessions.begin() as session:
        channel = conversations.conversation(session, message.conversation_id).channel
    came = Inbound(
        channel=channel,
        conversation_id=message.conversation_id,
        message_id=message.dedupe_key,
        text=message.text,
        kind=message.kind,
        file_id=message.file_id,
        identified=False,
    )
    try:
        service.receive(runtime, came)
    except Exception:
        log.exception("an owed answer could not be given")
        with runtime.sessions.begin() as session:
            conversations.settle_answers(session, message.conversation_id, message.seq)
            conversations.hand_over(session, message.conversation_id, runtime.clock)
        return False
    return True
