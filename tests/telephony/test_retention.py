"""How long recordings are kept, and what keeps them longer."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient

from core_api.alerts import service as alerts
from core_api.alerts.schemas import AlertIn
from core_api.audit import service as audit
from core_api.audit.schemas import AuditFilter
from core_api.kit.clock import FixedClock
from core_api.kit.crypto import Keyring
from core_api.kit.db import Sessions, new_id
from core_api.kit.errors import NotFound
from core_api.kit.web import CurrentUser
from core_api.patients import service as patients
from core_api.patients.schemas import PatientIn
from telephony.audio.measuring import Outline
from telephony.calls import details, repository, retention, service
from telephony.calls.retention import Expiry, Retention
from telephony.calls.schemas import Ending, KeptRecording
from telephony.session.safe import Safe
from tests.telephony.kit import request
from tests.telephony.test_endpoints import pages, signed_in

__all__ = ["pages"]
RULE = Retention({"unheard": 30, "fee": 100, "other": 1000})
DAY = timedelta(days=1)
Make = Callable[..., UUID]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "recordings"
    made.mkdir()
    return made


@pytest.fixture
def record(sessions: Sessions, clock: FixedClock, keyring: Keyring, folder: Path) -> Make:
    """Makes finished calls with a recording."""

    def make(disposition: str = "completed", questionnaire: str | None = None, patient_id: UUID | None = None) -> UUID:
        identity = new_id()
        Safe(keyring, identity).write(folder / f"{identity}.sealed", b"sound")
        kept = KeptRecording(file_name=f"{identity}.sealed", format="ogg", duration_ms=2500, size_bytes=5)
        asked = request(identity, patient_id=patient_id or uuid4())
        asked = asked.model_copy(
            update={"conversation": asked.conversation.model_copy(update={"questionnaire_key": questionnaire})}
        )
        with sessions.begin() as session:
            service.register(session, asked, clock)
            service.finish(session, identity, Ending(disposition=disposition), clock)
            service.set_recording(session, identity, kept, clock, Outline(20, b"1", b"2"))
        return identity

    return make


def there(folder: Path) -> set[UUID]:
    return {UUID(path.stem) for path in folder.glob("*.sealed")}


class TestExpire:
    def test_goes_by_kind(self, record: Make, sessions: Sessions, clock: FixedClock, folder: Path) -> None:
        machine, fee, other = record("voicemail"), record(questionnaire="fee"), record(questionnaire="kidney")
        clock.advance(31 * DAY)
        assert retention.expire(sessions, clock, folder, RULE) == Expiry(removed=1)
        assert there(folder) == {fee, other}
        clock.advance(70 * DAY)
        assert retention.expire(sessions, clock, folder, RULE, dry=True) == Expiry(removed=1)
        assert there(folder) == {fee, other}
        retention.expire(sessions, clock, folder, RULE)
        clock.advance(900 * DAY)
        assert retention.expire(sessions, clock, folder, RULE) == Expiry(removed=1)
        assert there(folder) == set()
        with sessions() as session:
            assert retention.by_kind(session) == {}
            told = audit.entries(session, AuditFilter(action="recording.expire"), None, 10).items
        assert {entry.subject_id for entry in told} == {str(machine), str(fee), str(other)}
        assert {entry.actor_id for entry in told} == {None}

    def test_leaves_the_row_and_says_why_there_is_no_sound(
        self, record: Make, sessions: Sessions, clock: FixedClock, folder: Path
    ) -> None:
        call_id = record("silent")
        clock.advance(31 * DAY)
        retention.expire(sessions, clock, folder, RULE)
        with sessions() as session:
            shown = details.of(session, service.view(session, call_id), 1.0).recording
            assert repository.waveform(session, call_id) is None
        assert (shown.available, shown.removed_at, shown.missing_because) == (
            False,
            clock.now(),
            "录音已过保存期，按规定删除",
        )

    def test_what_is_held_stays_until_it_is_released(
        self, record: Make, sessions: Sessions, clock: FixedClock, folder: Path
    ) -> None:
        call_id, by_id = record("silent"), uuid4()
        with sessions.begin() as session:
            retention.hold(session, call_id, "患者王女士投诉", by_id, clock)
        clock.advance(5000 * DAY)
        assert retention.expire(sessions, clock, folder, RULE) == Expiry()
        with sessions.begin() as session:
            row = repository.recording(session, call_id)
            assert row is not None
            assert (row.held_by_id, "王女士" in str(row.hold_reason_sealed)) == (by_id, False)
            assert repository.recording_view(session, call_id).held_because == "患者王女士投诉"
            retention.hold(session, call_id, None, by_id, clock)
            purposes = {one.purpose for one in audit.entries(session, AuditFilter(actor_id=by_id), None, 9).items}
        assert purposes == {"录音长期保留", "录音解除长期保留"}
        assert retention.expire(sessions, clock, folder, RULE) == Expiry(removed=1)
        with sessions.begin() as session, pytest.raises(NotFound):
            retention.hold(session, call_id, "太晚了", by_id, clock)

    def test_what_an_open_alert_leads_to_stays(
        self, record: Make, sessions: Sessions, clock: FixedClock, folder: Path
    ) -> None:
        with sessions.begin() as session:
            wanted = PatientIn(record_number="A1", name="王小梅", phone="+8615400000001")
            patient_id = patients.upsert_patient(session, wanted, clock).patient_id
        call_id = record("silent", patient_id=patient_id)
        with sessions.begin() as session:
            alert = AlertIn.model_validate(
                {"patient_id": patient_id, "level": "red", "rule_key": "fever", "text": "发热", "call_id": call_id}
                | {"source_kind": "response", "source_id": uuid4()}
            )
            alert_id = alerts.raise_alert(session, alert, clock)
        clock.advance(31 * DAY)
        assert retention.expire(sessions, clock, folder, RULE) == Expiry(needed=1)
        nurse = CurrentUser(
            id=uuid4(), username="n", display_name="n", roles=("nurse",), permissions=frozenset({"alerts.acknowledge"})
        )
        with sessions.begin() as session:
            alerts.acknowledge(session, alert_id, nurse, "已处理", clock)
        assert retention.expire(sessions, clock, folder, RULE) == Expiry(removed=1)

    def test_goes_past_what_stays(
        self, record: Make, sessions: Sessions, clock: FixedClock, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(retention, "BATCH", 2)
        calls = [record("silent") for _ in range(5)]
        monkeypatch.setattr(retention, "needed", lambda _session, ids: set(calls[:3]) & set(ids))
        clock.advance(31 * DAY)
        assert retention.expire(sessions, clock, folder, RULE) == Expiry(removed=2, needed=3)
        assert there(folder) == set(calls[:3])

    def test_a_file_that_cannot_be_deleted_is_tried_again(
        self, record: Make, sessions: Sessions, clock: FixedClock, folder: Path
    ) -> None:
        call_id = record("silent")
        path = folder / f"{call_id}.sealed"
        path.unlink()
        path.mkdir()
        clock.advance(31 * DAY)
        assert retention.expire(sessions, clock, folder, RULE) == Expiry(failed=1)
        path.rmdir()
        assert retention.expire(sessions, clock, folder, RULE) == Expiry(removed=1)


class TestRetention:
    def test_a_kind_that_is_not_named_is_kept_as_others_are(self, clock: FixedClock) -> None:
        now = clock.now()
        assert RULE.until("fee", now) == now + 100 * DAY
        assert RULE.until("kidney", now) == RULE.until(None, now) == now + 1000 * DAY
        assert Retention({}).until("kidney", now) == now + 1095 * DAY


class TestHoldOverHttp:
    def test_is_for_those_who_may_and_shows_until_when(self, pages: TestClient, record: Make) -> None:
        call_id = record()
        url = f"/api/calls/{call_id}/recording/hold"
        page = pages.get(f"/api/calls/{call_id}", headers=signed_in("head")).json()["recording"]
        assert page["kept_until"].startswith("20")
        assert pages.post(url, json={"reason": "投诉"}, headers=signed_in("nurse")).status_code == 403
        assert pages.post(url, json={"reason": "   "}, headers=signed_in("head")).status_code == 422
        assert pages.post(url, json={"reason": "投诉"}, headers=signed_in("head")).status_code == 204
        held = pages.get(f"/api/calls/{call_id}", headers=signed_in("head")).json()["recording"]
        assert (held["kept_until"], held["held_because"]) == (None, "投诉")
        assert pages.delete(url, headers=signed_in("head")).status_code == 204
        assert pages.delete(f"/api/calls/{new_id()}/recording/hold", headers=signed_in("head")).status_code == 404
