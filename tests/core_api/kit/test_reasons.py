"""Why a value was refused."""

from datetime import date
from typing import Literal
from uuid import UUID

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core_api.kit.reasons import OTHERWISE, reason

pytestmark = pytest.mark.unit


class Form(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=2, max_length=3)
    level: Literal["red", "yellow"] = "red"
    age: int = Field(default=1, ge=0, le=120)
    born_on: date | None = None
    patient_id: UUID | None = None
    phones: list[str] = Field(default_factory=list, max_length=1)


def refusal(**values: object) -> str:
    with pytest.raises(ValidationError) as caught:
        Form.model_validate(values)
    error = caught.value.errors()[0]
    return reason(error["type"], error.get("ctx") or {})


class TestReason:
    @pytest.mark.parametrize(
        ("values", "expected"),
        [
            ({}, "必须填写"),
            ({"name": "王小丽华"}, "太长，最多 3 个字"),
            ({"name": "王"}, "太短，至少 2 个字"),
            ({"name": "王丽", "q": 1}, "没有这一项，请删去"),
            ({"name": "王丽", "level": "green"}, "不在可选的值之内"),
            ({"name": "王丽", "age": 121}, "应不大于 120"),
            ({"name": "王丽", "age": "三十"}, "应填整数"),
            ({"name": "王丽", "born_on": "二月三十"}, "应填日期，例如 2026-01-31"),
            ({"name": "王丽", "patient_id": "7"}, "编号格式不对"),
            ({"name": "王丽", "phones": ["1", "2"]}, "太多，最多 1 项"),
        ],
    )
    def test_says_in_chinese_what_to_do(self, values: dict[str, object], expected: str) -> None:
        assert refusal(**values) == expected

    def test_an_unknown_kind_is_still_a_sentence(self) -> None:
        assert reason("value_error", {"error": ValueError("王丽华")}) == OTHERWISE
