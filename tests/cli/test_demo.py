"""The demo city as the README starts it: a relative folder, every department a program."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from ports import APART, free_port
from town import until

pytestmark = [pytest.mark.slow, pytest.mark.processes, pytest.mark.postgres]

SCENARIST = Path(sys.executable).parent / "scenarist"


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that the database server's user may look into."""
    with tempfile.TemporaryDirectory(prefix="demo-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def scenarist(place: Path, *arguments: str) -> subprocess.Popen[str]:
    known = {k: v for k, v in os.environ.items() if not k.startswith("SCENARIST_")}
    return subprocess.Popen(
        [SCENARIST, "--home", "city", "--lang", "en", *arguments],
        cwd=place, env=known, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def test_a_city_of_programs_starts_in_a_relative_folder_is_sound_and_ends(place):
    port = APART + 500 + free_port() % 100
    demo = scenarist(place, "demo", "--processes", "--port", str(port))

    def is_served() -> bool:
        assert demo.poll() is None, demo.communicate()[0][-2000:]
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as page:
                return page.status == 200
        except (urllib.error.URLError, OSError):
            return False

    try:
        until(is_served, limit_s=120)
        doctor = scenarist(place, "doctor")
        said = doctor.communicate(timeout=120)[0]
        assert doctor.returncode == 0, said
        assert "Node" in said
    finally:
        demo.send_signal(signal.SIGTERM)
        said = demo.communicate(timeout=60)[0]
    assert demo.returncode == 0, said
    assert "Traceback" not in said
