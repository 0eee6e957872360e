"""`import-form` as people run it, and a matter handed in in the foreign shape."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from builder.app import bring
from tests.imports.conftest import FORMS, source
from tests.imports.instances import Maker

pytestmark = pytest.mark.slow
PROGRAM = Path(sys.executable).parent / "scenarist"


def _run(*arguments, code=0):
    done = subprocess.run(
        [PROGRAM, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=120
    )
    assert "Traceback" not in done.stderr
    assert done.returncode == code, done.stderr
    return done


def test_a_form_is_imported_checked_and_taken_in_its_own_shape(home, tmp_path):
    folder = tmp_path / "t90-contacts"
    made = _run(
        "--json", "import-form", FORMS / "key_contacts.json", "--as", "t90-contacts",
        "--out", folder,
        "--title", "主要联系人", "--title-en", "Key contacts", "--party", "civil-affairs",
    )  # fmt: skip
    told = json.loads(made.stdout)
    assert len(told["files"]) == 4
    assert not told["lost"][1:]
    checked = json.loads(_run("--json", "check", folder).stdout)
    assert checked[0]["ok"]
    assert len(checked[0]["notes"]) > 100
    bring(home, folder, None, "designer")
    good = tmp_path / "good.json"
    good.write_text(json.dumps(Maker(source("key_contacts")["schema"], 4).document()), "utf-8")
    start = ("--home", home, "--json", "start", "t90-contacts", "--as", "chen-jing", "--answers")
    receipt = json.loads(_run(*start, good, "--foreign").stdout)
    assert receipt["case_no"]
    bad = tmp_path / "bad.json"
    bad.write_text('{"applicant_organization_name": "A", "key_contacts": [{"phone": 5}]}', "utf-8")
    fault = json.loads(_run(*start, bad, "--foreign", code=1).stderr)
    assert "/key_contacts/0/phone" in {finding["where"] for finding in fault["findings"]}


def test_what_cannot_be_imported_is_told_and_leaves_nothing(tmp_path):
    broken = tmp_path / "x.json"
    broken.write_text('{"properties": {"a": {"$ref": "#/nowhere"}}}', "utf-8")
    out = tmp_path / "t91-x"
    told = _run("--json", "import-form", broken, "--as", "t91-x", "--out", out, code=1)
    assert json.loads(told.stderr)["findings"][0]["code"] == "import.ref"
    assert not out.exists()
    out.mkdir()
    (out / "mine.txt").write_text("kept", "utf-8")
    taken = ("--json", "import-form", FORMS / "sflll.json", "--as", "t91-x", "--out", tmp_path)
    assert json.loads(_run(*taken, code=1).stderr)["code"] == "import.folder-taken"


def test_a_draft_lies_in_a_folder_of_its_own_name(tmp_path):
    form = FORMS / "key_contacts.json"
    made = _run("--json", "import-form", form, "--as", "t92-x", "--out", tmp_path / "drafts")
    folder = tmp_path / "drafts" / "t92-x"
    assert json.loads(made.stdout)["folder"] == str(folder)
    assert json.loads(_run("--json", "check", folder).stdout)[0]["ok"]
