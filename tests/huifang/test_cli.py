"""The command line, as a person uses it."""

import inspect
import json
import shutil
import sqlite3
import sys
import types
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from core_api.kit.errors import Conflict, Invalid, ServiceError
from huifang import cli, demo, doctor, store
from huifang.settings import Settings

pytestmark = pytest.mark.unit


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(cli.build(arguments), list(arguments), catch_exceptions=False)


@pytest.fixture(scope="module")
def initialised(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory after `huifang init`; tests work on copies."""
    folder = tmp_path_factory.mktemp("initialised")
    demo.initialise(Settings(data_dir=folder))
    return folder


@pytest.fixture
def settings(initialised: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    shutil.copytree(initialised, tmp_path / "data")
    monkeypatch.setenv("HUIFANG_DATA_DIR", str(tmp_path / "data"))
    return Settings()


class TestHelp:
    def test_lists_every_command_with_what_it_does(self) -> None:
        shown = invoke("--help").stdout
        for name, entry in cli.COMMANDS.items():
            assert name in shown
            assert entry.text[:8] in shown

    @pytest.mark.parametrize("name", cli.COMMANDS)
    def test_every_command_is_there(self, name: str) -> None:
        found = cli.COMMANDS[name].load()
        assert isinstance(found, typer.Typer) or inspect.isfunction(found)
        assert invoke(name, "--help").exit_code == 0

    def test_loads_nothing_that_was_not_called(self, monkeypatch: pytest.MonkeyPatch) -> None:
        loaded: list[str] = []

        def load(entry: cli.Entry) -> Callable[[], None]:
            loaded.append(entry.place)
            return lambda: None

        monkeypatch.setattr(cli.Entry, "load", load)
        cli.build(["health"])
        assert loaded == ["huifang.cli_doctor:show_health"]


@pytest.mark.usefixtures("settings")
class TestCampaign:
    def test_is_made_started_paused_and_watched(self) -> None:
        made = invoke("campaign", "create", "肾移植随访", "--plan", "kidney_transplant", "--window", "08:30-18:00")
        assert "将呼叫 0 人" in made.stdout
        number = made.stdout.split("：")[-1].split()[0]
        assert "进行中" in invoke("campaign", "start", number).stdout
        assert "已暂停" in invoke("campaign", "pause", number).stdout
        assert "进行中" in invoke("campaign", "resume", number).stdout
        found = json.loads(invoke("campaign", "status", number, "--json").stdout)
        assert (found["window_start"], found["filter"]["template_key"]) == ("08:30", "kidney_transplant")
        assert "肾移植随访" in invoke("campaigns").stdout
        assert "已取消" in invoke("campaign", "cancel", number).stdout

    def test_can_be_started_at_once(self) -> None:
        assert "已启动" in invoke("campaign", "create", "每日随访", "--start").stdout

    def test_is_refused_with_a_window_that_never_opens(self) -> None:
        with pytest.raises(Invalid):
            invoke("campaign", "create", "夜里", "--window", "20:00-09:00")

    def test_that_is_paused_cannot_be_paused_again(self) -> None:
        number = invoke("campaign", "create", "一", "--start").stdout.split("：")[-1].split()[0]
        invoke("campaign", "pause", number)
        with pytest.raises(Conflict):
            invoke("campaign", "pause", number)

    def test_lists_say_what_to_do_when_there_are_none(self) -> None:
        assert "huifang campaign create" in invoke("campaigns").stdout


@pytest.mark.usefixtures("settings")
class TestModels:
    def test_says_what_is_missing_of_a_chosen_model(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("HUIFANG_RECOGNITION", "sherpa")
        monkeypatch.setitem(sys.modules, "sherpa_onnx", None)
        listed = invoke("models", "list").stdout
        assert "huifang-cn  可用" in listed
        assert "没有设置 HUIFANG_SHERPA_MODEL" in listed
        monkeypatch.setitem(sys.modules, "sherpa_onnx", types.SimpleNamespace())
        monkeypatch.setenv("HUIFANG_SHERPA_MODEL", str(tmp_path / "none"))
        assert "none  找不到 sherpa-onnx 模型目录" in invoke("models", "list").stdout


@pytest.mark.usefixtures("settings")
class TestCallIn:
    def test_without_the_simulated_line_says_what_to_start(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HUIFANG_SIMULATOR_PORT", "9")
        with pytest.raises(ServiceError, match="huifang run"):
            invoke("call-in", "calls_service")


@pytest.mark.usefixtures("settings")
class TestRecordings:
    def test_rules_and_expiry(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HUIFANG_RECORDING_DAYS", '{"satisfaction": 180, "other": 400}')
        rules = invoke("recordings", "rules").stdout
        assert "satisfaction（问卷或用途）  保存 180 天，现有 0 份" in rules
        assert "other（其他）  保存 400 天" in rules
        assert "unheard（无人说话）  保存 30 天" in rules
        assert "应删除 0 份" in invoke("recordings", "expire", "--dry-run").stdout
        assert "已删除 0 份" in invoke("recordings", "expire").stdout


class TestDoctor:
    def test_says_what_to_do_first(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HUIFANG_DATA_DIR", str(tmp_path / "new"))
        result = invoke("doctor")
        assert result.exit_code == 1
        assert "bin/huifang init" in result.stdout

    def test_finds_what_init_made(self, settings: Settings) -> None:
        found = {one.name: one for one in doctor.findings(settings)}
        assert (found["密钥"].state, found["数据库"].state) == ("ok", "ok")
        assert found["网页服务"].state == "warning"
        assert "GB" in found["磁盘"].detail

    def test_says_whether_patients_words_can_be_recognised(self, settings: Settings) -> None:
        away = Settings(data_dir=settings.data_dir, vosk_model=settings.data_dir / "none")
        found = {one.name: one for one in doctor.findings(away)}["语音识别"]
        assert (found.state, "按键" in found.detail) == ("warning", True)
        off = Settings(data_dir=settings.data_dir, recognition="off")
        assert {one.name: one for one in doctor.findings(off)}["语音识别"].state == "ok"

    def test_shows_no_password_of_an_address(self, settings: Settings) -> None:
        url = "postgresql+psycopg://huifang:hush@127.0.0.1:9/none"
        away = Settings(data_dir=settings.data_dir, database_url=url, broker_url="redis://:hush@127.0.0.1:9/0")
        found = {one.name: one for one in doctor.findings(away)}
        assert (found["数据库"].state, found["消息队列"].state) == ("error", "error")
        assert "hush" not in str(found)


class TestSchema:
    @pytest.mark.parametrize("command", ["web", "worker", "beat", "plan"])
    def test_an_outdated_database_is_told_what_to_do(self, settings: Settings, command: str) -> None:
        _set_revision(settings, "0001")
        with pytest.raises(store.SchemaDiffers, match="请先运行 huifang migrate"):
            invoke(command)

    def test_code_older_than_the_database_is_told_apart(self, settings: Settings) -> None:
        _set_revision(settings, "9999")
        with pytest.raises(store.SchemaDiffers, match="比程序"):
            invoke("plan")


def _set_revision(settings: Settings, revision: str) -> None:
    with closing(sqlite3.connect(settings.data_dir / "huifang.db")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = ?", (revision,))
