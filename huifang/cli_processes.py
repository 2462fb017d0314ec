"""Commands that are processes: `run` supervises them, production starts each by itself."""

from typing import Annotated

import typer
import uvicorn

from huifang import background, demo, lifetime, processes, store, wiring
from huifang.app import create_app
from huifang.settings import LocalSecrets, Settings
from huifang.supervisor import Supervisor

PANEL = "运行"
SHUTDOWN_SECONDS = 8
WEBSOCKET_PING_SECONDS = 20.0


def add_commands(app: typer.Typer) -> None:
    """Adds run and the processes that it supervises."""
    for command, text in COMMANDS.items():
        app.command(help=text, rich_help_panel=PANEL)(command)


def run(
    with_demo: Annotated[bool, typer.Option("--demo", help="首次启动时初始化，并导入今天的样例数据")] = False,
) -> None:
    settings = Settings()
    processes.check_ports(settings)
    created: list[demo.Account] = []
    if with_demo:
        created = demo.prepare(settings)
    with store.opened(settings):
        LocalSecrets.load_or_create(settings.data_dir)
    supervisor = Supervisor(processes.specs(settings), on_ready=lambda: _announce(settings, created))
    typer.echo("正在启动网页、Rasa 与模拟线路……（Rasa 约需 20 秒）")
    raise typer.Exit(supervisor.run())


def web() -> None:
    lifetime.end_with_parent()
    settings = Settings()
    with store.opened(settings) as runtime:
        app = create_app(wiring.compose(settings, runtime))
        _serve(app, settings.web_host, settings.web_port)


def rasa() -> None:
    lifetime.end_with_parent()
    processes.become_rasa(Settings())


def simulator() -> None:
    lifetime.end_with_parent()
    settings = Settings()
    app = wiring.simulator_app(settings, LocalSecrets.load_or_create(settings.data_dir))
    _serve(app, settings.simulator_host, settings.simulator_port)


def worker() -> None:
    lifetime.end_with_parent()
    settings = Settings()
    with store.opened(settings) as runtime:
        celery = background.make_celery(wiring.compose(settings, runtime))
        celery.Worker(pool="threads", concurrency=settings.worker_threads, loglevel=settings.log_level).start()


def beat() -> None:
    lifetime.end_with_parent()
    settings = Settings()
    with store.opened(settings) as runtime:
        background.wake_forever(background.make_celery(wiring.compose(settings, runtime)))


def _serve(app: object, host: str, port: int) -> None:
    uvicorn.run(
        app,  # type: ignore[arg-type]  # any ASGI application
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        ws_ping_interval=WEBSOCKET_PING_SECONDS,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )


def _announce(settings: Settings, created: list[demo.Account]) -> None:
    typer.echo(f"\n  ✓ 已就绪：{settings.web_url}    接口文档：{settings.web_url}/api/docs")
    demo.show_accounts(created)
    typer.echo(f"  日志：{settings.data_dir / 'logs'}    Ctrl-C 结束全部进程\n")


COMMANDS = {
    run: "启动全部服务（网页、Rasa、模拟线路），Ctrl-C 一并结束。",
    web: "网页与接口服务；默认在进程内执行后台任务。",
    rasa: "对话理解服务（Rasa）；语料有变化时先训练。",
    simulator: "模拟线路：按 Twilio 协议扮演患者接听电话。",
    worker: "后台任务进程（生产环境，需 Redis 或 RabbitMQ）。",
    beat: "定时唤醒后台任务（生产环境，只运行一个）。",
}
