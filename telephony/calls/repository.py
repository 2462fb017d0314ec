"""Every query on calls."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session

from core_api.kit.crypto import seal, unseal
from core_api.kit.errors import Invalid, NotFound
from core_api.kit.masking import mask_phone
from core_api.kit.paging import CursorValue, Page, decode_cursor, encode_cursor
from telephony.calls.models import CallEventRow, CallRow, QualityRow, RecordingRow
from telephony.calls.rules import BROWSER, INBOUND, LABELS
from telephony.calls.schemas import (
    CallEventView,
    CallFilter,
    CallQuality,
    CallSnapshot,
    CallView,
    ConversationSpec,
    RecordingView,
    Waveform,
)

WAVEFORM = "recordings.waveform"
HOLD = "recordings.hold_reason"
READY, REMOVED = "ready", "removed"


def row(session: Session, call_id: UUID, *, lock: bool = False) -> CallRow:
    """The call's row; locked against other writers on request."""
    query = select(CallRow).where(CallRow.id == call_id)
    found = session.scalar(query.with_for_update() if lock else query)
    if found is None:
        message = "没有这通电话"
        raise NotFound(message)
    return found


def by_key(session: Session, idempotency_key: str, *, lock: bool = True) -> CallRow | None:
    """The call of a key; not locked where many new keys come at once, for a lock on none is a lock on the gap."""
    query = select(CallRow).where(CallRow.idempotency_key == idempotency_key)
    return session.scalar(query.with_for_update() if lock else query)


def by_conversation(session: Session, conversation_id: UUID) -> CallRow | None:
    return session.scalar(
        select(CallRow).where(CallRow.conversation_id == conversation_id).order_by(CallRow.id.desc()).limit(1)
    )


def unfinished(session: Session, before: datetime, limit: int) -> list[UUID]:
    """Calls that are not over and began before a moment, oldest first."""
    query = select(CallRow.id).where(CallRow.ended_at.is_(None), CallRow.created_at < before)
    return list(session.scalars(query.order_by(CallRow.id).limit(limit)))


def by_sid(session: Session, carrier_sid: str) -> UUID | None:
    """The call that the carrier knows by this id."""
    return session.scalar(select(CallRow.id).where(CallRow.carrier_sid == carrier_sid).limit(1))


def unfinished_of(session: Session, patient_id: UUID) -> list[UUID]:
    """A patient's calls that are not over, whoever began them."""
    return list(session.scalars(select(CallRow.id).where(CallRow.patient_id == patient_id, CallRow.ended_at.is_(None))))


def dialled_by_hand(session: Session, patient_id: UUID, since: datetime, left_out: Collection[str]) -> int:
    """Calls to a patient that people dialled since a moment, but for those that came to something left out."""
    query = select(func.count()).select_from(CallRow).where(CallRow.patient_id == patient_id)
    came_to = or_(CallRow.disposition.is_(None), CallRow.disposition.not_in(list(left_out)))
    by_hand = CallRow.dialled_by_id.is_not(None)
    return int(session.scalar(query.where(by_hand, CallRow.created_at >= since, came_to)) or 0)


def note_seen(session: Session, call_id: UUID, now: datetime) -> None:
    session.execute(
        update(CallRow)
        .where(CallRow.id == call_id, CallRow.ended_at.is_(None))
        .values(media_seen_at=now)
        .execution_options(synchronize_session=False)
    )


def ended_before(session: Session, call_ids: Sequence[UUID], before: datetime) -> set[UUID]:
    """Which of the calls ended before a moment."""
    return set(session.scalars(select(CallRow.id).where(CallRow.id.in_(call_ids), CallRow.ended_at < before)))


