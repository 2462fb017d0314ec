"""One turn, decided: a pure function from what stands and what was heard to what is said and written down."""

from dialogs.flow import callback, identity, interruptions, keys, script, texts
from dialogs.flow.view import Step, View, end, say
from dialogs.schemas import Action, Reply
from dialogs.understanding.cues import cue, settle
from dialogs.understanding.reading import read_answer

EXACT = 0.95
SHORT = 6
SURE_ANSWER = 0.9
ONE_BREATH = 12
"""Words that name an option count as the answer where only the classifier, not their wording, hears something else."""
HARDLY_HEARD = 0.35
"""Below it the recogniser itself does not stand by the words."""
END_AT_SILENCE = 3
END_AT_FAILURE = 2
OFTEN_ANSWERS = frozenset({"affirm", "deny", "inform", "unsure", "skip", "nlu_fallback"})
NOT_WHEN_ASKED_FOR_TIME = frozenset({"call_back_at", "busy_now", "goodbye", "thanks"})
NOT_WHEN_KNOWN = frozenset({"wrong_number", "patient_died"})


def decide(view: View) -> Step:
    """Decides a turn."""
    state = view.state
    if state.phase == "ended":
        return Step(state, Reply(text="", expects="none", actions=(Action(kind="hangup"),)))
    if view.done_meanwhile:
        return end(view.state, "completed", texts.DONE_MEANWHILE, note_code="done_by_staff")
    if view.heard.event is not None:
        return _on_event(view)
    fresh = view.with_state(silences=0, engine_failures=0, heard_turns=state.heard_turns + 1)
    if view.heard.key:
        return _on_key(fresh, view.heard.key)
    return _on_words(fresh)


def _on_event(view: View) -> Step:
    if view.heard.event == "silence":
        return _on_silence(view)
    if view.heard.event == "engine_failed":
        return _on_failure(view)
    if view.heard.event == "resumed":
        return interruptions.again(view)
    if view.heard.event == "unwritten":
        return _on_unwritten(view)
    return say(view.state, ())


def _on_silence(view: View) -> Step:
    state = view.state
    silences = state.silences + 1
    view = view.with_state(silences=silences)
    if state.awaiting == "callback_confirm" and silences > 1:
        return callback.done(view)
    if silences >= END_AT_SILENCE:
        spoke = state.phase == "script" or state.heard_turns > 0
        return end(view.state, "partial" if spoke else "silent", texts.SILENT_END, note_code="silence")
    if silences == 1 or state.awaiting in {"callback_time", "relative", "callback_confirm"}:
        return interruptions.again(view, texts.STILL_THERE)
    return say(view.state, (texts.STILL_THERE, _keys_wording(view)), expects="keys")


def _on_unwritten(view: View) -> Step:
    """Words that only the recording has: staff listen to an answer to a free question, others are asked again."""
    view = view.with_state(silences=0, engine_failures=0, heard_turns=view.state.heard_turns + 1)
    if view.state.awaiting == "item" and view.item is not None and view.item.type == "text":
        return script.unwritten(view, view.item)
    return _hardly_heard(view)


def _on_failure(view: View) -> Step:
    """The engine is down: an honest sentence and keys; the second time people take over."""
    failures = view.state.engine_failures + 1
    view = view.with_state(engine_failures=failures)
    if failures >= END_AT_FAILURE:
        case = Action(kind="open_case", data={"reason": "bot_unavailable"})
        return end(view.state, "bot_unavailable", texts.ENGINE_FAILED_END, actions=(case,))
    item = view.item
    if item is not None and item.keys_mode is None:
        return say(view.state, (texts.ENGINE_FAILED_TEXT_ITEM,))
    return say(view.state, (texts.ENGINE_FAILED, _keys_wording(view)), expects="keys", keep_last=True)


def _keys_wording(view: View) -> str:
    if view.item is not None and view.state.awaiting == "item":
        return script.keys_wording(view.item)
    return texts.KEYS_BOOLEAN if view.state.awaiting == "confirm" else texts.ASK_IDENTITY_KEYS


def _on_key(view: View, key: str) -> Step:
    everywhere = keys.repeat_or_person(view, key)
    if everywhere is not None:
        return everywhere
    if view.state.awaiting == "item":
        return keys.on_item_keys(view, key)
    return _by_phase(view)


def _on_words(view: View) -> Step:
    heard = view.heard
    if heard.confidence < HARDLY_HEARD:
        return _hardly_heard(view)
    intent = settle(heard.intent, heard.intent_confidence, view.said)
    view = View(**{**view.__dict__, "heard": heard.model_copy(update={"intent": intent})})
    handler = interruptions.ANYWHERE.get(intent)
    if handler is None or _is_answer(view, intent):
        return _by_phase(view)
    return handler(view)


def _hardly_heard(view: View) -> Step:
    """Words that may be others: an answer is said back; they never identify anybody, confirm or end anything."""
    awaiting = view.state.awaiting
    if awaiting == "item":
        reading = read_answer(view.item, view.said, view.now) if view.item and view.said else None
        return script.take(view, view.item, reading) if view.item and reading else script.repair(view)
    if awaiting == "confirm":
        return script.confirm_again(view)
    if awaiting == "callback_time":
        return callback.on_time(view)
    if awaiting == "callback_confirm":
        return interruptions.again(view, texts.SORRY)
    return identity.repair(view)


def _is_answer(view: View, intent: str) -> bool:
    """Whether words that look like an interruption answer what was asked."""
    awaiting = view.state.awaiting
    if awaiting in {"callback_time", "callback_confirm"}:
        return intent in NOT_WHEN_ASKED_FOR_TIME
    if awaiting == "relative":
        return intent in {"busy_now", "thanks", "wrong_number"}
    if awaiting == "identity":
        return intent == "thanks"
    if intent in NOT_WHEN_KNOWN:
        return view.state.phase == "script" and intent == "wrong_number"
    item = view.item
    if item is None or item.type == "text":
        return False
    reading = read_answer(item, view.said, view.now)
    if reading is None:
        return False
    if cue(view.said) == intent:
        return reading.confidence >= EXACT and len(view.said) <= SHORT
    return reading.confidence >= SURE_ANSWER and len(view.said) <= ONE_BREATH


def _by_phase(view: View) -> Step:
    handlers = {
        "identity": identity.on_identity,
        "relative": identity.on_relative,
        "callback_time": callback.on_time,
        "callback_confirm": callback.on_confirm,
        "item": script.on_item,
        "confirm": script.on_confirm,
    }
    return handlers[view.state.awaiting](view)
