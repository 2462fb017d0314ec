"""Versions of the rules: drafts, publishing by a clinician, the one that holds."""

import hashlib
from functools import lru_cache
from typing import NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

from assistant.safety import repository, ruleset
from assistant.safety.repository import DRAFT, PUBLISHED, Revision
from assistant.safety.rules import check
from assistant.safety.ruleset import Ruleset
from core_api.audit import service as audit
from core_api.identity.rules import CLINICIAN
from core_api.kit.clock import Clock
from core_api.kit.errors import Conflict, Forbidden, Invalid, NotFound
from core_api.kit.outbox import publish
from core_api.kit.web import CurrentUser

SHIPPED_NOTE = "随产品附带的规则，须经本院医生审核"
MAX_SHOWN = 3

revisions = repository.revisions


class Active(NamedTuple):
    """The rules that hold; number 0 are the shipped ones, where the database has none."""

    number: int
    rules: Ruleset


_known: WeakKeyDictionary[Engine, Active] = WeakKeyDictionary()


class Broken(NamedTuple):
    """An example of the rules' own that does not hold."""

    family: str
    sentence: str


def active(session: Session) -> Active:
    """The rules that hold now, in every process from the moment they are published."""
    number = repository.active_number(session)
    if number is None:
        return Active(0, ruleset.shipped())
    bind = session.get_bind()
    engine = bind.engine if isinstance(bind, Connection) else bind
    known = _known.get(engine)
    if known is None or known.number != number:
        # What is published never changes, so a number stands for its document.
        known = _known[engine] = Active(number, rules_of(revision(session, number)))
    return known


def revision(session: Session, number: int) -> Revision:
    """One revision.

    Raises:
        NotFound: There is none of this number.
    """
    found = repository.one(session, number)
    if found is None:
        raise NotFound("没有找到这个版本的安全规则", code="revision_not_found")
    return found


def rules_of(found: Revision) -> Ruleset:
    """A revision's rules, compiled."""
    return _compiled(found.document)


def draft(session: Session, document: str, note: str, author: CurrentUser, clock: Clock) -> Revision:
    """Keeps a draft.

    Raises:
        Invalid: The document cannot be read.
        Conflict: Somebody else made one at the same moment.
    """
    ruleset.read(document)
    values = {
        "status": DRAFT, "document": document, "note": note, "author_id": author.id, "created_at": clock.now()
    }  # fmt: skip
    number = repository.add(session, values)
    if number is None:
        raise Conflict("刚刚有人新建了版本，请再试一次", code="changed_meanwhile")
    audit.record(session, author.id, "safety.draft", "safety_revision", str(number), "新建安全规则草稿", clock)
    return revision(session, number)


def change_draft(
    session: Session, number: int, document: str, note: str, author: CurrentUser, clock: Clock
) -> Revision:
    """Changes a draft.

    Raises:
        Invalid: The document cannot be read.
        Conflict: It is published already.
    """
    revision(session, number)
    ruleset.read(document)
    if not repository.change_draft(session, number, {"document": document, "note": note, "author_id": author.id}):
        raise Conflict("已发布的规则不能修改，请新建草稿", code="already_published")
    audit.record(session, author.id, "safety.draft", "safety_revision", str(number), "修改安全规则草稿", clock)
    return revision(session, number)


def publish_draft(session: Session, number: int, note: str, publisher: CurrentUser, clock: Clock) -> Revision:
    """Makes a draft hold; a clinician answers for it.

    Raises:
        Forbidden: Not a clinician.
        Conflict: It is published already, or older than the one that holds.
        Invalid: Its own examples do not hold; the message names them.
    """
    if CLINICIAN not in publisher.roles:
        raise Forbidden("安全规则须由医生发布")
    found = revision(session, number)
    broken = broken_examples(ruleset.read(found.document))
    if broken:
        named = "；".join(f"{one.family}：{one.sentence}" for one in broken[:MAX_SHOWN])
        raise Invalid(f"规则自带的例句有 {len(broken)} 条不成立：{named}", code="examples_fail", field="document")
    if number < (repository.active_number(session) or 0):
        raise Conflict("已有更新的规则在用，请以它为基础新建草稿", code="older_revision")
    values = {
        "status": PUBLISHED, "publisher_id": publisher.id, "published_at": clock.now(), "note": note or found.note
    }  # fmt: skip
    if not repository.change_draft(session, number, values):
        raise Conflict("这个版本已经发布", code="already_published")
    repository.retire_before(session, number)
    publish(session, "safety.published", None, {"number": number}, clock)
    audit.record(session, publisher.id, "safety.publish", "safety_revision", str(number), "发布安全规则", clock)
    return revision(session, number)


def broken_examples(rules: Ruleset) -> list[Broken]:
    """The rules' own examples that do not hold."""
    broken = []
    for family in rules.families:
        key, examples = family.document.key, family.document.examples
        flagged = {
            text: {flag.family for flag in check(text, examples.facts, rules)}
            for text in (*examples.flag, *examples.free)
        }
        broken += [Broken(key, text) for text in examples.flag if key not in flagged[text]]
        broken += [Broken(key, text) for text in examples.free if key in flagged[text]]
    return broken


def load_library(session: Session, clock: Clock) -> None:
    """Publishes the shipped rules where nothing, or only earlier shipped ones, hold; else keeps them as a draft."""
    text = ruleset.shipped_text()
    mark = hashlib.sha256(text.encode()).hexdigest()
    known = repository.revisions(session)
    if any(one.shipped == mark for one in known):
        return
    own = any(one.shipped is None for one in known if one.status != DRAFT)
    values = {
        "status": DRAFT if own else PUBLISHED,
        "document": text,
        "note": SHIPPED_NOTE,
        "shipped": mark,
        "created_at": clock.now(),
        "published_at": None if own else clock.now(),
    }
    number = repository.add(session, values)
    if number is not None and not own:
        repository.retire_before(session, number)


@lru_cache(maxsize=8)
def _compiled(document: str) -> Ruleset:
    return ruleset.read(document)
