"""Every broken spec is refused with all that is wrong with it, each at its place."""

import copy
import json
from pathlib import Path

import pytest

from builder.scenario import errors
from builder.scenario.load import FILE, check

CASES = Path(__file__).parents[1] / "cases"
BAD = sorted((CASES / "spec_bad").glob("*.json"))


def patched(doc, patch):
    """Apply the add, replace and remove of RFC 6902."""
    doc = copy.deepcopy(doc)
    for change in patch:
        *path, last = [
            p.replace("~1", "/").replace("~0", "~") for p in change["path"].split("/")[1:]
        ]
        here = doc
        for part in path:
            here = here[int(part) if isinstance(here, list) else part]
        if isinstance(here, list) and change["op"] == "add":
            here.insert(len(here) if last == "-" else int(last), change["value"])
        elif change["op"] == "remove":
            del here[int(last) if isinstance(here, list) else last]
        else:
            assert change["op"] == "add" or isinstance(here, list) or last in here
            here[int(last) if isinstance(here, list) else last] = change["value"]
    return doc


def findings(case, tmp_path, kinds, catalog):
    base = case.get("base", "t01-everything")
    folder = tmp_path / base
    folder.mkdir()
    text = case.get("text")
    if text is None:
        good = json.loads((CASES / "spec" / base / FILE).read_text(encoding="utf-8"))
        text = json.dumps(patched(good, case["patch"]), ensure_ascii=False, indent=1)
    (folder / FILE).write_text(text, encoding="utf-8")
    return check(folder, kinds=kinds, catalog=catalog)


@pytest.mark.parametrize("path", BAD, ids=lambda p: p.stem)
def test_a_broken_spec_is_told_everything_that_is_wrong_and_where(path, tmp_path, kinds, catalog):
    case = json.loads(path.read_text(encoding="utf-8"))
    found = findings(case, tmp_path, kinds, catalog)
    told = sorted((f.code, f.where or "") for f in found)
    assert told == sorted((e["code"], e["where"] or "") for e in case["expect"])
    for fault in found:
        assert fault.message("zh")
        assert fault.message("en")
        assert fault.next_step("zh")
        assert fault.next_step("en")
        assert fault.where is None or "file_line" in fault.facts or "line" in fault.facts


def test_every_kind_of_finding_has_its_case():
    told = {
        entry["code"]
        for path in BAD
        for entry in json.loads(path.read_text(encoding="utf-8"))["expect"]
    }
    known = {getattr(errors, name).code for name in errors.__all__ if getattr(errors, name).code}
    elsewhere = {"scenario.source-missing", "scenario.source-too-large"}  # tests/scenario/test_load
    assert known - told - elsewhere == set()
