"""One Node process, one DuckDB and one PostgreSQL for all cases of expressions."""

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import duckdb
import psycopg
import pytest


class Node:
    """Asks `templates/assets/expr.js`, a batch at a time."""

    def __init__(self, process):
        self._process = process

    def ask(self, what, batch):
        self._process.stdin.write(json.dumps([what, batch]) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "Node ended: its error is among what this test wrote"
        return json.loads(line)


@pytest.fixture(scope="session")
def node():
    command = ["node", str(Path(__file__).with_name("node.mjs"))]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        yield Node(process)
        process.stdin.close()


@pytest.fixture(scope="session")
def duck():
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("SET TimeZone = 'Asia/Shanghai'")
        yield connection


@pytest.fixture(scope="session")
def postgres():
    """Yield a session of a server of one's own."""
    folder = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), Path())
    if not (folder / "initdb").exists():
        pytest.skip("no PostgreSQL server is installed")
    home = Path(tempfile.mkdtemp(prefix="pg"))
    user = {}
    if os.geteuid() == 0:  # the server refuses to run as root
        shutil.chown(home, "postgres")
        user = {"user": "postgres"}

    def run(name, *arguments):
        command = [folder / name, "-D", home / "data", *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=home, **user)

    run("initdb", "-A", "trust", "-U", "city", "-N", "-E", "UTF8")
    options = f"-c listen_addresses='' -c unix_socket_directories={home} -c fsync=off"
    run("pg_ctl", "-w", "-l", home / "log", "-o", options, "start")
    try:
        with psycopg.connect(
            f"postgresql://city@/postgres?host={home}", autocommit=True
        ) as session:
            session.execute("SET TimeZone = 'Asia/Shanghai'")
            yield session
    finally:
        run("pg_ctl", "-m", "immediate", "stop")
        shutil.rmtree(home)
