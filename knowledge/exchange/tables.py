"""CSV and XLSX: one entry a row. What begins like a formula stays text, both ways."""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence

from openpyxl import Workbook, load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from core_api.kit.errors import Invalid
from knowledge.cells import harmless, plain
from knowledge.exchange.columns import ALIASES, CHAT, COLUMNS, QUESTION, as_text
from knowledge.exchange.schemas import RawEntry

BOM = "\ufeff"
ENCODINGS = ("utf-8-sig", "gb18030")
MAX_ROWS = 20_000
MAX_UNPACKED_BYTES = 200 << 20
BROKEN_BOOK = (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, EOFError, OSError)
SHEET = "知识库"
WIDTHS = {"B": 36, "C": 36, "D": 60, "E": 40}


def write_csv(rows: Iterable[dict[str, str]]) -> bytes:
    """The entries as CSV that Excel opens as it should."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([harmless(row[name]) for name in COLUMNS])
    return (BOM + text.getvalue()).encode("utf-8")


def read_csv(data: bytes) -> list[RawEntry]:
    """Rows of a CSV in UTF-8 or GB18030.

    Raises:
        Invalid: It is neither, or lacks columns.
    """
    text = _decoded(data)
    delimiter = "\t" if text.split("\n", 1)[0].count("\t") > text.split("\n", 1)[0].count(",") else ","
    try:
        return _entries(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise Invalid("文件不是有效的 CSV", field="file") from error


def write_xlsx(rows: Iterable[dict[str, str]]) -> bytes:
    """The entries as a workbook; every cell is text."""
    book = Workbook()
    sheet = book.active or book.create_sheet()
    sheet.title = SHEET
    sheet.append(COLUMNS)
    for place, row in enumerate(rows, start=2):
        for column, name in enumerate(COLUMNS, start=1):
            cell = sheet.cell(place, column)
            cell.value = row[name]
            cell.data_type = "s"
            cell.quotePrefix = row[name].startswith("=")
    for letter, width in WIDTHS.items():
        sheet.column_dimensions[letter].width = width
    sheet.freeze_panes = "A2"
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def read_xlsx(data: bytes) -> list[RawEntry]:
    """Rows of a workbook's first sheet; formulas come as their text.

    Raises:
        Invalid: It is no workbook, unpacks to too much, or lacks columns.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(one.file_size for one in archive.infolist()) > MAX_UNPACKED_BYTES:
                raise Invalid("文件解压后过大，请拆分后导入", field="file")
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
        sheet = book.worksheets[0]
        return _entries([as_text(cell) for cell in row] for row in sheet.iter_rows(values_only=True))
    except BROKEN_BOOK as error:
        raise Invalid("文件不是有效的 Excel 工作簿（.xlsx）", field="file") from error


def _entries(rows: Iterable[Sequence[str]]) -> list[RawEntry]:
    numbered = enumerate(rows, start=1)
    header = _header(numbered)
    found = []
    for number, row in numbered:
        cells = {name: plain(cell).strip() for name, cell in zip(header, row, strict=False) if name}
        if any(cells.values()):
            found.append(RawEntry(row=number, cells=cells))
        if len(found) > MAX_ROWS:
            raise Invalid(f"一次最多导入 {MAX_ROWS} 条，请拆分", field="file")
    return found


def _header(numbered: Iterator[tuple[int, Sequence[str]]]) -> list[str]:
    for _, row in numbered:
        named = [ALIASES.get(title.strip(), title.strip()) for title in row]
        if QUESTION in named and CHAT in named:
            return [name if name in COLUMNS else "" for name in named]
        if any(title.strip() for title in row):
            break
    raise Invalid("第一行须有“问题”和“答案”两列", field="file")


def _decoded(data: bytes) -> str:
    for encoding in ENCODINGS:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Invalid("文字编码无法识别，请另存为 UTF-8", field="file")
