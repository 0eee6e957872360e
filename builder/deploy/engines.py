"""Put a demo department's data into the engine it would really have: PostgreSQL, Parquet or CSV.

`build_city` writes every department's rows into a SQLite file. For nodes that run as programs of
their own, some departments' rows move on into other engines, in the ledger's types, so that a demo
city asks what a real one asks. Which department has which engine says ``specs/city/engines.json``.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from builder.deploy.city import source_path
from builder.deploy.errors import EngineFailed
from federation.ledger import Catalog, Dataset
from federation.store import resource

if TYPE_CHECKING:
    from builder.deploy.cluster import Cluster

__all__ = ["Moved", "engines", "move_source"]

_FOLDER = "data"
_SUFFIXES = {"parquet": ".parquet", "csv": ".csv"}
_SCHEMA = "office"


@dataclass(frozen=True, slots=True)
class Moved:
    """Where a department's data lie now.

    Attributes:
        kind: connector kind.
        options: what ``[sources.main]`` of its NODE.toml says.
        resources: dataset id → resource there.
    """

    kind: str
    options: Mapping[str, object]
    resources: Mapping[str, str]


def engines() -> dict[str, str]:
    """Return party → ``postgresql``, ``parquet`` or ``csv``; others keep their SQLite file."""
    said = json.loads(resource("specs/city/engines.json").read_text(encoding="utf-8"))
    return dict(said["engines"])


def move_source(
    home: Path, party: str, engine: str, catalog: Catalog, cluster: Cluster | None
) -> Moved:
    """Move a department's rows out of its SQLite file, which is deleted when all have arrived.

    Args:
        home: the city's folder.
        party: whose data.
        engine: ``postgresql`` (with a running `cluster`), ``parquet`` or ``csv``.
        catalog: the ledger, for the datasets and their types.
        cluster: the PostgreSQL server.

    Raises:
        EngineFailed: they could not be written; the SQLite file is still there.
    """
    source = source_path(home, party)
    frames = {d: _frame(source, d) for d in catalog.of(party)}
    try:
        if engine == "postgresql" and cluster is not None:
            moved = _to_postgresql(source.parent, party, frames, cluster)
        else:
            moved = _to_files(source.parent, engine, frames)
    except (OSError, pl.exceptions.PolarsError) as fault:
        raise EngineFailed(party=party, engine=engine) from fault
    source.unlink()
    return moved


def _frame(source: Path, dataset: Dataset) -> pl.DataFrame:
    """Return a dataset's rows in the ledger's types."""
    with closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True)) as conn:
        rows = conn.execute(f'SELECT * FROM "{dataset.resource}"').fetchall()
    schema = {f.name: pl.Int64 if f.type in ("int", "bool") else pl.String for f in dataset.fields}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    return frame.with_columns(_typed(f.name, f.type) for f in dataset.fields)


def _typed(name: str, ledger_type: str) -> pl.Expr:
    """Return a column in its type; what is no date or amount (a planted fault) is empty there."""
    column = pl.col(name)
    if ledger_type == "date":
        return column.str.to_date("%Y-%m-%d", strict=False)
    if ledger_type == "timestamp":
        return column.str.to_datetime(time_unit="us", time_zone="UTC", strict=False)
    if ledger_type == "bool":
        return column.cast(pl.Boolean)
    if ledger_type == "float":
        return column.cast(pl.Float64)
    if ledger_type.startswith("decimal"):
        precision, scale = _digits(ledger_type)
        return column.cast(pl.Decimal(precision, scale), strict=False)
    return column


def _digits(ledger_type: str) -> tuple[int, int]:
    inside = ledger_type.partition("(")[2].rstrip(")")
    precision, _, scale = inside.partition(",")
    return int(precision), int(scale)


# ── files ────────────────────────────────────────────────────────────────────────────────────────


def _to_files(node: Path, engine: str, frames: Mapping[Dataset, pl.DataFrame]) -> Moved:
    folder = node / _FOLDER
    folder.mkdir(exist_ok=True)
    resources = {}
    for dataset, frame in frames.items():
        name = f"{dataset.resource}{_SUFFIXES[engine]}"
        if engine == "parquet":
            frame.write_parquet(folder / name)
        else:
            frame.write_csv(folder / name, datetime_format="%Y-%m-%dT%H:%M:%S%:z")
        resources[dataset.id] = name
    return Moved("files", {"path": _FOLDER}, resources)


# ── PostgreSQL ───────────────────────────────────────────────────────────────────────────────────


def _to_postgresql(
    node: Path, party: str, frames: Mapping[Dataset, pl.DataFrame], cluster: Cluster
) -> Moved:
    """Give the department a database of its own, and its node a role that may read it."""
    from adbc_driver_postgresql import dbapi

    database, role = party.replace("-", "_"), f"{party.replace('-', '_')}_reader"
    secret = cluster.password(node / "secrets" / "postgresql")
    cluster.create(database, role, secret)
    try:
        with dbapi.connect(cluster.url(database)) as conn, conn.cursor() as cursor:
            cursor.execute(f'CREATE SCHEMA "{_SCHEMA}"')
            for dataset, frame in frames.items():
                columns = ", ".join(f'"{f.name}" {_sql_type(f.type)}' for f in dataset.fields)
                table = f'"{_SCHEMA}"."{dataset.resource}"'
                cursor.execute(f"CREATE TABLE {table} ({columns})")
                cursor.adbc_ingest(
                    dataset.resource,
                    frame.to_arrow(compat_level=pl.CompatLevel.oldest()),
                    mode="append",
                    db_schema_name=_SCHEMA,
                )
                if dataset.subject_key:
                    cursor.execute(f'CREATE INDEX ON {table} ("{dataset.subject_key}")')
            cursor.execute(f'GRANT USAGE ON SCHEMA "{_SCHEMA}" TO "{role}"')
            cursor.execute(f'GRANT SELECT ON ALL TABLES IN SCHEMA "{_SCHEMA}" TO "{role}"')
            conn.commit()
    except dbapi.Error as fault:
        raise EngineFailed(party=party, engine="postgresql") from fault
    options: dict[str, object] = {
        "host": cluster.host,
        "port": cluster.port,
        "database": database,
        "schema": _SCHEMA,
        "user": role,
        "password": {"file": "secrets/postgresql"},
    }
    return Moved("postgresql", options, {d.id: d.resource for d in frames})


def _sql_type(ledger_type: str) -> str:
    if ledger_type.startswith("decimal"):
        return "numeric({},{})".format(*_digits(ledger_type))
    return {
        "int": "bigint",
        "bool": "boolean",
        "float": "double precision",
        "date": "date",
        "timestamp": "timestamptz",
    }.get(ledger_type, "text")
