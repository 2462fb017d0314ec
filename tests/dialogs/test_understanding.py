"""What people say, in a table."""

from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core_api.kit.yaml_text import load_yaml
from core_api.questionnaires.schemas import Item, Option
from dialogs.understanding.cues import cue, settle
from dialogs.understanding.dates import read_callback_time, say_time
from dialogs.understanding.numbers import parse_numeral
from dialogs.understanding.reading import read_answer, refuses, skips, unsure

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
TABLE: dict[str, dict[Any, Any]] = load_yaml((Path(__file__).parent / "phrasings.yml").read_text("utf-8"))
YES = ("有的", "有点", "有一点", "是", "是的", "对", "对的", "嗯有", "有过")
NO = ("没", "没有的", "没得", "无", "不是", "都没有", "从来没有", "没有过")


def option(code: str, display: str, *synonyms: str) -> Option:
    return Option(code=code, display=display, synonyms=synonyms)


def item(link_id: str, kind: str, **more: Any) -> Item:
    return Item.model_validate(
        {"link_id": link_id, "type": kind, "text_chat": more.pop("text", "？"), "text_voice": "？", **more}
    )


ITEMS = {
    one.link_id: one
    for one in (
        item("temperature", "decimal", unit="℃", minimum=35, maximum=42),
        item("systolic", "integer", unit="mmHg", minimum=60, maximum=250, text="收缩压（高压）是多少？"),
        item("urine", "integer", unit="毫升", minimum=0, maximum=6000),
        item("count", "integer", unit="次", minimum=0, maximum=50),
        item("pills", "decimal", unit="片", minimum=0, maximum=20),
        item("weight", "decimal", unit="kg", minimum=30, maximum=200),
        item("fee", "decimal", unit="元", minimum=0, maximum=100000),
        item(
            "fever",
            "boolean",
            options=(option("true", "有", *YES, "发烧", "有点热"), option("false", "没有", *NO, "正常")),
        ),
        item(
            "urine_less",
            "boolean",
            options=(
                option("true", "有", *YES, "少了", "变少了", "少了很多", "有点少", "明显少了"),
                option("false", "没有", *NO, "没少", "没变少", "差不多", "正常", "和平时一样", "不少"),
            ),
        ),
        item(
            "recovery",
            "choice",
            options=(
                option("good", "好", "挺好", "很好", "还不错", "不错", "没什么问题", "都挺好"),
                option("fair", "一般", "还行", "还可以", "凑合", "马马虎虎", "一般般", "就那样"),
                option("poor", "不好", "不太好", "不怎么好", "很差", "差", "难受", "不舒服", "越来越差"),
            ),
        ),
        item(
            "sex",
            "choice",
            options=(option("boy", "男孩", "儿子", "男的"), option("girl", "女孩", "女儿", "闺女", "千金")),
        ),
        item(
            "symptoms",
            "multi_choice",
            options=(
                option("dizzy", "头晕", "晕"),
                option("nausea", "恶心", "想吐"),
                option("tremor", "手抖", "抖"),
                option("none", "都没有", "没有不舒服"),
            ),
        ),
        item("date", "date"),
        item("note", "text"),
    )
}
CASES = [
    (name, str(words), value) for name, rows in TABLE.items() if name != "callback" for words, value in rows.items()
]


@pytest.mark.unit
@pytest.mark.covers("RC-OUT-04", "TX-3.06-1a")
@pytest.mark.parametrize(("name", "words", "value"), CASES, ids=[f"{name}: {words}" for name, words, _ in CASES])
def test_words_are_read_as_meant(name: str, words: str, value: object) -> None:
    reading = read_answer(ITEMS[name], words, NOW)
    read = reading.value if reading else None
    got: object = read.isoformat() if isinstance(read, date) else list(read) if isinstance(read, tuple) else read
    assert got == value


@pytest.mark.unit
@pytest.mark.parametrize("words", ["万万十零", "万万百十"])
def test_places_out_of_order_are_no_number(words: str) -> None:
    assert parse_numeral(words) is None


@pytest.mark.parametrize(("words", "at"), TABLE["callback"].items(), ids=list(TABLE["callback"]))
def test_callback_times_are_read_and_moved_into_the_window(words: str, at: str | None) -> None:
    when = read_callback_time(words, NOW)
    assert (when.at.strftime("%Y-%m-%d %H:%M") if when else None) == at


@pytest.mark.unit
class TestWordsWithoutAValue:
    @pytest.mark.parametrize("words", ["不知道", "不太清楚", "记不清了", "想不起来", "没注意"])
    def test_not_knowing_is_heard(self, words: str) -> None:
        assert unsure(words)

    @pytest.mark.parametrize("words", ["跳过", "下一题", "问下一个吧"])
    def test_skipping_is_heard(self, words: str) -> None:
        assert skips(words)

    @pytest.mark.parametrize("words", ["不想说", "这是隐私", "不方便回答"])
    def test_refusing_is_heard(self, words: str) -> None:
        assert refuses(words)


@pytest.mark.unit
def test_a_time_is_said_as_people_say_it() -> None:
    assert say_time(datetime(2026, 11, 21, 15, 30, tzinfo=NOW.tzinfo), NOW) == "明天下午三点半"
    assert say_time(datetime(2026, 11, 25, 10, 5, tzinfo=NOW.tzinfo), NOW) == "十一月二十五号上午十点零五分"


@pytest.mark.unit
class TestAPerson:
    @pytest.mark.parametrize("words", ["转人工", "我要人工", "人工服务", "帮我转人工客服"])
    def test_is_asked_for(self, words: str) -> None:
        assert cue(words) == "want_person"

    @pytest.mark.parametrize("words", ["人工授精多少钱", "人工周期怎么用药", "人工流产以后能来吗"])
    def test_is_not_asked_for_by_a_treatments_name(self, words: str) -> None:
        assert cue(words) != "want_person"


@pytest.mark.unit
class TestChat:
    @pytest.mark.parametrize("words", ["没有，最近天气冷，我都不怎么出门", "没有，你们医院真负责", "没有什么不舒服"])
    def test_beside_an_answer_is_no_service_question(self, words: str) -> None:
        assert settle("ask_service", 0.97, words) == "deny"

    def test_that_asks_nothing_is_not_understood(self) -> None:
        assert settle("ask_service", 0.97, "最近天气冷，我都不怎么出门") == "nlu_fallback"

    @pytest.mark.parametrize("words", ["没有。冷冻费怎么交", "星期天看不看病", "我想问一下冷冻的事", "坐几路车"])
    def test_that_asks_is_one(self, words: str) -> None:
        assert settle("ask_service", 0.97, words) == "ask_service"


@pytest.mark.unit
@pytest.mark.parametrize(
    ("name", "words", "value"),
    [
        ("recovery", "第一个", "good"),
        ("recovery", "选第二个吧", "fair"),
        ("recovery", "最后一个", "poor"),
        ("recovery", "倒数第二个", "fair"),
        ("recovery", "第一个，最近天气冷，我都不怎么出门", "good"),
        ("recovery", "第四个", None),
        ("recovery", "马马", "fair"),
        ("fever", "第二个", False),
        ("symptoms", "第一个和第三个", ("dizzy", "tremor")),
        ("symptoms", "最后一个", ("none",)),
    ],
)
def test_options_are_known_by_place_and_by_part(name: str, words: str, value: object) -> None:
    reading = read_answer(ITEMS[name], words, NOW)
    assert (reading.value if reading else None) == value
