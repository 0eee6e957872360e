"""The many matters are as if each had been handed in and handled."""

import re
from random import Random

import pytest
from populated import _Filling, told_alone
from sqlalchemy import func, select, text

from builder.cases import keeping
from builder.store import cases as tables
from federation.store import read

pytestmark = pytest.mark.slow

_HASH = re.compile(r'(?<="hash":")[0-9a-f]{64}')


def stored_rows(filled, table: str, columns, case_no: str) -> list[tuple]:
    listed = ", ".join(f'"{c}"' for c in columns)
    query = text(f'SELECT {listed} FROM "{table}" WHERE case_no = :case_no ORDER BY rowid')
    with read(filled.deployment.engine) as conn:
        return [tuple(r) for r in conn.execute(query, {"case_no": case_no})]


def plain(rows) -> list[tuple]:
    """Return rows without the checksums of issued papers, which say case number and day."""
    return [tuple(_HASH.sub("#", v) if isinstance(v, str) else v for v in row) for row in rows]


def test_a_sample_has_the_rows_that_the_engine_writes_for_each_alone(filled):
    filling = _Filling(filled.platform, filled.deployment, filled.told, filled.plan)
    drawn = list(filling.drawn())
    assert len(drawn) == filled.found.cases
    for one in Random(3).sample(drawn, 40):  # noqa: S311 - which ones does not matter
        alone = told_alone(filled.platform, filled.deployment, filled.told, filled.plan, one)
        for table, rows in alone.items():
            if table == "document":
                continue  # signed and sealed with its moment: no two are alike
            found = stored_rows(filled, table, filling.teller.columns[table], one.case_no)
            assert plain(found) == plain(rows), (table, one)


def test_every_state_is_among_them(filled):
    with read(filled.deployment.engine) as conn:
        states = set(conn.scalars(select(tables.case.c.status).distinct()))
        pending = conn.scalar(select(func.count()).select_from(tables.pending_query))
    assert states >= {"running", "returned", "completed", "rejected", "withdrawn"}
    assert pending


def test_what_is_folded_is_what_the_rows_say(filled):
    with read(filled.deployment.engine) as conn:
        rows = conn.execute(select(tables.case.c.case_no, tables.case.c.status)).all()
    for row in Random(5).sample(rows, 60):  # noqa: S311 - as above
        stored = keeping.load_case(filled.deployment, row.case_no)
        assert stored is not None
        assert stored.case.status == row.status


def test_the_journal_verifies(filled):
    assert filled.deployment.journal.verify().ok
