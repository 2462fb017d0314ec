"""One attempt: claim it, commit `dialling`, ask the carrier, note the answer. Harmless when run twice."""

import logging
from datetime import timedelta
from uuid import UUID

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from campaigns.attempts import service as attempts
from campaigns.attempts.schemas import AttemptView, Dialling
from campaigns.campaigns import service as campaigns
from campaigns.campaigns.schemas import CampaignRow, CampaignStatus
from campaigns.dispatch.orders import Parts, order_of
from campaigns.dispatch.port import CallOrder, FateUnknown, Refused
from campaigns.dispatch.runtime import CampaignRuntime
from campaigns.policy import rules
from campaigns.policy import service as policy
from campaigns.policy.schemas import ContactFacts, Decision, PolicyRules
from campaigns.record.port import Callee, CallOutcome, TaskFacts
from campaigns.targets import service as targets
from campaigns.targets.schemas import TargetState, TargetUpdate, TargetView
from core_api.kit.crypto import blind
from core_api.kit.db import new_id
from core_api.kit.faults import described

log = logging.getLogger(__name__)

UNPREPARED = "unprepared"
NO_TIME_KNOWN = timedelta(days=1)


def run_attempt(runtime: CampaignRuntime, attempt_id: UUID) -> str:
    """Runs a planned attempt.

    Returns:
        "taken" by another worker, "withdrawn" because nobody may be called now, "unprepared" because what the call
        needs could not be put together, "placed", "refused", or "unknown".

    Raises:
        OperationalError: It is the database that fails; the sweep finds the attempt again.
    """
    with runtime.sessions.begin() as session:
        attempt = attempts.claim(
            session, attempt_id, f"{runtime.owner}:{new_id()}"[:64], runtime.settings.lease, runtime.clock
        )
    if attempt is None:
        return "taken"
    try:
        with runtime.sessions.begin() as session:
            order = prepare(session, runtime, attempt)
    except OperationalError:
        raise
    except Exception as error:  # noqa: BLE001 - the edge of one attempt's work: its data may be at fault in any way
        fields = {"attempt_id": attempt.id, "error": described(error)}
        log.error("an attempt could not be prepared", extra=fields)  # noqa: TRY400 - see faults
        _give_up(runtime, attempt)
        return UNPREPARED
    if order is None:
        return "withdrawn"
    return place(runtime, order)


def _give_up(runtime: CampaignRuntime, attempt: AttemptView) -> None:
    """Counts a try that did not come to dialling, so that a few of them hand the target to people."""
    with runtime.sessions.begin() as session:
        if attempts.keep_lease(session, attempt, runtime.clock.now() + runtime.settings.lease):
            runtime.outcomes.apply(session, attempt.id, CallOutcome(disposition=UNPREPARED))


def place(runtime: CampaignRuntime, order: CallOrder) -> str:
    """Asks the carrier, with `dialling` committed, and notes what it said."""
    try:
        sid = runtime.dialler.place(order)
    except Refused as refusal:
        with runtime.sessions.begin() as session:
            runtime.outcomes.apply(session, order.call_id, CallOutcome(disposition=refusal.disposition))
        return "refused"
    except FateUnknown:
        with runtime.sessions.begin() as session:
            attempts.park(session, order.call_id, runtime.clock.now() + runtime.settings.ask_every)
        return "unknown"
    with runtime.sessions.begin() as session:
        attempts.placed(session, order.call_id, sid, runtime.clock.now() + runtime.settings.listen_for)
    return "placed"


