"""The demo city, built once."""

import sqlite3
from contextlib import closing

import pytest

from builder.deploy.city import build_city


@pytest.fixture(scope="session")
def city(tmp_path_factory):
    """Return the home folder and the report of a freshly built city."""
    home = tmp_path_factory.mktemp("city")
    seen = []
    report = build_city(home, progress=lambda *told: seen.append(told))
    return home, report, seen


@pytest.fixture(scope="session")
def rows(city):
    """Return a function: SQL on one party's database → rows as dictionaries."""
    home = city[0]

    def ask(party, sql, *values):
        path = home / "nodes" / party / "source.db"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as conn:
            conn.row_factory = sqlite3.Row
            return [dict(row) for row in conn.execute(sql, values)]

    return ask
