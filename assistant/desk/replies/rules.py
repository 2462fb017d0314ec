"""Placeholders of canned replies. Pure."""

import re
from collections.abc import Mapping

PLACE = re.compile(r"\{([\u4e00-\u9fff]{1,10})\}")
PLACEHOLDERS = ("称呼", "我的姓名", "医院", "科室", "今天", "就诊卡后四位")


def placeholders(text: str) -> tuple[str, ...]:
    """The known placeholders of a text, each once."""
    return tuple(dict.fromkeys(name for name in PLACE.findall(text) if name in PLACEHOLDERS))


def unknown(text: str) -> tuple[str, ...]:
    """Places that look like placeholders and are none."""
    return tuple(dict.fromkeys(name for name in PLACE.findall(text) if name not in PLACEHOLDERS))


def render(text: str, values: Mapping[str, str | None]) -> tuple[str, tuple[str, ...]]:
    """The text with its places filled, and the places that have no value."""
    missing = tuple(name for name in placeholders(text) if not values.get(name))
    return PLACE.sub(lambda match: values.get(match[1]) or match[0], text), missing
