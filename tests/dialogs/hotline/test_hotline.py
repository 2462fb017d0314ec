"""Calls to us without a telephone: what is said to keys, words, silence, second facts."""

import re
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID, uuid4

import pytest

from core_api.kit.clock import FixedClock
from core_api.kit.db import new_id
from dialogs import api as dialogs
from dialogs.api import Asker, CallStanding, EnquiryRuntime, Recorded, Reply, Turn
from dialogs.enquiries.schemas import DueFollowUp, OwnArrears, OwnEvent, OwnVisit
from dialogs.hotline import rules, wording
from dialogs.hotline.schemas import Confirmed, Proof
from tests.conversations.harness import ZONE
from tests.fakes.answers import FakeAnswers
from tests.fakes.engine import AbsentEngine

pytestmark = pytest.mark.unit
TODAY = date(2026, 11, 20)
ENTRIES = {
    "医院能停车吗": "院内有停车场。",
    "门诊几点上班": "早上八点。",
    "停车怎么收费": "每小时五元。",
    "停车在哪": "北门。",
}

PROMISED = re.compile(r"(?<!想请)(?<!想让)(?:医生|工作人员|他们)[^。]{0,8}(?:联系您|给您回电话)")


@dataclass
class OneRecord:
    """The record of one patient, born 1990-01-05."""

    patient_id: UUID = field(default_factory=new_id)
    read: int = 0
    visit_on: date = date(2026, 12, 1)

    def confirm(self, candidates: tuple[UUID, ...], proof: Proof) -> Confirmed | None:
        fits = proof.birth_date == date(1990, 1, 5) or proof.tail == "123X"
        return Confirmed(patient_id=self.patient_id, salutation="王女士") if fits and candidates else None

    def next_visit(self, patient_id: UUID) -> OwnVisit | None:
        self.read += 1
        return OwnVisit(title="术后复查", due_on=self.visit_on)

    def arrears(self, patient_id: UUID) -> OwnArrears | None:
        self.read += 1
        return OwnArrears(arrears_fen=0, due_on=date(2027, 3, 1))

    def events(self, patient_id: UUID, kinds: tuple[str, ...]) -> tuple[OwnEvent, ...]:
        self.read += 1
        return ()


@dataclass
class OneFollowUp:
    """The patient's follow-up that is due, until it is done elsewhere."""

    title: str = "术后首访"
    there: bool = True
    begun: list[bool] = field(default_factory=list)

    def due(self, patient_id: UUID) -> DueFollowUp | None:
        return DueFollowUp(title=self.title, due_on=date(2026, 11, 18)) if self.there else None

    def begin(self, turn: Turn, patient_id: UUID, *, people_there: bool) -> Reply | None:
        self.begun.append(people_there)
        return Reply(text="这几天有没有发烧？", item_link_id="fever") if self.there else None


class Talk:
    """One call."""

    def __init__(self, clock: FixedClock, *, there: bool = False, **standing: object) -> None:
        self.record = OneRecord()
        self.answers = FakeAnswers(dict(ENTRIES), frozenset({"他克莫司要不要停"}))
        self.follow_up = OneFollowUp(there=bool(standing.pop("due", False)))
        self._runtime = EnquiryRuntime(
            self.answers, self.record, AbsentEngine(), clock, ZONE, follow_ups=self.follow_up
        )
        self._asker = Asker(channel="voice", hospital_name="仁和医院", people_there=there)
        known = {"candidates": (self.record.patient_id,)} | standing
        self.opening, self.state = dialogs.begin_call(CallStanding.model_validate(known), "仁和医院")

    def turn(self, text: str | None = None, red_flag: str | None = None, **more: object) -> Reply:
        turn = Turn.model_validate({"conversation_id": uuid4(), "turn_id": uuid4().hex, "text": text, **more})
        reply, self.state = dialogs.answer_call(self._runtime, turn, self.state, self._asker, red_flag)
        return reply

    def key(self, key: str) -> Reply:
        return self.turn(key=key)

    @property
    def at(self) -> str:
        assert self.state.call is not None
        return self.state.call.at


def reasons(reply: Reply) -> list[object]:
    return [action.data.get("reason") for action in reply.actions if action.kind == "open_case"]


@pytest.fixture
def talk(clock: FixedClock) -> Talk:
    return Talk(clock)


