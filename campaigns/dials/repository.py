"""Queries of calls dialled by hand."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from campaigns.dials.models import StaffDial
from campaigns.dials.schemas import RESULT_LABELS, DialView
from campaigns.policy.schemas import REASON_LABELS
from core_api.kit.crypto import unseal

REASON, NOTE = "staff_dials.reason", "staff_dials.note"
RULES: dict[str, str] = {str(code): label for code, label in REASON_LABELS.items()}
RESULTS: dict[str, str] = {str(code): label for code, label in RESULT_LABELS.items()}


def add(session: Session, dial: StaffDial) -> None:
    session.add(dial)
    session.flush()


def row(session: Session, call_id: UUID, *, lock: bool = False) -> StaffDial | None:
    query = select(StaffDial).where(StaffDial.id == call_id)
    return session.scalar(query.with_for_update() if lock else query)


def view(session: Session, found: StaffDial) -> DialView:
    """A row, opened."""
    return DialView(
        id=found.id,
        patient_id=found.patient_id,
        user_id=found.user_id,
        source_kind=found.source_kind,
        source_id=found.source_id,
        overridden=[RULES.get(code, code) for code in found.overridden.split(",") if code],
        reason=unseal(session, REASON, found.id, found.reason_sealed),
        dialled_at=found.dialled_at,
        result=found.result,
        result_label=RESULTS.get(found.result or ""),
        call_back_at=found.call_back_at,
        note=unseal(session, NOTE, found.id, found.note_sealed),
        noted_at=found.noted_at,
    )
