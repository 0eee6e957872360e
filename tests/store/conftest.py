"""A real PostgreSQL server for the tests that name it, on a socket of its own."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

BIN = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), Path("/usr/bin"))


@pytest.fixture(scope="session")
def postgres():
    """Yield the URL of a fresh cluster; it is stopped and removed afterwards."""
    if not (BIN / "initdb").exists():
        pytest.skip("no PostgreSQL server is installed")
    home = Path(tempfile.mkdtemp(prefix="pg"))
    user = {}
    if os.geteuid() == 0:  # the server refuses to run as root
        shutil.chown(home, "postgres")
        user = {"user": "postgres"}

    def run(*command):
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=home, **user)

    data = home / "data"
    run(BIN / "initdb", "-D", data, "-A", "trust", "-U", "city", "-N")
    options = f"-c listen_addresses='' -c unix_socket_directories={home} -c fsync=off"
    ctl = [BIN / "pg_ctl", "-D", data, "-w", "-l", home / "log"]
    run(*ctl, "-o", options, "start")
    try:
        yield f"postgresql://city@/postgres?host={home}"
    finally:
        run(*ctl, "-m", "immediate", "stop")
        shutil.rmtree(home)
