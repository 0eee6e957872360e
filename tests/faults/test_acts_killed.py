"""Whoever dies before any commit of an act: nothing is half-issued, nothing half-handed-in."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import acts
import pytest
from proving import write_proving
from sqlalchemy import select
from town import CRASH

from builder.app import bring, opened
from builder.cases import commands, files, filing, keeping
from builder.store import cases as tables
from federation.store import read

SPECS = Path(__file__).parents[1] / "cases" / "spec"
SUPPORT = Path(acts.__file__).parent
COMMITS = {"hand-in": 37, "supplement": 15, "issue": 9}
"""How many commits each act makes, reading ones included."""
LATER = [(act, commit) for act, last in COMMITS.items() for commit in range(2, last + 1)]
pytestmark = [pytest.mark.slow, pytest.mark.processes]


@pytest.fixture
def ready(home, tmp_path):
    """Return a function: bring the city to where an act can be done."""

    def prepare(act: str) -> Path:
        if act == "issue":
            brought = bring(home, write_proving(tmp_path, acts.PAPERS), None, "designer")
        else:
            brought = bring(home, SPECS / acts.FILES, None, "designer")
        with opened(home) as platform:
            if act == "issue":
                me = platform.accounts.named(acts.CITIZEN)
                said = {"/wish/words": "好"}
                commands.apply_from_answers(platform, me, brought.deployment, said)
            if act == "supplement":
                acts.owing(platform)
        return home

    return prepare


def do(home: Path, act: str, commit: int) -> tuple[int, int]:
    """Do an act in a process of its own; return how it ended, and how many commits it tried."""
    armed = home / "crash"
    noted = Path(f"{armed}.commits")
    noted.unlink(missing_ok=True)
    path = os.pathsep.join([str(CRASH), str(SUPPORT), os.environ.get("PYTHONPATH", "")])
    ran = subprocess.run(
        [sys.executable, str(SUPPORT / "acts.py"), str(home), act, str(commit)],
        env={**os.environ, "PYTHONPATH": path, "SCENARIST_CRASH": str(armed)},
        check=False,
    )
    return ran.returncode, noted.stat().st_size if noted.exists() else 0


def happened(platform, act: str) -> bool:
    """Look at what one act left, all of it or nothing; tell which."""
    deployment = platform.deployments.get(acts.PAPERS if act == "issue" else acts.FILES)
    with read(deployment.engine) as conn:
        uploads = conn.execute(tables.upload.select()).all()
        papers = conn.execute(select(tables.document)).all()
    assert filing.missing(platform, deployment) == (len(uploads), 0)
    assert not deployment.journal.verify(platform.clock()).findings
    cases = acts.numbers(deployment, tables.case)
    if not cases:
        assert all(u.handed_in_at is None for u in uploads)
        return False
    (case_no,) = cases
    stored = keeping.load_case(deployment, case_no)
    events = Counter(e.kind for e in stored.events)
    assert events["submitted"] == 1
    if act == "hand-in":
        assert not acts.numbers(deployment, tables.draft)
        (upload,) = uploads
        assert upload.handed_in_at is not None
        assert stored.case.answers["wish"]["proof"] == upload.id
        return True
    if act == "supplement":
        sketches = [u for u in uploads if u.pointer == "/wish/sketch" and u.handed_in_at]
        assert len(sketches) == events["supplemented"] == (0 if stored.case.owing else 1)
        return not stored.case.owing
    written = deployment.journal.search(kind="document-issued", limit=5)
    is_done = stored.case.tasks["answer.1"].status == "done"
    assert len(papers) == len(written) == events["document_issued"] == is_done
    return is_done


def check(home: Path, act: str, commit: int) -> int:
    """Kill an act before a commit, look, do it again, look; return how the first try ended."""
    ended, _ = do(home, act, commit)
    with opened(home) as platform:
        was_done = happened(platform, act)
    assert do(home, act, 0)[0] == 0
    with opened(home) as platform:
        assert happened(platform, act)
        if act != "issue":
            deployment = platform.deployments.get(acts.FILES)
            files.sweep(platform, deployment)
            assert filing.missing(platform, deployment)[1] == 0
    assert ended == -signal.SIGKILL or was_done
    return ended


@pytest.mark.parametrize("act", list(acts.ACTS))
def test_an_act_killed_before_its_first_commit_is_done_once_in_the_end(ready, act):
    assert check(ready(act), act, 1) == -signal.SIGKILL


@pytest.mark.prove
@pytest.mark.parametrize(("act", "commit"), LATER)
def test_an_act_killed_before_any_later_commit_is_done_once_in_the_end(ready, act, commit):
    check(ready(act), act, commit)
