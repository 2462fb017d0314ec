"""Answers a call to us turn by turn: keys and plain wording at once, the record behind a second fact, knowledge."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from dialogs.engine import EngineUnavailable
from dialogs.enquiries import rules as enquiries
from dialogs.enquiries import wording as enquiry_wording
from dialogs.enquiries.schemas import Asker, DueFollowUp, EnquiryState, Found, OwnFact
from dialogs.enquiries.service import EnquiryRuntime, chosen, enquiry_of, find
from dialogs.hotline import rules, texts, wording
from dialogs.hotline.rules import Step
from dialogs.hotline.schemas import CallStanding, Proof
from dialogs.schemas import Action, Reply, Turn

HARDLY_HEARD = 0.35


@dataclass(frozen=True)
class Call:
    """One turn of a call with all that deciding it needs."""

    runtime: EnquiryRuntime
    turn: Turn
    state: EnquiryState
    asker: Asker
    standing: CallStanding

    @property
    def said(self) -> str:
        return enquiry_wording.plain(self.turn.text or "")


def begin(standing: CallStanding, hospital: str) -> tuple[Reply, EnquiryState]:
    """The first words, and the state to keep."""
    step = rules.opening(standing, hospital)
    return step.reply, EnquiryState(call=step.standing)


def answer(
    runtime: EnquiryRuntime, turn: Turn, state: EnquiryState, asker: Asker, wording: str | None
) -> tuple[Reply, EnquiryState]:
    """The reply to a turn and the state after it; writes nothing but what the knowledge base notes of a question.

    Args:
        runtime: What answering works with.
        turn: What the caller did.
        state: Where the call stands.
        asker: Who calls, as far as it is known.
        wording: What a red flag in this turn tells the caller.
    """
    call = Call(runtime, turn, state, asker, state.call or CallStanding())
    step = _step(call, wording)
    after = enquiries.follow(state, step.reply)
    return step.reply, after.model_copy(update={"call": step.standing})


def failed(state: EnquiryState) -> tuple[Reply, EnquiryState]:
    """The reply where answering broke."""
    step = rules.failed(state.call or CallStanding())
    return step.reply, state.model_copy(update={"call": step.standing})


def _step(call: Call, red_flag: str | None) -> Step:
    if call.turn.recorded is not None:
        step = rules.recorded(call.standing, call.turn.recorded)
        return _led(step, red_flag) if red_flag else step
    if red_flag is not None:
        return rules.emergency(call.standing, red_flag)
    if call.standing.at == "ended":
        return rules.end(call.standing, "ended")
    if call.turn.event == "silence":
        return rules.silent(call.standing)
    if call.turn.event is not None:
        return rules.ask_message(call.standing) if call.standing.at == "record" else rules.again(call.standing)
    if call.turn.key:
        return _on_key(call, call.turn.key)
    return _on_words(call) if call.said else rules.repair(call.standing)


def _led(step: Step, red_flag: str) -> Step:
    segments = (red_flag, *step.reply.segments)
    reply = step.reply.model_copy(update={"text": "".join(segments), "segments": segments})
    return Step(step.standing.model_copy(update={"disposition": "emergency"}), reply)


def _on_key(call: Call, key: str) -> Step:
    bare = key.rstrip("#")
    if bare == rules.PERSON:
        return _person(call)
    if bare == rules.REPEAT:
        return rules.again(call.standing)
    match call.standing.at:
        case "verify":
            return _verify(call, wording.read_proof(bare, call.runtime.today()))
        case "topics":
            return _on_topic(call, bare)
        case "choices":
            return _on_choice(call, bare)
        case "offer":
            return _on_offer(call, {rules.YES: True, rules.NO: False}.get(bare))
    return _on_menu(call, bare)


def _on_menu(call: Call, key: str) -> Step:
    match key:
        case "1":
            return rules.topics(call.standing)
        case "2":
            return _own(call, OwnFact(kind="next_visit"))
        case "3":
            return _own(call, OwnFact(kind="arrears"))
        case "4":
            return rules.ask_message(call.standing)
    return rules.repair(call.standing)


def _on_topic(call: Call, key: str) -> Step:
    if key == rules.BACK:
        return rules.menu(call.standing, "menu", texts.MENU)
    number = int(key) - 1 if key.isdigit() else len(rules.TOPICS)
    if not 0 <= number < len(rules.TOPICS):
        return rules.repair(call.standing)
    question = rules.TOPICS[number][1]
    asked = call.turn.model_copy(update={"text": question, "key": None})
    found = call.runtime.answers.ask(enquiry_of(asked, question, call.asker))
    return _told(call, found, question) or rules.unknown(call.standing, call.state.misses, booking=False)


def _on_choice(call: Call, key: str) -> Step:
    if key == rules.BACK:
        return rules.menu(call.standing, "menu", texts.OTHER_WORDS)
    entry_id = rules.entry_of_key(call.standing, key)
    if entry_id is None:
        return rules.repair(call.standing)
    found = chosen(call.runtime, call.turn, entry_id, call.asker)
    return _told(call, found, "") or rules.unknown(call.standing, call.state.misses, booking=False)


def _on_offer(call: Call, wanted: bool | None) -> Step:
    """Begins the follow-up, which takes the conversation over, or goes on with the menu."""
    if wanted is None:
        return rules.repair(call.standing)
    if not wanted:
        return rules.later(call.standing)
    follow_ups, patient_id = call.runtime.follow_ups, call.standing.patient_id
    if follow_ups is None or patient_id is None:
        raise RuntimeError
    begun = follow_ups.begin(call.turn, patient_id, people_there=call.asker.people_there)
    return Step(call.standing, begun) if begun is not None else rules.gone(call.standing)


def _spoken_offer(call: Call) -> Step | None:
    """Yes or no to the offer; other words are what they are at the menu, and hardly heard ones begin nothing."""
    wanted = wording.accepts(call.said) if call.standing.at == "offer" else None
    if wanted is None:
        return None
    return rules.repair(call.standing) if call.turn.confidence < HARDLY_HEARD else _on_offer(call, wanted)


def _on_words(call: Call) -> Step:
    said = call.said
    step = _spoken_offer(call) or _anywhere(call, wording.cue(said))
    if step is not None:
        return step
    if wording.wants_message(said):
        return rules.ask_message(call.standing)
    if call.standing.at == "verify":
        return _spoken_proof(call)
    if wording.has_nothing_more(said):
        return rules.end(call.standing, "goodbye", texts.GOODBYE)
    if wording.wants_service(said):
        return rules.topics(call.standing)
    fact = wording.own_fact(said)
    return _own(call, fact) if fact is not None else _asked(call)


def _anywhere(call: Call, cue: str | None) -> Step | None:
    """What may be said at any point."""
    said = ANYWHERE.get(cue or "")
    return said(call) if said else None


def _complaint(call: Call) -> Step:
    return rules.complaint(call.standing)


def _slower(call: Call) -> Step:
    return rules.again(call.standing, texts.SLOWER, actions=(Action(kind="speak_slower"),))


def _louder(call: Call) -> Step:
    return rules.again(call.standing, texts.LOUDER, actions=(Action(kind="speak_louder"),))


def _who(call: Call) -> Step:
    return rules.menu(call.standing, "who", texts.WHO.format(hospital=call.asker.hospital_name))


def _hello(call: Call) -> Step:
    return rules.say(rules.moved(call.standing, repairs=0, silences=0), rules.question(call.standing), "hello")


def _thanks(call: Call) -> Step:
    return rules.menu(call.standing, "thanks", texts.WELCOME)


def _goodbye(call: Call) -> Step:
    return rules.end(call.standing, "goodbye", texts.GOODBYE)


def _repeat(call: Call) -> Step:
    return rules.again(call.standing)


def _person(call: Call) -> Step:
    return rules.person(call.standing, there=call.asker.people_there)


def _spoken_proof(call: Call) -> Step:
    """Words that are no second fact, or hardly heard, are asked for again and do not count as a try."""
    proof = wording.read_proof(call.said, call.runtime.today())
    if proof is None or call.turn.confidence < HARDLY_HEARD:
        return rules.repair(call.standing)
    return _verify(call, proof)


def _verify(call: Call, proof: Proof | None) -> Step:
    if proof is None:
        return rules.repair(call.standing)
    who = call.runtime.record.confirm(call.standing.candidates, proof)
    if who is None:
        return rules.not_confirmed(call.standing)
    known = rules.confirmed(call.standing, who)
    fact = OwnFact(kind=known.wanted or "next_visit", event_kinds=known.event_kinds)
    return _tell(replace(call, standing=known), fact, texts.VERIFIED.format(salutation=who.salutation))


def _own(call: Call, fact: OwnFact) -> Step:
    if call.standing.patient_id is None:
        return rules.ask_proof(call.standing, fact)
    return _tell(call, fact)


def _tell(call: Call, fact: OwnFact, *lead: str) -> Step:
    """A fact of the confirmed caller's own record."""
    record, standing = call.runtime.record, call.standing
    patient_id = standing.patient_id
    if patient_id is None:
        raise RuntimeError
    if fact.kind == "next_visit":
        told = rules.visit(standing, record.next_visit(patient_id), call.runtime.today(), *lead)
    elif fact.kind == "arrears":
        told = rules.arrears(standing, record.arrears(patient_id), *lead)
    else:
        told = rules.event(standing, record.events(patient_id, fact.event_kinds), *lead)
    due = _due(call, patient_id) if fact.kind == "next_visit" or not standing.offered else None
    return told if due is None else rules.offer(told, due)


