"""The short way of audio says what the vendor's serializer says; the recorder keeps both sides in step."""

import base64
import json
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from pipecat.frames.frames import InputAudioRawFrame, OutputAudioRawFrame
from pipecat.serializers.twilio import TwilioFrameSerializer

from core_api.kit.crypto import Keyring
from core_api.kit.db import new_id
from telephony.audio.pcm import FRAME_SAMPLES, RATE_HZ, level_dbfs, louder
from telephony.session.recorder import FLUSH_FRAMES, Recorder
from telephony.session.safe import Safe
from telephony.session.wire import Audio, Bad, Wire

pytestmark = pytest.mark.unit


@pytest.fixture
async def serializer() -> TwilioFrameSerializer:
    made = TwilioFrameSerializer(
        "MZ1", params=TwilioFrameSerializer.InputParams(auto_hang_up=False, sample_rate=RATE_HZ)
    )
    await made.setup(cast("Any", None))
    return made


@pytest.fixture
def wire() -> Wire:
    return Wire("MZ1", transcripts=False)


def media(mulaw: bytes) -> str:
    return json.dumps({"event": "media", "media": {"payload": base64.b64encode(mulaw).decode()}})


class TestAudio:
    async def test_every_code_is_read_as_the_serializer_reads_it(
        self, wire: Wire, serializer: TwilioFrameSerializer
    ) -> None:
        raw = media(bytes(range(256)))
        expected = await serializer.deserialize(raw)
        assert isinstance(expected, InputAudioRawFrame)
        assert await wire.read(raw) == Audio(expected.audio)

    async def test_every_sample_is_written_as_the_serializer_writes_it(
        self, wire: Wire, serializer: TwilioFrameSerializer
    ) -> None:
        pcm = np.arange(-32768, 32768, 5, dtype=np.int16).astype("<i2").tobytes()
        expected = await serializer.serialize(OutputAudioRawFrame(audio=pcm, sample_rate=RATE_HZ, num_channels=1))
        ours, theirs = json.loads(wire.audio(pcm)), json.loads(str(expected))
        assert ours | {"media": {}} == theirs | {"media": {}}
        heard = [base64.b64decode(message["media"]["payload"]) for message in (ours, theirs)]
        far = np.abs(np.frombuffer(heard[0], np.uint8).astype(int) - np.frombuffer(heard[1], np.uint8).astype(int))
        assert far.max() <= 1

    async def test_the_same_frame_again_is_the_same_and_another_is_not(self, wire: Wire) -> None:
        silence, tone = media(b"\xff" * FRAME_SAMPLES), media(b"\x10" * FRAME_SAMPLES)
        first, other, again = [await wire.read(raw) for raw in (silence, tone, silence)]
        assert first == again != other
        assert isinstance(again, Audio)
        assert not any(again.pcm)

    @pytest.mark.parametrize(("payload", "reason"), [("", "audio"), ("%%%", "base64"), (7, "media")])
    async def test_what_is_no_audio_is_counted(self, wire: Wire, payload: object, reason: str) -> None:
        assert await wire.read(json.dumps({"event": "media", "media": {"payload": payload}})) == Bad(reason)


class TestLouder:
    @pytest.mark.parametrize("amplitude", [0, 5, 300, 410, 430, 8000])
    def test_agrees_with_the_level(self, amplitude: int) -> None:
        pcm = (np.sin(np.arange(FRAME_SAMPLES) / 3) * amplitude).astype("<i2")
        assert louder(pcm.tobytes(), -40.0) == (level_dbfs(pcm) > -40.0)


class TestRecorder:
    def test_both_sides_lie_in_step_whatever_the_frames_size(self, tmp_path: Path, keyring: Keyring) -> None:
        safe = Safe(keyring, new_id())
        recorder = Recorder(tmp_path / "call.spool", safe)
        whole = np.full(FRAME_SAMPLES, 7, "<i2").tobytes()
        recorder.bot(np.full(FRAME_SAMPLES, 9, "<i2").tobytes())
        for number in range(FLUSH_FRAMES + 3):
            recorder.patient(whole if number != 1 else whole[:100])
        recorder.close()
        spool = (tmp_path / "call.spool").read_bytes()
        stereo = np.frombuffer(b"".join(safe.pieces(spool)), "<i2").reshape(-1, FRAME_SAMPLES, 2)
        assert len(stereo) == FLUSH_FRAMES + 3
        assert set(stereo[0, :, 0]) == {7}
        assert set(stereo[0, :, 1]) == {9}
        assert not stereo[1:, :, 1].any()
        assert set(stereo[1, :50, 0]) == {7}
        assert not stereo[1, 50:, 0].any()
