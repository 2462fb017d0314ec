"""The door to dialogues."""

from dialogs.endpoints import TOKEN_HEADER
from dialogs.endpoints import router as rasa_actions_router
from dialogs.engine import DialogueEngine, EngineUnavailable, RasaEngine
from dialogs.enquiries.knowledge_answers import KnowledgeAnswers
from dialogs.enquiries.own_record import RecordOfPatient
from dialogs.enquiries.rules import emergency as emergency_reply
from dialogs.enquiries.rules import failed as failed_reply
from dialogs.enquiries.rules import follow as follow_enquiry
from dialogs.enquiries.rules import opening as enquiry_opening
from dialogs.enquiries.schemas import Answers, Asker, DueFollowUp, EnquiryState, FollowUps
from dialogs.enquiries.service import EnquiryRuntime, enquire
from dialogs.enquiries.service import keep as keep_enquiry
from dialogs.enquiries.service import standing as enquiry_standing
from dialogs.flow import texts as flow_texts
from dialogs.hotline import texts as hotline_texts
from dialogs.hotline.schemas import CallStanding
from dialogs.hotline.service import answer as answer_call
from dialogs.hotline.service import begin as begin_call
from dialogs.hotline.service import failed as call_failed
from dialogs.schemas import (
    TRIAL,
    Action,
    AnswerRef,
    DialogueOutcome,
    Heard,
    Link,
    Picture,
    QuickReply,
    Recorded,
    Reply,
    StartDialogue,
    Turn,
)
from dialogs.service import (
    asked_item,
    likely,
    outcome,
    start,
    start_identified,
    tried,
    under_way,
    voicemail_message,
)
from dialogs.turns import apply, respond, understood
from dialogs.understanding.cues import cue
from dialogs.understanding.dates import warm_up

__all__ = [
    "TOKEN_HEADER",
    "TRIAL",
    "Action",
    "AnswerRef",
    "Answers",
    "Asker",
    "CallStanding",
    "DialogueEngine",
    "DialogueOutcome",
    "DueFollowUp",
    "EngineUnavailable",
    "EnquiryRuntime",
    "EnquiryState",
    "FollowUps",
    "Heard",
    "KnowledgeAnswers",
    "Link",
    "Picture",
    "QuickReply",
    "RasaEngine",
    "RecordOfPatient",
    "Recorded",
    "Reply",
    "StartDialogue",
    "Turn",
    "answer_call",
    "apply",
    "asked_item",
    "begin_call",
    "call_failed",
    "cue",
    "emergency_reply",
    "enquire",
    "enquiry_opening",
    "enquiry_standing",
    "failed_reply",
    "fixed_texts",
    "follow_enquiry",
    "keep_enquiry",
    "likely",
    "outcome",
    "rasa_actions_router",
    "respond",
    "start",
    "start_identified",
    "tried",
    "under_way",
    "understood",
    "voicemail_message",
    "warm_up",
]


def fixed_texts() -> tuple[str, ...]:
    """Every fixed sentence of calls, ours and to us; names in braces are filled."""
    return (*flow_texts.every(), *hotline_texts.every())
