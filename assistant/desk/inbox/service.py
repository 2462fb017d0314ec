"""What agents do in conversations: take over, answer, transfer, put off, resolve."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy.orm import Session

from assistant.channels.files import rules as file_rules
from assistant.channels.files import service as files
from assistant.channels.files.schemas import FileView
from assistant.conversations import service as conversations
from assistant.conversations.schemas import ConversationView, MessageView
from assistant.desk import assignment
from assistant.desk.agents import service as agents
from assistant.desk.cases import service as cases
from assistant.desk.cases.schemas import CaseFilter
from assistant.desk.inbox import repository, views
from assistant.desk.inbox.repository import Place, Viewer
from assistant.desk.inbox.schemas import (
    ConversationDetail,
    ConversationLine,
    Counts,
    DeskMessage,
    EpochIn,
    InboxFilter,
    MessageIn,
    MessagePage,
    PictureIn,
    ResolveIn,
    SnoozeIn,
    TransferIn,
)
from assistant.desk.notes import service as notes
from assistant.desk.queues import service as queues
from assistant.desk.satisfaction import service as satisfaction
from core_api.audit import service as audit
from core_api.identity import service as identity
from core_api.identity.rules import ADMINISTRATOR
from core_api.kit.clock import Clock
from core_api.kit.errors import Conflict, Invalid
from core_api.kit.paging import Page, decode_cursor, encode_cursor
from core_api.kit.web import CurrentUser

LAST = 50


def list_conversations(
    session: Session, wanted: InboxFilter, user: CurrentUser, clock: Clock, cursor: str | None, limit: int
) -> Page[ConversationLine]:
    """A page of the list.

    Raises:
        Invalid: The cursor is not ours.
    """
    viewer = viewer_of(session, user)
    found = repository.page(session, wanted, viewer, _place(cursor), limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    return Page(
        items=views.lines(session, [one.id for one in found[:limit]], user.id, clock),
        next_cursor=last and encode_cursor(last.rank, last.since.isoformat(), str(last.id)),
        total=repository.count(session, wanted, viewer) if cursor is None else None,
    )


def line(session: Session, conversation_id: UUID, user: CurrentUser, clock: Clock) -> ConversationLine:
    """One line of the list.

    Raises:
        NotFound: There is no such conversation.
    """
    conversations.conversation(session, conversation_id)
    return views.lines(session, [conversation_id], user.id, clock)[0]


def detail(session: Session, conversation_id: UUID, user: CurrentUser, clock: Clock) -> ConversationDetail:
    """A conversation with its last messages, cases and notes; reading it is audited."""
    head = line(session, conversation_id, user, clock)
    found = cases.of_conversation(session, conversation_id)
    page = messages(session, conversation_id, None, LAST)
    audit.record(session, user.id, "conversation.read", "conversation", conversation_id, "查看会话", clock)
    return ConversationDetail(
        **dict(head),
        cases=views.case_views(session, found, clock),
        notes=views.note_views(session, conversation_id, [one.id for one in found], user.id),
        satisfaction=satisfaction.rating(session, conversation_id),
        messages=page.items,
        has_more=page.has_more,
    )


def messages(session: Session, conversation_id: UUID, before: UUID | None, limit: int) -> MessagePage:
    """Messages before one, or the last ones, oldest first."""
    seq = conversations.message(session, conversation_id, before).seq if before else None
    found = conversations.page(session, conversation_id, before=seq, limit=limit + 1)
    return MessagePage(items=views.message_views(session, found[-limit:]), has_more=len(found) > limit)


def take_over(session: Session, conversation_id: UUID, seen: EpochIn, user: CurrentUser, clock: Clock) -> None:
    """Takes a conversation; its open cases become one's own.

    Raises:
        Conflict: Of two at once the other was first.
    """
    conversations.take_over(session, conversation_id, user.id, seen.expected_epoch, clock)
    for case in cases.open_of_conversations(session, [conversation_id]):
        if case.assignee_id != user.id:
            cases.assign(session, case.id, user.id, case.assignee_id, clock)
    agents.seen(session, user.id, clock)
    audit.record(session, user.id, "conversation.take_over", "conversation", conversation_id, "接管会话", clock)


def give_back(session: Session, conversation_id: UUID, seen: EpochIn, user: CurrentUser, clock: Clock) -> None:
    """Gives a conversation back to the bot; red flags stay with people."""
    _own(session, conversation_id, user)
    conversations.give_back(session, conversation_id, seen.expected_epoch, clock)
    for case in cases.open_of_conversations(session, [conversation_id]):
        if not case.needs_acknowledgement:
            cases.resolve(session, case.id, user.id, "solved", clock)
    agents.seen(session, user.id, clock)
    audit.record(session, user.id, "conversation.give_back", "conversation", conversation_id, "交回自动服务", clock)


def answer(session: Session, conversation_id: UUID, new: MessageIn, user: CurrentUser, clock: Clock) -> DeskMessage:
    """A person's message to the patient.

    Raises:
        Conflict: The conversation is not this person's any more.
    """
    kept = conversations.staff_message(
        session, conversation_id, user.id, new.text, new.dedupe_key, new.expected_epoch, clock
    )
    return _answered(session, kept, user, clock)


def send_picture(  # noqa: PLR0913, PLR0917 - what, where, once, under which epoch
    session: Session,
    data_dir: Path,
    conversation_id: UUID,
    content: bytes,
    seen: PictureIn,
    user: CurrentUser,
    clock: Clock,
) -> DeskMessage:
    """A person's picture to the patient.

    Raises:
        Invalid: It is no picture.
        TooLarge: It has more bytes or pixels than a picture may have.
        Conflict: The conversation is not this person's any more.
    """
    checked = file_rules.picture(content)
    _own(session, conversation_id, user)
    known = conversations.known(session, conversation_id, f"{conversations.STAFF_KEY}{seen.dedupe_key}")
    if known is not None:
        return views.message_views(session, [known])[0]
    file = files.keep(session, data_dir, conversation_id, checked, clock)
    kept = conversations.staff_message(
        session,
        conversation_id,
        user.id,
        "",
        seen.dedupe_key,
        seen.expected_epoch,
        clock,
        file_id=file.id,
        kind="picture",
    )
    return _answered(session, kept, user, clock)


def read_file(
    session: Session, data_dir: Path, conversation_id: UUID, file_id: UUID, user: CurrentUser, clock: Clock
) -> tuple[FileView, bytes]:
    """A file of a conversation; looking at it is audited.

    Raises:
        NotFound: The conversation has no such file.
    """
    found = files.read(session, data_dir, file_id, conversation_id)
    audit.record(session, user.id, "conversation.file", "conversation", conversation_id, "查看会话中的文件", clock)
    return found


def transfer(session: Session, conversation_id: UUID, to: TransferIn, user: CurrentUser, clock: Clock) -> None:
    """Hands a conversation and its open cases to a person or a queue; the note stays with it, private.

    Raises:
        Invalid: Not exactly one of person and queue, or nobody of this id.
        Conflict: Somebody else changed the owner meanwhile.
    """
    if (to.to_user_id is None) == (to.to_queue_id is None):
        raise Invalid("请选择转给哪位同事或哪个队列", field="to_user_id")
    if to.to_user_id is not None and to.to_user_id not in identity.staff_names(session, [to.to_user_id]):
        raise Invalid("没有这位同事", field="to_user_id")
    conversations.transfer_owner(session, conversation_id, to.to_user_id, to.expected_epoch, clock)
    for case in cases.open_of_conversations(session, [conversation_id]):
        if to.to_queue_id is not None:
            moved = cases.move(session, case, to.to_queue_id, clock)
            assignment.assign(session, moved, clock, but=user.id)
        else:
            cases.assign(session, case.id, to.to_user_id, case.assignee_id, clock)
    if to.note.strip():
        notes.add_note(session, conversation_id, None, user.id, to.note, clock)
    audit.record(session, user.id, "conversation.transfer", "conversation", conversation_id, "转交会话", clock)


def resolve(session: Session, conversation_id: UUID, end: ResolveIn, user: CurrentUser, clock: Clock) -> None:
    """Ends a conversation with its cases, and asks the patient how it was.

    Raises:
        Conflict: A red flag waits for acknowledgement, or somebody else changed the conversation meanwhile.
    """
    for case in cases.open_of_conversations(session, [conversation_id]):
        cases.resolve(session, case.id, user.id, end.outcome, clock)
    if end.note.strip():
        notes.add_note(session, conversation_id, None, user.id, end.note, clock)
    owner_id = conversations.conversation(session, conversation_id).owner_id
    if end.ask_satisfaction and owner_id is not None:
        satisfaction.ask(session, conversation_id, owner_id, clock)
    conversations.set_status(session, conversation_id, "resolved", end.expected_epoch, clock)
    audit.record(session, user.id, "conversation.resolve", "conversation", conversation_id, "结束会话", clock)


def snooze(session: Session, conversation_id: UUID, off: SnoozeIn, user: CurrentUser, clock: Clock) -> None:
    """Puts a conversation off.

    Raises:
        Conflict: It is not one's own any more, or not open.
    """
    _own(session, conversation_id, user)
    conversations.snooze(session, conversation_id, off.until.astimezone(UTC), off.expected_epoch, clock)


def read(session: Session, conversation_id: UUID, message_id: UUID, user: CurrentUser) -> None:
    """Marks messages up to one as read by this person."""
    seq = conversations.message(session, conversation_id, message_id).seq
    repository.mark_read(session, conversation_id, user.id, seq)


def counts(session: Session, user: CurrentUser, open_alarms: int, clock: Clock) -> Counts:
    """What waits."""
    viewer = viewer_of(session, user)

    def conversations_in(view: str) -> int:
        return repository.count(session, InboxFilter.model_validate({"view": view}), viewer)

    def cases_with(**wanted: str) -> int:
        return cases.count(session, CaseFilter.model_validate({"status": "open", **wanted}), user.id, clock)

    accepting = [one for one in agents.presences(session) if agents.state(one, clock) == "accepting"]
    return Counts(
        mine=conversations_in("mine"),
        unassigned=conversations_in("unassigned"),
        all=conversations_in("all"),
        urgent=cases_with(urgency="urgent"),
        due_soon=cases_with(sla="due_soon"),
        breached=cases_with(sla="breached"),
        agents_accepting=len(accepting),
        alarms=open_alarms,
    )


def viewer_of(session: Session, user: CurrentUser) -> Viewer:
    """Administrators see every queue, others their own."""
    return Viewer(user.id, None if ADMINISTRATOR in user.roles else queues.queues_of(session, user.id))


def _answered(session: Session, kept: MessageView, user: CurrentUser, clock: Clock) -> DeskMessage:
    cases.replied(session, kept.conversation_id, clock)
    repository.mark_read(session, kept.conversation_id, user.id, kept.seq)
    agents.seen(session, user.id, clock)
    return views.message_views(session, [kept])[0]


def _own(session: Session, conversation_id: UUID, user: CurrentUser) -> ConversationView:
    found = conversations.conversation(session, conversation_id)
    if found.owner_id != user.id:
        raise Conflict("这个会话已不由您接待，请刷新", code="epoch_changed")
    return found


def _place(cursor: str | None) -> Place | None:
    if cursor is None:
        return None
    try:
        rank, at, conversation_id = decode_cursor(cursor)
        return int(str(rank)), datetime.fromisoformat(str(at)).astimezone(UTC), UUID(str(conversation_id))
    except ValueError as error:
        raise Invalid("翻页位置无效，请从第一页重新查看", field="cursor") from error
