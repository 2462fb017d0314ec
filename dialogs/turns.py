"""One turn, from outside: words go through the engine, keys and silence do not need it."""

from zoneinfo import ZoneInfo

from core_api.kit.clock import Clock
from core_api.kit.db import Sessions
from dialogs import service
from dialogs.engine import DialogueEngine, EngineUnavailable
from dialogs.schemas import Heard, Reply, Turn


def respond(sessions: Sessions, turn: Turn, engine: DialogueEngine, clock: Clock, zone: ZoneInfo) -> Reply:
    """Decides a turn and returns what to say.

    No transaction is open while the engine is asked: its action writes in one of its own. A reply that came too late
    is found by its turn id, and a failed engine is admitted honestly.

    Raises:
        NotFound: The conversation was not started.
    """
    if turn.amends is not None:
        with sessions.begin() as session:
            service.take_back(session, turn.conversation_id, turn.amends, clock)
    if not (turn.text or "").strip() or turn.key or turn.event:
        heard = Heard(text=turn.text, key=turn.key, event=turn.event, confidence=turn.confidence)
        return apply(sessions, turn, heard, clock, zone)
    try:
        return engine.respond(turn)
    except EngineUnavailable:
        return apply(sessions, turn, Heard(event="engine_failed"), clock, zone)


def apply(sessions: Sessions, turn: Turn, heard: Heard, clock: Clock, zone: ZoneInfo) -> Reply:
    """Decides a turn that is understood, in one transaction."""
    with sessions.begin() as session:
        return service.advance(session, turn.conversation_id, turn.turn_id, heard, clock, zone)


def understood(sessions: Sessions, turn: Turn, heard: Heard, clock: Clock, zone: ZoneInfo) -> Reply:
    """What an engine's action returns: the decided turn, or for an enquiry the intent alone, which enquiries decide."""
    with sessions.begin() as session:
        if service.under_way(session, turn.conversation_id):
            return service.advance(session, turn.conversation_id, turn.turn_id, heard, clock, zone)
    confidence = round(heard.intent_confidence, 3)
    return Reply(text="", understanding={"intent": heard.intent, "intent_confidence": confidence})
