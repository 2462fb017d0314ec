"""Loads and saves where enquiries stand."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from core_api.kit.crypto import seal, unseal
from dialogs.enquiries.models import EnquiryRow
from dialogs.enquiries.schemas import EnquiryState

MEMORY = "enquiries.memory"
ONE = select(EnquiryRow).where(EnquiryRow.conversation_id == bindparam("of")).execution_options(populate_existing=True)
"""Asked with every message."""


def find(session: Session, conversation_id: UUID) -> EnquiryState:
    """Where an enquiry stands; one that was never kept stands at its beginning."""
    row = session.scalar(ONE, {"of": conversation_id})
    if row is None:
        return EnquiryState()
    memory = unseal(session, MEMORY, conversation_id, row.memory)
    return EnquiryState.model_validate_json(memory or "{}").model_copy(update={"version": row.version})


def save(session: Session, conversation_id: UUID, state: EnquiryState, now: datetime) -> bool:
    """Keeps the state if nobody else kept another one meanwhile; tells whether it did.

    The caller holds the conversation's row, so that a first state has no rival.
    """
    memory = seal(session, MEMORY, conversation_id, state.model_dump_json())
    if state.version < 0 and session.get(EnquiryRow, conversation_id) is None:
        session.add(EnquiryRow(conversation_id=conversation_id, version=0, memory=memory or "", updated_at=now))
        session.flush()
        return True
    statement = (
        update(EnquiryRow)
        .where(EnquiryRow.conversation_id == conversation_id, EnquiryRow.version == state.version)
        .values(version=state.version + 1, memory=memory, updated_at=now)
        .execution_options(synchronize_session=False)
    )
    return bool(getattr(session.execute(statement), "rowcount", 0))
