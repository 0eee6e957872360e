"""Open a city: its settings, keys, stores, embedded nodes, issuer, hub and pages."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import Engine

from builder.app.nodes import CityNodes, RegisteredKeys, https_link
from builder.app.places import (
    HUB,
    IDENTITY,
    ISSUER,
    ISSUER_KEY,
    NODES,
    beside_the_city,
    has_keys,
    now_in_shanghai,
    read_file,
    steward_signer,
    the_city,
)
from builder.app.stores import bring_up, deployed, hub_engine, open_deployment, open_store
from builder.cases.platform import Deployment, Deployments, Platform
from builder.deploy.publish import case_datasets
from builder.errors import Fault
from builder.identity import LocalAccounts, Sessions
from builder.process.calendar import load_calendar
from builder.scenario.load import restore
from builder.store.errors import CityFileUnreadable
from builder.store.settings import Settings, read_settings
from builder.store.trees import hub_tree
from federation.audit import Journal
from federation.crypto import KeyStore, Signer, is_key, selftest
from federation.crypto.errors import KeyMissing
from federation.hub import Hub, IssuerClient, registry
from federation.hub.tables import hub_entry
from federation.ledger import Catalog, load_catalog
from federation.link import InProcessLink, Link
from federation.store import read, resource, write
from federation.trust.enrol_errors import StewardKeyUnknown
from federation.trust.issuer import CaseIssuer
from federation.trust.issuer_config import FILE_NAME as ISSUER_FILE
from federation.trust.issuer_config import load_issuer
from federation.trust.issuer_store import issuer_tree
from federation.trust.request import Desk

if TYPE_CHECKING:
    from flask import Flask

__all__ = ["create_web", "demo_password", "open_platform", "opened"]


_AT_ONCE = 4


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


def open_platform(
    home: Path,
    *,
    clock: Callable[[], datetime] = now_in_shanghai,
    all_embedded: bool = False,
) -> Platform:
    """Open the city in a folder, its stores brought up to date.

    Args:
        home: the city's folder.
        clock: returns now, aware.
        all_embedded: run in this process even what runs apart, for a rehearsal on a copy.

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
        (d.id, restore(spec, catalog=catalog), d) for d, spec in deployed(engine, settings)
    ]
    catalog = catalog.extended(
        dataset
        for _, s, d in published
        for dataset in case_datasets(s, d.home_party, beside_the_city(d.county))
    )
    registered = _registered(engine, settings.home, clock())
    nodes = CityNodes(settings.home, registered, catalog, clock, all_embedded=all_embedded)
    issuer = _Issuer.reached(settings, keys, engine, clock, all_embedded=all_embedded)
    platform = _platform(settings, keys, engine, catalog, nodes, issuer, clock)
    for deployment_id, scenario, row in published:
        deployment = open_deployment(
            settings, engine, deployment_id, row.county, scenario, keys, catalog
        )
        platform.deployments.add(deployment)
        platform.journals[f"case:{deployment_id}"] = deployment.journal

    def look(known: Mapping[str, str]) -> Iterator[Deployment]:
        """Open what another process has deployed since."""
        for row, spec in deployed(engine, settings, known):
            scenario = restore(spec, catalog=catalog)
            found = open_deployment(settings, engine, row.id, row.county, scenario, keys, catalog)
            if row.id not in known:
                platform.journals[f"case:{row.id}"] = found.journal
            yield found

    platform.deployments.look = look
    return platform


def create_web(home: Path) -> Flask:
    """Return the web application of the city in a folder."""
    from builder.web import create_app

    platform = open_platform(home)
    platform.soon = _after_the_answer()
    secret = KeyStore(platform.settings.home / "keys").secret("web")
    password = demo_password() if platform.settings.demo else None
    return create_app(platform, secret=secret, demo_password=password)


