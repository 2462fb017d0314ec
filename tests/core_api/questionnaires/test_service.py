import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core_api.kit.clock import FixedClock
from core_api.kit.errors import Conflict, NotFound
from core_api.questionnaires import document, service
from core_api.questionnaires.models import QuestionnaireVersion
from tests.core_api.questionnaires.builders import item, questionnaire, when

SOUND = questionnaire(item("q"))
FAULTY = questionnaire(item("a", enable_when=[when("a", "=", True)]), item("b", text_voice=""))


class TestLoadLibrary:
    def test_publishes_the_ten_and_changes_nothing_again(self, session: Session, clock: FixedClock) -> None:
        assert len(service.load_library(session, clock).created) == 10
        again = service.load_library(session, clock)
        assert (again.created, len(again.unchanged)) == ((), 10)

    def test_a_higher_version_replaces_the_one_before(self, session: Session, clock: FixedClock) -> None:
        service.load_library(session, clock)
        row = session.scalars(select(QuestionnaireVersion).where(QuestionnaireVersion.key == "delivery")).one()
        session.delete(row)
        older = service.get(session, "satisfaction", 1).model_copy(update={"key": "delivery", "version": 1})
        service.save_draft(session, older, clock)
        service.publish(session, "delivery", clock)
        assert "delivery" in service.load_library(session, clock).unchanged

    def test_what_the_hospital_published_stays(self, session: Session, clock: FixedClock) -> None:
        service.load_library(session, clock)
        service.save_draft(session, service.published(session, "delivery"), clock)
        assert service.publish(session, "delivery", clock).version == 2
        service.load_library(session, clock)
        assert service.published(session, "delivery").version == 2


class TestPublish:
    def test_a_draft_becomes_the_version_in_use(self, session: Session, clock: FixedClock) -> None:
        saved = service.save_draft(session, SOUND, clock)
        assert (saved.version, saved.problems) == (1, ())
        with pytest.raises(NotFound):
            service.published(session, "probe")
        assert service.publish(session, "probe", clock).status == "published"
        assert service.published(session, "probe").items == SOUND.items

    def test_the_version_before_is_retired_and_still_read(self, session: Session, clock: FixedClock) -> None:
        for title in ("一", "二"):
            service.save_draft(session, SOUND.model_copy(update={"title": title}), clock)
            service.publish(session, "probe", clock)
        assert service.published(session, "probe").title == "二"
        first = service.get(session, "probe", 1)
        assert (first.title, first.status) == ("一", "retired")
        assert [line.version for line in service.list_versions(session, "probe")] == [2, 1]
        assert [line.version for line in service.list_questionnaires(session)] == [2]

    def test_saving_again_replaces_the_draft(self, session: Session, clock: FixedClock) -> None:
        service.save_draft(session, FAULTY, clock)
        assert service.save_draft(session, SOUND, clock).version == 1
        assert service.get(session, "probe", 1).items == SOUND.items

    def test_a_definition_with_problems_is_refused_with_reason_and_remedy(
        self, session: Session, clock: FixedClock
    ) -> None:
        assert {one.code for one in service.save_draft(session, FAULTY, clock).problems} == {"loop", "missing_wording"}
        with pytest.raises(service.DefinitionRefused, match="题目“a”：这道题的出现条件绕回了它自己，请去掉") as refused:
            service.publish(session, "probe", clock)
        assert {problem.link_id for problem in refused.value.problems} == {"a", "b"}

    def test_without_a_draft_there_is_nothing_to_publish(self, session: Session, clock: FixedClock) -> None:
        with pytest.raises(NotFound):
            service.publish(session, "probe", clock)


class TestImmutability:
    def test_a_published_version_cannot_be_changed(self, session: Session, clock: FixedClock) -> None:
        service.save_draft(session, SOUND, clock)
        service.publish(session, "probe", clock)
        row = session.scalars(select(QuestionnaireVersion)).one()
        row.definition = document.to_yaml(FAULTY)
        with pytest.raises(Conflict):
            session.flush()


class TestGet:
    def test_an_unknown_version_is_not_found(self, session: Session) -> None:
        with pytest.raises(NotFound):
            service.get(session, "probe", 7)
        with pytest.raises(NotFound):
            service.list_versions(session, "probe")
