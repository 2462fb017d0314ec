"""The door to conversations."""

from assistant import safety
from assistant.schemas import AssistantRuntime, ConversationView, Inbound, MessageView
from assistant.service import conversation, give_back, messages, open_conversation, receive, say, take_over

__all__ = [
    "AssistantRuntime",
    "ConversationView",
    "Inbound",
    "MessageView",
    "conversation",
    "give_back",
    "messages",
    "open_conversation",
    "receive",
    "safety",
    "say",
    "take_over",
]
