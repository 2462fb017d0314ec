from datetime import date
from typing import Any

import pytest
from fhir.resources.R4B.questionnaireresponse import QuestionnaireResponse
from sqlalchemy.orm import Session

from core_api.kit.errors import Invalid
from core_api.responses import fhir, service
from core_api.responses.schemas import ResponseView
from tests.core_api.responses.conftest import Answer


@pytest.fixture
def resource(session: Session, response: ResponseView, answer: Answer) -> dict[str, Any]:
    answer("fever", True, words="有点烧", confidence=0.93)
    answer("temperature", 38.5)
    answer("systolic", 130, source="keys")
    answer("medicines", "missed")
    answer("reaction_kinds", ("tremor", "rash"))
    answer("last_blood_test", date(2026, 11, 5))
    answer("message", "没有")
    answer("weight", status="refused")
    view = service.answers(session, response.id)
    return fhir.response_to_fhir(service.questionnaire_of(session, view), view)


@pytest.mark.covers("RC-EDU-08")
class TestResponseToFhir:
    def test_is_sound_and_holds_each_answer(self, resource: dict[str, Any], response: ResponseView) -> None:
        found = QuestionnaireResponse.model_validate(resource)
        assert (found.status, len(found.item or ())) == ("in-progress", 8)
        assert resource["questionnaire"] == "urn:huifang:questionnaire:kidney_transplant|1"
        values = {item["linkId"]: item.get("answer") for item in resource["item"]}
        assert values["temperature"] == [{"valueDecimal": 38.5}]
        assert values["medicines"][0]["valueCoding"]["display"] == "有时漏吃"
        assert (len(values["reaction_kinds"]), values["weight"]) == (2, None)
        assert resource["subject"]["identifier"]["value"] == str(response.patient_id)

    def test_an_empty_one_is_sound(self, session: Session, response: ResponseView) -> None:
        out = fhir.response_to_fhir(service.questionnaire_of(session, response), response)
        assert "item" not in out


class TestResponseFromFhir:
    def test_answers_come_back_the_same(
        self, session: Session, resource: dict[str, Any], response: ResponseView
    ) -> None:
        view = service.answers(session, response.id)
        patient, answers = fhir.response_from_fhir(service.questionnaire_of(session, view), resource)
        assert patient == response.patient_id
        kept = {one.link_id: (one.value, one.words, one.status, one.source, one.confidence) for one in view.answers}
        back = {one.link_id: (one.value, one.words, one.status, one.source, one.confidence) for one in answers}
        assert back == kept

    @pytest.mark.parametrize(
        "change",
        [
            {"resourceType": "Patient"},
            {"questionnaire": "urn:huifang:questionnaire:delivery|1"},
            {"item": [{"linkId": "nothing"}]},
            {"item": [{"linkId": "fever", "answer": [{"valueTime": "08:00:00"}]}]},
            {"item": [{"linkId": "fever", "answer": "yes"}]},
            {"subject": {"identifier": {"system": "urn:huifang:id", "value": "nobody"}}},
        ],
    )
    def test_what_does_not_fit_is_refused(
        self, session: Session, resource: dict[str, Any], response: ResponseView, change: dict[str, Any]
    ) -> None:
        with pytest.raises(Invalid):
            fhir.response_from_fhir(service.questionnaire_of(session, response), resource | change)

    def test_a_plain_one_from_elsewhere_is_staffs(self, session: Session, response: ResponseView) -> None:
        questionnaire = service.questionnaire_of(session, response)
        plain = {
            "resourceType": "QuestionnaireResponse",
            "questionnaire": "urn:huifang:questionnaire:kidney_transplant|1",
            "status": "completed",
            "item": [
                {"linkId": "temperature", "answer": [{"valueQuantity": {"value": 38.1}}]},
                {"linkId": "message"},
            ],
        }
        patient, (temperature, message) = fhir.response_from_fhir(questionnaire, plain)
        assert (patient, temperature.value, temperature.source) == (None, 38.1, "staff")
        assert message.status == "skipped"
