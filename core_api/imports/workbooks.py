"""Spreadsheets: whether a file really is one, and its rows, read as a stream."""

import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from xml.etree.ElementTree import ParseError
from zlib import error as ZlibError  # noqa: N812 - a class in zlib's own spelling

from openpyxl import Workbook, load_workbook
from openpyxl.utils.exceptions import InvalidFileException

OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MAX_COLUMNS = 100
# A workbook of the largest size a sheet can have (1,048,576 rows) unpacks to some 500 MB and 5 to 20 times; a bomb to
# a thousand times. Shared strings are the one part that lies in memory.
MAX_UNPACKED_BYTES = 1 << 30
MAX_STRINGS_BYTES = 128 << 20
MAX_RATIO = 200
RATIO_FROM_BYTES = 16 << 20
BROKEN = (zipfile.BadZipFile, InvalidFileException, ParseError, KeyError, ValueError, EOFError, ZlibError, TypeError)


class NoWorkbook(Exception):
    """A file that is no workbook, or none that is safe to open."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy


def sheets(path: Path) -> list[str]:
    """Names of a workbook's sheets, after checking that it is one.

    Raises:
        NoWorkbook: It is not, or it would unpack to too much.
    """
    _check(path)
    try:
        book = load_workbook(path, read_only=True, keep_links=False)
    except BROKEN as error:
        raise _broken() from error
    try:
        return [sheet.title for sheet in book.worksheets]
    finally:
        book.close()


@contextmanager
def rows(path: Path, sheet: str) -> Iterator[Iterator[tuple[int, Sequence[object]]]]:
    """(row number, cells) of a sheet; formulas come as their text, never as a computed value.

    Raises:
        NoWorkbook: While reading: the sheet is broken from here on.
    """
    book = load_workbook(path, read_only=True, data_only=False, keep_links=False)
    try:
        yield _guarded(book, sheet)
    finally:
        book.close()


def _guarded(book: Workbook, sheet: str) -> Iterator[tuple[int, Sequence[object]]]:
    """Turns what openpyxl raises on broken sheets into one error, and no error of the caller's."""
    try:
        found = book[sheet]
        found.reset_dimensions()
        cells = enumerate(found.iter_rows(values_only=True, max_col=MAX_COLUMNS), start=1)
    except BROKEN as error:
        raise _broken() from error
    while True:
        try:
            row = next(cells)
        except StopIteration:
            return
        except BROKEN as error:
            raise _broken() from error
        yield row


def _broken() -> NoWorkbook:
    return NoWorkbook("工作簿内部已损坏", "请在表格软件中打开后另存为新的 xlsx 文件")


def _check(path: Path) -> None:
    with path.open("rb") as file:
        if file.read(8) == OLE_MAGIC:
            raise NoWorkbook("这是旧版 .xls 或加密的工作簿", "请另存为不加密的 .xlsx 文件")
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError) as error:
        raise NoWorkbook("扩展名是 xlsx，内容却不是工作簿", "请用表格软件重新另存为 xlsx") from error
    names = {member.filename for member in members}
    if not {"[Content_Types].xml", "xl/workbook.xml"} <= names:
        raise NoWorkbook("这是一个压缩包，不是工作簿", "请解压后导入其中的文件")
    unpacked = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members) or 1
    strings = sum(member.file_size for member in members if "sharedStrings" in member.filename)
    bomb = unpacked > RATIO_FROM_BYTES and unpacked / packed > MAX_RATIO
    if bomb or unpacked > MAX_UNPACKED_BYTES or strings > MAX_STRINGS_BYTES:
        raise NoWorkbook("工作簿解压后过大", "请拆分后导入，或改用 CSV")
