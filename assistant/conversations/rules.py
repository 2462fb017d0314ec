"""How a conversation's standing follows from what happens in it. Pure."""

from datetime import datetime
from uuid import UUID

from assistant.conversations.schemas import Sender, Standing, Status
from core_api.kit.errors import Conflict

ALLOWED: dict[Status, frozenset[Status]] = {
    "pending": frozenset({"open", "resolved"}),
    "open": frozenset({"pending", "snoozed", "resolved"}),
    "snoozed": frozenset({"open", "pending", "resolved"}),
    "resolved": frozenset({"open", "pending"}),
}


def after_message(now_standing: Standing, sender: Sender, now: datetime) -> Standing:
    """A patient's message reopens and starts the waiting clock of people; a staff reply stops it."""
    if sender == "patient":
        return _after_patient(now_standing, now)
    if sender == "staff":
        first = now_standing.first_reply_at or now
        return now_standing.model_copy(update={"waiting_since": None, "first_reply_at": first})
    return now_standing


def _after_patient(standing: Standing, now: datetime) -> Standing:
    if standing.status == "resolved":
        return Standing(status="pending", owner_id=None)
    if standing.status == "pending":
        return standing
    waiting = standing.waiting_since or now
    return standing.model_copy(update={"status": "open", "snoozed_until": None, "waiting_since": waiting})


def handed_over(standing: Standing, now: datetime) -> Standing:
    """A person is wanted; asked for again, the first time counts."""
    if standing.status == "open":
        return standing
    update = {"opened_at": now, "waiting_since": now, "first_reply_at": None}
    if standing.status == "snoozed":
        update = {"waiting_since": standing.waiting_since or now}
    return standing.model_copy(update={"status": "open", "snoozed_until": None, "resolved_at": None, **update})


def owned(standing: Standing, owner_id: UUID, now: datetime) -> Standing:
    """A person has it."""
    opened = standing.opened_at if standing.status in {"open", "snoozed"} else now
    update = {"owner_id": owner_id, "status": "open", "opened_at": opened, "snoozed_until": None, "resolved_at": None}
    return standing.model_copy(update=update)


def given_back(standing: Standing) -> Standing:
    """The bot has it again."""
    return standing.model_copy(
        update={"owner_id": None, "status": "pending", "waiting_since": None, "snoozed_until": None}
    )


def moved(standing: Standing, status: Status, now: datetime) -> Standing:
    """The standing under a status that somebody chose.

    Raises:
        Conflict: The status cannot follow.
    """
    if status == standing.status:
        return standing
    if status not in ALLOWED[standing.status]:
        raise Conflict("会话的状态已变化，请刷新后再试", code="status_conflict")
    if status == "resolved":
        return standing.model_copy(
            update={
                "status": status,
                "owner_id": None,
                "waiting_since": None,
                "snoozed_until": None,
                "resolved_at": now,
            }
        )
    if status == "pending":
        return given_back(standing).model_copy(update={"resolved_at": None})
    return handed_over(standing, now) if status == "open" else standing.model_copy(update={"status": status})