class TestProof:
    @pytest.mark.parametrize(
        ("said", "proof"),
        [
            ("一九九零年一月五号", Proof(birth_date=date(1990, 1, 5))),
            ("我是1990年1月5日出生的", Proof(birth_date=date(1990, 1, 5))),
            ("九零年十二月二十五日", Proof(birth_date=date(1990, 12, 25))),
            ("零五年十月三十一号", Proof(birth_date=date(2005, 10, 31))),
            ("幺九六二年八月九日", Proof(birth_date=date(1962, 8, 9))),
            ("19900105#", Proof(birth_date=date(1990, 1, 5))),
            ("一九九零 零一 零五", Proof(birth_date=date(1990, 1, 5))),
            ("123X", Proof(tail="123X")),
            ("123*", Proof(tail="123X")),
            ("八八六六", Proof(tail="8866")),
        ],
    )
    def test_is_read_from_words_and_keys(self, said: str, proof: Proof) -> None:
        assert wording.read_proof(said, TODAY) == proof

    @pytest.mark.parametrize(
        "said",
        ["", "不记得了", "19901305", "20991231", "一九九零年十三月五号", "12345", "我的停车费", "18000101", "年月日"],
    )
    def test_what_is_none_is_never_guessed(self, said: str) -> None:
        assert wording.read_proof(said, TODAY) is None


class TestTheMenu:
    def test_every_key_leads_where_it_says(self, clock: FixedClock) -> None:
        places = {}
        for key in "1234":
            talk = Talk(clock)
            talk.key(key)
            places[key] = talk.at
        assert places == {"1": "topics", "2": "verify", "3": "verify", "4": "record"}

    def test_words_lead_to_the_same(self, clock: FixedClock) -> None:
        said = {"我想留个言": "record", "下次随访时间": "verify", "我的费用": "verify", "服务问题": "topics"}
        found = {}
        for words in said:
            talk = Talk(clock)
            talk.turn(words)
            found[words] = talk.at
        assert found == said

    def test_a_key_that_is_none_is_asked_again_with_the_keys(self, talk: Talk) -> None:
        assert "没听清" in talk.key("8").text
        assert "没听清" in talk.key("*").text

    def test_a_topic_by_key_is_answered_from_the_knowledge_base(self, talk: Talk) -> None:
        talk.key("1")
        reply = talk.key("1")
        assert "早上八点" in reply.text
        assert [one.text for one in talk.answers.asked] == ["门诊几点上班"]

    def test_several_that_may_be_meant_have_keys(self, talk: Talk) -> None:
        offered = talk.turn("停车")
        assert ("请按1" in offered.text, talk.at, offered.key_hint[:2]) == (True, "choices", ("1", "2"))
        assert "每小时五元" in talk.key("1").text

    def test_none_of_them_is_said_by_key(self, talk: Talk) -> None:
        talk.turn("停车")
        assert "换个说法" in talk.key("9").text
        assert talk.at == "menu"

    def test_the_second_question_without_an_answer_is_a_case(self, talk: Talk) -> None:
        assert reasons(talk.turn("月亮有多远")) == []
        again = talk.turn("星星有多远")
        assert (reasons(again), "回电话" in again.text) == (["service_question"], True)

    def test_advice_is_left_to_a_clinician(self, talk: Talk) -> None:
        assert reasons(talk.turn("他克莫司要不要停")) == ["advice"]

    def test_booking_is_admitted_not_to_be_possible(self, talk: Talk) -> None:
        assert "不能直接预约" in talk.turn("帮我挂个号").text

    def test_silence_is_met_twice_and_then_the_call_ends(self, talk: Talk) -> None:
        replies = [talk.turn(event="silence") for _ in range(3)]
        assert [reply.ends for reply in replies] == [False, False, True]
        assert all("按4" in reply.text for reply in replies[:2])

    def test_good_bye_ends_it(self, talk: Talk) -> None:
        assert talk.turn("没有了，谢谢").ends


