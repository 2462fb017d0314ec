"""Small definitions for tests."""

from typing import Any

from core_api.questionnaires.schemas import Item, Questionnaire

WORDING = {"text_chat": "问", "text_voice": "问", "text_keys": "请按1，按2，按3", "text_rephrase": "再问"}
OPTIONS = ({"code": "a", "display": "甲", "key": "1"}, {"code": "b", "display": "乙", "key": "2"})


def item(link_id: str, kind: str = "boolean", **more: Any) -> Item:
    """An item with sound wording, options, unit and range."""
    data: dict[str, Any] = {"link_id": link_id, "type": kind, **WORDING}
    if kind in {"choice", "multi_choice"}:
        data["options"] = OPTIONS
    if kind in {"integer", "decimal"}:
        data |= {"unit": "个", "minimum": 0, "maximum": 10}
    return Item.model_validate(data | more)


def when(question: str, operator: str, answer: Any) -> dict[str, Any]:
    return {"question": question, "operator": operator, "answer": answer}


def questionnaire(*items: Item, **more: Any) -> Questionnaire:
    data = {"key": "probe", "version": 1, "title": "试", "closing_voice": "再见", "closing_alert_voice": "请联系医院"}
    return Questionnaire.model_validate(data | {"items": items} | more)
