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
from builder.store.settings import Settings
from builder.store.trees import case_tree
from federation.audit import Journal
from federation.crypto import KeyStore
from federation.ledger import Catalog
from federation.store import Tree, migrate, open_engine, read, revision, sqlite_url, store_name

__all__ = ["begin_store", "bring_up", "deployed", "hub_engine", "open_deployment", "open_store"]


class _Deployed:
    """A row of the hub's list of deployments."""

    def __init__(self, id: str, county: str, home_party: str, hash: str) -> None:  # noqa: A002 - the columns' names
        self.id, self.county, self.home_party, self.hash = id, county, home_party, hash


def deployed(
    engine: Engine, home: Path, known: Mapping[str, str] = MappingProxyType({})
) -> list[tuple[_Deployed, Json]]:
    """Return every deployment with the spec its new cases begin with.

    Args:
        engine: the hub's store.
        home: the city's folder.
        known: hashes by id; deployments that still begin with theirs are left out.
    """
    with read(engine) as conn:
        rows = conn.execute(select(deployment_table)).all()
    found = []
    for row in (r for r in rows if known.get(r.id) != r.hash):
        store = open_store(home / "deployments" / row.id / "case.db", case_tree)
        with read(store) as conn:
            spec = conn.scalar(
                select(case_tables.scenario.c.spec).where(case_tables.scenario.c.hash == row.hash)
            )
        store.dispose()
        if spec is None:
            raise StoreEmptied(store="case.db")
        found.append((_Deployed(row.id, row.county, row.home_party, row.hash), spec))
    return found


def open_deployment(
    home: Path,
    deployment_id: str,
    county: str,
    scenario: Scenario,
    keys: KeyStore,
    catalog: Catalog,
) -> Deployment:
    """Open a deployment's case store and journal."""
    engine = open_engine(sqlite_url(home / "deployments" / deployment_id / "case.db"))
    journal = Journal(
        engine, case_tables.audit_entry, keys.signer(HUB), name=f"case:{deployment_id}"
    )
    return Deployment(deployment_id, county, scenario, scenario.meta.lead, engine, journal, catalog)


def hub_engine(settings: Settings, *, create: bool = False) -> Engine:
    """Open the hub's own store, wherever the settings say it is."""
    url = settings.hub_url
    if url.startswith("sqlite:///") and not url.startswith("sqlite:////"):
        url = sqlite_url(settings.home / url.removeprefix("sqlite:///"))
    return open_engine(url, create=create)


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


def begin_store(path: Path, tree: Tree) -> None:
    """Create a store with nothing in it."""
    engine = open_engine(sqlite_url(path))
    migrate(engine, tree)
    engine.dispose()
