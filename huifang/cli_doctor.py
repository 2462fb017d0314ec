"""`huifang doctor` and `huifang health`: what is there, what answers, and what to do."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

from huifang import doctor as checks
from huifang import store
from huifang.probing import responds
from huifang.settings import Settings

AsJson = Annotated[bool, typer.Option("--json", help="输出 JSON")]
SIGNS = {"ok": "✓", "warning": "!", "error": "✗"}
UNHEALTHY = 1
NAME_WIDTH = 12


def doctor(as_json: AsJson = False) -> None:
    found = []
    for one in checks.findings(Settings()):
        found.append(one)
        if not as_json:
            typer.echo(f"{SIGNS[one.state]} {_padded(one.name)}{one.detail}")
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in found], ensure_ascii=False, indent=2))
    if any(one.state == "error" for one in found):
        raise typer.Exit(UNHEALTHY)


def show_health(as_json: AsJson = False) -> None:
    settings = Settings()
    with store.opened(settings) as runtime:
        states = {
            "database": store.answers(runtime),
            "web": responds(f"{settings.web_url}/api/health"),
            "rasa": responds(f"{settings.rasa}/"),
        }
    if as_json:
        typer.echo(json.dumps({name: "ok" if state else "down" for name, state in states.items()}))
    else:
        for name, state in states.items():
            typer.echo(f"{name:<10}{'正常' if state else '不可用'}")
    if not all(states.values()):
        raise typer.Exit(UNHEALTHY)


def _padded(name: str) -> str:
    """To one width on a terminal, where a Chinese character takes two columns."""
    return name + " " * max(1, NAME_WIDTH - sum(2 if ord(letter) > 255 else 1 for letter in name))  # noqa: PLR2004
