"""Which rules a person may set aside, as pure functions."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from campaigns.dials.schemas import Obstacle
from campaigns.policy.schemas import REASON_LABELS, Reason

WITH_A_REASON: frozenset[Reason] = frozenset(
    {
        "no_consent",
        "prefers_sms",
        "outside_window",
        "outside_preferred_time",
        "holiday",
        "patient_daily_cap",
    }
)
"""What protects the patient's peace: a person may weigh it against what they know, and says why."""
IN_DANGER: frozenset[Reason] = frozenset({"consent_refused", "do_not_contact"})
"""The patient's own no: set aside only while a red alert on them is open, to protect life and health."""


def obstacles(reasons: Sequence[Reason], *, danger: bool) -> list[Obstacle]:
    """The rules against a call, and which of them a person may set aside.

    Args:
        reasons: The policy's.
        danger: A red alert on the patient is open.
    """
    allowed = WITH_A_REASON | IN_DANGER if danger else WITH_A_REASON
    return [Obstacle(code=one, label=REASON_LABELS[one], overridable=one in allowed) for one in reasons]


def refusal(found: Sequence[Obstacle], next_allowed_at: datetime | None, zone: ZoneInfo) -> str:
    """Why somebody may not be called, for people: the rules that bind, and until when."""
    binding = [one for one in found if not one.overridable] or list(found)
    text = "现在不能拨打：" + "、".join(one.label for one in binding)
    if next_allowed_at is not None:
        text += next_allowed_at.astimezone(zone).strftime("，%m月%d日 %H:%M 起可以拨打")
    return text
