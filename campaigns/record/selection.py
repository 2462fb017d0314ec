"""Selecting a campaign's tasks in core_api: read in pages; made only when the campaign is planned."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from campaigns.record.port import DueTask, Selection
from campaigns.record.sources import RecordList, Satisfaction, StorageFees
from core_api.contracts import service as contracts
from core_api.contracts.schemas import OwingFilter
from core_api.kit.clock import Clock
from core_api.kit.errors import Invalid, NotFound
from core_api.patients import service as patients
from core_api.plans import called_for
from core_api.plans import service as plans
from core_api.plans.schemas import TaskFilter
from core_api.plans.source_schemas import CalledFor
from core_api.questionnaires import service as questionnaires

STORAGE_FEE, SATISFACTION = "storage_fee", "satisfaction"
TITLES = {STORAGE_FEE: "胚胎保存费提醒", SATISFACTION: "满意度回访"}
UNKNOWN_SHOWN = 20


class UnknownNumbers(Invalid):
    """Record numbers of a list that nobody has."""

    default_code = "unknown_record_numbers"

    def __init__(self, numbers: Sequence[str]) -> None:
        super().__init__(f"有 {len(numbers)} 个病历号不在系统中，请核对后再试", field="source.record_numbers")
        self.items = tuple(
            {"field": "source.record_numbers", "reason": "系统中没有这个病历号", "value": number}
            for number in numbers[:UNKNOWN_SHOWN]
        )


def check(session: Session, selection: Selection) -> None:
    """Refuses a source that names what is not there.

    Raises:
        UnknownNumbers: Record numbers of the list are not known.
        Invalid: Its questionnaire is not published, or needs more than a list can tell.
    """
    source = selection.source
    if not isinstance(source, RecordList):
        return
    known = patients.ids_of(session, source.record_numbers)
    missing = [number for number in dict.fromkeys(source.record_numbers) if number not in known]
    if missing:
        raise UnknownNumbers(missing)
    if source.questionnaire_key is not None:
        try:
            questionnaires.published(session, source.questionnaire_key)
        except NotFound as error:
            message = "问卷不存在或未发布，请改选已发布的问卷"
            raise Invalid(message, field="source.questionnaire_key") from error


def candidates(session: Session, wanted: Selection, after: UUID | None, limit: int) -> Sequence[DueTask]:
    """The next candidates by cursor; makes nothing."""
    match wanted.source:
        case StorageFees():
            return _owing(session, wanted, wanted.source, after, limit)
        case Satisfaction():
            return _satisfied(session, wanted, wanted.source, after, limit)
        case RecordList():
            return _listed(session, wanted, wanted.source, after, limit)
        case _:
            return _due(session, wanted, after, limit)


def make(session: Session, wanted: CalledFor, clock: Clock) -> UUID | None:
    """The task of a candidate; None where it has been called about already."""
    return called_for.ensure_task(session, wanted, clock)


def _due(session: Session, wanted: Selection, after: UUID | None, limit: int) -> list[DueTask]:
    found = plans.due_for_campaign(session, _narrowed(wanted), limit, after, today=_window(wanted))
    return [DueTask(cursor=task.id, task_id=task.id, patient_id=task.patient_id) for task in found]


def _owing(session: Session, wanted: Selection, source: StorageFees, after: UUID | None, limit: int) -> list[DueTask]:
    narrowed = OwingFilter(
        due_by=wanted.today + timedelta(days=source.due_within_days),
        arrears=source.arrears,
        site=wanted.filter.site,
        stage=wanted.filter.stage,
    )
    found = contracts.owing(session, narrowed, after, limit)
    return [
        DueTask(
            cursor=one.id,
            patient_id=one.patient_id,
            wanted=_call(wanted, one.patient_id, STORAGE_FEE, one.id, (one.covered_until or wanted.today).toordinal()),
        )
        for one in found
    ]


def _satisfied(
    session: Session, wanted: Selection, source: Satisfaction, after: UUID | None, limit: int
) -> list[DueTask]:
    since = _midnight(wanted, timedelta(days=source.within_days))
    narrowed = _narrowed(wanted)
    if source.after == "episode":
        found = called_for.finished_episodes(session, narrowed, since, after, limit)
    else:
        found = called_for.often_answered(session, narrowed, source.completed_calls, since, after, limit)
    return [
        DueTask(
            cursor=one.id,
            patient_id=one.patient_id,
            wanted=_call(wanted, one.patient_id, SATISFACTION, one.id, one.rounds),
        )
        for one in found
    ]


def _listed(session: Session, wanted: Selection, source: RecordList, after: UUID | None, limit: int) -> list[DueTask]:
    ids = sorted(set(patients.ids_of(session, source.record_numbers).values()))
    if source.questionnaire_key is None:
        narrowed = _narrowed(wanted).model_copy(update={"patient_ids": tuple(ids)})
        found = plans.due_for_campaign(session, narrowed, limit, after, today=_window(wanted))
        return [DueTask(cursor=task.id, task_id=task.id, patient_id=task.patient_id) for task in found]
    key, title = source.questionnaire_key, wanted.name
    chosen = [one for one in ids if after is None or one > after][:limit]
    return [
        DueTask(
            cursor=one,
            patient_id=one,
            wanted=CalledFor(
                patient_id=one,
                plan_key="call_list",
                anchor_id=wanted.campaign_id,
                title=title[:80],
                questionnaire_key=key,
                due_on=wanted.today,
            ),
        )
        for one in chosen
    ]


def _call(wanted: Selection, patient_id: UUID, key: str, anchor_id: UUID, occurrence: int) -> CalledFor:
    return CalledFor(
        patient_id=patient_id,
        plan_key="storage_fee" if key == STORAGE_FEE else "satisfaction_call",
        anchor_id=anchor_id,
        occurrence=occurrence,
        title=TITLES[key],
        questionnaire_key=key,
        due_on=wanted.today,
    )


def _narrowed(wanted: Selection) -> TaskFilter:
    return TaskFilter(**wanted.filter.model_dump())


def _window(wanted: Selection) -> date | None:
    """Without dates of its own a campaign takes the tasks whose window is open today."""
    dated = wanted.filter.due_from is not None or wanted.filter.due_to is not None
    return None if dated else wanted.today


def _midnight(wanted: Selection, ago: timedelta) -> datetime:
    return datetime.combine(wanted.today - ago, time(), tzinfo=wanted.zone)
