"""A message being left, second by second, without a socket or a clock."""

import pytest

from telephony.session.listening import KeyCollector
from telephony.session.message import FIRST_WORD_SECONDS, QUIET_SECONDS, MessageTurn
from telephony.session.turn import Ended, GoingAway, Interruption
from telephony.session.wire import Key, Mark, Transcript

pytestmark = [pytest.mark.unit, pytest.mark.covers("RC-GRP-44")]
LONGEST = 90.0


@pytest.fixture
def turn() -> MessageTurn:
    """The beep was over at second 10."""
    made = MessageTurn(
        mark="call:record#2",
        keys=KeyCollector(()),
        silence_seconds=8.0,
        interdigit_seconds=3.0,
        listens=True,
        source="vosk",
        longest_seconds=LONGEST,
    )
    made.take(Mark("call:record#2"), 10.0, speaking=False)
    return made


def left(turn: MessageTurn, *, saved: bool = True) -> tuple[float, bool, bool, str | None]:
    heard = turn.message(saved=saved)
    assert heard.left is not None
    return heard.left.seconds, heard.left.spoke, heard.left.hung_up, heard.text


class TestMessageTurn:
    def test_ends_by_the_key_with_all_that_was_said(self, turn: MessageTurn) -> None:
        turn.take(Transcript("我想改时间", 0.9), 14.0, speaking=False)
        turn.take(Transcript("请回电话", 0.8), 18.0, speaking=False)
        assert not turn.done
        turn.take(Key("#"), 20.0, speaking=False)
        assert (turn.done, left(turn)) == (True, (10.0, True, False, "我想改时间，请回电话"))

    def test_other_keys_do_not_end_it(self, turn: MessageTurn) -> None:
        turn.take(Key("5"), 12.0, speaking=False)
        assert not turn.done

    def test_a_pause_ends_it_and_speech_without_words_counts(self, turn: MessageTurn) -> None:
        turn.take(Interruption(), 12.0, speaking=True)
        assert turn.deadline == 12.0 + QUIET_SECONDS
        turn.take(None, 17.0, speaking=True)
        assert not turn.done
        turn.take(None, turn.deadline, speaking=False)
        assert (turn.done, left(turn)[1:]) == (True, (True, False, ""))

    def test_nothing_at_all_is_no_message(self, turn: MessageTurn) -> None:
        assert turn.deadline == 10.0 + FIRST_WORD_SECONDS
        turn.take(None, turn.deadline, speaking=False)
        assert (turn.done, left(turn)) == (True, (FIRST_WORD_SECONDS, False, False, ""))

    def test_who_goes_on_and_on_is_stopped(self, turn: MessageTurn) -> None:
        at = 11.0
        while not turn.done:
            turn.take(Transcript("还有", 0.9), at, speaking=True)
            at = min(at + 4.0, turn.deadline)
            turn.take(None, at, speaking=True) if at >= 10.0 + LONGEST else None
        assert left(turn)[0] == LONGEST

    def test_hanging_up_keeps_what_was_said(self, turn: MessageTurn) -> None:
        turn.take(Transcript("我的药快吃完了", 0.9), 13.0, speaking=False)
        turn.take(Ended(), 14.0, speaking=False)
        assert (turn.done, left(turn)) == (True, (4.0, True, True, "我的药快吃完了"))

    def test_hanging_up_before_the_beep_leaves_nothing(self) -> None:
        made = MessageTurn(
            mark="m", keys=KeyCollector(()), silence_seconds=8, interdigit_seconds=3, listens=True, source="none"
        )
        made.take(Transcript("喂", 0.9), 1.0, speaking=True)
        made.take(Key("#"), 1.5, speaking=False)
        made.take(Ended(), 2.0, speaking=False)
        assert (made.done, made.heard) == (True, None)

    def test_a_process_that_goes_away_says_so(self, turn: MessageTurn) -> None:
        turn.take(GoingAway(), 15.0, speaking=False)
        assert (turn.done, turn.going_away) == (True, True)
