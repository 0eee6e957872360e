"""Read SQLite databases: read-only, one statement at a time as an AST, in Arrow batches.

Every reading has its own connection (0.2 ms), opened read-only, with `query_only` on and the
schema not trusted, so that neither a statement nor a view or default in the file can write or call
anything. What SQLite does itself is decided by each column's affinity (`affinity`); where its
comparison of stored values could differ from the ledger's type, rows are read and the engine
compares. A statement cannot be interrupted: `cancel` takes effect at the next batch.
"""

from connectors.sqlite.connector import SqliteConnector, SqliteOptions, open_source

__all__ = ["SqliteConnector", "SqliteOptions", "open_source"]
