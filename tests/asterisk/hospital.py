"""The hospital's exchange with our process, the telephone network beyond it, and what was heard on both sides."""

import contextlib
import json
import sys
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np

from core_api.kit.clock import SystemClock
from core_api.kit.db import Sessions, new_id
from telephony import api
from telephony.audio.pcm import FRAME_SAMPLES, RATE_HZ, Pcm16, level_dbfs
from telephony.calls import repository
from telephony.carriers.asterisk.account import AsteriskAccount
from telephony.carriers.asterisk.carrier import AsteriskCarrier
from telephony.session.conversation import Spoken
from tests.asterisk.pbx import PASSWORD, Asterisk
from tests.telephony.asterisk_kit import Process
from tests.telephony.kit import ScriptedConversation, kept_audio, request, wait_for

VOICE = api.Voice()
AUDIBLE_DBFS = -40.0
SAMPLE = 3200
ALIKE = 0.8
MISSING_DB = 20.0


@dataclass
class Hospital:
    """Both exchanges and our process."""

    exchange: Asterisk
    network: Asterisk
    runtime: api.TelephonyRuntime
    process: Any

    def place(self, number: str, **more: Any) -> UUID:
        call_id = new_id()
        order = request(call_id, carrier="asterisk", phone_e164=f"+86{number}", **more)
        api.place_call(self.runtime, order)
        return call_id

    def ended(self, call_id: UUID, seconds: float = 60) -> Any:
        def over() -> bool:
            with self.runtime.sessions() as session:
                done = api.call(session, call_id).state == "ended"
                session.rollback()
            return done and self.runtime.live.get(call_id) is None

        wait_for(over, seconds)
        with self.runtime.sessions() as session:
            return api.call(session, call_id)

    def statuses(self, call_id: UUID) -> list[str]:
        with self.runtime.sessions() as session:
            events = repository.events(session, call_id)
        return [event.data["status"] for event in events if event.kind == "carrier.status"]

    def row(self, call_id: UUID) -> Any:
        """What the call's media counted."""
        with self.runtime.sessions() as session:
            return repository.row(session, call_id)

    def recorded(self, name: str) -> Pcm16:
        """What somebody of the network heard."""
        return wav(self.network.folder / "recordings" / f"{name}.wav")

    def is_idle(self) -> bool:
        return "0 active channels" in self.exchange.ask("core show channels count")


def speech(folder: Path) -> None:
    """What the network's people say, where they find it."""
    speaker = api.EspeakSynthesizer(folder / "prompts", VOICE)
    texts = {
        "patient": "喂，您好，我是王小明，今天没有发烧。",
        "greeting": "您好，我现在不方便接听电话。请在听到提示音以后留言，我会尽快给您回电话，谢谢您的来电。",
        "hello": "喂。",
        "nurse": "您好，这里是随访中心，请问有什么可以帮您？",
    }
    (folder / "network" / "recordings").mkdir(parents=True)
    for name, text in texts.items():
        with wave.open(str(folder / "network" / "recordings" / f"{name}.wav"), "wb") as file:
            file.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
            file.writeframes(speaker.say(text).tobytes())


@contextlib.contextmanager
def hospital(
    pair: tuple[Asterisk, Asterisk], sessions: Sessions, folder: Path, conversation: Any, **options: Any
) -> Iterator[Hospital]:
    """Our process at the hospital's exchange for the time of a test; `options` are the account's."""
    settings = options.pop("settings", None) or api.VoiceSettings()
    hearing = options.pop("hearing", None) or api.HearingChoice()
    make_process = options.pop("process", Process)
    account = AsteriskAccount(
        url=pair[0].url, user="huifang", password=PASSWORD, caller_id="+862012345678", **options
    )  # fmt: skip
    carrier = AsteriskCarrier(account)
    runtime = api.TelephonyRuntime(
        sessions=sessions,
        clock=SystemClock(),
        zone=ZoneInfo("Asia/Shanghai"),
        data_dir=folder,
        carriers={"asterisk": carrier},
        conversations=conversation,
        synthesizer=api.EspeakSynthesizer(folder / "prompts", VOICE),
        settings=settings,
        hearing=hearing,
    )
    process = make_process(runtime, carrier).start()
    try:
        yield Hospital(*pair, runtime, process)
    finally:
        process.stop()
        runtime.workers.shutdown(wait=True)


