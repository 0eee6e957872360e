"""Check specs: `check`, all findings at once, each with its place and the way out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from builder.app import bring
from builder.cases.walks import read_walks
from builder.cli.console import Terminal
from builder.documents import word
from builder.errors import Fault, Findings
from builder.forms import compile_form, widget_kinds
from builder.scenario.load import FILE, load, untranslated
from builder.scenario.source import read_source
from federation.ledger import load_catalog
from federation.store import resource

__all__ = ["id_in", "register", "scenario_folder"]


def register(app: typer.Typer) -> None:
    """Add this room's commands."""
    app.command()(check)
    app.command()(deploy)


def check(
    ctx: typer.Context,
    scenarios: Annotated[
        list[str], typer.Argument(help="场景目录或编号 · Folders or ids of scenarios.")
    ],
) -> None:
    """检查场景，一次给出全部问题 · Check scenarios, all findings at once."""
    term: Terminal = ctx.obj
    catalog = load_catalog()
    kinds = widget_kinds()
    results: list[dict[str, object]] = []
    for name in scenarios:
        folder = scenario_folder(name) or resource(f"specs/scenarios/{name}")
        found = _findings(folder, kinds, catalog)
        notes = _notes(folder)
        results.append(
            {
                "scenario": folder.name,
                "ok": not found,
                "findings": [f.to_json(term.lang) for f in found],
                "notes": [{"code": "scenario.untranslated", "where": where} for where in notes],
            }
        )
        if not term.json:
            _print(term, folder.name, found)
            _print_notes(term, notes)
    if term.json:
        term.print_json(results)
    if not all(r["ok"] for r in results):
        raise typer.Exit(1)


def deploy(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Argument(help="场景目录 · Folder of a scenario.")],
    user: Annotated[
        str, typer.Option("--as", metavar="USER", help="设计员 · A designer's account.")
    ] = "designer",
    county: Annotated[
        str | None, typer.Option(help="县（市、区）代码或名称，默认全市 · Code or name; the city.")
    ] = None,
) -> None:
    """部署一个场景，并向各部门申请授权 · Deploy a scenario, ask the owners for grants."""
    term: Terminal = ctx.obj
    brought = bring(term.home, folder, county, user)
    if term.json:
        term.print_json(brought)
        return
    term.lines([f"✓ {brought.deployment}  {brought.version}"])
    term.table(
        [
            term.pick("授权", "Grant"),
            term.pick("数据所有方", "Owner"),
            term.pick("数据集", "Dataset"),
            term.pick("用途", "Purpose"),
        ],
        [(g.id, g.ask.owner, g.ask.dataset, g.ask.purpose) for g in brought.grants],
        title=term.pick("等待各部门审批", "Waiting for the owners"),
    )


def scenario_folder(name: str) -> Path | None:
    """Return the folder that a person named; None where the name is no folder."""
    try:
        return Path(name) if name and Path(name).is_dir() else None
    except (OSError, ValueError):
        return None


def id_in(folder: Path | None) -> str | None:
    """Return the id of the scenario in a folder, as far as it can be read."""
    try:
        doc = json.loads((folder / "scenario.json").read_text(encoding="utf-8")) if folder else {}
        return str(doc["scenario"]["id"]) if folder else None
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None


def _findings(folder: Path, kinds, catalog) -> tuple[Fault, ...]:  # type: ignore[no-untyped-def] # what `load` takes
    try:
        scenario = load(folder, kinds=kinds, catalog=catalog)
        for form in scenario.forms:
            compile_form(scenario, form.id)
        if (folder / "walks").is_dir():
            read_walks(folder)
        return tuple(word.findings(folder, scenario))
    except Findings as findings:
        return findings.findings
    except Fault as fault:
        return (fault,)


def _notes(folder: Path) -> tuple[str, ...]:
    """Return the texts of a scenario that wait for a translation."""
    try:
        return tuple(untranslated(read_source(folder / FILE).doc))
    except Fault:
        return ()


def _print_notes(term: Terminal, notes: tuple[str, ...]) -> None:
    if notes:
        few = "、".join(notes[:3]) if term.lang == "zh" else ", ".join(notes[:3])
        more = "…" if len(notes) > 3 else ""
        count = len(notes)
        zh, en = f"{count} 处文字待翻译：{few}{more}", f"{count} to translate: {few}{more}"
        term.lines([f"  · {term.pick(zh, en)}"])


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
