"""Pure decisions: dispositions, keys, turns, personas, numbers in words."""

import numpy as np
import pytest

from telephony.audio.pcm import level_dbfs, mulaw_to_pcm, pcm_to_mulaw, trim_silence
from telephony.audio.tones import KEYS, detect, dtmf
from telephony.calls import rules
from telephony.session.conversation import Spoken, heard_place
from telephony.session.listening import KeyCollector
from telephony.session.turn import Ended, Interruption, Turn
from telephony.session.wire import Key, Mark, Transcript
from telephony.simulator.personas import Library, Patient
from telephony.simulator.settings import PERSONAS
from telephony.speech.normaliser import speakable
from telephony.speech.synthesis import sentences

pytestmark = pytest.mark.unit
NEEDED = [
    "cooperative",
    "slow",
    "terse",
    "talkative",
    "wrong_number",
    "relative",
    "busy_callback",
    "never_answers",
    "voicemail",
    "hangs_up_midway",
    "keys_only",
    "fee_question",
    "asks_nurse",
    "fever",
    "contradicts",
    "silent",
    "busy_line",
    "patient_died",
    "do_not_call",
    "mumbler",
]


class TestDisposition:
    @pytest.mark.parametrize(
        ("told", "answered_by", "turns", "failed", "result"),
        [
            ("completed", "human", 5, False, "completed"),
            ("silent", "machine_start", 0, False, "voicemail"),
            ("partial", "machine_start", 2, False, "partial"),
            ("partial", None, 2, True, "bot_unavailable"),
            (None, None, 0, True, "bot_unavailable"),
            (None, "unknown", 0, False, "silent"),
            (None, None, 1, False, "partial"),
        ],
    )
    def test_of_an_answered_call(
        self, told: str | None, answered_by: str | None, turns: int, failed: bool, result: str
    ) -> None:
        assert rules.spoken_disposition(told, answered_by, turns, failed) == result

    def test_a_late_status_never_turns_back(self) -> None:
        assert rules.later_status("completed", "ringing") == "completed"
        assert rules.later_status(None, "ringing") == "ringing"
        assert rules.later_status("ringing", "nonsense") == "ringing"


class TestKeys:
    def test_an_option_answers_at_once(self) -> None:
        assert KeyCollector(("1", "2")).press("2") == "2"

    def test_a_key_that_no_option_has_is_told_too(self) -> None:
        assert KeyCollector(("1", "2")).press("0") == "0"
        assert KeyCollector(()).press("#") == "#"

    def test_a_number_waits_for_the_hash(self) -> None:
        keys = KeyCollector(("0-9", "*", "#"))
        assert [keys.press(digit) for digit in "38*5#"] == [None, None, None, None, "38*5#"]

    def test_a_hash_alone_is_told(self) -> None:
        assert KeyCollector(("0-9", "*", "#")).press("#") == "#"


def turn(**more: object) -> Turn:
    values = {"mark": "item:a/boolean#2", "silence_seconds": 8.0, "interdigit_seconds": 3.0, "listens": True}
    return Turn(**(values | {"keys": KeyCollector(()), "source": "simulator", "deadline": 5.0} | more))  # type: ignore[arg-type]


class TestTurn:
    def test_silence_counts_from_the_end_of_the_prompt(self) -> None:
        heard = turn()
        heard.take(Mark("item:a/boolean#2"), 4.0, speaking=False)
        assert heard.deadline == 12.0
        heard.take(None, 12.0, speaking=False)
        assert heard.heard is not None
        assert heard.heard.event == "silence"

    def test_words_over_the_prompt_cut_it(self) -> None:
        heard = turn()
        assert heard.take(Transcript("有", 0.9), 1.0, speaking=False)
        assert heard.done
        assert not heard.heard_whole

    def test_a_mark_that_comes_back_after_a_clear_was_not_heard(self) -> None:
        heard = turn()
        assert heard.take(Interruption(), 1.0, speaking=True)
        heard.take(Mark("item:a/boolean#2"), 1.1, speaking=True)
        assert not heard.heard_whole
        heard.take(None, 3.0, speaking=False)
        assert heard.resumes
        heard.resumed("item:a/boolean#2+", 6.0)
        heard.take(Mark("item:a/boolean#2+"), 5.0, speaking=False)
        assert (heard.heard_whole, heard.done) == (True, False)

    def test_who_is_interrupted_for_nothing_again_and_again_asks_whether_the_patient_is_there(self) -> None:
        heard = turn()
        for second in (1.0, 4.0, 7.0):
            heard.take(Interruption(), second, speaking=True)
            heard.take(None, second + 2, speaking=False)
            heard.resumes = False
        assert heard.heard is not None
        assert heard.heard.event == "silence"

    def test_keys_are_taken_after_the_pause_between_them(self) -> None:
        heard = turn(keys=KeyCollector(("0-9", "*", "#")))
        heard.take(Key("3"), 1.0, speaking=False)
        heard.take(Key("8"), 2.0, speaking=False)
        assert heard.deadline == 5.0
        heard.take(None, 5.0, speaking=False)
        assert heard.heard is not None
        assert heard.heard.key == "38#"

    def test_a_lost_mark_does_not_hold_the_call(self) -> None:
        heard = turn()
        heard.take(None, 5.0, speaking=False)
        assert not heard.done
        assert heard.deadline == 13.0

    def test_the_last_words_are_not_interrupted(self) -> None:
        heard = turn(listens=False)
        assert not heard.take(Transcript("喂", 0.9), 1.0, speaking=False)
        heard.take(Mark("item:a/boolean#2"), 2.0, speaking=False)
        assert heard.done

    def test_hanging_up_ends_it_with_nothing_heard(self) -> None:
        heard = turn()
        heard.take(Ended(), 1.0, speaking=False)
        assert (heard.done, heard.heard) == (True, None)


