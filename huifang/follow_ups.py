"""Follow-ups in calls to us: campaigns say which is due and account for it, telephony notes it, dialogues ask it."""

from uuid import UUID

from campaigns import api as campaigns
from core_api.kit.web import Runtime
from dialogs import api as dialogs
from telephony import api as telephony


class FollowUpsOfCallers:
    """The `FollowUps` port; blocking.

    Args:
        runtime: The process's.
        calls: The campaigns' side.
    """

    def __init__(self, runtime: Runtime, calls: campaigns.CallsIn) -> None:
        self._runtime = runtime
        self._calls = calls

    def due(self, patient_id: UUID) -> dialogs.DueFollowUp | None:
        """The one that may be asked now."""
        with self._runtime.sessions.begin() as session:
            found = self._calls.due(session, patient_id)
        return None if found is None else dialogs.DueFollowUp(title=found.title, due_on=found.due_on)

    def begin(self, turn: dialogs.Turn, patient_id: UUID, *, people_there: bool) -> dialogs.Reply | None:
        """Begins it, in one transaction: attempt, response, call and dialogue."""
        clock, zone = self._runtime.clock, self._runtime.zone
        with self._runtime.sessions.begin() as session:
            call = telephony.call_of_conversation(session, turn.conversation_id)
            if call is None or call.ended_at is not None:
                return None
            order = self._calls.begin(session, patient_id, call.id, turn.conversation_id)
            if order is None:
                return None
            spec = campaigns.conversation_of(order)
            telephony.take_up(session, call.id, spec, order.campaign_id, clock)
            begin = dialogs.StartDialogue.model_validate(spec.model_dump() | {"people_there": people_there})
            return dialogs.start_identified(session, begin, turn.turn_id, clock, zone)
