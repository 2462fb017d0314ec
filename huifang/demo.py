"""The first start: schema, key ring, accounts; and for the demo a sample export of today, imported and planned."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from campaigns import api as campaigns
from core_api.identity import service as identity
from core_api.imports import service as imports
from core_api.plans import service as plans
from core_api.questionnaires import service as questionnaires
from huifang import store
from huifang.report import totals
from huifang.settings import LocalSecrets, Settings
from sample.make_sample import write_sample

Account = tuple[str, str, str]
SAMPLE_FOLDER = "sample-export"
ROLE_TITLES = {"administrator": "管理员", "nurse": "随访护士", "clinician": "医生", "auditor": "审计员"}


def initialise(settings: Settings) -> list[Account]:
    """Makes what is missing of schema, key ring, secrets, accounts, questionnaires, templates and dispositions.

    Returns:
        (username, password, role) of accounts made now; empty when there were accounts already.
    """
    with _step("数据库结构"):
        store.migrate(settings)
    store.create_keyring(settings)
    LocalSecrets.load_or_create(settings.data_dir)
    with (
        store.opened(settings) as runtime,
        _step("账号、问卷与计划模板"),
        runtime.sessions.begin() as session,
    ):
        questionnaires.load_library(session, runtime.clock)
        plans.load_library(session, runtime.clock)
        campaigns.load_library(session)
        return identity.seed_demo_users(session, runtime.clock)


def prepare(settings: Settings) -> list[Account]:
    """Initialises, then imports the sample export of the day of the first start and plans its follow-ups."""
    created = initialise(settings)
    folder = settings.data_dir / SAMPLE_FOLDER
    with store.opened(settings) as runtime:
        if not folder.exists():
            write_sample(folder, runtime.clock.now().astimezone(runtime.zone).date())
        with _step("导入样例数据"):
            profile = imports.load_profile()
            report = imports.run_import(runtime.sessions, folder, profile, runtime.clock, False, zone=runtime.zone)
        typer.echo(f"    {totals(report)}")
        with _step("生成随访任务"):
            planned = plans.sync_all(runtime.sessions, runtime.clock, runtime.zone)
        typer.echo(f"    新任务 {planned.created}，改期 {planned.moved}，取消 {planned.cancelled}")
    return created


def show_accounts(created: list[Account]) -> None:
    """Prints passwords made now; they exist nowhere else."""
    if not created:
        typer.echo("  账号已存在；忘记密码：huifang accounts reset-password 用户名")
        return
    typer.echo("  演示账号（密码只显示这一次）：")
    for username, password, role in created:
        typer.echo(f"    {ROLE_TITLES.get(role, role):　<6}{username:<10}{password}")


@contextmanager
def _step(title: str) -> Iterator[None]:
    started = time.monotonic()
    typer.echo(f"• {title} ……")
    yield
    typer.echo(f"  {title}：完成（{time.monotonic() - started:.1f} 秒）")
