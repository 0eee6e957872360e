"""Bring a matter to a county: check it, deploy it, publish its cases, ask for its grants."""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import select

from builder.app.opening import opened
from builder.app.places import HUB, beside_the_city
from builder.cases.commands import county_code
from builder.cases.platform import Platform, deployment_table
from builder.deploy.deploying import deploy, request_grants
from builder.deploy.errors import CountyOfAnother, LeadUnknown, MayNotDeploy
from builder.deploy.publish import case_datasets, create_views, source_name
from builder.deploy.readers import case_source, let_reader_read
from builder.documents import word
from builder.errors import Findings
from builder.forms import compile_form, widget_kinds
from builder.identity import Account
from builder.scenario.load import load, restore
from builder.scenario.model import Scenario, Text
from builder.store.cases import scenario as _versions
from builder.store.opening import case_engine, hub_engine
from builder.store.settings import read_settings
from federation.crypto import KeyStore
from federation.ledger import Dataset, load_catalog
from federation.ledger.load import supplement
from federation.node import Binding, SourceConfig
from federation.node.config import FILE_NAME as NODE_FILE
from federation.node.config import load_config
from federation.node.node import SUPPLEMENTS
from federation.store import read, write
from federation.trust import Grant

__all__ = ["Brought", "bring", "publish_cases", "republish_cases"]


@dataclass(frozen=True, slots=True)
class Brought:
    """What came of deploying a scenario: where it runs, and what its owners are asked for."""

    deployment: str
    version: str
    hash: str
    grants: tuple[Grant, ...]


def bring(home: Path, folder: Path, county: str | None, account: str) -> Brought:
    """Check a scenario folder, deploy it in a county, publish its cases, ask for its grants.

    Processes that run meanwhile take the matter up within seconds.

    Args:
        home: the city's folder.
        folder: holds ``scenario.json``.
        county: code or name; None for the city itself, or for an administrator's own county.
        account: a designer's, or an administrator's of that county.

    Raises:
        Findings: everything that is wrong with the scenario.
        CountyUnknown, LeadUnknown, MayNotDeploy, CountyOfAnother: as they say.
    """
    with opened(home) as platform:
        by = platform.accounts.named(account).account
        code = _place(platform, by, county)
        scenario = load(folder, kinds=widget_kinds(), catalog=platform.catalog)
        for form in scenario.forms:
            compile_form(scenario, form.id)
        if found := list(word.findings(folder, scenario)):
            raise Findings(found, where="scenario.json")
        if scenario.meta.lead not in platform.hub.nodes:
            near = difflib.get_close_matches(scenario.meta.lead, platform.hub.nodes, cutoff=0)
            raise LeadUnknown(party=scenario.meta.lead, nearest=near, where="/scenario/lead")
        signer = KeyStore(platform.settings.home / "keys").signer(HUB, create=False)
        templates = {
            d.id: (folder / d.template).read_bytes() for d in scenario.documents if d.template
        }
        deployment = deploy(platform, scenario, code, by, signer, templates)
    publish_cases(home, scenario, code)
    with opened(home) as platform:  # anew, so that ledger and node hold what was deployed
        grants = request_grants(platform, scenario, by)
    return Brought(deployment.id, scenario.meta.version, scenario.hash, grants)


def _place(platform: Platform, by: Account, county: str | None) -> str:
    """Return the code of the county to deploy in, if this account may."""
    if "designer" in by.roles:
        return county_code(platform, county or platform.city.code)
    if "county-admin" not in by.roles:
        raise MayNotDeploy(account=by.account)
    wanted = county_code(platform, county) if county else by.county
    if wanted is None or wanted != by.county:
        own = platform.city.county_title(by.county) if by.county else Text("—", "—")
        raise CountyOfAnother(account=by.account, county=f"{own.zh} {own.en}")
    return wanted


def publish_cases(home: Path, scenario: Scenario, county: str) -> None:
    """Let the home party's node know the case store of a deployment among its sources."""
    folder = home / "nodes" / scenario.meta.lead
    deployment = f"{county}/{scenario.id}"
    config, source = load_config(folder), source_name(deployment)
    store = SourceConfig(*case_source(read_settings(home), deployment, folder))
    published = case_datasets(scenario, scenario.meta.lead, beside_the_city(county))
    others = {d: b for d, b in config.datasets.items() if b.source != source}
    config = replace(
        config,
        sources={**config.sources, source: store},
        datasets={**others, **{d.id: Binding(source, d.resource) for d in published}},
    )
    _add_to_ledger(folder, source, scenario, published)
    scratch = folder / f"{NODE_FILE}.new"
    scratch.write_text(config.to_toml(), encoding="utf-8")
    scratch.replace(folder / NODE_FILE)


def republish_cases(home: Path) -> None:
    """Make the views of every case store anew, and tell the home nodes here where they are now.

    For a city whose stores were moved or copied: neither views nor addresses travel with rows.
    """
    settings, catalog = read_settings(home), load_catalog()
    hub = hub_engine(settings)
    try:
        with read(hub) as conn:
            rows = conn.execute(select(deployment_table)).all()
        for row in rows:
            with write(case_engine(settings, row.id, hub=hub)) as conn:
                spec = conn.scalar(select(_versions.c.spec).where(_versions.c.hash == row.hash))
                scenario = restore(spec, catalog=catalog)
                create_views(conn, scenario)
                let_reader_read(conn, row.id)
            if (home / "nodes" / scenario.meta.lead / NODE_FILE).exists():
                publish_cases(home, scenario, row.county)
    finally:
        hub.dispose()


def _add_to_ledger(
    folder: Path, source: str, scenario: Scenario, published: tuple[Dataset, ...]
) -> None:
    """Tell a node that runs apart, in the catalogue's own form, of the datasets it publishes."""
    owner = load_catalog().owners[scenario.meta.lead]
    ledger = folder / SUPPLEMENTS
    ledger.mkdir(exist_ok=True)
    document = json.dumps(supplement(owner, published), ensure_ascii=False, indent=1)
    (ledger / f"{source}.json").write_text(document, encoding="utf-8")
