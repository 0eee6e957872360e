"""Files in answer files and walks: this machine's own people name them, nobody else can."""

from __future__ import annotations

import json

import papers
import pytest

from builder.app import rehearsal
from builder.cases import commands, walks
from builder.cases.local import LocalFile, local_files
from builder.cases.walks import read_walks
from builder.uploads.errors import UploadUnknown
from tests.uploads.conftest import SPEC


def test_the_walk_of_the_matter_hands_files_in_and_sees_a_wrong_one_refused(home):
    with rehearsal(home) as (platform, clock):
        (walk,) = read_walks(SPEC)
        outcome = walks.run(platform, clock, "340100/t07-files", walk)
    assert outcome.fault is None, outcome.fault.message("en")
    assert outcome.steps == len(walk.steps)


def test_answers_of_the_command_line_take_files(city, tmp_path):
    (tmp_path / "scan.pdf").write_bytes(papers.pdf())
    said = {"/wish/words": "好", "/wish/proof": {"file": "scan.pdf"}}
    who = city.platform.accounts.named("sun-lei")
    receipt = commands.apply_from_answers(
        city.platform, who, city.deployment.id, local_files(said, tmp_path)
    )
    (row,) = city.rows()
    assert city.stored(receipt.case_no).case.answers["wish"]["proof"] == row.id
    assert row.name == "scan.pdf"


def test_a_walk_takes_no_file_from_outside_its_folder(tmp_path):
    (tmp_path / "secret.pdf").write_bytes(b"x")
    inside = tmp_path / "walks"
    inside.mkdir()
    for name in ("../secret.pdf", str(tmp_path / "secret.pdf"), "nothing.pdf"):
        with pytest.raises(UploadUnknown):
            local_files({"/a/b": {"file": name}}, inside, inside=True)


def test_a_path_in_what_was_posted_is_only_a_wrong_answer(city):
    who = city.platform.accounts.named("sun-lei")
    case_no = commands.open_draft(city.platform, who, city.deployment.id).case_no
    answers = {"/wish/words": "好", "/wish/proof": {"file": "/etc/passwd"}}
    saved = commands.save_answers(
        city.platform, who, case_no, "papers", json.loads(json.dumps(answers))
    )
    assert [e["code"] for e in saved.errors] == ["forms.file-required"]
    assert not city.rows()
    assert LocalFile not in map(type, answers.values())
