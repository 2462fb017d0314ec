"""Sends what was said to people on WeChat: claimed by a lease, within the budget, held where WeChat takes no more.

After a crash between WeChat's "ok" and our commit a reply is sent a second time: better twice than never.
"""

from datetime import timedelta
from uuid import UUID

from assistant.channels.files import service as files
from assistant.channels.wechat import repository, rules
from assistant.channels.wechat.client import WechatRefused
from assistant.channels.wechat.schemas import Contact, Piece
from assistant.channels.wechat.service import WechatRuntime
from assistant.conversations import service as conversations
from core_api.kit.db import new_id
from core_api.kit.errors import NotFound

LEASE = timedelta(minutes=2)
AT_ONCE = 50
UNSENT_MAX = 100
HELD = "微信暂不能再发消息给患者（超过 48 小时，或已回复满 5 条），未发出的内容会在患者下次来信后自动发出。"
FAILED = "消息没能通过微信发给患者，请改用电话联系。"


def send_due(runtime: WechatRuntime) -> int:
    """Sends to everybody for whom something waits; tells to how many."""
    with runtime.assistant.sessions.begin() as session:
        waiting = repository.due(session, runtime.assistant.clock.now(), AT_ONCE)
    return sum(send(runtime, contact_id) for contact_id in waiting)


def send(runtime: WechatRuntime, contact_id: UUID) -> bool:
    """Sends to one person; False where another process does, or nothing waits."""
    now = runtime.assistant.clock.now()
    with runtime.assistant.sessions.begin() as session:
        if not repository.lease(session, contact_id, now, now + LEASE):
            return False
        contact = repository.contact_by_id(session, contact_id)
        if contact is None or contact.account not in runtime.accounts:
            return False
        unsent = conversations.page(session, contact.conversation_id, after=contact.sent_seq, limit=UNSENT_MAX)
    _send_all(runtime, contact, rules.pieces(unsent))
    with runtime.assistant.sessions.begin() as session:
        repository.release(session, contact_id, contact.due_at)
    return True


def _send_all(runtime: WechatRuntime, contact: Contact, waiting: list[Piece]) -> None:
    left = rules.replies_left(contact, runtime.assistant.clock.now())
    for piece in waiting:
        if left <= 0:
            _hold(runtime, contact, HELD)
            return
        try:
            _send(runtime, contact, piece)
        except WechatRefused as refused:
            _refused(runtime, contact, refused.code)
            return
        left -= 1
        with runtime.assistant.sessions.begin() as session:
            sent = {"sent_seq": piece.last_seq, "replies_left": left, "tries": 0}
            repository.change(session, contact.id, sent)


def _send(runtime: WechatRuntime, contact: Contact, piece: Piece) -> None:
    account = runtime.accounts[contact.account]
    if piece.file_id is None:
        runtime.client.send_text(account, contact.openid, piece.text)
        return
    try:
        with runtime.assistant.sessions.begin() as session:
            view, content = files.read(session, runtime.data_dir, piece.file_id, contact.conversation_id)
    except NotFound:
        runtime.client.send_text(account, contact.openid, rules.PICTURE_GONE)
        return
    runtime.client.send_picture(account, contact.openid, content, view.media_type)


def _refused(runtime: WechatRuntime, contact: Contact, code: int) -> None:
    if code in {rules.OUT_OF_WINDOW, rules.OUT_OF_REPLIES}:
        _hold(runtime, contact, HELD)
    elif code in rules.BUSY and contact.tries + 1 < rules.TRIES_MAX:
        retry_at = rules.retry_at(contact.tries + 1, runtime.assistant.clock.now())
        with runtime.assistant.sessions.begin() as session:
            repository.change(session, contact.id, {"tries": contact.tries + 1, "due_at": retry_at})
    else:
        _hold(runtime, contact, FAILED)


def _hold(runtime: WechatRuntime, contact: Contact, why: str) -> None:
    """Keeps what is unsent until the person writes again, and lets staff know."""
    with runtime.assistant.sessions.begin() as session:
        repository.change(session, contact.id, {"held": True, "due_at": None, "replies_left": 0})
        clock = runtime.assistant.clock
        conversations.note(session, contact.conversation_id, why, clock, f"held:{new_id()}")
        conversations.hand_over(session, contact.conversation_id, clock)
