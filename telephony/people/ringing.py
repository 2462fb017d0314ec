"""A call that a person dials: their line stands first, then the patient's telephone rings, until somebody answers."""

import asyncio
import logging
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from core_api.kit.faults import described
from telephony import placing
from telephony.audio.pcm import FRAME_SECONDS, frames
from telephony.audio.tones import ringback
from telephony.calls import rules, service
from telephony.calls.schemas import CallSnapshot
from telephony.runtime import LiveCall, TelephonyRuntime
from telephony.session.bridge import StaffLeg

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.1
ASK_EVERY = 4
"""Looks at our own calls between two looks at the record."""
TITLES = {
    "busy": "对方正在通话中，请稍后再拨",
    "no_answer": "响铃后无人接听",
    "unreachable": "对方已关机或无法接通",
    "rejected": "对方拒接",
    "invalid_number": "号码是空号或已停机，请核对号码",
    "carrier_failed": "线路故障，没有拨通，请稍后再拨",
    "not_placed": "线路没有受理，电话没有拨出，请稍后再拨",
    "given_up": "已取消拨号",
    "interrupted": "系统正在停机，电话没有拨通",
}


def ended_message(disposition: str | None) -> dict[str, str | None]:
    """What a page is told of a call's end."""
    title = TITLES.get(disposition or "") or rules.LABELS.get(disposition or "", "通话已结束")
    return {"type": "ended", "disposition": disposition, "title": title}


@dataclass(frozen=True)
class Elsewhere:
    """Another process of ours holds the call."""

    address: str


class Ringing:
    """One call from its placing to its answer; pages come and go meanwhile, nobody waits for ever for none.

    Args:
        runtime: Telephony's runtime.
        call: The call as it was prepared.
    """

    def __init__(self, runtime: TelephonyRuntime, call: CallSnapshot) -> None:
        self._runtime = runtime
        self._call = call
        self._legs: list[StaffLeg] = []
        self._state = "placing"
        self._stopped = False
        self._task = asyncio.create_task(self._run())

    async def answered(self, leg: StaffLeg) -> LiveCall | Elsewhere | None:
        """Lets a page wait for the answer, with the tone that callers know; None once the call is over."""
        self._legs.append(leg)
        leg.tell({"type": "dialling", "state": self._state})
        tone = asyncio.create_task(_sound(leg))
        try:
            return await asyncio.shield(self._task)
        finally:
            tone.cancel()
            self._legs.remove(leg)

    def stop(self) -> None:
        """Gives the call up."""
        self._stopped = True

    async def _run(self) -> LiveCall | Elsewhere | None:
        try:
            work = self._runtime.in_thread(placing.place_prepared, self._runtime, self._call.id)
            placed = asyncio.create_task(work)
            answered = await self._wait(placed)
        except Exception as error:  # noqa: BLE001 - a call's edge: the page is told, and the sweep settles the call
            fields = {"call_id": self._call.id, "error": described(error)}
            log.error("a call dialled by hand failed", extra=fields)  # noqa: TRY400 - see faults
            answered = None
        finally:
            self._runtime.ringing.pop(self._call.id, None)
        return answered

    async def _wait(self, placed: asyncio.Task[None]) -> LiveCall | Elsewhere | None:
        loop = asyncio.get_running_loop()
        alone_since: float | None = None
        looks = 0
        while True:
            live = self._runtime.live.get(self._call.id)
            if live is not None:
                return live
            if placed.done():
                placed.result()
            known = await self._look() if looks % ASK_EVERY == 0 else None
            if known is not None and known.ended_at is not None:
                return None
            if known is not None and known.media_at is not None and known.held_at not in {None, self._runtime.address}:
                return Elsewhere(str(known.held_at))
            looks += 1
            await asyncio.sleep(LOOK_SECONDS)
            alone_since = None if self._legs else alone_since or loop.time()
            lonely = alone_since is not None and loop.time() - alone_since > self._grace_seconds
            if (self._stopped or lonely) and placed.done():
                await self._runtime.in_thread(placing.give_up, self._runtime, self._call.id)
                return self._runtime.live.get(self._call.id)

    @property
    def _grace_seconds(self) -> float:
        return self._runtime.settings.person_grace_seconds

    async def _look(self) -> CallSnapshot | None:
        try:
            known: CallSnapshot = await self._runtime.in_thread(snapshot_of, self._runtime, self._call.id)
        except SQLAlchemyError:
            log.warning("a ringing call could not be looked up", extra={"call_id": self._call.id})
            return None
        if known.state != self._state:
            self._state = known.state
            for leg in self._legs:
                leg.tell({"type": "dialling", "state": known.state})
        return known


def ringing(runtime: TelephonyRuntime, call: CallSnapshot) -> Ringing:
    """The ringing of a call, begun by the first page that asks for it."""
    found = runtime.ringing.get(call.id)
    if found is None:
        found = runtime.ringing[call.id] = Ringing(runtime, call)
    return found


async def _sound(leg: StaffLeg) -> None:
    """The ringing tone, until it is cancelled."""
    loop = asyncio.get_running_loop()
    due = loop.time()
    while True:
        for frame in frames(ringback()):
            leg.hear(frame)
            due += FRAME_SECONDS
            await asyncio.sleep(due - loop.time())


def snapshot_of(runtime: TelephonyRuntime, call_id: UUID) -> CallSnapshot:
    """The call as the record has it now; blocking. Raises NotFound."""
    with runtime.sessions() as session:
        session.connection(execution_options={"read_only": True})
        return service.snapshot(session, call_id)
