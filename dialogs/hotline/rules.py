"""What to say in a call to us, and where it stands then. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from dialogs.enquiries.schemas import Choice, DueFollowUp, Found, OwnArrears, OwnEvent, OwnFact, OwnVisit
from dialogs.hotline import texts
from dialogs.hotline.schemas import At, CallStanding, Confirmed
from dialogs.schemas import Action, Recorded, Reply

FEN = 100
TRIES = 2
"""So many second facts that do not fit end the asking."""
REPAIRS = 2
END_AT_SILENCE = 3
LONGEST_MESSAGE_SECONDS = 90
YES = "1"
NO = "2"
BACK = "9"
REPEAT = "*"
PERSON = "0"
TOPICS: tuple[tuple[str, str], ...] = (
    ("门诊时间", "门诊几点上班"),
    ("预约挂号", "怎么预约挂号"),
    ("来院路线", "医院怎么走"),
    ("缴费方式", "怎么缴费"),
    ("冷冻保存费", "冷冻胚胎怎么续费"),
)
"""What is asked most, for callers who have keys alone; each is put to the knowledge base as it stands."""
CHOICE_KEYS = ("1", "2", "3")
KEYS: dict[At, tuple[str, ...]] = {
    "menu": ("1", "2", "3", "4", PERSON, REPEAT, "#"),
    "topics": (*(str(number + 1) for number in range(len(TOPICS))), BACK, PERSON, REPEAT),
    "choices": (*CHOICE_KEYS, BACK, PERSON, REPEAT),
    "verify": ("0-9",),
    "offer": (YES, NO, PERSON, REPEAT),
    "record": (),
    "ended": (),
}
PLACE = "call:"
WANTED = "wants_person"


@dataclass(frozen=True)
class Step:
    """A decision: where the call stands, and what is said."""

    standing: CallStanding
    reply: Reply


def moved(standing: CallStanding, **change: object) -> CallStanding:
    """The standing with some of it changed."""
    return standing.model_copy(update=change)


def at_menu(standing: CallStanding, **change: object) -> CallStanding:
    """Back at the menu: what was asked for before is done with."""
    return moved(standing, at="menu", repairs=0, silences=0, wanted=None, choices=()).model_copy(update=change)


def say(standing: CallStanding, pieces: Sequence[str], kind: str, actions: tuple[Action, ...] = ()) -> Step:
    """Says pieces; they become what is said again on request."""
    segments = tuple(piece for piece in pieces if piece)
    reply = Reply(
        text="".join(segments),
        segments=segments,
        key_hint=KEYS[standing.at],
        actions=actions,
        understanding={"call": kind},
        place=f"{PLACE}{standing.at}",
    )
    return Step(moved(standing, last=segments), reply)


def opening(standing: CallStanding, hospital: str) -> Step:
    """Who answers, that it is recorded, and an open question with the keys beside it."""
    return say(at_menu(standing), (texts.OPENING.format(hospital=hospital), texts.ASK, texts.MENU), "opening")


def menu(standing: CallStanding, kind: str, *lead: str, actions: tuple[Action, ...] = ()) -> Step:
    """Says something and asks what else."""
    return say(at_menu(standing), (*lead, texts.MORE), kind, actions)


def instead(standing: CallStanding, kind: str, *lead: str) -> Step:
    """What cannot be had by this call, and what can."""
    return say(at_menu(standing), (*lead, texts.INSTEAD), kind)


def topics(standing: CallStanding) -> Step:
    """Asks for the question; the most asked ones have keys."""
    listed = "，".join(texts.TOPIC.format(label=label, key=number) for number, (label, _) in enumerate(TOPICS, start=1))
    pieces = (texts.ASK_QUESTION, texts.TOPICS.format(topics=listed))
    return say(moved(standing, at="topics", repairs=0, silences=0), pieces, "topics")


def choices(standing: CallStanding, found: Sequence[Choice]) -> Step:
    """Asks which of several questions is meant."""
    listed = found[: len(CHOICE_KEYS)]
    named = [
        texts.CHOICE.format(question=one.question.rstrip("？?。"), key=key)
        for key, one in zip(CHOICE_KEYS, listed, strict=False)
    ]
    entries = tuple(one.entry_id for one in listed)
    pieces = (texts.CHOICES, *named, texts.NONE_OF_THESE)
    return say(moved(standing, at="choices", choices=entries, repairs=0, silences=0), pieces, "choices")


def answered(standing: CallStanding, found: Found) -> Step:
    """A curated answer; it names its question, because what was heard may not be what was asked."""
    about = texts.ABOUT.format(question=found.topic.rstrip("？?。")) if found.topic else ""
    step = menu(_answered(standing), "answer", about, found.text or "")
    return Step(step.standing, step.reply.model_copy(update={"answer": found.answer}))


def advice(standing: CallStanding) -> Step:
    """A clinician has to answer."""
    words = texts.ADVICE if standing.callable_back else texts.ADVICE_NO_NUMBER
    return menu(standing, "advice", words, actions=(_case("advice"),))


def complaint(standing: CallStanding) -> Step:
    """Apologises; people read it, and call where there is a number."""
    words = texts.COMPLAINT if standing.callable_back else texts.COMPLAINT_NO_NUMBER
    return menu(standing, "complaint", words, actions=(_case("complaint"),))


def unknown(standing: CallStanding, misses: int, *, booking: bool) -> Step:
    """Says that it does not know; the second time people are told, or the caller leaves a number."""
    if booking:
        return say(at_menu(standing), (texts.NO_BOOKING,), "unknown")
    if not misses:
        return say(at_menu(standing), (texts.UNKNOWN,), "unknown")
    if not standing.callable_back:
        return say(at_menu(standing), (texts.UNKNOWN_NO_NUMBER,), "unknown")
    return menu(standing, "unknown", texts.UNKNOWN_AGAIN, actions=(_case("service_question"),))


def ask_proof(standing: CallStanding, fact: OwnFact) -> Step:
    """Before anything personal, a second fact; the same for every number, so that none is told to be known."""
    if not standing.may_verify or standing.tries >= TRIES:
        refusal = texts.NOT_VERIFIED if standing.may_verify else texts.MAY_NOT_VERIFY
        return instead(standing, "not_verified", refusal)
    asked = moved(standing, at="verify", repairs=0, silences=0, wanted=fact.kind, event_kinds=fact.event_kinds)
    return say(asked, (texts.ASK_PROOF,), "verify")


def not_confirmed(standing: CallStanding) -> Step:
    """The second fact does not fit; which of the two does not is never told."""
    tries = standing.tries + 1
    if tries >= TRIES:
        return instead(moved(standing, tries=tries), "not_verified", texts.NOT_VERIFIED)
    return say(moved(standing, tries=tries, repairs=0, silences=0), (texts.ASK_PROOF_AGAIN,), "verify_again")


def confirmed(standing: CallStanding, who: Confirmed) -> CallStanding:
    """The caller is known."""
    return standing.model_copy(update={"patient_id": who.patient_id, "department": who.department, "tries": 0})


def visit(standing: CallStanding, found: OwnVisit | None, today: date, *lead: str) -> Step:
    """When the next follow-up is."""
    words = texts.VISIT_NONE
    if found is not None:
        wording = texts.VISIT_OVERDUE if found.due_on < today else texts.VISIT
        words = wording.format(title=found.title, day=day(found.due_on))
    return menu(_answered(standing), "own_fact", *lead, words)


def arrears(standing: CallStanding, found: OwnArrears | None, *lead: str) -> Step:
    """What is owed."""
    pieces = [texts.ARREARS_NONE]
    if found is not None:
        owed = texts.ARREARS.format(amount=_yuan(found.arrears_fen)) if found.arrears_fen > 0 else texts.PAID
        pieces = [owed, *([texts.ARREARS_DUE.format(day=day(found.due_on))] if found.due_on else [])]
    return menu(_answered(standing), "own_fact", *lead, *pieces)


def event(standing: CallStanding, found: Sequence[OwnEvent], *lead: str) -> Step:
    """When something was done."""
    words = texts.EVENT.format(title=found[0].title, day=day(found[0].occurred_on)) if found else texts.EVENT_NONE
    return menu(_answered(standing), "own_fact", *lead, words)


def offer(step: Step, due: DueFollowUp) -> Step:
    """Asks, behind what was asked for, whether to do a follow-up now; its date is not told twice."""
    words = texts.OFFER_UNDATED.format(title=due.title)
    if due.due_on is not None:
        words = texts.OFFER.format(title=due.title, day=day(due.due_on))
    told = tuple(piece for piece in step.reply.segments if piece != texts.MORE and not _same(piece, due))
    return say(moved(step.standing, at="offer", offered=True), (*told, words, texts.ASK_OFFER), "offer")


def _same(piece: str, due: DueFollowUp) -> bool:
    """Whether a piece tells of the follow-up that is offered."""
    if due.due_on is None:
        return False
    return piece in {one.format(title=due.title, day=day(due.due_on)) for one in (texts.VISIT, texts.VISIT_OVERDUE)}


def later(standing: CallStanding) -> Step:
    """The caller does the follow-up another time."""
    return menu(standing, "later", texts.OFFER_LATER)


def gone(standing: CallStanding) -> Step:
    """The follow-up has been taken up or done elsewhere meanwhile."""
    return menu(standing, "offer_gone", texts.OFFER_GONE)


def ask_message(standing: CallStanding) -> Step:
    """Asks for the message that is recorded then."""
    extra = () if standing.callable_back else (texts.ASK_MESSAGE_NO_NUMBER,)
    asked = moved(standing, at="record", repairs=0, silences=0)
    step = say(asked, (*extra, texts.ASK_MESSAGE), "record")
    return Step(step.standing, step.reply.model_copy(update={"records_seconds": LONGEST_MESSAGE_SECONDS}))


def recorded(standing: CallStanding, left: Recorded) -> Step:
    """What became of the message; nothing is said to who has hung up."""
    kept = left.saved and left.spoke
    lost = not left.saved
    actions = (_case("message_left" if kept else "message_lost"),) if kept or lost else ()
    if kept:
        standing = moved(standing, disposition="message_left")
    if left.hung_up:
        return end(standing, "recorded", actions=actions)
    named = standing.callable_back
    if lost:
        words = texts.MESSAGE_LOST if named else texts.MESSAGE_LOST_NO_NUMBER
    elif kept:
        words = texts.MESSAGE_KEPT if named else texts.MESSAGE_KEPT_NO_NUMBER
    else:
        words = texts.MESSAGE_EMPTY
    return menu(standing, "recorded", words, actions=actions)


def person(standing: CallStanding, *, there: bool) -> Step:
    """Connects to people, or says honestly that nobody is there."""
    case = (_case("wants_person"),)
    if there:
        words = texts.PERSON if standing.callable_back else texts.PERSON_NO_NUMBER
        return end(moved(standing, disposition=WANTED), "person", words, actions=(Action(kind="transfer"), *case))
    away = texts.PERSON_AWAY if standing.callable_back else texts.PERSON_AWAY_NO_NUMBER
    asked = standing if standing.disposition == "message_left" else moved(standing, disposition=WANTED)
    return say(at_menu(asked), (away, texts.LEAVE_MESSAGE), "person", case)


def emergency(standing: CallStanding, wording: str) -> Step:
    """The approved wording for a red flag, and people; whatever else was asked can wait."""
    return say(at_menu(standing, disposition="emergency"), (wording, texts.NEED_PERSON), "emergency")


def failed(standing: CallStanding) -> Step:
    """Admits that nothing works, and calls people."""
    words = texts.FAILED if standing.callable_back else texts.FAILED_NO_NUMBER
    return menu(standing, "failed", words, actions=(_case("bot_unavailable"),))


def repair(standing: CallStanding) -> Step:
    """Not understood: the question again, with the keys for it."""
    repairs = standing.repairs + 1
    if standing.at == "verify":
        again = not_confirmed(standing) if repairs > REPAIRS else None
        return again or say(moved(standing, repairs=repairs, silences=0), (texts.PROOF_UNCLEAR,), "repair")
    return say(moved(standing, repairs=repairs, silences=0), (texts.SORRY, *question(standing)), "repair")


def silent(standing: CallStanding) -> Step:
    """Nothing was heard: asked again, then with keys, then the call ends."""
    silences = standing.silences + 1
    if silences >= END_AT_SILENCE:
        return end(standing, "silence", texts.SILENT_END)
    return say(moved(standing, silences=silences), (texts.STILL_THERE, *question(standing)), "silence")


def again(standing: CallStanding, *lead: str, actions: tuple[Action, ...] = ()) -> Step:
    """The last words again."""
    step = say(moved(standing, repairs=0, silences=0), (*lead, *standing.last), "again", actions)
    return Step(moved(step.standing, last=standing.last), step.reply)


def question(standing: CallStanding) -> tuple[str, ...]:
    """What stands open."""
    match standing.at:
        case "topics":
            return topics(standing).reply.segments
        case "verify":
            return (texts.ASK_PROOF,)
        case "offer":
            return (texts.ASK_OFFER,)
        case "choices":
            return tuple(piece for piece in standing.last if piece not in {texts.SORRY, texts.STILL_THERE})
    return (texts.MENU,)


def end(standing: CallStanding, kind: str, *pieces: str, actions: tuple[Action, ...] = ()) -> Step:
    """Says good-bye and hangs up."""
    step = say(moved(standing, at="ended"), pieces, kind, (*actions, Action(kind="hangup")))
    return Step(step.standing, step.reply.model_copy(update={"expects": "none"}))


def day(value: date) -> str:
    """A date that synthesis reads as people do."""
    return f"{value.year}年{value.month}月{value.day}日"


def entry_of_key(standing: CallStanding, key: str) -> UUID | None:
    """The entry that a key picks."""
    place = CHOICE_KEYS.index(key) if key in CHOICE_KEYS else len(standing.choices)
    return standing.choices[place] if place < len(standing.choices) else None


def _yuan(fen: int) -> str:
    return f"{fen / FEN:.2f}".removesuffix(".00")


def _answered(standing: CallStanding) -> CallStanding:
    return standing if standing.disposition else moved(standing, disposition="answered")


def _case(reason: str) -> Action:
    return Action(kind="open_case", data={"reason": reason})
