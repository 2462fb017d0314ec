"""Busy now, not here: when to call back, said back before it counts."""

from datetime import UTC

from dialogs.flow import texts
from dialogs.flow.view import Step, View, end, say
from dialogs.schemas import Action
from dialogs.understanding.cues import cue
from dialogs.understanding.dates import CallbackTime, read_callback_time, say_time

TRIES = 2


def busy(view: View) -> Step:
    """Asks for a time, or takes the one already said."""
    return ask_when(view, view.state.wanted_disposition or "callback", texts.ASK_BUSY)


def ask_when(view: View, disposition: str, question: str) -> Step:
    """Asks when to call back; a time in the same words is confirmed at once."""
    view = view.with_state(wanted_disposition=disposition, awaiting="callback_time", repairs=0)
    when = read_callback_time(view.said, view.now, view.window) if view.said else None
    if when is not None and when.precise:
        return _confirm(view, when)
    return say(view.state, (question,), expects="speech")


def on_time(view: View) -> Step:
    """Decides on the answer to "when?"."""
    when = read_callback_time(view.said, view.now, view.window) if view.said else None
    if when is not None:
        return _confirm(view, when)
    if view.state.repairs + 1 >= TRIES or cue(view.said) in {"deny", "unsure", "goodbye", "affirm"}:
        return _later(view)
    state = view.state.model_copy(update={"repairs": view.state.repairs + 1})
    return say(state, (texts.ASK_CALLBACK_AGAIN,), expects="speech")


def _confirm(view: View, when: CallbackTime) -> Step:
    state = view.state.model_copy(update={"awaiting": "callback_confirm", "callback_at": when.at.astimezone(UTC)})
    wording = texts.CONFIRM_CALLBACK_MOVED if when.moved else texts.CONFIRM_CALLBACK
    return say(state, (wording.replace("{when}", say_time(when.at, view.now)),), keys=("1", "2"))


def on_confirm(view: View) -> Step:
    """Decides on "right?" after a time was said back; silence about it counts as yes."""
    key, said = view.heard.key, view.said
    when = read_callback_time(said, view.now, view.window) if said else None
    if when is not None and when.at.astimezone(UTC) != view.state.callback_at and when.precise:
        return _confirm(view, when)
    if (key or "").startswith("2") or view.heard.intent == "deny" or cue(said) == "deny":
        if view.state.repairs + 1 >= TRIES:
            return _later(view)
        state = view.state.model_copy(
            update={"awaiting": "callback_time", "callback_at": None, "repairs": view.state.repairs + 1}
        )
        return say(state, (texts.ASK_CALLBACK_AGAIN,), expects="speech")
    return done(view)


def done(view: View) -> Step:
    """Ends with the time agreed."""
    at = view.state.callback_at
    action = Action(kind="call_back", data={"at": at.isoformat() if at else None})
    return end(view.state, _disposition(view), texts.CALLBACK_DONE, actions=(action,))


def _later(view: View) -> Step:
    state = view.state.model_copy(update={"callback_at": None})
    return end(state, _disposition(view), texts.CALLBACK_LATER, actions=(Action(kind="call_back", data={"at": None}),))


def _disposition(view: View) -> str:
    return view.state.wanted_disposition or "callback"
