"""Say how the home party's node reads a case store; on PostgreSQL, as a role that reads views only.

Where the hub's own role may not make others, the node signs in as it does; its connector opens
every transaction read-only.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import Connection, Engine, text

from builder.deploy.publish import source_name
from builder.store.opening import case_engine, case_schema, case_url
from builder.store.settings import Settings
from federation.store import write

if TYPE_CHECKING:
    import psycopg

__all__ = ["case_source", "let_reader_read"]

_MAY = text("SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user")
_IS_THERE = text("SELECT count(*) FROM pg_roles WHERE rolname = :role")
_VIEWS = text("SELECT viewname FROM pg_views WHERE schemaname = :schema ORDER BY viewname")


def case_source(settings: Settings, deployment: str, node: Path) -> tuple[str, dict[str, object]]:
    """Return the kind and options of a case store, as a source of a node on this machine.

    On PostgreSQL the node's role is made, its password put into the node's folder.
    """
    if case_url(settings, deployment).startswith("sqlite"):
        return "sqlite", {"path": f"../../deployments/{deployment}/case.db"}
    engine = case_engine(settings, deployment, create=True)
    try:
        return _postgresql(engine, deployment, node)
    finally:
        engine.dispose()


def let_reader_read(conn: Connection, deployment: str) -> None:
    """Let the node's role, where there is one, read the views of a case store, and only them."""
    if conn.dialect.name != "postgresql":
        return
    schema = case_schema(deployment)
    role = _role(conn, schema)
    if not conn.scalar(_IS_THERE, {"role": role}):
        return
    quote = conn.dialect.identifier_preparer.quote_identifier
    conn.execute(text(f"GRANT USAGE ON SCHEMA {quote(schema)} TO {quote(role)}"))
    for view in conn.scalars(_VIEWS, {"schema": schema}).all():
        conn.execute(text(f"GRANT SELECT ON {quote(schema)}.{quote(view)} TO {quote(role)}"))


def _postgresql(engine: Engine, deployment: str, node: Path) -> tuple[str, dict[str, object]]:
    schema, file = case_schema(deployment), f"secrets/{source_name(deployment)}"
    with write(engine) as conn:
        raw = _raw(conn)
        user, password = raw.info.user, raw.info.password
        if conn.scalar(_MAY):
            user, password = _role(conn, schema), secrets.token_urlsafe(24)
            _make_role(conn, user, password)
            let_reader_read(conn, deployment)
        options: dict[str, object] = {
            "host": raw.info.host,
            "port": raw.info.port,
            "database": raw.info.dbname,
            "schema": schema,
            "user": user,
        }
    if password:
        _keep(node / file, password)
        options["password"] = {"file": file}
    return "postgresql", options


def _make_role(conn: Connection, role: str, password: str) -> None:
    """Make a role that may sign in, or give it a new password; the server sees only its hash."""
    sealed = _raw(conn).pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
    verb = "ALTER" if conn.scalar(_IS_THERE, {"role": role}) else "CREATE"
    quoted = conn.dialect.identifier_preparer.quote_identifier(role)
    conn.exec_driver_sql(f"{verb} ROLE {quoted} LOGIN PASSWORD '{sealed.decode()}'")


def _role(conn: Connection, schema: str) -> str:
    """Return the reader's name; roles are the server's, so it says which database as well."""
    place = f"{_raw(conn).info.dbname}/{schema}"
    return f"{schema[:46]}_{hashlib.sha256(place.encode()).hexdigest()[:8]}_reader"


def _raw(conn: Connection) -> psycopg.Connection[Any]:
    return cast("psycopg.Connection[Any]", conn.connection.driver_connection)


def _keep(place: Path, password: str) -> None:
    place.parent.mkdir(mode=0o700, exist_ok=True)
    with os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(password)
