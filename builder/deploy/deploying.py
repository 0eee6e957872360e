"""Bring a matter to a county: its case store, its place in the hub, the grants it asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from sqlalchemy import Connection, delete, insert, select

from builder.cases.platform import Deployment, Platform, deployment_table
from builder.deploy.publish import create_views
from builder.deploy.readers import let_reader_read
from builder.identity import Account
from builder.scenario.model import NamedQuery, Scenario
from builder.store import cases as tables
from builder.store.opening import case_engine, case_url
from builder.store.trees import case_tree
from federation.audit import Entry, Journal
from federation.crypto import Signer
from federation.query import Question, uses
from federation.store import migrate, read, write
from federation.trust import Grant, GrantAsk

__all__ = ["deploy", "grants_needed", "request_grants"]

_GRANT_LIFE = timedelta(days=365)
_APPLICANT, _STAND_IN = "applicant.id_card", "the applicant"


def deploy(
    platform: Platform,
    scenario: Scenario,
    county: str,
    by: Account,
    signer: Signer,
    templates: Mapping[str, bytes] = MappingProxyType({}),
) -> Deployment:
    """Create a deployment, or bring a new version to one; cases under way keep theirs.

    `templates` are the Word templates of its documents, by document. A store that fails leaves the
    hub as it was. Deploying the same version again changes nothing.
    """
    deployment_id = f"{county}/{scenario.id}"
    engine = case_engine(platform.settings, deployment_id, hub=platform.hub_engine, create=True)
    migrate(engine, case_tree)
    journal = Journal(engine, tables.audit_entry, signer, name=f"case:{deployment_id}")
    if _current(platform, deployment_id) != scenario.hash:
        now = platform.clock()
        facts = {"scenario": scenario.id, "version": scenario.meta.version, "hash": scenario.hash}
        with write(engine) as conn:
            _keep_version(conn, scenario, now)
            _keep_templates(conn, scenario, templates)
            create_views(conn, scenario)
            let_reader_read(conn, deployment_id)
            journal.append(conn, Entry(kind="deployed", at=now, actor=by.account, facts=facts))
        facts = {"deployment": deployment_id, "hash": scenario.hash}
        with write(platform.hub_engine) as conn:
            _list(conn, platform, deployment_id, scenario, county, by, now)
            platform.journal.append(
                conn, Entry(kind="deployed", at=now, actor=by.account, facts=facts)
            )
    deployment = Deployment(
        deployment_id, county, scenario, scenario.meta.lead, engine, journal, platform.catalog
    )
    platform.deployments.add(deployment)
    platform.journals[f"case:{deployment_id}"] = journal
    return deployment


def _current(platform: Platform, deployment: str) -> str | None:
    table = deployment_table
    with read(platform.hub_engine) as conn:
        return conn.scalar(select(table.c.hash).where(table.c.id == deployment))


def _keep_version(conn: Connection, scenario: Scenario, now: datetime) -> None:
    table = tables.scenario
    if conn.scalar(select(table.c.hash).where(table.c.hash == scenario.hash)) is None:
        conn.execute(
            insert(table).values(
                hash=scenario.hash,
                version=scenario.meta.version,
                spec=scenario.raw,
                published_at=now,
            )
        )


def _keep_templates(conn: Connection, scenario: Scenario, templates: Mapping[str, bytes]) -> None:
    table = tables.document_template
    conn.execute(delete(table).where(table.c.scenario_hash == scenario.hash))
    for document, docx in templates.items():
        conn.execute(
            insert(table).values(scenario_hash=scenario.hash, document=document, docx=docx)
        )


def _list(
    conn: Connection,
    platform: Platform,
    deployment: str,
    scenario: Scenario,
    county: str,
    by: Account,
    now: datetime,
) -> None:
    """Put a deployment (or its new version) into the hub's list."""
    conn.execute(delete(deployment_table).where(deployment_table.c.id == deployment))
    conn.execute(
        insert(deployment_table).values(
            id=deployment,
            county=county,
            scenario=scenario.id,
            hash=scenario.hash,
            version=scenario.meta.version,
            home_party=scenario.meta.lead,
            url=case_url(platform.settings, deployment),
            deployed_at=now,
            deployed_by=by.account,
        )
    )


def request_grants(platform: Platform, scenario: Scenario, by: Account) -> tuple[Grant, ...]:
    """Ask every owner for what the scenario's queries need, and no more; nothing twice.

    Returns:
        Those asked for just now.
    """
    now = platform.clock()
    held = {
        (g.ask.dataset, g.ask.purpose)
        for g in platform.hub.grants()
        if g.ask.scenario == scenario.hash and g.state_at(now) in ("asked", "approved")
    }
    return tuple(
        platform.hub.request_grant(wanted, by.principal)
        for wanted in grants_needed(platform, scenario)
        if (wanted.dataset, wanted.purpose) not in held
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
