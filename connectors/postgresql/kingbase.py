"""Read KingbaseES databases, by PostgreSQL's protocol.

Contract-tested only: protocol, catalogue and SQL are those that KingbaseES documents, and the kind
passes the conformance suite against PostgreSQL; it was never run against KingbaseES. Filters,
projections and limits are pushed, all else is computed here. Text counts as comparable only after
the server was asked how it compares: compatibility modes ignore case or blanks, or take an empty
text for NULL.
"""

from __future__ import annotations

from collections.abc import Mapping

from connectors.postgresql.columns import CAUTIOUS
from connectors.postgresql.connector import PostgresConnector, open_kind

__all__ = ["open_source"]


def open_source(options: Mapping[str, object]) -> PostgresConnector:
    """Open a KingbaseES database; see `connectors.postgresql.open_source`."""
    return open_kind("kingbase", options, CAUTIOUS)
