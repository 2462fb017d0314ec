"""Commands that prepare: database, key ring, accounts."""

from typing import Annotated

import typer

from core_api.identity import service as identity
from core_api.kit.errors import NotFound
from huifang import demo, store
from huifang.settings import Settings

accounts = typer.Typer(no_args_is_help=True)


def init() -> None:
    settings = Settings()
    created = demo.initialise(settings)
    typer.echo(f"数据目录：{settings.data_dir}")
    demo.show_accounts(created)


def migrate() -> None:
    store.migrate(Settings())
    typer.echo("数据库已是最新结构")


@accounts.callback()
def _group() -> None:
    """Keeps the group a group while it has one command."""


@accounts.command("reset-password", help="为账号生成新密码（只显示一次），并结束其登录。")
def reset_password(username: Annotated[str, typer.Argument(help="用户名")]) -> None:
    with store.opened(Settings()) as runtime, runtime.sessions.begin() as session:
        user_id = identity.user_id_of(session, username)
        if user_id is None:
            raise NotFound("没有这个账号", field="username")
        password = identity.new_password()
        identity.set_password(session, user_id, password, runtime.clock)
    typer.echo(f"{username} 的新密码：{password}")
