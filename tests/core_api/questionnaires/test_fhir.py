import copy
import json
from typing import Any

import pytest
from fhir.resources.R4B.questionnaire import Questionnaire as Resource

from core_api.kit.errors import Invalid
from core_api.questionnaires import fhir
from core_api.questionnaires.document import library
from core_api.questionnaires.schemas import Questionnaire
from tests.core_api.questionnaires.builders import item, questionnaire, when

pytestmark = pytest.mark.unit

FOREIGN: dict[str, Any] = {
    "resourceType": "Questionnaire",
    "status": "active",
    "name": "Pain Check",
    "item": [
        {
            "linkId": "1",
            "type": "group",
            "text": "疼痛",
            "enableWhen": [{"question": "0", "operator": "=", "answerBoolean": True}],
            "item": [
                {"linkId": "1.1", "type": "choice", "text": "疼吗", "answerOption": [{"valueString": "疼"}]},
                {"linkId": "1.2", "type": "quantity", "text": "几分"},
            ],
        },
        {"linkId": "0", "type": "boolean", "text": "醒着吗"},
    ],
}


def changed(**more: Any) -> dict[str, Any]:
    return {**copy.deepcopy(FOREIGN), **more}


@pytest.mark.covers("RC-EDU-08")
@pytest.mark.parametrize("definition", library(), ids=lambda one: one.key)
class TestRoundTrip:
    def test_comes_back_the_same(self, definition: Questionnaire) -> None:
        assert fhir.from_fhir(json.loads(fhir.to_fhir_json(definition))) == definition

    def test_is_sound_fhir(self, definition: Questionnaire) -> None:
        resource = Resource.model_validate(fhir.to_fhir(definition))
        assert len(resource.item or ()) == len(definition.items)


class TestToFhir:
    def test_uses_what_fhir_has(self) -> None:
        scored = [{"code": "a", "display": "甲", "key": "1", "score": 2}, {"code": "b", "display": "乙", "key": "2"}]
        definition = questionnaire(
            item("c", "choice", options=scored),
            item("n", "integer", enable_when=[when("c", "=", "a"), when("c", "exists", True)]),
            item("m", "multi_choice", enable_when=[when("n", ">=", 3)]),
            item("t", "text", enable_when=[when("n", "<", 2.5)]),
            item("d", "date", enable_when=[when("t", "=", "x")]),
            item("e", enable_when=[when("d", ">", "2026-01-01")]),
        )
        out = fhir.to_fhir(definition)
        choice, number, several, text, day, last = out["item"]
        assert {"url": "http://hl7.org/fhir/StructureDefinition/ordinalValue", "valueDecimal": 2.0} in choice[
            "answerOption"
        ][0]["extension"]
        assert "http://hl7.org/fhir/StructureDefinition/minValue" in {one["url"] for one in number["extension"]}
        assert number["enableWhen"][0]["answerCoding"] == {"system": "urn:huifang:options:c", "code": "a"}
        assert (several["type"], several["repeats"], several["enableWhen"][0]["answerInteger"]) == ("choice", True, 3)
        assert text["enableWhen"][0]["answerDecimal"] == 2.5
        assert day["enableWhen"][0]["answerString"] == "x"
        assert last["enableWhen"][0]["answerDate"] == "2026-01-01"
        assert fhir.from_fhir(out) == definition

    def test_what_fhir_cannot_hold_is_refused(self) -> None:
        with pytest.raises(Invalid):
            fhir.to_fhir(questionnaire(item("q", text_chat="")))


class TestFromFhir:
    def test_another_systems_questionnaire_becomes_a_draft_to_complete(self) -> None:
        found = fhir.from_fhir(changed())
        assert (found.key, found.version) == ("pain_check", 1)
        assert [(one.link_id, one.type) for one in found.items] == [
            ("q_1_1", "choice"),
            ("q_1_2", "decimal"),
            ("q_0", "boolean"),
        ]
        assert found.items[0].enable_when[0].question == "q_0"
        assert found.items[0].text_voice == "疼吗"

    @pytest.mark.parametrize(
        "resource",
        [
            {"resourceType": "Patient"},
            {},
            changed(status="nonsense"),
            changed(item=[{"linkId": "1", "type": "attachment", "text": "照片"}]),
            changed(extension=[{"url": "urn:huifang:fhir:scale", "valueString": "{"}]),
            changed(extension=[{"url": "urn:huifang:fhir:scale", "valueString": "{}"}]),
            changed(item=[{"type": "boolean", "text": "没有编号"}]),
        ],
    )
    def test_what_cannot_be_a_script_is_refused(self, resource: dict[str, Any]) -> None:
        with pytest.raises(Invalid):
            fhir.from_fhir(resource)

    def test_any_inside_a_conditional_group_is_refused(self) -> None:
        resource = changed()
        condition = {"question": "0", "operator": "=", "answerBoolean": True}
        resource["item"][0]["item"][0] |= {"enableWhen": [condition, condition], "enableBehavior": "any"}
        with pytest.raises(Invalid, match="任一条件"):
            fhir.from_fhir(resource)

    def test_groups_have_a_limit(self) -> None:
        entry: dict[str, Any] = {"linkId": "x", "type": "boolean", "text": "问"}
        for depth in range(12):
            entry = {"linkId": f"g{depth}", "type": "group", "text": "组", "item": [entry]}
        with pytest.raises(Invalid, match="太深"):
            fhir.from_fhir(changed(item=[entry]))
