"""Look up what a database has, in the catalogue that PostgreSQL and its descendants share."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.postgresql.columns import Declared
from connectors.postgresql.session import Session

__all__ = ["columns", "resources", "schemas"]

_RESOURCES = (
    "SELECT CAST(c.relname AS text) FROM pg_catalog.pg_class c"
    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = $1 AND c.relkind IN ('r', 'v', 'm', 'f', 'p')"
)
_SCHEMAS = "SELECT CAST(nspname AS text) FROM pg_catalog.pg_namespace WHERE nspname <> $1"
_COLUMNS = (
    "SELECT CAST(a.attname AS text),"
    " CAST(COALESCE(b3.typname, b2.typname, b1.typname, t.typname) AS text),"
    " pg_catalog.format_type(a.atttypid, a.atttypmod),"
    " CAST(COALESCE(b3.typtype, b2.typtype, b1.typtype, t.typtype) AS text),"
    " a.attcollation IN (0, 100, 950, 951){deterministic}"
    " FROM pg_catalog.pg_attribute a"
    " JOIN pg_catalog.pg_class c ON c.oid = a.attrelid"
    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " JOIN pg_catalog.pg_type t ON t.oid = a.atttypid"
    " LEFT JOIN pg_catalog.pg_type b1 ON b1.oid = t.typbasetype AND t.typtype = 'd'"
    " LEFT JOIN pg_catalog.pg_type b2 ON b2.oid = b1.typbasetype AND b1.typtype = 'd'"
    " LEFT JOIN pg_catalog.pg_type b3 ON b3.oid = b2.typbasetype AND b2.typtype = 'd'"
    "{collation}"
    " WHERE n.nspname = $1 AND c.relname = $2 AND a.attnum > 0 AND NOT a.attisdropped"
    " AND c.relkind IN ('r', 'v', 'm', 'f', 'p')"
    " ORDER BY a.attnum"
)
_COLLATION = " LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation"
_ENUM = "e"
_HAS_DETERMINISM = 120_000
"""From this version on the catalogue says which collations find different texts equal."""


def resources(session: Session, schema: str) -> tuple[str, ...]:
    """Return the names of tables and views, sorted."""
    return tuple(sorted(str(name) for (name,) in session.rows(_RESOURCES, (schema,))))


def schemas(session: Session) -> tuple[str, ...]:
    """Return the names of all schemas."""
    return tuple(str(name) for (name,) in session.rows(_SCHEMAS, ("",)))


def columns(session: Session, schema: str, resource: str) -> Mapping[str, Declared]:
    """Return a table's columns in order; none where there is no such table."""
    knows = session.traits.version >= _HAS_DETERMINISM
    sql = _COLUMNS.format(
        deterministic=" OR l.collisdeterministic" if knows else "",
        collation=_COLLATION if knows else "",
    )
    return {
        str(name): Declared(str(of), str(shown), typtype == _ENUM, bool(is_exact))
        for name, of, shown, typtype, is_exact in session.rows(sql, (schema, resource))
    }
