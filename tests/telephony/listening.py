"""A call's ear and turn in virtual time: twenty milliseconds a step, audio in, events out."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from telephony.audio.pcm import FRAME_SAMPLES, FRAME_SECONDS, RATE_HZ, frames
from telephony.session.conversation import awaits_yes_or_no
from telephony.session.ear import Ear
from telephony.session.hearer import Hearer
from telephony.session.listening import KeyCollector
from telephony.session.prompt import Prompt
from telephony.session.turn import Turn
from telephony.session.utterance import PATIENCE
from telephony.session.voice_activity import LevelActivity, VoiceActivity
from telephony.session.wire import Key, Mark
from telephony.speech.choosing import Recognition
from telephony.speech.endings import grammar
from telephony.speech.grammars import FAMILIES, Expected, expected_at
from telephony.speech.recognition import Recogniser
from tests.fakes import tones

PROMPT_SECONDS = 2.0
LONGEST_SECONDS = 60.0
ECHO_DELAY_FRAMES = 11
ECHO_GAIN = 0.25


@dataclass
class Seen:
    """One thing that happened."""

    event: str
    at: float
    text: str | None = None
    key: str | None = None
    sure: bool | None = None


@dataclass
class Call:
    """Plays one scenario.

    Attributes:
        ends: When each thing that the patient does is over, by its words; `start` is when the first began.
    """

    recogniser: Recogniser | None
    scenario: dict[str, Any]
    activity: VoiceActivity = field(default_factory=LevelActivity)
    seen: list[Seen] = field(default_factory=list)
    ends: dict[str, float] = field(default_factory=dict)

    def play(self) -> list[Seen]:
        """Runs to the end of the turn."""
        place = self.scenario.get("place", "item:fever/boolean")
        expected = expected_at(place, _expected(self.scenario))
        self._begin(place, expected)
        script, keys, echo = self._patient()
        while (not self._turn.done or self._replies()) and self._now < LONGEST_SECONDS:
            number = round(self._now / FRAME_SECONDS)
            sound = script.get(number, bytes(FRAME_SAMPLES * 2))
            if echo:
                sound = _mixed(sound, self._sent_before(number))
            self._bot()
            self._ear.take(sound)
            for digit in keys.get(number, ()):
                self._events.append(Key(digit))
            self._take()
            self._now += FRAME_SECONDS
        self._ended()
        return self.seen

    def _begin(self, place: str, expected: Expected) -> None:
        self._now = 0.0
        self._events: list[object] = []
        self._sent: list[bytes] = []
        workers = ThreadPoolExecutor(1)
        recognition = Recognition("vosk", self.recogniser, lambda _family: 0.9, workers) if self.recogniser else None
        hearer = Hearer(recognition, answers_unheard=True)
        self._ear = Ear(self.activity, hearer, None, self._events.append, lambda: self._now)
        seconds = float(self.scenario.get("prompt_seconds", PROMPT_SECONDS))
        self._replied = False
        self._prompt = Prompt(tuple(_noise(seconds)), (0,))
        self._left = list(self._prompt.frames)
        mark = f"{place}#1"
        self._turn = self._new_turn(mark, seconds, follows=None)
        self._expect(expected)
        self.ends["prompt"] = seconds

    def _new_turn(self, mark: str, seconds: float, follows: str | None) -> Turn:
        return Turn(
            mark=mark,
            keys=KeyCollector(self.scenario.get("keys", ("1", "2"))),
            silence_seconds=8.0,
            interdigit_seconds=3.0,
            listens=not self.scenario.get("reply", {}).get("last") or follows is None,
            source="vosk",
            minds_backchannels=awaits_yes_or_no(mark),
            follows=follows,
            deadline=self._now + seconds + 3.0,
        )

    def _expect(self, expected: Expected) -> None:
        patience = PATIENCE[FAMILIES[expected.kind]].longer(self.scenario.get("elder_factor", 1.0))
        self._ear.expect(grammar(expected, lambda _family: 0.9), patience)

    def _replies(self) -> bool:
        """Says the scenario's reply to the first words heard, once: another question, as long as `seconds`."""
        heard, reply = self._turn.heard, self.scenario.get("reply")
        if reply is None or heard is None or heard.event is not None or self._replied:
            return False
        self._replied = True
        self._ended()
        place = reply.get("place", "item:pain/boolean")
        self._prompt = Prompt(tuple(_noise(float(reply["seconds"]))), (0,))
        self._left = list(self._prompt.frames)
        self._turn = self._new_turn(f"{place}#2", float(reply["seconds"]), follows=heard.message_id)
        self._expect(expected_at(place, _expected(reply)))
        return True

    def _patient(self) -> tuple[dict[int, bytes], dict[int, list[str]], bool]:
        script: dict[int, bytes] = {}
        keys: dict[int, list[str]] = {}
        deeds = self.scenario.get("patient", [])
        for deed in deeds:
            first = round(deed["at"] / FRAME_SECONDS)
            self.ends.setdefault("start", deed["at"])
            if "key" in deed:
                keys.setdefault(first, []).append(deed["key"])
                continue
            sound = frames(_sound(deed))
            script |= {first + number: frame for number, frame in enumerate(sound)}
            self.ends["".join(deed.get("say", []))] = deed["at"] + len(sound) * FRAME_SECONDS
        return script, keys, any("echo" in deed for deed in deeds)

    def _bot(self) -> None:
        """The telephone plays a frame of the prompt; its mark comes when all of it was played."""
        frame = self._left.pop(0) if self._left else None
        self._sent.append(frame or bytes(FRAME_SAMPLES * 2))
        if frame is not None:
            self._ear.echo.sent(frame, self._now)
            if not self._left:
                self._events.append(Mark(self._turn.mark))

    def _take(self) -> None:
        while self._events and not self._turn.done:
            item = self._events.pop(0)
            whole = self._turn.heard_whole
            if self._turn.take(item, self._now, speaking=self._ear.speaking):
                self._note("bot_silent")
                self._cut, self._left = len(self._left) * FRAME_SECONDS, []
            if self._turn.heard_whole and not whole:
                self._note("prompt_over")
        if not self._turn.done and self._now >= self._turn.deadline:
            self._turn.take(None, self._now, speaking=self._ear.speaking)
        if self._turn.resumes:
            self._note("bot_resumed")
            self._left = list(self._prompt.rest(self._cut).frames)
            self._turn.resumed(self._turn.mark + "+", self._now + len(self._left) * FRAME_SECONDS + 3.0)

    def _ended(self) -> None:
        heard = self._turn.heard
        if heard is not None and heard.event is not None:
            self._note(heard.event)
        elif heard is not None:
            event = "heard" if heard.amends is None else "went_on"
            self.seen.append(Seen(event, self._now, heard.text, heard.key, heard.confidence > 0.9))

    def _note(self, event: str) -> None:
        self.seen.append(Seen(event, self._now))

    def _sent_before(self, number: int) -> bytes:
        return self._sent[number - ECHO_DELAY_FRAMES] if number >= ECHO_DELAY_FRAMES else bytes(FRAME_SAMPLES * 2)


