"""What a text wants to know (how much, when, where, whether) and of what: entries on one subject are told apart by it.

Wordings that share nearly all their terms may want different things: 冷冻费多少钱 and 冷冻费怎么交. Pure.
"""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

AIMS = (
    "多少钱|几多钱|价格|收费|贵|费|花销",
    "什么时候|几点|几号|时间|哪天|周几|星期",
    "多久|几天|多长|几个月|几年",
    "哪里|在哪|地址|怎么走|几楼|位置|地方",
    "能不能|可以|能|行不行|行不|可不可|允许|得不得",
    "怎么|流程|步骤|手续|如何",
    "为什么|为啥|原因",
    "谁|找",
    "要带|材料|证件|带什么",
    "几次|多少次|几回|几个|几支",
    "怎么办",
    "不能|没|不|别",
    "丢|弄没|找不到|不见",
    "忘|错过|晚了",
    "胚胎|囊胚",
    "卵",
    "精",
    "取卵",
    "移植",
    "肾",
    "肝",
    "冻",
    "解冻|复苏",
    "家属|老婆|老公|爱人|我妈|我爸|家里人|陪",
    "报告|结果",
    "寄|邮|快递",
    "药",
    "血",
    "疼|痛",
    "针",
)
"""A pattern for each aim, of texts as `Analyser.clean` leaves them; at most 63, one bit each."""
_PATTERNS = tuple(re.compile(aim) for aim in AIMS)
Aims = NDArray[np.int64]


def of_texts(cleaned: Sequence[str]) -> Aims:
    """The aims of each text, a bit each, shape (texts,). No text may hold a line break."""
    found = np.zeros(len(cleaned), np.int64)
    ends = np.cumsum([len(text) + 1 for text in cleaned])
    joined = "\n".join(cleaned)
    for bit, pattern in enumerate(_PATTERNS):
        places = [match.start() for match in pattern.finditer(joined)]
        found[np.searchsorted(ends, places, side="right")] |= 1 << bit
    return found


def agreement(question: int, wordings: Aims) -> tuple[float, float, float]:
    """How far a question wants what an entry's wordings want.

    Args:
        question: The question's aims.
        wordings: Those of the entry's wordings, one or more.

    Returns:
        The share of the wordings that have an aim of the question's, over its aims; the share of all aims that the
        question has and no wording; and of those that most wordings have and the question has not.
    """
    bits = np.arange(len(AIMS))
    wanted = (question >> bits & 1).astype(bool)
    shares = (wordings[:, None] >> bits & 1).mean(axis=0)
    met = float(shares[wanted].mean()) if wanted.any() else 0.0
    return met, float((wanted & (shares == 0)).mean()), float((~wanted & (shares > 1 / 2)).mean())
