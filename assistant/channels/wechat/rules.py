"""What may be sent to a person on WeChat, and as how many replies. Pure.

WeChat takes five customer-service replies per message of the person, within 48 hours of it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from assistant.channels.wechat.schemas import Contact, Incoming, Piece
from assistant.conversations.schemas import DESK_ONLY, MessageView
from dialogs.api import QuickReply, Reply

REPLIES = 5
WINDOW = timedelta(hours=48)
TEXT_BYTES = 2000
TRIES_MAX = 6
RETRY_BASE_SECONDS = 2
AUTOMATIC = "【自动回复】"
PICK = "（回复数字即可）"
IDENTIFY = (
    "请直接回复病历号和出生日期（8 位数字），中间空一格，例如：B20260001 19900101；"
    "也可以用预留手机号后四位代替出生日期。"
)
UNSENDABLE = "[语音请在网页查看]"
PICTURE_GONE = "[图片没能发出，请向工作人员索取]"

DEAD_TOKEN = frozenset({40001, 40014, 42001})
OUT_OF_WINDOW, OUT_OF_REPLIES = 45015, 45047
BUSY = frozenset({-1, 45009, 45011})


def key_of(incoming: Incoming) -> str:
    """What tells a push from its repetitions: the message's id; for events, who and when."""
    if incoming.message_id:
        return f"wx:{incoming.message_id}"
    return f"wx:{incoming.event}:{incoming.created}"[:80]


def replies_left(contact: Contact, now: datetime) -> int:
    """How many replies WeChat still takes."""
    return contact.replies_left if now - contact.last_inbound_at < WINDOW else 0


def pieces(messages: Sequence[MessageView]) -> list[Piece]:
    """The texts and pictures to send, as few replies as they fit in."""
    found: list[Piece] = []
    for message in messages:
        if message.sender == "patient" or message.source == DESK_ONLY:
            continue
        picture = message.file_id if message.kind == "picture" else None
        parts = _parts(_worded(message)) if message.text.strip() or picture is None else []
        for number, part in enumerate(parts, start=1):
            whole = number == len(parts) and picture is None
            _join(found, part, message.seq if whole else message.seq - 1)
        if picture is not None:
            found.append(Piece(text="", last_seq=message.seq, file_id=picture))
    return found


def _join(found: list[Piece], part: str, last_seq: int) -> None:
    """Puts a text into the reply before it, if it fits, or into one of its own."""
    joined = f"{found[-1].text}\n\n{part}" if found else part
    if found and found[-1].file_id is None and len(joined.encode()) <= TEXT_BYTES:
        found[-1] = Piece(text=joined, last_seq=last_seq)
    else:
        found.append(Piece(text=part, last_seq=last_seq))


def picked(text: str, offered: Sequence[QuickReply]) -> QuickReply | None:
    """The choice that a number stands for."""
    plain = text.strip().rstrip(".。、")
    choices = [one for one in offered if one.is_question]
    if plain.isdecimal() and 1 <= int(plain) <= len(choices):
        return choices[int(plain) - 1]
    return None


def retry_at(tries: int, now: datetime) -> datetime:
    """When to try again after so many failures."""
    return now + timedelta(seconds=RETRY_BASE_SECONDS ** min(tries, 8))


def _worded(message: MessageView) -> str:
    text = message.text or (UNSENDABLE if message.file_id else "")
    if message.sender != "bot":
        return text
    reply = Reply.model_validate_json(message.reply) if message.reply else None
    choices = [one for one in reply.quick_replies if one.is_question] if reply else []
    lines = [f"{number}. {one.label}" for number, one in enumerate(choices, start=1)]
    links = [f"{link.title}：{link.url}" for link in reply.answer.links] if reply and reply.answer else []
    how = [IDENTIFY] if reply and any(one.choice == "identify" for one in reply.quick_replies) else []
    return "\n".join([AUTOMATIC + text, *how, *lines, *([PICK] if lines else []), *links])


def _parts(text: str) -> list[str]:
    """A text cut where WeChat's limit of bytes asks for it."""
    parts, part = [], ""
    for character in text:
        if len((part + character).encode()) > TEXT_BYTES:
            parts.append(part)
            part = ""
        part += character
    return [*parts, part] if part else parts
