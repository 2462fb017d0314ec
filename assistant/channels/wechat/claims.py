"""What a person on WeChat writes to say who they are, or to be nobody again. Pure."""

import re
import unicodedata
from datetime import date

from pydantic import ValidationError

from core_api.patients.identifying import Claim

LABELS = re.compile(
    r"(?:我要|我想|请)?(?:核对|绑定|验证|认证)(?:一下)?(?:身份|病历|档案|信息)?|我?的?(?:病历号码?|病案号|就诊号|出生(?:日期|年月日)|生日|手机号?码?|电话号?码?"
    r"|(?:预留)?(?:手机|电话)?号?(?:的)?(?:后|末|尾)(?:四位|4位|号))(?:是|为)?"
)
SIGNS = re.compile(r"[\s:,;、。，：；+/|]+")
WRITTEN_DATE = re.compile(r"((?:19|20)\d{2})\s*[-./年]\s*(\d{1,2})\s*[-./月]\s*(\d{1,2})日?")
EIGHT = re.compile(r"(?:19|20)\d{6}")
TAIL = re.compile(r"\d{4}")
KEY = re.compile(r"(?=.*\d)[A-Za-z0-9-]{4,32}")
MOBILE = re.compile(r"1[3-9]\d{9}")
UNBIND = re.compile(r"(?:我要|我想|请)?(?:解除|取消|撤销)(?:身份)?(?:绑定|核对)(?:身份)?|解绑")
TWO = 2


def claim_of(text: str) -> Claim | None:
    """The two facts of a message that holds nothing else: a record number (or phone) and what its owner knows."""
    plain = unicodedata.normalize("NFKC", text)
    dated = WRITTEN_DATE.sub(lambda found: "{}{:0>2}{:0>2}".format(*found.groups()), plain)
    words = [word for word in SIGNS.split(LABELS.sub(" ", dated)) if word]
    if len(words) != TWO:
        return None
    for key, proof in (words, words[::-1]):
        claim = _claim(key, proof)
        if claim is not None:
            return claim
    return None


def unbinds(text: str) -> bool:
    """Whether somebody wants not to be known any more."""
    return UNBIND.fullmatch(SIGNS.sub("", unicodedata.normalize("NFKC", text)).rstrip("!！?？")) is not None


def _claim(key: str, proof: str) -> Claim | None:
    if not KEY.fullmatch(key):
        return None
    name = "phone" if MOBILE.fullmatch(key) else "record_number"
    born = _day(proof)
    if born is None and not TAIL.fullmatch(proof):
        return None
    try:
        return Claim.model_validate({name: key, "birth_date": born, "phone_tail": None if born else proof})
    except ValidationError:
        return None


def _day(proof: str) -> date | None:
    if not EIGHT.fullmatch(proof):
        return None
    try:
        return date(int(proof[:4]), int(proof[4:6]), int(proof[6:]))
    except ValueError:
        return None
