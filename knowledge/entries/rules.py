"""Pure decisions on entries: who may review, when an entry answers, how it is rated, what changed."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from difflib import SequenceMatcher

from knowledge.entries.schemas import AnswerClass, Content, FieldDifference, Flag, Part, Person

CLINICIAN = "clinician"
CLINICAL: frozenset[AnswerClass] = frozenset({"education", "advice"})
READ_BY_PATIENTS: frozenset[AnswerClass] = frozenset({"service", "education"})
WARN_BEFORE = timedelta(days=14)
Z_95 = 1.96
"""Two-sided 95 % of the normal distribution."""
MIN_USEFUL_SHARE = 0.5
TITLES = {
    "question": "问题",
    "variants": "相似问",
    "text_chat": "文字答案",
    "text_voice": "电话答案",
    "links": "链接",
    "pictures": "图片",
    "department": "科室",
    "audience": "适用人群",
    "answer_class": "答案类别",
    "valid_from": "生效时间",
    "valid_until": "失效时间",
}


def may_review(answer_class: AnswerClass, author: Person, reviewer: Person) -> str | None:
    """None when the reviewer may decide, else the code of the refusal."""
    if reviewer.id is None or reviewer.id == author.id:
        return "own_revision"
    if answer_class in CLINICAL and CLINICIAN not in reviewer.roles:
        return "clinician_needed"
    return None


def flags(valid_until: datetime | None, is_sample: bool, paused_at: datetime | None, now: datetime) -> tuple[Flag, ...]:
    """What an entry's readers should know at a glance."""
    found: list[Flag] = []
    if is_sample:
        found.append("sample")
    if valid_until is not None and valid_until <= now:
        found.append("expired")
    elif valid_until is not None and valid_until <= now + WARN_BEFORE:
        found.append("expiring")
    if paused_at is not None:
        found.append("paused")
    return tuple(found)


def wilson(useful: int, useless: int) -> tuple[float, float]:
    """Lower and upper end of the 95 % interval of the share of useful votes (Wilson 1927); (0, 1) without votes."""
    votes = useful + useless
    if votes == 0:
        return 0.0, 1.0
    share, z2 = useful / votes, Z_95 * Z_95
    middle = share + z2 / (2 * votes)
    spread = Z_95 * math.sqrt(share * (1 - share) / votes + z2 / (4 * votes * votes))
    whole = 1 + z2 / votes
    return (middle - spread) / whole, (middle + spread) / whole


def score(useful: int, useless: int) -> float | None:
    """The share of useful votes that can be relied on; None without votes."""
    return round(wilson(useful, useless)[0], 3) if useful + useless else None


def has_fallen(useful: int, useless: int) -> bool:
    """Whether even the kindest reading of the votes says that fewer than half find the answer useful."""
    return wilson(useful, useless)[1] < MIN_USEFUL_SHARE


def differences(before: Content, after: Content) -> tuple[FieldDifference, ...]:
    """The fields that changed, their texts piece by piece."""
    found = []
    for name, title in TITLES.items():
        was, now = _text(getattr(before, name)), _text(getattr(after, name))
        if was != now:
            found.append(FieldDifference(field=name, title=title, before=was, after=now, parts=_parts(was, now)))
    return tuple(found)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return "\n".join(f"{one.title} {one.url}" if hasattr(one, "url") else str(one) for one in value)
    return str(value)


def _parts(before: str, after: str) -> tuple[Part, ...]:
    parts: list[Part] = []
    for kind, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            parts.append(Part(kind="same", text=before[a:b]))
            continue
        parts += _changed(before[a:b], after[c:d])
    return tuple(parts)


def _changed(removed: str, added: str) -> Sequence[Part]:
    gone = [Part(kind="removed", text=removed)] if removed else []
    return [*gone, *([Part(kind="added", text=added)] if added else [])]
