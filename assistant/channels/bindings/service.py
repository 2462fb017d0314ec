"""Staff see who is known as a patient online, and end it: at once, for a reason that is kept."""

from uuid import UUID

from sqlalchemy.orm import Session

from assistant.channels.bindings.schemas import Bindings, PauseIn, UnbindIn
from assistant.channels.web import service as web
from assistant.channels.wechat import identity as wechat
from assistant.conversations import service as conversations
from assistant.desk.notes import service as notes
from assistant.identifying import service as identifying
from core_api.audit import service as audit
from core_api.kit.clock import Clock
from core_api.kit.db import new_id
from core_api.kit.errors import Conflict
from core_api.kit.web import CurrentUser
from core_api.patients import service as patients

UNBOUND = "工作人员已解除这里的身份绑定，之后不再显示个人信息。如有疑问，请联系医院。"
NOTED = "解除了身份绑定。事由：{reason}"


def bindings(session: Session, patient_id: UUID, user: CurrentUser, clock: Clock) -> Bindings:
    """Everybody who is known as a patient; reading it is audited.

    Raises:
        NotFound: There is no such patient.
    """
    patients.get(session, patient_id)
    audit.record(session, user.id, "patient.read", "patient", patient_id, "查看线上身份", clock)
    found = [*wechat.bindings(session, patient_id, clock), *web.bindings(session, patient_id, clock)]
    return Bindings(items=found, paused=identifying.paused(session, patient_id))


def unbind(session: Session, conversation_id: UUID, wanted: UnbindIn, user: CurrentUser, clock: Clock) -> None:
    """Ends it in one conversation. A reply that the bot is still making with the patient's facts is dropped.

    Raises:
        NotFound: There is no such conversation.
        Conflict: Nobody is known there.
    """
    now = conversations.conversation(session, conversation_id, lock=True)
    patient_id = wechat.unbind(session, now.id, clock) or web.unbind(session, now.id, clock)
    if patient_id is None:
        raise Conflict("这个会话目前没有绑定身份，请刷新", code="not_bound")
    audit.record(session, user.id, "patient.identity_unbound", "patient", patient_id, wanted.reason, clock)
    conversations.set_patient(session, now.id, None, None, clock)
    if now.owner_id is None:
        conversations.outdate(session, now.id, clock)
    conversations.notice(session, now.id, UNBOUND, clock, dedupe_key=f"unbound:{new_id()}")
    notes.add_note(session, now.id, None, user.id, NOTED.format(reason=wanted.reason), clock)
    if wanted.pause:
        identifying.set_paused(session, patient_id, wanted.reason, user.id, clock, paused=True)


def set_paused(session: Session, patient_id: UUID, wanted: PauseIn, user: CurrentUser, clock: Clock) -> None:
    """Lets nobody new be identified online as a patient, or lets them again.

    Raises:
        NotFound: There is no such patient.
    """
    patients.get(session, patient_id)
    identifying.set_paused(session, patient_id, wanted.reason, user.id, clock, paused=wanted.paused)
