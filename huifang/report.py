"""Reports and progress as text for a terminal."""

import sys
from collections.abc import Callable, Iterator

from core_api.imports.schemas import ImportReport, Issue

LINE_EVERY = 10_000
SEVERITIES = {"error": "拒绝", "warning": "提醒"}


def progress(what: str, done: int, total: int | None = None) -> None:
    """How far something is; rewritten in place on a terminal, else a line now and then."""
    text = f"  {what}：{done} / {total}" if total else f"  {what}：{done} 行"
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="\n" if done == total else "", file=sys.stderr, flush=True)
    elif done % LINE_EVERY == 0:
        print(text, file=sys.stderr, flush=True)


def progress_of(what: str) -> Callable[[int, int], None]:
    """Progress of one thing, as (done, total)."""
    return lambda done, total: progress(what, done, total)


def totals(report: ImportReport) -> str:
    """One line for all files together."""
    files = report.files
    parts = (
        ("新增", sum(file.created for file in files)),
        ("更新", sum(file.updated for file in files)),
        ("未变", sum(file.unchanged for file in files)),
        ("拒绝", sum(file.refused for file in files)),
        ("提醒", sum(file.warned for file in files)),
    )
    return "，".join(f"{title} {count}" for title, count in parts)


def lines(report: ImportReport) -> Iterator[str]:
    """The whole report: files, then refused rows, then warnings."""
    yield "试运行：没有写入任何数据" if report.dry_run else "导入完成"
    for file in report.files:
        yield (
            f"  {file.file}：共 {file.rows} 行，新增 {file.created}，更新 {file.updated}，"
            f"未变 {file.unchanged}，拒绝 {file.refused}，提醒 {file.warned}"
        )
    for severity, title in SEVERITIES.items():
        found = [issue for issue in report.issues if issue.severity == severity]
        if found:
            yield f"\n{title}（{len(found)}）："
            yield from map(_line, found)
    if report.issues_total > len(report.issues):
        yield f"……另有 {report.issues_total - len(report.issues)} 条，请在网页“导入”中查看"


def _line(issue: Issue) -> str:
    place = f"{issue.file} 第 {issue.row} 行" if issue.row else issue.file
    cell = f" {issue.column}" + (f"“{issue.value}”" if issue.value else "") if issue.column else ""
    return f"  {place}{cell}：{issue.reason}；{issue.remedy}"
