"""Write an imported draft as a scenario's folder: spec, README, one walk, and what was lost."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import cast

from builder.forms import compile_form, example_answers, journey
from builder.imports.errors import FolderTaken
from builder.imports.reading import Imported
from builder.imports.report import Line, Report
from builder.scenario.load import restore
from builder.scenario.model import Json, Scenario

__all__ = ["example_walk", "write_folder"]

START = "2026-11-02T09:00:00+08:00"
_TODAY = date(2026, 11, 2)
_SEED = 7


def write_folder(
    folder: Path, imported: Imported, source: str, officers: Mapping[str, str]
) -> tuple[Path, ...]:
    """Write the files of a draft; return them.

    Args:
        folder: made anew; one that holds anything is left alone.
        source: name of the file it came from.
        officers: department → account of an officer, for the walk.

    Raises:
        FolderTaken: the folder holds something.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FolderTaken(folder=folder.name)
    scenario = restore(imported.scenario)
    made = {
        "scenario.json": _json(imported.scenario),
        "README.md": _readme(scenario, imported.report, source),
        "walks/happy.json": _json(example_walk(scenario, officers.get(scenario.meta.lead))),
        "import.json": _json(imported.report.to_json()),
    }
    for name, text in made.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tuple(folder / name for name in made)


def example_walk(scenario: Scenario, officer: str | None) -> dict[str, Json]:
    """Return a walk with made-up answers: filled in page by page, handed in, approved.

    Without an officer's account it ends where the matter is handed in.
    """
    form = compile_form(scenario, scenario.process.form)
    answers = example_answers(form, _SEED, _TODAY)
    steps: list[Json] = [{"as": "chen-jing", "do": "open"}]
    for page in journey(form, answers, _TODAY).pages:
        controls = [c for c in form.page(page).controls() if c.question.kind != "upload"]
        asked = [c.question.pointer for c in controls if c.question.pointer]
        given: dict[str, Json] = {p: answers[p] for p in asked if answers.get(p) is not None}
        steps.append({"as": "chen-jing", "do": "fill", "page": page, "answers": given})
    handed: dict[str, Json] = {"status": "running", "tasks_open": ["handle"]}
    steps.append({"as": "chen-jing", "do": "submit", "expect": handed})
    if officer is not None:
        acted: dict[str, Json] = {"task": "handle", "action": "approve"}
        done: dict[str, Json] = {"status": "completed"}
        steps.append({"as": officer, "do": "act", **acted, "expect": done})
    return {
        "id": "happy",
        "title": {"zh": "填报、提交、通过", "en": "Filled in, handed in, approved"},
        "start": START,
        "steps": steps,
    }


def _readme(scenario: Scenario, report: Report, source: str) -> str:
    title = scenario.meta.title
    changed, lost = report.of("changed"), report.of("lost")
    count = len(report.of("carried"))
    zh = [
        f"# {title.zh}",
        _told_zh(source, count, len(changed), len(lost)),
        "## 发布前由人决定",
        *(f"- {text.zh}" for text in report.decide),
        *_section("## 没有带过来", lost, "zh"),
        *_section("## 改了写法", changed, "zh"),
    ]
    en = [
        "---",
        f"# {title.en}",
        _told_en(source, count, len(changed), len(lost)),
        "## To be decided by a person",
        *(f"- {text.en}" for text in report.decide),
        *_section("## Lost", lost, "en"),
        *_section("## Said otherwise", changed, "en"),
    ]
    return "\n\n".join(_joined([*zh, *en])) + "\n"


def _told_zh(source: str, carried: int, changed: int, lost: int) -> str:
    return (
        f"由“{source}”导入的草稿。{carried} 个关键字照原样带过来，{changed} 个改了写法，"
        f"{lost} 个没有带过来。逐条见 `import.json`。"
    )


def _told_en(source: str, carried: int, changed: int, lost: int) -> str:
    return (
        f"A draft imported from “{source}”. {carried} keywords are as they were, {changed} are "
        f"said otherwise, {lost} are lost. All of them stand in `import.json`."
    )


def _joined(blocks: list[str]) -> list[str]:
    """Return blocks with the lines of each list together."""
    made: list[str] = []
    for block in blocks:
        if made and block.startswith("- ") and made[-1].startswith("- "):
            made[-1] += f"\n{block}"
        else:
            made.append(block)
    return made


def _section(head: str, lines: tuple[Line, ...], lang: str) -> list[str]:
    """Return a list of what became of keywords, alike ones together."""
    alike: dict[str, list[str]] = {}
    for line in lines:
        why = "" if line.why is None else line.why.zh if lang == "zh" else line.why.en
        alike.setdefault(why, []).append(f"`{line.where}`")
    return [head, *(f"- {why} {_few(places)}" for why, places in alike.items())] if alike else []


def _few(places: list[str]) -> str:
    more = f" … ({len(places)})" if len(places) > 5 else ""
    return ", ".join(places[:5]) + more


def _json(doc: object) -> str:
    return json.dumps(cast("Json", doc), ensure_ascii=False, indent=2) + "\n"
