"""What patients say to our questionnaires: phrases for the synthetic speech and words for the lexicon."""

import random
import re
from functools import cache
from pathlib import Path
from typing import Any

import cn2an
import yaml

from tools.locations import ROOT
from tools.speech_model.units import UnknownSyllable, word_units

QUESTIONNAIRES = ROOT / "core_api" / "questionnaires" / "library"
EXAMPLES = ROOT / "dialogs" / "rasa" / "data" / "nlu"
LONGEST_WORD = 8
TWO_DIGITS = 100
_CHINESE = re.compile(r"[\u4e00-\u9fff]+")
_MARKUP = re.compile(r"\[([^\]]*)\](?:\([^)]*\)|\{[^}]*\})")

DIGITS = (*"零一二三四五六七八九", "两", "幺")
LARGE = ("十", "百", "千", "万", "点", "半", "一百", "两百", "一千", "两千", "一万", "几")
UNITS_OF_MEASURE = (
    *(
        "度",
        "次",
        "天",
        "周",
        "个月",
        "月",
        "年",
        "号",
        "日",
        "点",
        "分",
        "点半",
        "分钟",
        "小时",
        "个",
        "公斤",
        "斤",
        "两",
        "克",
    ),
    *(
        "毫升",
        "毫克",
        "微克",
        "毫米汞柱",
        "厘米",
        "毫米",
        "公分",
        "片",
        "粒",
        "颗",
        "支",
        "个小时",
        "个星期",
        "星期",
        "礼拜",
        "岁",
    ),
    *("千克", "升", "元", "块", "块钱", "百分之", "多", "左右", "大概", "大约", "以上", "以下", "不到", "差不多"),
)
DAYS = (
    *(
        "今天",
        "昨天",
        "前天",
        "大前天",
        "明天",
        "后天",
        "大后天",
        "上周",
        "这周",
        "下周",
        "上个星期",
        "这个星期",
        "下个星期",
    ),
    *(
        "上个月",
        "这个月",
        "下个月",
        "去年",
        "今年",
        "明年",
        "早上",
        "上午",
        "中午",
        "下午",
        "晚上",
        "夜里",
        "凌晨",
        "周末",
        "周日",
    ),
    *(
        "星期天",
        "星期日",
        "礼拜天",
        "月底",
        "月初",
        "天前",
        "周前",
        "以后",
        "以前",
        "之后",
        "刚才",
        "现在",
        "马上",
        "初",
        "底",
    ),
)
GLOBAL = (
    *(
        "再说一遍",
        "再讲一遍",
        "重复一遍",
        "没听清",
        "没听清楚",
        "听不清",
        "什么",
        "转人工",
        "人工",
        "人工服务",
        "找医生",
        "找护士",
    ),
    *(
        "现在忙",
        "我很忙",
        "在忙",
        "没空",
        "没时间",
        "不方便",
        "现在不方便",
        "打错了",
        "你打错了",
        "打错电话了",
        "别打了",
        "不要再打了",
    ),
    *(
        "以后再打",
        "晚点再打",
        "等一下",
        "等会儿",
        "过一会儿",
        "慢一点",
        "说慢点",
        "大声一点",
        "跳过",
        "下一个",
        "下一题",
        "不想说",
    ),
    *(
        "不知道",
        "不清楚",
        "不记得",
        "记不清",
        "忘了",
        "再见",
        "拜拜",
        "谢谢",
        "喂",
        "你好",
        "您好",
        "请说",
        "你说",
        "你是谁",
        "救命",
    ),
    *(
        "是的",
        "不是",
        "是我",
        "我是",
        "我就是",
        "是本人",
        "我是家属",
        "他不在",
        "她不在",
        "不在",
        "可以",
        "不可以",
        "好的",
        "好",
        "不好",
    ),
    *(
        "对",
        "对的",
        "不对",
        "没错",
        "有",
        "有的",
        "没有",
        "没",
        "没有的",
        "都没有",
        "都有",
        "行",
        "不行",
        "嗯",
        "嗯嗯",
        "要",
        "不要",
    ),
    *(
        "会",
        "不会",
        "能",
        "不能",
        "同意",
        "不同意",
        "愿意",
        "不愿意",
        "需要",
        "不需要",
        "方便",
        "正常",
        "不正常",
        "满意",
        "不满意",
    ),
)
FILLERS = (
    "嗯",
    "啊",
    "呃",
    "那个",
    "这个",
    "就是",
    "我",
    "觉得",
    "好像",
    "大概",
    "应该",
    "可能",
    "吧",
    "了",
    "呢",
    "的",
    "啊",
)


def chinese(text: str) -> str:
    """The Chinese characters of a text."""
    return "".join(_CHINESE.findall(text))


def readable(words: list[str]) -> list[str]:
    """Those words, once each, in order, that have units."""
    kept: list[str] = []
    for word in dict.fromkeys(words):
        try:
            word_units(word)
        except UnknownSyllable:
            continue
        kept.append(word)
    return kept


