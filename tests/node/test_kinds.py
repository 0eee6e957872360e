"""Whatever engine a department's data lie in, its node gives the same answers."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import polars as pl
import psycopg
import pyarrow as pa
import pytest
from city import CATALOG, CHEN, POLICIES, ZHAO, City

from connectors.registry import open_connector
from connectors.scan import Scan, Source
from federation.node import Binding, SourceConfig
from federation.node.errors import SourceFailed

ASKED = (
    "SELECT name, address, moved_in, members FROM household",
    "SELECT account_no, balance, frozen, touched FROM account",
    "SELECT account_no FROM account WHERE balance = 1234.50",
    "SELECT account_no FROM account WHERE account_no = 'A-2' AND frozen = TRUE",
)


def _tables(city: City, party: str) -> dict[str, pa.Table]:
    """Return a department's rows in the ledger's types."""
    with closing(open_connector("sqlite", {"path": city.folder / party / "main.db"})) as source:
        return {
            d.resource: source.run(
                Scan(Source(d.resource)), {f.name: f.type for f in d.fields}
            ).read_all()
            for d in CATALOG.of(party)
        }


def _files(suffix: str) -> Callable[..., SourceConfig]:
    def move(folder: Path, tables: dict[str, pa.Table], _server: object) -> SourceConfig:
        (folder / "data").mkdir()
        for name, table in tables.items():
            frame = pl.from_arrow(table)
            path = folder / "data" / f"{name}{suffix}"
            if suffix == ".parquet":
                frame.write_parquet(path)
            else:
                frame.write_csv(path, datetime_format="%Y-%m-%dT%H:%M:%S%:z")
        return SourceConfig("files", {"path": "data"})

    return move


def _postgresql(folder: Path, tables: dict[str, pa.Table], server) -> SourceConfig:
    from adbc_driver_postgresql import dbapi

    database = server.database()
    with dbapi.connect(server.url_of(database)) as connection:
        with connection.cursor() as cursor:
            for name, table in tables.items():
                cursor.adbc_ingest(name, table)
        connection.commit()
    (folder / "secrets").mkdir()
    secret = folder / "secrets" / "pg"
    secret.write_text(server.password, encoding="ascii")
    secret.chmod(0o600)
    options = server.options(database, password={"file": "secrets/pg"})
    return SourceConfig("postgresql", options)


ENGINES = {"Parquet": _files(".parquet"), "CSV": _files(".csv"), "PostgreSQL": _postgresql}


def _move(city: City, engine: str, server: object) -> None:
    """Move every department's rows into an engine, and open its node anew."""
    for party in POLICIES:
        folder = city.folder / party
        source = ENGINES[engine](folder, _tables(city, party), server)
        bound = {d.id: Binding("main", d.resource) for d in CATALOG.of(party)}
        city.config[party] = replace(city.config[party], sources={"main": source}, datasets=bound)
        (folder / "main.db").unlink()
        city.reopen(party)


@pytest.mark.slow
@pytest.mark.parametrize(
    "engine", ["Parquet", "CSV", pytest.param("PostgreSQL", marks=pytest.mark.postgres)]
)
def test_a_node_answers_alike_from_every_engine(city: City, engine: str, request):
    city.running("HF-1")
    wanted = [city.ask(sql, case="HF-1").rows() for sql in ASKED]
    assert all(wanted)
    server = request.getfixturevalue("postgres_server") if engine == "PostgreSQL" else None
    _move(city, engine, server)
    city.running("HF-2", applicant=CHEN, deceased=ZHAO)
    assert [city.ask(sql, case="HF-1").rows() for sql in ASKED] == wanted
    assert all(node.check() == () for node in city.nodes.values())


@pytest.mark.slow
@pytest.mark.postgres
def test_a_server_that_is_away_fails_as_any_source_and_says_nothing(city: City, postgres_server):
    _move(city, "PostgreSQL", postgres_server)
    city.running("HF-1")
    database = str(city.config["fund"].sources["main"].options["database"])
    with psycopg.connect(postgres_server.url, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE {database} WITH (FORCE)")
    with pytest.raises(SourceFailed) as raised:
        city.ask(ASKED[1])
    assert database not in str(raised.value)
    closed = city.nodes["fund"].journal.search(kind="closed", limit=1)[0]
    assert closed.facts["cause"] in ("source.lost", "source.database-unknown")
