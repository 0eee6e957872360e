"""Open a city: its settings, keys, stores, embedded nodes, issuer, hub and pages."""

from __future__ import annotations

import os
import secrets
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from builder.app.nodes import EmbeddedNodes
from builder.app.places import (
    HUB,
    IDENTITY,
    ISSUER,
    beside_the_city,
    has_keys,
    now_in_shanghai,
    read_file,
    steward_signer,
    the_city,
)
from builder.app.stores import bring_up, deployed, hub_engine, open_deployment, open_store
from builder.cases.platform import Deployments, Platform
from builder.cases.walks import WalkClock
from builder.deploy.publish import case_datasets
from builder.identity import LocalAccounts, Sessions
from builder.process.calendar import load_calendar
from builder.scenario.load import restore
from builder.store.errors import CityFileUnreadable
from builder.store.settings import Settings, read_settings
from builder.store.trees import hub_tree
from federation.audit import Journal
from federation.crypto import KeyStore, selftest
from federation.hub import Hub, IssuerClient
from federation.hub.tables import hub_entry
from federation.ledger import Catalog, load_catalog
from federation.link import InProcessLink
from federation.store import resource
from federation.trust.issuer import CaseIssuer, IssuerConfig, Proof
from federation.trust.issuer_store import issuer_tree
from federation.trust.request import Desk

if TYPE_CHECKING:
    from flask import Flask

__all__ = ["create_web", "demo_password", "open_platform", "opened", "rehearsal"]


def demo_password() -> str:
    """Return the password that all accounts of a demo city share."""
    return "hefei-2026"


@contextmanager
def opened(home: Path) -> Iterator[Platform]:
    """Open a city for one command and close it again."""
    platform = open_platform(home)
    try:
        yield platform
    finally:
        platform.close()


@contextmanager
def rehearsal(home: Path) -> Iterator[tuple[Platform, WalkClock]]:
    """Open a copy of a city, with a clock that moves only when told, and throw it away after."""
    read_settings(home)
    with tempfile.TemporaryDirectory(prefix="scenarist-") as folder:
        copy = Path(folder) / "city"
        _copy_city(home.resolve(), copy)
        clock = WalkClock(now_in_shanghai())
        platform = open_platform(copy, clock=clock)
        try:
            yield platform, clock
        finally:
            platform.close()


def _copy_city(home: Path, copy: Path) -> None:
    """Copy a city that may be running: databases through SQLite's own backup."""
    for path in sorted(home.rglob("*")):
        target = copy / path.relative_to(home)
        if path.is_dir():
            target.mkdir(parents=True, exist_ok=True)
        elif path.suffix == ".db":
            target.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(path)) as old, closing(sqlite3.connect(target)) as new:
                old.backup(new)
        elif not path.name.endswith(("-wal", "-shm")):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)


def open_platform(home: Path, *, clock: Callable[[], datetime] = now_in_shanghai) -> Platform:
    """Open the city in a folder, its stores brought up to date.

    Args:
        home: the city's folder.
        clock: returns now, aware.

    Raises:
        SettingsMissing, SettingsUnreadable, Findings: the settings cannot be used.
        CryptoSelftestFailed: an algorithm does not agree with its standard.
        Fault: a store or key cannot be used; its text says which and what to do.
    """
    settings = read_settings(home)
    selftest()
    keys = KeyStore(settings.home / "keys")
    catalog = load_catalog()
    engine = hub_engine(settings)
    bring_up(engine, hub_tree)
    published = [
        (d.id, restore(spec, catalog=catalog), d) for d, spec in deployed(engine, settings.home)
    ]
    catalog = catalog.extended(
        dataset
        for _, s, d in published
        for dataset in case_datasets(s, d.home_party, beside_the_city(d.county))
    )
    nodes = EmbeddedNodes(settings.home, catalog, clock)
    issuer = open_issuer(settings.home, keys, nodes, clock)
    platform = _platform(settings, keys, engine, catalog, nodes, issuer, clock)
    for deployment_id, scenario, row in published:
        deployment = open_deployment(
            settings.home, deployment_id, row.county, scenario, keys, catalog
        )
        platform.deployments.add(deployment)
        platform.journals[f"case:{deployment_id}"] = deployment.journal
    return platform


def create_web(home: Path) -> Flask:
    """Return the web application of the city in a folder."""
    from builder.web import create_app

    platform = open_platform(home)
    secret = KeyStore(platform.settings.home / "keys").secret("web")
    password = demo_password() if platform.settings.demo else None
    return create_app(platform, secret=secret, demo_password=password)


def _platform(
    settings: Settings,
    keys: KeyStore,
    engine: Engine,
    catalog: Catalog,
    nodes: EmbeddedNodes,
    issuer: CaseIssuer,
    clock: Callable[[], datetime],
) -> Platform:
    hub_key = keys.signer(HUB, create=False)
    journal = Journal(engine, hub_entry, hub_key, name=HUB)
    client = IssuerClient(
        name=issuer.name,
        public_key=issuer.public_key,
        link=InProcessLink(issuer.name, issuer.app, peer=HUB),
        desk=Desk(HUB, hub_key, clock, lambda: secrets.token_urlsafe(18)),
    )
    hub = Hub(
        id=HUB,
        engine=engine,
        signer=hub_key,
        catalog=catalog,
        nodes=nodes.entries(),
        issuer=client,
        journal=journal,
        clock=clock,
    )
    accounts = LocalAccounts(engine, keys.signer(IDENTITY, create=False), clock)
    sessions = Sessions(engine, accounts, clock, os.urandom, hours=settings.session_hours)

    def close() -> None:
        nodes.close()
        issuer.close()
        for deployment in platform.deployments.all():
            deployment.engine.dispose()
        engine.dispose()

    platform = Platform(
        settings=settings,
        clock=clock,
        random_bytes=os.urandom,
        city=the_city(),
        catalog=catalog,
        calendar=load_calendar(resource("specs/calendar/cn.json")),
        hub=hub,
        accounts=accounts,
        sessions=sessions,
        deployments=Deployments(engine, {}),
        hub_engine=engine,
        journal=journal,
        steward_signer=lambda party: steward_signer(settings.home, party),
        journals={HUB: journal, ISSUER: issuer.journal, **nodes.journals()},
        close=close,
    )
    return platform


def open_issuer(
    home: Path, keys: KeyStore, nodes: EmbeddedNodes, clock: Callable[[], datetime]
) -> CaseIssuer:
    said = read_file(home / ISSUER / "issuer.json")
    try:
        name, proofs = said["name"], tuple(Proof(**p) for p in said["proofs"])
    except (KeyError, TypeError):
        raise CityFileUnreadable(file="issuer.json") from None
    config = IssuerConfig(
        name=name,
        identities={IDENTITY: keys.signer(IDENTITY, create=False).public_key},
        hubs={HUB: keys.signer(HUB, create=False).public_key},
        nodes=nodes.keys,
        proofs=proofs,
    )
    has_keys(home / ISSUER, ISSUER)
    open_store(home / ISSUER / "issuer.db", issuer_tree).dispose()
    return CaseIssuer.open(home / ISSUER, config, clock=clock)
