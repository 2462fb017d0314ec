"""The questionnaire spoken aloud: ask, read, confirm, repair, go on."""

import re
from collections.abc import Mapping
from datetime import date

from core_api.questionnaires.rules import check_value, evaluate_alerts, next_item, read_value, value_label
from core_api.questionnaires.schemas import AnswerValue, Item
from core_api.responses.schemas import AnswerIn, AnswerStatus, Source
from dialogs.flow import texts
from dialogs.flow.view import Step, View, end, say, start_over
from dialogs.schemas import Expects, Pending
from dialogs.understanding.cues import cue
from dialogs.understanding.dates import say_small
from dialogs.understanding.reading import Reading, read_answer, refuses, skips, unsure
from dialogs.understanding.schemas import CONFIRM_BELOW

LEAVE_AT_REPAIR = 3
MANY_CONFIRMATIONS = 3
CONFIRM_LESS_BELOW = 0.35
CORRECTION = re.compile(
    r"(?:不对|不是|哎|啊|那个|等一下|[，,。])*(?:(?:我)?(?:刚才|刚刚|前面|上一个|前一个).{0,4}(?:说错|不对|错)了?|说错了|我?记错了|更正(?:一下)?|改一下)"
    r"(?:[，,。]|其实|应该是)*"
)
KEYS_DEFAULT = {
    "boolean": texts.KEYS_BOOLEAN,
    "integer": texts.KEYS_NUMBER,
    "decimal": texts.KEYS_NUMBER,
    "date": texts.KEYS_DATE,
    "text": texts.KEYS_TEXT,
}
CONFIRM_PREFIX = re.compile(r"^(?:不是的?|不对|不|没有|错了|嗯|哦|[，,。啊呀])+")


def begin(view: View) -> Step:
    """Goes from the greeting into the questionnaire; where it was begun before, on from there."""
    state = start_over(view.state).model_copy(update={"phase": "script", "awaiting": "item", "note_code": None})
    view = view.with_state(
        **{name: getattr(state, name) for name in ("phase", "awaiting", "note_code", "repairs", "digits")}
    )
    if view.questionnaire is None:
        return _complete(view, (texts.THANKS_IDENTITY,), view.answers)
    intro = texts.CONTINUE if view.answers else (view.questionnaire.intro_voice or texts.PURPOSE)
    return ask_next(view, (texts.THANKS_IDENTITY, intro, texts.INVITE), view.answers, view.skipped)


def ask_next(view: View, lead: tuple[str, ...], answers: Mapping[str, AnswerValue], skipped: frozenset[str]) -> Step:
    """Says the display items that come next and asks the next question, or ends."""
    if view.questionnaire is None:
        return _complete(view, lead, answers)
    said = list(view.state.said)
    while True:
        item = next_item(view.questionnaire, answers, skipped | frozenset(said))
        if item is None:
            return _complete(view, lead, answers)
        if item.type != "display":
            break
        lead = (*lead, item.text_voice)
        said.append(item.link_id)
    changes = {"item_link_id": item.link_id, "awaiting": "item", "pending": None, "said": tuple(said)}
    state = start_over(view.state).model_copy(update={**changes, "previous_link_id": view.state.item_link_id})
    return _ask(view.with_state(**dict(state)), item, lead, 0)


def ask_again(view: View, *lead: str) -> Step:
    """Asks the current question again after something else was said."""
    item = view.item
    if item is None:
        return say(view.state, (*lead, view.state.last_text))
    if view.state.awaiting == "confirm" and view.state.pending:
        return _confirm(view, item, view.state.pending, lead)
    return _ask(view, item, lead, min(view.state.repairs, 2))


def _ask(view: View, item: Item, lead: tuple[str, ...], level: int) -> Step:
    wording: tuple[str, ...] = (item.text_voice,)
    if level == 1:
        wording = (item.text_rephrase or item.text_voice,)
    elif level > 1:
        wording = (keys_wording(item),)
    elif view.state.start.elder and item.keys_mode:
        wording = (item.text_voice, keys_wording(item))
    expects: Expects = "keys" if level > 1 and item.keys_mode else "either"
    return say(view.state, (*lead, *wording), expects=expects, keys=_key_hint(item))


def keys_wording(item: Item) -> str:
    """How to answer by keys."""
    return item.text_keys or KEYS_DEFAULT.get(item.type, "") or item.text_voice


def _key_hint(item: Item) -> tuple[str, ...]:
    if item.keys_mode == "option" and item.type != "multi_choice":
        return tuple(option.key for option in item.options if option.key)
    return ("0-9", "*", "#") if item.keys_mode else ()


