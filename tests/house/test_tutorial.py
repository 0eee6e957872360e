"""The tutorial does what it says: its files are written, its commands are run, in its order."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.slow
def test_a_newcomer_who_follows_the_tutorial_carries_a_matter_of_their_own(home, tmp_path):
    text = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
    script = ["set -euo pipefail"]
    place = tmp_path / "newcomer"
    place.mkdir()
    for kind, name, body in _BLOCK.findall(text):
        if name:
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_text(body, encoding="utf-8")
        elif kind == "sh":
            script.append(body)
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ran = subprocess.run(
        ["bash", "-c", "\n".join(script)],
        cwd=place, env={**os.environ, "PATH": programs, "SCENARIST_HOME": str(home)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-3000:]
    assert "YL-0002" in json.dumps(_answers(home), ensure_ascii=False)
    assert "1 个通过，0 个不符" in ran.stdout
    assert "civil_affairs.reading_card_card" in ran.stdout
    assert "police.household" in ran.stdout


def _answers(home: Path) -> list[object]:
    from builder.app import opened
    from builder.cases import keeping, views

    with opened(home) as platform:
        deployment = platform.deployments.get("reading-card")
        _, cases = views.my_matters(platform, platform.accounts.named("chen-jing"))
        found = [keeping.load_case(deployment, line.case_no) for line in cases]
        assert [c.case.status for c in found] == ["completed"]
        rows = {d.id: d.rows for d in platform.hub.offer("civil-affairs").datasets}
        assert rows["civil_affairs.reading_card_card"] == 1
        assert rows["civil_affairs.s23_afterlife_case"] == 0
        return [c.case.answers for c in found]
