"""Commands on the record: import, plan, the sample export."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from core_api.imports import service as imports
from core_api.plans import service as plans
from huifang import report, store
from huifang.settings import Settings
from sample.make_sample import write_sample


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
            progress=None if as_json else report.progress,
        )
    if as_json:
        typer.echo(result.model_dump_json(indent=2))
        return
    for line in report.lines(result):
        typer.echo(line)


def plan() -> None:
    with store.opened(Settings()) as runtime:
        result = plans.sync_all(runtime.sessions, runtime.clock, runtime.zone, report.progress_of("患者"))
    typer.echo(f"新任务 {result.created}，改期 {result.moved}，取消 {result.cancelled}")


def export_sample(
    folder: Annotated[Path, typer.Argument(help="写到哪个文件夹")],
    today: Annotated[str | None, typer.Option(help="以哪一天为“今天”，例如 2026-11-20")] = None,
) -> None:
    settings = Settings()
    day = date.fromisoformat(today) if today else datetime.now(UTC).astimezone(settings.zone).date()
    write_sample(folder, day)
    typer.echo(f"样例导出已写入 {folder}")
