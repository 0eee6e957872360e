"""Bring a matter to a county: its case store, its place in the hub, the grants it asks for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from sqlalchemy import insert

from builder.cases.platform import Deployment, Platform, deployment_table
from builder.deploy.publish import create_views
from builder.identity import Account
from builder.scenario.model import NamedQuery, Scenario
from builder.store import cases as tables
from builder.store.trees import case_tree
from federation.audit import Entry, Journal
from federation.crypto import Signer
from federation.query import Question, uses
from federation.store import migrate, open_engine, sqlite_url, write
from federation.trust import Grant, GrantAsk

__all__ = ["STORE", "deploy", "deployment_folder", "grants_needed", "request_grants"]

STORE = "case.db"
_GRANT_LIFE = timedelta(days=365)
_APPLICANT, _STAND_IN = "applicant.id_card", "the applicant"


def deployment_folder(home: Path, deployment: str) -> Path:
    """Return the folder of a deployment, ``deployments/<county>/<scenario>``."""
    return home / "deployments" / deployment


def deploy(
    platform: Platform, scenario: Scenario, county: str, by: Account, signer: Signer
) -> Deployment:
    """Create a deployment and take it up; a store that fails leaves the hub as it was."""
    deployment_id = f"{county}/{scenario.id}"
    folder = deployment_folder(platform.settings.home, deployment_id)
    folder.mkdir(parents=True, exist_ok=True)
    engine = open_engine(sqlite_url(folder / STORE))
    migrate(engine, case_tree)
    journal = Journal(engine, tables.audit_entry, signer, name=f"case:{deployment_id}")
    now = platform.clock()
    with write(engine) as conn:
        conn.execute(
            insert(tables.scenario).values(
                hash=scenario.hash,
                version=scenario.meta.version,
                spec=scenario.raw,
                published_at=now,
            )
        )
        create_views(conn, scenario)
        facts = {"scenario": scenario.id, "version": scenario.meta.version, "hash": scenario.hash}
        journal.append(conn, Entry(kind="deployed", at=now, actor=by.account, facts=facts))
    with write(platform.hub_engine) as conn:
        conn.execute(
            insert(deployment_table).values(
                id=deployment_id,
                county=county,
                scenario=scenario.id,
                hash=scenario.hash,
                version=scenario.meta.version,
                home_party=scenario.meta.lead,
                url=f"sqlite:///deployments/{deployment_id}/{STORE}",
                deployed_at=now,
                deployed_by=by.account,
            )
        )
        facts = {"deployment": deployment_id, "hash": scenario.hash}
        platform.journal.append(conn, Entry(kind="deployed", at=now, actor=by.account, facts=facts))
    deployment = Deployment(
        deployment_id, county, scenario, scenario.meta.lead, engine, journal, platform.catalog
    )
    platform.deployments.add(deployment)
    platform.journals[f"case:{deployment_id}"] = journal
    return deployment


def request_grants(platform: Platform, scenario: Scenario, by: Account) -> tuple[Grant, ...]:
    """Ask every owner for what the scenario's queries need, and no more."""
    return tuple(
        platform.hub.request_grant(wanted, by.principal)
        for wanted in grants_needed(platform, scenario)
    )


def grants_needed(platform: Platform, scenario: Scenario) -> Iterator[GrantAsk]:
    """Yield one request per dataset and purpose: exactly the columns and positions queries use."""
    now = platform.clock()
    wanted: dict[tuple[str, str], dict[str, set[str]]] = {}
    for query in scenario.queries:
        dataset = scenario.dataset(query.dataset).dataset
        positions = wanted.setdefault((dataset, query.purpose), {})
        for column, found in uses(_sample(scenario, query), platform.catalog, _STAND_IN).items():
            positions.setdefault(column, set()).update(found)
    for (dataset, purpose), columns in wanted.items():
        title = scenario.meta.title
        yield GrantAsk(
            grantee=scenario.meta.lead,
            owner=platform.catalog.get(dataset).party,
            purpose=purpose,
            dataset=dataset,
            uses={column: tuple(sorted(found)) for column, found in sorted(columns.items())},
            reason=f"办理“{title.zh}”({', '.join(scenario.meta.plan_rows)})",
            valid_from=now,
            valid_to=now + _GRANT_LIFE,
            scenario=scenario.hash,
        )


def _sample(scenario: Scenario, query: NamedQuery) -> Question:
    return Question(
        sql=query.sql,
        purpose=query.purpose,
        datasets={query.dataset: scenario.dataset(query.dataset).dataset},
        params={
            name: _STAND_IN if source == _APPLICANT else "" for name, source in query.params.items()
        },
    )
