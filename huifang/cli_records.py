"""Commands on the record: import, plan, campaigns, the sample export."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from campaigns import api as campaigns
from core_api.imports import service as imports
from core_api.plans import service as plans
from huifang import report, store
from huifang.settings import Settings
from sample.make_sample import write_sample

PANEL = "数据"
SHOWN = 20


def add_commands(app: typer.Typer) -> None:
    """Adds import, plan, campaigns and export-sample."""
    for name, (command, text) in COMMANDS.items():
        app.command(name, help=text, rich_help_panel=PANEL)(command)


def import_folder(
    folder: Annotated[Path, typer.Argument(help="放有导出文件（csv、xlsx）的文件夹")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只检查，不写入")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON 报告")] = False,
    profile: Annotated[Path | None, typer.Option(help="列名对照方案（YAML）")] = None,
) -> None:
    with store.opened(Settings()) as runtime:
        result = imports.run_import(
            runtime.sessions,
            folder,
            imports.load_profile(profile),
            runtime.clock,
            dry_run,
            zone=runtime.zone,
            progress=None if as_json else _progress,
        )
    if as_json:
        typer.echo(result.model_dump_json(indent=2))
        return
    for line in report.lines(result):
        typer.echo(line)


def plan() -> None:
    with store.opened(Settings()) as runtime:
        result = plans.sync_all(
            runtime.sessions, runtime.clock, runtime.zone, lambda done, total: _progress("患者", done, total)
        )
    typer.echo(f"新任务 {result.created}，改期 {result.moved}，取消 {result.cancelled}")


def export_sample(
    folder: Annotated[Path, typer.Argument(help="写到哪个文件夹")],
    today: Annotated[str | None, typer.Option(help="以哪一天为“今天”，例如 2026-11-20")] = None,
) -> None:
    settings = Settings()
    day = date.fromisoformat(today) if today else datetime.now(UTC).astimezone(settings.zone).date()
    write_sample(folder, day)
    typer.echo(f"样例导出已写入 {folder}")


def campaign_status() -> None:
    with store.opened(Settings()) as runtime, runtime.sessions.begin() as session:
        for line in campaigns.list_campaigns(session, (), None, SHOWN).items:
            counts = line.counts
            typer.echo(
                f"{line.id}  {line.status:<10}{line.name}："
                f"共 {counts.total}，完成 {counts.done}，"
                f"等待 {counts.waiting + counts.retrying}，转人工 {counts.people}"
            )


def _progress(what: str, done: int, total: int | None = None) -> None:
    end = f"{done} / {total}" if total else f"{done} 行"
    typer.echo(f"\r  {what}：{end}", nl=False, err=True)


COMMANDS: dict[str, tuple[Callable[..., None], str]] = {
    "import": (import_folder, "导入医院的导出文件；可重复运行，第二次不会改变任何数据。"),
    "plan": (plan, "按模板与治疗事件生成、改期或取消随访任务。"),
    "campaigns": (campaign_status, "列出最近的外呼活动及其状态。"),
    "export-sample": (export_sample, "写出一份虚构的样例导出。"),
}
