"""What the README promises is there, and its commands run as they stand."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
_SHELL = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_link_of_a_document_leads_somewhere(page):
    targets = _LINK.findall(page.read_text(encoding="utf-8"))
    missing = [t for t in targets if "://" not in t and not (page.parent / t).exists()]
    assert not missing


def test_every_document_can_be_reached_from_the_readme():
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        for target in _LINK.findall(page.read_text(encoding="utf-8")):
            place = (page.parent / target).resolve()
            waiting += sorted(place.glob("*.md")) if place.is_dir() else [place]
    assert set(PAGES) <= reached, sorted(str(p) for p in set(PAGES) - reached)


def test_the_make_targets_that_the_readme_names_are_there():
    make = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"\bmake ([a-z-]+)", (ROOT / "README.md").read_text(encoding="utf-8")))
    assert {"demo", "test"} <= named
    for target in named:
        assert re.search(rf"^{target}:", make, re.MULTILINE), target


@pytest.mark.slow
def test_the_commands_of_the_readme_run_as_they_stand(home, tmp_path):
    """`HF…` is the number that `start` gave just before; the rest is taken literally."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    lines = [
        line
        for block in _SHELL.findall(text)
        for line in block.splitlines()
        if "scenarist " in line or line.startswith("echo ")
    ]
    assert len(lines) >= 8
    script = ["set -euo pipefail", f'ln -s "{ROOT}/specs" specs']
    for line in lines:
        command = line.partition("#")[0].rstrip()
        if " start " in command:
            command = f"{command} | tee started.txt"
            command += "\nnumber=$(grep -oE 'HF[0-9]{8}-[0-9A-Z]{6}' started.txt)"
        script.append(command.replace("HF…", '"$number"'))
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ran = subprocess.run(
        ["bash", "-c", "\n".join(script)],
        cwd=tmp_path, env={**os.environ, "PATH": programs, "SCENARIST_HOME": str(home)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, (ran.stdout[-500:], ran.stderr[-3000:])
    assert "全部完整" in ran.stdout
