"""Answers a message outside a questionnaire: what is certain at once, the knowledge base next, Rasa for the rest."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from core_api.kit.clock import Clock
from core_api.kit.errors import Invalid
from dialogs.engine import DialogueEngine, EngineUnavailable
from dialogs.enquiries import repository, rules, texts, wording
from dialogs.enquiries.schemas import Answers, Asker, Enquiry, EnquiryState, FollowUps, Found, OwnFact, OwnRecord
from dialogs.schemas import Reply, Turn

BARE = ".bare"
MOST_OFFERED = 3


@dataclass(frozen=True)
class EnquiryRuntime:
    """What answering works with."""

    answers: Answers
    record: OwnRecord
    engine: DialogueEngine
    clock: Clock
    zone: ZoneInfo
    follow_ups: FollowUps | None = None

    def today(self) -> date:
        """The day in the hospital's zone."""
        return self.clock.now().astimezone(self.zone).date()


def standing(session: Session, conversation_id: UUID) -> EnquiryState:
    """Where an enquiry stands."""
    return repository.find(session, conversation_id)


def keep(session: Session, conversation_id: UUID, state: EnquiryState, after: EnquiryState, clock: Clock) -> None:
    """Keeps where the enquiry stands after a reply, in the transaction that keeps the reply."""
    if after != state:
        repository.save(session, conversation_id, after, clock.now())


def enquire(runtime: EnquiryRuntime, turn: Turn, state: EnquiryState, asker: Asker) -> Reply:
    """The reply to a message; writes nothing but what the knowledge base notes of the question."""
    if turn.attachment is not None:
        return rules.attachment(turn.attachment)
    if turn.choice is not None:
        return _chosen(runtime, turn, state, asker)
    text = wording.plain(turn.text or "")
    sure = rules.at_once(text, asker)
    if sure is not None:
        return sure
    fact = wording.own_fact(text)
    if fact is not None:
        return _own(runtime, fact, asker)
    return _found(runtime, turn, text, state, asker)


def _chosen(runtime: EnquiryRuntime, turn: Turn, state: EnquiryState, asker: Asker) -> Reply:
    choice = turn.choice or ""
    if choice == rules.NONE or choice.startswith(rules.NONE_OF):
        if choice.startswith(rules.NONE_OF):
            asked = enquiry_of(turn, "", asker).model_copy(update={"message_id": choice.removeprefix(rules.NONE_OF)})
            runtime.answers.unanswered(asked)
        return (
            rules.unknown(state, asker)
            if state.misses
            else rules.say(texts.OTHER_WORDS, "unknown", rules.PERSON_BUTTON)
        )
    if choice.startswith(rules.ENTRY):
        found = chosen(runtime, turn, _entry_id(choice), asker)
        return rules.from_found(found, turn.text or "") or rules.unknown(state, asker)
    raise Invalid("这个选项已失效，请重新提问", field="choice")


def chosen(runtime: EnquiryRuntime, turn: Turn, entry_id: UUID, asker: Asker) -> Found:
    """The answer of an entry that was picked."""
    return runtime.answers.choose(enquiry_of(turn, turn.text or "", asker), entry_id)


def _entry_id(choice: str) -> UUID:
    try:
        return UUID(choice.removeprefix(rules.ENTRY))
    except ValueError as error:
        raise Invalid("这个选项已失效，请重新提问", field="choice") from error


def _own(runtime: EnquiryRuntime, fact: OwnFact, asker: Asker) -> Reply:
    if asker.patient_id is None:
        return rules.identify_first()
    if fact.kind == "next_visit":
        return rules.visit_reply(runtime.record.next_visit(asker.patient_id), runtime.today())
    if fact.kind == "arrears":
        return rules.arrears_reply(runtime.record.arrears(asker.patient_id))
    return rules.event_reply(runtime.record.events(asker.patient_id, fact.event_kinds), runtime.today())


def _found(runtime: EnquiryRuntime, turn: Turn, text: str, state: EnquiryState, asker: Asker) -> Reply:
    asked = enquiry_of(turn, text, asker)
    found = find(runtime, asked, text, state)
    reply = rules.from_found(found, text, asked.message_id)
    if reply is None:
        try:
            talk = _small_talk(runtime, turn, asker)
        except EngineUnavailable:
            reply = rules.failed()
        else:
            if talk is not None:
                return talk
    if not found.found:
        runtime.answers.unanswered(asked)
    return reply or rules.unknown(state, asker)


def _small_talk(runtime: EnquiryRuntime, turn: Turn, asker: Asker) -> Reply | None:
    """The reply to what Rasa is sure is no question."""
    understood = runtime.engine.respond(turn).understanding or {}
    if float(str(understood.get("intent_confidence", 0))) < rules.SURE_INTENT:
        return None
    return rules.from_intent(str(understood.get("intent")), asker)


def find(runtime: EnquiryRuntime, asked: Enquiry, text: str, state: EnquiryState) -> Found:
    """Asks with the last topic where the words alone are no whole question, and with the words alone if that fails."""
    whole = wording.expanded(text, state.topic)
    if whole is not None:
        found = runtime.answers.ask(asked.model_copy(update={"text": whole}))
        if found.answer is not None and found.answer.entry_id != state.entry_id:
            return found
        if found.answer is None:
            others = tuple(one for one in found.choices if one.entry_id != state.entry_id)
            found = found.model_copy(update={"choices": others})
        alone = runtime.answers.ask(asked.model_copy(update={"message_id": asked.message_id + BARE}))
        if alone.answer is not None or (found.answer is None and not found.choices and alone.found):
            return alone
        return found if found.answer is not None else _offered(found, alone)
    return runtime.answers.ask(asked)


def _offered(with_topic: Found, alone: Found) -> Found:
    """What may have been meant, the last topic's first."""
    known = {one.entry_id for one in with_topic.choices}
    others = (one for one in alone.choices if one.entry_id not in known)
    return with_topic.model_copy(update={"choices": (*with_topic.choices, *others)[:MOST_OFFERED]})


def enquiry_of(turn: Turn, text: str, asker: Asker) -> Enquiry:
    """A question as it is put to the knowledge base."""
    return Enquiry(
        text=text,
        channel=asker.channel,
        message_id=uuid5(turn.conversation_id, turn.turn_id).hex,
        conversation_id=turn.conversation_id,
        patient_id=asker.patient_id,
    )
