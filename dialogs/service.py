"""Starts, advances and sums up dialogues: loads the state, decides, writes answers, saves."""

from dataclasses import replace
from functools import partial
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from core_api.alerts import service as alerts
from core_api.alerts.schemas import AlertIn
from core_api.kit.clock import Clock
from core_api.kit.errors import NotFound
from core_api.questionnaires import service as questionnaires
from core_api.questionnaires.rules import evaluate_alerts
from core_api.questionnaires.schemas import Questionnaire
from core_api.responses import service as responses
from core_api.responses.schemas import AnswerIn, AnswerView, ResponseView, skipped_of, values_of
from dialogs import repository
from dialogs.flow import texts
from dialogs.flow.rules import decide
from dialogs.flow.script import begin as begin_script
from dialogs.flow.view import Step, View, fill, opening
from dialogs.lookup import look_up
from dialogs.schemas import Action, Before, DialogueOutcome, DialogueState, Heard, Reply, StartDialogue
from dialogs.understanding.dates import Window

VOICE = "voice"
TAKEN_BACK = 0.3
"""Confidence in an answer that was gone on with, until it is given again."""


def start(session: Session, begin: StartDialogue, clock: Clock, _zone: ZoneInfo | None = None) -> Reply:
    """Begins a conversation and returns the opening line; begun before, its last words again."""
    known = repository.find(session, begin.conversation_id)
    if known is not None and known.last_reply is not None:
        return known.last_reply
    step = opening(DialogueState(start=begin))
    repository.create(session, step.state.model_copy(update={"last_reply": step.reply}), clock)
    return step.reply


def start_identified(session: Session, begin: StartDialogue, turn_id: str, clock: Clock, zone: ZoneInfo) -> Reply:
    """Begins with a patient who has said who they are, in answer to a turn: the first open question.

    Begun before, its last words again.
    """
    known = repository.find(session, begin.conversation_id)
    if known is not None and known.last_reply is not None:
        return known.last_reply
    response = responses.answers(session, begin.response_id) if begin.response_id else None
    step = begin_script(_view(session, DialogueState(start=begin), Heard(), response, clock, zone))
    pace = (Action(kind="speak_slower"),) if begin.elder else ()
    reply = step.reply.model_copy(update={"actions": (*pace, *step.reply.actions)})
    repository.create(session, step.state.model_copy(update={"last_turn_id": turn_id, "last_reply": reply}), clock)
    return reply


def advance(session: Session, conversation_id: UUID, turn_id: str, heard: Heard, clock: Clock, zone: ZoneInfo) -> Reply:
    """Decides one turn and keeps what came of it; the same turn again returns the same reply.

    Raises:
        NotFound: The conversation was not started.
        Conflict: Another turn of the conversation was decided meanwhile.
    """
    state = _state(session, conversation_id)
    if state.last_turn_id == turn_id and state.last_reply is not None:
        return state.last_reply
    response = responses.answers(session, state.start.response_id) if state.start.response_id else None
    view = replace(
        _view(session, state, heard, response, clock, zone),
        look_up=partial(look_up, session, state.start, turn_id, heard.text or "", clock),
    )
    step = decide(view)
    _write_answers(session, view, step, clock)
    reply = step.reply.model_copy(update={"understanding": _understanding(heard, step)})
    tried = _tried(state, step) if response is None else ()
    changes = {"last_turn_id": turn_id, "last_reply": reply, "tried": tried, "before": _before(state, turn_id, step)}
    kept = step.state.model_copy(update=changes)
    repository.save(session, kept, clock)
    return reply


def take_back(session: Session, conversation_id: UUID, turn_id: str, clock: Clock) -> None:
    """Stands where the conversation stood before its last turn, whose words are about to be said more fully.

    Answers that the turn wrote down are uncertain until they are given again. What is not the last turn stays.

    Raises:
        NotFound: The conversation was not started.
        Conflict: Another turn of the conversation was decided meanwhile.
    """
    state = _state(session, conversation_id)
    before = state.before
    if before is None or before.turn_id != turn_id:
        return
    if state.start.response_id is not None:
        response = responses.answers(session, state.start.response_id)
        if response.status == "completed":
            return
        for answer in response.answers:
            if answer.link_id in before.link_ids and answer.status == "accepted":
                responses.record_answer(session, response.id, _doubted(answer), clock)
    repository.save(session, before.state.model_copy(update={"version": state.version}), clock)


def likely(session: Session, conversation_id: UUID, heard: Heard, clock: Clock, zone: ZoneInfo) -> tuple[str, ...]:
    """What would be said to words that were hardly heard, in pieces; nothing is written.

    Raises:
        NotFound: The conversation was not started.
    """
    state = _state(session, conversation_id)
    response = responses.answers(session, state.start.response_id) if state.start.response_id else None
    return decide(_view(session, state, heard, response, clock, zone)).reply.segments


