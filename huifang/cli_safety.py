"""Commands of the safety gate."""

from pathlib import Path
from typing import Annotated

import typer

from assistant import api as assistant
from core_api.kit.yaml_text import load_yaml
from huifang import store
from huifang.settings import Settings

SENTENCES = Path("tests/assistant/safety/sentences.yml")
SPLITS = {"dev": "开发集", "held_out": "保留集"}
SENSITIVITY_GOAL, ESCALATION_GOAL = 0.98, 0.05
app = typer.Typer(help="安全规则：用已判定的句子检验。", no_args_is_help=True)


@app.callback()
def safety() -> None:
    """Keeps `eval` a subcommand."""


@app.command("eval", help="在已判定的句子上检验安全规则：每类危险信号的检出率与误报率。")
def evaluate(
    file: Annotated[Path, typer.Argument(help="句子文件（YAML）")] = SENTENCES,
    shown: Annotated[bool, typer.Option("--show", help="列出开发集中漏报和误报的句子")] = False,
    published: Annotated[
        bool, typer.Option("--published", help="检验数据库中已发布的规则，而不是随产品附带的")
    ] = False,
) -> None:
    sentences = [assistant.SafetySentence.model_validate(one) for one in load_yaml(file.read_text("utf-8"))]
    number, rules = _published() if published else (0, assistant.shipped_rules())
    typer.echo(f"规则版本：{number or '随产品附带'}　句子：{len(sentences)}")
    for split, title in SPLITS.items():
        figures = assistant.measure_safety([one for one in sentences if one.split == split], rules)
        _print(title, figures)
        if shown and split == "dev":
            typer.echo("".join(f"  漏报：{text}\n" for text in figures.missed), nl=False)
            typer.echo("".join(f"  误报：{text}\n" for text in figures.escalated), nl=False)


def _published() -> tuple[int, assistant.Ruleset]:
    with store.opened(Settings()) as runtime, runtime.sessions() as session:
        return assistant.active_rules(session)


def _print(title: str, figures: assistant.SafetyFigures) -> None:
    typer.echo(f"\n{title}\n{'类别':<18}{'检出':>9}{'检出率':>8}{'追问':>6}{'误报':>9}{'误报率':>8}{'追问':>6}")
    for one in figures.families:
        found = f"{one.found}/{one.signs}"
        escalated = f"{one.escalated}/{one.near}"
        rates = (one.found / max(1, one.signs), one.escalated / max(1, one.near))
        signs = f"{found:>9}{rates[0]:>10.3f}{one.asked:>8}"
        typer.echo(f"{one.family:<20}{signs}{escalated:>10}{rates[1]:>10.3f}{one.near_asked:>8}")
    typer.echo(
        f"合计：检出率 {figures.sensitivity:.3f}（目标 ≥ {SENSITIVITY_GOAL}），"
        f"误报率 {figures.over_escalation:.3f}（目标 < {ESCALATION_GOAL}），"
        f"检出或追问 {figures.noticed:.3f}，误追问 {figures.near_asked:.3f}，"
        f"每句 p50 {figures.median_us:.0f} 微秒，p95 {figures.p95_us:.0f} 微秒"
    )
