"""A call's line for people of the hospital: they hear it, take it over, give it back.

Sound is int16 at 8 kHz, 20 ms a message, both ways; control messages are JSON.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from uuid import UUID

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from core_api.audit import service as audit
from core_api.kit.errors import Forbidden, NotFound, ServiceError
from core_api.kit.sockets import FORBIDDEN, UNAUTHENTICATED, from_elsewhere, user_of
from core_api.kit.web import CurrentUser
from telephony.audio.pcm import FRAME_SAMPLES
from telephony.calls import ownership, service
from telephony.calls.schemas import CallSnapshot
from telephony.people.leg import SocketLeg
from telephony.people.relay import HEADER, is_ours, relay
from telephony.people.ringing import Elsewhere, ended_message, ringing, snapshot_of
from telephony.people.schemas import COMMANDS, GiveBack, HangUp, Keys, NotLive, NotYours, TakeOver, Transfer
from telephony.runtime import LiveCall, TelephonyRuntime
from telephony.session.person import GivenBack, PersonBack, PersonEnds, PersonKeys, PersonLost

log = logging.getLogger(__name__)

LISTEN, TALK = "calls.listen", "calls.talk"
FRAME_BYTES = FRAME_SAMPLES * 2
MOST_BYTES = FRAME_BYTES * 10
MOST_PEOPLE = 8
RECHECK_SECONDS = 60.0
NOT_LIVE, BAD_FRAME, TOO_MANY, FAILED, OVER = 4404, 4400, 4429, 1011, 1000

router = APIRouter()


@router.websocket("/api/calls/{call_id}/line")
async def staff_line(socket: WebSocket, call_id: UUID) -> None:
    """Joins a live call; the listening is audited before anything is heard."""
    elsewhere = from_elsewhere(socket)
    user = None if elsewhere else await asyncio.to_thread(user_of, socket)
    await socket.accept()
    if user is None or LISTEN not in user.permissions:
        await socket.close(FORBIDDEN if elsewhere or user else UNAUTHENTICATED)
        return
    runtime: TelephonyRuntime = socket.app.state.telephony
    try:
        address = await runtime.in_thread(_elsewhere, runtime, call_id, socket.headers.get(HEADER))
    except Forbidden:
        await socket.close(FORBIDDEN)
        return
    except NotFound:
        await _refuse(socket, NotLive("这通电话没有在进行"), NOT_LIVE)
        return
    except SQLAlchemyError:
        await socket.close(FAILED)
        return
    if address is None:
        address = await _attended(socket, runtime, call_id, user)
    if address is not None:
        await relay(socket, runtime, call_id, address)


async def _attended(socket: WebSocket, runtime: TelephonyRuntime, call_id: UUID, user: CurrentUser) -> str | None:
    """Lets somebody attend here; where the call is held instead, if it was answered elsewhere."""
    live = runtime.live.get(call_id)
    if live is not None and live.bridge.people >= MOST_PEOPLE:
        await _refuse(socket, NotLive("旁听的人太多，请稍后再试", code="too_many"), TOO_MANY)
        return None
    try:
        call = await runtime.in_thread(_noted, runtime, call_id, user, live is not None)
    except (SQLAlchemyError, NotFound):
        await socket.close(FAILED)
        return None
    if call is None:
        await _refuse(socket, NotLive("这通电话没有在进行"), NOT_LIVE)
        return None
    return await _Attendance(runtime, call, live, socket, user).run()


def _elsewhere(runtime: TelephonyRuntime, call_id: UUID, shown: str | None) -> str | None:
    """Where the call is held, if not here; a line that was passed on already is passed on no further.

    Raises:
        Forbidden: Somebody who is none of our processes says that they pass a line on.
        NotFound: No such call.
    """
    if shown is not None:
        with runtime.sessions() as session:
            if not is_ours(session, call_id, shown, runtime.clock.now()):
                raise Forbidden("不是本系统的连接")
        return None
    if runtime.live.get(call_id) is not None or call_id in runtime.ringing:
        return None
    known = snapshot_of(runtime, call_id)
    return known.held_at if known.ended_at is None and known.held_at != runtime.address else None


async def _refuse(socket: WebSocket, why: ServiceError, code: int) -> None:
    await socket.send_json(_error(why))
    await socket.close(code)


def _error(why: ServiceError) -> dict[str, object]:
    return {"type": "error", "code": why.code, "title": why.message}


def _noted(runtime: TelephonyRuntime, call_id: UUID, user: CurrentUser, lives: bool) -> CallSnapshot | None:
    """The call, its hearing audited; None for one that is not live, unless this person is dialling it."""
    with runtime.sessions.begin() as session:
        call = service.snapshot(session, call_id)
        theirs = call.dialled_by_id == user.id and TALK in user.permissions
        if not theirs and lives:
            audit.record(session, user.id, "call.listen_in", "call", call_id, "旁听通话", runtime.clock)
        return call if lives or (theirs and call.ended_at is None) else None


class _Attendance:
    """One person's time on a call."""

    def __init__(
        self, runtime: TelephonyRuntime, call: CallSnapshot, live: LiveCall | None, socket: WebSocket, user: CurrentUser
    ) -> None:
        self._runtime = runtime
        self._call = call
        self._live = live
        self._socket = socket
        self._user = user
        self._leg = SocketLeg(socket, user)
        self._dials = call.dialled_by_id == user.id
        self._ringing = ringing(runtime, call) if live is None else None
        self._address: str | None = None
        self._moved = asyncio.Event()

    async def run(self) -> str | None:
        """Until the page leaves, its session ends, or the call is over.

        Returns:
            Where the call is, if it was answered at another process.
        """
        carrier = self._runtime.carrier(self._call.carrier)
        may_talk = TALK in self._user.permissions
        self._leg.tell(
            {
                "type": "ready",
                "pace": carrier.pace,
                "may_talk": may_talk,
                "dialled": self._dials,
                "answered": self._live is not None,
            }
        )
        if self._live is not None:
            self._live.bridge.join(self._leg)
        tasks = [
            asyncio.create_task(work) for work in (self._leg.run(), self._read(), self._watch(), self._moved.wait())
        ]
        reaching = asyncio.create_task(self._reach())
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (*tasks, reaching):
                task.cancel()
            await asyncio.gather(*tasks, reaching, return_exceptions=True)
            if self._live is not None and self._live.bridge.leave(self._leg):
                self._live.tell(PersonLost())
        if self._address is None:
            with contextlib.suppress(WebSocketDisconnect, RuntimeError):
                await self._socket.close(OVER)
        return self._address

    async def _reach(self) -> None:
        """Waits until the patient whom this person calls has answered; then they have the floor."""
        if self._ringing is None:
            return
        live = await self._ringing.answered(self._leg)
        if live is None:
            over = await self._runtime.in_thread(snapshot_of, self._runtime, self._call.id)
            self._leg.tell(ended_message(over.disposition))
            return
        if isinstance(live, Elsewhere):
            self._address = live.address
            self._moved.set()
            return
        live.bridge.join(self._leg)
        self._live = live
        live.bridge.take(self._leg)
        live.tell(PersonBack())

    async def _watch(self) -> None:
        """Ends the attendance of somebody who was signed out or lost the permission."""
        while True:
            await asyncio.sleep(RECHECK_SECONDS)
            user = await asyncio.to_thread(user_of, self._socket)
            if user is None or LISTEN not in user.permissions:
                await self._socket.close(FORBIDDEN if user else UNAUTHENTICATED)
                return

    async def _read(self) -> None:
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            while True:
                message = await self._socket.receive()
                if message["type"] == "websocket.disconnect":
                    return
                if not await self._take(message.get("bytes"), message.get("text")):
                    await self._socket.close(BAD_FRAME)
                    return

    async def _take(self, sound: bytes | None, text: str | None) -> bool:
        """One message; False for one that a page of ours does not send."""
        if sound is not None:
            if len(sound) % FRAME_BYTES or len(sound) > MOST_BYTES:
                return False
            for start in range(0, len(sound), FRAME_BYTES) if self._live is not None else ():
                await self._line.hear_person(self._leg, sound[start : start + FRAME_BYTES])
            return True
        try:
            command = COMMANDS.validate_json(text or "")
        except ValidationError:
            return False
        try:
            await self._do(command)
        except ServiceError as refused:
            self._leg.tell(_error(refused))
        except SQLAlchemyError:
            log.warning("a person's command could not be written", extra={"call_id": self._call.id})
            self._leg.tell({"type": "error", "code": "unavailable", "title": "系统繁忙，请再试一次"})
        return True

    async def _do(self, command: object) -> None:
        match command:
            case TakeOver():
                await self._take_over()
            case GiveBack():
                self._own()
                if self._dials:
                    raise NotYours("这通电话由您拨出，没有自动服务可以交回", code="no_bot")
                await self._runtime.in_thread(self._written, "call.give_back", "交回自动服务", self._given_back)
                self._line.tell(GivenBack())
            case HangUp() if self._live is None and self._ringing is not None:
                self._ringing.stop()
            case HangUp():
                self._own()
                await self._runtime.in_thread(self._written, "call.hang_up", "人工挂断通话", None)
                self._line.tell(PersonEnds())
            case Transfer(number=number):
                self._own()
                await self._runtime.in_thread(self._written, "call.transfer", f"转接到分机 {number}", None)
                self._line.tell(PersonEnds(number))
            case Keys(keys=keys):
                self._own()
                self._line.tell(PersonKeys(keys))
            case _:
                self._leg.tell({"type": "pong"})

    async def _take_over(self) -> None:
        line = self._line
        if TALK not in self._user.permissions:
            raise Forbidden("您的账号可以旁听，不能接管通话")
        try:
            await self._runtime.in_thread(self._written, "call.take_over", "接管通话", self._taken)
        except NotFound:
            raise NotLive("电话刚刚接通，请稍候再接管") from None
        if self._runtime.live.get(self._call.id) is not line:
            raise NotLive("这通电话已经结束")
        line.bridge.take(self._leg)
        line.tell(PersonBack())

    @property
    def _line(self) -> LiveCall:
        """Raises NotLive while nobody has answered."""
        if self._live is None:
            raise NotLive("电话还没有接通")
        return self._live

    def _own(self) -> None:
        if self._line.bridge.floor is not self._leg:
            raise NotYours("请先接管通话")

    def _written(self, action: str, purpose: str, work: Callable[[Session], object] | None) -> None:
        with self._runtime.sessions.begin() as session:
            if work is not None:
                work(session)
            audit.record(session, self._user.id, action, "call", self._call.id, purpose, self._runtime.clock)

    def _taken(self, session: Session) -> None:
        sentence = self._runtime.settings.person_text
        spec = self._call.conversation
        ownership.take_over(
            session, spec.conversation_id, self._user.id, self._user.display_name, sentence, self._runtime.clock
        )

    def _given_back(self, session: Session) -> None:
        sentence = self._runtime.settings.given_back_text
        spec = self._call.conversation
        ownership.give_back(
            session, spec.conversation_id, self._user.id, self._user.display_name, sentence, self._runtime.clock
        )
