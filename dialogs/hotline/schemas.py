"""Where a call to us stands."""

from datetime import date
from typing import Literal
from uuid import UUID

from dialogs.schemas import Frozen

At = Literal["menu", "topics", "choices", "verify", "offer", "record", "ended"]
Wanted = Literal["event", "next_visit", "arrears"]


class Proof(Frozen):
    """A second fact that a caller told: one of them."""

    birth_date: date | None = None
    tail: str | None = None
    """The last four of the identity number, or of the record number where the record has no identity number."""


class Confirmed(Frozen):
    """Who a caller is, once number and second fact fit one record."""

    patient_id: UUID
    salutation: str
    department: str = ""


class CallStanding(Frozen):
    """Where a call stands; kept sealed between turns.

    Attributes:
        at: What is open: the menu, topics or choices to pick from, the second fact, whether
            to do a follow-up now, a message being recorded.
        candidates: Patients whose phone the caller's number is; nobody is named before one of them is confirmed.
        may_verify: False once a number has failed too often lately.
        callable_back: The caller's number is known.
        patient_id: Who it is, once confirmed.
        wanted: The personal question that waits for the second fact.
        tries: Second facts that did not fit.
        choices: Entries that may be meant, in the order of their keys.
        offered: A follow-up has been offered.
        last: The open question, to be said again.
        disposition: What the call has come to so far.
    """

    at: At = "menu"
    candidates: tuple[UUID, ...] = ()
    may_verify: bool = True
    callable_back: bool = True
    patient_id: UUID | None = None
    department: str = ""
    wanted: Wanted | None = None
    event_kinds: tuple[str, ...] = ()
    tries: int = 0
    repairs: int = 0
    silences: int = 0
    choices: tuple[UUID, ...] = ()
    offered: bool = False
    last: tuple[str, ...] = ()
    disposition: str | None = None
