"""What this installation leans on, checked one by one: found or not, and what to do about it."""

import platform
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from kombu import Connection
from kombu.exceptions import OperationalError
from sqlalchemy.exc import SQLAlchemyError

from core_api.kit.db import make_engine
from huifang import exchange
from huifang.probing import responds
from huifang.processes import SIMULATOR
from huifang.settings import Settings
from migrations import revisions
from telephony.api import describe, describe_sherpa
from tools import environments, model, system

State = Literal["ok", "warning", "error"]
DISK_WARNING_BYTES = 5 * 1024**3
DISK_ERROR_BYTES = 512 * 1024**2
BROKER_TIMEOUT_SECONDS = 2
GIGABYTE = 1024**3
MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Finding:
    """One check: what was looked at, how it stands, and what was seen or what to do."""

    name: str
    state: State
    detail: str


def findings(settings: Settings) -> Iterator[Finding]:
    """Every check, as it is made; contacts only what the settings name."""
    yield Finding("系统", "ok", f"{platform.system()} {platform.release()}，Python {platform.python_version()}")
    yield _disk(settings)
    yield from _programs()
    yield from _built(settings)
    yield _keyring(settings)
    yield _hearing(settings)
    yield _database(settings)
    if not settings.runs_worker_in_process:
        yield _broker(settings)
    yield _answers("网页服务", f"{settings.web_url}/api/health", "未启动：bin/huifang run 或 bin/huifang web")
    yield _answers("Rasa", f"{settings.rasa}/", "未启动；未启动时患者会被请按键回答")
    if settings.carrier == SIMULATOR:
        yield _answers("模拟线路", f"{settings.simulator}/health", "未启动：bin/huifang simulator")
    if settings.carrier == exchange.ASTERISK or settings.asterisk_url:
        yield _exchange(settings)


def _disk(settings: Settings) -> Finding:
    place = settings.data_dir
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    state: State = "error" if free < DISK_ERROR_BYTES else "warning" if free < DISK_WARNING_BYTES else "ok"
    advice = "" if state == "ok" else "；请清理或扩容，写满后通话仍会继续但无法录音"
    return Finding("磁盘", state, f"{settings.data_dir} 所在磁盘剩余 {free / GIGABYTE:.1f} GB{advice}")


def _programs() -> Iterator[Finding]:
    for program in system.FOR_RUNNING:
        found = program.is_present()
        advice = f"缺少：apt-get install {' '.join(program.packages)}"
        yield Finding(program.name, "ok" if found else "error", "已安装" if found else advice)


def _built(settings: Settings) -> Iterator[Finding]:
    rasa = environments.RASA
    yield _made("Rasa 环境", rasa.is_complete(), str(rasa.directory), "未建立：make run 会建立")
    trained = model.location()
    yield _made("对话模型", trained.exists(), trained.name, "未训练：bin/huifang rasa 启动时会训练")
    yield _made("网页", (settings.web_dist / "index.html").is_file(), "已构建", "未构建：make run 会构建")


def _keyring(settings: Settings) -> Finding:
    if not settings.keyring.is_file():
        return Finding("密钥", "error", "没有密钥文件：首次使用请运行 bin/huifang init")
    exposed = settings.keyring.stat().st_mode & 0o077
    advice = f"{settings.keyring} 其他用户可读：chmod 600"
    return Finding("密钥", "warning" if exposed else "ok", advice if exposed else "有；请另存一份备份")


def _hearing(settings: Settings) -> Finding:
    """Whether patients' words can be recognised; without it they are asked to press keys."""
    if settings.recognition in {"off", "transcripts"}:
        words = {"off": "已关闭：患者只能按键回答", "transcripts": "使用模拟线路的文字，不识别声音"}
        return Finding("语音识别", "ok", f"HUIFANG_RECOGNITION={settings.recognition}，{words[settings.recognition]}")
    if settings.recognition == "sherpa":
        wanted = settings.sherpa_model
        models = [describe_sherpa(wanted)] if wanted else []
        missing = "没有设置 HUIFANG_SHERPA_MODEL"
    else:
        models, missing = [describe(folder) for folder in settings.speech_models], "没有语音模型"
    usable = next((model for model in models if model.fault is None), None)
    if usable is not None:
        return Finding("语音识别", "ok", f"{usable.name}，{usable.size_bytes / MEGABYTE:.0f} MB")
    fault = models[0].fault if models else missing
    return Finding("语音识别", "warning", f"{fault}；患者会被请按键回答，安装方法：bin/huifang models help")


def _database(settings: Settings) -> Finding:
    """Reachable, and of the newest structure; the address may hold a password and is not shown."""
    if not settings.database_url and not (settings.data_dir / "huifang.db").is_file():
        return Finding("数据库", "error", "还没有数据库：首次使用请运行 bin/huifang init")
    engine = make_engine(settings.database)
    try:
        present = revisions.present(engine)
        with engine.connect().execution_options(read_only=True) as connection:
            version = ".".join(str(part) for part in connection.dialect.server_version_info or ())
    except SQLAlchemyError as error:
        return Finding(
            "数据库", "error", f"连接不上（{type(error).__name__}）：请检查 HUIFANG_DATABASE_URL 与数据库服务"
        )
    finally:
        engine.dispose()
    wanted = revisions.newest()
    name = f"{engine.dialect.name} {version or sqlite3.sqlite_version}"
    if present != wanted:
        return Finding("数据库", "error", f"{name}，结构为 {present or '空'}，需要 {wanted}：运行 bin/huifang migrate")
    return Finding("数据库", "ok", f"{name}，结构 {present}")


def _broker(settings: Settings) -> Finding:
    try:
        with Connection(settings.broker_url, connect_timeout=BROKER_TIMEOUT_SECONDS) as connection:
            connection.ensure_connection(max_retries=1, timeout=BROKER_TIMEOUT_SECONDS)
    except (OperationalError, OSError) as error:
        return Finding("消息队列", "error", f"连接不上（{type(error).__name__}）：请检查 HUIFANG_BROKER_URL")
    return Finding("消息队列", "ok", "可连接")


def _exchange(settings: Settings) -> Finding:
    faults = "；".join(exchange.faults(settings))
    return Finding("Asterisk", "error" if faults else "ok", faults or settings.asterisk_url)


def _answers(name: str, url: str, advice: str) -> Finding:
    answers = responds(url)
    return Finding(name, "ok" if answers else "warning", url if answers else advice)


def _made(name: str, made: bool, detail: str, advice: str) -> Finding:
    return Finding(name, "ok" if made else "error", detail if made else advice)
