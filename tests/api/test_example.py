"""The example of docs/api.md runs word for word against a city that is served for real."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from served import served

from builder.app import demo_password

_SHELL = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_worked_example_runs_as_it_stands(home, tmp_path):
    blocks = _SHELL.findall(Path("docs/api.md").read_text(encoding="utf-8"))
    assert len(blocks) == 1
    with served(home) as server:
        environment = {
            **os.environ,
            "CITY": f"http://127.0.0.1:{server.port}",
            "PASSWORD": demo_password(),
            "TMPDIR": str(tmp_path),
        }
        ran = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", blocks[0]],
            env=environment, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert "After a death" in ran.stdout
    assert "running" in ran.stdout
    assert "police.kinship" in ran.stdout
    assert ran.stdout.strip().endswith("done")
