"""Commands on the knowledge base: train its embedding, measure it, build its index anew."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from huifang import store
from huifang.finding import encoder_of
from huifang.settings import Settings
from knowledge import api as knowledge
from tools import environments

app = typer.Typer(no_args_is_help=True)
KNOWLEDGE = "knowledge"
COLUMNS = ("方法", "首位正确", "前五", "前十", "MRR", "自动回答", "答错", "正确拒答", "p50 ms", "p95 ms")
NAMES = {"bm25": "BM25", "dense": "向量", "fused": "融合"}


@app.command("train", help="用本院的知识条目训练向量模型（两核约一分钟）并重新标定，各进程随即换用。")
def train() -> None:
    settings = Settings()
    with store.opened(settings) as runtime:
        name, figures = knowledge.train(
            runtime.sessions, settings.data_dir / KNOWLEDGE, runtime.clock, encoder_of(settings)
        )
    typer.echo(f"模型 {name} 已启用")
    _print_calibration(figures)


@app.command("calibrate", help="在库内标准问题上用交叉验证选定排序权重和阈值，各进程随即换用。")
def calibrate() -> None:
    settings = Settings()
    with store.opened(settings) as runtime:
        _print_calibration(
            knowledge.calibrate(runtime.sessions, settings.data_dir / KNOWLEDGE, runtime.clock, encoder_of(settings))
        )


@app.command("ship", help="从初始知识库制作随产品附带的模型和权重（开发用）。", hidden=True)
def ship(folder: Annotated[Path, typer.Argument(help="写入的文件夹")] = Path("knowledge/shipped")) -> None:
    with tempfile.TemporaryDirectory() as made:
        settings = Settings(data_dir=Path(made), database_url="", keyring_path=None)
        store.migrate(settings)
        store.create_keyring(settings)
        with store.opened(settings) as runtime:
            with runtime.sessions.begin() as session:
                knowledge.load_library(session, runtime.clock)
            _print_calibration(knowledge.ship(runtime.sessions, folder, runtime.clock))


@app.command("reindex", help="从数据库重建索引；正在运行的进程下一次提问时换用。")
def reindex() -> None:
    settings = Settings()
    if settings.knowledge_model is not None:
        environments.ensure(environments.ENCODER)
    with store.opened(settings) as runtime:
        view = knowledge.reindex(runtime.sessions, settings.data_dir / KNOWLEDGE, runtime.clock, encoder_of(settings))
    typer.echo(f"索引：{view.entries} 条知识，{view.questions} 个问法，模型 {view.model or '无（仅按字词检索）'}")


@app.command("eval", help="评测检索：FILE 是标准问题（YAML）或含 title、ask 两列的 CSV；不给则用库内标准问题。")
def evaluate(
    file: Annotated[Path | None, typer.Argument(help="标准问题 YAML，或 CSV（title, ask）", exists=True)] = None,
    dense: Annotated[bool, typer.Option(help="CSV：训练并评测向量")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON")] = False,
) -> None:
    settings = Settings()
    with store.opened(settings) as runtime:
        knowledge.configure(runtime.sessions, settings.data_dir / KNOWLEDGE, encoder_of(settings))
        report = knowledge.evaluate(runtime.sessions, file, runtime.clock, learn=dense)
    if as_json:
        typer.echo(report.model_dump_json(indent=2))
        return
    typer.echo(f"{report.questions} 个问题，{report.entries} 条知识，模型 {report.model or '无'}")
    typer.echo("  ".join(COLUMNS))
    for line in report.lines:
        shares = (line.acc_at_1, line.recall_at_5, line.recall_at_10, line.mrr, line.answered, line.wrong_given)
        refused = "—" if line.refused_right is None else f"{line.refused_right:.3f}"
        cells = [NAMES[line.method], *(f"{share:.3f}" for share in shares), refused]
        typer.echo("  ".join([*cells, f"{line.p50_ms:.1f}", f"{line.p95_ms:.1f}"]))
    for tuning in report.tunings:
        judge = tuning.judge(has_dense=report.model is not None)
        typer.echo(f"{judge.answer_at:.3f} 起直接回答，{judge.offer_at:.3f} 起请患者选择；标定于：{tuning.chosen_on}")


def _print_calibration(figures: Sequence[knowledge.Calibration]) -> None:
    """What was chosen; the figures are of questions outside of the fold they were judged by."""
    for one in figures:
        refused = "—" if one.refused_right is None else f"{one.refused_right:.3f}"
        typer.echo(
            f"{one.model or '仅按字词'}：{one.questions} 个标准问题（五折交叉验证），首位正确 {one.first_right:.3f}，"
            f"直接答对 {one.answered_right:.3f}，答错 {one.wrong_given:.3f}，正确拒答 {refused}，"
            f"错误拒答 {one.refused_wrong:.3f}；{one.answer_at:.3f} 起直接回答，{one.offer_at:.3f} 起请患者选择"
        )