class TestPlace:
    @pytest.mark.parametrize(
        ("text", "place", "result"),
        [
            ("您刚才说的是三十八度五，对吗？", "item:temperature/decimal", "confirm:temperature/decimal"),
            ("好的。请问什么时候再打给您比较方便？", "identity", "callback_time"),
            ("请问您是王女士的家人吗？", "identity", "ask_who"),
            ("这几天有没有发烧？", "item:fever/boolean", "item:fever/boolean"),
        ],
    )
    def test_is_told_as_a_listener_tells_it(self, text: str, place: str, result: str) -> None:
        assert heard_place(Spoken(segments=(text,), place=place)) == result


class TestPersonas:
    @pytest.mark.covers("TX-3.06-1a")
    def test_all_that_the_issue_lists_are_there(self) -> None:
        assert set(NEEDED) <= set(Library.load(PERSONAS).personas)

    def test_the_same_number_draws_the_same_persona(self) -> None:
        library = Library.load(PERSONAS)
        numbers = [f"+861380013{n:04}" for n in range(300)]
        drawn = [library.choose(number, 1).key for number in numbers]
        assert drawn == [library.choose(number, 1).key for number in numbers]
        assert len(set(drawn)) > 12

    def test_fever_is_reported_and_the_rest_is_usual(self) -> None:
        library = Library.load(PERSONAS)
        patient = Patient(library.personas["fever"], library, "s")
        heard = [patient.hear(f"{place}#1") for place in ("item:fever/boolean", "item:temperature/decimal", "closing")]
        assert heard[0] is not None
        assert heard[1] is not None
        assert ("发烧" in heard[0].words, heard[1].words, heard[2]) == (True, "三十八度五", None)

    def test_one_who_only_presses_keys_says_nothing(self) -> None:
        library = Library.load(PERSONAS)
        patient = Patient(library.personas["keys_only"], library, "s")
        heard = patient.hear("item:temperature/decimal#1")
        assert heard is not None
        assert (heard.words, heard.keys) == ("", "38*2#")


class TestSpeakable:
    @pytest.mark.parametrize(
        ("text", "spoken"),
        [
            ("体温38.5℃", "体温三十八点五摄氏度"),
            ("2026年11月5日下午3:30", "二零二六年十一月五日下午三点三十分"),
            ("血压128/80mmHg", "血压一百二十八，八十毫米汞柱"),
            ("请拨打+86 138-1234-5678", "请拨打幺三八幺二三四五六七八"),
            ("增长20%", "增长百分之二十"),
            ("2天", "两天"),
            ("请按1，再按#", "请按一，再按井号键"),
            ("费用1200.50元", "费用一千二百元五角"),
        ],
    )
    def test_is_what_people_say(self, text: str, spoken: str) -> None:
        assert speakable(text) == spoken

    def test_sentences_are_cut_at_full_stops(self) -> None:
        assert sentences("您好。请问您是王女士吗？谢谢") == ["您好。", "请问您是王女士吗？", "谢谢"]


class TestPcm:
    def test_mulaw_keeps_speech_within_its_steps(self) -> None:
        pcm = np.arange(-32000, 32000, 7).astype(np.int16)
        error = np.abs(mulaw_to_pcm(pcm_to_mulaw(pcm)).astype(int) - pcm)
        assert np.all(error <= np.maximum(8, np.abs(pcm.astype(int)) // 24))

    def test_silence_at_both_ends_is_trimmed(self) -> None:
        tone = (np.sin(np.arange(1600)) * 8000).astype(np.int16)
        padded = np.concatenate([np.zeros(800, np.int16), tone, np.zeros(1600, np.int16)])
        assert trim_silence(padded).size == 1600
        assert level_dbfs(padded[:0]) == -120.0

    def test_every_key_is_heard_as_itself(self) -> None:
        assert "".join(detect(dtmf(key)[:800]) or "?" for key in KEYS) == KEYS
