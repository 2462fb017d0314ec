"""What the patient record takes and shows."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

Gender = Literal["female", "male", "unknown"]
Consent = Literal["granted", "refused", "unknown"]
Change = Literal["created", "updated", "unchanged"]
PatientList = Literal["waiting", "postoperative"]


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class ContactWindow(Frozen):
    """Hours of the day, "HH:MM", in the hospital's zone."""

    start: str
    end: str


class Preferences(Frozen):
    """How a patient wants to be reached, as far as the notes say it clearly."""

    contact_windows: tuple[ContactWindow, ...] = ()
    channel: Literal["voice", "sms"] = "voice"
    dialect: str | None = None
    hard_of_hearing: bool = False
    remote: bool = False


class RelativeIn(Frozen):
    """A relative; phone in E.164."""

    relation: str = "spouse"
    ordinal: int = 0
    name: str | None = None
    phone: str | None = None


class PatientIn(Frozen):
    """A patient as an export or a form says; None says nothing and erases nothing, except for consent.

    Attributes:
        phone: E.164.
        notes: "" says that there are none any more.
        consent: "unknown" when the source does not say: absent is not yes.
    """

    record_number: str = Field(min_length=1, max_length=64)
    name: str = Field(min_length=1, max_length=200)
    visit_card: str | None = Field(default=None, max_length=64)
    gender: Gender = "unknown"
    birth_date: date | None = None
    identity_number: str | None = None
    phone: str | None = None
    notes: str | None = None
    site: str | None = Field(default=None, max_length=64)
    department: str | None = Field(default=None, max_length=64)
    stage: str | None = Field(default=None, max_length=32)
    consent: Consent = "unknown"
    relatives: tuple[RelativeIn, ...] = ()


class UpsertResult(Frozen):
    """What became of a patient."""

    patient_id: UUID
    change: Change


class KnownPatient(Frozen):
    """What an import needs to know of a patient that is there."""

    patient_id: UUID
    record_number: str
    source_hash: str
    phone_blind: str | None
    stage: str | None
    department: str | None


class RelativeView(Frozen):
    """A relative, masked."""

    relation: str
    name: str | None
    phone: str | None


class PatientView(Frozen):
    """A patient, masked."""

    id: UUID
    record_number: str
    visit_card: str | None
    name: str
    phone: str | None
    gender: Gender
    birth_date: date | None
    site: str | None
    department: str | None
    stage: str | None
    consent: Consent
    preferences: Preferences
    do_not_contact: bool
    deceased: bool
    wrong_number: bool
    relatives: tuple[RelativeView, ...] = ()
    created_at: datetime
    updated_at: datetime


class Contact(Frozen):
    """What placing a call needs, in the clear: never logged, never sent to a page."""

    patient_id: UUID
    name: str
    salutation: str
    phone_e164: str | None
    spouse_name: str | None
    spouse_phone: str | None
    gender: Gender
    birth_date: date | None
    preferences: Preferences


class PatientFilter(Frozen):
    """Which patients; None means any.

    Attributes:
        q: A name or part of it, a phone or its last four digits, an identity, record or visit card number.
        list: "waiting" for 等待移植, "postoperative" for 术后随访.
    """

    q: str | None = Field(default=None, max_length=100)
    site: str | None = None
    department: str | None = None
    stage: str | None = None
    list: PatientList | None = None


class Facets(Frozen):
    """Values that the filters can take."""

    sites: tuple[str, ...]
    departments: tuple[str, ...]
    stages: tuple[str, ...]


RevealField = Literal[
    "name", "phone", "identity_number", "notes", "birth_date", "visit_card", "spouse_name", "spouse_phone"
]


class RevealRequest(Frozen):
    """Which fields to show in the clear, and why."""

    fields: tuple[RevealField, ...] = Field(min_length=1)
    reason: str = Field(min_length=2, max_length=180)


class DoNotContactRequest(Frozen):
    """Why a patient is not to be contacted any more."""

    reason: str = Field(min_length=1, max_length=64)
