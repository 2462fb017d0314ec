"""The command line: `huifang --help`. A command's module is loaded when it is called, so that each starts quickly."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer

from core_api.kit.errors import ServiceError
from huifang import logs
from huifang.settings import Settings

FAILED = 1
HELP = "回访 Huifang：医院随访外呼与对话服务。设置用环境变量 HUIFANG_*（见 docs/operations.md）。"
PREPARE, RUN, DATA, CALLS, CHECK = "准备", "运行", "数据", "外呼", "检验"


@dataclass(frozen=True)
class Entry:
    """One command, or a group of them.

    Attributes:
        panel: Under what it is listed.
        text: What it does, in a line.
        place: `module:name` of a function, or of a `typer.Typer` with the group's commands.
    """

    panel: str
    text: str
    place: str

    def load(self) -> Any:  # noqa: ANN401 - a function or a Typer
        """Imports what it needs."""
        module, name = self.place.split(":")
        return getattr(import_module(module), name)


COMMANDS: Mapping[str, Entry] = {
    "init": Entry(PREPARE, "首次使用：建库、生成密钥、建立演示账号（密码只显示一次）。", "huifang.cli_setup:init"),
    "migrate": Entry(PREPARE, "把数据库升级到最新结构。", "huifang.cli_setup:migrate"),
    "accounts": Entry(PREPARE, "账号：重置密码。", "huifang.cli_setup:accounts"),
    "doctor": Entry(PREPARE, "逐项检查环境：程序、版本、磁盘、数据库、端口与各服务。", "huifang.cli_doctor:doctor"),
    "run": Entry(RUN, "启动全部服务（网页、Rasa、模拟线路），Ctrl-C 一并结束。", "huifang.cli_processes:run"),
    "web": Entry(RUN, "网页与接口服务；默认在进程内执行后台任务。", "huifang.serving:web"),
    "rasa": Entry(RUN, "对话理解服务（Rasa）；语料有变化时先训练。", "huifang.cli_processes:rasa"),
    "simulator": Entry(RUN, "模拟线路：按 Twilio 协议扮演患者接听电话。", "huifang.simulating:simulator"),
    "worker": Entry(RUN, "后台任务进程（生产环境，需 Redis 或 RabbitMQ）。", "huifang.serving:worker"),
    "beat": Entry(RUN, "定时唤醒后台任务（生产环境，只运行一个）。", "huifang.serving:beat"),
    "health": Entry(RUN, "检查数据库、网页服务与 Rasa 是否应答。", "huifang.cli_doctor:show_health"),
    "import": Entry(
        DATA, "导入医院的导出文件；可重复运行，第二次不会改变任何数据。", "huifang.cli_records:import_folder"
    ),
    "plan": Entry(DATA, "按模板与治疗事件生成、改期或取消随访任务。", "huifang.cli_records:plan"),
    "export-sample": Entry(DATA, "写出一份虚构的样例导出。", "huifang.cli_records:export_sample"),
    "knowledge": Entry(DATA, "知识库：训练向量模型、评测检索、重建索引。", "huifang.cli_knowledge:app"),
    "safety": Entry(CHECK, "安全规则：在已判定的句子上检验检出率与误报率。", "huifang.cli_safety:app"),
    "recordings": Entry(DATA, "录音：保存期规则、到期清单、立即清理。", "huifang.cli_recordings:app"),
    "models": Entry(DATA, "语音模型：查看、安装、离线安装说明。", "huifang.cli_models:app"),
    "campaign": Entry(CALLS, "外呼任务：新建、启动、查看、暂停、继续、取消。", "huifang.cli_campaigns:app"),
    "call-in": Entry(CALLS, "让模拟线路上的一位患者打进来（演示来电）。", "huifang.cli_call_in:call_in"),
    "campaigns": Entry(CALLS, "列出最近的外呼任务及其状态。", "huifang.cli_campaigns:list_campaigns"),
}


def build(arguments: Sequence[str]) -> typer.Typer:
    """The command line with the one command loaded that the arguments name; of the others, what help shows."""
    app = typer.Typer(
        name="huifang",
        help=HELP,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    called = arguments[0] if arguments else ""
    for name, entry in COMMANDS.items():
        found = entry.load() if name == called else _not_loaded
        if isinstance(found, typer.Typer):
            app.add_typer(found, name=name, help=entry.text, rich_help_panel=entry.panel)
        else:
            _add(app, name, entry, found)
    return app


def main() -> None:
    """Runs the command line; a refusal is one line, not a traceback."""
    logs.configure(Settings().log_level)
    try:
        build(sys.argv[1:])(prog_name="huifang")
    except ServiceError as error:
        typer.echo(f"✗ {error.message}", err=True)
        sys.exit(FAILED)


def _add(app: typer.Typer, name: str, entry: Entry, command: Callable[..., None]) -> None:
    app.command(name, help=entry.text, rich_help_panel=entry.panel)(command)


def _not_loaded() -> None:
    """Stands for a command that was not called."""
