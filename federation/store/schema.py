"""Hold the metadata objects that the owners of tables declare them on."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import MetaData

from federation.store.migration import Tree

__all__ = ["hub_metadata", "new_metadata", "node_metadata", "node_tree"]

# Every constraint has a name that follows from its place, so that a migration can address it.
_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def new_metadata() -> MetaData:
    """Return an empty metadata object whose constraints are named by the house rule."""
    return MetaData(naming_convention=_NAMES)


hub_metadata = new_metadata()
node_metadata = new_metadata()

node_tree = Tree(
    "node",
    node_metadata,
    Path(__file__).parent / "migrations" / "node",
    tables=("federation.node.tables",),
)