class TestOwnFacts:
    def test_need_the_second_fact_once(self, talk: Talk) -> None:
        asked = talk.key("3")
        assert (talk.record.read, "核对身份" in asked.text, asked.key_hint) == (0, True, ("0-9",))
        told = talk.key("19900105#")
        assert told.text.startswith("王女士，您好")
        assert "没有欠费" in told.text
        assert "2026年12月1日" in talk.key("2").text

    def test_the_tail_of_the_identity_number_is_one_too(self, talk: Talk) -> None:
        talk.key("2")
        assert "术后复查" in talk.key("123*#").text

    def test_two_that_do_not_fit_end_the_asking(self, talk: Talk) -> None:
        talk.key("2")
        replies = [talk.key("19700303#"), talk.key("19700304#"), talk.key("2")]
        assert ["核对上" in reply.text for reply in replies] == [True, True, True]
        assert (talk.at, talk.record.read) == ("menu", 0)

    def test_nobody_behind_the_number_hears_the_same(self, clock: FixedClock) -> None:
        def heard(talk: Talk) -> list[str]:
            return [talk.opening.text, talk.key("2").text, *(talk.key("19700303#").text for _ in range(2))]

        assert heard(Talk(clock)) == heard(Talk(clock, candidates=()))

    def test_words_hardly_heard_are_asked_for_again_and_are_no_try(self, talk: Talk) -> None:
        talk.key("2")
        assert "没听清" in talk.turn("一九七零年三月三号", confidence=0.3).text
        assert talk.state.call is not None
        assert talk.state.call.tries == 0

    def test_a_person_may_be_had_instead(self, talk: Talk) -> None:
        talk.key("2")
        assert reasons(talk.key("0#")) == ["wants_person"]


class TestAFollowUpThatIsDue:
    @pytest.fixture
    def offered(self, clock: FixedClock) -> Talk:
        """Confirmed, and asked whether to do it now."""
        talk = Talk(clock, due=True)
        talk.key("3")
        assert "现在方便花几分钟" in talk.key("19900105").text
        assert talk.at == "offer"
        return talk

    def test_is_offered_behind_what_was_asked_for(self, clock: FixedClock) -> None:
        talk = Talk(clock, due=True)
        assert "术后首访" not in talk.key("3").text
        reply = talk.key("19900105")
        assert reply.text.index("没有欠费") < reply.text.index("术后首访，日期是2026年11月18日")
        assert (reply.key_hint[:2], "还有什么可以帮您" in reply.text) == (("1", "2"), False)

    def test_is_not_told_twice_where_it_was_asked_for(self, clock: FixedClock) -> None:
        talk = Talk(clock, due=True)
        talk.follow_up.title = "术后复查"
        talk.record.visit_on = date(2026, 11, 18)
        talk.key("2")
        assert talk.key("19900105").text.count("术后复查") == 1

    @pytest.mark.parametrize("words", ["方便", "好的", "可以，您问吧", "现在方便", "好的谢谢", "嗯，行"])
    def test_is_begun_by_words(self, offered: Talk, words: str) -> None:
        reply = offered.turn(words)
        assert (reply.item_link_id, offered.follow_up.begun) == ("fever", [False])

    def test_is_begun_by_a_key(self, offered: Talk) -> None:
        assert offered.key("1").item_link_id == "fever"

    @pytest.mark.parametrize("words", ["不方便", "以后再说吧", "现在不方便", "不用了", "没时间", "我在开车", "算了"])
    def test_is_put_off_by_words_and_the_menu_goes_on(self, offered: Talk, words: str) -> None:
        reply = offered.turn(words)
        assert ("以后再做" in reply.text, offered.at, offered.follow_up.begun) == (True, "menu", [])

    def test_is_put_off_by_a_key_and_offered_again_only_to_who_asks(self, offered: Talk) -> None:
        offered.key("2")
        assert "现在方便" not in offered.key("3").text
        assert "现在方便" in offered.key("2").text

    @pytest.mark.parametrize("words", ["好像没听清", "再说一遍", "医院能停车吗", "转人工", "没听清方便"])
    def test_is_begun_by_no_other_words(self, offered: Talk, words: str) -> None:
        offered.turn(words)
        assert offered.follow_up.begun == []

    def test_is_not_begun_by_words_that_were_hardly_heard(self, offered: Talk) -> None:
        assert "没听清" in offered.turn("方便", confidence=0.2).text
        assert (offered.follow_up.begun, offered.at) == ([], "offer")

    def test_that_is_gone_meanwhile_is_said(self, offered: Talk) -> None:
        offered.follow_up.there = False
        assert ("现在不能" in offered.key("1").text, offered.at) == (True, "menu")

    def test_is_asked_again_after_silence_and_a_wrong_key(self, offered: Talk) -> None:
        assert "现在方便" in offered.turn(event="silence").text
        assert "现在方便" in offered.key("7").text

    def test_can_wait_in_an_emergency(self, clock: FixedClock) -> None:
        talk = Talk(clock, due=True)
        talk.turn("我大出血", red_flag="请立即拨打一二零。")
        talk.key("3")
        assert "现在方便" not in talk.key("19900105").text


