"""The contact policy: every reason, every edge of time; what is not known is a no."""

from datetime import date, datetime, time
from typing import Any

import pytest
from sqlalchemy.orm import Session

from assistant.desk.calendar import service as calendar
from assistant.desk.calendar.schemas import DayIn
from campaigns.policy.rules import decide, is_open, lasting_reasons
from campaigns.policy.schemas import REASON_LABELS, LoadFacts, PolicyRules, Window
from campaigns.policy.service import label
from tests.campaigns.world import ZONE, local
from tests.fakes.record import WILLING

pytestmark = [pytest.mark.unit, pytest.mark.covers("RC-OUT-02")]
DAY = Window(start=time(9), end=time(20))
AFTERNOON = Window(start=time(13), end=time(18))
RULES = PolicyRules(zone=ZONE, window=DAY)
IDLE = LoadFacts()


def at(text: str, rules: PolicyRules = RULES, load: LoadFacts = IDLE, **facts: Any) -> Any:
    return decide(WILLING.model_copy(update=facts), load, rules, local(text))


class TestLasting:
    @pytest.mark.parametrize(
        ("facts", "reason"),
        [
            ({"consent": None}, "facts_missing"),
            ({"do_not_contact": None}, "facts_missing"),
            ({"consent": "unknown"}, "no_consent"),
            ({"consent": "refused"}, "consent_refused"),
            ({"do_not_contact": True}, "do_not_contact"),
            ({"deceased": True}, "deceased"),
            ({"has_phone": False}, "no_phone"),
            ({"wrong_number": True}, "wrong_number"),
            ({"channel": "sms"}, "prefers_sms"),
        ],
    )
    def test_refuses_for_good(self, facts: dict[str, Any], reason: str) -> None:
        decision = at("2026-11-20T10:00", **facts)
        assert (decision.allowed, decision.permanent, decision.next_allowed_at) == (False, True, None)
        assert decision.reasons == (reason,)

    def test_refuses_somebody_nothing_is_known_of(self) -> None:
        assert lasting_reasons(None) == ("facts_missing",)
        assert decide(None, IDLE, RULES, local("2026-11-20T10:00")).permanent

    def test_refuses_when_the_task_is_closed(self) -> None:
        assert at("2026-11-20T10:00", load=LoadFacts(task_open=False)).reasons == ("task_closed",)

    def test_names_all_reasons_at_once(self) -> None:
        decision = at("2026-11-20T21:00", consent="unknown", deceased=True)
        assert decision.reasons == ("no_consent", "deceased", "outside_window")


class TestWindow:
    @pytest.mark.parametrize(
        ("now", "allowed"),
        [
            ("2026-11-20T08:59:59.999999", False),
            ("2026-11-20T09:00:00", True),
            ("2026-11-20T19:59:59.999999", True),
            ("2026-11-20T20:00:00", False),
        ],
    )
    def test_opens_at_its_start_and_closes_before_its_end(self, now: str, allowed: bool) -> None:
        assert at(now).allowed is allowed
        assert is_open(RULES, local(now)) is allowed

    @pytest.mark.parametrize(
        ("now", "then"),
        [
            ("2026-11-20T07:00", "2026-11-20T09:00"),
            ("2026-11-30T20:00", "2026-12-01T09:00"),
            ("2026-12-31T23:59:59", "2027-01-01T09:00"),
            ("2028-02-28T20:00", "2028-02-29T09:00"),
        ],
    )
    def test_says_when_it_opens_next_over_the_months_end(self, now: str, then: str) -> None:
        assert at(now).next_allowed_at == local(then)

    def test_counts_the_day_in_the_hospitals_zone(self) -> None:
        utc_evening = datetime.fromisoformat("2026-11-30T16:30:00+00:00")
        decision = decide(WILLING, IDLE, RULES, utc_evening)
        assert decision.next_allowed_at == local("2026-12-01T09:00")

    def test_keeps_to_the_patients_afternoon(self) -> None:
        decision = at("2026-11-20T10:00", preferred=(AFTERNOON,))
        assert decision.reasons == ("outside_preferred_time",)
        assert decision.next_allowed_at == local("2026-11-20T13:00")
        assert at("2026-11-20T13:00", preferred=(AFTERNOON,)).allowed

    def test_goes_to_the_next_day_after_the_patients_last_window(self) -> None:
        assert at("2026-11-20T18:00", preferred=(AFTERNOON,)).next_allowed_at == local("2026-11-21T13:00")

    def test_calls_at_the_time_a_patient_named_whatever_they_usually_prefer(self) -> None:
        asked = LoadFacts(callback_asked=True, patient_calls_today=2)
        assert at("2026-11-20T10:00", load=asked, preferred=(AFTERNOON,)).allowed

    def test_finds_no_time_when_the_windows_never_meet(self) -> None:
        night = Window(start=time(21), end=time(22))
        assert at("2026-11-20T10:00", preferred=(night,)).next_allowed_at is None


class TestHolidays:
    """They are the desk's calendar: what somebody enters on the rota's page holds for campaigns at once."""

    def test_waits_for_the_day_after_the_national_holiday(self, session: Session) -> None:
        calendar.load_library(session)
        known = calendar.holidays(session, date(2026, 9, 1), date(2026, 12, 31))
        rules = RULES.model_copy(update={"holidays": known})
        decision = at("2026-10-03T10:00", rules=rules)
        assert decision.reasons == ("holiday",)
        assert decision.next_allowed_at == local("2026-10-08T09:00")
        assert not is_open(rules, local("2026-10-03T10:00"))
        calendar.put_day(session, date(2026, 11, 20), DayIn(kind="holiday", name="院庆"))
        assert date(2026, 11, 20) in calendar.holidays(session, date(2026, 9, 1), date(2026, 12, 31))

    def test_knows_only_fixed_days_of_a_year_that_is_not_listed(self, session: Session) -> None:
        known = calendar.holidays(session, date(2030, 12, 1), date(2031, 12, 31))
        assert {date(2031, 10, 2), date(2031, 5, 2)} <= known


class TestLoad:
    @pytest.mark.parametrize(
        ("load", "reason", "then"),
        [
            (LoadFacts(patient_calls_today=2), "patient_daily_cap", "2026-11-21T09:00"),
            (LoadFacts(campaign_calls_today=1000), "campaign_daily_cap", "2026-11-21T09:00"),
            (LoadFacts(patient_in_call=True), "patient_in_call", "2026-11-20T10:05"),
            (LoadFacts(phone_in_call=True), "phone_in_call", "2026-11-20T10:05"),
        ],
    )
    def test_waits(self, load: LoadFacts, reason: str, then: str) -> None:
        decision = at("2026-11-20T10:00", load=load)
        assert decision.reasons == (reason,)
        assert decision.next_allowed_at == local(then)


class TestLabel:
    def test_reads_every_reason_in_chinese(self) -> None:
        assert label(",".join(REASON_LABELS)) == "、".join(REASON_LABELS.values())
        assert label(None) is None
        assert label("people:done") == "people:done"
