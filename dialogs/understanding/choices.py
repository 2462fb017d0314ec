"""Options as people say them: synonyms, negation, "both at once"."""

import re
from dataclasses import dataclass

from core_api.questionnaires.schemas import Item, Option
from dialogs.understanding.schemas import Reading

NEGATION = re.compile(r"(没有?|不(?:是|会|太|怎么|大|用|再|曾|觉得)?|无|未|别|从来不|并没有?|也没有?|不存在)$")
YES = re.compile(
    r"^(是的?|对的?|有的?|嗯+|嗯呢|好的?|行|可以|没错|正确|确实|要|会|能|当然|是啊|对啊|有啊|有一?点|有一?些|偶尔|经常|一直有|按时|都有|可不|得|中|成|哎|啊|唔|OK|ok|yes)"
)
NO = re.compile(
    r"^(不|没|无|否|未|从来[不没]|都没|也没|一[点次]儿?[也都]?[没不]|完全没|暂时没|目前没|好像没|基本没|还没|没啥|没什么|哪有|倒没|并没|啥都没|挺好|很好|都挺好|都好|都正常|正常|一切正常|no)"
)
SOFT = re.compile(r"好像|可能|也许|大概|应该|有点|似乎|算是|差不多|吧$")
TURN = re.compile(r"但是?|不过|可是|后来|其实|又|哎不对|不对|说错")
FILLER = re.compile(r"^(嗯+|哦+|啊+|呃+|额+|那个|这个|就是|我|他|她|嘛|哎+|唉|大夫|医生|您好|你好|[，,。、\s])+(?=.)")
TAG = re.compile(r"(呢|啊|呀|哦|吧|嘛|的|了|哈|啦|噢|喔|哟)+$")
DOUBLE_NEGATION = re.compile(r"不是没有?|不能说没有?|没有不|不得不|不会不")


@dataclass(frozen=True)
class Mention:
    """An option's word in a text."""

    option: Option
    start: int
    end: int
    negated: bool


def mentions(options: tuple[Option, ...], said: str) -> list[Mention]:
    """Finds options by their display and synonyms; the longest word wins where words overlap."""
    words = sorted(
        ((word, option) for option in options for word in (option.display, *option.synonyms) if word),
        key=lambda pair: -len(pair[0]),
    )
    found: list[Mention] = []
    for word, option in words:
        start = said.find(word)
        while start >= 0:
            end = start + len(word)
            if not any(start < other.end and other.start < end for other in found):
                negated = NEGATION.search(said[max(0, start - 4) : start]) is not None
                found.append(Mention(option, start, end, negated))
            start = said.find(word, end)
    return sorted(found, key=lambda mention: mention.start)


def read_boolean(item: Item, said: str) -> Reading | None:
    """Reads yes or no; the item's own synonyms first, then yes and no words with negation ("没有发烧" is no)."""
    exact = _exact(item.options, said)
    if exact is not None:
        return Reading(value=exact.code == "true", confidence=0.98, words=said)
    first, rest = _split_turn(_core(said))
    value = _polarity(item, first)
    if rest:
        later = _polarity(item, rest)
        if value is not None and later is not None and later != value:
            return Reading(value=later, confidence=0.4, words=said)
        value = later if value is None else value
    if value is None:
        return None
    return Reading(value=value, confidence=0.75 if SOFT.search(said) else 0.9, words=said)


def _split_turn(core: str) -> tuple[str, str]:
    match = TURN.search(core)
    if match is None or match.start() == 0:
        return core, ""
    return core[: match.start()], core[match.end() :].strip("，,。 ")


def _polarity(item: Item, core: str) -> bool | None:
    if DOUBLE_NEGATION.search(core):
        return True
    own = _own_words(item, core)
    if own is not None:
        return own
    if NO.search(core):
        return False
    if YES.search(core):
        return True
    return _somewhere(core)


def _own_words(item: Item, core: str) -> bool | None:
    """The item's synonyms of two or more characters; one-character words are too common inside others."""
    found = [mention for mention in mentions(item.options, core) if mention.end - mention.start > 1]
    if not found:
        return None
    last = found[-1]
    if last.option.code != "true":
        return False
    return not last.negated


def _somewhere(core: str) -> bool | None:
    """Yes and no words in the middle: "发烧是没有的", "最近有发烧"."""
    if re.search(r"没有|没(?!错)|不(?!错|过)|未|无", core):
        return False
    if re.search(r"有(?!没)|是(?!不)|发生|出现|在吃|吃着|用着|犯了|(?<!不)会|挺(厉害|多)", core):
        return True
    return None


def _core(said: str) -> str:
    return FILLER.sub("", said).strip("，,。 ") or said


def _exact(options: tuple[Option, ...], said: str) -> Option | None:
    bare = {said, _core(said), TAG.sub("", _core(said))} - {""}
    hits = [option for option in options if bare & {option.display, *option.synonyms}]
    return hits[0] if len(hits) == 1 else None


def read_choice(item: Item, said: str) -> Reading | None:
    """Reads one option; a negated mention rules its option out, two options left are a low confidence."""
    exact = _exact(item.options, said)
    if exact is not None:
        return Reading(value=exact.code, confidence=0.98, words=said)
    found = mentions(item.options, said)
    wanted = [mention for mention in found if not mention.negated]
    codes = list(dict.fromkeys(mention.option.code for mention in wanted))
    if not codes:
        return _only_one_left(item, found, said)
    if len(codes) > 1:
        turned = TURN.search(said)
        last = wanted[-1] if turned else max(wanted, key=lambda mention: mention.end - mention.start)
        return Reading(value=last.option.code, confidence=0.4, words=said)
    return Reading(value=codes[0], confidence=0.75 if SOFT.search(said) else 0.92, words=said)


def _only_one_left(item: Item, found: list[Mention], said: str) -> Reading | None:
    ruled_out = {mention.option.code for mention in found}
    left = [option for option in item.options if option.code not in ruled_out]
    if ruled_out and len(left) == 1:
        return Reading(value=left[0].code, confidence=0.6, words=said)
    polar = {option.code: option for option in item.options} if not found else {}
    return _yes_no_option(polar, said)


def _yes_no_option(options: dict[str, Option], said: str) -> Reading | None:
    """Plain yes and no where the options are coded yes/no or none."""
    core = _core(said)
    code: str | None
    if NO.search(core) and not re.search(r"不(知道|清楚|记得|确定)", core):
        code = next((code for code in ("no", "none", "false", "normal", "never") if code in options), None)
    elif YES.search(core):
        code = next((code for code in ("yes", "true") if code in options), None)
    else:
        code = None
    return Reading(value=code, confidence=0.75, words=said) if code else None


def read_multi_choice(item: Item, said: str) -> Reading | None:
    """Reads every option that is named and not negated; "都没有" is the option coded none where there is one."""
    found = mentions(item.options, said)
    codes = tuple(dict.fromkeys(mention.option.code for mention in found if not mention.negated))
    none = next((option.code for option in item.options if option.code in {"none", "no"}), None)
    if len(codes) > 1 and none in codes:
        codes = tuple(code for code in codes if code != none)
        return Reading(value=codes, confidence=0.5, words=said)
    if codes:
        return Reading(value=codes, confidence=0.9, words=said)
    if re.search(r"都有|全都?有|都是", said):
        every = tuple(option.code for option in item.options if option.code != none)
        return Reading(value=every, confidence=0.6, words=said)
    if none and (NO.search(_core(said)) or found):
        return Reading(value=(none,), confidence=0.85, words=said)
    return None
