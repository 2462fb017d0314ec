"""Loads and saves dialogue states; a save that lost a race raises."""

from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from core_api.kit.clock import Clock
from core_api.kit.crypto import seal, unseal
from core_api.kit.errors import Conflict
from dialogs.models import DialogueStateRow
from dialogs.schemas import DialogueState

MEMORY = "dialogue_states.memory"
ONE = (
    select(DialogueStateRow)
    .where(DialogueStateRow.conversation_id == bindparam("of"))
    .execution_options(populate_existing=True)
)
"""Asked with every message."""


def find(session: Session, conversation_id: UUID) -> DialogueState | None:
    """The state of a conversation, or None."""
    row = session.scalar(ONE, {"of": conversation_id})
    if row is None:
        return None
    memory = unseal(session, MEMORY, conversation_id, row.memory)
    return DialogueState.model_validate_json(memory or "").model_copy(update={"version": row.version})


def create(session: Session, state: DialogueState, clock: Clock) -> None:
    """Keeps the state of a new conversation."""
    start = state.start
    row = DialogueStateRow(
        conversation_id=start.conversation_id,
        patient_id=start.patient_id,
        response_id=start.response_id,
        questionnaire_key=start.questionnaire_key,
        questionnaire_version=start.questionnaire_version,
        version=0,
        **_columns(session, state, clock),
    )
    session.add(row)
    session.flush()


def save(session: Session, state: DialogueState, clock: Clock) -> None:
    """Replaces the state if nobody else did since it was read.

    Raises:
        Conflict: Another turn of the conversation was decided meanwhile.
    """
    row = DialogueStateRow
    statement = (
        update(row)
        .where(row.conversation_id == state.start.conversation_id, row.version == state.version)
        .values(version=state.version + 1, **_columns(session, state, clock))
        .execution_options(synchronize_session=False)
    )
    # A CursorResult has a rowcount; the typed Result of execute() does not say so.
    if getattr(session.execute(statement), "rowcount", 0) != 1:
        raise Conflict("这通对话刚刚更新过，请重试", code="dialogue_conflict")


def _columns(session: Session, state: DialogueState, clock: Clock) -> dict[str, object]:
    return {
        "phase": state.phase,
        "item_link_id": state.item_link_id,
        "repairs": state.repairs,
        "callback_at": state.callback_at,
        "disposition": state.disposition,
        "last_turn_id": state.last_turn_id,
        "memory": seal(session, MEMORY, state.start.conversation_id, state.model_dump_json()),
        "updated_at": clock.now(),
    }
