"""The contact policy as pure functions. What is not known is a no."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from campaigns.policy.schemas import ContactFacts, Decision, LoadFacts, PolicyRules, Reason, Window

HORIZON_DAYS = 62


def decide(contact: ContactFacts | None, load: LoadFacts, rules: PolicyRules, now: datetime) -> Decision:
    """Says whether a person may be called now.

    Args:
        contact: What is known of the person; None when nothing is.
        load: What is going on now.
        rules: The hospital's rules.
        now: Aware.

    Returns:
        The decision with all reasons against a call and the next time at which no known reason stands against it.
    """
    lasting = (*lasting_reasons(contact), *(() if load.task_open else ("task_closed",)))
    preferred = () if contact is None or load.callback_asked else contact.preferred
    passing = tuple(_passing_reasons(preferred, load, rules, now))
    reasons: tuple[Reason, ...] = (*lasting, *passing)
    if not reasons:
        return Decision(allowed=True)
    if lasting:
        return Decision(allowed=False, reasons=reasons, permanent=True)
    return Decision(allowed=False, reasons=reasons, next_allowed_at=_next_time(preferred, passing, rules, now))


def lasting_reasons(contact: ContactFacts | None) -> tuple[Reason, ...]:
    """Reasons that waiting does not remove; planning leaves these people out."""
    if contact is None:
        return ("facts_missing",)
    required = (contact.consent, contact.do_not_contact, contact.deceased, contact.has_phone, contact.wrong_number)
    checks: tuple[tuple[bool, Reason], ...] = (
        (None in required, "facts_missing"),
        (contact.consent == "unknown", "no_consent"),
        (contact.consent == "refused", "consent_refused"),
        (contact.do_not_contact is True, "do_not_contact"),
        (contact.deceased is True, "deceased"),
        (contact.has_phone is False, "no_phone"),
        (contact.wrong_number is True, "wrong_number"),
        (contact.channel == "sms", "prefers_sms"),
    )
    return tuple(reason for holds, reason in checks if holds)


def is_open(rules: PolicyRules, now: datetime) -> bool:
    """Whether the hospital's own window is open: no holiday, within the hours."""
    local = now.astimezone(rules.zone)
    return local.date() not in rules.holidays and _within(rules.window, local.time())


def _passing_reasons(
    preferred: tuple[Window, ...], load: LoadFacts, rules: PolicyRules, now: datetime
) -> Iterator[Reason]:
    local = now.astimezone(rules.zone)
    checks: tuple[tuple[bool, Reason], ...] = (
        (local.date() in rules.holidays, "holiday"),
        (not _within(rules.window, local.time()), "outside_window"),
        (bool(preferred) and not any(_within(w, local.time()) for w in preferred), "outside_preferred_time"),
        (load.patient_calls_today >= rules.patient_daily_cap and not load.callback_asked, "patient_daily_cap"),
        (load.campaign_calls_today >= rules.campaign_daily_cap, "campaign_daily_cap"),
        (load.patient_in_call, "patient_in_call"),
        (load.phone_in_call, "phone_in_call"),
    )
    return (reason for holds, reason in checks if holds)


def _within(window: Window, moment: time) -> bool:
    return window.start <= moment < window.end


def _next_time(
    preferred: tuple[Window, ...], reasons: tuple[Reason, ...], rules: PolicyRules, now: datetime
) -> datetime | None:
    earliest = now
    if {"patient_in_call", "phone_in_call"} & set(reasons):
        earliest = now + rules.live_call_recheck
    if {"patient_daily_cap", "campaign_daily_cap"} & set(reasons):
        tomorrow = now.astimezone(rules.zone).date() + timedelta(days=1)
        earliest = _at(tomorrow, time.min, rules)
    first_day = earliest.astimezone(rules.zone).date()
    for offset in range(HORIZON_DAYS):
        day = first_day + timedelta(days=offset)
        if day in rules.holidays:
            continue
        for window in _open_windows(preferred, rules.window):
            start = max(_at(day, window.start, rules), earliest)
            if start < _at(day, window.end, rules):
                return start.astimezone(UTC)
    return None


def _open_windows(preferred: tuple[Window, ...], hospital: Window) -> list[Window]:
    """The hospital's window, cut to the preferred ones, in order."""
    cut = (Window(start=max(w.start, hospital.start), end=min(w.end, hospital.end)) for w in preferred or (hospital,))
    return sorted((w for w in cut if w.start < w.end), key=lambda window: window.start)


def _at(day: date, moment: time, rules: PolicyRules) -> datetime:
    return datetime.combine(day, moment, tzinfo=rules.zone)
