"""A call in a person's hands: the bot is silent, the patient's words are kept, until the call is over or given back."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any, Literal
from uuid import uuid4

from sqlalchemy.exc import SQLAlchemyError

from core_api.kit.errors import ServiceError
from telephony.calls import ownership
from telephony.calls.schemas import CallSnapshot
from telephony.runtime import TelephonyRuntime
from telephony.session.bridge import Bridge
from telephony.session.conversation import Heard, Spoken
from telephony.session.line import Line
from telephony.session.tempo import Tempo
from telephony.session.turn import Ended, GoingAway, Unwritten
from telephony.session.wire import Key, Mark, Transcript
from telephony.speech.grammars import Expected
from telephony.speech.synthesis import SynthesisFailed

log = logging.getLogger(__name__)

PLACE = "item:person/text"
MARK_GRACE_SECONDS = 2.0
LONG_SECONDS = 3600.0
FAILURES = (ServiceError, SQLAlchemyError, OSError, TimeoutError)
Sequel = Literal["bot", "over", "going_away"]


@dataclass(frozen=True)
class GivenBack:
    """The person gave the call back; the record says so already."""


@dataclass(frozen=True)
class PersonLost:
    """Their connection is gone."""


@dataclass(frozen=True)
class PersonBack:
    """They have the floor, again or for the first time."""


@dataclass(frozen=True)
class PersonEnds:
    """They hang up, or send the patient on to a number."""

    transfer_to: str | None = None


@dataclass(frozen=True)
class PersonKeys:
    """They press keys."""

    keys: str


@dataclass(frozen=True)
class Hands:
    """What a session lends: its events, its voice, its threads, its notes, its last words."""

    next: Callable[[float], Awaitable[object | None]]
    say: Callable[[Spoken], Awaitable[str]]
    think: Callable[..., Awaitable[Any]]
    note: Callable[[str, dict[str, Any]], None]
    say_last: Callable[[str, str], Awaitable[None]]


class PersonTalk:
    """Holds the call while a person has it.

    Args:
        runtime: Telephony's runtime.
        call: The call's row.
        line: The `Call` port.
        bridge: Who is there.
        tempo: The call's time.
        hands: The session's.
    """

    def __init__(
        self, runtime: TelephonyRuntime, call: CallSnapshot, line: Line, bridge: Bridge, tempo: Tempo, hands: Hands
    ) -> None:
        self._runtime = runtime
        self._call = call
        self._line = line
        self._bridge = bridge
        self._tempo = tempo
        self._hands = hands
        self._mark = ""
        self._open_at = 0.0
        self._lost_at: float | None = None
        self.held = False
        """Whether a person had the call at any time."""
        self.holds = False
        """Whether one has it now."""
        self.patient_turns = 0

    async def takes_from(self, talk: Coroutine[Any, Any, None]) -> bool:
        """Lets the bot talk until a person takes the call; False if the bot brought it to its end.

        What the bot was about to say is dropped then, and what it thinks about is answered to nobody.
        """
        bot = asyncio.create_task(talk)
        taken = asyncio.create_task(self._bridge.taken.wait())
        try:
            await asyncio.wait({bot, taken}, return_when=asyncio.FIRST_COMPLETED)
            if bot.done():
                await bot
                return False
        finally:
            for task in (bot, taken):
                task.cancel()
            await asyncio.gather(bot, taken, return_exceptions=True)
        return True

    async def sequel(self) -> Spoken:
        """What the bot says when it goes on: that it does, and the question that stands open."""
        settings = self._runtime.settings
        lead = settings.given_back_text if self._lost_at is None else settings.person_lost_text
        heard = Heard(message_id=uuid4().hex, event="resumed")
        spoken: Spoken = await self._hands.think(self._runtime.conversations.respond, self._call.conversation, heard)
        return replace(spoken, segments=(lead, *(spoken.segments or (settings.goodbye_text,))))

    async def hold(self) -> Sequel:
        """From the sentence that announces the person until they let go."""
        self.held = self.holds = True
        self._lost_at = None
        self._hands.note("person.took_over", self._who())
        await self._line.clear()
        await self._announce(self._runtime.settings.person_text)
        return await self._go_through()

    async def _go_through(self) -> Sequel:
        """Event by event until they let go."""
        while True:
            item = await self._hands.next(self._deadline())
            sequel = await self._take(item)
            if sequel is not None:
                self.holds = sequel != "bot"
                self._bridge.free()
                return sequel

    async def _announce(self, text: str) -> None:
        """Says something of ours between; without a voice the person speaks at once."""
        self._open_at = self._tempo.now()
        try:
            self._mark = await self._hands.say(Spoken(segments=(text,), place=PLACE, expected=Expected("text")))
        except SynthesisFailed:
            log.warning("no voice to announce a person")
            return
        self._open_at = self._tempo.now() + self._line.seconds_left + MARK_GRACE_SECONDS

    @property
    def _grace_seconds(self) -> float:
        return self._runtime.settings.person_grace_seconds

    def _deadline(self) -> float:
        if self._lost_at is not None:
            return self._lost_at + self._grace_seconds * self._tempo.pace
        if not self._bridge.open:
            return self._open_at
        return self._tempo.now() + LONG_SECONDS

    async def _take(self, item: object | None) -> Sequel | None:
        """Takes an event; what comes after the person's part, if it is over by it."""
        match item:
            case Ended():
                return "over"
            case GoingAway():
                return "going_away"
            case PersonEnds(number):
                return await self._end(number)
            case PersonKeys(keys):
                await self._line.dtmf(keys)
            case GivenBack():
                self._hands.note("person.gave_back", {})
                return "bot"
            case None if self._lost_at is not None:
                return await self._abandoned()
            case None | PersonLost() | PersonBack() | Mark():
                self._connection(item)
            case _:
                await self._overhear(item)
        return None

    def _connection(self, item: object | None) -> None:
        """Comings and goings of the person's voice."""
        if isinstance(item, PersonLost):
            self._lost_at = self._tempo.now()
            self._hands.note("person.lost", {})
        elif isinstance(item, PersonBack):
            self._lost_at = None
        announced = item is None or (isinstance(item, Mark) and item.name == self._mark)
        over = announced or self._tempo.now() >= self._open_at
        if over:
            self._open_at = min(self._open_at, self._tempo.now())
        if over and self._bridge.floor is not None and not self._bridge.open:
            self._bridge.opened()

    async def _overhear(self, item: object) -> None:
        """Keeps what the patient says, and lets the safety gate see it; the bot says nothing to it."""
        match item:
            case Transcript(text, confidence) if text:
                source = self._runtime.hearing.on(simulated=self._call.carrier == "simulator")[0]
                heard = Heard(message_id=uuid4().hex, text=text, confidence=confidence, source=source)
            case Unwritten():
                heard = Heard(message_id=uuid4().hex, event="unwritten")
            case Key(digit):
                heard = Heard(message_id=uuid4().hex, key=digit, source="keys")
            case _:
                return
        self.patient_turns += 1
        try:
            await self._hands.think(self._runtime.conversations.respond, self._call.conversation, heard)
        except FAILURES as error:
            self._hands.note("words.lost", {"reason": type(error).__name__})
            log.warning("a patient's words to a person were not kept", extra={"call_id": self._call.id})

    async def _end(self, number: str | None) -> Sequel | None:
        """Hangs up, or sends the patient on, who is told so; where the line does not take it, the person goes on."""
        if number is None:
            self._hands.note("person.ended", {})
            return "over"
        self._bridge.closed()
        await self._announce(self._runtime.settings.transferring_text)
        await self._tempo.sleep(self._line.seconds_left)
        done = await self._line.transfer(number)
        self._hands.note("person.transferred", {"done": done})
        if done:
            return "over"
        self._bridge.tell({"type": "error", "code": "not_transferred", "title": "没有转接成功，请继续与患者通话"})
        return None

    async def _abandoned(self) -> Sequel:
        """Nobody came back in time: the patient is not left in silence."""
        self._hands.note("person.gone", {})
        try:
            await self._hands.think(self._give_back)
        except FAILURES:
            log.warning("a call could not be given back", extra={"call_id": self._call.id})
            return "over"
        return "bot"

    def _give_back(self) -> None:
        with self._runtime.sessions.begin() as session:
            text = self._runtime.settings.person_lost_text
            ownership.release(session, self._call.conversation.conversation_id, text, self._runtime.clock)

    def _who(self) -> dict[str, str]:
        return {"user_id": str(self._bridge.floor.user_id)} if self._bridge.floor else {}
