"""The safety gate: which dangers a message states of the patient now. Pure.

A rule finds the words of a sign; cues around them (denied, somebody else's, years ago, over, asked about, supposed, a
manner of speaking) take its urgency away. What remains is a red flag.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from assistant.safety.reading import Readable, Sentence, clause_end, clause_start, readable, sentences, temperatures
from assistant.safety.ruleset import Cue, Family, Rule, Ruleset, shipped
from assistant.safety.schemas import Checked, Facts, NearMiss, Reason, RedFlag

NOTHING_KNOWN = Facts()
NOTHING_FOUND = Checked(flags=(), near_misses=())
AHEAD_CHARS = 60
BEHIND_CHARS = 40
MAX_SIGNS = 400
"""Signs looked at per rule; a message with more is one that repeats itself."""


@dataclass(frozen=True)
class _Sign:
    start: int
    end: int
    value: float | None = None


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
    flags: list[RedFlag] = []
    misses: list[NearMiss] = []
    for family in ruleset.families:
        found = _family(message, family, facts)
        if isinstance(found, RedFlag):
            flags.append(found)
        else:
            misses.extend(found)
    return Checked(flags=tuple(flags), near_misses=tuple(misses))


def _family(message: Readable, family: Family, facts: Facts) -> RedFlag | list[NearMiss]:
    misses: list[NearMiss] = []
    for rule in family.rules:
        if not any(anchor in message.text for anchor in rule.document.anchors):
            continue
        for sentence, sign in _signs(message.text, rule):
            refusal = _refusal(message.text, sentence, sign, rule, facts)
            if refusal is None:
                return _flag(message, family, rule, sign)
            misses.append(_miss(message, family, sign, *refusal))
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
    return found if len(found) <= MAX_SIGNS else [*found[: MAX_SIGNS // 2], *found[-MAX_SIGNS // 2 :]]


def _signs_in(text: str, sentence: Sentence, rule: Rule) -> Iterator[_Sign]:
    if rule.document.threshold is not None:
        for value, start, end in temperatures(text[sentence.start : sentence.end]):
            yield _Sign(sentence.start + start, sentence.start + end, value)
    if rule.pattern is not None:
        for match in rule.pattern.finditer(text, sentence.start, sentence.end):
            yield _Sign(match.start(), match.end())


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
    begin = max(sentence.start, sign.start - AHEAD_CHARS)
    where = cue.document.where
    if where == "inside":
        match = cue.pattern.search(text, sign.start, sign.end)
        return match[0] if match else None
    if where == "behind":
        return _behind(text, sign, cue, min(len(text), max(sentence.end, sign.end) + BEHIND_CHARS // 2))
    if where == "after":
        match = cue.pattern.match(text, sign.end, clause_end(text, sign.end, sentence.end) + 1)
        return match[0] if match else None
    if where in {"before", "clause"}:
        begin = max(begin, clause_start(text, sentence.start, sign.start)) if where == "clause" else begin
    ahead = text[begin : sign.start]
    if where == "before":
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
