"""What of an order reaches telephony, and how its answers come back."""

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from campaigns.dispatch.port import CallOrder, FateUnknown, Refused
from campaigns.dispatch.telephony import TelephonyDialler
from core_api.kit.clock import SystemClock
from core_api.kit.db import Sessions, new_id
from telephony import api as telephony
from tests.fakes.carrier import FakeCarrier
from tests.telephony.kit import ScriptedConversation, ToneVoice


def order(**more: Any) -> CallOrder:
    values: dict[str, Any] = {
        "call_id": new_id(),
        "campaign_id": uuid4(),
        "patient_id": uuid4(),
        "task_id": uuid4(),
        "conversation_id": uuid4(),
        "response_id": uuid4(),
        "questionnaire_key": "storage_fee",
        "questionnaire_version": 1,
        "hospital_name": "仁和医院",
        "department": "生殖中心",
        "carrier": "fake",
        "phone_e164": "+8613800138000",
        "salutation": "王女士",
        "full_name": "王小丽",
        "ring_timeout_seconds": 40,
        "max_seconds": 900,
    }
    return CallOrder(**(values | more))


@pytest.fixture
def carrier() -> FakeCarrier:
    return FakeCarrier()


@pytest.fixture
def runtime(sessions: Sessions, tmp_path: Path, carrier: FakeCarrier) -> telephony.TelephonyRuntime:
    return telephony.TelephonyRuntime(
        sessions=sessions,
        clock=SystemClock(),
        zone=ZoneInfo("Asia/Shanghai"),
        data_dir=tmp_path,
        carriers={"fake": carrier},
        conversations=ScriptedConversation(),
        synthesizer=ToneVoice(),
    )


class TestPlace:
    @pytest.mark.covers("RC-OUT-02")
    def test_persona_and_caller_id_reach_the_carrier(
        self, runtime: telephony.TelephonyRuntime, carrier: FakeCarrier
    ) -> None:
        wanted = order(persona="fever", caller_id="+862087654321")
        sid = TelephonyDialler(runtime).place(wanted)
        dialled = carrier.dials[sid]
        assert (dialled.persona, dialled.caller_id) == ("fever", "+862087654321")
        assert (dialled.call_id, dialled.number) == (wanted.call_id, wanted.phone_e164)

    def test_context_window_and_age_reach_the_conversation(
        self, runtime: telephony.TelephonyRuntime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        placed: list[telephony.CallRequest] = []

        def place(_runtime: object, request: telephony.CallRequest) -> SimpleNamespace:
            placed.append(request)
            return SimpleNamespace(carrier_sid="CA1")

        monkeypatch.setattr(telephony, "place_call", place)
        more = {"context": {"owed_amount": "1200"}, "callback_window": ("09:00", "18:00"), "elder": True}
        TelephonyDialler(runtime).place(order(**more))
        spec = placed[0].conversation
        assert (spec.context, spec.callback_window, spec.elder) == ({"owed_amount": "1200"}, ("09:00", "18:00"), True)

    @pytest.mark.parametrize(
        ("change", "disposition"), [({"phone_e164": "+86123"}, "invalid_number"), ({"carrier": "no"}, "carrier_failed")]
    )
    def test_what_nobody_was_dialled_for_is_refused(
        self, runtime: telephony.TelephonyRuntime, change: dict[str, str], disposition: str
    ) -> None:
        with pytest.raises(Refused) as refused:
            TelephonyDialler(runtime).place(order(**change))
        assert refused.value.disposition == disposition

    def test_a_doubt_stays_a_doubt(self, runtime: telephony.TelephonyRuntime, carrier: FakeCarrier) -> None:
        carrier.lost = True
        with pytest.raises(FateUnknown):
            TelephonyDialler(runtime).place(order())


class TestFate:
    def test_is_told_with_the_time_that_was_promised(
        self, runtime: telephony.TelephonyRuntime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        at = datetime(2026, 11, 21, 7, 0, tzinfo=UTC)
        told = telephony.CallFate(state="ended", disposition="callback", answered=True, callback_at=at)
        monkeypatch.setattr(telephony, "fetch_fate", lambda _runtime, _call_id: told)
        fate = TelephonyDialler(runtime).fate(uuid4())
        assert (fate.disposition, fate.callback_at, fate.answered) == ("callback", at, True)

    def test_of_an_unknown_call_is_not_found(self, runtime: telephony.TelephonyRuntime) -> None:
        assert TelephonyDialler(runtime).fate(uuid4()).state == "not_found"
