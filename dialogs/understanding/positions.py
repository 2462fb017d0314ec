"""Options by their place or key ("第二个", "最后一个", "按三"), and by a part of their wording."""

import re

from core_api.questionnaires.schemas import Item, Option
from dialogs.understanding.numbers import parse_numeral
from dialogs.understanding.schemas import Reading

NUMERAL = r"[一二两三四五六七八九十\d]{1,2}"
LEAD = r"(?:那|就|我|要|应该|应该是|是|选|选择|算|嗯+|哦|[，,、。\s])*"
TAIL = r"(?:选项|答案)?(?:吧|呢|啊|呀|的|了|[，,。\s])*"
BY_PLACE = re.compile(rf"第({NUMERAL})(?:个|项|种|条)?")
WHOLE_PLACE = re.compile(rf"{LEAD}(?:第({NUMERAL})(?:个|项|种|条)?|({NUMERAL})(?:号|项)){TAIL}")
LAST = re.compile(rf"{LEAD}(?:最后|末尾|最末)(?:那)?(?:一)?(?:个|项|种){TAIL}")
FIRST = re.compile(rf"{LEAD}(?:头|最前面?|最开始)(?:那)?(?:一)?(?:个|项|种){TAIL}")
FROM_END = re.compile(rf"{LEAD}倒数第({NUMERAL})(?:个|项|种){TAIL}")
BY_KEY = re.compile(rf"{LEAD}(?:按|摁)(?:键)?({NUMERAL})(?:键)?{TAIL}")
BARE = re.compile(rf"{LEAD}({NUMERAL}){TAIL}")
CLAUSE = re.compile(r"[，,。；;]")
SHORTEST_PART = 2
FRAME = re.compile(r"^(?:嗯+|哦|就是|应该是?|好像是?|我?(?:觉得|感觉)?是?)+|(?:吧|呢|啊|呀|的|了)+$")


def read_position(item: Item, said: str) -> Reading | None:
    """Reads words that are nothing but a place or a key."""
    place = _place(item.options, said) or _place(item.options, CLAUSE.split(said, maxsplit=1)[0])
    if place is None:
        return None
    value: bool | str = place.code == "true" if item.type == "boolean" else place.code
    return Reading(value=value, confidence=0.9, words=said)


def read_bare_number(item: Item, said: str) -> Reading | None:
    """Reads a number by itself as a key, or as a place where the options have no keys; less sure than 第二个."""
    bare = BARE.fullmatch(said)
    option = _by_key_or_place(item.options, bare.group(1)) if bare else None
    return Reading(value=option.code, confidence=0.75, words=said) if option else None


def read_positions(item: Item, said: str) -> Reading | None:
    """Reads several places: "第一个和第三个"; nothing where one of them is not there."""
    places = [_number(match.group(1)) for match in BY_PLACE.finditer(said)]
    if not places:
        one = _place(item.options, said)
        return Reading(value=(one.code,), confidence=0.9, words=said) if one else None
    if any(not 1 <= place <= len(item.options) for place in places):
        return None
    codes = tuple(dict.fromkeys(item.options[place - 1].code for place in places))
    return Reading(value=codes, confidence=0.9, words=said)


def read_part(item: Item, said: str) -> Reading | None:
    """Reads a part of one option's wording, such as 漏吃 for 有时漏吃; a part of two options is none."""
    core = FRAME.sub("", said).strip("，,。 ")
    if len(core) < SHORTEST_PART:
        return None
    hits = [one for one in item.options if any(core in word for word in (one.display, *one.synonyms))]
    if len(hits) != 1:
        return None
    code = hits[0].code
    return Reading(value=(code,) if item.type == "multi_choice" else code, confidence=0.7, words=said)


def _place(options: tuple[Option, ...], said: str) -> Option | None:
    if LAST.fullmatch(said):
        return options[-1] if options else None
    if FIRST.fullmatch(said):
        return options[0] if options else None
    if match := FROM_END.fullmatch(said):
        return _at(options, len(options) + 1 - _number(match.group(1)))
    if match := WHOLE_PLACE.fullmatch(said):
        return _at(options, _number(match.group(1) or match.group(2)))
    if match := BY_KEY.fullmatch(said):
        return _by_key(options, match.group(1))
    return None


def _by_key_or_place(options: tuple[Option, ...], numeral: str) -> Option | None:
    return _by_key(options, numeral) or (None if any(one.key for one in options) else _at(options, _number(numeral)))


def _by_key(options: tuple[Option, ...], numeral: str) -> Option | None:
    return next((one for one in options if one.key == str(_number(numeral))), None)


def _at(options: tuple[Option, ...], place: int) -> Option | None:
    return options[place - 1] if 1 <= place <= len(options) else None


def _number(numeral: str) -> int:
    return int(parse_numeral(numeral) or 0)
