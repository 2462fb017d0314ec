"""What must hold of a campaign that came to its end, whatever was killed meanwhile: nothing lost, nobody dialled twice.

Read from both sides: our database, and the simulated carrier's own book of the calls that it placed.
"""

import json
import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from campaigns.attempts.models import Attempt, LiveCall
from campaigns.campaigns.models import Campaign
from campaigns.people.models import PeopleCase
from campaigns.targets.models import CampaignTarget
from core_api.kit.outbox import OutboxEvent
from core_api.kit.web import Runtime
from core_api.plans.models import Task
from core_api.responses.models import AnswerRow, ResponseRow
from huifang.simulating import CALLS
from telephony.calls.models import CallEventRow, CallRow, RecordingRow

FINAL = {"done", "people", "excluded", "cancelled"}
CALL_OF = re.compile(r"/voice/([0-9a-f-]{36})")


@dataclass(frozen=True)
class Dialled:
    """A call in the carrier's book; times are ISO 8601 in UTC."""

    call_id: UUID
    number: str
    status: str
    begun: str
    ended: str | None


def carriers_book(data_dir: Path) -> list[Dialled]:
    """Every call that the simulated carrier ever placed, in order."""
    with closing(sqlite3.connect(f"file:{data_dir / CALLS}?mode=ro", uri=True, timeout=15)) as book:
        bodies = [json.loads(body) for (body,) in book.execute("SELECT body FROM calls ORDER BY created_at")]
    return [
        Dialled(_call_id(one["url"]), one["to"], one["status"], one["created_at"], one["ended_at"]) for one in bodies
    ]


def broken(runtime: Runtime, campaign_id: UUID) -> list[str]:
    """What does not hold of a campaign; empty when all is well."""
    book = carriers_book(runtime.data_dir)
    with runtime.sessions() as session:
        session.connection(execution_options={"read_only": True})
        found = [*dialled_twice(book), *_unknown_to_us(session, book), *_not_ended(session, campaign_id)]
        found += [*_targets(session, campaign_id), *_results(session, campaign_id), *_recordings(session, campaign_id)]
        session.rollback()
    return found + [f"spool left: {path.name}" for path in (runtime.data_dir / "recordings" / "spool").glob("*.spool")]


def dialled_twice(book: Sequence[Dialled]) -> Iterator[str]:
    """One call of ours is one call of the carrier's, and a number has one at a time."""
    for call_id, times in Counter(one.call_id for one in book).items():
        if times > 1:
            yield f"call {call_id} was placed {times} times"
    by_number: dict[str, list[Dialled]] = defaultdict(list)
    for one in book:
        by_number[one.number].append(one)
    for calls in by_number.values():
        for before, after in pairwise(calls):
            if before.ended is None or before.ended > after.begun:
                yield f"call {after.call_id} began while {before.call_id} to the same number went on"


def _unknown_to_us(session: Session, book: Sequence[Dialled]) -> Iterator[str]:
    known = set(session.scalars(select(CallRow.id)))
    yield from (
        f"the carrier placed {one.call_id}, of which we know nothing" for one in book if one.call_id not in known
    )
    never = {one.id for one in session.scalars(select(Attempt).where(Attempt.disposition == "not_placed"))}
    yield from (f"{one.call_id} rang and is said not to have been placed" for one in book if one.call_id in never)


def _not_ended(session: Session, campaign_id: UUID) -> Iterator[str]:
    status = session.scalar(select(Campaign.status).where(Campaign.id == campaign_id))
    if status != "finished":
        yield f"the campaign is {status}"
    checks = {
        "attempts without an end": select(func.count()).select_from(Attempt).where(
            Attempt.campaign_id == campaign_id, Attempt.state != "ended"
        ),
        "calls without an end": select(func.count()).select_from(CallRow).where(
            CallRow.campaign_id == campaign_id, CallRow.ended_at.is_(None)
        ),
        "keys of live calls held": select(func.count()).select_from(LiveCall),
        "events not handled": select(func.count()).select_from(OutboxEvent).where(
            OutboxEvent.handled_at.is_(None), OutboxEvent.name.like("call.%")
        ),
    }  # fmt: skip
    for what, query in checks.items():
        if number := session.scalar(query):
            yield f"{number} {what}"


def _targets(session: Session, campaign_id: UUID) -> Iterator[str]:
    cases = set(session.scalars(select(PeopleCase.target_id).where(PeopleCase.campaign_id == campaign_id)))
    for target in session.scalars(select(CampaignTarget).where(CampaignTarget.campaign_id == campaign_id)):
        tries = session.scalars(select(Attempt).where(Attempt.target_id == target.id)).all()
        yield from _target(target, tries, has_case=target.id in cases)


def _target(target: CampaignTarget, tries: Sequence[Attempt], *, has_case: bool) -> Iterator[str]:
    if target.state not in FINAL:
        yield f"target {target.id} is {target.state} after {target.last_disposition}"
    if target.state == "people" and not has_case:
        yield f"target {target.id} is for people, but not on their list"
    counted = sum(one.disposition != "not_placed" for one in tries)
    if counted != target.attempts_made:
        yield f"target {target.id} counts {target.attempts_made} tries and has had {counted}"
    if sum(one.disposition == "completed" for one in tries) > 1:
        yield f"target {target.id} was completed twice"


def _results(session: Session, campaign_id: UUID) -> Iterator[str]:
    """Who was talked with to the end has answers, a closed response and a task that is done."""
    completed = select(Attempt.response_id, CampaignTarget.task_id).join(
        CampaignTarget, CampaignTarget.id == Attempt.target_id
    )
    for response_id, task_id in session.execute(
        completed.where(Attempt.campaign_id == campaign_id, Attempt.disposition == "completed")
    ):
        response = session.get(ResponseRow, response_id)
        answers = session.scalar(
            select(func.count()).select_from(AnswerRow).where(AnswerRow.response_id == response_id)
        )
        status = session.scalar(select(Task.status).where(Task.id == task_id))
        if response is None or response.completed_at is None or not answers or status != "done":
            yield f"response {response_id} has {answers} answers, its task is {status}"


def _recordings(session: Session, campaign_id: UUID) -> Iterator[str]:
    """Who spoke or pressed keys can be listened to, or the call says why not."""
    spoken = set(session.scalars(select(CallRow.id).where(CallRow.campaign_id == campaign_id, CallRow.turns > 0)))
    yield from (f"call {one} has no recording" for one in spoken - _recorded(session, spoken))


def _recorded(session: Session, calls: Iterable[UUID]) -> set[UUID]:
    chosen = list(calls)
    kept = session.scalars(select(RecordingRow.call_id).where(RecordingRow.call_id.in_(chosen)))
    told = session.scalars(
        select(CallEventRow.call_id).where(CallEventRow.call_id.in_(chosen), CallEventRow.kind == "recording.failed")
    )
    return {*kept, *told}


def _call_id(url: str) -> UUID:
    found = CALL_OF.search(url)
    assert found is not None, "a call of somebody else's"
    return UUID(found[1])
