"""Read PostgreSQL databases through ADBC: read-only, as an AST, in Arrow batches.

Every reading is a transaction of its own, READ ONLY and of one state of the database, on one of a
few connections (`session`); a lost connection is replaced before the next reading. What PostgreSQL
does itself is decided by each column's type and collation (`columns`); constants are bound, never
part of a statement. Nothing that the server says reaches a fault (`troubles`): its messages quote
values.

The kinds ``opengauss`` and ``kingbase`` speak the same protocol and share the catalogue used here.
They keep the same laws against PostgreSQL, but were never tried against those servers; so they push
less and leave the rest to the engine.
"""

from connectors.postgresql.connector import PostgresConnector, open_source
from connectors.postgresql.options import PostgresOptions

__all__ = ["PostgresConnector", "PostgresOptions", "open_source"]
