"""What chan_websocket and AudioSocket say and hear; tones and announcements of the network."""

import audioop

import numpy as np
import pytest

from telephony.audio.pcm import alaw_to_pcm, pcm_to_alaw
from telephony.audio.tones import dtmf
from telephony.carriers.asterisk.account import call_of, sid_of
from telephony.carriers.asterisk.audiosocket import AudioSocketWire, packet
from telephony.carriers.asterisk.causes import unanswered
from telephony.carriers.asterisk.early_media import EarlyMedia, announced
from telephony.carriers.asterisk.media import Frames
from telephony.carriers.asterisk.tones import ToneListener
from telephony.carriers.asterisk.wire import LONGEST_COMMAND, AsteriskWire
from telephony.session.wire import Audio, Bad, Key, Mark, Stop

pytestmark = pytest.mark.unit
RATE = 8000


def tone(hz: float, ms: int) -> np.ndarray:
    return np.sin(2 * np.pi * hz * np.arange(RATE * ms // 1000) / RATE) * 3000


def cadence(*runs: int, hz: float = 450, times: int = 1) -> bytes:
    parts = [tone(hz, ms) if place % 2 == 0 else np.zeros(RATE * ms // 1000) for place, ms in enumerate(runs)]
    return np.tile(np.concatenate(parts), times).astype("<i2").tobytes()


class TestALaw:
    def test_is_the_standards_every_code_and_sample(self) -> None:
        codes = bytes(range(256))
        samples = np.arange(-32768, 32768).astype(np.int16)
        assert alaw_to_pcm(codes).tobytes() == audioop.alaw2lin(codes, 2)
        assert pcm_to_alaw(samples) == audioop.lin2alaw(samples.tobytes(), 2)


class TestAsteriskWire:
    async def test_a_mark_comes_back_by_its_name(self) -> None:
        wire = AsteriskWire("alaw")
        name = "item:temperature/decimal#12" * 6
        command = str(wire.mark(name))
        assert len(command) <= LONGEST_COMMAND
        number = command.split()[1]
        assert await wire.read(f"MEDIA_BUFFERING_COMPLETED {number}") == Mark(name)
        assert await wire.read(f"MEDIA_BUFFERING_COMPLETED {number}") == Bad("mark")

    async def test_the_newer_wording_is_understood(self) -> None:
        wire = AsteriskWire("alaw")
        wire.mark("closing#1")
        assert await wire.read("MEDIA_BUFFERING_COMPLETED correlation_id:1") == Mark("closing#1")

    async def test_what_was_flushed_does_not_come_back(self) -> None:
        wire = AsteriskWire("alaw")
        wire.mark("closing#1")
        assert await wire.clear() == "FLUSH_MEDIA"
        assert await wire.read("MEDIA_BUFFERING_COMPLETED 1") == Bad("mark")

    async def test_keys_and_news_are_told_apart(self) -> None:
        wire = AsteriskWire("ulaw")
        assert await wire.read("DTMF_END digit:# channel_id:hf-1-media") == Key("#")
        assert await wire.read("DTMF_END") == Bad("dtmf")
        assert await wire.read("MEDIA_XOFF") is None
        assert await wire.read("MEDIA_START connection_id:1 format:ulaw optimal_frame_size:160 ptime:20") is None
        assert await wire.read(b"") == Bad("audio")

    @pytest.mark.parametrize(("audio_format", "size"), [("alaw", 160), ("ulaw", 160), ("slin", 320)])
    async def test_audio_survives_the_way(self, audio_format: str, size: int) -> None:
        wire = AsteriskWire(audio_format)  # type: ignore[arg-type]
        pcm = (np.sin(np.arange(160) / 5) * 8000).astype("<i2")
        sent = wire.audio(pcm.tobytes())
        heard = await wire.read(sent)
        assert isinstance(heard, Audio)
        assert len(sent) == size
        assert np.abs(np.frombuffer(heard.pcm, "<i2").astype(int) - pcm).max() < 300


class TestAudioSocketWire:
    async def test_reads_audio_keys_and_the_end(self) -> None:
        wire = AudioSocketWire()
        assert await wire.read(b"\x10" + bytes(320)) == Audio(bytes(320))
        assert await wire.read(b"\x035") == Key("5")
        assert await wire.read(b"\x03") == Bad("dtmf")
        assert await wire.read(b"\x00") == await wire.read(b"\xff\x01") == Stop()
        assert await wire.read(b"\x77") == Bad("kind")

    def test_lengths_have_the_high_byte_first(self) -> None:
        assert packet(0x10, bytes(320))[:3] == b"\x10\x01\x40"


class TestFrames:
    def test_are_of_20_ms_whatever_comes(self) -> None:
        frames = Frames(160)
        for size in (80, 80, 480, 1, 159):
            frames.put(bytes(size))
        taken = [frames.get() for _ in range(6)]
        assert [len(one) if one else None for one in taken] == [160, 160, 160, 160, 160, None]


class TestIds:
    def test_a_channel_names_its_call(self) -> None:
        call_id = call_of("hf-01890000-0000-7000-8000-000000000000")
        assert call_id is not None
        assert sid_of(call_id) == "hf-01890000-0000-7000-8000-000000000000"
        assert (call_of("1700.1"), call_of("hf-in-1-media")) == (None, None)


class TestTones:
    @pytest.mark.parametrize(
        ("audio", "found"),
        [
            (cadence(350, 350, times=5), "busy"),
            (cadence(700, 700, times=4), "congestion"),
            (cadence(1000, 4000, times=2), "ringback"),
            (cadence(100, 100, 100, 100, 100, 100, 400, 400, times=2), "vacant"),
            (b"".join(cadence(330, 0, hz=hz) for hz in (950, 1400, 1800)), "vacant"),
            (cadence(350, 350, hz=425, times=6), None),
            (cadence(4000, 100, times=2), None),
            (bytes(16_000), None),
            (dtmf("1234567890").astype("<i2").tobytes(), None),
        ],
    )
    def test_are_known_by_frequency_and_cadence(self, audio: bytes, found: str | None) -> None:
        listener = ToneListener()
        told = [listener.take(audio[start : start + 320]) for start in range(0, len(audio), 320)]
        assert {one for one in told if one} == ({found} if found else set())

    def test_are_known_through_the_codec_and_a_shift_of_frames(self) -> None:
        noise = np.random.default_rng(1).normal(0, 60, 8 * 8000).astype(np.int16)
        whole = np.frombuffer(cadence(350, 350, times=10), "<i2")[:56_000] + noise[:56_000]
        audio = alaw_to_pcm(pcm_to_alaw(whole.astype(np.int16))).tobytes()
        listener = ToneListener()
        told = [listener.take(audio[start : start + 320]) for start in range(146, len(audio), 320)]
        assert "busy" in told

    def test_music_and_speech_are_none(self) -> None:
        rng = np.random.default_rng(7)
        notes = [
            tone(float(rng.choice([262, 330, 392, 440, 494, 523])), int(rng.integers(150, 700))) for _ in range(40)
        ]
        music = (np.concatenate(notes) + np.concatenate(notes[::-1]) * 0.5).astype("<i2").tobytes()
        listener = ToneListener()
        assert {listener.take(music[start : start + 320]) for start in range(0, len(music), 320)} == {None}


class TestEarlyMedia:
    @pytest.mark.parametrize(
        ("text", "heard"),
        [
            ("您拨打的号码是空号，请核对后再拨", "vacant"),
            ("您拨打的电话已关机", "switched_off"),
            ("您拨打的电话暂时无法接通，请稍后再拨", "switched_off"),
            ("您拨打的电话已停机", "suspended"),
            ("您拨打的用户正在通话中，请稍后再拨", "busy"),
            ("您好，我是机主的语音助理，请留言", "voicemail"),
            ("您拨打的电话暂时无人接听", "no_answer"),
            ("小苹果", None),
        ],
    )
    def test_announcements_mean_what_they_say(self, text: str, heard: str | None) -> None:
        assert announced(text) == heard

    def test_settle_the_call_once(self) -> None:
        early = EarlyMedia()
        busy = cadence(350, 350, times=6)
        settled = [early.take(busy[start : start + 320]) for start in range(0, len(busy), 320)]
        assert (settled.count(True), early.heard) == (1, "busy")
        assert not early.take_words("您拨打的电话已关机")

    def test_ringback_and_voicemail_settle_nothing(self) -> None:
        early = EarlyMedia()
        assert not early.take(cadence(1000, 4000, times=2))
        assert not early.take_words("请在滴声后留言")
        assert early.heard == "voicemail"


class TestCauses:
    def test_the_network_knows_better_than_the_ear(self) -> None:
        assert unanswered(17, "switched_off") == ("busy", "busy")
        assert unanswered(1, None) == ("failed", "invalid_number")

    def test_a_general_cause_leaves_it_to_the_ear(self) -> None:
        assert unanswered(16, "vacant") == ("failed", "invalid_number")
        assert unanswered(127, "switched_off") == ("failed", "unreachable")
        assert unanswered(19, "ringback") == ("no-answer", "no_answer")

    def test_no_cause_is_the_lines_trouble(self) -> None:
        assert unanswered(None, None) == unanswered(34, None) == ("failed", "carrier_failed")
