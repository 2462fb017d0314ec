"""The verbs on responses and rechecks that other slices and packages use."""

from core_api.responses.answering import (
    answer_history,
    answers,
    finish,
    latest_values,
    of_patient,
    open_response,
    questionnaire_of,
    record_answer,
    unfinished,
)
from core_api.responses.by_staff import fill as fill_by_staff
from core_api.responses.receiving import receive
from core_api.responses.rechecks import calls_to_recheck, count_open, list_rechecks, resolve_recheck

__all__ = [
    "answer_history",
    "answers",
    "calls_to_recheck",
    "count_open",
    "fill_by_staff",
    "finish",
    "latest_values",
    "list_rechecks",
    "of_patient",
    "open_response",
    "questionnaire_of",
    "receive",
    "record_answer",
    "resolve_recheck",
    "unfinished",
]