def _due(call: Call, patient_id: UUID) -> DueFollowUp | None:
    """What may be offered; not to somebody with an emergency."""
    if call.runtime.follow_ups is None or call.standing.disposition == "emergency":
        return None
    return call.runtime.follow_ups.due(patient_id)


def _asked(call: Call) -> Step:
    """A question for the knowledge base; where it has nothing, the classifier may still know what was wanted."""
    asked = enquiry_of(call.turn, call.said, call.asker)
    found = find(call.runtime, asked, call.said, call.state)
    step = _told(call, found, call.said)
    if step is not None:
        if not found.found:
            call.runtime.answers.unanswered(asked)
        return step
    try:
        understood = call.runtime.engine.respond(call.turn).understanding or {}
    except EngineUnavailable:
        understood = {}
    if float(str(understood.get("intent_confidence", 0))) >= enquiries.SURE_INTENT:
        step = _anywhere(call, str(understood.get("intent")))
    if step is None:
        call.runtime.answers.unanswered(asked)
    return step or rules.unknown(call.standing, call.state.misses, booking=wording.wants_booking(call.said))


def _told(call: Call, found: Found, said: str) -> Step | None:
    if found.text is not None and found.answer is not None:
        return rules.answered(call.standing, found)
    if found.refer == "clinician" or (not found.choices and enquiry_wording.asks_advice(said)):
        return rules.advice(call.standing)
    return rules.choices(call.standing, found.choices) if found.choices else None


ANYWHERE: Mapping[str, Callable[[Call], Step]] = {
    "want_person": _person,
    "complaint": _complaint,
    "repeat": _repeat,
    "slower": _slower,
    "louder": _louder,
    "who_are_you_robot": _who,
    "hello": _hello,
    "thanks": _thanks,
    "praise": _thanks,
    "goodbye": _goodbye,
}