class TestPeople:
    def test_there_get_the_call(self, clock: FixedClock) -> None:
        reply = Talk(clock, there=True).turn("我要转人工")
        assert [action.kind for action in reply.actions] == ["transfer", "open_case", "hangup"]

    def test_away_leave_a_case_and_the_offer_of_a_message(self, talk: Talk) -> None:
        reply = talk.key("0")
        assert (reasons(reply), reply.ends, "请按4" in reply.text) == (["wants_person"], False, True)

    def test_cannot_call_back_a_hidden_number(self, clock: FixedClock) -> None:
        talk = Talk(clock, callable_back=False)
        assert "看不到您的来电号码" in talk.key("0").text
        assert "联系电话" in talk.key("4").text

    @pytest.mark.parametrize("there", [True, False])
    def test_promise_no_call_to_a_hidden_number(self, clock: FixedClock, there: bool) -> None:
        for words in ("我要投诉你们", "他克莫司要不要停", "我要转人工", "天上有几颗星", "改天再说那件事"):
            talk = Talk(clock, there=there, callable_back=False)
            said = talk.turn(words).text + talk.turn(words).text
            assert not PROMISED.search(said), said
            assert "看不到您的来电号码" in said or "说出您的联系电话" in said

    @pytest.mark.parametrize("shown", [True, False])
    def test_are_promised_after_a_fault_only_where_they_can_call(self, clock: FixedClock, shown: bool) -> None:
        reply, _ = dialogs.call_failed(Talk(clock, callable_back=shown).state)
        assert (bool(PROMISED.search(reply.text)), reasons(reply)) == (shown, ["bot_unavailable"])

    def test_promise_it_to_a_number_that_is_known(self, clock: FixedClock) -> None:
        for words in ("我要投诉你们", "他克莫司要不要停", "我要转人工"):
            assert PROMISED.search(Talk(clock).turn(words).text)

    def test_hear_of_a_red_flag_whatever_stood_open(self, talk: Talk) -> None:
        talk.key("2")
        reply = talk.turn("我大出血", red_flag="请立即拨打一二零。")
        assert (reply.segments[0], talk.at) == ("请立即拨打一二零。", "menu")
        assert "按0" in reply.text


class TestAMessage:
    @pytest.mark.parametrize(
        ("left", "reason", "words"),
        [
            (Recorded(seconds=12, spoke=True, saved=True), ["message_left"], "已经保存"),
            (Recorded(seconds=8, spoke=False, saved=True), [], "没有听到"),
            (Recorded(seconds=12, spoke=True, saved=False), ["message_lost"], "没能录下"),
            (Recorded(seconds=3, spoke=True, saved=True, hung_up=True), ["message_left"], ""),
            (Recorded(seconds=1, spoke=False, saved=True, hung_up=True), [], ""),
        ],
    )
    def test_is_said_back_as_it_is(self, talk: Talk, left: Recorded, reason: list[str], words: str) -> None:
        assert talk.key("4").records_seconds == rules.LONGEST_MESSAGE_SECONDS
        reply = talk.turn(recorded=left)
        assert (reasons(reply), words in reply.text) == (reason, True)

    def test_with_a_red_flag_is_kept_and_answered_with_it(self, talk: Talk) -> None:
        talk.key("4")
        reply = talk.turn("胸痛", red_flag="请立即就医。", recorded=Recorded(seconds=9, spoke=True, saved=True))
        assert (reasons(reply), reply.segments[0]) == (["message_left"], "请立即就医。")
        assert talk.state.call is not None
        assert talk.state.call.disposition == "emergency"

    def test_a_call_that_goes_on_after_a_person_asks_for_it_again(self, talk: Talk) -> None:
        talk.key("4")
        assert talk.turn(event="interrupted").records_seconds == rules.LONGEST_MESSAGE_SECONDS