def prepare(session: Session, runtime: CampaignRuntime, attempt: AttemptView) -> CallOrder | None:
    """Asks the contact policy and marks the attempt `dialling`; None when nobody may be called now."""
    target = targets.get(session, attempt.target_id)
    if target is None:
        return None
    campaign = campaigns.row(session, attempt.campaign_id)
    if campaign.status is not CampaignStatus.RUNNING:
        state = TargetState.CANCELLED if campaign.status is CampaignStatus.CANCELLED else _waiting(target)
        _withdraw(session, attempt, target, TargetUpdate(state=state, callback_at=target.callback_at))
        return None
    task = runtime.record.task(session, target.task_id)
    contact = runtime.record.contact_facts(session, [target.patient_id]).get(target.patient_id)
    decision = _decide(session, runtime, campaign, target, contact, task)
    if not decision.allowed:
        _put_off(session, runtime, attempt, target, decision)
        return None
    callee = runtime.record.callee(session, target.patient_id, runtime.clock)
    context = None if task is None else runtime.record.context(session, target.task_id, task)
    if task is not None and context is None:
        missing = Decision(allowed=False, reasons=("facts_missing",), permanent=True)
        _put_off(session, runtime, attempt, target, missing)
        return None
    if task is None or callee is None:
        refusal = Decision(allowed=False, reasons=("no_phone",), permanent=True)
        _put_off(session, runtime, attempt, target, refusal)
        return None
    return _commit_to(session, runtime, attempt, target, campaign, task, callee, context or {})


def _commit_to(  # noqa: PLR0913, PLR0917 - all that a call is made of
    session: Session,
    runtime: CampaignRuntime,
    attempt: AttemptView,
    target: TargetView,
    campaign: CampaignRow,
    task: TaskFacts,
    callee: Callee,
    context: dict[str, str],
) -> CallOrder | None:
    now = runtime.clock.now()
    opened = runtime.record.open_response(session, target.task_id, task, attempt.id, runtime.clock)
    dialling = Dialling(
        day=now.astimezone(runtime.zone).date(),
        at=now,
        phone_key=blind(session, "phone", callee.phone_e164),
        lease_until=now + runtime.settings.answer_within,
        conversation_id=new_id(),
        response_id=opened.response_id,
    )
    if not attempts.begin_dialling(session, attempt, dialling):
        later = now + _rules(session, runtime, campaign).live_call_recheck
        busy = Decision(allowed=False, reasons=("phone_in_call",), next_allowed_at=later)
        _put_off(session, runtime, attempt, target, busy)
        return None
    parts = Parts(attempt.id, dialling.conversation_id, target, campaign, callee, opened, context)
    return order_of(parts, runtime.settings, runtime.hospital_name)


def _decide(
    session: Session,
    runtime: CampaignRuntime,
    campaign: CampaignRow,
    target: TargetView,
    contact: ContactFacts | None,
    task: TaskFacts | None,
) -> Decision:
    now = runtime.clock.now()
    allowed = _rules(session, runtime, campaign)
    load = policy.load_facts(session, campaign.id, target.patient_id, allowed, now)
    known = {"task_open": task is not None and task.open, "callback_asked": target.callback_at is not None}
    return rules.decide(contact, load.model_copy(update=known), allowed, now)


def _rules(session: Session, runtime: CampaignRuntime, campaign: CampaignRow) -> PolicyRules:
    """The campaign's rules now; a simulated call need not be waited for as long as a real one."""
    found = policy.rules_for(session, campaign, runtime.zone, runtime.clock.now())
    pace = runtime.retry_pace.get(campaign.carrier, 1.0)
    return found.model_copy(update={"live_call_recheck": found.live_call_recheck / pace})


def _put_off(
    session: Session, runtime: CampaignRuntime, attempt: AttemptView, target: TargetView, decision: Decision
) -> None:
    reason = ",".join(decision.reasons)[:120]
    if decision.permanent:
        update = TargetUpdate(state=TargetState.EXCLUDED, reason=reason)
    else:
        later = decision.next_allowed_at or runtime.clock.now() + NO_TIME_KNOWN
        update = TargetUpdate(
            state=_waiting(target), reason=reason, next_attempt_at=later, callback_at=target.callback_at
        )
    _withdraw(session, attempt, target, update)


def _withdraw(session: Session, attempt: AttemptView, target: TargetView, update: TargetUpdate) -> None:
    """Takes the attempt back; only who holds its lease may put the target elsewhere."""
    if attempts.withdraw(session, attempt):
        targets.put(session, target.id, update)


def _waiting(target: TargetView) -> TargetState:
    return TargetState.RETRYING if target.attempts_made else TargetState.WAITING
