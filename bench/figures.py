"""One measured figure beside its goal."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Figure:
    """A figure; `met` is None where there is no goal to meet."""

    name: str
    value: float
    unit: str
    goal: str = "-"
    note: str = ""
    met: bool | None = None

    def line(self) -> str:
        sign = {None: " ", True: "✓", False: "✗"}[self.met]
        note = f"  ({self.note})" if self.note else ""
        return f"{sign} {self.name:<52}{self.value:>12,.2f} {self.unit:<12} goal {self.goal}{note}"

    def row(self) -> dict[str, object]:
        return asdict(self)


def at_most(name: str, value: float, unit: str, limit: float, note: str = "") -> Figure:
    """A figure that is to stay below a limit."""
    return Figure(name, value, unit, f"<= {limit:g}", note, value <= limit)


def at_least(name: str, value: float, unit: str, limit: float, note: str = "") -> Figure:
    """A figure that is to reach a limit."""
    return Figure(name, value, unit, f">= {limit:g}", note, value >= limit)


def percentile(values: list[float], share: float) -> float:
    """The value below which a share of them lies; 0 for none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