def on_item(view: View) -> Step:
    """Decides on words that answer the current question."""
    item = view.item
    if item is None:
        return ask_next(view, (), view.answers, view.skipped)
    corrected = _correct(view) if CORRECTION.search(view.said) else None
    if corrected is not None:
        return corrected
    reading = read_answer(item, view.said, view.now)
    if reading is not None:
        return take(view, item, reading)
    left = _left_out(view.said)
    if left is not None:
        status, lead = left
        return record(view, _left(view, item, status), lead)
    return repair(view)


def _left(view: View, item: Item, status: AnswerStatus) -> AnswerIn:
    return AnswerIn(link_id=item.link_id, words=view.said, confidence=0.9, source=view.source, status=status)


def _left_out(said: str) -> tuple[AnswerStatus, str] | None:
    if refuses(said):
        return "refused", texts.REFUSED_ITEM
    if skips(said):
        return "skipped", texts.NOTED
    return ("skipped", texts.UNSURE_ITEM) if unsure(said) else None


def _correct(view: View) -> Step | None:
    """Takes words that contradict the answer before: kept as uncertain, staff decide."""
    link_id = view.state.previous_link_id
    before = view.questionnaire.item(link_id) if view.questionnaire and link_id else None
    reading = read_answer(before, CORRECTION.sub("", view.said), view.now) if before else None
    if before is None or reading is None:
        return None
    answer = AnswerIn(
        link_id=before.link_id,
        value=reading.value,
        words=view.said,
        confidence=0.4,
        source=view.source,
        status="uncertain",
    )
    step = ask_again(view, texts.CORRECTED)
    return Step(step.state, step.reply, (answer,))


def take(view: View, item: Item, reading: Reading) -> Step:
    """Accepts a reading, or asks for confirmation where it is unsure or out of range."""
    source = view.source
    sure = round(reading.confidence * (view.heard.confidence if source == "speech" else 1.0), 2)
    out_of_range = check_value(item, reading.value) is not None
    if out_of_range or sure < _confirm_below(view, item, reading):
        pending = Pending(
            link_id=item.link_id,
            value=reading.value,
            words=reading.words,
            confidence=sure,
            source=source,
            doubtful=out_of_range,
        )
        return _confirm(view.with_state(pending=pending, awaiting="confirm", digits=""), item, pending, ())
    answer = AnswerIn(link_id=item.link_id, value=reading.value, words=reading.words, confidence=sure, source=source)
    return record(view, answer, texts.NOTED if source == "keys" else "")


def _confirm_below(view: View, item: Item, reading: Reading) -> float:
    """Whose words were confirmed again and again is asked less, unless the answer is an alarming one."""
    patient = view.state.confirmations < MANY_CONFIRMATIONS
    alarming = _newly_red(view, {**view.answers, item.link_id: reading.value})
    return CONFIRM_BELOW if patient or alarming else CONFIRM_LESS_BELOW


def _confirm(view: View, item: Item, pending: Pending, lead: tuple[str, ...]) -> Step:
    label = spoken_value(item, pending.value)
    question = texts.CONFIRM.replace("{value}", label)
    state = view.state.model_copy(update={"pending": pending, "awaiting": "confirm"})
    return say(state, (*lead, question), keys=("1", "2"))


def spoken_value(item: Item, value: AnswerValue) -> str:
    """A value as it is said back: a day as people say it, a temperature in 度."""
    day = read_value(item, value) if item.type == "date" else None
    if isinstance(day, date):
        return f"{say_small(day.month)}月{say_small(day.day)}号"
    label = value_label(item, value)
    return label.replace("℃", "度")


def on_confirm(view: View) -> Step:
    """Decides on "right?" after a value was said back."""
    item, pending = view.item, view.state.pending
    if item is None or pending is None:
        return ask_next(view, (), view.answers, view.skipped)
    # A date comes back from JSON as text.
    pending = pending.model_copy(update={"value": read_value(item, pending.value)})
    key = (view.heard.key or "")[:1]
    if key == "1" or (not key and _affirms(view)):
        counted = view.with_state(confirmations=view.state.confirmations + 1)
        return record(counted, _confirmed(view, pending), texts.NOTED)
    rest = CONFIRM_PREFIX.sub("", view.said)
    reading = read_answer(item, rest, view.now) if rest and item.type != "text" else None
    if reading is not None and reading.value != pending.value:
        return _replaced(view, item, reading)
    if key == "2" or view.heard.intent == "deny" or cue(view.said) == "deny":
        return repair(view.with_state(pending=None, awaiting="item"), texts.MISHEARD)
    return record(view, _unconfirmed(item, pending), texts.LEAVE_ITEM)


