"""Saying who one is on WeChat: two facts of the record bind an open id to a patient, until it is unbound or quiet."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from assistant.channels.bindings.schemas import Binding
from assistant.channels.wechat import claims, repository
from assistant.channels.wechat.schemas import Contact
from assistant.conversations import service as conversations
from assistant.conversations.schemas import NewMessage
from assistant.identifying import service as identifying
from assistant.identifying.service import Writer
from core_api.kit.clock import Clock
from core_api.kit.db import Sessions
from core_api.kit.errors import ServiceError
from core_api.patients import service as patients
from core_api.patients.identifying import Claim

BOUND_FOR = timedelta(days=90)
"""Somebody who has not written for so long says again who they are."""
WRITER = "wechat_contact"
HIDDEN = "[身份核对信息，已隐藏]"
BOUND = (
    "身份已核对：{name}。现在可以在这里查询您本人的治疗日期、随访安排和欠费。这个微信号换人使用时，请回复“解除绑定”。"
)
UNBOUND = "已解除身份绑定，之后不再显示个人信息。需要时可重新核对。"
NOT_BOUND = "您目前没有绑定身份。"


def take(sessions: Sessions, contact: Contact, key: str, text: str, clock: Clock) -> bool:
    """Takes a message that says who somebody is, or that they are nobody any more; False for any other message.

    What was claimed is not kept: the conversation shows only that something was. While a person of ours owns the
    conversation, they read what is written. The same message again changes nothing.
    """
    claim, unbinds = claims.claim_of(text), claims.unbinds(text)
    if claim is None and not unbinds:
        return False
    with sessions.begin() as session:
        now = conversations.conversation(session, contact.conversation_id, lock=True)
        if conversations.known(session, now.id, key) is not None:
            return claim is None or now.owner_id is None
        if claim is not None and now.owner_id is not None:
            return False
        _keep(session, now.id, key, HIDDEN if claim else text, clock)
        if claim is not None:
            identifying.note_try(session, _writer(contact), claim, clock)
    if claim is None:
        with sessions.begin() as session:
            _say(session, contact, key, _unbound(session, contact, clock), clock)
    else:
        _claimed(sessions, contact, key, claim, clock)
    return True


def goes_on(session: Session, contact: Contact, clock: Clock) -> None:
    """Somebody who is known wrote: they stay known."""
    if contact.identified(clock.now()):
        repository.change(session, contact.id, {"identified_until": clock.now() + BOUND_FOR})


def bindings(session: Session, patient_id: UUID, clock: Clock) -> list[Binding]:
    """Everybody on WeChat who is known as a patient."""
    return [
        Binding(conversation_id=one.conversation_id, channel="wechat", seen_at=one.last_inbound_at, until=until)
        for one in repository.identified_as(session, patient_id, clock.now())
        if (until := one.identified_until) is not None
    ]


def unbind(session: Session, conversation_id: UUID, clock: Clock) -> UUID | None:
    """Knows the person of a conversation no more; tells whom they were known as.

    What WeChat's limit kept back until they write again was meant for that patient and is never sent.
    """
    known = repository.contact_of(session, conversation_id)
    if known is None or not known.identified(clock.now()):
        return None
    values: dict[str, object] = {"patient_id": None, "identified_until": None}
    if known.held:
        values["sent_seq"] = conversations.conversation(session, conversation_id).last_seq
    repository.change(session, known.id, values)
    return known.patient_id


def _claimed(sessions: Sessions, contact: Contact, key: str, claim: Claim, clock: Clock) -> None:
    try:
        with sessions.begin() as session:
            words = _bound(session, contact, claim, clock)
            _say(session, contact, key, words, clock)
    except ServiceError as refused:
        with sessions.begin() as session:
            _say(session, contact, key, f"{refused.message}。", clock)


def _bound(session: Session, contact: Contact, claim: Claim, clock: Clock) -> str:
    patient_id = identifying.identify(session, _writer(contact), claim, clock)
    until = clock.now() + BOUND_FOR
    repository.change(session, contact.id, {"patient_id": patient_id, "identified_until": until})
    view = patients.get(session, patient_id)
    conversations.set_patient(session, contact.conversation_id, patient_id, view.department, clock)
    return BOUND.format(name=view.name)


def _unbound(session: Session, contact: Contact, clock: Clock) -> str:
    known = repository.contact_by_id(session, contact.id)
    if known is None or known.patient_id is None:
        return NOT_BOUND
    repository.change(session, contact.id, {"patient_id": None, "identified_until": None})
    conversations.set_patient(session, contact.conversation_id, None, None, clock)
    identifying.forgotten(session, known.patient_id, clock)
    return UNBOUND


def _keep(session: Session, conversation_id: UUID, key: str, text: str, clock: Clock) -> None:
    message = NewMessage(
        conversation_id=conversation_id, dedupe_key=key, sender="patient", kind="text", text=text, at=clock.now()
    )
    conversations.add(session, message, clock)


def _say(session: Session, contact: Contact, key: str, words: str, clock: Clock) -> None:
    conversations.notice(session, contact.conversation_id, words, clock, dedupe_key=f"identity:{key}"[:80])


def _writer(contact: Contact) -> Writer:
    return Writer(kind=WRITER, id=contact.id)
