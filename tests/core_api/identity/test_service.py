from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core_api.identity import rules, service
from core_api.identity.models import UserSession
from core_api.identity.schemas import NewUser, Refused, SignedIn
from core_api.kit.clock import FixedClock
from core_api.kit.errors import Conflict, Invalid


def make(session: Session, clock: FixedClock, username: str = "li", role: str = rules.NURSE) -> None:
    data = {"username": username, "display_name": "李护士", "password": "correct horse", "roles": (role,)}
    service.create_user(session, NewUser.model_validate(data), clock)


def signed(session: Session, clock: FixedClock) -> SignedIn:
    result = service.sign_in(session, "li", "correct horse", "cookie", clock)
    assert isinstance(result, SignedIn)
    return result


class TestSignIn:
    def test_gives_a_token_that_is_kept_only_as_a_hash(self, session: Session, clock: FixedClock) -> None:
        make(session, clock)
        result = signed(session, clock)
        assert session.scalars(select(UserSession.token_hash)).one() != result.token
        user = service.authenticate(session, result.token, clock)
        assert user is not None
        assert user.username == "li"
        assert "patients.reveal" in user.permissions

    def test_refuses_a_wrong_password_and_an_unknown_name_alike(self, session: Session, clock: FixedClock) -> None:
        make(session, clock)
        wrong = service.sign_in(session, "li", "wrong", "cookie", clock)
        unknown = service.sign_in(session, "nobody", "wrong", "cookie", clock)
        assert wrong == unknown == Refused(locked=False)

    def test_locks_a_name_after_five_failures_and_opens_it_later(self, session: Session, clock: FixedClock) -> None:
        make(session, clock)
        results = [service.sign_in(session, "li", "wrong", "cookie", clock) for _ in range(5)]
        assert results[-1] == Refused(locked=True)
        assert service.sign_in(session, "li", "correct horse", "cookie", clock) == Refused(locked=True)
        clock.advance(timedelta(minutes=16))
        assert isinstance(service.sign_in(session, "li", "correct horse", "cookie", clock), SignedIn)


class TestAuthenticate:
    def test_refuses_an_expired_session(self, session: Session, clock: FixedClock) -> None:
        make(session, clock)
        token = signed(session, clock).token
        clock.advance(timedelta(hours=12, seconds=1))
        assert service.authenticate(session, token, clock) is None

    def test_refuses_a_session_that_was_ended(self, session: Session, clock: FixedClock) -> None:
        make(session, clock)
        token = signed(session, clock).token
        service.sign_out(session, token, clock)
        assert service.authenticate(session, token, clock) is None

    def test_a_new_password_ends_every_session(self, session: Session, clock: FixedClock) -> None:
        make(session, clock)
        result = signed(session, clock)
        service.set_password(session, result.user.id, "another horse", clock)
        assert service.authenticate(session, result.token, clock) is None


class TestCreateUser:
    def test_refuses_a_taken_name(self, session: Session, clock: FixedClock) -> None:
        make(session, clock)
        with pytest.raises(Conflict):
            make(session, clock)

    def test_refuses_an_unknown_role(self, session: Session, clock: FixedClock) -> None:
        with pytest.raises(Invalid):
            make(session, clock, role="king")


class TestSeedDemoUsers:
    def test_makes_one_account_for_each_role_once(self, session: Session, clock: FixedClock) -> None:
        made = service.seed_demo_users(session, clock)
        assert [role for _, _, role in made] == ["administrator", "nurse", "clinician", "auditor", "knowledge_editor"]
        assert service.seed_demo_users(session, clock) == []
        username, password, _ = made[3]
        assert isinstance(service.sign_in(session, username, password, "bearer", clock), SignedIn)


class TestPermissions:
    def test_an_auditor_sees_no_personal_data_and_changes_nothing(self) -> None:
        assert rules.permissions_of(("auditor",)) == {"audit.read", "patients.read", "calls.read"}

    def test_nobody_but_the_administrator_makes_accounts(self) -> None:
        roles = [role for role in rules.ROLE_TITLES if "users.write" in rules.permissions_of((role,))]
        assert roles == ["administrator"]

    def test_an_unknown_role_allows_nothing(self) -> None:
        assert rules.permissions_of(("king",)) == frozenset()
