"""What every carrier keeps to: the fake of tests, Twilio against the simulator, ARI against a fake exchange."""

import contextlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from websockets.sync.client import connect

from telephony.carriers.asterisk.carrier import AsteriskCarrier
from telephony.carriers.ports import Carrier, CarrierRefused, Dial
from telephony.simulator.api import SimulatorSettings, create_app
from tests.fakes.asterisk import BASIC, FakeAsterisk
from tests.fakes.carrier import FakeCarrier
from tests.telephony.asterisk_kit import account
from tests.telephony.kit import NUMBER, TOKEN, Server, wait_for
from tests.telephony.test_carriers import carrier

AGENT = "+8675500000000"
Transferred = Callable[[str], str | None]


@pytest.fixture(params=["fake", "simulator", "asterisk"])
def line(request: pytest.FixtureRequest) -> Iterator[tuple[Carrier, Transferred]]:
    if request.param == "fake":
        fake = FakeCarrier()
        yield fake, fake.transferred_to
        return
    if request.param == "asterisk":
        with exchange() as (ours, theirs):
            yield ours, theirs.left.get
        return
    app = create_app(SimulatorSettings(auth_token=TOKEN, pace=1, only="never_answers"))
    server = Server(app).start()

    def transferred(sid: str) -> str | None:
        call = app.state.exchange.store.get(sid)
        return call.transferred_to if call else None

    yield carrier(server.url), transferred
    server.stop()


@contextlib.contextmanager
def exchange() -> Iterator[tuple[Carrier, FakeAsterisk]]:
    """The fake exchange with somebody who listens and does nothing."""
    fake = FakeAsterisk()
    server = Server(fake.app).start()
    ours = AsteriskCarrier(account(server.url))
    secret = {"Authorization": BASIC}
    with connect(f"{server.url.replace('http', 'ws')}/ari/events?app=huifang-t", additional_headers=secret, proxy=None):
        wait_for(lambda: bool(fake.listeners))
        yield ours, fake
    ours.ari.close()
    server.stop()


def dial(number: str = NUMBER, persona: str | None = None, caller_id: str | None = None) -> Dial:
    return Dial(call_id=uuid4(), number=number, persona=persona, caller_id=caller_id)


def state(line: Carrier, sid: str) -> str | None:
    """As the carrier tells it; one that forgets what is over is not asked for more."""
    found = line.fetch(sid)
    return found.state if found else "ended" if line.held_by_us else None


class TestCarrier:
    def test_a_call_is_known_by_its_sid_and_by_number_and_time(self, line: tuple[Carrier, Transferred]) -> None:
        theirs, _ = line
        order = dial()
        sid = theirs.place(order)
        found = theirs.find(order.call_id, NUMBER, datetime.now(UTC) - timedelta(minutes=1))
        assert found is not None
        assert found.sid == sid
        assert state(theirs, sid) in {"queued", "ringing"}
        assert theirs.find(order.call_id, NUMBER, datetime.now(UTC) + timedelta(minutes=5)) is None
        assert theirs.find(uuid4(), "+8613800138999", datetime.now(UTC) - timedelta(minutes=1)) is None

    def test_what_it_does_not_know_is_none(self, line: tuple[Carrier, Transferred]) -> None:
        assert line[0].fetch("CA" + "f" * 32) is None

    def test_a_number_that_is_none_is_refused_and_nobody_dialled(self, line: tuple[Carrier, Transferred]) -> None:
        with pytest.raises(CarrierRefused) as refused:
            line[0].place(dial("+86123"))
        assert (refused.value.disposition, refused.value.retryable) == ("invalid_number", False)

    def test_hanging_up_ends_it_and_twice_is_no_error(self, line: tuple[Carrier, Transferred]) -> None:
        theirs, _ = line
        sid = theirs.place(dial())
        theirs.hangup(sid)
        wait_for(lambda: state(theirs, sid) == "ended")
        theirs.hangup(sid)
        assert state(theirs, sid) == "ended"

    def test_a_transfer_connects_the_number_and_ends_our_part(self, line: tuple[Carrier, Transferred]) -> None:
        theirs, transferred = line
        sid = theirs.place(dial())
        theirs.transfer(sid, AGENT)
        wait_for(lambda: state(theirs, sid) == "ended")
        assert transferred(sid) == AGENT
        theirs.transfer(sid, "+8675500000001")
        assert transferred(sid) == AGENT
