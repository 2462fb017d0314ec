"""The safety rules, the ladder and the alarms over HTTP."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import Field
from sqlalchemy.orm import Session

from assistant.desk.alarms import service as alarms
from assistant.desk.alarms.schemas import Ladder
from assistant.desk.inbox import matters
from assistant.desk.inbox.schemas import CaseView
from assistant.safety import revisions
from assistant.safety.repository import Revision
from assistant.safety.rules import explain
from assistant.safety.schemas import Facts, Frozen, NearMiss, RedFlag, Suspicion
from assistant.safety.suspecting import suspect
from core_api.identity import service as identity
from core_api.kit.web import CurrentUser, Db, RuntimeDep, require

router = APIRouter(prefix="/api/safety", tags=["安全规则"])
Reader = Annotated[CurrentUser, Depends(require("safety.read"), scope="function")]
Writer = Annotated[CurrentUser, Depends(require("safety.write"), scope="function")]
Publisher = Annotated[CurrentUser, Depends(require("safety.publish"), scope="function")]
MAX_TEST_CHARS = 100_000


class ExamplesView(Frozen):
    flag: tuple[str, ...]
    free: tuple[str, ...]


class FamilyView(Frozen):
    """A family of the rules that hold."""

    key: str
    title: str
    level: str
    text: str
    wording_chat: str
    wording_voice: str
    question: str
    needs: tuple[str, ...]
    examples: ExamplesView


class RevisionLine(Frozen):
    """A revision in the list."""

    number: int
    status: Literal["draft", "published", "retired"]
    note: str
    author_name: str | None
    publisher_name: str | None
    created_at: datetime
    published_at: datetime | None


class RevisionDetail(RevisionLine):
    document: str


class DraftIn(Frozen):
    document: str = Field(min_length=1, max_length=200_000)
    note: str = Field(default="", max_length=300)


class PublishIn(Frozen):
    note: str = Field(default="", max_length=300)


class CheckIn(Frozen):
    """A sentence for the test box."""

    text: str = Field(max_length=MAX_TEST_CHARS)
    facts: Facts = Facts()
    revision: int | None = None


class CheckOut(Frozen):
    """What the rules make of it; nothing is kept."""

    revision: int
    flags: tuple[RedFlag, ...]
    near_misses: tuple[NearMiss, ...]
    suspicion: Suspicion | None


@router.get("/families")
def list_families(session: Db, user: Reader) -> list[FamilyView]:
    """The families of the rules that hold."""
    found = [family.document for family in revisions.active(session).rules.families]
    return [
        FamilyView(
            key=one.key,
            title=one.title,
            level=one.level,
            text=one.text,
            wording_chat=one.wording_chat,
            wording_voice=one.wording_voice,
            question=one.question,
            needs=tuple(dict.fromkeys(need for rule in one.rules for need in rule.needs)),
            examples=ExamplesView(flag=one.examples.flag, free=one.examples.free),
        )
        for one in found
    ]


@router.get("/revisions")
def list_revisions(session: Db, user: Reader) -> list[RevisionLine]:
    """Every revision, the newest first."""
    return [RevisionLine(**_line(session, one)) for one in revisions.revisions(session)]


@router.get("/revisions/{number}")
def read_revision(number: int, session: Db, user: Reader) -> RevisionDetail:
    """One revision with its document."""
    return _detail(session, revisions.revision(session, number))


@router.post("/revisions", status_code=201)
def create_draft(body: DraftIn, session: Db, runtime: RuntimeDep, user: Writer) -> RevisionDetail:
    """Keeps a draft."""
    return _detail(session, revisions.draft(session, body.document, body.note, user, runtime.clock))


@router.put("/revisions/{number}")
def change_draft(number: int, body: DraftIn, session: Db, runtime: RuntimeDep, user: Writer) -> RevisionDetail:
    """Changes a draft."""
    return _detail(session, revisions.change_draft(session, number, body.document, body.note, user, runtime.clock))


@router.post("/revisions/{number}/publish")
def publish(number: int, body: PublishIn, session: Db, runtime: RuntimeDep, user: Publisher) -> RevisionDetail:
    """Makes a draft hold from now on."""
    return _detail(session, revisions.publish_draft(session, number, body.note, user, runtime.clock))


@router.post("/check")
def check(body: CheckIn, session: Db, user: Reader) -> CheckOut:
    """Tries a sentence: which rule met which words, and why a near miss does not count."""
    number, rules = revisions.active(session)
    if body.revision is not None:
        number, rules = body.revision, revisions.rules_of(revisions.revision(session, body.revision))
    found = explain(body.text, body.facts, rules)
    suspicion = None if found.flags else suspect(body.text, rules, body.facts)
    return CheckOut(revision=number, flags=found.flags, near_misses=found.near_misses, suspicion=suspicion)


@router.get("/ladder")
def read_ladder(session: Db, user: Reader) -> Ladder:
    """Who is told after how many minutes."""
    return alarms.ladder(session)


@router.put("/ladder")
def change_ladder(body: Ladder, session: Db, runtime: RuntimeDep, user: Writer) -> Ladder:
    """Sets the ladder for cases from now on."""
    return alarms.change_ladder(session, body, user.id, runtime.clock)


@router.get("/alarms")
def list_alarms(session: Db, runtime: RuntimeDep, user: Reader, mine: bool = True) -> list[CaseView]:
    """Red flags that nobody has acknowledged."""
    return matters.open_alarms(session, user, runtime.clock, mine=mine)


def _detail(session: Session, one: Revision) -> RevisionDetail:
    return RevisionDetail(**_line(session, one), document=one.document)


def _line(session: Session, one: Revision) -> dict[str, object]:
    ids: set[UUID] = {user for user in (one.author_id, one.publisher_id) if user}
    names = identity.staff_names(session, ids)
    return {
        "number": one.number,
        "status": one.status,
        "note": one.note,
        "author_name": names.get(one.author_id) if one.author_id else None,
        "publisher_name": names.get(one.publisher_id) if one.publisher_id else None,
        "created_at": one.created_at,
        "published_at": one.published_at,
    }
