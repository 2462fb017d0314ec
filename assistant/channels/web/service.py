"""Visits: beginning, resuming, saying who one is."""

import hashlib
import secrets
from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from assistant.channels.bindings.schemas import Binding
from assistant.channels.web import repository
from assistant.channels.web.models import VisitorRow
from assistant.channels.web.schemas import Entry, Visitor
from assistant.conversations import service as conversations
from assistant.identifying import service as identifying
from assistant.identifying.service import Writer
from assistant.inbound import service as inbound
from core_api.kit.clock import Clock
from core_api.kit.db import new_id
from core_api.kit.errors import Unauthenticated
from core_api.patients import service as patients
from core_api.patients.identifying import Claim
from dialogs import api as dialogs

CHANNEL = "web"
SUBJECT = "enquiry"
TOKEN_BYTES = 32
LIFETIME = timedelta(days=30)
IDENTIFIED_FOR = timedelta(minutes=30)
TOUCH_EVERY = timedelta(minutes=1)


def begin(session: Session, entry: Entry, hospital_name: str, clock: Clock) -> tuple[Visitor, str]:
    """A new visitor with a conversation and the bot's greeting; the token is told once and kept as a hash."""
    now, token = clock.now(), secrets.token_urlsafe(TOKEN_BYTES)
    conversation_id = conversations.open_conversation(session, CHANNEL, None, SUBJECT, clock)
    inbound.say(session, conversation_id, dialogs.enquiry_opening(hospital_name), clock)
    row = VisitorRow(
        id=new_id(),
        token_hash=hash_of(token),
        conversation_id=conversation_id,
        entry=entry,
        seen_at=now,
        expires_at=now + LIFETIME,
        created_at=now,
    )
    repository.add(session, row)
    return authenticate(session, token, clock), token


def authenticate(session: Session, token: str, clock: Clock) -> Visitor:
    """The visitor of a token.

    Raises:
        Unauthenticated: The token is unknown or its time is over.
    """
    found = repository.by_token(session, hash_of(token), clock.now()) if token else None
    if found is None:
        raise Unauthenticated("会话已过期，请重新进入", code="visit_expired")
    return found


def visitor(session: Session, visitor_id: UUID) -> Visitor:
    """A visitor as they stand now.

    Raises:
        Unauthenticated: Their time is over.
    """
    found = repository.by_id(session, visitor_id)
    if found is None:
        raise Unauthenticated("会话已过期，请重新进入", code="visit_expired")
    return found


def needs_touch(visitor: Visitor, clock: Clock) -> bool:
    """Whether the visit's times are to be moved on; not with every message."""
    return clock.now() - visitor.seen_at >= TOUCH_EVERY


def touch(session: Session, visitor: Visitor, clock: Clock) -> None:
    """The visitor wrote: the visit lives on, and so does an identification that has not lapsed."""
    now = clock.now()
    until = now + IDENTIFIED_FOR if visitor.identified(now) else visitor.identified_until
    repository.touch(session, visitor.id, now, now + LIFETIME, until)


def note_try(session: Session, visitor: Visitor, claim: Claim, address: str, clock: Clock) -> None:
    """Counts a try before it is judged; committed by itself, so that tries made at once see each other."""
    identifying.note_try(session, _writer(visitor, address), claim, clock)


def identify(session: Session, visitor: Visitor, claim: Claim, address: str, clock: Clock) -> None:
    """Says who the visitor is, after `note_try`.

    Raises:
        TooFast: This visitor, this record or this address failed too often lately.
        Invalid: The facts fit no record; it is not said which of them does not.
    """
    patient_id = identifying.identify(session, _writer(visitor, address), claim, clock)
    repository.set_patient(session, visitor.id, patient_id, clock.now() + IDENTIFIED_FOR)
    department = patients.get(session, patient_id).department
    conversations.set_patient(session, visitor.conversation_id, patient_id, department, clock)


def forget_identity(session: Session, visitor: Visitor, clock: Clock) -> None:
    """The browser is somebody else's from here on."""
    if visitor.patient_id is not None:
        identifying.forgotten(session, visitor.patient_id, clock)
    repository.set_patient(session, visitor.id, None, None)
    conversations.set_patient(session, visitor.conversation_id, None, None, clock)


def bindings(session: Session, patient_id: UUID, clock: Clock) -> list[Binding]:
    """Every browser that is known as a patient's."""
    return [
        Binding(conversation_id=one.conversation_id, channel=CHANNEL, seen_at=one.seen_at, until=until)
        for one in repository.identified_as(session, patient_id, clock.now())
        if (until := one.identified_until) is not None
    ]


def unbind(session: Session, conversation_id: UUID, clock: Clock) -> UUID | None:
    """Knows the visitor of a conversation no more; tells whom they were known as."""
    known = repository.of_conversation(session, conversation_id)
    if known is None or not known.identified(clock.now()):
        return None
    repository.set_patient(session, known.id, None, None)
    return known.patient_id


def sweep(session: Session, clock: Clock) -> None:
    """Forgets visitors whose time is over and old tries."""
    repository.forget(session, clock.now())
    identifying.sweep(session, clock)


def hash_of(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def _writer(visitor: Visitor, address: str) -> Writer:
    return Writer(kind="visitor", id=visitor.id, address=address)
