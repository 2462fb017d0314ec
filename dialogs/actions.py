"""Rasa's actions: one per intent, all served by our process, each deciding one turn."""

from collections.abc import Callable
from functools import partial
from typing import Any

import anyio
from rasa_sdk import Action, Tracker
from rasa_sdk.executor import ActionExecutor, CollectingDispatcher

from dialogs.engine import split_sender
from dialogs.schemas import Heard, Reply, Turn

INTENTS = (
    "affirm",
    "deny",
    "inform",
    "unsure",
    "skip",
    "repeat",
    "slower",
    "louder",
    "what_is_this",
    "who_are_you_robot",
    "wrong_number",
    "not_here",
    "relative_speaking",
    "patient_died",
    "busy_now",
    "call_back_at",
    "do_not_call",
    "want_person",
    "complaint",
    "ask_service",
    "goodbye",
    "thanks",
    "nlu_fallback",
)
PREFIX = "action_"
Decide = Callable[[Turn, Heard], Reply]


class IntentAction(Action):  # type: ignore[misc]  # rasa_sdk has no types
    """The action of one intent."""

    def __init__(self, intent: str, decide: Decide) -> None:
        """`decide` runs in a thread; it opens its own transaction."""
        self._intent = intent
        self._decide = decide

    def name(self) -> str:
        """As in the domain."""
        return PREFIX + self._intent

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Decides the turn that the sender names and hands the reply back as JSON."""
        turn = split_sender(tracker.sender_id)
        message = tracker.latest_message
        text = str(message.get("text") or "")
        confidence = float((message.get("intent") or {}).get("confidence") or 0.0)
        heard = Heard(text=text, intent=self._intent, intent_confidence=confidence, confidence=turn.confidence)
        reply = await anyio.to_thread.run_sync(partial(self._decide, turn, heard))
        dispatcher.utter_message(json_message={"reply": reply.model_dump(mode="json")})
        return []


def make_executor(decide: Decide) -> ActionExecutor:
    """An executor with every action registered."""
    executor = ActionExecutor()
    for intent in INTENTS:
        executor.register_action(IntentAction(intent, decide))
    return executor