def snapshot(session: Session, found: CallRow) -> CallSnapshot:
    conversation = unseal(session, "calls.conversation", found.id, found.conversation_sealed) or "{}"
    return CallSnapshot(
        id=found.id,
        patient_id=found.patient_id,
        carrier=found.carrier,
        direction=found.direction,
        dialled_by_id=found.dialled_by_id,
        caller_id=found.caller_id,
        carrier_sid=found.carrier_sid,
        state=found.state,
        disposition=found.disposition,
        answered_by=found.answered_by,
        conversation=ConversationSpec.model_validate_json(conversation),
        phone_e164=unseal(session, "calls.phone", found.id, found.phone_sealed) or "",
        ring_timeout_seconds=found.ring_timeout_seconds,
        max_seconds=found.max_seconds,
        created_at=found.created_at,
        media_at=found.media_at,
        media_seen_at=found.media_seen_at,
        held_at=found.held_at,
        ended_at=found.ended_at,
        carrier_ended_at=found.carrier_ended_at,
    )


def failed_checks(session: Session, phone_index: str, since: datetime, kind: str) -> int:
    """How often a number's callers failed to say who they are."""
    query = select(func.count()).select_from(CallEventRow).join(CallRow, CallRow.id == CallEventRow.call_id)
    where = (CallRow.phone_index == phone_index, CallRow.created_at >= since, CallEventRow.kind == kind)
    return int(session.scalar(query.where(*where)) or 0)


def has_event(session: Session, call_id: UUID, key: str) -> bool:
    query = select(CallEventRow.id).where(CallEventRow.call_id == call_id, CallEventRow.dedupe_key == key)
    return session.scalar(query) is not None


def events(session: Session, call_id: UUID) -> list[CallEventView]:
    query = select(CallEventRow).where(CallEventRow.call_id == call_id).order_by(CallEventRow.at, CallEventRow.id)
    return [CallEventView(kind=event.kind, at=event.at, data=event.data) for event in session.scalars(query)]


def recording(session: Session, call_id: UUID) -> RecordingRow | None:
    return session.get(RecordingRow, call_id)


def recording_view(session: Session, call_id: UUID) -> RecordingView:
    found = recording(session, call_id)
    if found is None or found.state != READY:
        return RecordingView(available=False, removed_at=found.removed_at if found else None)
    return RecordingView(
        available=True,
        kind=found.kind,
        created_at=found.created_at,
        held_because=unseal(session, HOLD, call_id, found.hold_reason_sealed),
        duration_seconds=found.duration_ms / 1000,
        size_bytes=found.size_bytes,
        format=found.format,
    )


def set_hold(session: Session, found: RecordingRow, reason: str | None, by_id: UUID | None, now: datetime) -> None:
    """Keeps a recording for a reason, or leaves it to the rule again."""
    found.held_at, found.held_by_id = (now, by_id) if reason else (None, None)
    found.hold_reason_sealed = seal(session, HOLD, found.call_id, reason)
    session.flush()