def confirm_again(view: View) -> Step:
    """Asks for the confirmation again, then with keys, then leaves the value to staff."""
    item, pending, repairs = view.item, view.state.pending, view.state.repairs + 1
    if item is None or pending is None:
        return repair(view)
    if repairs >= LEAVE_AT_REPAIR:
        return record(view, _unconfirmed(item, pending), texts.LEAVE_ITEM)
    lead = (texts.SORRY,) if repairs == 1 else (texts.SORRY, texts.KEYS_BOOLEAN)
    return _confirm(view.with_state(repairs=repairs), item, pending, lead)


def _affirms(view: View) -> bool:
    return cue(view.said) == "affirm" or (view.heard.intent == "affirm" and cue(view.said) != "deny")


def _confirmed(view: View, pending: Pending) -> AnswerIn:
    """A key is the surer of the two ways in which a value was given and confirmed."""
    source: Source = "keys" if "keys" in {view.source, pending.source} else pending.source
    sound = not pending.doubtful
    return AnswerIn(
        link_id=pending.link_id,
        value=pending.value if sound else None,
        words=pending.words,
        confidence=max(pending.confidence, 0.9) if sound else pending.confidence,
        source=source,
        status="accepted" if sound else "uncertain",
    )


def _unconfirmed(item: Item, pending: Pending) -> AnswerIn:
    value = None if check_value(item, pending.value) else pending.value
    return AnswerIn(
        link_id=pending.link_id,
        value=value,
        words=pending.words,
        confidence=pending.confidence,
        source=pending.source,
        status="uncertain",
    )


def _replaced(view: View, item: Item, reading: Reading) -> Step:
    fits = check_value(item, reading.value) is None
    sure = fits and reading.confidence >= CONFIRM_BELOW
    answer = AnswerIn(
        link_id=item.link_id,
        value=reading.value if fits else None,
        words=view.said,
        confidence=reading.confidence,
        source=view.source,
        status="accepted" if sure else "uncertain",
    )
    return record(view, answer, texts.NOTED)


def record(view: View, answer: AnswerIn, lead: str) -> Step:
    """Writes an answer down and goes on; an answer that first meets a red rule brings the fixed safety sentence."""
    answers, skipped = dict(view.answers), set(view.skipped)
    answers.pop(answer.link_id, None)
    if answer.status == "accepted" and answer.value is not None:
        answers[answer.link_id] = answer.value
        skipped.discard(answer.link_id)
    else:
        skipped.add(answer.link_id)
    pieces = (lead, texts.SAFETY) if _newly_red(view, answers) else (lead,)
    step = ask_next(view, pieces, answers, frozenset(skipped))
    return Step(step.state, step.reply, (answer,))


def _newly_red(view: View, answers: Mapping[str, AnswerValue]) -> bool:
    if view.questionnaire is None:
        return False
    before = {hit.rule_key for hit in evaluate_alerts(view.questionnaire, view.answers) if hit.level == "red"}
    after = {hit.rule_key for hit in evaluate_alerts(view.questionnaire, answers) if hit.level == "red"}
    return bool(after - before)


def repair(view: View, lead: str = texts.SORRY) -> Step:
    """Rephrases, then offers keys, then leaves the item to staff."""
    item, repairs = view.item, view.state.repairs + 1
    if item is None:
        return ask_again(view, texts.SORRY)
    if repairs >= LEAVE_AT_REPAIR:
        words = view.said or view.heard.key
        answer = AnswerIn(link_id=item.link_id, words=words, confidence=0.0, source=view.source, status="uncertain")
        return record(view, answer, texts.LEAVE_ITEM)
    return _ask(view.with_state(repairs=repairs), item, (lead,), repairs)


def unwritten(view: View, item: Item) -> Step:
    """Leaves a free answer to staff, who listen to the recording, and goes on."""
    answer = AnswerIn(link_id=item.link_id, words=None, confidence=0.0, source=view.source, status="uncertain")
    return record(view, answer, texts.NOTED)


def _complete(view: View, lead: tuple[str, ...], answers: Mapping[str, AnswerValue]) -> Step:
    questionnaire = view.questionnaire
    hits = evaluate_alerts(questionnaire, answers) if questionnaire else []
    advice = tuple(dict.fromkeys(hit.advice_voice for hit in hits if hit.advice_voice))
    closing = (questionnaire.closing_voice if questionnaire else "") or texts.COMPLETED_END
    if hits and questionnaire and questionnaire.closing_alert_voice:
        closing = questionnaire.closing_alert_voice
    state = view.state.model_copy(update={"completed": True})
    return end(state, "completed", *lead, *advice, closing)
