from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_api.imports import parsing
from core_api.imports.parsing import Unreadable

DAYS = st.dates(min_value=date(1900, 1, 1), max_value=date(2100, 12, 31))
FORMS = ("{0:%Y-%m-%d}", "{0:%Y/%m/%d}", "{0.year}/{0.month}/{0.day}", "{0.year}年{0.month}月{0.day}日", "{0:%Y%m%d}")


@pytest.mark.unit
class TestReadDate:
    @given(DAYS, st.sampled_from(FORMS))
    def test_reads_every_form(self, day: date, form: str) -> None:
        assert parsing.read_date(form.format(day)) == day

    @given(DAYS)
    def test_reads_what_a_spreadsheet_keeps(self, day: date) -> None:
        assert parsing.read_date(datetime(day.year, day.month, day.day)) == day  # noqa: DTZ001 - openpyxl's are naive

    @given(st.text())
    def test_never_guesses_and_never_breaks(self, written: str) -> None:
        try:
            found = parsing.read_date(written)
        except Unreadable:
            return
        assert found is None or str(found.year).zfill(4) in parsing.plain(written).translate(_digits())

    @pytest.mark.parametrize("written", ["1991-02-30", "20261301", "昨天", "12/16/1992", "1992"])
    def test_refuses(self, written: str) -> None:
        with pytest.raises(Unreadable):
            parsing.read_date(written)

    def test_refuses_a_birth_that_is_to_come(self) -> None:
        with pytest.raises(Unreadable):
            parsing.read_birth_date("2026-11-22", date(2026, 11, 21))

    def test_reads_a_time_in_the_zone(self) -> None:
        found = parsing.read_datetime("2026/3/14 08:55", ZoneInfo("Asia/Shanghai"))
        assert found is not None
        assert (found.hour, found.utcoffset()) == (8, timedelta(hours=8))


@pytest.mark.unit
class TestReadPhone:
    @given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), st.sampled_from(["", "+86", "+86 ", "0086", "86", "86-"]))
    def test_reads_mobile_numbers_however_they_are_written(self, digits: str, prefix: str) -> None:
        dashed = f"{prefix}{digits[:3]}-{digits[3:7]}-{digits[7:]}"
        assert parsing.read_phone(prefix + digits) == parsing.read_phone(dashed) == f"+86{digits}"

    @given(st.text())
    def test_gives_e164_or_refuses(self, written: str) -> None:
        try:
            found = parsing.read_phone(written)
        except Unreadable:
            return
        assert found is None or found.startswith("+")

    @pytest.mark.parametrize("written", ["1540701218", "154179748911", "1.54E+10", "无", "abc"])
    def test_refuses(self, written: str) -> None:
        with pytest.raises(Unreadable):
            parsing.read_phone(written)

    def test_reads_a_number_cell_and_a_landline(self) -> None:
        assert parsing.read_phone(15417974891.0) == "+8615417974891"
        assert parsing.read_phone("020-83883888") == "+862083883888"


@pytest.mark.unit
class TestReadOthers:
    @pytest.mark.parametrize(
        ("written", "fen"), [("2400", 240000), (1800.0, 180000), ("￥1,800.5元", 180050), (0, 0), ("", None)]
    )
    def test_money(self, written: object, fen: int | None) -> None:
        assert parsing.read_money_fen(written) == fen

    @pytest.mark.parametrize("written", ["二千四", "=1200*2", "-5", "1,80"])
    def test_money_that_is_no_number_is_refused(self, written: str) -> None:
        with pytest.raises(Unreadable):
            parsing.read_money_fen(written)

    @pytest.mark.parametrize(
        ("written", "result"),
        [
            ("<1.0", ("<1.0", "<", 1.0)), ("≥200", ("≥200", ">=", 200.0)), ("4.33", ("4.33", None, 4.33)),
            ("阴性", ("阴性", None, None)),
        ],
    )  # fmt: skip
    def test_a_result_keeps_its_text(self, written: str, result: tuple[object, ...]) -> None:
        assert parsing.read_result(written) == result

    def test_an_identity_number_is_checked(self) -> None:
        assert parsing.read_identity("11010519491231002x") == ("11010519491231002X", True)
        assert parsing.read_identity("110105194912310021") == ("110105194912310021", False)

    @given(st.text())
    def test_an_exported_cell_never_begins_like_a_formula(self, written: str) -> None:
        assert not parsing.safe_cell(written).startswith(("=", "+", "-", "@", "\t", "\r"))


def _digits() -> dict[int, str]:
    return {code: str(value) for start in (0x660,) for value, code in enumerate(range(start, start + 10))}