def over_time(
    session: Session,
    limits: Mapping[str, datetime],
    otherwise: datetime,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[tuple[datetime, UUID, str | None]]:
    """Recordings past their time and on no hold, the oldest first.

    Args:
        session: The session.
        limits: By kind the moment before which its recordings are over their time.
        otherwise: The moment of kinds not among them.
        after: The last one seen.
        limit: At most so many.
    """
    row = RecordingRow
    others = or_(row.kind.is_(None), row.kind.not_in(list(limits)))
    due = [and_(row.kind == kind, row.created_at < before) for kind, before in limits.items()]
    where = [row.state == READY, row.held_at.is_(None), or_(and_(others, row.created_at < otherwise), *due)]
    if after is not None:
        where.append(or_(row.created_at > after[0], and_(row.created_at == after[0], row.call_id > after[1])))
    query = select(row.created_at, row.call_id, row.kind).where(*where).order_by(row.created_at, row.call_id)
    return [(at, call_id, kind) for at, call_id, kind in session.execute(query.limit(limit))]


def locked_recording(session: Session, call_id: UUID) -> RecordingRow | None:
    return session.scalar(select(RecordingRow).where(RecordingRow.call_id == call_id).with_for_update())


def counts_by_kind(session: Session) -> dict[str | None, int]:
    """Recordings that are there."""
    query = select(RecordingRow.kind, func.count()).where(RecordingRow.state == READY).group_by(RecordingRow.kind)
    return {row.kind: row[1] for row in session.execute(query)}


def mark_removed(session: Session, found: RecordingRow, now: datetime) -> None:
    found.state, found.removed_at = REMOVED, now
    found.file_name, found.size_bytes, found.waveform_sealed = None, 0, None
    session.flush()


def keep_waveform(session: Session, call_id: UUID, drawn: Waveform) -> None:
    """Beside the recording's row, where there is one."""
    found = session.get(RecordingRow, call_id)
    if found is not None:
        found.waveform_sealed = seal(session, WAVEFORM, call_id, drawn.model_dump_json())


def waveform(session: Session, call_id: UUID) -> Waveform | None:
    found = session.get(RecordingRow, call_id)
    sealed = found.waveform_sealed if found is not None else None
    text = unseal(session, WAVEFORM, call_id, sealed)
    return None if text is None else Waveform.model_validate_json(text)


def keep_quality(session: Session, call_id: UUID, measured: CallQuality, now: datetime) -> None:
    """The last measurement counts."""
    values = measured.model_dump(mode="json")
    session.merge(QualityRow(call_id=call_id, grade=measured.grade, figures=values, measured_at=now))


def quality(session: Session, call_id: UUID) -> CallQuality | None:
    found = session.get(QualityRow, call_id)
    return None if found is None else CallQuality.model_validate(found.figures)


def page(session: Session, chosen: CallFilter, cursor: str | None, limit: int) -> Page[CallView]:
    """Newest first; trials of scripts are nobody's calls."""
    where: list[ColumnElement[bool]] = [CallRow.carrier != BROWSER]
    if chosen.campaign_id:
        where.append(CallRow.campaign_id == chosen.campaign_id)
    if chosen.patient_id:
        where.append(CallRow.patient_id == chosen.patient_id)
    if chosen.quality:
        where.append(CallRow.id.in_(select(QualityRow.call_id).where(QualityRow.grade == chosen.quality)))
    total = session.scalar(select(func.count()).select_from(CallRow).where(*where))
    if cursor:
        where.append(_before(*decode_cursor(cursor)[:2]))
    query = select(CallRow, QualityRow.grade).outerjoin(QualityRow, QualityRow.call_id == CallRow.id).where(*where)
    rows = session.execute(query.order_by(CallRow.created_at.desc(), CallRow.id.desc()).limit(limit + 1)).all()
    more = len(rows) > limit
    rows = rows[:limit]
    following = encode_cursor(rows[-1][0].created_at.isoformat(), str(rows[-1][0].id)) if more else None
    return Page(items=[view(session, found, grade) for found, grade in rows], next_cursor=following, total=total)


def _before(at: CursorValue = None, last: CursorValue = None) -> ColumnElement[bool]:
    try:
        moment, identity = datetime.fromisoformat(str(at)), UUID(str(last))
    except ValueError as error:
        message = "翻页位置无效，请从第一页重新查看"
        raise Invalid(message, field="cursor") from error
    return or_(CallRow.created_at < moment, and_(CallRow.created_at == moment, CallRow.id < identity))


def _caller(session: Session, found: CallRow) -> str | None:
    number = unseal(session, "calls.phone", found.id, found.phone_sealed) if found.direction == INBOUND else None
    return mask_phone(number) if number else None


def view(session: Session, found: CallRow, grade: str | None = None) -> CallView:
    return CallView(
        id=found.id,
        patient_id=found.patient_id,
        carrier=found.carrier,
        direction=found.direction,
        dialled_by_id=found.dialled_by_id,
        caller_masked=_caller(session, found),
        state=found.state,
        disposition=found.disposition,
        disposition_label=LABELS.get(found.disposition or ""),
        started_at=found.created_at,
        answered_at=found.answered_at,
        ended_at=found.ended_at,
        duration_seconds=found.duration_seconds,
        transcript_source=found.transcript_source,
        conversation_id=found.conversation_id,
        response_id=found.response_id,
        campaign_id=found.campaign_id,
        quality=grade,
    )
