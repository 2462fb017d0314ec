"""What `huifang doctor` says of the hospital's own exchange."""

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from huifang.exchange import account, faults
from huifang.settings import Settings
from tests.fakes.asterisk import PASSWORD, FakeAsterisk
from tests.telephony.kit import Server


@pytest.fixture
def exchange() -> Iterator[tuple[Server, FakeAsterisk]]:
    fake = FakeAsterisk()
    server = Server(fake.app).start()
    yield server, fake
    server.stop()


def settings(url: str, password: str = PASSWORD) -> Settings:
    return Settings(asterisk_url=url, asterisk_password=SecretStr(password))


class TestFaults:
    def test_nothing_set_names_the_settings(self) -> None:
        assert "HUIFANG_ASTERISK_URL" in next(faults(Settings(asterisk_url="")))

    def test_a_wrong_password_says_where_it_stands(self, exchange: tuple[Server, FakeAsterisk]) -> None:
        (found,) = faults(settings(exchange[0].url, "guess"))
        assert "ari.conf" in found

    def test_one_that_is_not_there_is_unreachable(self) -> None:
        (found,) = faults(settings("http://127.0.0.1:9"))
        assert "连接不上" in found

    def test_another_server_has_no_ari(self, exchange: tuple[Server, FakeAsterisk]) -> None:
        (found,) = faults(settings(f"{exchange[0].url}/other"))
        assert "prefix" in found

    def test_a_missing_module_and_nobody_listening_are_named(self, exchange: tuple[Server, FakeAsterisk]) -> None:
        exchange[1].modules = ["chan_websocket.so"]
        missing, listening = faults(settings(exchange[0].url).model_copy(update={"asterisk_media": "audiosocket"}))
        assert "chan_audiosocket.so" in missing
        assert "监听" in listening


class TestAccount:
    def test_a_slash_at_the_end_is_no_fault(self) -> None:
        assert account(settings("http://pbx:8088/")).socket_url == "ws://pbx:8088"
