"""One act of one person on a city, done by a process that may die before any of its commits.

``python acts.py HOME ACT N``: do the act unless it is done already; before the N-th commit from its
beginning the process kills itself (``faults/crash``). 0 lets it live.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import papers
from people import Reader
from sqlalchemy import select

from builder.app import open_platform
from builder.cases import commands, keeping
from builder.cases.commands import Wish
from builder.cases.local import local_files
from builder.store import cases as tables
from builder.web import Limits, create_app
from federation.store import read

FILES, PAPERS = "t07-files", "t02-proving"
CITIZEN, OFFICER = "sun-lei", "officer-civil-affairs"


def numbers(deployment, table) -> list[str]:
    """Return the numbers of all cases, or drafts, of a deployment."""
    with read(deployment.engine) as conn:
        return list(conn.scalars(select(table.c.case_no)))


def owing(platform) -> str:
    """Hand in an application that owes a file; return its number."""
    who = platform.accounts.named(CITIZEN)
    answers = {"/wish/words": "好", "/wish/proof": {"file": "a.pdf"}, "/wish/age": 101}
    return _from_answers(
        lambda files: commands.apply_from_answers(
            platform, who, platform.deployments.get(FILES).id, files
        ),
        {**answers, "/wish/sketch~later": True},
        "a.pdf",
        papers.pdf(),
    ).case_no


def hand_in(platform) -> None:
    """Fill in the form on its pages, with a file, and hand in."""
    deployment = platform.deployments.get(FILES)
    if numbers(deployment, tables.case):
        return
    who = platform.accounts.named(CITIZEN)
    drafts = numbers(deployment, tables.draft)
    draft = drafts[0] if drafts else commands.open_draft(platform, who, deployment.id).case_no
    app = create_app(platform, secret=b"s" * 32, limits=Limits(posts="10000 per minute"))
    client = app.test_client()
    token = platform.sessions.begin(who)
    with client.session_transaction() as session:
        session["sign_in"] = token
    reader = Reader(client).open(f"/drafts/{draft}/pages/papers")
    reader.fill("内容", "修路灯")
    if "户口簿.pdf" not in reader.text:
        reader.fill("选择文件 证明材料", [("户口簿.pdf", papers.pdf())])
    reader.press("保存并继续").press("提交申请")
    assert reader.status == 200, reader.text


def supplement(platform) -> None:
    """Supply the file that is owed."""
    deployment = platform.deployments.get(FILES)
    (case_no,) = numbers(deployment, tables.case)
    if keeping.load_case(deployment, case_no).case.owing:
        who = platform.accounts.named(CITIZEN)
        _from_answers(
            lambda files: commands.supplement_with_answers(platform, who, case_no, files),
            {"/wish/sketch": {"file": "b.png"}},
            "b.png",
            papers.png(),
        )


def issue(platform) -> None:
    """Approve what leads to a certificate."""
    deployment = platform.deployments.get(PAPERS)
    (case_no,) = numbers(deployment, tables.case)
    case = keeping.load_case(deployment, case_no).case
    if case.tasks["answer.1"].status == "open":
        officer = platform.accounts.named(OFFICER)
        commands.act_with_answers(platform, officer, case_no, "answer", Wish("approve"), {})


ACTS: Mapping[str, Callable[[object], None]] = {
    "hand-in": hand_in,
    "supplement": supplement,
    "issue": issue,
}


def _from_answers(do, answers, name: str, data: bytes):
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, name).write_bytes(data)
        return do(local_files(answers, Path(folder)))


def main(home: str, act: str, commit: str) -> None:
    """Open the city and do the act."""
    platform = open_platform(Path(home))
    Path(os.environ["SCENARIST_CRASH"]).write_text(commit)
    ACTS[act](platform)
    platform.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
