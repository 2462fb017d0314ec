"""Facts and rules of the contact policy, and its decision."""

from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

Reason = Literal[
    "facts_missing",
    "no_consent",
    "consent_refused",
    "do_not_contact",
    "deceased",
    "no_phone",
    "wrong_number",
    "prefers_sms",
    "task_closed",
    "outside_window",
    "outside_preferred_time",
    "holiday",
    "patient_daily_cap",
    "campaign_daily_cap",
    "patient_in_call",
    "phone_in_call",
]
REASON_LABELS: dict[Reason, str] = {
    "facts_missing": "资料不全，无法确认可否联系",
    "no_consent": "未取得语音随访同意",
    "consent_refused": "已拒绝语音随访",
    "do_not_contact": "要求不再联系",
    "deceased": "患者已故",
    "no_phone": "没有可用电话",
    "wrong_number": "电话号码有误",
    "prefers_sms": "希望以短信联系",
    "task_closed": "随访任务已结束",
    "outside_window": "不在外呼时段",
    "outside_preferred_time": "不在患者希望的时段",
    "holiday": "法定节假日",
    "patient_daily_cap": "今日对该患者的呼叫已达上限",
    "campaign_daily_cap": "今日外呼量已达上限",
    "patient_in_call": "该患者正在通话",
    "phone_in_call": "该号码正在通话",
}


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Window(Frozen):
    """A span within a day, end exclusive."""

    start: time
    end: time


class ContactFacts(Frozen):
    """What is known of the person; a None where a value belongs means it could not be found out.

    Attributes:
        consent: Voice consent; only "granted" is yes.
        preferred: Windows in which the person wants to be called; empty means any.
        channel: The channel the person prefers.
        has_phone: Whether there is a number to call.
    """

    consent: Literal["granted", "refused", "unknown"] | None
    do_not_contact: bool | None
    deceased: bool | None
    has_phone: bool | None
    wrong_number: bool | None
    channel: str | None = None
    preferred: tuple[Window, ...] = ()


class LoadFacts(Frozen):
    """What is going on now.

    Attributes:
        task_open: Whether the task still waits for an answer.
        patient_calls_today: Calls dialled to the patient today, all campaigns together.
        campaign_calls_today: Calls the campaign dialled today.
        patient_in_call: A live call to the patient.
        phone_in_call: A live call to the number.
        callback_asked: The person named this time; their usual windows and cap do not stop it.
    """

    task_open: bool = True
    patient_calls_today: int = 0
    campaign_calls_today: int = 0
    patient_in_call: bool = False
    phone_in_call: bool = False
    callback_asked: bool = False


class PolicyRules(Frozen):
    """The hospital's rules for one campaign; times in `zone`.

    Attributes:
        live_call_recheck: When to look again at a patient or a number that is in a call.
    """

    zone: ZoneInfo
    window: Window
    holidays: frozenset[date] = frozenset()
    patient_daily_cap: int = 2
    campaign_daily_cap: int = 1000
    live_call_recheck: timedelta = timedelta(minutes=5)


class Decision(Frozen):
    """Whether to call now.

    Attributes:
        reasons: Every reason against it, not only the first.
        permanent: Waiting does not help.
        next_allowed_at: When to ask again, aware UTC; None when permanent or not within the horizon.
    """

    allowed: bool
    reasons: tuple[Reason, ...] = ()
    permanent: bool = False
    next_allowed_at: datetime | None = None
