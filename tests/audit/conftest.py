"""A journal on a file, with a signer."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from federation.audit import Entry, Journal, checkpoint_table, entry_table
from federation.crypto import generate_signer
from federation.store import new_metadata, open_engine, sqlite_url, write

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def note(number, kind="note", **facts):
    at = NOW + timedelta(minutes=number)
    return Entry(kind, at, f"account-{number % 3}", {"number": number, **facts})


@pytest.fixture
def kept(tmp_path):
    """A journal with its parts: engine, table, checkpoints, signer, path, and how to add."""
    metadata = new_metadata()
    table, checkpoints = entry_table(metadata), checkpoint_table(metadata)
    path = tmp_path / "journal.db"
    engine = open_engine(sqlite_url(path))
    metadata.create_all(engine)
    signer = generate_signer()
    journal = Journal(engine, table, signer)

    def add(*entries):
        with write(engine) as conn:
            return journal.append_many(conn, entries)

    yield SimpleNamespace(
        journal=journal, engine=engine, table=table, checkpoints=checkpoints, signer=signer,
        path=path, add=add, note=note, now=NOW,
    )  # fmt: skip
    engine.dispose()