def _sound(deed: dict[str, Any]) -> np.ndarray:
    if "say" in deed:
        gain = 10 ** (deed.get("gain_db", 0.0) / 20)
        voice = tones.speak(deed["say"] * deed.get("times", 1), pause_seconds=deed.get("pause_seconds", 0.02)) * gain
    else:
        seconds = deed.get("noise_seconds", 0.0)
        voice = np.random.default_rng(3).normal(size=int(seconds * RATE_HZ)) * 3000
    pcm: np.ndarray = np.clip(voice, -32768, 32767).astype(np.int16)
    return pcm


def _noise(seconds: float) -> list[bytes]:
    """What stands for the bot's voice."""
    voice = np.random.default_rng(4).normal(size=int(seconds * RATE_HZ)) * 3000
    return frames(np.clip(voice, -32768, 32767).astype(np.int16))


def _mixed(one: bytes, other: bytes) -> bytes:
    both = np.frombuffer(one, dtype="<i2").astype(np.float32) + ECHO_GAIN * np.frombuffer(other, dtype="<i2")
    return np.clip(both, -32768, 32767).astype("<i2").tobytes()


def _expected(scenario: dict[str, Any]) -> Expected:
    given = scenario.get("expected", {"kind": "boolean", "answers": ["有", "没有", "发烧"]})
    return Expected(**{**given, "answers": tuple(given.get("answers", ()))})
