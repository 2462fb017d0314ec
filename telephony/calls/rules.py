"""Pure decisions about calls."""

import re
from typing import Final

RANK: Final = {
    "queued": 0,
    "initiated": 1,
    "ringing": 2,
    "in-progress": 3,
    "completed": 4,
    "busy": 4,
    "failed": 4,
    "no-answer": 4,
    "canceled": 4,
}
FINAL_RANK: Final = 4
STATES: Final = {0: "queued", 1: "queued", 2: "ringing", 3: "in_progress"}
UNANSWERED: Final = {"busy": "busy", "no-answer": "no_answer", "failed": "carrier_failed", "canceled": "no_answer"}
MACHINE_PREFIXES: Final = ("machine", "fax")
INVALID_NUMBER_SIP: Final = {"404", "410", "484", "604"}
FULL_DISK: Final = {"ENOSPC", "EDQUOT", "EFBIG"}
FULL: Final = "通话时磁盘已满，录音未能保存"
NOT_WRITTEN: Final = "录音文件写入失败"
REMOVED: Final = "录音已过保存期，按规定删除"
INTERRUPTED: Final = "interrupted"
NOT_PLACED: Final = "not_placed"
INBOUND: Final = "inbound"
MIDWAY: Final = {None, "partial", "silent"}
BROWSER: Final = "browser"
"""The carrier of trials: a page, and nobody's telephone."""
ATTENDED: Final = "attended"
TALKED: Final = "talked"
GIVEN_UP: Final = "given_up"
LABELS: Final = {
    "completed": "已完成",
    "partial": "未完成",
    "callback": "约定再拨",
    "refused": "拒绝随访",
    "do_not_call": "要求不再来电",
    "wrong_number": "号码错误",
    "not_here": "本人不在",
    "relative": "家属接听",
    "deceased": "患者已故",
    "wants_person": "要求人工",
    "attended": "人工接听",
    "talked": "人工通话",
    "given_up": "拨号中取消",
    "no_answer": "无人接听",
    "busy": "占线",
    "carrier_failed": "线路故障",
    "invalid_number": "无效号码",
    "unreachable": "关机或无法接通",
    "rejected": "拒接",
    "voicemail": "语音信箱",
    "silent": "无人说话",
    "bot_unavailable": "系统故障",
    "interrupted": "系统停机中断",
    "not_placed": "未能拨出",
    "unknown": "结果不明",
    "answered": "已答复",
    "message_left": "已留言",
    "emergency": "危险信号",
}
MOBILE: Final = re.compile(r"(?:\+?86|0086|0)?(1\d{10})")
E164: Final = re.compile(r"\+[1-9]\d{7,14}")
LOCAL: Final = re.compile(r"\d{3,20}")


HIDDEN: Final = {"+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253"}
"""Twilio writes ANONYMOUS, RESTRICTED, BLOCKED, UNKNOWN and UNAVAILABLE as a keypad does."""


def caller_number(told: str) -> str | None:
    """A caller's number as the record has it: mobiles in E.164 however the exchange writes them; None where hidden."""
    bare = re.sub(r"[\s\-()]", "", told)
    if bare in HIDDEN:
        return None
    mobile = MOBILE.fullmatch(bare)
    if mobile is not None:
        return f"+86{mobile[1]}"
    return bare if E164.fullmatch(bare) or LOCAL.fullmatch(bare) else None


def recording_missing(reason: str) -> str:
    """Why a call has no audio, for people.

    Args:
        reason: Name of the operating system's error.
    """
    return FULL if reason in FULL_DISK else NOT_WRITTEN


def is_final(status: str | None) -> bool:
    """Whether a carrier's status is the end of a call."""
    return RANK.get(status or "", -1) == FINAL_RANK


def later_status(known: str | None, told: str) -> str | None:
    """The status that stands when callbacks arrive in any order: the furthest one; unknown words change nothing."""
    if told not in RANK:
        return known
    return told if RANK[told] > RANK.get(known or "", -1) else known


def unanswered_disposition(status: str, sip_code: str | None) -> str | None:
    """What a call that nobody answered comes to; None if it was answered."""
    if status == "failed" and sip_code in INVALID_NUMBER_SIP:
        return "invalid_number"
    return UNANSWERED.get(status)


def is_machine(answered_by: str | None) -> bool:
    """A machine or a fax; `unknown` counts as a person."""
    return bool(answered_by) and str(answered_by).startswith(MACHINE_PREFIXES)


def broken_off(disposition: str) -> str:
    """What a call comes to that we ended because the process ends: nothing lost, to be gone on with soon."""
    return INTERRUPTED if disposition in MIDWAY else disposition


def attended(disposition: str) -> str:
    """What a call comes to that ended in a person's hands: theirs to finish, unless the dialogue had come to an end."""
    return ATTENDED if disposition in MIDWAY else disposition


def talked(disposition: str, *, heard: bool) -> str:
    """What a call comes to that a person dialled.

    Args:
        disposition: As of any other call.
        heard: The patient could hear the person.
    """
    return TALKED if heard and disposition in MIDWAY else disposition


def spoken_disposition(told: str | None, answered_by: str | None, patient_turns: int, failed: bool) -> str:
    """What an answered call comes to.

    Args:
        told: The dialogue's own disposition, if it came to one.
        answered_by: The carrier's guess at who answered.
        patient_turns: Times the patient spoke or pressed keys.
        failed: The dialogue could not go on.
    """
    if is_machine(answered_by) and patient_turns == 0:
        return "voicemail"
    if failed and told in MIDWAY:
        return "bot_unavailable"
    if told:
        return told
    return "partial" if patient_turns else "silent"
