"""Canned replies: personal ones of their author, shared ones of those who manage the desk."""

from importlib.resources import files
from uuid import UUID

from sqlalchemy.orm import Session

from assistant.conversations import service as conversations
from assistant.desk.calendar.service import zone_of
from assistant.desk.replies import repository, rules
from assistant.desk.replies.schemas import Rendered, ReplyIn, ReplyView
from core_api.audit import service as audit
from core_api.kit.clock import Clock
from core_api.kit.db import new_id
from core_api.kit.errors import Conflict, Forbidden, Invalid, NotFound
from core_api.kit.web import CurrentUser
from core_api.kit.yaml_text import load_yaml
from core_api.patients import service as patients
from knowledge import api as knowledge

MANAGE = "desk.manage"
SYSTEM = UUID(int=0)


def replies(session: Session, user: CurrentUser) -> list[ReplyView]:
    """Somebody's own replies and the shared ones."""
    return repository.visible(session, user.id)


def create_reply(session: Session, new: ReplyIn, user: CurrentUser, clock: Clock) -> ReplyView:
    """Makes a reply.

    Raises:
        Forbidden: Shared replies belong to those who manage the desk.
        Conflict: The shortcut is taken.
        Invalid: It has a placeholder that nobody fills.
    """
    return _put(session, new_id(), new, user, clock)


def change_reply(session: Session, reply_id: UUID, change: ReplyIn, user: CurrentUser, clock: Clock) -> ReplyView:
    """Changes a reply; as `create_reply`."""
    _own(session, reply_id, user)
    return _put(session, reply_id, change, user, clock)


def remove_reply(session: Session, reply_id: UUID, user: CurrentUser) -> None:
    """Removes a reply."""
    _own(session, reply_id, user)
    repository.remove(session, reply_id)


def render(
    session: Session, reply_id: UUID, conversation_id: UUID, user: CurrentUser, hospital_name: str, clock: Clock
) -> Rendered:
    """A reply with the values of a conversation's patient; reading their name is audited."""
    reply = _reply(session, reply_id, user)
    values: dict[str, str | None] = {
        "我的姓名": user.display_name,
        "医院": hospital_name,
        "今天": f"{clock.now().astimezone(zone_of(session)):%m月%d日}".lstrip("0").replace("月0", "月"),
    }
    values |= _of_patient(session, conversation_id, reply, user, clock)
    repository.count_use(session, reply_id)
    text, missing = rules.render(reply.text, values)
    return Rendered(text=text, missing=missing)


def load_library(session: Session, clock: Clock) -> None:
    """Makes the first shared replies in a database that has none."""
    if repository.any_shared(session):
        return
    text = files("assistant.desk.replies").joinpath("library/replies.yaml").read_text("utf-8")
    for entry in load_yaml(text)["replies"]:
        repository.put(session, new_id(), ReplyIn(shared=True, **entry), SYSTEM, clock.now())


def _of_patient(
    session: Session, conversation_id: UUID, reply: ReplyView, user: CurrentUser, clock: Clock
) -> dict[str, str | None]:
    """Only what the reply asks for is read."""
    patient_id = conversations.conversation(session, conversation_id).patient_id
    wanted = set(reply.placeholders)
    found: dict[str, str | None] = {}
    if patient_id is None or not wanted & {"称呼", "科室", "就诊卡后四位"}:
        return found
    audit.record(session, user.id, "patient.read", "patient", patient_id, "快捷回复填写称呼", clock)
    if wanted & {"科室", "就诊卡后四位"}:
        view = patients.get(session, patient_id)
        found |= {"科室": view.department, "就诊卡后四位": (view.visit_card or "")[-4:] or None}
    if "称呼" in wanted:
        contact = patients.contact(session, patient_id)
        found["称呼"] = contact.salutation
    return found


def _put(session: Session, reply_id: UUID, reply: ReplyIn, user: CurrentUser, clock: Clock) -> ReplyView:
    if reply.shared and MANAGE not in user.permissions:
        raise Forbidden("共享的快捷回复由工作台管理员维护")
    odd = rules.unknown(reply.text)
    if odd:
        raise Invalid(f"没有这个占位符：{odd[0]}", code="unknown_placeholder", field="text")
    if not repository.put(session, reply_id, reply, user.id, clock.now()):
        raise Conflict("这个快捷词已被使用", code="shortcut_taken", field="shortcut")
    if reply.shared:
        shared = knowledge.CandidateIn(
            question=reply.title, answer=reply.text, source_kind="canned", source_id=reply_id
        )
        knowledge.collect(session, shared, user.id, clock)
    return _reply(session, reply_id, user)


def _own(session: Session, reply_id: UUID, user: CurrentUser) -> None:
    if _reply(session, reply_id, user).shared and MANAGE not in user.permissions:
        raise Forbidden("共享的快捷回复由工作台管理员维护")


def _reply(session: Session, reply_id: UUID, user: CurrentUser) -> ReplyView:
    found = repository.one(session, reply_id, user.id)
    if found is None:
        raise NotFound("没有找到这条快捷回复", code="reply_not_found")
    return found
