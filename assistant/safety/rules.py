"""The safety gate: which dangers a message states of the patient now. Pure.

A rule finds the words of a sign; cues around them (denied, somebody else's, years ago, over, asked about, supposed, a
manner of speaking) take its urgency away. What remains is a red flag.
"""

import re
from collections.abc import Iterator, Set
from dataclasses import dataclass
from typing import TypeVar

from assistant.safety.reading import Readable, Sentence, clause_end, clause_start, readable, sentences, temperatures
from assistant.safety.ruleset import Couple, Cue, Family, Rule, Ruleset, shipped
from assistant.safety.schemas import Checked, Facts, NearMiss, Reason, RedFlag

Found = TypeVar("Found")
NOTHING_KNOWN = Facts()
NOTHING_FOUND = Checked(flags=(), near_misses=())
AHEAD_CHARS = 60
BEHIND_CHARS = 40
MAX_HALF_CHARS = 24
OPENING = re.compile(
    r"(?:请问|问一?下|想问|我?想|你好|您好|医生|大夫|护士|那|那么|[,:]"
    r"|(?:透析|移植|术后|怀孕|取卵|手术)(?:病人|患者|的人|以?后|术后|期间)*)*"
)
"""What may stand before a question about a sign in general: nobody and no time."""
MAX_SIGNS = 400
"""Signs looked at per rule; a message with more is one that repeats itself."""


@dataclass(frozen=True)
class _Sign:
    """A sign's place; `second` is where a pair's later half begins."""

    start: int
    end: int
    value: float | None = None
    second: int | None = None

    @property
    def starts(self) -> tuple[int, ...]:
        return (self.start,) if self.second is None else (self.start, self.second)


def check(text: str | None, facts: Facts = NOTHING_KNOWN, rules: Ruleset | None = None) -> tuple[RedFlag, ...]:
    """The red flags of a message, at most one of each family, the document's order.

    Args:
        text: As written or heard; any length.
        facts: What the record says of the patient.
        rules: The shipped ones when absent.
    """
    return explain(text, facts, rules).flags


def explain(text: str | None, facts: Facts = NOTHING_KNOWN, rules: Ruleset | None = None) -> Checked:
    """The red flags of a message, and the words that met a rule and yet do not count."""
    if not text or not text.strip():
        return NOTHING_FOUND
    ruleset = rules or shipped()
    message = readable(text, ruleset.document.respell, ruleset.respelling)
    letters = frozenset(message.text)
    flags: list[RedFlag] = []
    misses: list[NearMiss] = []
    for family in ruleset.families:
        found = _family(message, letters, family, facts)
        if isinstance(found, RedFlag):
            flags.append(found)
        else:
            misses.extend(found)
    return Checked(flags=tuple(flags), near_misses=tuple(misses))


def _family(message: Readable, letters: Set[str], family: Family, facts: Facts) -> RedFlag | list[NearMiss]:
    misses: list[NearMiss] = []
    for rule in family.rules:
        if rule.heads.isdisjoint(letters) or not any(anchor in message.text for anchor in rule.document.anchors):
            continue
        for sentence, sign in _signs(message.text, rule):
            refusal = _refusal(message.text, sentence, sign, rule, facts)
            if refusal is None:
                return _flag(message, family, rule, sign)
            miss = _miss(message, family, sign, *refusal)
            if not any(miss.start < one.end and one.start < miss.end for one in misses):
                misses.append(miss)
    return misses


def _signs(text: str, rule: Rule) -> list[tuple[Sentence, _Sign]]:
    """The signs of a rule; of too many the first and the last ones."""
    anchors = rule.document.anchors
    found = [
        (sentence, sign)
        for sentence in sentences(text)
        if any(text.find(anchor, sentence.start, sentence.end) >= 0 for anchor in anchors)
        for sign in _signs_in(text, sentence, rule)
    ]
    return _bounded(found)


