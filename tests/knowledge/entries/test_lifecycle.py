from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core_api.kit.clock import FixedClock
from core_api.kit.errors import Conflict, Forbidden, Invalid
from core_api.kit.outbox import OutboxEvent
from knowledge.entries import reading, rules, service
from knowledge.entries.schemas import Content, DraftIn, EntryFilter, NewEntry, ReviewIn
from tests.knowledge.conftest import COLLEAGUE, DOCTOR, EDITOR, FEE, go_live, live

APPROVE = ReviewIn(decision="approve")


class TestReview:
    def test_nobody_reviews_their_own_text(self, session: Session, clock: FixedClock) -> None:
        made = service.create(session, NewEntry(content=FEE), EDITOR, clock)
        service.submit(session, made.id, clock)
        with pytest.raises(Forbidden, match="不能审核自己") as refused:
            service.review(session, made.id, APPROVE, EDITOR, clock)
        assert refused.value.code == "own_revision"

    @pytest.mark.parametrize("answer_class", ["education", "advice"])
    def test_clinical_texts_need_a_clinician(self, session: Session, clock: FixedClock, answer_class: str) -> None:
        content = Content.model_validate(FEE.model_dump() | {"answer_class": answer_class})
        made = service.create(session, NewEntry(content=content), EDITOR, clock)
        service.submit(session, made.id, clock)
        with pytest.raises(Forbidden, match="医生"):
            service.review(session, made.id, APPROVE, COLLEAGUE, clock)
        assert service.review(session, made.id, APPROVE, DOCTOR, clock).open.approved  # type: ignore[union-attr]

    def test_a_returned_draft_carries_the_reason(self, session: Session, clock: FixedClock) -> None:
        made = service.create(session, NewEntry(content=FEE), EDITOR, clock)
        service.submit(session, made.id, clock)
        with pytest.raises(Invalid):
            service.review(session, made.id, ReviewIn(decision="return"), DOCTOR, clock)
        back = service.review(session, made.id, ReviewIn(decision="return", note="金额不对"), DOCTOR, clock)
        assert (back.open_status, back.open and back.open.review_note) == ("draft", "金额不对")

    def test_what_is_not_approved_cannot_be_published(self, session: Session, clock: FixedClock) -> None:
        made = service.create(session, NewEntry(content=FEE), EDITOR, clock)
        service.submit(session, made.id, clock)
        with pytest.raises(Conflict) as refused:
            service.publish(session, made.id, "", clock)
        assert refused.value.code == "not_approved"

    def test_changing_an_approved_text_takes_the_approval_away(self, session: Session, clock: FixedClock) -> None:
        made = service.create(session, NewEntry(content=FEE), EDITOR, clock)
        service.submit(session, made.id, clock)
        seen = service.review(session, made.id, APPROVE, DOCTOR, clock)
        changed = FEE.model_copy(update={"text_chat": "改过"})
        service.save_draft(session, made.id, DraftIn(content=changed, expected_version=seen.version), EDITOR, clock)
        service.submit(session, made.id, clock)
        with pytest.raises(Conflict):
            service.publish(session, made.id, "", clock)

    def test_an_empty_answer_is_not_handed_in(self, session: Session, clock: FixedClock) -> None:
        made = service.create(session, NewEntry(content=Content(question="几点上班")), EDITOR, clock)
        with pytest.raises(Invalid, match="答案"):
            service.submit(session, made.id, clock)


class TestRevisions:
    def test_a_new_revision_replaces_the_published_one_which_stays_readable(
        self, session: Session, clock: FixedClock
    ) -> None:
        entry = live(session, clock, FEE)
        changed = FEE.model_copy(update={"text_chat": "只能在窗口交。"})
        service.save_draft(session, entry.id, DraftIn(content=changed, expected_version=entry.version), EDITOR, clock)
        now = go_live(session, clock, entry.id)
        assert [(one.number, one.status) for one in now.revisions] == [(2, "published"), (1, "retired")]
        told = reading.differences(session, entry.id, 1, 2).fields
        assert [(one.field, one.after) for one in told] == [("text_chat", "只能在窗口交。")]
        assert "".join(part.text for part in told[0].parts if part.kind != "added") == FEE.text_chat

    def test_of_two_editors_the_second_is_told_to_look_again(self, session: Session, clock: FixedClock) -> None:
        entry = live(session, clock, FEE)
        draft = DraftIn(content=FEE, expected_version=entry.version)
        service.save_draft(session, entry.id, draft, EDITOR, clock)
        with pytest.raises(Conflict) as refused:
            service.save_draft(session, entry.id, draft, COLLEAGUE, clock)
        assert refused.value.code == "edited_meanwhile"

    def test_dropping_the_draft_of_an_unpublished_entry_removes_it(self, session: Session, clock: FixedClock) -> None:
        made = service.create(session, NewEntry(content=FEE, key="fee"), EDITOR, clock)
        assert service.drop_draft(session, made.id, clock) is None
        assert "fee" not in reading.ids_of_keys(session)


class TestExpiry:
    def test_an_owner_is_warned_once_two_weeks_before(self, session: Session, clock: FixedClock) -> None:
        until = clock.now() + timedelta(days=20)
        entry = live(session, clock, FEE.model_copy(update={"valid_until": until}))
        assert service.warn_expiring(session, clock) == 0
        clock.advance(timedelta(days=7))
        assert service.warn_expiring(session, clock) == 1
        assert service.warn_expiring(session, clock) == 0
        told = session.scalars(select(OutboxEvent).where(OutboxEvent.name == "knowledge.expiring")).all()
        assert [event.data for event in told] == [{"entry_id": str(entry.id), "owner_id": str(EDITOR.id)}]
        listed = reading.list_entries(session, EntryFilter(flag="expiring"), clock, None, 10)
        assert [line.id for line in listed.items] == [entry.id]

    def test_counts_tell_the_kinds_apart(self, session: Session, clock: FixedClock) -> None:
        live(session, clock, FEE.model_copy(update={"valid_until": clock.now() + timedelta(days=1)}))
        service.create(session, NewEntry(content=FEE), EDITOR, clock)
        clock.advance(timedelta(days=2))
        counts = reading.counts(session, clock)
        assert (counts.published, counts.draft, counts.expired, counts.expiring) == (1, 1, 1, 0)


@pytest.mark.unit
class TestScore:
    def test_few_votes_weigh_little(self) -> None:
        assert rules.score(1, 0) == pytest.approx(0.207, abs=0.001)
        assert rules.score(90, 10) == pytest.approx(0.826, abs=0.001)
        assert rules.score(0, 0) is None

    @pytest.mark.parametrize(
        ("useful", "useless", "fallen"), [(0, 3, False), (0, 4, True), (5, 9, False), (5, 20, True)]
    )
    def test_an_entry_falls_only_when_the_kindest_reading_says_so(
        self, useful: int, useless: int, fallen: bool
    ) -> None:
        assert rules.has_fallen(useful, useless) is fallen
