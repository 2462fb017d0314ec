"""`huifang campaign …` and `huifang campaigns`: making, steering and watching campaigns from the command line."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import typer
from pydantic import ValidationError
from sqlalchemy.orm import Session

from campaigns import api as campaigns
from core_api.audit import service as audit
from core_api.kit.clock import Clock
from core_api.kit.errors import Invalid
from core_api.kit.web import Runtime
from huifang import store
from huifang.settings import Settings

app = typer.Typer(no_args_is_help=True)
Number = Annotated[UUID, typer.Argument(help="外呼任务的编号（huifang campaigns 列出）", metavar="编号")]
Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"])]
Verb = Callable[[Session, UUID, Clock], campaigns.CampaignView]

SHOWN = 20
STATUS = {"draft": "草稿", "running": "进行中", "paused": "已暂停", "finished": "已完成", "cancelled": "已取消"}
FIELDS = {"name": "名称", "window_start": "开始时间", "window_end": "结束时间", "daily_cap": "每日上限"}


@app.command(help="新建外呼任务（草稿）；先显示将呼叫多少人、哪些人不呼叫。")
def create(  # noqa: PLR0913, PLR0917 - a command's options
    name: Annotated[str, typer.Argument(help="名称", metavar="名称")],
    plan: Annotated[str | None, typer.Option(help="只限这个随访计划，例如 kidney_transplant")] = None,
    site: Annotated[str | None, typer.Option(help="只限这个院区")] = None,
    stage: Annotated[str | None, typer.Option(help="只限这个阶段")] = None,
    due_from: Day = None,
    due_to: Day = None,
    window: Annotated[str, typer.Option(help="呼叫时段")] = "09:00-20:00",
    daily_cap: Annotated[int, typer.Option(help="每日最多呼叫多少次")] = 1000,
    concurrent: Annotated[int, typer.Option(help="同时最多几通")] = 10,
    now: Annotated[bool, typer.Option("--start", help="建好后立即启动")] = False,
) -> None:
    settings = Settings()
    opens, _, closes = window.partition("-")
    chosen = {
        "template_key": plan,
        "site": site,
        "stage": stage,
        "due_from": due_from.date() if due_from else None,
        "due_to": due_to.date() if due_to else None,
    }
    wanted = _wanted(
        name=name, filter=chosen, window_start=opens, window_end=closes, daily_cap=daily_cap,
        max_concurrent=concurrent, carrier=settings.carrier,
    )  # fmt: skip
    with store.opened(settings) as runtime, runtime.sessions.begin() as session:
        seen = campaigns.preview(session, campaigns.CoreRecord(), wanted, runtime.clock.now(), runtime.zone)
        _show_preview(seen)
        made = campaigns.create(session, wanted, None, runtime.clock)
        _audit(session, runtime, "create", made.id)
        if now:
            made = campaigns.start(session, made.id, runtime.clock)
            _audit(session, runtime, "start", made.id)
    typer.echo(f"{'已启动' if now else '已建草稿'}：{made.id}  {made.name}")


@app.command(help="启动草稿；有网页进程或后台进程在运行时才会真正拨号。")
def start(number: Number) -> None:
    _steer("start", campaigns.start, number)


@app.command(help="暂停：不再拨新号，正在进行的通话照常结束。")
def pause(number: Number) -> None:
    _steer("pause", campaigns.pause, number)


@app.command(help="继续已暂停的任务。")
def resume(number: Number) -> None:
    _steer("resume", campaigns.resume, number)


@app.command(help="取消任务，不可恢复；正在进行的通话照常结束并计入结果。")
def cancel(number: Number) -> None:
    _steer("cancel", campaigns.cancel, number)


@app.command(help="查看一个任务的进度。")
def status(number: Number, as_json: Annotated[bool, typer.Option("--json", help="输出 JSON")] = False) -> None:
    with store.opened(Settings()) as runtime, runtime.sessions.begin() as session:
        found = campaigns.get(session, number)
    typer.echo(found.model_dump_json(indent=2) if as_json else _line(found))


def list_campaigns() -> None:
    """`huifang campaigns`."""
    with store.opened(Settings()) as runtime, runtime.sessions.begin() as session:
        lines = campaigns.list_campaigns(session, (), None, SHOWN).items
    for line in lines:
        typer.echo(_line(line))
    if not lines:
        typer.echo("还没有外呼任务；新建：huifang campaign create 名称 --start")


def _wanted(**values: Any) -> campaigns.CampaignIn:  # noqa: ANN401 - its fields, checked here
    try:
        return campaigns.CampaignIn(**values)
    except ValidationError as error:
        field = str((error.errors()[0]["loc"] or ("window_end",))[0])
        raise Invalid(f"“{FIELDS.get(field, field)}”填写有误，请用 --help 查看格式", field=field) from error


def _steer(name: str, verb: Verb, number: UUID) -> None:
    with store.opened(Settings()) as runtime, runtime.sessions.begin() as session:
        _audit(session, runtime, name, number)
        typer.echo(_line(verb(session, number, runtime.clock)))


def _audit(session: Session, runtime: Runtime, name: str, number: UUID) -> None:
    audit.record(session, None, f"campaign.{name}", "campaign", number, "命令行", runtime.clock)


def _line(found: campaigns.CampaignView) -> str:
    counts = found.counts
    return (
        f"{found.id}  {STATUS.get(found.status, found.status)}  {found.name}："
        f"共 {counts.total}，完成 {counts.done}，进行中 {counts.in_progress}，"
        f"等待 {counts.waiting + counts.retrying}，转人工 {counts.people}，不呼叫 {counts.excluded}"
    )


def _show_preview(seen: campaigns.Preview) -> None:
    typer.echo(f"将呼叫 {seen.targets} 人" + ("" if seen.complete else "（只看了前一部分）"))
    for one in seen.excluded:
        typer.echo(f"  不呼叫 {one.count} 人：{one.label}")
