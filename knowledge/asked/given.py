"""Answers given: who received which revision, listed and as a table."""

from collections.abc import Iterator
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from core_api.kit.errors import Invalid
from core_api.kit.paging import Page, decode_cursor, encode_cursor
from knowledge.asked import repository
from knowledge.asked.schemas import GivenFilter, GivenView, Recipients

EXPORT_CHUNK = 500
COLUMNS = ("时间", "渠道", "知识编号", "版本", "病历号", "患者", "患者标识", "会话标识", "评价", "留言")
CHANNELS = {"phone": "电话", "web": "网页", "wechat": "微信", "desk": "工作台"}
VOTES = {True: "有用", False: "没用", None: ""}


def list_given(
    session: Session, wanted: GivenFilter, cursor: str | None, limit: int, *, named: bool
) -> Page[GivenView]:
    """A page of answers given, the newest first; `named` shows whom, masked.

    Raises:
        Invalid: The cursor is not ours.
    """
    items = repository.given(session, wanted, _position(cursor), limit + 1, named=named)
    more = encode_cursor(str(items[limit - 1].id)) if len(items) > limit else None
    return Page(items=items[:limit], next_cursor=more, total=repository.given_count(session, wanted))


def table(session: Session, wanted: GivenFilter, zone: ZoneInfo) -> Iterator[tuple[str, ...]]:
    """Every answer given as rows of text, a header first."""
    yield COLUMNS
    before = None
    while chunk := repository.given(session, wanted, before, EXPORT_CHUNK, named=True):
        before = chunk[-1].id
        for one in chunk:
            yield (
                one.at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S"),
                CHANNELS.get(one.channel, one.channel),
                one.entry_key,
                str(one.revision),
                one.record_number or "",
                one.patient_name or "",
                str(one.patient_id or ""),
                str(one.conversation_id or ""),
                VOTES[one.useful],
                one.word or "",
            )


def recipients(session: Session, entry_id: UUID, revision: int) -> Recipients:
    """Who received a revision, to be told of a correction."""
    return repository.recipients(session, entry_id, revision)


def _position(cursor: str | None) -> UUID | None:
    if not cursor:
        return None
    try:
        return UUID(str(decode_cursor(cursor)[0]))
    except (ValueError, IndexError) as error:
        raise Invalid("翻页位置无效，请从第一页重新查看", field="cursor") from error
