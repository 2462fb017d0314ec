"""`huifang recordings`: how long recordings are kept, and removing what is over its time."""

from typing import Annotated

import typer

from huifang import store
from huifang.settings import Settings
from telephony import api as telephony

app = typer.Typer(no_args_is_help=True)
NAMES = {"unheard": "无人说话", "inbound": "来电", "other": "其他"}


@app.command("rules", help="列出各类录音的保存天数与现有数量（HUIFANG_RECORDING_DAYS 可改）。")
def show_rules() -> None:
    settings = Settings()
    rule = settings.retention
    with store.opened(settings) as runtime, runtime.sessions.begin() as session:
        kept = telephony.recordings_by_kind(session)
    for kind in sorted({*rule.days, *kept}):
        days = rule.days.get(kind, rule.otherwise)
        typer.echo(f"{kind}（{NAMES.get(kind, '问卷或用途')}）  保存 {days} 天，现有 {kept.get(kind, 0)} 份")


@app.command("expire", help="删除超过保存期的录音；标记长期保留的、预警或复核或工单未了结的不删。")
def expire(dry_run: Annotated[bool, typer.Option("--dry-run", help="只数，不删")] = False) -> None:
    settings = Settings()
    with store.opened(settings) as runtime:
        folder = settings.data_dir / "recordings"
        done = telephony.expire(runtime.sessions, runtime.clock, folder, settings.retention, dry=dry_run)
    typer.echo(f"{'应删除' if dry_run else '已删除'} {done.removed} 份，未了结而保留 {done.needed} 份")
    if done.failed:
        typer.echo(f"✗ {done.failed} 份文件删不掉，请检查 {folder} 的权限和磁盘", err=True)
        raise typer.Exit(1)
