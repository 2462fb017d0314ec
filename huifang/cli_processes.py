"""`run`, which supervises the other processes, and `rasa`; light, so that Rasa begins to load at once."""

import os
import time
from importlib import import_module
from typing import Annotated, Any

import typer

from huifang import freshness, lifetime, processes
from huifang.settings import LocalSecrets, Settings
from huifang.supervisor import Supervisor

STARTED_AT = "HUIFANG_STARTED_AT"
Accounts = list[tuple[str, str, str]]


def run(
    with_demo: Annotated[bool, typer.Option("--demo", help="首次启动时初始化，并导入今天的样例数据")] = False,
) -> None:
    began = float(os.environ.pop(STARTED_AT, "") or time.time())
    settings = Settings()
    processes.check_ports(settings)
    if not with_demo:
        freshness.check_initialised(settings)
    LocalSecrets.load_or_create(settings.data_dir)
    created: Accounts = []

    def prepare() -> None:
        if with_demo and not freshness.is_prepared(settings):
            created.extend(_demo().prepare(settings))
            freshness.note_prepared(settings)

    def announce() -> None:
        seconds = time.time() - began
        typer.echo(f"\n  ✓ 已就绪（{seconds:.1f} 秒）：{settings.web_url}    接口文档：{settings.web_url}/api/docs")
        _show_accounts(created)
        typer.echo(f"  日志：{settings.data_dir / 'logs'}    Ctrl-C 结束全部进程\n")

    typer.echo("• 启动 Rasa、网页与模拟线路 ……")
    raise typer.Exit(Supervisor(processes.specs(settings), on_ready=announce, prepare=prepare).run())


def rasa() -> None:
    lifetime.end_with_parent()
    processes.become_rasa(Settings())


def _demo() -> Any:  # noqa: ANN401 - the module
    """Loaded only when there is something to prepare: it brings the whole product with it."""
    return import_module("huifang.demo")


def _show_accounts(created: Accounts) -> None:
    if created:
        _demo().show_accounts(created)
    else:
        typer.echo("  账号已存在；忘记密码：bin/huifang accounts reset-password 用户名")
