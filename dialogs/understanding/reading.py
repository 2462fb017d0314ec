"""Reads one answer to one item, by the item's type."""

import re
from datetime import datetime

from core_api.questionnaires.schemas import Item
from dialogs.understanding.choices import read_boolean, read_choice, read_multi_choice
from dialogs.understanding.dates import read_date
from dialogs.understanding.numbers import read_number
from dialogs.understanding.positions import read_bare_number, read_part, read_position, read_positions
from dialogs.understanding.schemas import Reading

__all__ = ["Reading", "read_answer", "refuses", "skips", "unsure"]

UNSURE = re.compile(
    r"不知道|不(太|大|是很)?(清楚|确定|记得|晓得|好说|了解)|记不(清|得|起|住)|说不(清|好|准|上来)|想不起|忘(记)?了|没(注意|留意|量|测|数)"
)
SKIP = re.compile(r"^(跳过|先跳过|下一(个|题)|过(吧)?$|pass|不答|不回答)|(跳过|换一(个|题)|问下一(个|题))")
REFUSE = re.compile(
    r"不想(说|回答|讲|告诉)|不(愿意|方便)(说|回答|讲|告诉|透露)|(这是|属于)?隐私|不告诉你|拒绝回答|凭什么(告诉|问)"
)
TEXT_LIMIT = 500
EXACT = 0.95


def read_answer(item: Item, words: str, today: datetime) -> Reading | None:
    """Reads words as an answer to an item.

    Args:
        item: The item that was asked.
        words: What the patient said, as recognised.
        today: Now in the hospital's zone; relative dates count from it.

    Returns:
        The value in the item's type with a confidence in 0..1, or None when the words hold no answer.
    """
    said = words.strip().strip("。，,.！!？? ")
    if not said:
        return None
    if item.type in {"boolean", "choice", "multi_choice"}:
        reading = _read_option(item, said)
        # "不知道" is no "no", unless an option says just that.
        left_out = (unsure(said) or skips(said) or refuses(said)) and (reading is None or reading.confidence < EXACT)
        return None if left_out else reading
    if item.type in {"integer", "decimal"}:
        return read_number(item, said)
    if item.type == "date":
        return read_date(said, today)
    return Reading(value=said[:TEXT_LIMIT], confidence=0.9, words=words) if item.type == "text" else None


def _read_option(item: Item, said: str) -> Reading | None:
    if item.type == "boolean":
        return read_position(item, said) or read_boolean(item, said)
    if item.type == "choice":
        return (
            read_position(item, said)
            or read_choice(item, said)
            or read_bare_number(item, said)
            or read_part(item, said)
        )
    return read_positions(item, said) or read_multi_choice(item, said) or read_part(item, said)


def unsure(words: str) -> bool:
    """Whether the patient says that they do not know."""
    return UNSURE.search(words) is not None


def skips(words: str) -> bool:
    """Whether the patient asks for the next question."""
    return SKIP.search(words) is not None


def refuses(words: str) -> bool:
    """Whether the patient will not say."""
    return REFUSE.search(words) is not None
