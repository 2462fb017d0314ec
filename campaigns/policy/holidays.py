"""Public holidays of mainland China, from a file that the hospital keeps."""

from datetime import date, timedelta
from functools import lru_cache
from importlib.resources import files

import yaml

# Regulation on Public Holidays for National Annual Festivals and Memorial Days (2024), the dates of the solar calendar.
FIXED_DAYS = ((1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3))


@lru_cache(maxsize=8)
def holidays_around(year: int) -> frozenset[date]:
    """Holidays of a year and the one after; a year that is not in the file has only its fixed days."""
    text = (files("campaigns") / "library" / "holidays.yaml").read_text(encoding="utf-8")
    listed = yaml.safe_load(text)
    return frozenset(day for each in (year, year + 1) for day in _of_year(each, listed))


def _of_year(year: int, listed: dict[int, list[tuple[date, date]]]) -> list[date]:
    if year not in listed:
        return [date(year, month, day) for month, day in FIXED_DAYS]
    return [first + timedelta(days=offset) for first, last in listed[year] for offset in range((last - first).days + 1)]
