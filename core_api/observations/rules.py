"""Pure decisions about results: what is critical, what is out of range."""

import unicodedata
from datetime import datetime, timedelta
from typing import Literal

# (low, high), both inclusive, by analyte and unit. Low limits and sodium: G. J. Kost, Critical limits for urgent
# clinician notification at US medical centers, JAMA 263 (1990) 704-707 (means: K 2.8, Na 120 and 158 mmol/L, creatinine
# 7.4 mg/dL = 654 umol/L). High potassium: UK Kidney Association, Clinical practice guidelines: acute hyperkalaemia in
# adults (2023), severe from 6.5 mmol/L. A hospital's own list takes their place (a later issue).
CRITICAL_LIMITS: dict[tuple[str, str], tuple[float | None, float | None]] = {
    ("K", "mmol/l"): (2.8, 6.5),
    ("NA", "mmol/l"): (120.0, 158.0),
    ("CREA", "umol/l"): (None, 654.0),
}
RECENT = timedelta(days=7)
NOT_YET_OLD = timedelta(days=90)
"""How old a critical result may be to alarm at once, and at all: the project's own figures, to be confirmed."""
_MICRO = str.maketrans({"µ": "u", "μ": "u"})


def is_critical(code: str, unit: str | None, value: float | None, comparator: str | None = None) -> bool:
    """Whether a result must reach a clinician at once; a bound counts when it lies wholly beyond the limit."""
    if value is None:
        return False
    low, high = _limits(code, unit)
    too_low = low is not None and value <= low and not (comparator or "").startswith(">")
    too_high = high is not None and value >= high and not (comparator or "").startswith("<")
    return too_low or too_high


def is_critically_high(code: str, unit: str | None, value: float | None) -> bool:
    """Whether a critical result lies at the upper limit, not at the lower one."""
    _low, high = _limits(code, unit)
    return value is not None and high is not None and value >= high


def alert_level(sampled_at: datetime, now: datetime) -> Literal["red", "yellow"] | None:
    """How urgent a critical result is by its sample's age; None for history that an import brings in."""
    age = now - sampled_at
    if age <= RECENT:
        return "red"
    return "yellow" if age <= NOT_YET_OLD else None


def _limits(code: str, unit: str | None) -> tuple[float | None, float | None]:
    key = (code.upper(), unicodedata.normalize("NFKC", unit or "").translate(_MICRO).lower())
    return CRITICAL_LIMITS.get(key, (None, None))


def flag_of(value: float | None, comparator: str | None, low: float | None, high: float | None) -> str | None:
    """The flag: "H" above, "L" below the reference range, None within it or where it cannot be told."""
    if value is None:
        return None
    if high is not None and value > high and not (comparator or "").startswith("<"):
        return "H"
    if low is not None and not (comparator or "").startswith(">"):
        below = value < low or (comparator == "<" and value == low)
        return "L" if below else None
    return None
