import re

import pytest

from core_api.questionnaires.document import LIBRARY, library
from core_api.questionnaires.rules import evaluate_alerts, next_item, validate_definition
from core_api.questionnaires.schemas import AnswerValue, Item, Questionnaire

pytestmark = pytest.mark.unit

DEFINITIONS = {definition.key: definition for definition in library()}
TEN = {
    "pregnancy_test", "ultrasound_1", "ultrasound_2", "ultrasound_3", "delivery", "kidney_transplant",
    "liver_transplant", "waiting_list", "satisfaction", "storage_fee",
}  # fmt: skip
CHARACTERS_AT_ONCE = 60
QUESTIONS_LIMIT = 26


def ids() -> list[str]:
    return sorted(DEFINITIONS)


@pytest.mark.covers("TX-3.11-3", "RC-OUT-01")
def test_ten_are_shipped() -> None:
    assert set(DEFINITIONS) == TEN


@pytest.mark.parametrize("key", ids())
class TestEach:
    def test_has_no_problems(self, key: str) -> None:
        assert validate_definition(DEFINITIONS[key]) == []

    def test_names_its_file(self, key: str) -> None:
        assert (LIBRARY / f"{key}.yaml").is_file()

    def test_cites_sources(self, key: str) -> None:
        assert "# 来源：" in (LIBRARY / f"{key}.yaml").read_text(encoding="utf-8")

    def test_speaks_in_short_sentences(self, key: str) -> None:
        for item in DEFINITIONS[key].items:
            assert len(item.text_voice) <= CHARACTERS_AT_ONCE, item.link_id

    def test_asks_few_enough_for_a_call(self, key: str) -> None:
        assert len(DEFINITIONS[key].items) <= QUESTIONS_LIMIT

    def test_closed_questions_say_how_to_answer(self, key: str) -> None:
        for item in DEFINITIONS[key].items:
            if item.type == "boolean":
                assert re.search(r"请说.+(或者|、)", item.text_voice), item.link_id

    def test_keys_are_spoken_with_the_pound_sign_for_numbers(self, key: str) -> None:
        for item in DEFINITIONS[key].items:
            if item.keys_mode in {"number", "date"}:
                assert "井号" in item.text_keys, item.link_id

    def test_never_names_a_diagnosis_or_a_dose(self, key: str) -> None:
        definition = DEFINITIONS[key]
        spoken = [rule.advice_voice for rule in definition.alert_rules] + [definition.closing_alert_voice]
        for text in spoken:
            assert not re.search("您得了|您患|诊断为|毫克|确诊", text), text

    def test_an_alert_closing_names_the_hospital(self, key: str) -> None:
        assert "医院" in DEFINITIONS[key].closing_alert_voice

    @pytest.mark.parametrize("last", [False, True])
    def test_comes_to_an_end(self, key: str, last: bool) -> None:
        definition = DEFINITIONS[key]
        answers: dict[str, AnswerValue] = {}
        skipped: set[str] = set()
        for _ in definition.items:
            item = next_item(definition, answers, skipped)
            if item is None:
                break
            value = some_value(item, last)
            skipped.add(item.link_id) if value is None else answers.update({item.link_id: value})
        assert next_item(definition, answers, skipped) is None


def some_value(item: Item, last: bool) -> AnswerValue | None:
    if item.type == "boolean":
        return last
    if item.type == "choice":
        return item.options[-1 if last else 0].code
    return item.maximum if item.type in {"integer", "decimal"} else None


@pytest.mark.covers("TX-3.11-4")
@pytest.mark.parametrize("key", ["kidney_transplant", "liver_transplant"])
def test_transplant_asks_about_recovery_medicines_and_habits(key: str) -> None:
    assert {item.topic for item in DEFINITIONS[key].items} >= {"recovery", "medication", "habits"}


@pytest.mark.covers("RC-OUT-03")
@pytest.mark.parametrize(
    ("key", "answers", "rule", "level"),
    [
        ("kidney_transplant", {"fever": True, "temperature": 38.0}, "fever", "orange"),
        ("kidney_transplant", {"fever": True, "temperature": 38.5}, "high_fever", "red"),
        ("kidney_transplant", {"urine_less": True}, "urine_less", "orange"),
        ("kidney_transplant", {"urine_less": True, "urine_ml": 399}, "anuria", "red"),
        ("kidney_transplant", {"medicines": "stopped"}, "stopped_medicines", "red"),
        ("kidney_transplant", {"chest_tightness": True}, "chest_tightness", "red"),
        ("liver_transplant", {"jaundice": True}, "jaundice", "red"),
        ("liver_transplant", {"bleeding": True}, "bleeding", "red"),
        ("liver_transplant", {"abdominal_pain": "severe"}, "severe_pain", "red"),
        ("pregnancy_test", {"bleeding": "heavy"}, "heavy_bleeding", "red"),
        ("pregnancy_test", {"medicines": "stopped", "stopped_by_doctor": False}, "stopped_medicines", "orange"),
        ("ultrasound_1", {"done": True, "sac": "unseen"}, "no_sac", "orange"),
        ("ultrasound_2", {"done": True, "heartbeat": "unseen"}, "no_heartbeat", "orange"),
        ("ultrasound_3", {"leaking": True}, "leaking", "red"),
        ("delivery", {"outcome": "born", "weight_g": 2499}, "low_birth_weight", "yellow"),
        ("waiting_list", {"fever": True, "temperature": 38.2}, "fever", "orange"),
        ("satisfaction", {"overall": "very_poor"}, "complaint", "yellow"),
        ("storage_fee", {"decision": "person"}, "person_wanted", "yellow"),
    ],
)
def test_dangers_alarm(key: str, answers: dict[str, AnswerValue], rule: str, level: str) -> None:
    hits = {hit.rule_key: hit.level for hit in evaluate_alerts(DEFINITIONS[key], answers)}
    assert hits.get(rule) == level


@pytest.mark.parametrize("key", ["kidney_transplant", "liver_transplant", "waiting_list"])
def test_thirty_seven_nine_is_no_fever_alert(key: str) -> None:
    assert evaluate_alerts(DEFINITIONS[key], {"fever": True, "temperature": 37.9}) == []


def test_storage_fee_takes_amounts_from_the_contract() -> None:
    definition: Questionnaire = DEFINITIONS["storage_fee"]
    text = definition.items[0].text_voice.format(paid_until="2026年12月31日", owed_amount="1200", yearly_fee="1200")
    assert "应交1200元" in text
