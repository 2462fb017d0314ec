"""Pure decisions about results: what is critical, what is out of range."""

import unicodedata

# (low, high), both inclusive, by analyte and unit. Low limits and sodium: G. J. Kost, Critical limits for urgent
# clinician notification at US medical centers, JAMA 263 (1990) 704-707 (means: K 2.8, Na 120 and 158 mmol/L, creatinine
# 7.4 mg/dL = 654 umol/L). High potassium: UK Kidney Association, Clinical practice guidelines: acute hyperkalaemia in
# adults (2023), severe from 6.5 mmol/L. A hospital's own list takes their place (a later issue).
CRITICAL_LIMITS: dict[tuple[str, str], tuple[float | None, float | None]] = {
    ("K", "mmol/l"): (2.8, 6.5),
    ("NA", "mmol/l"): (120.0, 158.0),
    ("CREA", "umol/l"): (None, 654.0),
}
_MICRO = str.maketrans({"µ": "u", "μ": "u"})


def is_critical(code: str, unit: str | None, value: float | None, comparator: str | None = None) -> bool:
    """Whether a result must reach a clinician at once; a bound counts when it lies wholly beyond the limit."""
    if value is None:
        return False
    key = (code.upper(), unicodedata.normalize("NFKC", unit or "").translate(_MICRO).lower())
    low, high = CRITICAL_LIMITS.get(key, (None, None))
    too_low = low is not None and value <= low and not (comparator or "").startswith(">")
    too_high = high is not None and value >= high and not (comparator or "").startswith("<")
    return too_low or too_high


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
