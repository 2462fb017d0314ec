"""The right person before anything else: wrong number, not here, a relative, the patient has died."""

import re

from dialogs.flow import callback, script, texts
from dialogs.flow.view import Step, View, end, say
from dialogs.schemas import Action
from dialogs.understanding.cues import cue

WRONG = re.compile(r"打错|错了|不认识|没这个人|没有这个人")
FAMILY = re.compile(r"家属|家人|爱人|老公|老婆|丈夫|妻子|先生|太太|儿子|女儿|妈|爸|姐|妹|哥|弟|亲戚|朋友|护工|保姆")
COMING = re.compile(r"(?:稍)?等(?:一)?(?:下|会)|我叫|叫她|叫他|来了|我(?:去)?喊|给她|给他|让她接|让他接")
GIVE_UP_REPAIRS = 3
SURE_WITHOUT_WORDING = 0.8
"""Health details follow a yes, so the classifier alone must be very sure of it."""


def on_identity(view: View) -> Step:
    """Decides on an answer to "are you the patient?"."""
    key = view.heard.key
    if key:
        return _by_key(view, key)
    intent = view.heard.intent
    if WRONG.search(view.said):
        return wrong_number(view)
    if _is_self(view.said) and not FAMILY.search(view.said):
        return script.begin(view)
    if intent == "relative_speaking":
        return relative(view)
    if intent == "not_here":
        return callback.ask_when(view, "not_here", texts.ASK_CALLBACK)
    plain = cue(view.said)
    sure = view.heard.intent_confidence >= SURE_WITHOUT_WORDING
    if plain == "affirm" or (intent == "affirm" and sure and plain is None):
        return script.begin(view)
    if plain == "deny" or (intent == "deny" and sure):
        return _denied(view)
    return repair(view)


def _is_self(said: str) -> bool:
    return re.search(r"我就是|我是本人|是本人|本人|(?<!不)是我", said) is not None


def _by_key(view: View, key: str) -> Step:
    if key.startswith("1"):
        return script.begin(view)
    if key.startswith("2"):
        return _denied(view)
    return repair(view)


def _denied(view: View) -> Step:
    if view.state.phase == "identity":
        return wrong_number(view)
    state = view.state.model_copy(update={"phase": "identity", "awaiting": "relative", "repairs": 0})
    return say(state, (texts.ASK_WHO,))


def on_relative(view: View) -> Step:
    """Decides on what the person says who is not, or perhaps not, the patient."""
    said, intent = view.said, view.heard.intent
    if WRONG.search(said) or intent == "wrong_number":
        return wrong_number(view)
    if COMING.search(said) or _is_self(said):
        return _wait(view)
    if intent in {"not_here", "busy_now"} or re.search(r"不在|不方便|接不了|不能接|睡", said):
        return callback.ask_when(view, "relative", texts.ASK_CALLBACK)
    asked_for = view.state.note_code == "relative"
    if FAMILY.search(said) and not asked_for:
        return relative(view)
    if asked_for and intent in {"affirm", "thanks"}:
        return _wait(view)
    if asked_for and intent == "deny":
        return callback.ask_when(view, "relative", texts.ASK_CALLBACK)
    if intent == "affirm":
        return relative(view)
    return wrong_number(view) if intent == "deny" else repair(view)


def _wait(view: View) -> Step:
    state = view.state.model_copy(update={"phase": "greeting", "awaiting": "identity", "repairs": 0, "note_code": None})
    return say(state, (texts.RELATIVE_WAIT, texts.ASK_IDENTITY))


def relative(view: View) -> Step:
    """Asks a relative for the patient; no health detail."""
    state = view.state.model_copy(
        update={"phase": "identity", "awaiting": "relative", "note_code": "relative", "repairs": 0}
    )
    if re.search(r"不在|不方便|接不了|睡", view.said):
        return callback.ask_when(view.with_state(note_code="relative"), "relative", texts.ASK_CALLBACK)
    return say(state, (texts.RELATIVE,))


def wrong_number(view: View) -> Step:
    """Apologises and hangs up."""
    return end(view.state, "wrong_number", texts.WRONG_NUMBER, actions=(Action(kind="wrong_number"),))


def died(view: View) -> Step:
    """Condoles and hangs up; nothing else is asked."""
    return end(view.state, "deceased", texts.DECEASED, actions=(Action(kind="deceased"),))


def repair(view: View) -> Step:
    """Full name, then keys, then goodbye."""
    repairs = view.state.repairs + 1
    state = view.state.model_copy(update={"repairs": repairs})
    if repairs >= GIVE_UP_REPAIRS:
        return end(state, "partial", texts.UNCLEAR_END, note_code="identity_unclear")
    if state.awaiting == "relative":
        return say(state, (texts.SORRY, texts.ASK_WHO if state.note_code != "relative" else texts.RELATIVE))
    wording = texts.ASK_IDENTITY_AGAIN if repairs == 1 else texts.ASK_IDENTITY_KEYS
    return say(state, (texts.SORRY, wording), keys=("1", "2"))
