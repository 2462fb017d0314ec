"""Questionnaires as data: what a definition holds, and what the rules say about it."""

import re
from datetime import date, datetime
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    model_validator,
)

ItemType = Literal["boolean", "choice", "multi_choice", "integer", "decimal", "date", "text", "display"]
Operator = Literal["=", "!=", ">", "<", ">=", "<=", "exists"]
KeysMode = Literal["option", "number", "date"]
Level = Literal["red", "orange", "yellow"]
Status = Literal["draft", "published", "retired"]
Behaviour = Literal["all", "any"]

AnswerValue = bool | int | float | str | date | tuple[str, ...]
"""A boolean, an option's code, several codes, a number in the item's unit, a date, or words."""


def _only_iso(value: object) -> object:
    """Keeps Pydantic from reading a code such as "0" as a day counted from 1970."""
    if isinstance(value, str) and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        raise ValueError("not an ISO date")
    return value


IsoDate = Annotated[date, BeforeValidator(_only_iso)]
ConditionValue = Annotated[
    StrictBool | StrictInt | StrictFloat | IsoDate | StrictStr, Field(union_mode="left_to_right")
]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]

KEYS_MODES: dict[str, KeysMode] = {
    "boolean": "option",
    "choice": "option",
    "multi_choice": "option",
    "integer": "number",
    "decimal": "number",
    "date": "date",
}


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Option(Frozen):
    """One choice. A boolean's options have the codes `true` and `false`."""

    code: str = Field(min_length=1, max_length=64)
    display: str = Field(min_length=1, max_length=200)
    synonyms: tuple[str, ...] = ()
    key: str | None = None
    score: float | None = None


YES_NO = (
    Option(code="true", display="有", synonyms=("是", "是的", "对", "对的", "嗯有", "有的", "有一点"), key="1"),
    Option(code="false", display="没有", synonyms=("没", "没有的", "无", "不是", "都没有", "从来没有"), key="2"),
)


class Condition(Frozen):
    """`question operator answer`; an unanswered question meets only `exists` with the answer false."""

    question: str
    operator: Operator = "="
    answer: ConditionValue


class Item(Frozen):
    """One question, or (type `display`) one thing said."""

    link_id: Name
    type: ItemType
    text_chat: str
    text_voice: str
    text_keys: str = ""
    text_rephrase: str = ""
    options: tuple[Option, ...] = ()
    unit: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    required: bool = True
    skippable: bool = True
    enable_when: tuple[Condition, ...] = ()
    enable_behavior: Behaviour = "all"
    keys_mode: KeysMode | None = None
    topic: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _with_defaults(cls, data: object) -> object:
        if not isinstance(data, dict):
            return data
        filled = dict(data)
        kind = filled.get("type")
        if kind == "boolean" and not filled.get("options"):
            filled["options"] = YES_NO
        if filled.get("keys_mode") is None:
            filled["keys_mode"] = KEYS_MODES.get(str(kind))
        return filled


class AlertRule(Frozen):
    """Raises an alert when its conditions hold; `advice_voice` is said to the patient before the closing."""

    key: Name
    level: Level
    text: str = Field(min_length=1, max_length=200)
    when: tuple[Condition, ...] = Field(min_length=1)
    behavior: Behaviour = "all"
    advice_voice: str = ""


class Band(Frozen):
    minimum: float
    maximum: float
    label: str


class Scale(Frozen):
    """Adds or averages the scores of the chosen options (a number counts as itself)."""

    key: Name
    title: str
    items: tuple[str, ...] = Field(min_length=1)
    method: Literal["sum", "mean"] = "sum"
    bands: tuple[Band, ...] = ()


class Questionnaire(Frozen):
    key: Name
    version: int = Field(ge=1)
    title: str = Field(min_length=1, max_length=120)
    status: Status = "draft"
    description: str = ""
    intro_voice: str = ""
    closing_voice: str = ""
    closing_alert_voice: str = ""
    context: tuple[str, ...] = ()
    """Names that texts may hold in braces, such as {owed_amount}; the caller fills them."""
    items: tuple[Item, ...] = ()
    alert_rules: tuple[AlertRule, ...] = ()
    scoring: tuple[Scale, ...] = ()

    def item(self, link_id: str) -> Item | None:
        return next((item for item in self.items if item.link_id == link_id), None)

    def with_status(self, status: Status, version: int | None = None) -> Self:
        return self.model_copy(update={"status": status, "version": version or self.version})


class DefinitionProblem(Frozen):
    """Why a definition must not be published, for the person who edits it."""

    code: str
    link_id: str | None
    reason: str
    remedy: str


class AnswerProblem(Frozen):
    """Why a value does not answer an item; `message` may be said to the patient."""

    code: Literal["type", "range", "option"]
    message: str


class AlertHit(Frozen):
    rule_key: str
    level: Level
    text: str
    advice_voice: str = ""


class Score(Frozen):
    key: str
    title: str
    value: float
    answered: int
    label: str | None


class QuestionnaireLine(Frozen):
    """A questionnaire in a list."""

    key: str
    title: str
    version: int
    status: Status
    items_count: int
    published_at: datetime | None = None


class LibraryReport(Frozen):
    created: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()


class DraftSaved(Frozen):
    """A kept draft and what still keeps it from being published."""

    key: str
    version: int
    title: str
    problems: tuple[DefinitionProblem, ...]
