from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core_api.alerts import service
from core_api.alerts.models import Alert
from core_api.alerts.schemas import AlertFilter
from core_api.kit.clock import FixedClock
from core_api.kit.errors import Conflict, Invalid, NotFound
from core_api.kit.outbox import OutboxEvent
from tests.core_api.alerts.conftest import NURSE, Raise


def events(session: Session) -> list[str]:
    return [name for name in session.scalars(select(OutboxEvent.name)) if name.startswith("alert.")]


class TestRaiseAlert:
    def test_a_rule_alarms_once_per_source(self, session: Session, raise_one: Raise) -> None:
        source = uuid4()
        assert raise_one(source_id=source) == raise_one(source_id=source)
        assert raise_one(source_id=source, rule_key="bleeding") != raise_one(source_id=source)
        assert events(session) == ["alert.raised", "alert.raised"]

    @pytest.mark.parametrize(
        ("level", "within"),
        [("red", timedelta(minutes=30)), ("orange", timedelta(hours=4)), ("yellow", timedelta(hours=24))],
    )
    def test_each_level_has_its_deadline(
        self, session: Session, clock: FixedClock, raise_one: Raise, level: str, within: timedelta
    ) -> None:
        view = service.alert(session, raise_one(level), clock)
        assert view.ack_deadline - view.raised_at == within
        clock.advance(within)
        assert not service.alert(session, view.id, clock).overdue
        clock.advance(timedelta(seconds=1))
        assert service.alert(session, view.id, clock).overdue


class TestAcknowledge:
    def test_who_when_and_what_are_kept_and_the_note_is_sealed(
        self, session: Session, clock: FixedClock, raise_one: Raise
    ) -> None:
        alert_id = raise_one()
        view = service.acknowledge(session, alert_id, NURSE, "已电话联系，请来院", clock)
        assert (view.acknowledged_at, view.acknowledged_by, view.note) == (
            clock.now(),
            "李护士",
            "已电话联系，请来院",
        )
        assert "来院" not in (session.get_one(Alert, alert_id, populate_existing=True).note_sealed or "")
        assert events(session) == ["alert.raised", "alert.acknowledged"]

    def test_the_second_acknowledgement_is_a_conflict(
        self, session: Session, clock: FixedClock, raise_one: Raise
    ) -> None:
        alert_id = raise_one()
        service.acknowledge(session, alert_id, NURSE, "", clock)
        with pytest.raises(Conflict):
            service.acknowledge(session, alert_id, NURSE, "", clock)

    def test_an_unknown_alert_is_refused(self, session: Session, clock: FixedClock) -> None:
        with pytest.raises(NotFound):
            service.acknowledge(session, UUID(int=1), NURSE, "", clock)
        with pytest.raises(NotFound):
            service.alert(session, UUID(int=1), clock)


class TestListAlerts:
    def test_open_ones_come_by_deadline_in_pages(self, session: Session, clock: FixedClock, raise_one: Raise) -> None:
        yellow, orange, red = raise_one("yellow"), raise_one("orange"), raise_one("red")
        wanted = AlertFilter(status="open")
        first = service.list_alerts(session, wanted, clock, limit=2)
        assert [view.id for view in first.items] == [red, orange]
        assert first.total == 3
        rest = service.list_alerts(session, wanted, clock, first.next_cursor, 2)
        assert [view.id for view in rest.items] == [yellow]
        assert rest.next_cursor is None

    def test_others_come_newest_first_in_pages(self, session: Session, clock: FixedClock, raise_one: Raise) -> None:
        made = []
        for _ in range(3):
            made.append(raise_one())
            clock.advance(timedelta(minutes=1))
        first = service.list_alerts(session, AlertFilter(), clock, limit=2)
        rest = service.list_alerts(session, AlertFilter(), clock, first.next_cursor, 2)
        assert [view.id for view in (*first.items, *rest.items)] == made[::-1]

    def test_filters_narrow(self, session: Session, clock: FixedClock, raise_one: Raise, patient_id: UUID) -> None:
        red, orange = raise_one("red"), raise_one("orange")
        service.acknowledge(session, red, NURSE, "", clock)
        for wanted, expected in (
            (AlertFilter(status="acknowledged"), [red]),
            (AlertFilter(status="open"), [orange]),
            (AlertFilter(level="red"), [red]),
            (AlertFilter(patient_id=patient_id, level="orange"), [orange]),
            (AlertFilter(patient_id=UUID(int=1)), []),
        ):
            assert [view.id for view in service.list_alerts(session, wanted, clock).items] == expected

    def test_names_are_masked(self, session: Session, clock: FixedClock, raise_one: Raise) -> None:
        raise_one()
        (view,) = service.list_alerts(session, AlertFilter(), clock).items
        assert (view.patient_name, view.record_number) == ("王**", "A1")

    def test_a_foreign_cursor_is_refused(self, session: Session, clock: FixedClock) -> None:
        for cursor in ("nonsense", "WyJ4Il0"):
            with pytest.raises(Invalid):
                service.list_alerts(session, AlertFilter(), clock, cursor)


class TestCounts:
    def test_open_and_overdue_are_counted(self, session: Session, clock: FixedClock, raise_one: Raise) -> None:
        raise_one("red")
        raise_one("yellow")
        done = raise_one("red")
        service.acknowledge(session, done, NURSE, "", clock)
        clock.advance(timedelta(hours=1))
        counts = service.counts(session, clock)
        assert (counts.open, counts.overdue) == (2, 1)
