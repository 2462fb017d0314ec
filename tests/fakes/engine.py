"""An engine without Rasa: plain wording decides the intent, the actions are the same."""

from zoneinfo import ZoneInfo

from core_api.kit.clock import Clock
from core_api.kit.db import Sessions
from dialogs.api import EngineUnavailable, Heard, Reply, Turn, cue, understood


class RulesEngine:
    """Keyword intents over the shared actions."""

    def __init__(self, sessions: Sessions, clock: Clock, zone: ZoneInfo) -> None:
        self._sessions, self._clock, self._zone = sessions, clock, zone

    def respond(self, turn: Turn) -> Reply:
        text = turn.text or ""
        intent = cue(text)
        heard = Heard(
            text=text,
            intent=intent or "nlu_fallback",
            intent_confidence=0.9 if intent else 0.0,
            confidence=turn.confidence,
        )
        return understood(self._sessions, turn, heard, self._clock, self._zone)


class AbsentEngine:
    """An engine that is never there."""

    def respond(self, turn: Turn) -> Reply:
        raise EngineUnavailable("ConnectError")
