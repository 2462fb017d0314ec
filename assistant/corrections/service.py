"""Tells those who received a revision: a line in their conversation, for who heard it by telephone a case."""

import hashlib
from uuid import UUID, uuid5

from sqlalchemy.orm import Session

from assistant.conversations import service as conversations
from assistant.corrections.schemas import Corrected, CorrectionIn
from assistant.desk import service as desk
from assistant.desk.cases.schemas import CaseIn
from core_api.audit import service as audit
from core_api.kit.clock import Clock
from core_api.kit.errors import NotFound
from core_api.kit.web import CurrentUser
from core_api.patients import service as patients
from knowledge import api as knowledge

AT_ONCE = 200
"""Conversations written to in one request; each is a short lock."""
SOURCE = "correction"
LEAD = "更正："
REASON = "电话中听到过一条后来更正的答案，请回电说明"


def correct(session: Session, wanted: CorrectionIn, user: CurrentUser, clock: Clock) -> Corrected:
    """Writes to those whom the same words have not reached yet; the same request again tells nobody twice.

    Raises:
        NotFound: Nobody received this revision.
    """
    told = knowledge.recipients(session, wanted.entry_id, wanted.revision)
    if not told.conversation_ids and not told.patient_ids:
        raise NotFound("还没有患者收到过这一版答案", code="no_recipients")
    key = _key(wanted)
    waiting = [one for one in told.conversation_ids if conversations.known(session, one, key) is None]
    for conversation_id in waiting[:AT_ONCE]:
        conversations.notice(session, conversation_id, LEAD + wanted.text, clock, dedupe_key=key)
    for patient_id in told.patient_ids:
        desk.open_case(session, _case(session, wanted, patient_id), clock)
    done = Corrected(
        written=len(told.conversation_ids) - len(waiting[AT_ONCE:]),
        to_call=len(told.patient_ids),
        left=len(waiting[AT_ONCE:]),
    )
    purpose = f"更正第 {wanted.revision} 版答案：写给 {done.written} 个会话，{done.to_call} 人待回电"
    audit.record(session, user.id, "knowledge.correct", "knowledge_entry", wanted.entry_id, purpose, clock)
    return done


def _key(wanted: CorrectionIn) -> str:
    digest = hashlib.sha256(wanted.text.encode()).hexdigest()[:12]
    return f"{SOURCE}:{wanted.entry_id.hex}:{wanted.revision}:{digest}"


def _case(session: Session, wanted: CorrectionIn, patient_id: UUID) -> CaseIn:
    line = patients.lines(session, [patient_id]).get(patient_id)
    return CaseIn(
        patient_id=patient_id,
        kind="other",
        department=(line.department if line else None) or "",
        urgency="high",
        reason_text=REASON,
        source_kind=SOURCE,
        source_id=uuid5(patient_id, _key(wanted)),
    )
