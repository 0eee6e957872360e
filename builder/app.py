"""Put a city together: its settings, keys, stores, embedded nodes, issuer, hub and pages.

This is the only place where the parts meet. An embedded node shares no object with the hub: it has
its own folder, key, policy, grants and journal, and its link carries the bytes that HTTPS will
carry. It is opened when it is first asked, so that starting the web opens no department's database.
"""

from __future__ import annotations

import difflib
import json
import os
import secrets
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, select

from builder.cases.city import City, read_city
from builder.cases.commands import county_code
from builder.cases.platform import Deployment, Deployments, Platform, deployment_table
from builder.cases.walks import WalkClock
from builder.deploy.deploying import deploy, request_grants
from builder.deploy.errors import LeadUnknown, MayNotDeploy
from builder.deploy.publish import case_datasets, source_name
from builder.errors import Fault
from builder.forms import compile_form, widget_kinds
from builder.identity import Account, LocalAccounts, Sessions
from builder.process.calendar import load_calendar
from builder.scenario.load import load, restore
from builder.scenario.model import Json, Scenario
from builder.store import cases as case_tables
from builder.store.errors import CityFileUnreadable, HomeUnusable, StoreEmptied
from builder.store.settings import FILE_NAME, Settings, read_settings, write_settings
from builder.store.trees import case_tree, hub_tree
from federation.audit import Journal
from federation.crypto import KeyStore, Signer, is_key, selftest
from federation.hub import Hub, IssuerClient, NodeEntry
from federation.hub.tables import hub_entry
from federation.ledger import Catalog, load_catalog
from federation.link import InProcessLink
from federation.node import Binding, Node, NodeConfig, SourceConfig
from federation.node.config import FILE_NAME as NODE_FILE
from federation.node.config import load_config
from federation.node.tables import node_entry
from federation.store import (
    Tree,
    migrate,
    node_tree,
    open_engine,
    read,
    resource,
    revision,
    sqlite_url,
    store_name,
)
from federation.trust import Grant
from federation.trust.issuer import CaseIssuer, IssuerConfig, Proof
from federation.trust.issuer_store import issuer_tree
from federation.trust.request import Desk

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from flask import Flask

__all__ = [
    "Brought",
    "bring",
    "build_demo",
    "create_web",
    "demo_password",
    "open_platform",
    "opened",
    "rehearsal",
]

_SHANGHAI = ZoneInfo("Asia/Shanghai")
_HUB, _ISSUER, _IDENTITY = "hub", "issuer", "identity"
_NODES = "nodes.json"
_DEMO = ("s23-afterlife",)

Say = Callable[[str, str], None]


def _now() -> datetime:
    return datetime.now(_SHANGHAI)


def demo_password() -> str:
    """Return the password that all accounts of a demo city share."""
    return "hefei-2026"


# ── Opening a city ───────────────────────────────────────────────────────────────────────────────


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
        clock = WalkClock(_now())
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


