"""Turns kept rows into what staff see: names joined, personal data masked, the promise's state computed."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from assistant.channels.files import service as files
from assistant.conversations import service as conversations
from assistant.conversations.schemas import ConversationView, MessageView
from assistant.desk.alarms import service as alarms
from assistant.desk.cases import rules
from assistant.desk.cases import service as cases
from assistant.desk.cases.schemas import KIND_LABELS, Case, Sla
from assistant.desk.inbox import repository
from assistant.desk.inbox.schemas import AlarmView, CaseView, ConversationLine, DeskMessage, FlagView, Told
from assistant.desk.labels import service as labels
from assistant.desk.notes import service as notes
from assistant.desk.notes.service import NoteView
from assistant.desk.queues import service as queues
from assistant.desk.satisfaction import service as satisfaction
from core_api.identity import service as identity
from core_api.kit.clock import Clock
from core_api.patients import service as patients
from core_api.patients.schemas import PatientLine
from dialogs.api import Reply

SHORT_CHARS = 60
NO_PROMISE = Sla(state="none", due_at=None, clock=None)


def case_views(session: Session, found: Sequence[Case], clock: Clock) -> list[CaseView]:
    """Cases with the names, flags and alarms that belong to them."""
    ids = [one.id for one in found]
    steps = alarms.of_cases(session, ids)
    told = alarms.recipients(session, [one.id for one in steps])
    users = cases.users_of(found) | {user for group in told.values() for user in group}
    names = identity.staff_names(session, users)
    people = patients.lines(session, {one.patient_id for one in found if one.patient_id})
    channels = conversations.conversations_of(session, {one.conversation_id for one in found if one.conversation_id})
    queue_names = {one.id: one.name for one in queues.queues(session)}
    flags = cases.flags_of(session, ids)
    return [
        CaseView(
            **one.model_dump(include=set(CaseView.model_fields)),
            **_person(people, one.patient_id),
            kind_label=KIND_LABELS[one.kind],
            queue_name=queue_names.get(one.queue_id) if one.queue_id else None,
            channel=channels[one.conversation_id].channel if one.conversation_id in channels else None,
            assignee_name=names.get(one.assignee_id) if one.assignee_id else None,
            acknowledged_by=names.get(one.acknowledged_by_id) if one.acknowledged_by_id else None,
            sla=rules.sla(one, clock.now()),
            satisfaction=satisfaction.rating(session, one.conversation_id) if one.conversation_id else None,
            needs_acknowledgement=one.needs_acknowledgement,
            flags=[
                FlagView(family=flag.family, title=flag.title, message_id=flag.message_id, at=flag.at)
                for flag in flags
                if flag.case_id == one.id
            ],
            alarms=[
                AlarmView(
                    **step.model_dump(include=set(AlarmView.model_fields)),
                    told=[Told(user_id=user, name=names.get(user, "")) for user in told.get(step.id, [])],
                )
                for step in steps
                if step.case_id == one.id
            ],
        )
        for one in found
    ]


def lines(session: Session, ids: Sequence[UUID], user_id: UUID, clock: Clock) -> list[ConversationLine]:
    """Lines of the list, in the order of the ids."""
    found = conversations.conversations_of(session, ids)
    of_conversation = _gravest(cases.open_of_conversations(session, ids))
    people = patients.lines(session, {one.patient_id for one in found.values() if one.patient_id})
    names = identity.staff_names(session, {one.owner_id for one in found.values() if one.owner_id})
    queue_names = {one.id: one.name for one in queues.queues(session)}
    unread = repository.unread(session, user_id, ids)
    labelled = labels.labels_of(session, ids)
    made = []
    for conversation_id in ids:
        if conversation_id not in found:
            continue
        one, case = found[conversation_id], of_conversation.get(conversation_id)
        last = conversations.last_message(session, conversation_id)
        made.append(
            ConversationLine(
                **one.model_dump(include=set(ConversationLine.model_fields)),
                **_person(people, one.patient_id),
                **_of_case(case, queue_names, clock),
                owner_name=names.get(one.owner_id) if one.owner_id else None,
                last_sender=last.sender if last else None,
                last_text=last.text[:SHORT_CHARS] if last else None,
                unread=unread.get(conversation_id, 0),
                waiting_seconds=_waiting_seconds(one, clock),
                labels=labelled.get(conversation_id, []),
            )
        )
    return made


def message_views(session: Session, found: Sequence[MessageView]) -> list[DeskMessage]:
    """Messages with their authors' names and their files."""
    names = identity.staff_names(session, {one.author_id for one in found if one.author_id})
    known = files.views(session, {one.file_id for one in found if one.file_id})
    return [
        DeskMessage(
            **one.model_dump(include=set(DeskMessage.model_fields)),
            author_name=names.get(one.author_id) if one.author_id else None,
            file=known.get(one.file_id) if one.file_id else None,
            choices=_choices(one),
        )
        for one in found
        if one.text or one.key or one.file_id
    ]


def note_views(
    session: Session, conversation_id: UUID | None, case_ids: Collection[UUID], user_id: UUID
) -> list[NoteView]:
    """The notes of a conversation and its cases."""
    found = notes.notes_of(session, conversation_id, list(case_ids))
    names = identity.staff_names(session, {one.author_id for one in found})
    return [
        NoteView(
            id=one.id,
            author_id=one.author_id,
            author_name=names.get(one.author_id, ""),
            text=one.text,
            at=one.at,
            mine=one.author_id == user_id,
        )
        for one in found
    ]


def _choices(one: MessageView) -> list[str]:
    reply = Reply.model_validate_json(one.reply) if one.reply else None
    return [offered.label for offered in reply.quick_replies if offered.is_question] if reply else []


def _gravest(found: Sequence[Case]) -> dict[UUID, Case]:
    """The first case of each conversation, the most urgent being first."""
    chosen: dict[UUID, Case] = {}
    for one in found:
        if one.conversation_id is not None:
            chosen.setdefault(one.conversation_id, one)
    return chosen


def _person(people: dict[UUID, PatientLine], patient_id: UUID | None) -> dict[str, str | None]:
    line = people.get(patient_id) if patient_id else None
    return {"patient_name": line.name if line else None, "record_number": line.record_number if line else None}


def _of_case(case: Case | None, queue_names: dict[UUID, str], clock: Clock) -> dict[str, object]:
    if case is None:
        none = dict.fromkeys(("queue_id", "queue_name", "case_id", "case_kind"))
        return {**none, "urgency": "normal", "sla": NO_PROMISE}
    return {
        "queue_id": case.queue_id,
        "queue_name": queue_names.get(case.queue_id) if case.queue_id else None,
        "case_id": case.id,
        "case_kind": case.kind,
        "urgency": case.urgency,
        "sla": rules.sla(case, clock.now()),
    }


def _waiting_seconds(one: ConversationView, clock: Clock) -> int | None:
    return None if one.waiting_since is None else max(0, round((clock.now() - one.waiting_since).total_seconds()))
