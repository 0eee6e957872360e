"""Bring in forms that others wrote: `import-form` makes a draft scenario with a loss report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from builder.cli.console import Terminal
from builder.imports import Report, Wishes, import_file, write_folder
from federation.ledger import load_catalog
from federation.store import resource

__all__ = ["register"]

_SHOWN = 12


def register(app: typer.Typer) -> None:
    """Add this room's commands."""
    app.command("import-form")(import_form)


def import_form(
    ctx: typer.Context,
    file: Annotated[
        Path, typer.Argument(help="JSON Schema、Excel 字段清单或 DocType · Form of others.")
    ],
    scenario: Annotated[str, typer.Option("--as", metavar="ID", help="场景编号 · Scenario id.")],
    out: Annotated[
        Path | None, typer.Option(help="草稿放在其下的 ID 目录 · Draft goes into ID below.")
    ] = None,
    title: Annotated[str, typer.Option(help="中文名称 · Title in Chinese.")] = "",
    title_en: Annotated[str, typer.Option(help="英文名称 · Title in English.")] = "",
    party: Annotated[str | None, typer.Option(help="牵头部门编号 · Lead department.")] = None,
) -> None:
    """把外来表单变成场景草稿，并说明丢了什么 · Make a draft of a form that others wrote."""
    term: Terminal = ctx.obj
    wishes = Wishes(scenario, title, title_en, party)
    parties = frozenset(load_catalog().owners)
    imported = import_file(file, wishes, parties)
    folder = _named(out or Path(), scenario)
    files = write_folder(folder, imported, file.name, _officers())
    if term.json:
        term.print_json(
            {
                "scenario": scenario,
                "folder": str(folder),
                "files": [str(path) for path in files],
                **imported.report.to_json(),
            }
        )
        return
    _print(term, folder, imported.report)


def _named(out: Path, scenario: str) -> Path:
    """Return the draft's folder: a scenario's folder is called as its id."""
    return out if out.name == scenario else out / scenario


def _officers() -> dict[str, str]:
    """Return an officer's account of each department of the demo city that has one."""
    city = json.loads(resource("specs/city/city.json").read_text(encoding="utf-8"))
    return {a["party"]: a["account"] for a in city["accounts"] if "officer" in a["roles"]}


def _print(term: Terminal, folder: Path, report: Report) -> None:
    carried, changed, lost = (report.of(fate) for fate in ("carried", "changed", "lost"))
    term.lines([f"✓ {folder}"])
    zh = f"  照原样 {len(carried)} · 改了写法 {len(changed)} · 没有带过来 {len(lost)}"
    en = f"  as it was {len(carried)} · said otherwise {len(changed)} · lost {len(lost)}"
    term.lines([term.pick(zh, en)])
    for line in (*lost, *changed)[:_SHOWN]:
        sign = "✗" if line.fate == "lost" else "≈"
        why = term.say(line.why) if line.why else ""
        term.lines([f"  {sign} {line.where}", f"      {why}"])
    if len(lost) + len(changed) > _SHOWN:
        more = len(lost) + len(changed) - _SHOWN
        term.lines(
            [term.pick(f"  … 还有 {more} 条，见 import.json", f"  … {more} more in import.json")]
        )
    term.lines([term.pick("  由人决定：", "  For a person to decide:")])
    term.lines([f"  · {term.say(text)}" for text in report.decide])
    term.lines([term.pick(f"下一步：scenarist check {folder}", f"Next: scenarist check {folder}")])
