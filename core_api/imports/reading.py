"""Opening the files of an export: a header found, then rows one by one; never a whole file in memory."""

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from core_api.imports import workbooks
from core_api.imports.profiles import Header, missing_columns, recognise
from core_api.imports.schemas import Profile

CHUNK_BYTES = 1 << 20
LINE_MAX_CHARS = 200_000
HEADER_WITHIN_ROWS = 20
DELIMITERS = ",\t;|"
REPLACEMENT = "\ufffd"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class FileRefused(Exception):
    """A file that cannot be read at all.

    Attributes:
        skipped: True when it is no file of ours, so that leaving it out is no error.
    """

    def __init__(self, reason: str, remedy: str, *, skipped: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy
        self.skipped = skipped


@dataclass(frozen=True)
class Record:
    """One row; `fault` is a reason for which nothing of it can be used."""

    file: str
    row: int
    cells: dict[str, object]
    titles: dict[str, str]
    fault: str | None = None

    def __getitem__(self, name: str) -> object:
        return self.cells.get(name)


@dataclass(frozen=True)
class Table:
    """A file whose header is known."""

    path: Path
    header: Header
    header_row: int
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""


def open_table(path: Path, profile: Profile) -> Table:
    """Finds out what a file is: workbook or text, encoding, delimiter, header.

    Raises:
        FileRefused: It is broken, of another kind, or lacks columns.
    """
    with path.open("rb") as file:
        head = file.read(8)
    if not head:
        raise FileRefused("文件是空的", "请重新导出")
    if path.suffix.lower() in {".xlsx", ".xlsm", ".xls"} or head.startswith((b"PK\x03\x04", workbooks.OLE_MAGIC)):
        return _open_workbook(path, profile)
    return _open_text(path, profile, head)


@contextmanager
def records(table: Table) -> Iterator[Iterator[Record]]:
    """The rows below the header, empty ones left out."""
    if table.sheet:
        with workbooks.rows(table.path, table.sheet) as rows:
            yield _records(table, _sheet_rows(rows))
    else:
        with _text(table.path, table.encoding) as file:
            yield _records(table, _csv_rows(_Lines(file), table.delimiter))


Raw = tuple[int, list[object], str | None]


def _records(table: Table, rows: Iterator[Raw]) -> Iterator[Record]:
    header = table.header
    for number, cells, fault in rows:
        if number <= table.header_row or not (fault or any(cell not in {None, ""} for cell in cells)):
            continue
        problem = fault
        if problem is None and any(cell not in {None, ""} for cell in cells[header.width :]):
            problem = "这一行的列数多于表头，可能有未加引号的分隔符"
        if problem is None and any(isinstance(cell, str) and REPLACEMENT in cell for cell in cells):
            problem = "含有无法识别的字符（编码损坏）"
        values = {name: cells[at] for name, at in header.fields.items() if at < len(cells)}
        yield Record(table.path.name, number, values, header.titles, problem)


@dataclass
class _Lines:
    """Lines of a text, none longer than LINE_MAX_CHARS; longer ones come empty and are named in `overlong`."""

    file: io.TextIOBase
    number: int = 0
    overlong: list[int] = field(default_factory=list)

    def __iter__(self) -> Iterator[str]:
        while line := self.file.readline(LINE_MAX_CHARS):
            self.number += 1
            if len(line) == LINE_MAX_CHARS and not line.endswith("\n"):
                while (rest := self.file.readline(LINE_MAX_CHARS)) and not rest.endswith("\n"):
                    pass
                self.overlong.append(self.number)
                line = "\n"
            yield line.replace("\0", "")


def _sheet_rows(rows: Iterator[tuple[int, Sequence[object]]]) -> Iterator[Raw]:
    try:
        for number, cells in rows:
            yield number, list(cells), None
    except workbooks.NoWorkbook as error:
        raise FileRefused(error.reason, error.remedy) from error


def _csv_rows(lines: _Lines, delimiter: str) -> Iterator[Raw]:
    reader = csv.reader(iter(lines), delimiter=delimiter)
    while True:
        first = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield first, [], "引号不成对，或单元格过长"
            continue
        while lines.overlong:
            yield lines.overlong.pop(0), [], "这一行过长，不是正常的数据行"
        yield first, list(cells), None


def _open_text(path: Path, profile: Profile, head: bytes) -> Table:
    nearly: tuple[str, list[str]] | None = None
    for encoding in _encodings(path, head):
        for delimiter in DELIMITERS:
            with _text(path, encoding) as file:
                rows = [
                    (number, cells)
                    for number, cells, _ in islice(_csv_rows(_Lines(file), delimiter), HEADER_WITHIN_ROWS)
                ]
            table, lacking = _find_header(path, profile, rows)
            if table is not None:
                return Table(path, table.header, table.header_row, encoding, delimiter)
            nearly = nearly or lacking
    raise _unknown(nearly)


def _encodings(path: Path, head: bytes) -> list[str]:
    """Encodings to try: the byte order mark's, else those that read the whole file, else the usual two, leniently."""
    for bom, encoding in _BOMS:
        if head.startswith(bom):
            return [encoding]
    if b"\0" in head:
        return ["utf-16-le" if head[1:2] == b"\0" else "utf-16-be"]
    sound = [encoding for encoding in ("utf-8", "gb18030") if _decodes(path, encoding)]
    return sound or ["utf-8", "gb18030"]


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _text(path: Path, encoding: str) -> io.TextIOWrapper:
    return path.open("r", encoding=encoding, errors="replace", newline="")


def _open_workbook(path: Path, profile: Profile) -> Table:
    nearly: tuple[str, list[str]] | None = None
    try:
        for sheet in workbooks.sheets(path):
            with workbooks.rows(path, sheet) as rows:
                first = [(number, list(cells)) for number, cells in islice(rows, HEADER_WITHIN_ROWS)]
            table, lacking = _find_header(path, profile, first)
            if table is not None:
                return Table(path, table.header, table.header_row, sheet=sheet)
            nearly = nearly or lacking
    except workbooks.NoWorkbook as error:
        raise FileRefused(error.reason, error.remedy) from error
    raise _unknown(nearly)


def _find_header(
    path: Path, profile: Profile, rows: Sequence[tuple[int, list[object]]]
) -> tuple[Table | None, tuple[str, list[str]] | None]:
    nearly = None
    for number, cells in rows:
        header = recognise(profile, cells)
        if header is not None:
            return Table(path, header, number), None
        nearly = nearly or missing_columns(profile, cells, path.name)
    return None, nearly


def _unknown(nearly: tuple[str, list[str]] | None) -> FileRefused:
    if nearly is not None:
        title, lacking = nearly
        return FileRefused(f"看来是{title}，但缺少列：{'、'.join(lacking)}", "请补上这些列，或在导入方案中写明列名")
    return FileRefused(
        "没有找到认识的表头（或文件编码不是 UTF-8、GB18030）",
        "如应导入此文件，请另存为 UTF-8 编码，或在导入方案中写明列名",
        skipped=True,
    )
