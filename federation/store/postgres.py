"""Open a PostgreSQL database, and any number of stores in it, each in a schema of its own.

All stores of a database share the connections of one pool; each transaction says in which schema it
works. A writing transaction first takes the store's lock, as SQLite's does, so that what it reads
is what it changes. Passwords are read where the address says they lie, whenever a connection is
made, and are never part of an address.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL

from federation.store.errors import StoreDriverMissing, StorePasswordMissing, StoreUrlWrong
from federation.store.troubles import MODE, SCHEMA, raise_fault

__all__ = ["lock_name", "make_schema", "open_postgres", "within"]

_OURS = ("schema", "password_env", "password_file")
_STATEMENT_S, _IDLE_S = 120, 120
_KEPT, _MORE = 4, 12
"""Connections of one process: kept open, and opened beyond that while many ask at once."""

_IN_SCHEMA = "set_config('search_path', quote_ident(:schema), true)"
_LOCK = "pg_advisory_xact_lock(hashtextextended(:lock, 0))"
_BEGINS = {
    (False, True): (text(f"SELECT {_IN_SCHEMA}"), ("schema",)),
    (True, False): (text(f"SELECT {_LOCK}"), ("lock",)),
    (True, True): (text(f"SELECT {_IN_SCHEMA}, {_LOCK}"), ("schema", "lock")),
}
"""Whether it writes, whether it has a schema → what a transaction says first, with which values."""


def open_postgres(target: URL, *, wait_s: float) -> Engine:
    """Open a database by its address.

    Args:
        target: ``postgresql://user@host/database``; the query may hold libpq's parameters, and
            ``schema``, ``password_env`` (name of a variable) or ``password_file`` (path).
        wait_s: how long a writer waits for another one.

    Raises:
        StoreDriverMissing: psycopg is not installed.
        StoreUrlWrong: one of our own parameters is given twice.
    """
    said = {key: target.query.get(key, "") for key in _OURS}
    if not all(isinstance(value, str) for value in said.values()):
        raise StoreUrlWrong(kinds=[f"postgresql://…?{key}=" for key in _OURS])
    try:
        import psycopg  # noqa: F401 - asked for first, so that its absence has a name
    except ImportError:
        raise StoreDriverMissing from None
    target = target.difference_update_query(_OURS)
    engine = create_engine(
        target.set(drivername="postgresql+psycopg"),
        connect_args=_arguments(target, wait_s),
        isolation_level="READ COMMITTED",
        hide_parameters=True,
        pool_size=_KEPT,
        max_overflow=_MORE,
        pool_timeout=wait_s,
        pool_pre_ping=True,  # a server that was started anew is met by the next request
    )
    event.listen(engine, "handle_error", raise_fault)
    event.listen(engine, "begin", _begin)
    secret = _secret(str(said["password_env"]), str(said["password_file"]))
    if secret is not None:
        event.listen(engine, "do_connect", _with_password(secret))
    return within(engine, str(said["schema"])) if said["schema"] else engine


def within(engine: Engine, schema: str) -> Engine:
    """Return the store in one schema of a database; it shares the database's connections."""
    return engine.execution_options(**{SCHEMA: schema})


def make_schema(engine: Engine) -> None:
    """Make a store's schema, where there is none."""
    schema = engine.get_execution_options()[SCHEMA]
    quoted = engine.dialect.identifier_preparer.quote_identifier(schema)
    with engine.begin() as conn:
        conn.execute(text(f"SELECT {_LOCK}"), {"lock": f"schema {schema}"})
        found = conn.scalar(
            text("SELECT count(*) FROM pg_namespace WHERE nspname = :name"), {"name": schema}
        )
        if not found:  # where it stands ready, nobody needs the right to make one
            conn.execute(text(f"CREATE SCHEMA {quoted}"))


def lock_name(conn: Connection, name: str) -> str:
    """Return what a lock is called, so that stores of one database do not share it."""
    return f"{conn.get_execution_options().get(SCHEMA, '')}/{name}"


def _begin(conn: Connection) -> None:
    options = conn.get_execution_options()
    schema, writes = options.get(SCHEMA), options.get(MODE) == "write"
    first = _BEGINS.get((writes, schema is not None))
    if first is not None:
        statement, wanted = first
        said = {"schema": schema, "lock": lock_name(conn, "write")}
        conn.execute(statement, {name: said[name] for name in wanted})


def _arguments(target: URL, wait_s: float) -> dict[str, Any]:
    """Return libpq's parameters, those left out that the address names itself."""
    limits = {
        "lock_timeout": int(wait_s * 1000) or 1,
        "statement_timeout": _STATEMENT_S * 1000,
        "idle_in_transaction_session_timeout": _IDLE_S * 1000,
    }
    ours = {
        "connect_timeout": 10,
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        "tcp_user_timeout": 30_000,
        "application_name": "scenarist",
        "options": " ".join(f"-c {name}={value}" for name, value in limits.items()),
    }
    return {key: value for key, value in ours.items() if key not in target.query}


def _secret(variable: str, file: str) -> Callable[[], str] | None:
    if variable:
        return lambda: _from_variable(variable)
    return (lambda: _from_file(Path(file))) if file else None


def _from_variable(name: str) -> str:
    found = os.environ.get(name)
    if not found:
        raise StorePasswordMissing(place=name)
    return found


def _from_file(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise StorePasswordMissing(place=path.name) from None


def _with_password(secret: Callable[[], str]) -> Callable[..., None]:
    def connect(_dialect: object, _record: object, _args: object, params: dict[str, Any]) -> None:
        params["password"] = secret()

    return connect
