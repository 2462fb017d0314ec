"""A carrier's news of a call: written down, and told to the session that holds it here."""

from uuid import UUID

from telephony.calls import rules, service
from telephony.calls.schemas import StatusUpdate
from telephony.runtime import TelephonyRuntime
from telephony.session.turn import Ended, Machine


def take_status(runtime: TelephonyRuntime, call_id: UUID, update: StatusUpdate) -> None:
    """One step of a call's way; blocking. Raises NotFound."""
    with runtime.sessions.begin() as session:
        service.take_status(session, call_id, update, runtime.clock)
    live = runtime.live.get(call_id)
    if live is not None and rules.is_final(update.status):
        live.tell(Ended())


def take_answered_by(runtime: TelephonyRuntime, call_id: UUID, answered_by: str) -> None:
    """The carrier's guess at who answered; blocking. Raises NotFound."""
    with runtime.sessions.begin() as session:
        service.take_answered_by(session, call_id, answered_by, runtime.clock)
    live = runtime.live.get(call_id)
    if live is not None and rules.is_machine(answered_by):
        live.tell(Machine())
