"""One Node process, one DuckDB and one PostgreSQL for all cases of expressions."""

import json
import subprocess
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
def postgres(postgres_server):
    """Yield a session of a database of one's own."""
    url = postgres_server.url_of(postgres_server.database())
    with psycopg.connect(url, autocommit=True) as session:
        session.execute("SET TimeZone = 'Asia/Shanghai'")
        yield session
