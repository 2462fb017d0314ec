"""The real knowledge base behind enquiries."""

from collections.abc import Callable
from uuid import UUID

import pytest

from core_api.kit.clock import FixedClock
from core_api.kit.db import Sessions, new_id
from dialogs.api import KnowledgeAnswers
from dialogs.enquiries.schemas import Enquiry
from tests.knowledge.conftest import FEE, INVOICE, PARKING, live


@pytest.fixture
def answers(sessions: Sessions, clock: FixedClock) -> KnowledgeAnswers:
    with sessions.begin() as session:
        for content in (FEE, PARKING, INVOICE):
            live(session, clock, content)
    return KnowledgeAnswers(sessions, clock)


@pytest.fixture
def enquiry() -> Callable[[str], Enquiry]:
    def made(text: str) -> Enquiry:
        return Enquiry(text=text, channel="web", message_id=new_id().hex, conversation_id=new_id())

    return made


class TestKnowledgeAnswers:
    @pytest.mark.covers("TX-3.09-1")
    def test_gives_the_published_answer_and_takes_its_rating(
        self, answers: KnowledgeAnswers, enquiry: Callable[[str], Enquiry], sessions: Sessions, clock: FixedClock
    ) -> None:
        found = answers.ask(enquiry("停车场在哪里"))
        assert (found.text, found.topic) == ("院内有停车场。", "医院能停车吗？")
        assert found.answer is not None
        assert isinstance(found.answer.given_id, UUID)
        with sessions.begin() as session:
            answers.rate(session, found.answer.given_id, True, None, clock)

    def test_gives_what_was_picked(
        self, answers: KnowledgeAnswers, enquiry: Callable[[str], Enquiry], sessions: Sessions, clock: FixedClock
    ) -> None:
        known = answers.ask(enquiry("停车场在哪里")).answer
        assert known is not None
        assert known.entry_id is not None
        assert answers.choose(enquiry("医院能停车吗？"), known.entry_id).text == "院内有停车场。"

    def test_finds_nothing_to_nonsense(self, answers: KnowledgeAnswers, enquiry: Callable[[str], Enquiry]) -> None:
        assert answers.ask(enquiry("月亮离地球有多远呀哈哈")).answer is None