def wav(path: Path) -> Pcm16:
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2")


def kept(folder: Path, hospital: Hospital, call_id: UUID) -> tuple[Pcm16, Pcm16]:
    """Our own recording: patient left, bot right."""
    with hospital.runtime.sessions() as session:
        kept = repository.recording(session, call_id)
    assert kept is not None
    audio = kept_audio(hospital.runtime.sessions, call_id, folder / "recordings" / str(kept.file_name))
    both = np.asarray(audio.set_frame_rate(RATE_HZ).set_sample_width(2).get_array_of_samples(), dtype=np.int16).reshape(
        -1, 2
    )
    return both[:, 0].copy(), both[:, 1].copy()


def likeness(heard: Pcm16, said: Pcm16) -> float:
    """Highest normalised correlation of the waveforms at any shift, for the loudest 0.4 s of what was said."""
    sound, words = heard.astype(np.float64), said.astype(np.float64)
    loudness = np.convolve(np.square(words), np.ones(SAMPLE), "valid")
    start = int(np.argmax(loudness))
    part = words[start : start + SAMPLE]
    size = 1 << (sound.size + SAMPLE).bit_length()
    product = np.fft.irfft(np.fft.rfft(sound, size) * np.conj(np.fft.rfft(part, size)), size)[: sound.size - SAMPLE]
    energy = np.concatenate([[0.0], np.cumsum(np.square(sound))])
    local = np.sqrt(np.maximum(energy[SAMPLE:-1] - energy[: -SAMPLE - 1], 1.0))
    return float(np.max(np.abs(product[: local.size]) / local[: product.size]) / np.linalg.norm(part))


def holes(heard: Pcm16, said: Pcm16) -> dict[str, float]:
    """Where a whole utterance came through: its likeness, and pieces of 20 ms in which it is missing.

    A piece is missing where something audible was said and 20 dB less, or nothing, was heard.
    """
    size = 1 << (heard.size + said.size).bit_length()
    product = np.fft.irfft(
        np.fft.rfft(heard.astype(float), size) * np.conj(np.fft.rfft(said.astype(float), size)), size
    )
    start = int(np.argmax(product[: max(heard.size - said.size, 1)]))
    part = heard[start : start + said.size]
    frames = said.size // FRAME_SAMPLES
    levels = [
        (level_dbfs(said[at : at + FRAME_SAMPLES]), level_dbfs(part[at : at + FRAME_SAMPLES]))
        for at in range(0, frames * FRAME_SAMPLES, FRAME_SAMPLES)
    ]
    spoken = [(ours, theirs) for ours, theirs in levels if ours > AUDIBLE_DBFS]
    missing = sum(theirs < ours - MISSING_DB for ours, theirs in spoken)
    norm = float(np.linalg.norm(part.astype(float)) * np.linalg.norm(said.astype(float))) or 1.0
    return {"likeness": round(float(product[start]) / norm, 4), "frames": len(spoken), "missing": missing}


class EachItsOwn(ScriptedConversation):
    """Every call its own answers."""

    def __init__(self) -> None:
        super().__init__()
        self.by_call: dict[UUID, ScriptedConversation] = {}

    def one(self, spec: Any) -> ScriptedConversation:
        return self.by_call.setdefault(spec.conversation_id, ScriptedConversation())

    def open(self, spec: Any) -> Spoken:
        return self.one(spec).open(spec)

    def respond(self, spec: Any, heard: Any) -> Spoken:
        return self.one(spec).respond(spec, heard)

    def likely(self, spec: Any, heard: Any) -> tuple[str, ...]:
        return self.one(spec).likely(spec, heard)

    def outcome(self, spec: Any) -> Any:
        return self.one(spec).outcome(spec)


def tell(**figures: Any) -> None:
    """Figures for whoever runs the tests."""
    sys.stdout.write(json.dumps(figures, ensure_ascii=False, default=str) + "\n")