def _bounded(found: list[Found]) -> list[Found]:
    """Of too many the first and the last ones."""
    return found if len(found) <= MAX_SIGNS else [*found[: MAX_SIGNS // 2], *found[-MAX_SIGNS // 2 :]]


def _signs_in(text: str, sentence: Sentence, rule: Rule) -> Iterator[_Sign]:
    if rule.document.threshold is not None:
        for value, start, end in temperatures(text[sentence.start : sentence.end]):
            yield _Sign(sentence.start + start, sentence.start + end, value)
    if rule.pattern is not None:
        for match in rule.pattern.finditer(text, sentence.start, sentence.end):
            yield _Sign(match.start(), match.end())
    for couple in rule.couples:
        yield from _coupled(text, sentence, couple)


def _coupled(text: str, sentence: Sentence, couple: Couple) -> Iterator[_Sign]:
    """Each half of the first kind with each of the other kind that is near enough, on either side of it."""
    reach = couple.within + MAX_HALF_CHARS
    for match in _bounded(list(couple.one.finditer(text, sentence.start, sentence.end))):
        begin, end = max(sentence.start, match.start() - reach), min(sentence.end, match.end() + reach)
        for other in couple.other.finditer(text, begin, end):
            first, second = sorted((match.span(), other.span()))
            if not 0 <= second[0] - first[1] <= couple.within:
                continue
            if couple.apart is None or couple.apart.search(text, first[1], second[0]) is None:
                yield _Sign(first[0], second[1], second=second[0])


def _refusal(text: str, sentence: Sentence, sign: _Sign, rule: Rule, facts: Facts) -> tuple[Reason, str] | None:
    """Why a sign does not count, and by which words; None when it counts."""
    threshold = rule.document.threshold
    if threshold is not None and sign.value is not None and sign.value < threshold.at_least:
        return "below_threshold", f"{sign.value:.1f}"
    idiom = _overlapping(rule.unless, text, sentence, sign)
    if idiom is not None:
        return "idiom", idiom
    for cue in rule.cues:
        words = _cue_words(text, sentence, sign, cue)
        if words is not None and not _lifted(text, sign, cue):
            return cue.document.reason, words
    return None if _fits(text, rule, facts) else ("missing_fact", "、".join(rule.document.needs))


def _fits(text: str, rule: Rule, facts: Facts) -> bool:
    needs = rule.document.needs
    if not needs or any(getattr(facts, need) for need in needs):
        return True
    return rule.context is not None and rule.context.search(text) is not None


def _overlapping(unless: re.Pattern[str] | None, text: str, sentence: Sentence, sign: _Sign) -> str | None:
    if unless is None:
        return None
    begin = max(sentence.start, sign.start - AHEAD_CHARS)
    for match in unless.finditer(text, begin, min(sentence.end, sign.end + BEHIND_CHARS)):
        if match.start() < sign.end and match.end() > sign.start:
            return match[0]
    return None


def _cue_words(text: str, sentence: Sentence, sign: _Sign, cue: Cue) -> str | None:
    where = cue.document.where
    if where == "inside":
        match = cue.pattern.search(text, sign.start, sign.end)
        return match[0] if match else None
    if where == "behind":
        return _behind(text, sign, cue, min(len(text), max(sentence.end, sign.end) + BEHIND_CHARS // 2))
    if where == "bare" and not OPENING.fullmatch(text, sentence.start, sign.start):
        return None
    if where in {"after", "bare"}:
        match = cue.pattern.match(text, sign.end, clause_end(text, sign.end, sentence.end) + 1)
        return match[0] if match else None
    for start in sign.starts:
        words = _ahead(text, sentence, start, cue)
        if words is not None:
            return words
    return None


def _ahead(text: str, sentence: Sentence, start: int, cue: Cue) -> str | None:
    """The words of a cue that stands before a place, at once or at some distance."""
    begin = max(sentence.start, start - AHEAD_CHARS)
    if cue.document.where in {"before", "clause"}:
        begin = clause_start(text, begin, start)
    ahead = text[begin:start]
    if cue.document.where == "before":
        match = cue.pattern.search(ahead)
        return match[0] if match else None
    return _last_standing(ahead, cue)


def _lifted(text: str, sign: _Sign, cue: Cue) -> bool:
    return cue.lift is not None and cue.lift.search(text, sign.end, sign.end + BEHIND_CHARS) is not None


def _last_standing(ahead: str, cue: Cue) -> str | None:
    """The last cue of a stretch, unless words after it lift it."""
    last = None
    for match in cue.pattern.finditer(ahead):
        last = match
    if last is None or (cue.reset is not None and cue.reset.search(ahead, last.start())):
        return None
    return last[0]


def _behind(text: str, sign: _Sign, cue: Cue, end: int) -> str | None:
    end = min(end, sign.end + BEHIND_CHARS)
    match = cue.pattern.search(text, sign.end, end)
    if match is None or (cue.reset is not None and cue.reset.search(text, sign.end, end)):
        return None
    return match[0]


def _flag(message: Readable, family: Family, rule: Rule, sign: _Sign) -> RedFlag:
    told = family.document
    return RedFlag(
        family=told.key,
        rule_key=rule.document.key,
        title=told.title,
        text=told.text,
        wording_chat=told.wording_chat,
        wording_voice=told.wording_voice,
        level=told.level,
        gravity=told.gravity,
        also_chat=told.also_chat,
        also_voice=told.also_voice,
        words=message.text[sign.start : sign.end],
        start=message.place(sign.start),
        end=message.place(sign.end - 1) + 1,
    )


def _miss(message: Readable, family: Family, sign: _Sign, reason: Reason, cue: str) -> NearMiss:
    return NearMiss(
        family=family.document.key,
        title=family.document.title,
        words=message.text[sign.start : sign.end],
        start=message.place(sign.start),
        end=message.place(sign.end - 1) + 1,
        reason=reason,
        cue=cue,
    )
