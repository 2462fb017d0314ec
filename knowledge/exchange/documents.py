"""Markdown and DOCX: one entry a section. A DOCX is the same lines, their marks being paragraph styles."""

import io
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import docx
from docx.opc.exceptions import PackageNotFoundError

from core_api.kit.errors import Invalid
from knowledge.exchange.columns import CHAT, COLUMNS, KEY, QUESTION, VOICE
from knowledge.exchange.schemas import RawEntry
from knowledge.exchange.tables import ENCODINGS, MAX_UNPACKED_BYTES

TITLE, ENTRY, PART, ITEM = "# ", "## ", "### ", "- "
STYLES = {"Heading 1": TITLE, "Heading 2": ENTRY, "Heading 3": PART, "List Bullet": ITEM}
LONG = (CHAT, VOICE)
SHORT = tuple(name for name in COLUMNS if name not in {KEY, QUESTION, *LONG})
MARKS = ("#", "-", "\\")
BROKEN_DOCUMENT = (PackageNotFoundError, zipfile.BadZipFile, KeyError, ValueError, OSError)


@dataclass
class _Section:
    row: int
    cells: dict[str, list[str]] = field(default_factory=dict)


def write_markdown(rows: Iterable[dict[str, str]]) -> bytes:
    """The entries as Markdown."""
    return ("\n".join(_lines(rows)) + "\n").encode("utf-8")


def read_markdown(data: bytes) -> list[RawEntry]:
    """Sections of a Markdown file.

    Raises:
        Invalid: Not text, or it has no section.
    """
    for encoding in ENCODINGS:
        try:
            return _entries(data.decode(encoding).splitlines())
        except UnicodeDecodeError:
            continue
    raise Invalid("文字编码无法识别，请另存为 UTF-8", field="file")


def write_docx(rows: Iterable[dict[str, str]]) -> bytes:
    """The entries as a Word document."""
    document = docx.Document()
    styles = {mark: style for style, mark in STYLES.items()}
    for line in _lines(rows):
        mark = next((mark for mark in (PART, ENTRY, TITLE, ITEM) if line.startswith(mark)), "")
        document.add_paragraph(line.removeprefix(mark), style=styles.get(mark))
    written = io.BytesIO()
    document.save(written)
    return written.getvalue()


def read_docx(data: bytes) -> list[RawEntry]:
    """Sections of a Word document whose questions are headings of the second level.

    Raises:
        Invalid: No such document, or it has no section.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(one.file_size for one in archive.infolist()) > MAX_UNPACKED_BYTES:
                raise Invalid("文件解压后过大，请拆分后导入", field="file")
        document = docx.Document(io.BytesIO(data))
    except BROKEN_DOCUMENT as error:
        raise Invalid("文件不是有效的 Word 文档（.docx）", field="file") from error
    lines = (STYLES.get(one.style.name if one.style else "", "") + one.text for one in document.paragraphs)
    return _entries(line for many in lines for line in many.split("\n"))


def _lines(rows: Iterable[dict[str, str]]) -> Iterator[str]:
    yield TITLE + "知识库"
    for row in rows:
        yield ""
        yield ENTRY + row[QUESTION]
        yield f"{ITEM}{KEY}：{row[KEY]}"
        for name in SHORT:
            yield from (f"{ITEM}{name}：{line}" for line in row[name].splitlines())
        for name in LONG:
            if row[name]:
                yield PART + name
                yield from (_guarded(line) for line in row[name].splitlines())


def _guarded(line: str) -> str:
    return "\\" + line if line.startswith(MARKS) else line


def _entries(lines: Iterable[str]) -> list[RawEntry]:
    found: list[_Section] = []
    part = ""
    for number, line in enumerate(lines, start=1):
        if line.startswith(ENTRY):
            found.append(_Section(number, {QUESTION: [line.removeprefix(ENTRY)]}))
            part = ""
        elif found and line.startswith(PART):
            part = line.removeprefix(PART).strip()
            found[-1].cells.setdefault(part, [])
        elif found:
            _add(found[-1], part, line)
    if not found:
        raise Invalid("没有找到二级标题；每条知识以二级标题（问题）开头", field="file")
    cells = ({name: "\n".join(texts).strip() for name, texts in one.cells.items()} for one in found)
    return [
        RawEntry(row=one.row, cells={name: text for name, text in texts.items() if name in COLUMNS})
        for one, texts in zip(found, cells, strict=True)
    ]


def _add(section: _Section, part: str, line: str) -> None:
    if part:
        section.cells[part].append(line.removeprefix("\\"))
    elif line.startswith(ITEM):
        name, mark, text = line.removeprefix(ITEM).partition("：")
        if mark:
            section.cells.setdefault(name.strip(), []).append(text.strip())
