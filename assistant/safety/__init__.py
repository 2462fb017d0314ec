"""The safety gate: red flags in patients' messages, by rules as data."""

from assistant.safety.rules import check, explain
from assistant.safety.schemas import Facts, RedFlag

__all__ = ["Facts", "RedFlag", "check", "explain"]