def open_platform(home: Path, *, clock: Callable[[], datetime] = _now) -> Platform:
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
    engine = _hub_engine(settings)
    _ready(engine, hub_tree)
    published = [
        (d.id, restore(spec, catalog=catalog), d) for d, spec in _deployed(engine, settings.home)
    ]
    catalog = catalog.extended(
        dataset
        for _, s, d in published
        for dataset in case_datasets(s, d.home_party, _beside_the_city(d.county))
    )
    nodes = _Nodes(settings.home, catalog, clock)
    issuer = _open_issuer(settings.home, keys, nodes, clock)
    platform = _platform(settings, keys, engine, catalog, nodes, issuer, clock)
    for deployment_id, scenario, row in published:
        deployment = _open_deployment(
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
    nodes: _Nodes,
    issuer: CaseIssuer,
    clock: Callable[[], datetime],
) -> Platform:
    hub_key = keys.signer(_HUB, create=False)
    journal = Journal(engine, hub_entry, hub_key, name=_HUB)
    client = IssuerClient(
        name=issuer.name,
        public_key=issuer.public_key,
        link=InProcessLink(issuer.name, issuer.app, peer=_HUB),
        desk=Desk(_HUB, hub_key, clock, lambda: secrets.token_urlsafe(18)),
    )
    hub = Hub(
        id=_HUB,
        engine=engine,
        signer=hub_key,
        catalog=catalog,
        nodes=nodes.entries(),
        issuer=client,
        journal=journal,
        clock=clock,
    )
    accounts = LocalAccounts(engine, keys.signer(_IDENTITY, create=False), clock)
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
        city=_city(),
        catalog=catalog,
        calendar=load_calendar(resource("specs/calendar/cn.json")),
        hub=hub,
        accounts=accounts,
        sessions=sessions,
        deployments=Deployments(engine, {}),
        hub_engine=engine,
        journal=journal,
        steward_signer=lambda party: _steward_signer(settings.home, party),
        journals={_HUB: journal, _ISSUER: issuer.journal, **nodes.journals()},
        close=close,
    )
    return platform


class _Deployed:
    """A row of the hub's list of deployments."""

    def __init__(self, id: str, county: str, home_party: str, hash: str) -> None:  # noqa: A002 - the columns' names
        self.id, self.county, self.home_party, self.hash = id, county, home_party, hash


def _deployed(engine: Engine, home: Path) -> list[tuple[_Deployed, Json]]:
    """Return every deployment with the spec its new cases begin with."""
    with read(engine) as conn:
        rows = conn.execute(select(deployment_table)).all()
    found = []
    for row in rows:
        store = _store(home / "deployments" / row.id / "case.db", case_tree)
        with read(store) as conn:
            spec = conn.scalar(
                select(case_tables.scenario.c.spec).where(case_tables.scenario.c.hash == row.hash)
            )
        store.dispose()
        if spec is None:
            raise StoreEmptied(store="case.db")
        found.append((_Deployed(row.id, row.county, row.home_party, row.hash), spec))
    return found


def _open_deployment(
    home: Path,
    deployment_id: str,
    county: str,
    scenario: Scenario,
    keys: KeyStore,
    catalog: Catalog,
) -> Deployment:
    engine = open_engine(sqlite_url(home / "deployments" / deployment_id / "case.db"))
    journal = Journal(
        engine, case_tables.audit_entry, keys.signer(_HUB), name=f"case:{deployment_id}"
    )
    return Deployment(deployment_id, county, scenario, scenario.meta.lead, engine, journal, catalog)


def _hub_engine(settings: Settings, *, create: bool = False) -> Engine:
    url = settings.hub_url
    if url.startswith("sqlite:///") and not url.startswith("sqlite:////"):
        url = sqlite_url(settings.home / url.removeprefix("sqlite:///"))
    return open_engine(url, create=create)


def _store(path: Path, tree: Tree) -> Engine:
    """Open a store that this city already has, brought up to date."""
    engine = open_engine(sqlite_url(path), create=False)
    _ready(engine, tree)
    return engine


def _ready(engine: Engine, tree: Tree) -> None:
    """Bring a store up to date that was begun before.

    Raises:
        StoreEmptied: it holds nothing of ours; begun anew it would have forgotten everything.
    """
    if revision(engine, tree) is None:
        name = store_name(engine)
        engine.dispose()
        raise StoreEmptied(store=name)
    migrate(engine, tree)


def _begin_store(path: Path, tree: Tree) -> None:
    """Create a store with nothing in it."""
    engine = open_engine(sqlite_url(path))
    migrate(engine, tree)
    engine.dispose()


def _beside_the_city(county: str) -> str | None:
    """Return a county's code; None for the city itself."""
    return None if county == _city().code else county


