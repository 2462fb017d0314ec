"""The door to dialogues."""

from dialogs.endpoints import TOKEN_HEADER
from dialogs.endpoints import router as rasa_actions_router
from dialogs.engine import DialogueEngine, EngineUnavailable, RasaEngine
from dialogs.schemas import Action, DialogueOutcome, Heard, Reply, StartDialogue, Turn
from dialogs.service import outcome, start, voicemail_message
from dialogs.turns import apply, respond
from dialogs.understanding.cues import cue
from dialogs.understanding.dates import warm_up

__all__ = [
    "TOKEN_HEADER",
    "Action",
    "DialogueEngine",
    "DialogueOutcome",
    "EngineUnavailable",
    "Heard",
    "RasaEngine",
    "Reply",
    "StartDialogue",
    "Turn",
    "apply",
    "cue",
    "outcome",
    "rasa_actions_router",
    "respond",
    "start",
    "voicemail_message",
    "warm_up",
]
