"""Calls to us: written down once, however often the carrier tells of one."""

from telephony.calls import rules, service
from telephony.calls.schemas import Arrival, CallSnapshot
from telephony.carriers.ports import Carrier
from telephony.runtime import TelephonyRuntime


def register(runtime: TelephonyRuntime, carrier: Carrier, sid: str, caller: str) -> CallSnapshot:
    """Writes a call to us down; blocking.

    Args:
        runtime: Telephony's own.
        carrier: Who tells of it.
        sid: The carrier's id of the call.
        caller: The caller's number as the carrier writes it; empty or a word where it is hidden.
    """
    arrival = Arrival(
        carrier=carrier.name,
        carrier_sid=sid,
        caller=rules.caller_number(caller),
        max_seconds=runtime.settings.inbound_seconds,
        hospital_name=runtime.settings.hospital_name,
    )
    with runtime.sessions.begin() as session:
        return service.register_arrival(session, arrival, runtime.clock)
