"""What the patient record takes and shows."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from core_api.kit.paging import MAX_LIMIT

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


class PatientLine(Frozen):
    """A patient in somebody else's list: masked, a line."""

    id: UUID
    name: str
    record_number: str
    department: str | None
    stage: str | None


class Reachability(Frozen):
    """What decides whether a patient may be contacted at all: nothing that names the person."""

    patient_id: UUID
    consent: Consent
    do_not_contact: bool
    deceased: bool
    has_phone: bool
    wrong_number: bool
    preferences: Preferences


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


class PatientGroup(Frozen):
    """Which group of patients; None means any. It travels in an address, so it has no room for a name or a phone.

    Attributes:
        list: "waiting" for 等待移植, "postoperative" for 术后随访.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    site: str | None = None
    department: str | None = None
    stage: str | None = None
    list: PatientList | None = None


class PatientFilter(PatientGroup):
    """Which patients; None means any.

    Attributes:
        q: A name or part of it, a phone or its last four digits, an identity, record or visit card number.
    """

    q: str | None = Field(default=None, max_length=100)


class PatientPage(PatientGroup):
    """One page of a group."""

    cursor: str | None = Field(default=None, max_length=400, description="上一页的 next_cursor")
    limit: int = Field(default=20, ge=1, le=MAX_LIMIT)


class PatientSearch(PatientFilter):
    """A search as a request's body carries it: what is typed never stands in an address or a log of addresses."""

    cursor: str | None = Field(default=None, max_length=400)
    limit: int = Field(default=20, ge=1, le=MAX_LIMIT)


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
