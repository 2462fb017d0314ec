"""A service question in a conversation, looked up in the knowledge base."""

from typing import Literal

from sqlalchemy.orm import Session

from core_api.kit.clock import Clock
from dialogs.schemas import TRIAL, ServiceAnswer, StartDialogue
from knowledge import api as knowledge

CHANNELS: dict[str, Literal["phone", "web", "wechat"]] = {"voice": "phone", "wechat": "wechat"}
MESSAGE_ID_MAX = 80
MAX_SPOKEN_CHOICES = 2


def look_up(session: Session, start: StartDialogue, turn_id: str, text: str, clock: Clock) -> ServiceAnswer:
    """Asks what was said; the same turn again finds the same, and who received which answer is kept.

    In a trial nothing is asked, so that nobody's question is counted.
    """
    if start.purpose == TRIAL:
        return ServiceAnswer()
    found = knowledge.answer(
        session,
        knowledge.Asked(
            text=text,
            channel=CHANNELS.get(start.channel, "web"),
            message_id=f"{start.conversation_id}:{turn_id}"[:MESSAGE_ID_MAX],
            conversation_id=start.conversation_id,
            patient_id=start.patient_id,
        ),
        clock,
    )
    if found.answer is not None:
        return ServiceAnswer(text=found.answer.text_voice)
    choices = tuple(choice.question.rstrip("？?。") for choice in found.choices[:MAX_SPOKEN_CHOICES])
    return ServiceAnswer(choices=choices, advice=found.refer == "clinician")
