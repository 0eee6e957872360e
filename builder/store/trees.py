"""Name the migration trees of the hub's store and of a deployment's case store."""

from __future__ import annotations

from pathlib import Path

from builder.store.cases import case_metadata
from federation.store import Tree, hub_metadata

__all__ = ["case_tree", "hub_tree"]

_HERE = Path(__file__).parent / "migrations"

hub_tree = Tree(
    "hub",
    hub_metadata,
    _HERE / "hub",
    tables=(
        "federation.hub.tables",
        "builder.identity.accounts",
        "builder.identity.sessions",
        "builder.identity.terminals",
        "builder.identity.mail",
        "builder.identity.sso",
        "builder.identity.tries",
        "builder.identity.tokens",
        "builder.store.once",
        "builder.cases.platform",
    ),
)

case_tree = Tree("case", case_metadata, _HERE / "case", tables=("builder.store.cases",))
