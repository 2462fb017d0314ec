"""What a real Asterisk's lines are like: tones, formats, people heard and talking, a restart under a campaign."""

import asyncio
import contextlib
import itertools
import threading
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile
from fastapi import FastAPI

from campaigns import api as campaigns
from core_api.kit.clock import SystemClock
from core_api.kit.db import Sessions
from core_api.kit.outbox import handle_pending
from core_api.kit.web import Runtime, install_problem_handlers
from telephony import api
from telephony.audio.pcm import FRAME_SAMPLES, RATE_HZ, Pcm16, level_dbfs
from telephony.carriers.asterisk.carrier import AsteriskCarrier
from telephony.session.conversation import Heard, Spoken
from telephony.speech.endings import grammar
from telephony.speech.grammars import Expected
from telephony.speech.model_files import SHIPPED, accept_at
from telephony.speech.vosk_recogniser import VoskRecogniser
from tests.asterisk.hospital import (
    ALIKE,
    AUDIBLE_DBFS,
    EachItsOwn,
    Hospital,
    holes,
    hospital,
    kept,
    likeness,
    tell,
    wav,
)
from tests.asterisk.pbx import Asterisk
from tests.campaigns.world import World
from tests.telephony import test_people as people
from tests.telephony.kit import ScriptedConversation, Server, staff, wait_for
from tools.speech_model.recordings import RECORDINGS, TEST, manifest

pytestmark = pytest.mark.timeout(300)
Pair = tuple[Asterisk, Asterisk]
WORDS = ("北京", "上海", "中国", "复旦", "饭店", "语音")
PLACES = tuple(f"item:word{number}/choice" for number in range(len(WORDS)))
FRAME_SECONDS = FRAME_SAMPLES / RATE_HZ


class TestTones:
    @pytest.mark.parametrize(
        ("number", "disposition"),
        [("13800000402", "carrier_failed"), ("13800000403", "invalid_number"), ("13800000404", "invalid_number")],
    )
    def test_in_early_media_are_known(
        self, pair: Pair, sessions: Sessions, tmp_path: Path, number: str, disposition: str
    ) -> None:
        conversation = ScriptedConversation()
        with hospital(pair, sessions, tmp_path, conversation) as here:
            call = here.ended(here.place(number), 25)
            wait_for(here.is_idle)
        tell(number=number, disposition=call.disposition)
        assert (call.disposition, call.answered_at, conversation.started.is_set()) == (disposition, None, False)

    def test_of_ringing_are_waited_out(self, pair: Pair, sessions: Sessions, tmp_path: Path) -> None:
        with hospital(pair, sessions, tmp_path, ScriptedConversation()) as here:
            call = here.ended(here.place("13800000405", ring_timeout_seconds=12))
            wait_for(here.is_idle)
        assert (call.disposition, call.answered_at) == ("no_answer", None)


class TestFormats:
    @pytest.mark.parametrize("audio_format", ["alaw", "ulaw", "slin"])
    @pytest.mark.parametrize("trunk", ["pair", "mulaw"])
    def test_between_us_and_the_trunk_leave_no_holes(
        self, request: pytest.FixtureRequest, sessions: Sessions, tmp_path: Path, audio_format: str, trunk: str
    ) -> None:
        number = f"1380000012{['alaw', 'ulaw', 'slin'].index(audio_format)}"
        with hospital(
            request.getfixturevalue(trunk), sessions, tmp_path, ScriptedConversation(), audio_format=audio_format
        ) as here:
            call_id = here.place(number)
            call = here.ended(call_id)
            patient, _ = kept(tmp_path, here, call_id)
            wait_for(here.is_idle)
            quality = here.row(call_id)
        question = here.runtime.synthesizer.say("下一个问题。")
        theirs = wav(here.network.folder / "recordings" / "patient.wav")
        down, up = holes(here.recorded(number), question), holes(patient, theirs)
        tell(
            format=audio_format,
            trunk=trunk,
            to_patient=down,
            to_us=up,
            late=quality.late_frames,
            bad=quality.bad_frames,
        )
        assert call.disposition == "completed"
        assert min(down["likeness"], up["likeness"]) > ALIKE
        assert max(down["missing"], up["missing"]) <= 1


class Asking(ScriptedConversation):
    """Asks for one of a few words, again and again."""

    def respond(self, spec: Any, heard: Heard) -> Spoken:
        return replace(super().respond(spec, heard), expected=Expected("choice", WORDS))

    def open(self, spec: Any) -> Spoken:
        return replace(super().open(spec), expected=Expected("choice", WORDS))


