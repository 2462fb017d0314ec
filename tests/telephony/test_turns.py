"""What is heard while the bot speaks, and keys and words that race each other."""

import pytest

from telephony.session.conversation import awaits_yes_or_no
from telephony.session.listening import KeyCollector, is_backchannel
from telephony.session.turn import Interruption, Turn
from telephony.session.wire import Key, Mark, Partial, Transcript

pytestmark = pytest.mark.unit
MARK = "item:recovery/choice#2"


def turn(*, yes_or_no: bool = False, **more: object) -> Turn:
    values = {
        "mark": MARK,
        "keys": KeyCollector(("1", "2")),
        "silence_seconds": 8.0,
        "interdigit_seconds": 3.0,
        "listens": True,
        "source": "simulator",
        "minds_backchannels": yes_or_no,
        "deadline": 5.0,
    }
    return Turn(**(values | more))  # type: ignore[arg-type]


class TestIsBackchannel:
    @pytest.mark.parametrize(
        "text", ["嗯", "嗯嗯", "好的", "嗯，好的", "哦，知道了", "好的，我知道了", "是的是的", "明白"]
    )
    def test_words_that_only_show_listening(self, text: str) -> None:
        assert is_backchannel(text)

    @pytest.mark.parametrize("text", ["没有", "好多了", "嗯，没有", "不好", "是我爱人", "什么", ""])
    def test_words_that_say_something(self, text: str) -> None:
        assert not is_backchannel(text)


class TestAwaitsYesOrNo:
    @pytest.mark.parametrize(
        ("place", "awaited"),
        [
            ("identity#1", True),
            ("ask_who", True),
            ("confirm:temperature/decimal#4", True),
            ("item:fever/boolean#3", True),
            ("item:recovery/choice#2", False),
            ("callback_time#2", False),
        ],
    )
    def test_is_told_by_the_place(self, place: str, awaited: bool) -> None:
        assert awaits_yes_or_no(place) is awaited


class TestBackchannels:
    def test_does_not_interrupt_and_is_no_answer(self) -> None:
        heard = turn()
        assert not heard.take(Partial("嗯"), 1.0, speaking=False)
        assert not heard.take(Interruption(), 1.5, speaking=True)
        assert not heard.take(Transcript("嗯", 0.9), 1.6, speaking=False)
        assert not heard.done
        heard.take(Mark(MARK), 4.0, speaking=False)
        assert heard.heard_whole

    def test_one_that_began_in_the_prompt_and_ended_after_it_is_no_answer(self) -> None:
        heard = turn()
        heard.take(Partial("好的"), 3.9, speaking=False)
        heard.take(Mark(MARK), 4.0, speaking=True)
        heard.take(Transcript("好的", 0.9), 4.2, speaking=False)
        assert not heard.done
        heard.take(Transcript("挺好的", 0.9), 6.0, speaking=False)
        assert heard.heard is not None
        assert heard.heard.text == "挺好的"

    def test_answers_where_yes_or_no_is_awaited(self) -> None:
        heard = turn(yes_or_no=True)
        assert not heard.take(Partial("嗯"), 1.0, speaking=False)
        assert heard.take(Interruption(), 1.5, speaking=True)
        heard.take(Transcript("嗯", 0.9), 1.6, speaking=False)
        assert heard.heard is not None
        assert heard.heard.text == "嗯"

    def test_answers_after_the_prompt(self) -> None:
        heard = turn()
        heard.take(Mark(MARK), 4.0, speaking=False)
        heard.take(Partial("嗯"), 5.0, speaking=False)
        heard.take(Transcript("嗯", 0.9), 5.4, speaking=False)
        assert heard.done

    def test_words_that_go_on_interrupt_after_all(self) -> None:
        heard = turn()
        heard.take(Partial("嗯"), 1.0, speaking=False)
        assert not heard.take(Interruption(), 1.5, speaking=True)
        assert heard.take(Partial("嗯，我最近不太好"), 1.8, speaking=True)
        heard.take(Transcript("嗯，我最近不太好", 0.9), 2.5, speaking=False)
        assert heard.heard is not None
        assert not heard.heard_whole

    def test_a_voice_without_words_interrupts_as_before(self) -> None:
        assert turn().take(Interruption(), 1.0, speaking=True)


class TestRaces:
    def test_of_key_and_words_at_once_the_first_counts(self) -> None:
        heard = turn()
        heard.take(Key("1"), 1.0, speaking=False)
        assert heard.done
        assert heard.heard is not None
        assert (heard.heard.key, heard.heard.text) == ("1", None)
        other = turn()
        other.take(Transcript("好多了", 0.9), 1.0, speaking=False)
        assert other.heard is not None
        assert (other.heard.key, other.heard.text) == (None, "好多了")

    def test_words_between_digits_take_the_place_of_the_digits(self) -> None:
        heard = turn(keys=KeyCollector(("0-9", "*", "#")))
        heard.take(Key("3"), 1.0, speaking=False)
        heard.take(Transcript("三十八度五", 0.9), 1.4, speaking=False)
        assert heard.heard is not None
        assert heard.heard.text == "三十八度五"
