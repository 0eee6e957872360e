"""What a trace costs: appending, verifying, signing.

    python -m pytest tests/bench/audit.py --benchmark-enable

Sizes: single entries and groups of 100 with `synchronous=FULL` on the disk of the temporary folder,
verification and export over 1e4 entries, signatures over 300 bytes by every SM2 engine.
"""

from datetime import UTC, datetime
from itertools import count

import pytest

from federation.audit import Entry, Journal, checkpoint_table, entry_table, verify_export
from federation.crypto import Pseudonymiser, generate_signer, selftest, sm3
from federation.crypto.selection import ENGINES, load
from federation.store import new_metadata, open_engine, sqlite_url, write

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
NUMBER = count()


def entry():
    number = next(NUMBER)
    return Entry(
        "opened",
        NOW,
        "hub",
        {
            "case": f"HF20261123-{number:06X}", "party": "police", "dataset": "police.household",
            "purpose": "case", "grant": "g-0001", "fields": ["name", "address"],
            "subject": sm3(str(number).encode()),
        },
    )  # fmt: skip


@pytest.fixture
def journal(tmp_path):
    metadata = new_metadata()
    table = entry_table(metadata)
    checkpoint_table(metadata)
    engine = open_engine(sqlite_url(tmp_path / "journal.db"))
    metadata.create_all(engine)
    yield Journal(engine, table, generate_signer())
    engine.dispose()


def put(journal, entries):
    with write(journal._engine) as conn:
        journal.append_many(conn, entries)


def test_append_one(benchmark, journal):
    benchmark(lambda: put(journal, [entry()]))


def test_append_one_hundred_in_one_transaction(benchmark, journal):
    benchmark(lambda: put(journal, [entry() for _ in range(100)]))


@pytest.fixture
def long(journal):
    for _ in range(10):
        put(journal, [entry() for _ in range(1000)])
    return journal


def test_verify_ten_thousand(benchmark, long):
    long.checkpoint(NOW)
    assert benchmark(long.verify).ok


def test_checkpoint_ten_thousand(benchmark, journal):
    def refill():
        put(journal, [entry() for _ in range(10_000)])

    benchmark.pedantic(lambda: journal.checkpoint(NOW), setup=refill, rounds=5)


def test_verify_an_export_of_ten_thousand(benchmark, long):
    lines = list(long.export())
    assert benchmark(lambda: verify_export(lines)).ok


def test_search_by_case_in_ten_thousand(benchmark, long):
    case = long.get(5000).facts["case"]
    assert len(benchmark(lambda: long.search(case=case))) == 1


@pytest.mark.parametrize("name", ENGINES)
def test_sm2_sign(benchmark, name):
    engine = load(name)
    sign = engine.signing(engine.generate())
    benchmark(lambda: sign(bytes(300)))


@pytest.mark.parametrize("name", ENGINES)
def test_sm2_verify(benchmark, name):
    engine = load(name)
    pair = engine.generate()
    raw = engine.signing(pair)(bytes(300))
    assert benchmark(lambda: engine.verify(pair.public, bytes(300), raw))


def test_pseudonym(benchmark):
    names = Pseudonymiser(bytes(32))
    benchmark(lambda: names.of("110101190001010000"))


def test_self_test(benchmark):
    benchmark(selftest)
