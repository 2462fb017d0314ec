"""Every persona talks through the real flow, in memory: its words are understood by their plain wording."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from core_api.questionnaires import document
from core_api.questionnaires.rules import evaluate_alerts
from core_api.questionnaires.schemas import AnswerValue, Questionnaire
from core_api.responses.schemas import AnswerIn
from dialogs.flow.rules import decide
from dialogs.flow.view import Step, View, opening
from dialogs.schemas import DialogueState, Heard, Reply, ServiceAnswer, StartDialogue
from dialogs.understanding.cues import cue
from telephony.session.conversation import Spoken, heard_place
from telephony.session.listening import KeyCollector
from telephony.simulator.personas import Library, Patient, Persona, Reaction
from telephony.simulator.settings import PERSONAS

ZONE = ZoneInfo("Asia/Shanghai")
NINE = datetime(2026, 11, 20, 9, 0, tzinfo=ZONE)
MAX_TURNS = 120
LIBRARY = Library.load(PERSONAS)
QUESTIONNAIRES = {one.key: one for one in document.library()}
CONTEXT = {"owed_amount": "1200", "yearly_fee": "1200", "paid_until": "2026年10月31日"}
SERVICE_ANSWER = "冷冻保存费按年交，具体金额以合同为准。"


@dataclass
class Talk:
    """A conversation as it went; `lines` for people to read."""

    questionnaire: Questionnaire
    state: DialogueState
    lines: list[str] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    answers: dict[str, AnswerIn] = field(default_factory=dict)
    hung_up: bool = False

    @property
    def values(self) -> dict[str, AnswerValue]:
        return {
            key: one.value for key, one in self.answers.items() if one.status == "accepted" and one.value is not None
        }

    @property
    def disposition(self) -> str:
        midway = "partial" if self.state.phase == "script" or self.state.heard_turns else "silent"
        return self.state.disposition or self.state.wanted_disposition or midway

    @property
    def alerts(self) -> set[str]:
        return {hit.rule_key for hit in evaluate_alerts(self.questionnaire, self.values)}

    @property
    def story(self) -> str:
        return "\n".join(self.lines)

    def said(self, step: Step) -> None:
        self.state = step.state
        self.replies.append(step.reply)
        if step.reply.text:
            self.lines.append(f"bot: {step.reply.text}")
        self.answers |= {one.link_id: one for one in step.records}


def talk(persona: Persona, key: str, *, elder: bool = False, seed: str = "1") -> Talk:
    """Lets a persona and the flow talk until somebody hangs up."""
    questionnaire = QUESTIONNAIRES[key]
    start = StartDialogue(
        conversation_id=UUID(int=1),
        purpose="follow_up",
        patient_id=UUID(int=2),
        questionnaire_key=key,
        hospital_name="仁和医院",
        department="生殖中心",
        salutation="王女士",
        full_name="王小丽",
        elder=elder,
        context=CONTEXT,
    )
    patient = Patient(persona, LIBRARY, seed)
    held = Talk(questionnaire, DialogueState(start=start))
    held.said(opening(held.state))
    for number in range(MAX_TURNS):
        reply = held.replies[-1]
        if reply.ends:
            return held
        if not reply.text and held.state.digits:
            reaction: Reaction | None = Reaction(keys="#")
        else:
            reaction = patient.hear(f"{place_of(held, reply)}#{number}")
        if reaction is not None and reaction.hang_up:
            held.hung_up = True
            return held
        for heard in _heard(reaction, reply):
            _turn(held, heard, number)
    raise AssertionError(f"no end after {MAX_TURNS} turns\n{held.story[-3000:]}")


def place_of(held: Talk, reply: Reply) -> str:
    """The mark's place, as the process that holds calls makes it."""
    item = held.questionnaire.item(reply.item_link_id) if reply.item_link_id else None
    if reply.ends:
        place = "closing"
    elif item is not None:
        place = f"item:{item.link_id}/{item.type}"
    else:
        place = "other" if held.state.phase == "script" else "identity"
    return heard_place(Spoken(segments=reply.segments, place=place))


def _heard(reaction: Reaction | None, reply: Reply) -> list[Heard]:
    if reaction is None:
        return [Heard(event="silence")]
    found = []
    collector = KeyCollector(reply.key_hint)
    whole = [answer for digit in reaction.keys if (answer := collector.press(digit)) is not None]
    rest = collector.take()
    found += [Heard(key=key) for key in (*whole, *([rest] if rest else []))][:1]
    if reaction.words and not found:
        intent = cue(reaction.words)
        found.append(
            Heard(
                text=reaction.words,
                intent=intent or "nlu_fallback",
                intent_confidence=0.9 if intent else 0.0,
                confidence=reaction.confidence,
            )
        )
    return found or [Heard(event="silence")]


def _turn(held: Talk, heard: Heard, number: int) -> None:
    held.lines.append(f"    {heard.text or heard.key or heard.event}")
    values = held.values
    view = View(
        state=held.state,
        heard=heard,
        now=NINE + timedelta(seconds=8 * number),
        questionnaire=held.questionnaire,
        answers=values,
        skipped=frozenset(held.answers) - frozenset(values),
        look_up=lambda: ServiceAnswer(text=SERVICE_ANSWER),
    )
    held.said(decide(view))
