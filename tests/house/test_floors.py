"""The floors of the house hold, in the import graph and at run time."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_import_contract_is_kept():
    ran = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-4000:]


def test_nothing_names_a_machine_or_a_registry():
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    needles = ["/wo" + "rk/", "/ro" + "ot/", "--extra-index" + "-url", '"resolved": "ht' + "tp"]
    found = [
        f"{name}: {needle}"
        for name in listed
        if (text := _text(ROOT / name)) is not None
        for needle in needles
        if needle in text
    ]
    assert not found


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (UnicodeDecodeError, FileNotFoundError):
        return None
