"""Pure decisions on what was asked: personal data taken out of a text, who votes."""

import re
from collections.abc import Mapping
from uuid import UUID

HIDDEN = "＊"
PERSONAL = (
    re.compile(r"(?<![0-9a-z])[0-9]{17}[0-9xX]|(?<![0-9])[0-9]{15}(?![0-9])"),  # identity numbers
    re.compile(r"(?:\+?86[- ]?)?1[3-9][0-9][- ]?[0-9]{4}[- ]?[0-9]{4}"),  # mobile phones
    re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII),
    re.compile(r"(?<=微信)[号是:： ]*[a-zA-Z][\w-]{5,19}"),
    re.compile(r"(?i)(?<![a-z0-9])[a-z]{0,3}[0-9]{6,}(?![0-9])"),  # record, bed, order and phone numbers
)
NAMED = re.compile(
    r"((?:我叫|我是|名字是|名字叫|姓名[是:：]?|患者[是:：]?|病人[是:：]?)\s*)([\u4e00-\u9fff]{2,4}?)(?=[，。,.；;！!？?\s]|$|的|想|要|在)"
)
TITLED = re.compile(r"([\u4e00-\u9fff])[\u4e00-\u9fff]{0,2}(?=先生|女士|小姐|太太|大爷|大妈|阿姨)")
NOT_NAMES = frozenset(
    "病人 患者 家属 孕妇 产妇 女儿 儿子 妈妈 爸爸 老公 老婆 丈夫 妻子 本人 外地 本地 新患者 第一次".split()  # noqa: SIM905 - read at once
)
MAX_KEPT = 1_000
BRACES = re.compile(r"\{([a-z0-9_]+)\}")


def scrub(text: str) -> str:
    """A text without numbers, addresses and names that tell who somebody is; at most MAX_KEPT characters."""
    plain = text[:MAX_KEPT]
    for pattern in PERSONAL:
        plain = pattern.sub(HIDDEN * 3, plain)
    plain = NAMED.sub(
        lambda found: found.group() if found.group(2) in NOT_NAMES else found.group(1) + HIDDEN * 2, plain
    )
    return TITLED.sub(HIDDEN, plain).strip()


def fill(text: str, placeholders: Mapping[str, str]) -> str:
    """A text with what the hospital filled in for its placeholders; an unknown one stays as it stands."""
    return BRACES.sub(lambda found: placeholders.get(found.group(1), found.group()), text)


def voter(patient_id: UUID | None, conversation_id: UUID | None, asked_id: UUID) -> str:
    """Whose vote it is: one per patient, else per conversation, else per answer."""
    return str(patient_id or conversation_id or asked_id)


def vote_change(before: bool | None, now: bool) -> tuple[int, int]:
    """What a vote adds to (useful, useless), given the voter's earlier vote on the same revision."""
    useful = int(now) - int(before is True)
    useless = int(not now) - int(before is False)
    return useful, useless
