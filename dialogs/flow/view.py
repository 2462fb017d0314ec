"""What a decision sees and what it returns."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from core_api.questionnaires.schemas import AnswerValue, Item, Questionnaire
from core_api.responses.schemas import AnswerIn, Source
from dialogs.flow import texts
from dialogs.schemas import Action, DialogueState, Expects, Heard, Reply, ServiceAnswer
from dialogs.understanding.dates import Window

BRACES = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class View:
    """A turn with all that its decision may depend on.

    Attributes:
        state: Before the turn.
        heard: What the patient did.
        now: In the hospital's zone.
        questionnaire: The one being asked, if any.
        answers: Accepted values by link id.
        skipped: Link ids done without a value.
        look_up: Asks the knowledge base; what was asked is kept, so only a service question may be.
        window: When call-backs may be promised.
        done_meanwhile: Staff completed the response while the call went on.
    """

    state: DialogueState
    heard: Heard
    now: datetime
    questionnaire: Questionnaire | None = None
    answers: Mapping[str, AnswerValue] = field(default_factory=dict)
    skipped: frozenset[str] = frozenset()
    look_up: Callable[[], ServiceAnswer] = ServiceAnswer
    window: Window = field(default_factory=Window)
    done_meanwhile: bool = False

    @property
    def item(self) -> Item | None:
        """The item that was asked."""
        link_id = self.state.item_link_id
        return self.questionnaire.item(link_id) if self.questionnaire and link_id else None

    @property
    def source(self) -> Source:
        """How this turn's answer was given."""
        if self.heard.key:
            return "keys"
        return "speech" if self.state.start.channel == "voice" else "chat"

    @property
    def said(self) -> str:
        """The patient's words, or nothing."""
        return (self.heard.text or "").strip()

    def with_state(self, **changes: object) -> "View":
        """The same turn over a changed state."""
        return replace(self, state=self.state.model_copy(update=changes))


@dataclass(frozen=True)
class Step:
    """A decision: the next state, what is said, what is written down."""

    state: DialogueState
    reply: Reply
    records: tuple[AnswerIn, ...] = ()


def fill(state: DialogueState, template: str) -> str:
    """Fills names in braces from the conversation; an unknown one becomes nothing."""
    start = state.start
    known = {
        "hospital": start.hospital_name,
        "department": start.department,
        "salutation": start.salutation or start.full_name or "机主",
        "full_name": start.full_name or start.salutation or "机主",
        "whom": start.salutation or "您",
        **start.context,
    }
    return BRACES.sub(lambda match: known.get(match.group(1), ""), template)


def say(
    state: DialogueState,
    pieces: tuple[str, ...],
    *,
    expects: Expects = "either",
    keys: tuple[str, ...] = (),
    actions: tuple[Action, ...] = (),
    keep_last: bool = False,
) -> Step:
    """Says pieces; they become what "repeat" says again unless `keep_last`."""
    segments = tuple(fill(state, piece) for piece in pieces if piece)
    text = "".join(segments)
    if text and not keep_last:
        state = state.model_copy(update={"last_text": text})
    reply = Reply(
        text=text, segments=segments, expects=expects, item_link_id=state.item_link_id, key_hint=keys, actions=actions
    )
    return Step(state, reply)


def end(
    state: DialogueState,
    disposition: str,
    *pieces: str,
    actions: tuple[Action, ...] = (),
    note_code: str | None = None,
) -> Step:
    """Says goodbye and hangs up with a disposition."""
    state = state.model_copy(
        update={"phase": "ended", "disposition": disposition, "note_code": note_code, "item_link_id": None}
    )
    outcome = Action(kind="set_disposition", data={"disposition": disposition})
    return say(state, pieces, expects="none", actions=(*actions, outcome, Action(kind="hangup")))


def start_over(state: DialogueState) -> DialogueState:
    """Forgets repairs and half-typed digits: something was understood."""
    return state.model_copy(update={"repairs": 0, "digits": ""})


def opening(state: DialogueState) -> Step:
    """Says who calls and asks for the right person; nothing about health."""
    question = texts.ASK_IDENTITY
    pieces = (texts.OPENING, question, texts.ASK_IDENTITY_KEYS) if state.start.elder else (texts.OPENING, question)
    return say(state, pieces, keys=("1", "2"))