def _read_file(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        raise CityFileUnreadable(file=path.name) from None


def _city() -> City:
    return read_city(resource("specs/city/city.json"))


def _steward_signer(home: Path, party: str, *, create: bool = False) -> Signer:
    return KeyStore(home / "stewards" / (party or "-")).signer("steward", create=create)


def _open_issuer(
    home: Path, keys: KeyStore, nodes: _Nodes, clock: Callable[[], datetime]
) -> CaseIssuer:
    said = _read_file(home / _ISSUER / "issuer.json")
    try:
        name, proofs = said["name"], tuple(Proof(**p) for p in said["proofs"])
    except (KeyError, TypeError):
        raise CityFileUnreadable(file="issuer.json") from None
    config = IssuerConfig(
        name=name,
        identities={_IDENTITY: keys.signer(_IDENTITY, create=False).public_key},
        hubs={_HUB: keys.signer(_HUB, create=False).public_key},
        nodes=nodes.keys,
        proofs=proofs,
    )
    _has_keys(home / _ISSUER, _ISSUER)
    _store(home / _ISSUER / "issuer.db", issuer_tree).dispose()
    return CaseIssuer.open(home / _ISSUER, config, clock=clock)


def _has_keys(folder: Path, name: str, *, create: bool = False) -> Signer:
    """Return the key in an issuer's or node's folder, which has a secret for pseudonyms too."""
    keys = KeyStore(folder / "keys")
    keys.secret("pseudonym", create=create)
    return keys.signer(name, create=create)


# ── Embedded nodes ───────────────────────────────────────────────────────────────────────────────


class _Nodes:
    """The nodes that live in this process, each opened when it is first asked."""

    def __init__(self, home: Path, catalog: Catalog, clock: Callable[[], datetime]) -> None:
        self._folder = home / "nodes"
        self._catalog = catalog
        self._clock = clock
        self._open: dict[str, Node] = {}
        self._engines: dict[str, Engine] = {}
        self._lock = threading.Lock()
        self.keys: Mapping[str, str] = _read_file(home / _NODES)
        if not isinstance(self.keys, dict) or not all(
            isinstance(k, str) and is_key(k) for k in self.keys.values()
        ):
            raise CityFileUnreadable(file=_NODES)

    def entries(self) -> Iterator[NodeEntry]:
        """Yield each node as the hub registers it."""
        for party, key in self.keys.items():
            yield NodeEntry(party, InProcessLink(party, self._app(party), peer=_HUB), key)

    def journals(self) -> dict[str, Journal]:
        """Return the nodes' journals, for verifying where hub and nodes share a machine."""
        return {f"node:{party}": _LazyJournal(self, party) for party in self.keys}

    def node(self, party: str) -> Node:
        """Return a node, opened if needed."""
        with self._lock:
            if party not in self._open:
                folder = self._folder / party
                _has_keys(folder, "node")
                _store(folder / "node.db", node_tree).dispose()
                self._open[party] = Node.open(folder, clock=self._clock, catalog=self._catalog)
            return self._open[party]

    def close(self) -> None:
        """Close every node that was opened."""
        for node in self._open.values():
            node.close()

    def _app(self, party: str) -> WSGIApplication:
        def ask(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            try:
                node = self.node(party)
            except Fault as fault:
                raise OSError(fault.code) from fault  # to the hub, a node that is down
            return node.app(environ, start)

        return ask


class _LazyJournal(Journal):
    """A node's journal, opened with its node."""

    def __init__(self, nodes: _Nodes, party: str) -> None:
        self._nodes = nodes
        self._party = party
        self._ready = False

    def __getattribute__(self, name: str) -> object:
        if name.startswith("__") or object.__getattribute__(self, "_ready"):
            return object.__getattribute__(self, name)
        nodes = object.__getattribute__(self, "_nodes")
        node = nodes.node(object.__getattribute__(self, "_party"))
        object.__setattr__(self, "_ready", True)
        Journal.__init__(self, node.engine, node_entry, node.signer, name=f"node:{node.party}")
        return object.__getattribute__(self, name)


# ── Bringing a matter to a county ────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Brought:
    """What came of deploying a scenario: where it runs, and what its owners are asked for."""

    deployment: str
    version: str
    hash: str
    grants: tuple[Grant, ...]


def bring(home: Path, folder: Path, county: str | None, account: str) -> Brought:
    """Check a scenario folder, deploy it in a county, publish its cases, ask for its grants.

    A web process that runs meanwhile takes the matter up when it is started again.

    Args:
        home: the city's folder.
        folder: holds ``scenario.json``.
        county: code or name; None for the city itself.
        account: a designer's or a county administrator's.

    Raises:
        Findings: everything that is wrong with the scenario.
        CountyUnknown, LeadUnknown, MayNotDeploy: as they say.
    """
    with opened(home) as platform:
        by = platform.accounts.named(account).account
        if not {"designer", "county-admin"} & set(by.roles):
            raise MayNotDeploy(account=account)
        code = county_code(platform, county or platform.city.code)
        scenario = load(folder, kinds=widget_kinds(), catalog=platform.catalog)
        for form in scenario.forms:
            compile_form(scenario, form.id)
        if scenario.meta.lead not in platform.hub.nodes:
            near = difflib.get_close_matches(scenario.meta.lead, platform.hub.nodes, cutoff=0)
            raise LeadUnknown(party=scenario.meta.lead, nearest=near, where="/scenario/lead")
        signer = KeyStore(platform.settings.home / "keys").signer(_HUB, create=False)
        deployment = deploy(platform, scenario, code, by, signer)
    _publish(home, scenario, code)
    with opened(home) as platform:  # anew, so that ledger and node hold what was deployed
        grants = request_grants(platform, scenario, by)
    return Brought(deployment.id, scenario.meta.version, scenario.hash, grants)


# ── Building the demo city ───────────────────────────────────────────────────────────────────────


def build_demo(home: Path, *, scale: int, say: Say, fresh: bool = False) -> None:
    """Build the demo city in a folder: whole, or not at all.

    Args:
        home: must be missing or empty, or hold a city when `fresh`.
        scale: 1 gives about ten thousand rows in a main table.
        say: told of each step, in zh and en.
        fresh: replace an existing city.

    Raises:
        HomeUnusable: the folder holds something that is not a city, or cannot be written.
    """
    if home.exists() and any(home.iterdir()) and not (fresh and (home / FILE_NAME).exists()):
        raise HomeUnusable(folder=home.name)
    scratch = home.with_name(f"{home.name}.building")
    try:
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        _build(scratch, scale, say)
        shutil.rmtree(home, ignore_errors=True)
        scratch.replace(home)
    except OSError as fault:
        raise HomeUnusable(folder=home.name) from fault
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _build(home: Path, scale: int, say: Say) -> None:
    from builder.deploy.city import build_city

    write_settings(Settings(home=home, demo=True, log_level="warning"))
    say("生成各部门的数据库", "Building the departments' databases")
    catalog = load_catalog()
    build_city(home, scale, catalog=catalog)
    scenarios = [
        load(resource(f"specs/scenarios/{name}"), kinds=widget_kinds(), catalog=catalog)
        for name in _DEMO
    ]
    say("建立各部门节点", "Setting up the departments' nodes")
    _build_trust(home)
    _build_nodes(home, catalog)
    for scenario in scenarios:
        _publish(home, scenario, _city().code)
    say("登记账号", "Registering accounts")
    accounts = _accounts()
    by = next(a for a in accounts if "designer" in a.roles)
    with opened(home) as platform:
        platform.accounts.add(accounts, demo_password())
        signer = KeyStore(home / "keys").signer(_HUB)
        for scenario in scenarios:
            say(f"部署“{scenario.meta.title.zh}”", f"Deploying “{scenario.meta.title.en}”")
            deploy(platform, scenario, platform.city.code, by, signer)
    say("各部门审批用数授权", "Departments decide on the grants")
    stewards = {a.party: a for a in accounts if "steward" in a.roles}
    with opened(home) as platform:  # anew, so that the ledger holds what was deployed
        for scenario in scenarios:
            _approve(platform, scenario, by, stewards)


def _build_trust(home: Path) -> None:
    keys = KeyStore(home / "keys")
    for name in (_HUB, _IDENTITY):
        keys.signer(name)
    _begin_store(home / "hub.db", hub_tree)
    (home / _ISSUER).mkdir()
    shutil.copyfile(resource("specs/city/issuer.json"), home / _ISSUER / "issuer.json")
    _has_keys(home / _ISSUER, _ISSUER, create=True)
    _begin_store(home / _ISSUER / "issuer.db", issuer_tree)


def _build_nodes(home: Path, catalog: Catalog) -> None:
    """Write each node's folder as its operator would: keys, policy, NODE.toml."""
    hub = KeyStore(home / "keys").signer(_HUB).public_key
    issuer = KeyStore(home / _ISSUER / "keys").signer(_ISSUER).public_key
    known: dict[str, str] = {}
    for party in catalog.owners:
        folder = home / "nodes" / party
        folder.mkdir(parents=True, exist_ok=True)
        known[party] = _has_keys(folder, "node", create=True).public_key
        config = NodeConfig(
            party=party,
            hubs={_HUB: hub},
            issuers={_ISSUER: issuer},
            stewards={f"steward-{party}": _steward_signer(home, party, create=True).public_key},
            sources={"main": SourceConfig("sqlite", {"path": "source.db"})},
            datasets={d.id: Binding("main", d.resource) for d in catalog.of(party)},
        )
        (folder / NODE_FILE).write_text(config.to_toml(), encoding="utf-8")
        _write_policy(folder, party)
        _begin_store(folder / "node.db", node_tree)
    (home / _NODES).write_text(json.dumps(known, indent=1), encoding="utf-8")


def _publish(home: Path, scenario: Scenario, county: str) -> None:
    """Let the home party's node know the case store of a deployment among its sources."""
    folder = home / "nodes" / scenario.meta.lead
    deployment = f"{county}/{scenario.id}"
    config, source = load_config(folder), source_name(deployment)
    store = SourceConfig("sqlite", {"path": f"../../deployments/{deployment}/case.db"})
    published = case_datasets(scenario, scenario.meta.lead, _beside_the_city(county))
    others = {d: b for d, b in config.datasets.items() if b.source != source}
    config = replace(
        config,
        sources={**config.sources, source: store},
        datasets={**others, **{d.id: Binding(source, d.resource) for d in published}},
    )
    scratch = folder / f"{NODE_FILE}.new"
    scratch.write_text(config.to_toml(), encoding="utf-8")
    scratch.replace(folder / NODE_FILE)


def _write_policy(folder: Path, party: str) -> None:
    shipped = resource(f"specs/policy/{party}.json")
    target = folder / "policy.json"
    if shipped.exists():
        shutil.copyfile(shipped, target)
    else:  # nothing is permitted
        empty = {"party": party, "version": "1", "rate": {"per_minute": 600}, "rules": []}
        target.write_text(json.dumps(empty), encoding="utf-8")


def _approve(
    platform: Platform, scenario: Scenario, by: Account, stewards: Mapping[str | None, Account]
) -> None:
    for grant in request_grants(platform, scenario, by):
        owner = grant.ask.owner
        platform.hub.approve_grant(
            grant.id,
            platform.steward_signer(owner),
            stewards[owner].principal,
            remark="演示城市初始授权 / given when the demo city was built",
        )


def _accounts() -> list[Account]:
    said = json.loads(resource("specs/city/city.json").read_text(encoding="utf-8"))
    return [
        Account(
            account=a["account"],
            name=a["name"],
            party=a.get("party"),
            roles=tuple(a["roles"]),
            person=a.get("person", {}),
        )
        for a in said["accounts"]
    ]
