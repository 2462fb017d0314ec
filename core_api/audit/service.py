"""Recording and reading accesses."""

from uuid import UUID

from sqlalchemy.orm import Session

from core_api.audit import repository
from core_api.audit.schemas import AuditFilter, AuditView
from core_api.kit.clock import Clock
from core_api.kit.db import new_id
from core_api.kit.errors import Invalid
from core_api.kit.paging import Page, decode_cursor, encode_cursor

PURPOSE_MAX = 200


def record(  # noqa: PLR0913, PLR0917 - who did what to what, why and when: the contract of every slice
    session: Session,
    actor_id: UUID | None,
    action: str,
    subject_kind: str,
    subject_id: UUID | str,
    purpose: str,
    clock: Clock,
) -> None:
    """Adds an audit row to the session's transaction.

    Args:
        session: The transaction of the access itself, so that neither exists without the other.
        actor_id: The user, or None for the service itself.
        action: Dotted verb, such as "patient.read".
        subject_kind: Such as "patient".
        subject_id: Its id, or "" for a list.
        purpose: Why; holds no personal data of the patient.
        clock: Tells now.
    """
    repository.add(
        session,
        AuditView(
            id=new_id(),
            at=clock.now(),
            actor_id=actor_id,
            action=action,
            subject_kind=subject_kind,
            subject_id=str(subject_id),
            purpose=purpose[:PURPOSE_MAX],
        ),
    )


def entries(session: Session, wanted: AuditFilter, cursor: str | None, limit: int) -> Page[AuditView]:
    """A page of rows, newest first.

    Raises:
        Invalid: The cursor is not ours.
    """
    before = None
    if cursor:
        try:
            before = UUID(str(decode_cursor(cursor)[0]))
        except (ValueError, IndexError) as error:
            raise Invalid("翻页位置无效，请从第一页重新查看", field="cursor") from error
    rows = repository.newest(session, wanted, before, limit + 1)
    more = len(rows) > limit
    return Page(items=rows[:limit], next_cursor=encode_cursor(str(rows[limit - 1].id)) if more else None)
