"""Commands on the knowledge base: train its embedding, measure it, build its index anew."""

from pathlib import Path
from typing import Annotated

import typer

from huifang import store
from huifang.settings import Settings
from knowledge import api as knowledge
from tools import environments

app = typer.Typer(no_args_is_help=True)
KNOWLEDGE = "knowledge"
COLUMNS = ("方法", "首位正确", "前五", "前十", "MRR", "自动回答", "答错", "正确拒答", "p50 ms", "p95 ms")
NAMES = {"bm25": "BM25", "dense": "向量", "fused": "融合"}


@app.command("train", help="用本院的知识条目训练向量模型（两核约一分钟），各进程随即换用。")
def train() -> None:
    settings = Settings()
    interpreter = environments.ensure(environments.TRAIN)
    with store.opened(settings) as runtime:
        name = knowledge.train(runtime.sessions, settings.data_dir / KNOWLEDGE, interpreter, runtime.clock)
    typer.echo(f"模型 {name} 已启用")


@app.command("reindex", help="从数据库重建索引；正在运行的进程下一次提问时换用。")
def reindex() -> None:
    settings = Settings()
    with store.opened(settings) as runtime:
        view = knowledge.reindex(runtime.sessions, settings.data_dir / KNOWLEDGE, runtime.clock)
    typer.echo(f"索引：{view.entries} 条知识，{view.questions} 个问法，模型 {view.model or '无（仅按字词检索）'}")


@app.command("eval", help="评测检索：FILE 是标准问题（YAML）或含 title、ask 两列的 CSV；不给则用库内标准问题。")
def evaluate(
    file: Annotated[Path | None, typer.Argument(help="标准问题 YAML，或 CSV（title, ask）", exists=True)] = None,
    dense: Annotated[bool, typer.Option(help="训练并评测向量（需要训练环境）")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON")] = False,
) -> None:
    settings = Settings()
    interpreter = environments.ensure(environments.TRAIN) if dense else None
    with store.opened(settings) as runtime:
        report = knowledge.evaluate(runtime.sessions, file, interpreter, runtime.clock)
    if as_json:
        typer.echo(report.model_dump_json(indent=2))
        return
    typer.echo(f"{report.questions} 个问题，{report.entries} 条知识；权重与阈值取自其余折，不取自被报告的问题")
    typer.echo("  ".join(COLUMNS))
    for line in report.lines:
        shares = (line.acc_at_1, line.recall_at_5, line.recall_at_10, line.mrr, line.answered, line.wrong_given)
        refused = "—" if line.refused_right is None else f"{line.refused_right:.3f}"
        cells = [NAMES[line.method], *(f"{share:.3f}" for share in shares), refused]
        typer.echo("  ".join([*cells, f"{line.p50_ms:.1f}", f"{line.p95_ms:.1f}"]))
    for fold, tuning in enumerate(report.tunings, 1):
        typer.echo(f"第 {fold} 折：{tuning.model_dump_json()}")
