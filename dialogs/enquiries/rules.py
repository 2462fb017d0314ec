"""What to say to an enquiry. Pure."""

from datetime import date

from dialogs.enquiries import texts, wording
from dialogs.enquiries.schemas import Asker, EnquiryState, Found, OwnArrears, OwnEvent, OwnVisit
from dialogs.schemas import Action, QuickReply, Reply

IDENTIFY = "identify"
NONE = "none"
NONE_OF = "none:"
ENTRY = "entry:"
TRIES = 2
"""So many questions in a row without an answer call a person."""
FEN = 100
PERSON_BUTTON = QuickReply(label=texts.PERSON, text=texts.PERSON)
SMALL_TALK = {
    "hello": texts.HELLO,
    "thanks": texts.WELCOME,
    "goodbye": texts.GOODBYE,
    "noted": texts.WELCOME,
    "praise": texts.PRAISE,
}
SURE_INTENT = 0.7


def say(text: str, kind: str, *quick: QuickReply, actions: tuple[Action, ...] = ()) -> Reply:
    """A reply of one piece; `kind` tells what it was, for the state and for staff."""
    return Reply(text=text, segments=(text,), actions=actions, quick_replies=quick, understanding={"enquiry": kind})


def opening(hospital: str) -> Reply:
    """The first words."""
    return say(texts.GREETING.format(hospital=hospital), "opening", PERSON_BUTTON)


def at_once(text: str, asker: Asker) -> Reply | None:
    """The reply to what needs no knowledge: no words, small talk, a person wanted."""
    if not wording.has_words(text):
        return say(texts.NO_WORDS, "no_words")
    if wording.is_foreign(text):
        return say(texts.FOREIGN, "foreign", PERSON_BUTTON)
    if wording.asks_after_us(text, waiting=asker.waiting):
        return handed_over(asker)
    intent = wording.cue(text)
    if asker.waiting and intent == "hello":
        return say(texts.STILL_WAITING, "handed")
    return None if intent is None else from_intent(intent, asker)


def from_intent(intent: str, asker: Asker) -> Reply | None:
    """The reply to an intent that is no question; None for the others."""
    if intent == "want_person":
        return handed_over(asker)
    if intent == "identify":
        return identify_first() if asker.patient_id is None else say(texts.IDENTIFIED, "small_talk")
    if intent == "complaint":
        return say(texts.COMPLAINT, "handed", actions=_case("complaint"))
    if intent == "who_are_you_robot":
        return say(texts.WHO.format(hospital=asker.hospital_name), "small_talk")
    words = SMALL_TALK.get(intent)
    return say(words, "small_talk") if words else None


def handed_over(asker: Asker) -> Reply:
    """A person comes."""
    if asker.waiting:
        return say(texts.STILL_WAITING, "handed")
    return say(texts.HANDED_OVER, "handed", actions=_case("wants_person"))


def attachment(kind: str) -> Reply:
    """The reply to a picture or a voice message."""
    return say(texts.PICTURE if kind == "picture" else texts.VOICE, "attachment", PERSON_BUTTON)


def from_found(found: Found, text: str, message_id: str = "") -> Reply | None:
    """The reply to what the knowledge base found; None where it found nothing.

    `message_id` is that of the question, for the button that says it was none of what is offered.
    """
    if found.text is not None and found.answer is not None:
        reply = say(found.text, "answer")
        return reply.model_copy(update={"answer": found.answer})
    if found.refer == "clinician" or (not found.choices and wording.asks_advice(text)):
        return say(texts.ADVICE, "handed", actions=_case("advice"))
    if found.refer == "staff":
        return say(texts.REFERRED, "handed", actions=_case("unanswered"))
    if found.choices:
        buttons = [
            QuickReply(label=one.question, text=one.question, choice=f"{ENTRY}{one.entry_id}") for one in found.choices
        ]
        return say(
            texts.CHOICES,
            "choices",
            *buttons,
            QuickReply(
                label=texts.NONE_OF_THESE,
                text=texts.NONE_OF_THESE,
                choice=f"{NONE_OF}{message_id}" if message_id else NONE,
            ),
        )
    return None


def unknown(state: EnquiryState, asker: Asker) -> Reply:
    """Says that it does not know, offers a person, and the second time calls one."""
    if asker.waiting:
        return say(texts.UNKNOWN_WAITING, "unknown")
    if state.misses + 1 >= TRIES:
        return say(texts.UNKNOWN_AGAIN, "unknown", actions=_case("unanswered"))
    return say(texts.UNKNOWN, "unknown", PERSON_BUTTON)


def emergency(words: str) -> Reply:
    """What a red flag tells the patient, and a person: whatever else was asked can wait."""
    return say(words, "emergency", PERSON_BUTTON)


def failed() -> Reply:
    """Admits that nothing works, and calls people."""
    return say(texts.FAILED, "failed", actions=_case("engine_failed"))


def identify_first() -> Reply:
    """Own facts are for the person alone."""
    return say(
        texts.IDENTIFY_FIRST,
        "identify_first",
        QuickReply(label=texts.IDENTIFY, text=texts.IDENTIFY, choice=IDENTIFY),
        PERSON_BUTTON,
    )


def event_reply(events: tuple[OwnEvent, ...], today: date) -> Reply:
    """When something was done."""
    if not events:
        return say(texts.EVENT_NONE, "own_fact", PERSON_BUTTON)
    event = events[0]
    number = (today - event.occurred_on).days
    words = texts.EVENT if number > 0 else texts.EVENT_TODAY
    return say(words.format(title=event.title, day=day(event.occurred_on), number=number), "own_fact")


def visit_reply(visit: OwnVisit | None, today: date) -> Reply:
    """When the next follow-up is."""
    if visit is None:
        return say(texts.VISIT_NONE, "own_fact", PERSON_BUTTON)
    words = texts.VISIT_OVERDUE if visit.due_on < today else texts.VISIT
    return say(words.format(title=visit.title, day=day(visit.due_on)), "own_fact", PERSON_BUTTON)


def arrears_reply(arrears: OwnArrears | None) -> Reply:
    """What is owed."""
    if arrears is None:
        return say(texts.ARREARS_NONE, "own_fact", PERSON_BUTTON)
    due = texts.ARREARS_DUE.format(day=day(arrears.due_on)) if arrears.due_on else ""
    if arrears.arrears_fen <= 0:
        return say(texts.PAID.format(due=due), "own_fact")
    amount = f"{arrears.arrears_fen / FEN:.2f}".removesuffix(".00")
    return say(texts.ARREARS.format(amount=amount, due=due), "own_fact")


def day(value: date) -> str:
    """A date as people write it."""
    return f"{value.year} 年 {value.month} 月 {value.day} 日"


def follow(state: EnquiryState, reply: Reply) -> EnquiryState:
    """Where the enquiry stands after a reply."""
    read = reply.understanding or {}
    kind = read.get("enquiry") or read.get("call")
    if kind == "answer" and reply.answer is not None:
        return state.model_copy(update={"topic": reply.answer.question, "entry_id": reply.answer.entry_id, "misses": 0})
    if kind == "unknown":
        return state.model_copy(update={"misses": (state.misses + 1) % TRIES})
    return state


def _case(reason: str) -> tuple[Action, ...]:
    return (Action(kind="open_case", data={"reason": reason}),)
