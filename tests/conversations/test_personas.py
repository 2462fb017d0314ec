"""All personas by all shipped questionnaires: each comes to the end that its kind must come to, decently."""

import re

import pytest

from tests.conversations.personas import LIBRARY, QUESTIONNAIRES, Talk, talk

pytestmark = pytest.mark.unit
COMPLETED = (
    "cooperative", "slow", "terse", "talkative", "keys_only", "fever", "interrupter", "fee_question", "mumbler",
    "contradicts", "listener",
)  # fmt: skip
ENDS = dict.fromkeys(COMPLETED, "completed") | {
    "busy_callback": "callback",
    "relative": "relative",
    "wrong_number": "wrong_number",
    "patient_died": "deceased",
    "silent": "silent",
    "do_not_call": "do_not_call",
    "asks_nurse": "wants_person",
    "hangs_up_midway": "partial",
}
UNANSWERED = {
    "busy_line": ("busy", "486"),
    "empty_number": ("failed", "404"),
    "never_answers": ("no-answer", None),
    "voicemail": ("voicemail", None),
}
SHORT = {("hangs_up_midway", "storage_fee"): "completed"}
"""Over before the persona hangs up."""
CELLS = [(persona, key) for persona in ENDS for key in QUESTIONNAIRES]
LONGEST_REPLY = 150
UNFILLED = re.compile(r"[{}_]|None|[A-Za-z]{3,}")


@pytest.fixture(scope="module")
def talks() -> dict[tuple[str, str], Talk]:
    return {(persona, key): talk(LIBRARY.personas[persona], key) for persona, key in CELLS}


class TestEveryPersona:
    def test_is_in_the_matrix_or_never_speaks(self) -> None:
        assert {key for key, one in LIBRARY.personas.items() if not one.calls_in} == set(ENDS) | set(UNANSWERED)
        for key, (result, sip_code) in UNANSWERED.items():
            line = LIBRARY.personas[key].line
            assert (line.result, line.sip_code) == (result, sip_code)

    @pytest.mark.covers("RC-OUT-01", "RC-OUT-02", "RC-OUT-03", "TX-6.2-1")
    @pytest.mark.parametrize(("persona", "key"), CELLS, ids=[f"{persona}-{key}" for persona, key in CELLS])
    def test_comes_to_its_end(self, talks: dict[tuple[str, str], Talk], persona: str, key: str) -> None:
        held = talks[persona, key]
        expected = SHORT.get((persona, key), ENDS[persona])
        assert held.disposition == expected, held.story
        if ENDS[persona] == "completed":
            assert held.state.completed, held.story
        if ENDS[persona] in {"callback", "relative"}:
            assert held.state.callback_at is not None, held.story
        if ENDS[persona] in {"wrong_number", "deceased", "relative", "silent"}:
            assert held.answers == {}, held.story


class TestAWillingPatient:
    @pytest.mark.parametrize("persona", ["cooperative", "talkative", "terse", "slow", "keys_only", "listener"])
    @pytest.mark.parametrize("key", QUESTIONNAIRES)
    def test_is_understood_at_nearly_every_question(
        self, talks: dict[tuple[str, str], Talk], persona: str, key: str
    ) -> None:
        held = talks[persona, key]
        unclear = [one for one in held.answers.values() if one.status == "uncertain"]
        assert len(unclear) <= len(held.answers) // 5, held.story
        sources = {one.source for one in held.answers.values()}
        assert sources == ({"keys"} if persona == "keys_only" else {"speech"}), held.story

    @pytest.mark.parametrize("key", ["kidney_transplant", "liver_transplant"])
    def test_who_reports_fever_alarms(self, talks: dict[tuple[str, str], Talk], key: str) -> None:
        held = talks["fever", key]
        assert any("fever" in rule for rule in held.alerts), held.story

    @pytest.mark.parametrize("key", QUESTIONNAIRES)
    def test_an_old_one_is_offered_keys_with_every_question(self, key: str) -> None:
        held = talk(LIBRARY.personas["cooperative"], key, elder=True)
        asked = [reply for reply in held.replies if reply.item_link_id and reply.key_hint and reply.text]
        assert all("按" in reply.text for reply in asked if "对吗" not in reply.text), held.story
        assert held.disposition == "completed"


class TestWhatTheBotSays:
    @pytest.mark.parametrize(("persona", "key"), CELLS, ids=[f"{persona}-{key}" for persona, key in CELLS])
    def test_is_short_complete_and_never_said_twice_in_a_breath(
        self, talks: dict[tuple[str, str], Talk], persona: str, key: str
    ) -> None:
        held = talks[persona, key]
        for reply in held.replies:
            pieces = [piece for piece in reply.segments if piece]
            assert len(pieces) == len(set(pieces)), reply.text
            assert not UNFILLED.search(reply.text), reply.text
            if not reply.ends:
                assert len(reply.text) <= LONGEST_REPLY, reply.text

    @pytest.mark.parametrize(("persona", "key"), CELLS, ids=[f"{persona}-{key}" for persona, key in CELLS])
    def test_tells_no_health_detail_before_the_right_person_is_there(
        self, talks: dict[tuple[str, str], Talk], persona: str, key: str
    ) -> None:
        held = talks[persona, key]
        known = next((n for n, reply in enumerate(held.replies) if reply.item_link_id), len(held.replies))
        before = "".join(reply.text for reply in held.replies[:known])
        assert not re.search(r"移植|怀孕|验孕|胚胎|肾|肝|B超|手术", before), held.story
