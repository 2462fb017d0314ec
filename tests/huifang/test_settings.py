import stat
from pathlib import Path

import pytest
from pydantic import ValidationError

from huifang.settings import LocalSecrets, Settings

pytestmark = pytest.mark.unit


class TestSettings:
    def test_derives_addresses_from_ports(self, tmp_path: Path) -> None:
        settings = Settings(data_dir=tmp_path, web_port=9000, rasa_port=9005)
        assert settings.public_url == "http://127.0.0.1:9000"
        assert settings.rasa == "http://127.0.0.1:9005"
        assert settings.database == f"sqlite:///{tmp_path}/huifang.db"

    def test_reads_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HUIFANG_HOSPITAL_NAME", "第一医院")
        monkeypatch.setenv("HUIFANG_BROKER_URL", "redis://127.0.0.1/0")
        settings = Settings()
        assert settings.hospital_name == "第一医院"
        assert not settings.runs_worker_in_process

    def test_refuses_a_port_that_does_not_exist(self) -> None:
        with pytest.raises(ValidationError):
            Settings(web_port=70_000)

    def test_shows_no_secret(self) -> None:
        assert "hush" not in repr(Settings(twilio_auth_token="hush"))


class TestLocalSecrets:
    def test_are_made_once(self, tmp_path: Path) -> None:
        first = LocalSecrets.load_or_create(tmp_path)
        assert LocalSecrets.load_or_create(tmp_path) == first

    def test_are_for_their_owner_only(self, tmp_path: Path) -> None:
        LocalSecrets.load_or_create(tmp_path)
        assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600
        assert [path.name for path in tmp_path.iterdir()] == ["secrets.json"]