def _recordings(folder: Path, speaker: str, place: int) -> list[Pcm16]:
    """Puts a speaker's words where the network finds them, at 8 kHz."""
    rows = {row["text"]: row["file"] for row in manifest() if row["speaker"] == speaker}
    found = []
    for number, word in enumerate(WORDS, start=1):
        samples, rate = soundfile.read(RECORDINGS / rows[word], dtype="int16")
        step = rate // RATE_HZ
        pcm = np.asarray(samples[: samples.size // step * step].reshape(-1, step).mean(axis=1), dtype=np.int16)
        soundfile.write(folder / f"person-{place:02d}-{number}.wav", pcm, RATE_HZ, subtype="PCM_16")
        found.append(pcm)
    return found


def _heard_directly(recogniser: VoskRecogniser, pcm: Pcm16) -> str:
    stream = recogniser.start(grammar(Expected("choice", WORDS), lambda family: accept_at(SHIPPED, family)))
    quiet = np.zeros(4800, dtype=np.int16)
    stream.feed(np.concatenate([quiet, pcm, quiet]).astype("<i2").tobytes())
    return stream.finish().text


class TestPeopleHeard:
    @pytest.mark.parametrize("place", range(3))
    def test_over_the_line_are_understood_as_without_it(
        self, pair: Pair, sessions: Sessions, tmp_path: Path, place: int
    ) -> None:
        played = _recordings(pair[1].folder / "recordings", TEST[place], place)
        hearing = api.choose_hearing("vosk", [SHIPPED])
        conversation = Asking(places=PLACES)
        with hospital(pair, sessions, tmp_path, conversation, hearing=hearing) as here:
            here.ended(here.place(f"138000008{place:02d}"), 120)
            wait_for(here.is_idle)
        recogniser = VoskRecogniser(SHIPPED)
        directly = [_heard_directly(recogniser, pcm) for pcm in played]
        heard = [one.text or "" for one in conversation.heard if one.event is None]
        right = sum(word in text for word, text in zip(WORDS, heard, strict=False))
        plain = sum(word in text for word, text in zip(WORDS, directly, strict=True))
        tell(speaker=TEST[place], said=WORDS, over_the_line=heard, directly=directly, right=right, right_directly=plain)
        assert len(heard) == len(WORDS)
        assert right >= plain - 1


class WebProcess:
    """A whole web process: the exchange's events and the pages' sockets on one loop."""

    def __init__(self, runtime: api.TelephonyRuntime, carrier: AsteriskCarrier) -> None:
        self._carrier = carrier
        app = FastAPI(lifespan=lambda _: self._alongside(runtime))
        install_problem_handlers(app)
        for router in api.routers:
            app.include_router(router)
        app.state.telephony = runtime
        app.state.authenticate = staff
        with runtime.sessions() as session:
            keyring = session.info["keyring"]
        app.state.runtime = Runtime(runtime.sessions, SystemClock(), runtime.zone, keyring, runtime.data_dir)
        self.ours = Server(app)

    def start(self) -> "WebProcess":
        self.ours.start()
        wait_for(lambda: self._carrier.listening is not None)
        return self

    def stop(self) -> None:
        self.ours.stop()

    @contextlib.asynccontextmanager
    async def _alongside(self, runtime: api.TelephonyRuntime) -> AsyncIterator[None]:
        listening = asyncio.create_task(api.Exchange(runtime, self._carrier).run())
        yield
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


async def _listen(person: people.Staff, seconds: float) -> Pcm16:
    """What a person hears for a while."""
    heard: list[bytes] = []
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while True:
                raw = await person.socket.recv()
                if isinstance(raw, bytes):
                    heard.append(raw)
    return np.frombuffer(b"".join(heard), dtype="<i2")


async def _until_quiet(person: people.Staff) -> None:
    """The patient has just said something."""
    while level_dbfs(await _listen(person, 0.4)) < AUDIBLE_DBFS:
        pass
    while level_dbfs(await _listen(person, 0.4)) > AUDIBLE_DBFS:
        pass


async def _speak(person: people.Staff, words: Pcm16) -> None:
    """Says something at the pace of speech."""
    begun = time.monotonic()
    for number, at in enumerate(range(0, words.size - FRAME_SAMPLES, FRAME_SAMPLES)):
        await person.socket.send(words[at : at + FRAME_SAMPLES].astype("<i2").tobytes())
        await asyncio.sleep(max(begun + number * FRAME_SECONDS - time.monotonic(), 0))


class TestStaff:
    async def test_listen_take_over_give_back_and_transfer(
        self, pair: Pair, sessions: Sessions, tmp_path: Path
    ) -> None:
        number = "13800000310"
        with hospital(pair, sessions, tmp_path, people.kept(sessions), process=WebProcess) as here:
            call_id = await asyncio.to_thread(here.place, number)
            await asyncio.to_thread(wait_for, lambda: here.runtime.live.get(call_id) is not None)
            words = here.runtime.synthesizer.say("我是随访中心的护士，您先别着急，慢慢说。")
            async with people.attending(_stage(here), call_id, "nurse") as person:
                await person.until("ready")
                listened = await _listen(person, 12)
                await person.send("take_over")
                await person.until("state", mine=True, on_air=True)
                await _speak(person, words)
                talked = await _listen(person, 12)
                await _until_quiet(person)
                await person.send("give_back")
                await person.until("state", taken=False)
                await _listen(person, 4)
                await person.send("take_over")
                await person.until("state", mine=True, on_air=True)
                await person.send("transfer", number="8001")
                await person.until("ended")
            call = await asyncio.to_thread(here.ended, call_id)
            await asyncio.to_thread(wait_for, here.is_idle, 40)
        patient = wav(here.network.folder / "recordings" / "patient.wav")
        nurse, heard = here.recorded("8001"), here.recorded(number)
        figures = {
            "patient_at_listener": likeness(listened, patient),
            "patient_at_person": likeness(talked, patient),
            "person_at_patient": likeness(heard, words),
            "bot_at_patient_after": likeness(heard, here.runtime.synthesizer.say("谢谢您，下面由自动服务继续。")),
            "patient_at_extension": likeness(nurse, patient),
        }
        tell(**figures, person=holes(heard, words))
        assert call.disposition == "attended"
        assert min(figures.values()) > ALIKE


def _stage(here: Hospital) -> Any:
    return SimpleNamespace(ours=here.process.ours, runtime=here.runtime)


class TestCampaign:
    def test_goes_on_when_asterisk_was_killed_and_dials_nobody_twice(
        self, pair: Pair, sessions: Sessions, tmp_path: Path
    ) -> None:
        with hospital(pair, sessions, tmp_path, EachItsOwn()) as here:
            world = _world(sessions, here)
            numbers = [f"138000001{number}" for number in range(30, 42)]
            for number in numbers:
                world.record.add(phone=f"+86{number}")
            world.campaign(carrier="asterisk", max_concurrent=6, patient_daily_cap=10, **ALL_DAY)
            _until(world, lambda: world.states().count("in_call") >= 4)
            here.exchange.kill()
            down = threading.Timer(4, here.exchange.start)
            down.start()
            _until(
                world,
                lambda: all(target.state not in {"waiting", "retrying", "in_progress"} for target in world.targets()),
            )
            down.join()
            wait_for(here.is_idle)
        attempts = world.attempts()
        by_target = {target.id: [one for one in attempts if one.target_id == target.id] for target in world.targets()}
        folder = here.network.folder / "recordings"
        rung = {number: len((folder / f"rings-{number}").read_text().split()) for number in numbers}
        tell(states=[target.state for target in world.targets()], rung=rung,
             outcomes=[[one.disposition for one in tries] for tries in by_target.values()])  # fmt: skip
        assert {target.state for target in world.targets()} == {"done"}
        assert all([one.disposition for one in tries].count("completed") == 1 for tries in by_target.values())
        assert sum(rung.values()) <= len(attempts)
        assert any(len(tries) > 1 for tries in by_target.values())
        assert all(_apart(tries) for tries in by_target.values())


ALL_DAY = {"window_start": "00:00", "window_end": "23:59"}


def _apart(tries: list[Any]) -> bool:
    """Whether each try began after the one before had ended."""
    ordered = sorted(tries, key=lambda one: one.number)
    return all(one.ended_at <= after.dialling_at for one, after in itertools.pairwise(ordered))


def _world(sessions: Sessions, here: Hospital) -> World:
    """A campaign over the real line; a minute of waiting for the next try lasts a hundredth of a second."""
    world = World(sessions, SystemClock())  # type: ignore[arg-type]
    settings = campaigns.DispatchSettings(
        max_concurrent=6, ask_every=timedelta(seconds=2), answer_within=timedelta(seconds=10)
    )
    world.runtime = replace(
        world.runtime,
        dialler=campaigns.TelephonyDialler(here.runtime),
        settings=settings,
        retry_pace={"asterisk": 6000.0},
    )
    return world


def _until(world: World, condition: Any, seconds: float = 240) -> None:
    """Works as a worker does until something is so."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, [(target.state, target.last_disposition) for target in world.targets()]
        world.tick()
        handle_pending(world.sessions, world.runtime.outcomes.handlers(), world.clock)
        time.sleep(0.3)