def _before(state: DialogueState, turn_id: str, step: Step) -> Before | None:
    """Only what is said can be gone on with."""
    if state.start.channel != VOICE:
        return None
    links = tuple(record.link_id for record in step.records)
    return Before(turn_id=turn_id, state=state.model_copy(update={"before": None}), link_ids=links)


def _doubted(answer: AnswerView) -> AnswerIn:
    return AnswerIn(
        link_id=answer.link_id,
        value=answer.value,
        words=answer.words,
        confidence=min(answer.confidence, TAKEN_BACK),
        source=answer.source,
        status="uncertain",
    )


def _view(
    session: Session,
    state: DialogueState,
    heard: Heard,
    response: ResponseView | None,
    clock: Clock,
    zone: ZoneInfo,
) -> View:
    return View(
        state=state,
        heard=heard,
        now=clock.now().astimezone(zone),
        questionnaire=_questionnaire(session, state, response),
        answers=response.values if response else values_of(state.tried),
        skipped=response.skipped if response else skipped_of(state.tried),
        window=Window.of(state.start.callback_window),
        done_meanwhile=response is not None and response.status == "completed" and not state.completed,
    )


def _tried(state: DialogueState, step: Step) -> tuple[AnswerIn, ...]:
    """The answers of a trial: a later one to the same question takes the place of the earlier."""
    told = {one.link_id: one for one in (*state.tried, *step.records)}
    return tuple(told.values())


def _questionnaire(session: Session, state: DialogueState, response: ResponseView | None) -> Questionnaire | None:
    if response is not None:
        return responses.questionnaire_of(session, response)
    key, version = state.start.questionnaire_key, state.start.questionnaire_version
    if key is None:
        return None
    return questionnaires.get(session, key, version) if version else questionnaires.published(session, key)


def _write_answers(session: Session, view: View, step: Step, clock: Clock) -> None:
    start = view.state.start
    if start.response_id is None or not step.records:
        return
    for record in step.records:
        responses.record_answer(session, start.response_id, record, clock)
    if view.questionnaire is not None and start.patient_id is not None:
        _raise_red(session, view.questionnaire, responses.answers(session, start.response_id), clock)


def _raise_red(session: Session, questionnaire: Questionnaire, response: ResponseView, clock: Clock) -> None:
    """Red alerts do not wait for the call's end; finishing the response finds them raised."""
    for hit in evaluate_alerts(questionnaire, response.values):
        if hit.level == "red":
            alert = AlertIn(
                patient_id=response.patient_id,
                level=hit.level,
                rule_key=hit.rule_key,
                text=hit.text,
                source_kind="response",
                source_id=response.id,
                response_id=response.id,
                call_id=response.call_id,
            )
            alerts.raise_alert(session, alert, clock)


def _understanding(heard: Heard, step: Step) -> dict[str, object]:
    """What staff see of how a turn was read; values are in the answers."""
    found: dict[str, object] = {"intent": heard.intent, "intent_confidence": round(heard.intent_confidence, 3)}
    if step.records:
        record = step.records[-1]
        found |= {"link_id": record.link_id, "confidence": record.confidence, "status": record.status}
    return found


def under_way(session: Session, conversation_id: UUID) -> bool:
    """Whether a dialogue was begun in the conversation and has not ended; one that ended still takes voice turns."""
    state = repository.find(session, conversation_id)
    return state is not None and (state.phase != "ended" or state.start.channel == VOICE)


def tried(session: Session, conversation_id: UUID) -> tuple[AnswerIn, ...]:
    """The answers of a trial so far; nothing where there is none."""
    state = repository.find(session, conversation_id)
    return state.tried if state is not None else ()


def asked_item(session: Session, conversation_id: UUID) -> str | None:
    """The item that stands open; None before the first, after the last, and where there is no dialogue."""
    state = repository.find(session, conversation_id)
    return state.item_link_id if state is not None and state.phase == "script" else None


def outcome(session: Session, conversation_id: UUID) -> DialogueOutcome:
    """What came of a conversation so far; hung up midway it is partial, and what was answered counts."""
    state = _state(session, conversation_id)
    midway = "partial" if state.phase == "script" or state.heard_turns else "silent"
    return DialogueOutcome(
        disposition=state.disposition or state.wanted_disposition or midway,
        callback_at=state.callback_at,
        completed=state.completed,
        response_id=state.start.response_id,
        note_code=state.note_code,
    )


def voicemail_message(begin: StartDialogue) -> str:
    """What is left on an answering machine: who called, nothing about health."""
    return fill(DialogueState(start=begin), texts.VOICEMAIL)


def _state(session: Session, conversation_id: UUID) -> DialogueState:
    state = repository.find(session, conversation_id)
    if state is None:
        raise NotFound("没有找到这通对话", code="dialogue_not_found")
    return state
