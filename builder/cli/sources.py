"""Look at a department's own sources: `source check`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from builder.cli.console import Terminal
from builder.errors import Fault
from federation.node.config import FILE_NAME, load_config
from federation.node.errors import ConfigMissing
from federation.node.source_check import Checkup, DatasetReport, check_sources

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add this room's commands."""
    source = typer.Typer(no_args_is_help=True, help="数据源 · A department's own sources.")
    source.callback()(_source)
    source.command("check")(source_check)
    app.add_typer(source, name="source")


def _source() -> None:
    """数据源 · A department's own sources."""


def source_check(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="节点配置 NODE.toml · A node's configuration.")],
    rows: Annotated[
        int, typer.Option(min=1, help="每个数据集核对多少行的取值 · Rows whose values are read.")
    ] = 100_000,
) -> None:
    """真实打开每个数据源，逐个核对绑定的数据集 · Open each source and look at what is bound."""
    term: Terminal = ctx.obj
    folder = file if file.is_dir() else file.parent
    if not file.is_dir() and file.name != FILE_NAME:
        raise ConfigMissing(file=FILE_NAME)
    checkup = check_sources(load_config(folder), folder, rows=rows)
    if term.json:
        term.print_json(checkup.to_json(term.lang))
    else:
        _print(term, checkup)
    if not checkup.is_sound:
        raise typer.Exit(1)


def _print(term: Terminal, checkup: Checkup) -> None:
    for source in checkup.sources:
        mark = "✗" if source.findings else "✓"
        term.lines([f"{mark} {source.name} ({source.kind})  {source.elapsed_ms} ms"])
        _print_findings(term, source.findings)
    for report in checkup.datasets:
        term.lines([_line(term, report)])
        _print_findings(term, report.findings)
    count = len(checkup.findings)
    term.lines(
        [
            term.pick("✓ 全部通过", "✓ all in order")
            if not count
            else term.pick(f"✗ 共 {count} 处需要处理", f"✗ {count} things need attention")
        ]
    )


def _line(term: Terminal, report: DatasetReport) -> str:
    """Return what there is to say of a dataset, in one line."""
    kept = sum(law.is_kept for law in report.laws)
    parts = [f"{'✗' if report.findings else '✓'} {report.dataset} → {report.resource}"]
    if report.rows is not None:
        parts.append(term.pick(f"{report.rows} 行", f"{report.rows} rows"))
        parts.append(term.pick(f"计数 {report.count_ms} ms", f"counted in {report.count_ms} ms"))
    if report.lookup_ms is not None:
        parts.append(
            term.pick(f"取一人 {report.lookup_ms} ms", f"one record in {report.lookup_ms} ms")
        )
    if report.checked_rows:
        parts.append(
            term.pick(f"核对 {report.checked_rows} 行", f"{report.checked_rows} rows looked at")
        )
    if report.laws:
        laws = f"{kept}/{len(report.laws)}"
        parts.append(term.pick(f"通则 {laws}", f"laws {laws}"))
    return "  ".join(parts)


def _print_findings(term: Terminal, findings: tuple[Fault, ...]) -> None:
    for finding in findings:
        term.lines(
            [
                f"  {finding.message(term.lang)}  ({finding.code})",
                f"    → {finding.next_step(term.lang)}",
            ]
        )
