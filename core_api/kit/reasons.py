"""Why a value was refused, in Chinese: pydantic's error types, put so that the sender knows what to do."""

from collections.abc import Mapping
from typing import Any

OTHERWISE = "内容不符合要求，请核对后重填"
_REASONS = {
    "missing": "必须填写",
    "extra_forbidden": "没有这一项，请删去",
    "string_too_short": "太短，至少 {min_length} 个字",
    "string_too_long": "太长，最多 {max_length} 个字",
    "string_pattern_mismatch": "格式不对，请按说明填写",
    "too_short": "太少，至少 {min_length} 项",
    "too_long": "太多，最多 {max_length} 项",
    "greater_than": "应大于 {gt}",
    "greater_than_equal": "应不小于 {ge}",
    "less_than": "应小于 {lt}",
    "less_than_equal": "应不大于 {le}",
    "multiple_of": "应是 {multiple_of} 的整数倍",
    "string_type": "应填文字",
    "bool": "应填是（true）或否（false）",
    "int": "应填整数",
    "float": "应填数字",
    "decimal": "应填数字",
    "uuid": "编号格式不对",
    "datetime": "应填日期和时间，例如 2026-01-31T09:30:00+08:00",
    "date": "应填日期，例如 2026-01-31",
    "time": "应填时间，例如 09:30",
    "timezone": "时间应带时区，例如 +08:00",
    "list": "应填列表",
    "tuple": "应填列表",
    "dict": "应填一组“名称: 值”",
    "model": "应填一组“名称: 值”",
    "json": "不是有效的 JSON",
    "enum": "不在可选的值之内",
    "literal": "不在可选的值之内",
    "url": "网址格式不对",
}


def reason(kind: str, facts: Mapping[str, Any]) -> str:
    """The reason for an error of pydantic.

    Args:
        kind: Its type, such as "string_too_long".
        facts: Its context: limits and the like. Never the value itself, which may be personal.
    """
    text = _REASONS.get(kind) or _REASONS.get(kind.split("_", 1)[0], OTHERWISE)
    try:
        return text.format_map(facts)
    except KeyError:
        return OTHERWISE
