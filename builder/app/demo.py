"""Build the demo city in a folder: whole, or not at all."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from builder.app.bringing import publish_cases
from builder.app.opening import demo_password, opened
from builder.app.places import (
    HUB,
    IDENTITY,
    ISSUER,
    has_keys,
    now_in_shanghai,
    steward_signer,
    the_city,
)
from builder.app.stores import begin_store, clear_place, hub_engine
from builder.cases.platform import Platform
from builder.deploy.deploying import deploy, request_grants
from builder.forms import widget_kinds
from builder.identity import Account
from builder.scenario.load import load
from builder.scenario.model import Scenario
from builder.store.errors import HomeUnusable
from builder.store.settings import FILE_NAME, Settings, read_settings, write_settings
from builder.store.trees import hub_tree
from federation.crypto import KeyStore
from federation.hub import registry
from federation.ledger import Catalog, load_catalog
from federation.node import Binding, NodeConfig, SourceConfig
from federation.node.config import FILE_NAME as NODE_FILE
from federation.store import migrate, node_tree, resource, write
from federation.trust.issuer_store import issuer_tree

__all__ = ["build_demo"]

_DEMO = ("s23-afterlife",)

Say = Callable[[str, str], None]


def build_demo(
    home: Path, *, scale: int, say: Say, fresh: bool = False, hub_url: str | None = None
) -> None:
    """Build the demo city in a folder: whole, or not at all.

    Args:
        home: must be missing or empty, or hold a city when `fresh`.
        scale: 1 gives about ten thousand rows in a main table.
        say: told of each step, in zh and en.
        fresh: replace an existing city.
        hub_url: a PostgreSQL database that keeps hub and cases instead of files in the folder; with
            `fresh`, what a city kept there before is dropped. A password in it is put into a file.

    Raises:
        StoreTaken: the database holds a city already.
        HomeUnusable: the folder holds something that is not a city, or cannot be written.
    """
    if home.exists() and any(home.iterdir()) and not (fresh and (home / FILE_NAME).exists()):
        raise HomeUnusable(folder=home.name)
    scratch = home.with_name(f"{home.name}.building")
    try:
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        settings = Settings(home=scratch, demo=True, log_level="warning")
        settings = settings if hub_url is None else replace(settings, hub_url=hub_url)
        write_settings(settings)
        clear_place(read_settings(scratch), fresh=fresh)
        _build(scratch, scale, say)
        shutil.rmtree(home, ignore_errors=True)
        scratch.replace(home)
    except OSError as fault:
        raise HomeUnusable(folder=home.name) from fault
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _build(home: Path, scale: int, say: Say) -> None:
    from builder.deploy.city import build_city

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
        publish_cases(home, scenario, the_city().code)
    say("登记账号", "Registering accounts")
    accounts = _accounts()
    by = next(a for a in accounts if "designer" in a.roles)
    with opened(home) as platform:
        platform.accounts.add(accounts, demo_password())
        signer = KeyStore(home / "keys").signer(HUB)
        for scenario in scenarios:
            say(f"部署事项：{scenario.meta.title.zh}", f"Deploying: {scenario.meta.title.en}")
            deploy(platform, scenario, platform.city.code, by, signer)
    say("各部门审批用数授权", "Departments decide on the grants")
    stewards = {a.party: a for a in accounts if "steward" in a.roles}
    with opened(home) as platform:  # anew, so that the ledger holds what was deployed
        for scenario in scenarios:
            _approve(platform, scenario, by, stewards)


def _build_trust(home: Path) -> None:
    keys = KeyStore(home / "keys")
    for name in (HUB, IDENTITY):
        keys.signer(name)
    hub = hub_engine(read_settings(home), create=True)
    migrate(hub, hub_tree)
    hub.dispose()
    (home / ISSUER).mkdir()
    shutil.copyfile(resource("specs/city/issuer.json"), home / ISSUER / "issuer.json")
    has_keys(home / ISSUER, ISSUER, create=True)
    begin_store(home / ISSUER / "issuer.db", issuer_tree)


def _build_nodes(home: Path, catalog: Catalog) -> None:
    """Write each node's folder as its operator would: keys, policy, NODE.toml."""
    hub = KeyStore(home / "keys").signer(HUB).public_key
    issuer = KeyStore(home / ISSUER / "keys").signer(ISSUER).public_key
    known: dict[str, str] = {}
    for party in catalog.owners:
        folder = home / "nodes" / party
        folder.mkdir(parents=True, exist_ok=True)
        known[party] = has_keys(folder, "node", create=True).public_key
        config = NodeConfig(
            party=party,
            hubs={HUB: hub},
            issuers={ISSUER: issuer},
            stewards={f"steward-{party}": steward_signer(home, party, create=True).public_key},
            sources={"main": SourceConfig("sqlite", {"path": "source.db"})},
            datasets={d.id: Binding("main", d.resource) for d in catalog.of(party)},
        )
        (folder / NODE_FILE).write_text(config.to_toml(), encoding="utf-8")
        _write_policy(folder, party)
        begin_store(folder / "node.db", node_tree)
    engine = hub_engine(read_settings(home))
    with write(engine) as conn:
        registry.fill(conn, known, now_in_shanghai(), by="scenarist demo")
    engine.dispose()


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
            county=a.get("county"),
        )
        for a in said["accounts"]
    ]
