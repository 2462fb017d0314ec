"""The door to conversations, the desk and the safety gate."""

from collections.abc import Sequence

from fastapi import APIRouter
from sqlalchemy.orm import Session

from assistant import safety
from assistant.channels.bindings.endpoints import router as bindings_router
from assistant.channels.web.acts import forget as forget_visits
from assistant.channels.web.endpoints import router as chat_router
from assistant.channels.web.hub import ChatHub
from assistant.channels.web.socket import router as chat_socket_router
from assistant.channels.web.talk import WebChat
from assistant.channels.web.throttle import Buckets, BucketsInProcess
from assistant.channels.wechat.client import WechatClient
from assistant.channels.wechat.endpoints import router as wechat_router
from assistant.channels.wechat.handlers import handlers as wechat_handlers
from assistant.channels.wechat.schemas import WechatAccount
from assistant.channels.wechat.sending import send_due as send_wechat
from assistant.channels.wechat.service import WechatRuntime
from assistant.conversations.schemas import ConversationView, MessageView
from assistant.conversations.service import (
    conversation,
    give_back,
    last_message,
    message,
    messages,
    note,
    notice,
    open_conversation,
    staff_message,
    take_over,
)
from assistant.corrections.endpoints import router as corrections_router
from assistant.desk import service as desk
from assistant.desk.board.endpoints import router as board_router
from assistant.desk.calendar.service import holidays
from assistant.desk.demo import staff_desk
from assistant.desk.inbox.case_endpoints import router as cases_router
from assistant.desk.inbox.endpoints import router as inbox_router
from assistant.desk.labels.endpoints import router as labels_router
from assistant.desk.replies.endpoints import router as replies_router
from assistant.desk.service import CaseIn, open_case, open_case_calls
from assistant.desk.service import handlers as desk_handlers
from assistant.desk.service import tick as desk_tick
from assistant.inbound.schemas import AssistantRuntime, Inbound
from assistant.inbound.service import CALL, begin_call, call_standing, receive, say, say_last
from assistant.inbound.sweep import sweep
from assistant.safety import revisions
from assistant.safety.endpoints import router as safety_router
from assistant.safety.measuring import Figures as SafetyFigures
from assistant.safety.measuring import Sentence as SafetySentence
from assistant.safety.measuring import measure as measure_safety
from assistant.safety.revisions import active as active_rules
from assistant.safety.ruleset import Ruleset
from assistant.safety.ruleset import shipped as shipped_rules
from core_api.kit.clock import Clock

__all__ = [
    "CALL",
    "AssistantRuntime",
    "Buckets",
    "BucketsInProcess",
    "CaseIn",
    "ChatHub",
    "ConversationView",
    "Inbound",
    "MessageView",
    "Ruleset",
    "SafetyFigures",
    "SafetySentence",
    "WebChat",
    "WechatAccount",
    "WechatClient",
    "WechatRuntime",
    "active_rules",
    "begin_call",
    "call_standing",
    "conversation",
    "desk_handlers",
    "desk_tick",
    "forget_visits",
    "give_back",
    "holidays",
    "last_message",
    "load_library",
    "measure_safety",
    "message",
    "messages",
    "note",
    "notice",
    "open_case",
    "open_case_calls",
    "open_conversation",
    "receive",
    "routers",
    "safety",
    "say",
    "say_last",
    "send_wechat",
    "shipped_rules",
    "staff_desk",
    "staff_message",
    "sweep",
    "take_over",
    "wechat_handlers",
]

routers: Sequence[APIRouter] = (
    inbox_router,
    cases_router,
    board_router,
    replies_router,
    labels_router,
    safety_router,
    chat_router,
    chat_socket_router,
    wechat_router,
    bindings_router,
    corrections_router,
)


def load_library(session: Session, clock: Clock) -> None:
    """What a new database begins with: the desk's queues, days and replies, the shipped safety rules."""
    desk.load_library(session, clock)
    revisions.load_library(session, clock)
