"""Run `scenarist` as people do: as a program, or in this process where hundreds are run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from builder.cli import main

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        """The one JSON document on stdout."""
        return json.loads(self.out)

    @property
    def fault(self):
        """The one JSON shape of a fault, on stderr after any progress."""
        assert self.code == 1, (self.code, self.err)
        assert "Traceback" not in self.err
        found = json.loads(self.err[self.err.index("{") :])
        assert set(found) >= {"code", "message", "facts", "where", "next"}
        assert found["message"]
        assert found["next"]
        return found


@pytest.fixture
def program(home: Path) -> Callable[..., Ran]:
    """Return a function that runs the installed program on a city of one's own."""

    def run(*arguments: object, at: Path | None = None, **environment: str) -> Ran:
        known = {k: v for k, v in os.environ.items() if not k.startswith("SCENARIST_")}
        done = subprocess.run(
            [Path(sys.executable).parent / "scenarist", *map(str, arguments)],
            env={**known, "SCENARIST_HOME": str(at or home), **environment},
            cwd=ROOT, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr[-3000:]
        return Ran(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def cli(home: Path, monkeypatch, capsys) -> Callable[..., Ran]:
    """Return a function that runs a command line in this process, on a city of one's own."""
    for name in [n for n in os.environ if n.startswith("SCENARIST_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(ROOT)

    def run(*arguments: object, at: Path | None = None) -> Ran:
        monkeypatch.setenv("SCENARIST_HOME", str(at or home))
        monkeypatch.setattr(sys, "argv", ["scenarist", *map(str, arguments)])
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        told = capsys.readouterr()
        return Ran(code, told.out, told.err)

    return run
