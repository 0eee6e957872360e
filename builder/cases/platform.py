"""Hold what commands and views need: one value, made in `builder.app`, passed down everywhere."""

from __future__ import annotations

import difflib
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from sqlalchemy import Column, Engine, String, Table, insert, select

from builder.cases.city import City
from builder.cases.errors import CaseUnknown, DeploymentUnknown
from builder.errors import Fault
from builder.forms import CompiledForm, compile_form
from builder.identity import LocalAccounts, Sessions
from builder.process.calendar import Calendar
from builder.scenario.load import restore
from builder.scenario.model import Scenario, Text
from builder.store import cases as tables
from builder.store import hub_metadata
from builder.store.settings import Settings
from federation.audit import Journal
from federation.crypto import Signer
from federation.hub import Hub
from federation.ledger import Catalog
from federation.store import Instant, read, write

__all__ = ["Deployment", "Deployments", "Platform", "deployment_table"]

_LOOK_EVERY_S = 3.0
_LED = 20_000

deployment_table = Table(
    "deployment",
    hub_metadata,
    Column("id", String(96), primary_key=True),
    Column("county", String(16), nullable=False),
    Column("scenario", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("version", String(32), nullable=False),
    Column("home_party", String(64), nullable=False),
    Column("url", String(256), nullable=False),
    Column("deployed_at", Instant, nullable=False),
    Column("deployed_by", String(64), nullable=False),
)

case_ref_table = Table(
    "case_ref",
    hub_metadata,
    Column("case_no", String(32), primary_key=True),
    Column("deployment", String(96), nullable=False),
    comment="which deployment's store a number leads to; written before the draft",
)


@dataclass(slots=True)
class Deployment:
    """One matter as one county runs it, with its own case store and journal.

    Attributes:
        id: ``"<county>/<scenario>"``.
        current: the version that new applications begin with.
        home_party: the department whose node publishes the case store.
    """

    id: str
    county: str
    current: Scenario
    home_party: str
    engine: Engine
    journal: Journal
    catalog: Catalog
    _scenarios: dict[str, Scenario] = field(default_factory=dict)
    _forms: dict[tuple[str, str], CompiledForm] = field(default_factory=dict)

    def scenario(self, scenario_hash: str) -> Scenario:
        """Return the version a case began with."""
        if scenario_hash == self.current.hash:
            return self.current
        if scenario_hash not in self._scenarios:
            with read(self.engine) as conn:
                spec = conn.scalars(
                    select(tables.scenario.c.spec).where(tables.scenario.c.hash == scenario_hash)
                ).one()
            self._scenarios[scenario_hash] = restore(spec, catalog=self.catalog)
        return self._scenarios[scenario_hash]

    def form(self, scenario: Scenario, form: str) -> CompiledForm:
        """Return a form compiled once per version."""
        key = (scenario.hash, form)
        if key not in self._forms:
            self._forms[key] = compile_form(scenario, form)
        return self._forms[key]


class Deployments:
    """The matters that run here, by id; and where a case number leads.

    Attributes:
        look: given the hashes known by id, opens what another process has deployed since.
    """

    def __init__(self, hub: Engine, running: Mapping[str, Deployment]) -> None:
        self.look: Callable[[Mapping[str, str]], Iterable[Deployment]] = lambda _: ()
        self._hub = hub
        self._running = dict(running)
        self._led = lru_cache(maxsize=_LED)(self._lookup)
        self._next_look_s = 0.0

    def all(self) -> tuple[Deployment, ...]:
        """Return every deployment, by id; what was deployed elsewhere is here within seconds."""
        if time.monotonic() >= self._next_look_s:
            self.refresh()
        running = self._running
        return tuple(running[k] for k in sorted(running))

    def add(self, deployment: Deployment) -> None:
        """Take up a new deployment, or a new version of one."""
        self._running = {**self._running, deployment.id: deployment}

    def refresh(self) -> None:
        """Take up what another process has deployed; one that runs already gets its new version."""
        self._next_look_s = time.monotonic() + _LOOK_EVERY_S
        known = {d.id: d.current.hash for d in self._running.values()}
        with suppress(Fault):  # a store in trouble is looked into again in a moment
            for found in self.look(known):
                running = self._running.get(found.id)
                if running is None:
                    self.add(found)
                else:
                    running.current = found.current
                    found.engine.dispose()

    def get(self, deployment_id: str) -> Deployment:
        """Return a deployment by id, by scenario id, or by the scenario's unique title.

        Raises:
            DeploymentUnknown: with what is offered.
        """
        if deployment_id not in self._running:
            self.refresh()
        if deployment_id in self._running:
            return self._running[deployment_id]
        hits = [
            d
            for d in self._running.values()
            if deployment_id in (d.current.id, d.current.meta.title.zh, d.current.meta.title.en)
        ]
        if len(hits) == 1:
            return hits[0]
        near = difflib.get_close_matches(deployment_id, self._running, n=5, cutoff=0.0)
        raise DeploymentUnknown(matter=deployment_id, known=near)

    def of_case(self, case_no: str) -> Deployment:
        """Return the deployment a case number leads to.

        Raises:
            CaseUnknown: the number leads nowhere.
        """
        found = self._led(case_no)
        if found not in self._running:
            self.refresh()
        if found not in self._running:
            raise CaseUnknown(case=case_no)
        return self._running[found]

    def _lookup(self, case_no: str) -> str:
        """Ask the hub where a number leads; its answer holds for ever, so that it is kept."""
        with read(self._hub) as conn:
            found = conn.scalar(
                select(case_ref_table.c.deployment).where(case_ref_table.c.case_no == case_no)
            )
        if found is None:
            raise CaseUnknown(case=case_no)
        return str(found)

    def register(self, case_no: str, deployment: Deployment) -> None:
        """Note where a number leads, before anything is kept under it."""
        with write(self._hub) as conn:
            conn.execute(insert(case_ref_table).values(case_no=case_no, deployment=deployment.id))


@dataclass(slots=True)
class Platform:
    """Everything that commands and views reach out to.

    Attributes:
        clock: returns the present moment, aware, Asia/Shanghai.
        random_bytes: the system's random source.
        hub_engine: the hub's own store.
        journal: the hub's own journal.
        journals: every journal this process keeps itself, by name: ``hub``, ``issuer``,
            ``case:<deployment>``, and in the embedded city ``node:<party>``.
        steward_signer: gives the key a party's steward seals decisions with. In the demo it lies on
            this machine; in a city it is the steward's own.
        soon: does what need not be waited for: at once here, after the answer in the web. It stands
            in the case store by then, so a worker does it where this process dies.
        close: end what runs in the background of this value.
    """

    settings: Settings
    clock: Callable[[], datetime]
    random_bytes: Callable[[int], bytes]
    city: City
    catalog: Catalog
    calendar: Calendar
    hub: Hub
    accounts: LocalAccounts
    sessions: Sessions
    deployments: Deployments
    hub_engine: Engine
    journal: Journal
    steward_signer: Callable[[str], Signer]
    journals: dict[str, Journal] = field(default_factory=dict)
    soon: Callable[[Callable[[], None]], None] = lambda act: act()
    close: Callable[[], None] = lambda: None

    def dataset_title(self, dataset: str) -> Text:
        """Return what the ledger calls a dataset."""
        found = self.catalog.datasets.get(dataset)
        return Text(found.title.zh, found.title.en) if found else Text(dataset, dataset)

    def field_titles(self, dataset: str, fields: tuple[str, ...]) -> tuple[Text, ...]:
        """Return what the ledger calls fields of a dataset."""
        found = self.catalog.datasets.get(dataset)
        known = {f.name: f.title for f in found.fields} if found else {}
        return tuple(Text(known[f].zh, known[f].en) if f in known else Text(f, f) for f in fields)
