"""Entries as rows of text: the columns, an entry into cells, cells into an entry."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from knowledge.entries.schemas import Content, Link
from knowledge.exchange.schemas import Broken, RawEntry

KEY, QUESTION, VARIANTS, CHAT, VOICE = "编号", "问题", "相似问", "答案", "电话答案"
DEPARTMENT, AUDIENCE, CLASS = "科室", "适用人群", "类别"
LINKS, PICTURES, VALID_FROM, VALID_UNTIL = "链接", "图片", "生效日期", "失效日期"
COLUMNS = (
    KEY, QUESTION, VARIANTS, CHAT, VOICE, DEPARTMENT, AUDIENCE, CLASS, LINKS, PICTURES, VALID_FROM, VALID_UNTIL,
)  # fmt: skip
ALIASES = {
    "标准问": QUESTION,
    "标题": QUESTION,
    "文字答案": CHAT,
    "回答": CHAT,
    "相似问法": VARIANTS,
    "语音答案": VOICE,
}
CLASSES = {"service": "服务", "education": "宣教", "advice": "诊疗建议"}
READ_CLASSES = {title: name for name, title in CLASSES.items()} | {name: name for name in CLASSES} | {"": "service"}
FIELDS = {
    "question": QUESTION, "variants": VARIANTS, "text_chat": CHAT, "text_voice": VOICE, "department": DEPARTMENT,
    "audience": AUDIENCE, "links": LINKS, "pictures": PICTURES, "valid_from": VALID_FROM, "valid_until": VALID_UNTIL,
}  # fmt: skip
DAY = "%Y-%m-%d"
MINUTE = "%Y-%m-%d %H:%M"


class BadCell(Exception):
    """A cell that cannot be read."""

    def __init__(self, field: str, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.field, self.reason, self.remedy = field, reason, remedy


def cells_of(key: str, content: Content, zone: ZoneInfo) -> dict[str, str]:
    """An entry as texts by column."""
    return {
        KEY: key,
        QUESTION: content.question,
        VARIANTS: "\n".join(content.variants),
        CHAT: content.text_chat,
        VOICE: content.text_voice,
        DEPARTMENT: content.department,
        AUDIENCE: "\n".join(content.audience),
        CLASS: CLASSES[content.answer_class],
        LINKS: "\n".join(f"{link.title} {link.url}" for link in content.links),
        PICTURES: "\n".join(f"{link.title} {link.url}" for link in content.pictures),
        VALID_FROM: _written(content.valid_from, zone),
        VALID_UNTIL: _written(content.valid_until, zone),
    }


def content_of(raw: RawEntry, zone: ZoneInfo) -> Content | Broken:
    """Cells as an entry, or what is wrong with them first."""
    cells = raw.cells
    try:
        return Content.model_validate(
            {
                "question": cells.get(QUESTION, ""),
                "variants": _lines(cells, VARIANTS),
                "text_chat": _needed(cells, CHAT),
                "text_voice": cells.get(VOICE, ""),
                "department": cells.get(DEPARTMENT, ""),
                "audience": _lines(cells, AUDIENCE),
                "answer_class": _class(cells.get(CLASS, "").strip()),
                "links": [_link(line, LINKS) for line in _lines(cells, LINKS)],
                "pictures": [_link(line, PICTURES) for line in _lines(cells, PICTURES)],
                "valid_from": _read(cells.get(VALID_FROM, ""), VALID_FROM, zone),
                "valid_until": _read(cells.get(VALID_UNTIL, ""), VALID_UNTIL, zone),
            }
        )
    except BadCell as bad:
        return Broken(row=raw.row, field=bad.field, reason=bad.reason, remedy=bad.remedy)
    except ValidationError as error:
        return _refused(raw.row, error)


def _refused(row: int, error: ValidationError) -> Broken:
    first = error.errors()[0]
    field = FIELDS.get(str(first["loc"][0]), "") if first["loc"] else VALID_UNTIL
    reasons = {
        "string_too_short": ("没有填写", "请填写"),
        "string_too_long": ("文字太长", "请缩短"),
        "too_long": ("项数太多", "请减少"),
        "string_pattern_mismatch": ("地址不正确", "请用 https:// 开头的地址，或本院页面的 / 开头的路径"),
        "value_error": ("失效须晚于生效", "请检查两个日期"),
    }
    reason, remedy = reasons.get(str(first["type"]), ("内容不正确", "请检查这一格"))
    return Broken(row=row, field=field, reason=reason, remedy=remedy)


def _needed(cells: Mapping[str, str], column: str) -> str:
    if not cells.get(column, "").strip():
        raise BadCell(column, "没有填写", "请填写")
    return cells[column]


def _lines(cells: Mapping[str, str], column: str) -> list[str]:
    return [line.strip() for line in cells.get(column, "").splitlines() if line.strip()]


def _class(title: str) -> str:
    if title not in READ_CLASSES:
        raise BadCell(CLASS, "没有这个类别", "请填写服务、宣教或诊疗建议")
    return READ_CLASSES[title]


def _link(line: str, column: str) -> Link:
    title, _, url = line.rpartition(" ")
    try:
        return Link(title=title.strip() or url, url=url)
    except ValidationError as error:
        raise BadCell(column, "地址不正确", "每行写“标题 地址”，地址以 https:// 或 / 开头") from error


def _written(at: datetime | None, zone: ZoneInfo) -> str:
    if at is None:
        return ""
    local = at.astimezone(zone)
    return local.strftime(DAY if local.time() == time.min else MINUTE)


def _read(text: str, column: str, zone: ZoneInfo) -> datetime | None:
    plain = text.strip().replace("/", "-")
    if not plain:
        return None
    for form in (DAY, MINUTE, MINUTE + ":%S"):
        try:
            return datetime.strptime(plain, form).replace(tzinfo=zone).astimezone(UTC)
        except ValueError:
            continue
    raise BadCell(column, "日期看不懂", "请写成 2026-12-31 或 2026-12-31 18:00")


def as_text(value: object) -> str:
    """A spreadsheet's cell as text."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.strftime(DAY if value.time() == time.min else MINUTE)
    if isinstance(value, date):
        return value.strftime(DAY)
    if isinstance(value, timedelta | time):
        return str(value)
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
