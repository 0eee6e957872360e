"""What one process deploys, the others that run take up by themselves."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from builder.app import bring, opened
from builder.cases import commands, views
from builder.cases.errors import DeploymentUnknown
from builder.work import work_once

SMALLEST = Path(__file__).parents[1] / "cases" / "spec" / "t02-smallest"
ID = "340100/t02-smallest"


@pytest.fixture
def folder(tmp_path):
    return Path(shutil.copytree(SMALLEST, tmp_path / "t02-smallest"))


def test_a_running_process_takes_a_new_matter_and_a_new_version_up(platform, home, folder, who):
    with pytest.raises(DeploymentUnknown):
        platform.deployments.get(ID)
    bring(home, folder, None, "designer")
    found = platform.deployments.get(ID)
    me = who("sun-lei")
    receipt = commands.apply_from_answers(platform, me, ID, {"/wish/words": "好"})
    assert platform.deployments.of_case(receipt.case_no) is found
    work_once(platform)
    assert f"case:{ID}" in platform.journals

    file = folder / "scenario.json"
    doc = json.loads(file.read_text(encoding="utf-8"))
    doc["scenario"]["version"] = "2.0.0"
    file.write_text(json.dumps(doc), encoding="utf-8")
    bring(home, folder, None, "designer")
    platform.deployments.refresh()
    assert platform.deployments.get(ID) is found
    assert found.current.meta.version == "2.0.0"
    assert views.case(platform, me, receipt.case_no).status == "running"


def test_a_case_begun_in_another_process_is_found(platform, home, folder):
    bring(home, folder, None, "designer")
    with opened(home) as other:
        me = other.accounts.named("sun-lei")
        number = commands.apply_from_answers(other, me, ID, {"/wish/words": "好"}).case_no
    assert platform.deployments.of_case(number).id == ID
