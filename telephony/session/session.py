"""One live call from its first frame to its last: say, listen, ask the dialogue, until it is over."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from telephony.audio.pcm import FRAME_SECONDS, frames
from telephony.audio.tones import beep
from telephony.calls import rules, service
from telephony.calls.schemas import CallSnapshot
from telephony.runtime import SIMULATOR, TelephonyRuntime
from telephony.session.arrivals import Arrivals
from telephony.session.bridge import Bridge, StaffLeg
from telephony.session.conversation import Heard, Spoken, awaits_yes_or_no, heard_place
from telephony.session.dialled import DialledTalk
from telephony.session.ear import Ear, grammar_of
from telephony.session.hearer import Hearer
from telephony.session.inbox import Inbox
from telephony.session.line import Line
from telephony.session.listening import UNSURE, KeyCollector
from telephony.session.media import MediaWire, Message
from telephony.session.message import MessageTurn, left
from telephony.session.person import Hands, PersonTalk
from telephony.session.prompt import Prompt
from telephony.session.speaking import FAILURES, Speaker
from telephony.session.tempo import Tempo, Waits
from telephony.session.turn import Ended, Turn, heard_of
from telephony.session.utterance import PATIENCE
from telephony.session.voice_activity import LevelActivity, SileroActivity
from telephony.session.wire import Audio, Bad, Stop, Transcript
from telephony.speech.choosing import TRANSCRIPTS
from telephony.speech.grammars import FAMILIES, expected_at
from telephony.speech.synthesis import SynthesisFailed

log = logging.getLogger(__name__)

MARK_GRACE_SECONDS = 3.0
LONGEST_GREETING_SECONDS = 25.0


Opening = Callable[[], Awaitable[Spoken]]


class CallSession:
    """Holds one call.

    Args:
        runtime: Telephony's runtime.
        call: The call's row.
        wire: Reads the connection's messages.
        line: The `Call` port.
        bridge: Both sides' audio, for the recorder and for people.
        tempo: The call's time.
    """

    def __init__(
        self,
        runtime: TelephonyRuntime,
        call: CallSnapshot,
        wire: MediaWire,
        line: Line,
        bridge: Bridge,
        tempo: Tempo,
    ) -> None:
        self._runtime = runtime
        self._call = call
        self._wire = wire
        self._line = line
        self.bridge = bridge
        self._tempo = tempo
        self._inbox = Inbox(tempo)
        self._loop = asyncio.get_running_loop()
        self._source, self._recognition = runtime.hearing.on(simulated=call.carrier == SIMULATOR)
        transcribed = self._source == TRANSCRIPTS
        hearer = Hearer(self._recognition, answers_unheard=not transcribed)
        activity = LevelActivity() if transcribed else SileroActivity()
        self._ear = Ear(activity, hearer, self._recognition, self._inbox.put, tempo.now, self._prepare)
        self._speaker = Speaker(runtime, call.conversation)
        self._waits = Waits()
        line.played = self._ear.echo.sent
        self._prompt, self._unheard_seconds = Prompt(), 0.0
        self._notes: list[tuple[str, dict[str, Any], datetime]] = []
        self._marks = 0
        self._answers: str | None = None
        self._arrivals = Arrivals(FRAME_SECONDS, tempo)
        self._slow = call.conversation.elder
        self._answered: Heard | None = None
        self._thinking: asyncio.Future[Any] | None = None
        hands = Hands(self._inbox.next, self._say, self._think, self.note, self._say_last)
        self._person = (DialledTalk if call.dialled_by_id else PersonTalk)(runtime, call, line, bridge, tempo, hands)
        self.machine = rules.is_machine(call.answered_by)
        self.patient_turns = self.bad_frames = 0
        self.failed = self.going_away = self.ended = False
        self._opened = False

    def tell(self, item: object) -> None:
        """Puts an event into the session; from any thread."""
        self._loop.call_soon_threadsafe(self._inbox.put, item)

    async def take(self, raw: Message) -> bool:
        """Takes one message of the socket; False once the carrier says that the stream is over."""
        event = await self._wire.read(raw)
        match event:
            case Audio():
                self._arrivals.take()
                self.bridge.patient(event.pcm)
                self._ear.take(event.pcm)
            case Transcript():
                self._inbox.put(replace(event, span_ms=self._ear.take_span()))
            case Bad():
                self.bad_frames += 1
            case Stop():
                self._inbox.put(Ended())
                return False
            case None:
                pass
            case _:
                self._inbox.put(event)
        return True

    async def run(self) -> None:
        """Talks until it is over; the caller writes the end down."""
        sender = asyncio.create_task(self._line.run())
        try:
            await self._talk()
        except FAILURES as error:
            self.failed = True
            self.note("dialogue.failed", {"reason": type(error).__name__})
            log.warning("dialogue failed in a call", extra={"call_id": str(self._call.id)})
            await self._say_last(self._runtime.settings.sorry_text, "sorry")
        finally:
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)
            sent = {"late": self._line.counts.late, "sent": self._line.counts.sent}
            heard = {"heard_late": self._arrivals.late, "longest_gap_ms": self._arrivals.longest_ms}
            self.note("line.counted", sent | heard)
            await self._line.hangup()

    @property
    def with_person(self) -> bool:
        """Whether a person has the call."""
        return self._person.holds

    @property
    def met_person(self) -> bool:
        """Whether the patient could hear a person."""
        return self._person.held

    async def hear_person(self, leg: StaffLeg, pcm: bytes) -> None:
        """Takes 20 ms of a person for the patient; on the session's loop."""
        await self.bridge.speak(leg, pcm, self._line.seconds_left, self._line.play)

    def note(self, kind: str, data: dict[str, Any]) -> None:
        """Keeps an event; it is written with the next turn."""
        offset = {"offset_ms": int(self._tempo.now() * 1000)}
        self._notes.append((kind, data | offset, self._runtime.clock.now()))

    @property
    def seconds(self) -> int:
        """Call seconds so far, which at another pace than life's are not the clock's."""
        return int(self._tempo.now())

    def write_notes(self) -> None:
        """Writes the events kept so far; blocking."""
        notes, self._notes = self._notes, []
        if notes:
            with self._runtime.sessions.begin() as session:
                for kind, data, at in notes:
                    service.add_event(session, self._call.id, kind, data, self._runtime.clock, at=at)

    async def _talk(self) -> None:
        """The bot talks until the call is over; a person may take it from the bot at any moment, and give it back."""
        opening: Opening = self._open
        while await self._person.takes_from(self._converse(opening)):
            sequel = await self._person.hold()
            self.patient_turns += self._person.patient_turns
            self._person.patient_turns = 0
            if sequel == "going_away":
                await self._go_away()
            if sequel != "bot":
                self.ended = self.ended or sequel == "over"
                return
            opening = self._go_on

    async def _open(self) -> Spoken:
        spoken: Spoken = await self._think(self._runtime.conversations.open, self._call.conversation)
        self._opened = True
        return spoken

    async def _go_on(self) -> Spoken:
        """Goes on after a person: with the question that stands open."""
        if self._thinking is not None:
            await asyncio.wait({self._thinking}, timeout=self._runtime.settings.reply_timeout_seconds)
        return await self._person.sequel() if self._opened else await self._open()

    async def _converse(self, opening: Opening) -> None:
        if self.machine:
            await self._voicemail()
            return
        spoken = await opening()
        began: float | None = None
        silences = 0
        self._answered = None
        while True:
            mark = await self._say(spoken)
            turn = await self._listen(spoken, mark)
            self._note_turn(spoken, mark, began, turn)
            heard = left(turn, self.bridge.recorder, self.note) if isinstance(turn, MessageTurn) else turn.heard
            if heard is None or (heard.amends is None and await self._over(spoken, turn)):
                return
            silences = silences + 1 if heard.event == "silence" else 0
            if silences > self._runtime.settings.max_silences:
                self.note("patient.silent", {"turns": silences})
                return
            self.patient_turns += int(heard.event in {None, "unwritten"})
            began = time.monotonic()
            if turn.said_at is not None:
                began -= self._tempo.real(self._tempo.now() - turn.said_at)
            self._waits.pause_seconds = turn.pause_seconds
            spoken, began = await self._reply(heard, began)
            if heard.left is not None and heard.left.hung_up:
                return
            early = self._inbox.forget_early() if spoken.segments else 0
            if early:  # it answers no new question
                self.note("patient.early", {"items": early})

    async def _reply(self, heard: Heard, began: float) -> tuple[Spoken, float]:
        """What is said to what was heard, and since when it is waited for; who goes on meanwhile is heard out first."""
        while True:
            self._answered = heard
            thinking = time.monotonic()
            spoken: Spoken = await self._think(self._runtime.conversations.respond, self._call.conversation, heard)
            self._waits.think_seconds = time.monotonic() - thinking
            more = await self._inbox.more(self._ear)
            if more is None:
                return spoken, began
            self.note("patient.went_on", {})
            self._waits.pause_seconds = more.pause_seconds
            began = time.monotonic() - self._tempo.real(self._tempo.now() - (more.said_at or self._tempo.now()))
            heard = heard_of(more, self._source, amends=heard.message_id)

    async def _over(self, spoken: Spoken, turn: Turn) -> bool:
        """Does what was to be done after the words were said."""
        if turn.machine:
            await self._voicemail()
            return True
        if turn.going_away:
            await self._go_away()
            return True
        if self._tempo.now() >= self._call.max_seconds:
            self.note("call.time_up", {})
            await self._say_last(self._runtime.settings.time_up_text, "time_up")
            return True
        for kind, _data in spoken.actions:
            self.note(f"action.{kind}", {})
            if kind == "transfer" and self._runtime.settings.transfer_number:
                await self._line.transfer(self._runtime.settings.transfer_number)
        self._slow = self._slow or any(kind == "speak_slower" for kind, _ in spoken.actions)
        return spoken.last

    async def _go_away(self) -> None:
        self.going_away = True
        self.note("call.interrupted", {})
        await self._line.clear()
        await self._say_last(self._runtime.settings.going_away_text, "going_away")

    async def _listen(self, spoken: Spoken, mark: str) -> Turn:
        settings = self._runtime.settings
        factor = settings.elder_factor if self._slow else 1
        kind = partial(MessageTurn, longest_seconds=spoken.records_seconds) if spoken.records_seconds else Turn
        turn: Turn = kind(
            mark=mark,
            keys=KeyCollector(spoken.key_hint),
            silence_seconds=settings.silence_seconds * factor,
            interdigit_seconds=settings.interdigit_seconds * factor,
            listens=not spoken.last and spoken.expects != "none",
            source=self._source,
            minds_backchannels=awaits_yes_or_no(mark),
            follows=self._answered.message_id if self._answered is not None and self._answered.text else None,
        )
        turn.deadline = self._tempo.now() + self._line.seconds_left + MARK_GRACE_SECONDS
        while not turn.done:
            item = await self._inbox.next(min(turn.deadline, self._call.max_seconds + self._line.seconds_left))
            if item is None and self._tempo.now() >= self._call.max_seconds:
                turn.finish(Heard(message_id="time", event="silence"))
            elif turn.take(item, self._tempo.now(), speaking=self._ear.speaking):
                await self._fall_silent(mark)
            elif turn.resumes:
                await self._resume(turn)
        return turn

    async def _fall_silent(self, mark: str) -> None:
        self._unheard_seconds = self._line.seconds_left
        await self._line.clear()
        self.note("bot.interrupted", {"mark": mark, "unheard_ms": int(self._unheard_seconds * 1000)})

    async def _resume(self, turn: Turn) -> None:
        """Goes on with the piece that was broken off for nothing."""
        self._prompt = self._prompt.rest(self._unheard_seconds)
        await self._line.play(list(self._prompt.frames))
        mark = f"{turn.mark}+"
        await self._line.mark(mark)
        turn.resumed(mark, self._tempo.now() + self._line.seconds_left + MARK_GRACE_SECONDS)
        self.note("bot.resumed", {"mark": mark})

    async def _say(self, spoken: Spoken) -> str:
        self._slow = self._slow or any(kind == "speak_slower" for kind, _ in spoken.actions)
        pieces = [segment for segment in spoken.segments if segment.strip()]
        begun = time.monotonic()
        self._prompt = await self._speaker.make(pieces[:1], slow=self._slow)
        self._waits.voice_seconds = time.monotonic() - begun
        self._marks += 1
        place = heard_place(spoken)
        mark = f"{place}#{self._marks}"
        self._expect(spoken, place)
        self._line.expect_first_frame()
        self.bridge.recorder.begin_prompt()
        await self._line.play(list(self._prompt.frames))
        if len(pieces) > 1:  # the first piece is on its way while the others are made
            sent, slow = len(self._prompt.frames), self._slow
            self._prompt = self._prompt.then(await self._speaker.make(pieces[1:], slow=slow), slow=slow)
            await self._line.play(list(self._prompt.frames[sent:]))
        if spoken.records_seconds:
            await self._line.play(frames(beep()))
        await self._line.mark(mark)
        return mark

    def _prepare(self, said: Transcript) -> None:
        """Words that will be said back are new each time: their sound is made while the pause lasts."""
        if said.confidence <= UNSURE:
            heard = Heard("", said.text, confidence=said.confidence, source=self._source)
            self._speaker.prepare(heard, slow=self._slow)

    def _expect(self, spoken: Spoken, place: str) -> None:
        """Tells the ear what may be said to this, and how long to wait for the end of it."""
        expected = expected_at(place, spoken.expected)
        patience = PATIENCE[FAMILIES[expected.kind]]
        allowed = grammar_of(self._recognition, expected)
        self._ear.expect(allowed, patience.longer(self._runtime.settings.elder_factor) if self._slow else patience)

    async def _say_last(self, text: str, kind: str) -> None:
        """Says something on the way out; a line or a voice that is gone changes nothing any more."""
        if self.ended:
            return
        try:
            await self._runtime.in_thread(self._runtime.conversations.said, self._call.conversation, text, kind)
        except FAILURES:
            log.warning("last words not kept", extra={"call_id": str(self._call.id)})
        spoken = Spoken(segments=(text,), place="closing", expects="none", actions=(("hangup", {}),))
        try:
            await self._listen(spoken, await self._say(spoken))
            self.note("said", {"kind": kind, "bot_ms": self.bridge.recorder.prompt_ms})
        except SynthesisFailed:
            log.warning("no voice for the last words")

    async def _voicemail(self) -> None:
        self.machine = True
        self.note("voicemail", {})
        await self._line.clear()
        until = self._tempo.now() + LONGEST_GREETING_SECONDS
        while self._ear.speaking and self._tempo.now() < until:
            await self._tempo.sleep(FRAME_SECONDS)
        hospital = self._call.conversation.hospital_name or "医院"
        await self._say_last(self._runtime.settings.voicemail_text.replace("{hospital}", hospital), "voicemail")

    async def _think(self, function: Any, *arguments: Any) -> Any:  # noqa: ANN401 - a Conversations method
        def work() -> Any:  # noqa: ANN401
            self.write_notes()
            return function(*arguments)

        self._thinking = asyncio.ensure_future(self._runtime.in_thread(work))
        self._thinking.add_done_callback(lambda thought: thought.cancelled() or thought.exception())
        return await asyncio.wait_for(asyncio.shield(self._thinking), self._runtime.settings.reply_timeout_seconds)

    def _note_turn(self, spoken: Spoken, mark: str, began: float | None, turn: Turn) -> None:
        first = self._line.first_frame_at
        data: dict[str, Any] = {"mark": mark, "heard_whole": turn.heard_whole, "bot_ms": self.bridge.recorder.prompt_ms}
        data["reply_to"] = self._answers
        if began is not None and first is not None:
            data["latency_ms"] = int((first - began) * 1000)
            data |= self._waits.in_ms(self._tempo)
        if turn.heard is not None:
            data["message_id"] = turn.heard.message_id
            data["answer"] = turn.heard.event or ("keys" if turn.heard.key else "speech")
            data["patient_ms"] = turn.span_ms or (self.bridge.recorder.at_ms, self.bridge.recorder.at_ms)
            self._answers = turn.heard.message_id
        if self._ear.fault is not None:
            data["deaf"] = self._ear.fault
        self.note("turn", data)
        if turn.heard is None and not spoken.last:
            self.ended = True
