"""The command line: `huifang --help`."""

import json
import sys
from typing import Annotated

import typer

from core_api.identity import service as identity
from core_api.kit.errors import NotFound, ServiceError
from huifang import cli_processes, cli_records, demo, health, logs, store
from huifang.settings import Settings

app = typer.Typer(
    name="huifang",
    help="回访 Huifang：医院随访外呼与对话服务。设置用环境变量 HUIFANG_*（见 docs/operations.md）。",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
accounts = typer.Typer(help="账号：重置密码", no_args_is_help=True)
UNHEALTHY = 1


@app.command(rich_help_panel="准备", help="首次使用：建库、生成密钥、建立演示账号（密码只显示一次）。")
def init() -> None:
    settings = Settings()
    created = demo.initialise(settings)
    typer.echo(f"数据目录：{settings.data_dir}")
    demo.show_accounts(created)


@app.command(rich_help_panel="准备", help="把数据库升级到最新结构。")
def migrate() -> None:
    store.migrate(Settings())
    typer.echo("数据库已是最新结构")


@app.command("health", rich_help_panel="运行", help="检查数据库、网页服务与 Rasa。")
def show_health(as_json: Annotated[bool, typer.Option("--json", help="输出 JSON")] = False) -> None:
    settings = Settings()
    with store.opened(settings) as runtime:
        states = {
            "database": store.answers(runtime),
            "web": health.rasa_answers(f"{settings.web_url}/api/health"),
            "rasa": health.rasa_answers(settings.rasa),
        }
    if as_json:
        typer.echo(json.dumps({name: "ok" if state else "down" for name, state in states.items()}))
    else:
        for name, state in states.items():
            typer.echo(f"{name:<10}{'正常' if state else '不可用'}")
    if not all(states.values()):
        raise typer.Exit(UNHEALTHY)


@accounts.command("reset-password", help="为账号生成新密码（只显示一次），并结束其登录。")
def reset_password(username: Annotated[str, typer.Argument(help="用户名")]) -> None:
    with store.opened(Settings()) as runtime, runtime.sessions.begin() as session:
        user_id = identity.user_id_of(session, username)
        if user_id is None:
            raise NotFound("没有这个账号", field="username")
        password = identity.new_password()
        identity.set_password(session, user_id, password, runtime.clock)
    typer.echo(f"{username} 的新密码：{password}")


def main() -> None:
    """Runs the command line; a refusal is one line, not a traceback."""
    logs.configure(Settings().log_level)
    try:
        app(prog_name="huifang")
    except ServiceError as error:
        typer.echo(f"✗ {error.message}", err=True)
        sys.exit(UNHEALTHY)


cli_records.add_commands(app)
cli_processes.add_commands(app)
app.add_typer(accounts, name="accounts", rich_help_panel="准备")