@cache
def answers() -> tuple[str, ...]:
    """Displays and synonyms of every option of every shipped questionnaire, and their units."""
    found: list[str] = []
    for path in sorted(QUESTIONNAIRES.glob("*.yaml")):
        for item in yaml.safe_load(path.read_text(encoding="utf-8"))["items"]:
            found.append(chinese(str(item.get("unit") or "")))
            for option in item.get("options") or ():
                found += [chinese(str(word)) for word in (option["display"], *option.get("synonyms", ()))]
    return tuple(readable([word for word in found if word]))


@cache
def examples() -> tuple[str, ...]:
    """The dialogue's examples of what people say at any time."""
    found: list[str] = []
    for path in sorted(EXAMPLES.glob("*.yml")):
        content: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        for intent in content.get("nlu", ()):
            lines = str(intent.get("examples", "")).splitlines()
            found += [chinese(_MARKUP.sub(r"\1", line)) for line in lines]
    return tuple(readable([line for line in found if line]))


@cache
def numbers() -> tuple[str, ...]:
    """Number words: 0 to 99 as people say them, and the larger places."""
    small = [cn2an.an2cn(number) for number in range(TWO_DIGITS)]
    return tuple(
        readable([*(word.removeprefix("一") if word.startswith("一十") else word for word in small), *DIGITS, *LARGE])
    )


@cache
def product_words() -> tuple[str, ...]:
    """Every word that a shipped questionnaire or a global phrase may need."""
    weekdays = [f"{name}{day}" for name in ("星期", "周", "礼拜") for day in "一二三四五六"]
    months = [f"{month}月" for month in numbers()[1:13]]
    dates = [f"{day}号" for day in numbers()[1:32]]
    short = [line for line in examples() if len(line) <= LONGEST_WORD]
    words = [*numbers(), *UNITS_OF_MEASURE, *DAYS, *weekdays, *months, *dates, *GLOBAL, *FILLERS, *answers(), *short]
    return tuple(readable(words))


def listed_words(texts: list[str]) -> tuple[str, ...]:
    """Speaker a's list as lexicon words."""
    return tuple(readable([word for text in texts if (word := chinese(text)) and len(word) <= LONGEST_WORD]))


def lexicon(texts: list[str]) -> tuple[str, ...]:
    """All words of the model: the product's, speaker a's and each of their characters."""
    words = [*product_words(), *listed_words(texts)]
    return tuple(readable([*words, *(sign for word in words for sign in word)]))


def random_phrase(rng: random.Random, listed: tuple[str, ...]) -> str:
    """One utterance: mostly answers and numbers, some of speaker a's words for every sound of the language."""
    kind = rng.choices(("answer", "number", "date", "global", "listed", "example"), (30, 22, 10, 14, 16, 8))[0]
    match kind:
        case "answer":
            said = rng.choice(answers())
            if rng.random() < 0.15:
                return rng.choice(FILLERS) + said
            return said
        case "number":
            return random_number(rng)
        case "date":
            return random_date(rng)
        case "global":
            return rng.choice(GLOBAL + DAYS + UNITS_OF_MEASURE)
        case "listed":
            return "".join(rng.choices(listed, k=rng.choice((1, 1, 2, 3))))
    return rng.choice(examples())


def random_number(rng: random.Random) -> str:
    """A number as an answer: digits one by one, amounts, temperatures, pressures, with and without a unit."""
    kind = rng.randrange(6)
    if kind == 0:
        return "".join(rng.choices(DIGITS, k=rng.randint(1, 5)))
    if kind == 1:
        return f"三十{rng.choice('五六七八九')}{rng.choice(('度', '点'))}{rng.choice('零一二三四五六七八九')}"
    top = rng.choice((10, 20, 100, 100, 300, 1000, 10000))
    said = str(cn2an.an2cn(rng.randrange(top)))
    said = said.removeprefix("一") if said.startswith("一十") else said
    if said == "二" or (said[:1] == "二" and said[1:2] in {"百", "千", "万"}):
        said = "两" + said[1:] if rng.random() < 0.6 else said
    return said + (rng.choice(UNITS_OF_MEASURE[:40]) if rng.random() < 0.5 else "")


def random_date(rng: random.Random) -> str:
    """A day or a time as people say it."""
    month, day = rng.choice(numbers()[1:13]), rng.choice(numbers()[1:32])
    return rng.choice(
        (
            f"{month}月{day}号",
            f"{day}号",
            rng.choice(DAYS),
            f"{rng.choice(('上', '这', '下', ''))}{rng.choice(('星期', '周', '礼拜'))}{rng.choice('一二三四五六')}",
            f"{rng.choice(DAYS)}{rng.choice(numbers()[1:13])}点{rng.choice(('', '', '半', '十分'))}",
            f"{rng.choice(numbers()[1:20])}{rng.choice(('天前', '天以后', '个月', '周', '个小时', '分钟以后'))}",
        )
    )


def model_files() -> list[Path]:
    """The files that the vocabulary is made of."""
    return [*sorted(QUESTIONNAIRES.glob("*.yaml")), *sorted(EXAMPLES.glob("*.yml"))]
