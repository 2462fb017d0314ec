"""Small pieces that decide when the patient has said or pressed something."""

import re
from collections.abc import Sequence

SURE = 0.95
UNSURE = 0.3
"""What the dialogue is told of words below the model's threshold: always asked back, whatever else speaks for them."""
BACKCHANNEL = re.compile(
    r"(?:嗯+|唔+|哦+|噢+|喔+|啊+|哎|诶|好的?|好吧|行|对的?|是的?|我?(?:知道|明白|晓得)了?|这样啊?|[，,。、\s])+"
)


def is_backchannel(text: str) -> bool:
    """Whether words only say that one listens: 嗯, 好的, 知道了."""
    return BACKCHANNEL.fullmatch(text) is not None


class KeyCollector:
    """Collects keys until they make an answer.

    Args:
        hint: Keys that are awaited; a range such as `0-9` among them means a number ended by #, else every key is an
            answer by itself.
    """

    def __init__(self, hint: Sequence[str]) -> None:
        self._number = any(len(key) > 1 for key in hint)
        self._keys = ""

    def press(self, digit: str) -> str | None:
        """Takes a key; returns the answer when it is whole: `2` for an option, `38*5#` for 38.5."""
        if not self._number:
            return digit
        self._keys += digit
        return self.take() if digit == "#" else None

    def take(self) -> str | None:
        """The number so far, ended by # also where the patient's pause ended it; None if nothing was pressed."""
        keys, self._keys = self._keys, ""
        return keys.rstrip("#") + "#" if keys else None
