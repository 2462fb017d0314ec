"""What is heard before anybody answers: the exchange's tones, and its announcements by their words."""

import re
from collections import deque
from typing import Final, Literal

from telephony.carriers.asterisk.tones import ToneListener

Heard = Literal[
    "ringback", "busy", "congestion", "vacant", "switched_off", "suspended", "voicemail", "no_answer", "rejected"
]

# First match counts: an announcement of an empty number may also ask to check it and dial again later.
ANNOUNCEMENTS: Final[tuple[tuple[Heard, re.Pattern[str]], ...]] = (
    ("vacant", re.compile(r"空号|号码不存在|号码有误|已改号|未启用")),
    ("suspended", re.compile(r"停机|欠费|暂停服务")),
    ("switched_off", re.compile(r"关机|不在服务区|无法接通")),
    ("voicemail", re.compile(r"语音信箱|留言|秘书|小助手")),
    ("busy", re.compile(r"正在通话|通话中|用户忙|正忙|占线")),
    ("rejected", re.compile(r"不方便接听|拒绝|呼入限制")),
    ("no_answer", re.compile(r"无人接听|暂时无人|没有应答")),
)
KEPT_FRAMES: Final = 500
DECISIVE: Final[frozenset[Heard]] = frozenset({"busy", "congestion", "vacant", "switched_off", "suspended", "rejected"})


def announced(text: str) -> Heard | None:
    """What an announcement's words mean; None if they mean nothing to us."""
    return next((heard for heard, words in ANNOUNCEMENTS if words.search(text)), None)


class EarlyMedia:
    """Listens until somebody answers; never speaks. Keeps the last seconds, where an announcement would be."""

    def __init__(self) -> None:
        self._tones = ToneListener()
        self._last: deque[bytes] = deque(maxlen=KEPT_FRAMES)
        self.heard: Heard | None = None

    @property
    def sound(self) -> bytes:
        """The last seconds as int16."""
        return b"".join(self._last)

    def take(self, pcm: bytes) -> bool:
        """Takes 20 ms of int16; True once, when nobody can be expected to answer any more."""
        self._last.append(pcm)
        return self._learn(self._tones.take(pcm))

    def take_words(self, text: str) -> bool:
        """Takes recognised words; True as for audio."""
        return self._learn(announced(text))

    def _learn(self, heard: Heard | None) -> bool:
        if heard is None or heard == self.heard or self.heard in DECISIVE:
            return False
        self.heard = heard
        return heard in DECISIVE
