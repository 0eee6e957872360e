"""Open the stores of a city: the hub's, and one for every deployment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from sqlalchemy import Engine, select

from builder.app.places import HUB
from builder.cases.platform import Deployment, deployment_table
from builder.scenario.model import Json, Scenario
from builder.store import cases as case_tables
from builder.store.errors import StoreEmptied
from builder.store.opening import case_engine, hub_engine
from builder.store.settings import Settings
from builder.store.trees import case_tree, hub_tree
from federation.audit import Journal
from federation.crypto import KeyStore
from federation.ledger import Catalog
from federation.store import Tree, migrate, open_engine, read, revision, sqlite_url, store_name
from federation.store.backup import emptied
from federation.store.errors import StoreTaken

__all__ = [
    "begin_store",
    "bring_up",
    "clear_place",
    "deployed",
    "hub_engine",
    "open_deployment",
    "open_store",
]


class _Deployed:
    """A row of the hub's list of deployments."""

    def __init__(self, id: str, county: str, home_party: str, hash: str) -> None:  # noqa: A002 - the columns' names
        self.id, self.county, self.home_party, self.hash = id, county, home_party, hash


def deployed(
    engine: Engine, settings: Settings, known: Mapping[str, str] = MappingProxyType({})
) -> list[tuple[_Deployed, Json]]:
    """Return every deployment with the spec its new cases begin with.

    Args:
        engine: the hub's store.
        settings: the city's.
        known: hashes by id; deployments that still begin with theirs are left out.
    """
    with read(engine) as conn:
        rows = conn.execute(select(deployment_table)).all()
    found = []
    for row in (r for r in rows if known.get(r.id) != r.hash):
        store = case_engine(settings, row.id, hub=engine)
        bring_up(store, case_tree)
        with read(store) as conn:
            spec = conn.scalar(
                select(case_tables.scenario.c.spec).where(case_tables.scenario.c.hash == row.hash)
            )
        if store.pool is not engine.pool:
            store.dispose()
        if spec is None:
            raise StoreEmptied(store=store_name(store))
        found.append((_Deployed(row.id, row.county, row.home_party, row.hash), spec))
    return found


def open_deployment(
    settings: Settings,
    hub: Engine,
    deployment_id: str,
    county: str,
    scenario: Scenario,
    keys: KeyStore,
    catalog: Catalog,
) -> Deployment:
    """Open a deployment's case store and journal."""
    engine = case_engine(settings, deployment_id, hub=hub)
    journal = Journal(
        engine, case_tables.audit_entry, keys.signer(HUB), name=f"case:{deployment_id}"
    )
    return Deployment(deployment_id, county, scenario, scenario.meta.lead, engine, journal, catalog)


def open_store(path: Path, tree: Tree) -> Engine:
    """Open a store that this city already has, brought up to date."""
    engine = open_engine(sqlite_url(path), create=False)
    bring_up(engine, tree)
    return engine


def bring_up(engine: Engine, tree: Tree) -> None:
    """Bring a store up to date that was begun before.

    Raises:
        StoreEmptied: it holds nothing of ours; begun anew it would have forgotten everything.
    """
    if revision(engine, tree) is None:
        name = store_name(engine)
        engine.dispose()
        raise StoreEmptied(store=name)
    migrate(engine, tree)


def clear_place(settings: Settings, *, fresh: bool) -> None:
    """See that a database is free for a new city's hub and cases; nothing to do for files.

    Args:
        settings: the new city's.
        fresh: drop what a city kept there before.

    Raises:
        StoreTaken: a city is kept there, and `fresh` was not asked for.
    """
    engine = hub_engine(settings, create=True)
    try:
        if engine.dialect.name != "sqlite":
            _clear(engine, settings, fresh=fresh)
    finally:
        engine.dispose()


def _clear(hub: Engine, settings: Settings, *, fresh: bool) -> None:
    if revision(hub, hub_tree) is None:
        return
    if not fresh:
        raise StoreTaken(store=store_name(hub), tables=[hub_tree.version_table])
    with read(hub) as conn:
        ids = conn.scalars(select(deployment_table.c.id)).all()
    for deployment in ids:
        emptied(case_engine(settings, deployment, hub=hub), case_tree)
    emptied(hub, hub_tree)


def begin_store(path: Path, tree: Tree) -> None:
    """Create a store with nothing in it."""
    engine = open_engine(sqlite_url(path))
    migrate(engine, tree)
    engine.dispose()
