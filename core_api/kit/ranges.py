"""Bytes over HTTP whole or in part (RFC 9110, one range), for what lies sealed and cannot be sent as a file."""

import re

from fastapi import Response

RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def in_part(content: bytes, asked: str | None, media_type: str, headers: dict[str, str]) -> Response:
    """Answers a Range header: 206 with the part, 416 if there is none, 200 with all if it asks nothing we know.

    Args:
        content: All of it.
        asked: The request's Range header.
        media_type: Of the content.
        headers: Sent along.
    """
    headers = {"Accept-Ranges": "bytes", **headers}
    matched = RANGE.fullmatch(asked.strip()) if asked else None
    if matched is None or matched.groups() == ("", ""):
        return Response(content, media_type=media_type, headers=headers)
    first, last = matched.groups()
    start = int(first) if first else max(0, len(content) - int(last))
    end = min(int(last), len(content) - 1) if first and last else len(content) - 1
    if start > end:
        return Response(status_code=416, headers={**headers, "Content-Range": f"bytes */{len(content)}"})
    place = f"bytes {start}-{end}/{len(content)}"
    return Response(content[start : end + 1], 206, {**headers, "Content-Range": place}, media_type)
