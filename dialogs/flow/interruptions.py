"""What may come at any point: repeat, slower, what is this, a service question, a person, no more calls."""

from collections.abc import Callable

from dialogs.flow import callback, identity, script, texts
from dialogs.flow.view import Step, View, end, say
from dialogs.schemas import Action

PACE_STEP = 0.15
SLOWEST = 0.55


def again(view: View, *lead: str) -> Step:
    """Says something and then what stands open."""
    state = view.state
    if state.phase == "script":
        return script.ask_again(view, *lead)
    if state.awaiting == "callback_time":
        return say(state, (*lead, texts.ASK_CALLBACK_AGAIN), expects="speech")
    if state.awaiting == "relative":
        return say(state, (*lead, texts.RELATIVE if state.note_code == "relative" else texts.ASK_WHO))
    if state.awaiting == "callback_confirm":
        return say(state, (*lead, state.last_text))
    return say(state, (*lead, texts.ASK_IDENTITY), keys=("1", "2"))


def repeat(view: View) -> Step:
    """Says the last words again; the question alone where there is one."""
    return again(view) if view.state.phase == "script" else say(view.state, (view.state.last_text,), keys=("1", "2"))


def slower(view: View) -> Step:
    """Slows down and says it again."""
    pace = max(SLOWEST, round(view.state.pace - PACE_STEP, 2))
    step = again(view.with_state(pace=pace), texts.SLOWER)
    return _with_action(step, Action(kind="speak_slower", data={"pace": pace}))


def louder(view: View) -> Step:
    """Speaks up and says it again."""
    return _with_action(again(view, texts.LOUDER), Action(kind="speak_louder"))


def what_is_this(view: View) -> Step:
    """Explains; before the person is known without a word about health."""
    known = view.state.phase == "script"
    return again(view, texts.WHAT_IS_THIS_AFTER if known else texts.WHAT_IS_THIS_BEFORE)


def who_are_you(view: View) -> Step:
    """Says that it is a machine, and whose."""
    return again(view, texts.WHO_ARE_YOU)


def service(view: View) -> Step:
    """Answers from the knowledge base, or notes the question for staff; then the open question again."""
    back = (texts.BACK_TO_ITEM,) if view.state.phase == "script" else ()
    found = view.look_up()
    if found.text:
        return again(view, found.text, *back)
    if found.choices:
        return again(view, texts.DID_YOU_MEAN.format(questions="，或者".join(found.choices)), *back)
    reason, sentence = ("advice", texts.FOR_A_DOCTOR) if found.advice else ("service_question", texts.NO_ANSWER_FOUND)
    return _with_action(again(view, sentence, *back), Action(kind="open_case", data={"reason": reason}))


def person(view: View) -> Step:
    """Hands over to people; where nobody is there, says so and leaves a case."""
    case = Action(kind="open_case", data={"reason": "wants_person"})
    if not view.state.start.people_there:
        return end(view.state, "wants_person", texts.WANT_PERSON_AWAY, actions=(case,))
    transfer = Action(kind="transfer", data={"reason": "asked"})
    return end(view.state, "wants_person", texts.WANT_PERSON, actions=(transfer, case))


def complaint(view: View) -> Step:
    """Apologises, opens a case and goes on."""
    case = Action(kind="open_case", data={"reason": "complaint"})
    return _with_action(again(view, texts.COMPLAINT), case)


def do_not_call(view: View) -> Step:
    """Promises not to call again."""
    return end(view.state, "do_not_call", texts.DO_NOT_CALL, actions=(Action(kind="do_not_call"),))


def goodbye(view: View) -> Step:
    """Ends early; what was answered is kept."""
    return end(view.state, "partial", texts.PARTIAL_END, note_code="said_goodbye")


def thanks(view: View) -> Step:
    """Answers thanks and goes on."""
    return again(view, texts.WELCOME)


ANYWHERE: dict[str, Callable[[View], Step]] = {
    "repeat": repeat,
    "slower": slower,
    "louder": louder,
    "what_is_this": what_is_this,
    "who_are_you_robot": who_are_you,
    "ask_service": service,
    "want_person": person,
    "complaint": complaint,
    "do_not_call": do_not_call,
    "busy_now": callback.busy,
    "call_back_at": callback.busy,
    "goodbye": goodbye,
    "thanks": thanks,
    "patient_died": identity.died,
    "wrong_number": identity.wrong_number,
}


def _with_action(step: Step, action: Action) -> Step:
    reply = step.reply.model_copy(update={"actions": (*step.reply.actions, action)})
    return Step(step.state, reply, step.records)
