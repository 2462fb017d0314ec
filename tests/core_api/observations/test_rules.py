import pytest

from core_api.observations import rules


@pytest.mark.unit
class TestIsCritical:
    @pytest.mark.parametrize(
        ("code", "unit", "value", "comparator", "critical"),
        [
            ("K", "mmol/L", 6.7, None, True),
            ("K", "mmol/L", 6.5, None, True),
            ("K", "mmol/L", 6.49, None, False),
            ("K", "mmol/L", 2.8, None, True),
            ("K", "mmol/L", 2.8, ">", False),
            ("K", "mmol/L", 6.5, "<", False),
            ("K", "mmol/L", None, None, False),
            ("K", "g/L", 6.7, None, False),
            ("CREA", "μmol/L", 700.0, None, True),
            ("CREA", "µmol/L", 141.0, None, False),
            ("ALT", "U/L", 9999.0, None, False),
        ],
    )
    def test_follows_the_limits(
        self, code: str, unit: str, value: float | None, comparator: str | None, critical: bool
    ) -> None:
        assert rules.is_critical(code, unit, value, comparator) is critical


@pytest.mark.unit
class TestFlagOf:
    @pytest.mark.parametrize(
        ("value", "comparator", "low", "high", "flag"),
        [
            (6.0, None, 3.5, 5.3, "H"),
            (3.0, None, 3.5, 5.3, "L"),
            (4.0, None, 3.5, 5.3, None),
            (5.0, "<", 5.0, 10.0, "L"),
            (3.0, ">", 3.5, 5.3, None),
            (20.0, "<", 5.0, 10.0, None),
            (None, None, 5.0, 10.0, None),
            (4.0, None, None, None, None),
        ],
    )
    def test_says_high_or_low(
        self, value: float | None, comparator: str | None, low: float | None, high: float | None, flag: str | None
    ) -> None:
        assert rules.flag_of(value, comparator, low, high) == flag
