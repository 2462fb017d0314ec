"""Who may speak, proved in the database: SQLite, PostgreSQL and MariaDB, with everybody speaking at once."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest
from sqlalchemy import create_engine, make_url, text

from assistant.api import AssistantRuntime, Inbound, receive
from assistant.conversations import service as conversations
from core_api.kit.clock import Clock, SystemClock
from core_api.kit.crypto import Keyring
from core_api.kit.db import Sessions, make_engine, make_sessions, new_id
from core_api.kit.errors import Conflict
from dialogs.api import Reply, Turn
from migrations import upgrade
from tests.conversations.harness import ZONE
from tests.fakes.answers import FakeAnswers
from tests.servers import SERVERS

TALKERS = 8
DATABASES = ("sqlite", *(pytest.param(name, marks=pytest.mark.db) for name in sorted(SERVERS)))


@pytest.fixture(params=DATABASES)
def anywhere(
    request: pytest.FixtureRequest, keyring: Keyring, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Sessions]:
    """A database that the migrations built, dropped at the end."""
    if request.param == "sqlite":
        engine = make_engine(f"sqlite:///{tmp_path_factory.mktemp('talk') / 'talk.db'}")
        upgrade(engine)
        yield make_sessions(engine, keyring)
        engine.dispose()
        return
    url, name = make_url(SERVERS[request.param]), f"talk_{new_id().hex}"
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine = make_engine(url.set(database=name).render_as_string(hide_password=False))
    upgrade(engine)
    yield make_sessions(engine, keyring)
    engine.dispose()
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name}"))
    admin.dispose()


class HeldEngine:
    """An engine whose replies all come at one moment."""

    def __init__(self, parties: int) -> None:
        self.barrier = threading.Barrier(parties)

    def respond(self, turn: Turn) -> Reply:
        self.barrier.wait(60)
        return Reply(text="", understanding={"intent": "nlu_fallback", "intent_confidence": 0.0})


def opened(sessions: Sessions, clock: Clock) -> UUID:
    with sessions.begin() as session:
        return conversations.open_conversation(session, "web", None, "enquiry", clock)


def at_once(*work: Callable[[], object]) -> list[object]:
    with ThreadPoolExecutor(len(work)) as pool:
        return [one.result(120) for one in [pool.submit(each) for each in work]]


class TestTakeOver:
    def test_the_bot_never_speaks_afterwards(self, anywhere: Sessions) -> None:
        """Replies that are being computed all become ready while a person takes over: the order of commits decides."""
        clock, engine = SystemClock(), HeldEngine(TALKERS + 1)
        runtime = AssistantRuntime(anywhere, clock, ZONE, engine, FakeAnswers())
        conversation_id, nurse = opened(anywhere, clock), uuid4()

        def ask(number: int) -> Reply:
            words = f"第{number}个没有答案的问题"
            return receive(
                runtime,
                Inbound(channel="web", conversation_id=conversation_id, message_id=f"web:{number}", text=words),
            )

        def take() -> None:
            engine.barrier.wait(60)
            with anywhere.begin() as session:
                now = conversations.take_over(session, conversation_id, nurse, 0, clock)
                conversations.staff_message(session, now.id, nurse, "我来接待您", "first", now.epoch, clock)

        at_once(take, *(lambda number=number: ask(number) for number in range(TALKERS)))
        ask_after = receive(
            runtime, Inbound(channel="web", conversation_id=conversation_id, message_id="web:late", text="还在吗")
        )
        with anywhere() as session:
            said = conversations.messages(session, conversation_id)
        taken_at = next(one.seq for one in said if one.sender == "staff")
        assert [one.seq for one in said] == list(range(1, len(said) + 1))
        assert [one for one in said if one.sender == "bot" and one.seq > taken_at] == []
        assert len([one for one in said if one.sender == "patient"]) == TALKERS + 1
        assert ask_after.text == ""

    def test_of_two_at_once_one_gets_it(self, anywhere: Sessions) -> None:
        clock = SystemClock()
        conversation_id = opened(anywhere, clock)
        barrier = threading.Barrier(4)

        def take() -> bool:
            barrier.wait(60)
            try:
                with anywhere.begin() as session:
                    conversations.take_over(session, conversation_id, uuid4(), 0, clock)
            except Conflict:
                return False
            return True

        assert sorted(map(bool, at_once(take, take, take, take))) == [False, False, False, True]
        with anywhere() as session:
            assert conversations.conversation(session, conversation_id).epoch == 1

    def test_who_lost_the_conversation_cannot_write_into_it(self, anywhere: Sessions) -> None:
        clock, nurse, doctor = SystemClock(), uuid4(), uuid4()
        conversation_id = opened(anywhere, clock)
        with anywhere.begin() as session:
            mine = conversations.take_over(session, conversation_id, nurse, 0, clock)
            conversations.transfer_owner(session, conversation_id, doctor, mine.epoch, clock)
        with anywhere.begin() as session, pytest.raises(Conflict):
            conversations.staff_message(session, conversation_id, nurse, "我还在", "late", mine.epoch, clock)


class TestReceive:
    def test_the_same_message_at_once_is_kept_once(self, anywhere: Sessions) -> None:
        clock = SystemClock()
        runtime = AssistantRuntime(anywhere, clock, ZONE, HeldEngine(1), FakeAnswers({"停车场怎么走": "在北侧。"}))
        conversation_id = opened(anywhere, clock)
        came = Inbound(channel="web", conversation_id=conversation_id, message_id="web:1", text="停车场怎么走")
        replies = at_once(*([lambda: receive(runtime, came)] * 6))
        with anywhere() as session:
            said = conversations.messages(session, conversation_id)
        assert [one.sender for one in said] == ["patient", "bot"]
        assert {reply.text for reply in replies if isinstance(reply, Reply)} == {"在北侧。"}
