"""Keep state: open databases, read and write them in honest transactions, bring schemas up.

Two schemas live on the metadata objects here: `hub_metadata` (what the city runs) and
`node_metadata` (what a bureau's node runs). Each table is declared in the module that owns it.
`resource` finds the files that travel with the code.
"""

from federation.store.encoding import canonical
from federation.store.engine import exclusive, open_engine, read, sqlite_url, store_name, write
from federation.store.migration import (
    Tree,
    downgrade,
    drift,
    migrate,
    newest,
    require,
    revision,
)
from federation.store.postgres import make_schema, within
from federation.store.schema import hub_metadata, new_metadata, node_metadata, node_tree
from federation.store.shipped import resource
from federation.store.types import Amount, Instant, Json, instant_text

__all__ = [
    "Amount",
    "Instant",
    "Json",
    "Tree",
    "canonical",
    "downgrade",
    "drift",
    "exclusive",
    "hub_metadata",
    "instant_text",
    "make_schema",
    "migrate",
    "new_metadata",
    "newest",
    "node_metadata",
    "node_tree",
    "open_engine",
    "read",
    "require",
    "resource",
    "revision",
    "sqlite_url",
    "store_name",
    "within",
    "write",
]
