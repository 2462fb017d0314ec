"""Tasks that people complete: staff asked by telephone or in the ward, or another hospital's report has the answers."""

from uuid import UUID

from sqlalchemy.orm import Session

from core_api.audit import service as audit
from core_api.kit.clock import Clock, SystemClock
from core_api.kit.crypto import seal
from core_api.kit.errors import Conflict, NotFound
from core_api.kit.outbox import Event
from core_api.plans import repository
from core_api.plans.completion_schemas import CompletedTask, CompleteIn, TaskForm
from core_api.plans.planning import local_date, zone_of
from core_api.plans.service import set_task_status, task
from core_api.questionnaires import service as questionnaires
from core_api.responses import service as responses

REASONS = {"phone": "by_phone", "outside_report": "outside_report", "visit": "by_visit"}
PURPOSES = {"phone": "人工电话随访，录入答案", "outside_report": "依据院外检查报告录入", "visit": "当面随访，录入答案"}


def form(session: Session, task_id: UUID, clock: Clock) -> TaskForm:
    """What staff fill in: the questionnaire in the version that was begun with, and the answers so far.

    Raises:
        NotFound: There is no such task, or its questionnaire is not published.
    """
    row = task(session, task_id, local_date(clock.now(), zone_of(session)))
    view = responses.unfinished(session, task_id, row.questionnaire_key)
    if view is None:
        return TaskForm(task=row, questionnaire=questionnaires.published(session, row.questionnaire_key), answers=())
    return TaskForm(task=row, questionnaire=responses.questionnaire_of(session, view), answers=view.answers)


def complete(session: Session, task_id: UUID, wanted: CompleteIn, actor: UUID, clock: Clock) -> CompletedTask:
    """Completes a task by hand: answers as staff's, alerts by rule, the plan's next tasks; audited.

    Raises:
        NotFound: There is no such task, or its questionnaire is not published.
        Conflict: It is done already.
        Invalid: An answer does not fit its item.
    """
    locked = repository.locked_task(session, task_id)
    if locked is None:
        raise NotFound("没有这项随访任务")
    if locked.status == "done":
        raise Conflict("这项随访已经完成", code="task_done")
    opened = responses.open_response(session, task_id, locked.patient_id, locked.questionnaire_key, "staff", clock)
    result = responses.fill_by_staff(session, opened.id, wanted.answers, clock)
    locked.note_sealed = seal(session, repository.NOTE, task_id, wanted.note.strip() or None)
    set_task_status(session, task_id, "done", opened.id, REASONS[wanted.way], clock)
    audit.record(session, actor, "task.complete", "task", task_id, PURPOSES[wanted.way], clock)
    return CompletedTask(
        task=task(session, task_id, local_date(clock.now(), zone_of(session))),
        response_id=opened.id,
        alert_hits=result.alert_hits,
    )


def on_response_received(session: Session, event: Event) -> None:
    """Outbox handler of "response.received": another hospital's report closes the task of its patient."""
    clock: Clock = session.info.get("clock") or SystemClock()
    locked = repository.locked_task(session, UUID(str(event.data["task_id"])))
    if locked is not None and str(locked.patient_id) == event.data["patient_id"]:
        response_id = UUID(str(event.data["response_id"]))
        set_task_status(session, locked.id, "done", response_id, REASONS["outside_report"], clock)
