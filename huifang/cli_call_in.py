"""`huifang call-in`: has a persona of the simulated line call the hospital."""

from typing import Annotated

import httpx
import typer

from core_api.kit.errors import Invalid, ServiceError
from huifang.settings import LocalSecrets, Settings

TIMEOUT_SECONDS = 10


class NoSimulator(ServiceError):
    default_code = "no_simulator"
    status = 503


def call_in(
    persona: Annotated[str, typer.Argument(help="打来的人，例如 calls_visit（见 docs/personas.md）")] = "calls_service",
    number: Annotated[str, typer.Option("--from", help="来电号码；不给则不显示号码")] = "",
    birth: Annotated[str, typer.Option(help="打来的人所知的出生日期，八位数字")] = "",
) -> None:
    """Needs `huifang run` or `huifang simulator` beside it."""
    settings = Settings()
    secrets = LocalSecrets.load_or_create(settings.data_dir)
    ours = f"{settings.web_url}/carriers/twilio"
    form = {"Url": f"{ours}/voice", "StatusCallback": f"{ours}/status", "Persona": persona, "birth": birth}
    caller = f"+86{number}" if number and not number.startswith("+") else number
    try:
        answer = httpx.post(
            f"{settings.simulator}/simulator/{secrets.simulator_account_sid}/call-in",
            data=form | {"From": caller},
            auth=(secrets.simulator_account_sid, secrets.simulator_auth_token),
            timeout=TIMEOUT_SECONDS,
            trust_env=False,
        )
    except httpx.HTTPError:
        raise NoSimulator("模拟线路没有应答，请先启动：huifang run") from None
    if answer.is_client_error:
        raise Invalid("来电号码或设置有误", field="from")
    typer.echo("已打入，在“通话记录”里查看。")
