"""Check specs: `check`, all findings at once, each with its place and the way out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from builder.cases.walks import read_walks
from builder.cli.console import Terminal
from builder.errors import Fault, Findings
from builder.forms import compile_form, widget_kinds
from builder.scenario.load import load
from federation.ledger import load_catalog
from federation.store import resource

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add this room's commands."""
    app.command()(check)


def check(
    ctx: typer.Context,
    scenarios: Annotated[
        list[str], typer.Argument(help="场景目录或编号 · Folders or ids of scenarios.")
    ],
) -> None:
    """检查场景,一次给出全部问题 · Check scenarios, all findings at once."""
    term: Terminal = ctx.obj
    catalog = load_catalog()
    kinds = widget_kinds()
    results: list[dict[str, object]] = []
    for name in scenarios:
        folder = Path(name) if Path(name).is_dir() else resource(f"specs/scenarios/{name}")
        found = _findings(folder, kinds, catalog)
        results.append(
            {
                "scenario": folder.name,
                "ok": not found,
                "findings": [f.to_json(term.lang) for f in found],
            }
        )
        if not term.json:
            _print(term, folder.name, found)
    if term.json:
        term.print_json(results)
    if not all(r["ok"] for r in results):
        raise typer.Exit(1)


def _findings(folder: Path, kinds, catalog) -> tuple[Fault, ...]:  # type: ignore[no-untyped-def] # what `load` takes
    try:
        scenario = load(folder, kinds=kinds, catalog=catalog)
        for form in scenario.forms:
            compile_form(scenario, form.id)
        if folder == resource(f"specs/scenarios/{folder.name}"):
            read_walks(scenario.id)
    except Findings as findings:
        return findings.findings
    except Fault as fault:
        return (fault,)
    return ()


def _print(term: Terminal, name: str, found: tuple[Fault, ...]) -> None:
    if not found:
        term.lines([f"✓ {name}"])
        return
    term.lines([f"✗ {name}: " + term.pick(f"{len(found)} 处问题", f"{len(found)} findings")])
    for fault in found:
        line = fault.facts.get("file_line")
        place = f"{fault.where or '/'}" + (f" (line {line})" if line else "")
        term.lines(
            [
                f"  {place}",
                f"    {fault.message(term.lang)}  [{fault.code}]",
                f"    → {fault.next_step(term.lang)}",
            ]
        )