def _after_the_answer() -> Callable[[Callable[[], None]], None]:
    """Return a way to let things happen once a reader has the answer, a few at a time."""
    pool = ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="soon")
    log = structlog.get_logger("scenarist.web")

    def act_quietly(act: Callable[[], None]) -> None:
        try:
            act()
        except Fault as fault:  # a worker finds it where it stands
            log.warning("web.later", code=fault.code)

    def soon(act: Callable[[], None]) -> None:
        pool.submit(act_quietly, act)

    return soon


def _platform(
    settings: Settings,
    keys: KeyStore,
    engine: Engine,
    catalog: Catalog,
    nodes: CityNodes,
    issuer: _Issuer,
    clock: Callable[[], datetime],
) -> Platform:
    hub_key = keys.signer(HUB, create=False)
    journal = Journal(engine, hub_entry, hub_key, name=HUB)
    client = IssuerClient(
        name=issuer.name,
        public_key=issuer.public_key,
        link=issuer.link,
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
        reach=nodes.entry,
    )
    accounts = LocalAccounts(engine, keys.signer(IDENTITY, create=False), clock)
    sessions = Sessions(
        engine,
        accounts,
        clock,
        os.urandom,
        hours=settings.session_hours,
        idle_minutes=settings.session_idle_minutes,
    )

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
        steward_signer=lambda party: _steward(engine, settings.home, party),
        journals={HUB: journal, **issuer.journals, **nodes.journals()},
        close=close,
    )
    return platform


def _steward(engine: Engine, home: Path, party: str) -> Signer:
    """Return the key a department decides with; raises `StewardKeyUnknown` where it is not here."""
    with read(engine) as conn:
        node = registry.look(conn, party)
    try:
        signer = steward_signer(home, party)
    except KeyMissing:
        raise StewardKeyUnknown(party=party) from None
    if node is not None and node.steward_key not in (None, signer.public_key):
        raise StewardKeyUnknown(party=party)
    return signer


def _registered(engine: Engine, home: Path, now: datetime) -> tuple[registry.Registered, ...]:
    """Return the hub's register of nodes; a city of an earlier release has it in a file."""
    with read(engine) as conn:
        found = registry.listed(conn)
    if found or not (home / NODES).exists():
        return found
    keys = read_file(home / NODES)
    if not isinstance(keys, dict) or not all(
        isinstance(k, str) and is_key(k) for k in keys.values()
    ):
        raise CityFileUnreadable(file=NODES)
    with write(engine) as conn:
        registry.fill(conn, keys, now, by="scenarist")
        return registry.listed(conn)


@dataclass(frozen=True, slots=True)
class _Issuer:
    """The case issuer as the hub reaches it.

    Attributes:
        journals: its journal, where it runs in this process.
    """

    name: str
    public_key: str
    link: Link
    journals: Mapping[str, Journal]
    close: Callable[[], None]

    @classmethod
    def reached(
        cls,
        settings: Settings,
        keys: KeyStore,
        engine: Engine,
        clock: Callable[[], datetime],
        *,
        all_embedded: bool,
    ) -> _Issuer:
        """Return the issuer in this process, or the way to the one that runs apart."""
        folder = settings.home / ISSUER
        said = load_issuer(folder / ISSUER_FILE)
        if settings.issuer_url and not all_embedded:
            identity = f"scenarist://issuer/{said.name}"
            link = https_link(said.name, settings.issuer_url, settings.home, identity)
            key = read_file(folder / ISSUER_KEY)["public_key"]
            return cls(said.name, key, link, {}, lambda: None)
        trust = {
            "identities": {IDENTITY: keys.signer(IDENTITY, create=False).public_key},
            "hubs": {HUB: keys.signer(HUB, create=False).public_key},
            "nodes": RegisteredKeys(engine),
        }
        has_keys(folder, ISSUER)
        open_store(folder / "issuer.db", issuer_tree).dispose()
        issuer = CaseIssuer.open(folder, said.config(trust), clock=clock)
        link = InProcessLink(issuer.name, issuer.app, peer=HUB)
        return cls(issuer.name, issuer.public_key, link, {ISSUER: issuer.journal}, issuer.close)
