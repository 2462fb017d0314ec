"""Keyset paging: a page, and the cursor that says where the next one begins."""

import base64
import binascii
import json
from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, ConfigDict

from core_api.kit.errors import Invalid

T = TypeVar("T")
CursorValue = str | int | float | None

MAX_LIMIT = 200
Cursor = Annotated[str | None, Query(description="上一页的 next_cursor", max_length=400)]
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT)]


class Page(BaseModel, Generic[T]):
    """Items in order; `next_cursor` is None on the last page; `total` counts the whole list where it is cheap."""

    model_config = ConfigDict(frozen=True)

    items: list[T]
    next_cursor: str | None = None
    total: int | None = None


def encode_cursor(*values: CursorValue) -> str:
    """Sort values of the last row as an opaque text."""
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> list[CursorValue]:
    """Sort values that `encode_cursor` took.

    Raises:
        Invalid: Not a cursor of ours.
    """
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError) as error:
        message = "翻页位置无效，请从第一页重新查看"
        raise Invalid(message, field="cursor") from error
    if not isinstance(values, list):
        message = "翻页位置无效，请从第一页重新查看"
        raise Invalid(message, field="cursor")
    return values
