"""A long list's total is kept for a moment, a short one's never, and none is taken for another database's."""

import pytest
from sqlalchemy.orm import Session

from core_api.kit import totals
from core_api.kit.crypto import Keyring
from core_api.kit.db import make_engine, make_sessions

pytestmark = pytest.mark.unit


class TestRecent:
    def test_a_short_list_is_counted_each_time(self, session: Session) -> None:
        assert totals.recent(session, "short", lambda: totals.LONG - 1) == totals.LONG - 1
        assert totals.recent(session, "short", lambda: 7) == 7

    def test_a_long_list_is_counted_once_in_a_while(self, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
        assert totals.recent(session, "long", lambda: totals.LONG) == totals.LONG
        assert totals.recent(session, "long", lambda: 7) == totals.LONG
        monkeypatch.setattr(totals, "KEPT_SECONDS", 0.0)
        assert totals.recent(session, "long", lambda: 7) == 7

    def test_another_filter_or_database_has_its_own_total(self, session: Session, keyring: Keyring) -> None:
        totals.recent(session, ("tasks", "a"), lambda: 5_000)
        assert totals.recent(session, ("tasks", "b"), lambda: 6_000) == 6_000
        engine = make_engine("sqlite://")
        with make_sessions(engine, keyring)() as other:
            assert totals.recent(other, ("tasks", "a"), lambda: 3) == 3
        engine.dispose()
