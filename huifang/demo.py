"""The first start: schema, key ring, accounts; and for the demo a sample export of today, imported and planned."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import typer
from sqlalchemy.orm import Session

from assistant import api as assistant
from campaigns import api as campaigns
from core_api.identity import service as identity
from core_api.identity.rules import ROLE_TITLES
from core_api.imports import service as imports
from core_api.kit.clock import Clock
from core_api.plans import service as plans
from core_api.questionnaires import service as questionnaires
from huifang import store
from huifang.freshness import SAMPLE_FOLDER
from huifang.report import progress, progress_of, totals
from huifang.settings import LocalSecrets, Settings
from knowledge import api as knowledge
from sample.make_sample import write_sample

Account = tuple[str, str, str]


def initialise(settings: Settings) -> list[Account]:
    """Makes what is missing of schema, key ring, secrets, accounts, questionnaires, templates and dispositions.

    Returns:
        (username, password, role) of accounts made now; empty when there were accounts already.
    """
    with store.initialising(settings):
        return _initialise_alone(settings)


def _initialise_alone(settings: Settings) -> list[Account]:
    with _step("数据库结构"):
        store.migrate(settings)
    store.create_keyring(settings)
    LocalSecrets.load_or_create(settings.data_dir)
    with (
        store.opened(settings) as runtime,
        _step("账号、问卷、计划模板与知识样例"),
        runtime.sessions.begin() as session,
    ):
        questionnaires.load_library(session, runtime.clock)
        plans.load_library(session, runtime.clock)
        campaigns.load_library(session)
        assistant.load_library(session, runtime.clock)
        knowledge.load_library(session, runtime.clock)
        created = identity.seed_demo_users(session, runtime.clock)
        _staff_desk(session, runtime.clock)
        return created


def _staff_desk(session: Session, clock: Clock) -> None:
    nurse, doctor = (identity.user_id_of(session, name) for name in ("nurse", "doctor"))
    if nurse is not None and doctor is not None:
        assistant.staff_desk(session, nurse, doctor, clock)


def prepare(settings: Settings) -> list[Account]:
    """Initialises, then imports the sample export of the day of the first start and plans its follow-ups."""
    created = initialise(settings)
    folder = settings.data_dir / SAMPLE_FOLDER
    with store.opened(settings) as runtime:
        if not folder.exists():
            write_sample(folder, runtime.clock.now().astimezone(runtime.zone).date())
        with _step("导入样例数据"):
            profile = imports.load_profile()
            report = imports.run_import(
                runtime.sessions, folder, profile, runtime.clock, False, zone=runtime.zone, progress=progress
            )
        typer.echo(f"    {totals(report)}")
        with _step("生成随访任务"):
            planned = plans.sync_all(runtime.sessions, runtime.clock, runtime.zone, progress_of("患者"))
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
