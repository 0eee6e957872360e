"""A small city for tests: two departments with real databases, an issuer, a hub, real keys."""

from __future__ import annotations

import itertools
import json
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from federation.audit import Journal
from federation.crypto import KeyStore
from federation.fragment import FRAGMENT_LIFE, Asker, Fragment, Scan
from federation.hub import Hub, IssuerClient, NodeEntry
from federation.hub.tables import grant_table, hub_checkpoint, hub_entry, node_table
from federation.ledger import Catalog, Dataset, Field, Grade, Text
from federation.link import InProcessLink
from federation.link.arrow import Rows, ask_rows
from federation.node import Binding, Node, NodeConfig, SourceConfig
from federation.query import Answer, Question, execute
from federation.store import open_engine, sqlite_url, write
from federation.trust import Grant, GrantAsk, Principal, SubjectClaim, sign_in_ticket
from federation.trust.issuer import CaseIssuer, IssuerConfig, Limits, Proof
from federation.trust.request import Desk

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
SCENARIO = "5ce0a410" * 8

# nobody's: region 340100 does not issue numbers, and the check characters are of no account
LI, WANG, ZHAO, CHEN = (f"34010019{n}0101000X" for n in (50, 80, 55, 85))
"""LI died; WANG is LI's child. ZHAO died; CHEN is ZHAO's child."""

KINSHIP = "police.kinship"
HOUSEHOLD = "police.household"
ACCOUNT = "fund.account"

POLICIES: Mapping[str, Mapping[str, object]] = {
    "police": {
        "party": "police",
        "version": "1",
        "rules": [
            {
                "dataset": KINSHIP,
                "purpose": "verify",
                "relations": ["claimed", "kin"],
                "uses": {"register_no": ["reference"], "kin_id_card": ["filter:applicant"]},
            },
            {
                "dataset": KINSHIP,
                "purpose": "case",
                "relations": ["kin"],
                "uses": {"relation": ["project"], "kin_id_card": ["filter:applicant"]},
            },
            {
                "dataset": HOUSEHOLD,
                "purpose": "case",
                "relations": ["self", "kin"],
                "uses": {
                    "name": ["project"],
                    "address": ["project"],
                    "moved_in": ["project", "filter:eq"],
                    "members": ["project", "filter:in"],
                },
            },
            {
                "dataset": HOUSEHOLD,
                "purpose": "verify",
                "relations": ["self", "kin"],
                "uses": {"household_no": ["reference"], "status": ["filter:eq"]},
            },
        ],
    },
    "fund": {
        "party": "fund",
        "version": "1",
        "rules": [
            {
                "dataset": ACCOUNT,
                "purpose": "case",
                "relations": ["kin"],
                "uses": {
                    "account_no": ["project", "filter:eq"],
                    "balance": ["project", "filter:eq"],
                    "frozen": ["project", "filter:eq"],
                    "touched": ["project"],
                },
            },
            {
                "dataset": ACCOUNT,
                "purpose": "verify",
                "relations": ["kin"],
                "uses": {"account_no": ["reference"], "status": ["filter:in"]},
            },
        ],
    },
}

ROWS: Mapping[str, tuple[str, list[tuple[object, ...]]]] = {
    "police/kinship": (
        "id_card TEXT, kin_id_card TEXT, relation TEXT, register_no TEXT, note TEXT",
        [
            (LI, WANG, "child", "K-1", "secret-li"),
            (ZHAO, CHEN, "child", "K-2", "secret-zhao"),
        ],
    ),
    "police/household": (
        (
            "id_card TEXT, name TEXT, address TEXT, household_no TEXT, status TEXT,"
            " moved_in TEXT, members INTEGER"
        ),
        [
            (LI, "李某", "长江路 1 号", "H-1", "registered", "1999-01-31", 3),
            (WANG, "王某", "芜湖路 2 号", "H-2", "registered", "2010-05-01", 2),
            (ZHAO, "赵某", "徽州大道 3 号", "H-3", "registered", "1988-12-01", 5),
        ],
    ),
    "fund/account": (
        "id_card TEXT, account_no TEXT, balance TEXT, frozen INTEGER, touched TEXT, status TEXT",
        [
            (LI, "A-1", "1234.50", 0, "2026-01-02T03:04:05+08:00", "normal"),
            (LI, "A-2", "0.00", 1, "2026-01-02T03:04:06+08:00", "closed"),
            (ZHAO, "A-3", "99.99", 0, "2026-01-02T03:04:07+08:00", "normal"),
        ],
    ),
}

GRANTS: tuple[tuple[str, str, str, Mapping[str, tuple[str, ...]]], ...] = tuple(
    (
        str(p["party"]),
        rule["dataset"],
        rule["purpose"],
        {c: tuple(u) for c, u in rule["uses"].items()},
    )
    for p in POLICIES.values()
    for rule in p["rules"]  # type: ignore[attr-defined]
)

KIN_CHECK = "SELECT register_no FROM kinship WHERE kin_id_card = :applicant_id"
NAMES = {"kinship": KINSHIP, "household": HOUSEHOLD, "account": ACCOUNT}


def text(zh: str) -> Text:
    return Text(zh, zh)


def field(name: str, kind: str = "text", grade: Grade = Grade.L3) -> Field:
    return Field(name, text(name), kind, "test", grade, personal=True, definition=text(name))


def dataset(id_: str, *fields: Field, subject_key: str | None = "id_card") -> Dataset:
    party, _, table = id_.partition(".")
    return Dataset(
        id=id_,
        party=party,
        title=text(table),
        definition=text(table),
        path=(text("1"), text("2"), text("3"), text("4")),
        resource=table,
        share_type="有条件",
        grade=Grade.CORE,
        refresh="daily",
        fields=fields,
        subject_key=subject_key,
    )


CATALOG = Catalog(
    [
        dataset(
            KINSHIP,
            field("id_card"),
            field("kin_id_card"),
            field("relation"),
            field("register_no", grade=Grade.L2),
            field("note", grade=Grade.IMPORTANT),
        ),
        dataset(
            HOUSEHOLD,
            field("id_card"),
            field("name"),
            field("address"),
            field("household_no"),
            field("status"),
            field("moved_in", "date"),
            field("members", "int"),
        ),
        dataset(
            ACCOUNT,
            field("id_card"),
            field("account_no"),
            field("balance", "decimal(12,2)"),
            field("frozen", "bool"),
            field("touched", "timestamp"),
            field("status"),
        ),
    ]
)


def down(*_request: object) -> Any:
    """The WSGI callable of a party that is not there."""
    raise ConnectionRefusedError


class City:
    """Everything by its own keys, in its own folders; only bytes pass between the parts."""

    def __init__(self, folder: Path, *, limits: Limits | None = None) -> None:
        """Found a city in a folder, or open the one that lies there."""
        self.folder = folder
        self.now = NOON
        keys = KeyStore(folder / "keys")
        self.identity, self.hub_key = keys.signer("identity"), keys.signer("hub")
        self.other_hub_key = keys.signer("other-hub")
        self.stewards = {party: keys.signer(f"steward-{party}") for party in POLICIES}
        self._numbers = itertools.count(1)
        issuer_key = KeyStore(folder / "issuer" / "keys").signer("issuer").public_key
        self.node_keys = {p: self._node_key(p) for p in POLICIES}
        self.config = {p: self._config(p, issuer_key) for p in POLICIES}
        if not (folder / "hub.db").exists():
            for party, policy in POLICIES.items():
                self.write_policy(party, policy)
            for place, (columns, rows) in ROWS.items():
                self.fill(place, columns, rows)
        self.issuer = CaseIssuer.open(
            folder / "issuer",
            IssuerConfig(
                name="city-issuer",
                identities={"city-identity": self.identity.public_key},
                hubs={
                    "hefei": self.hub_key.public_key,
                    "anhui": self.other_hub_key.public_key,
                },
                nodes=self.node_keys,
                proofs=(Proof("kin", "police", KINSHIP, "kin_id_card"),),
                limits=limits or Limits(),
            ),
            clock=self.clock,
        )
        self.nodes = {party: self.open_node(party) for party in POLICIES}
        self.engine = open_engine(sqlite_url(folder / "hub.db"))
        with write(self.engine) as conn:
            for table in (grant_table, hub_entry, hub_checkpoint, node_table):
                table.create(conn, checkfirst=True)
        self.hub = self._hub(self.engine)

    # ── parts ──────────────────────────────────────────────────────────────────────────────────

    def clock(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)

    def nonce(self) -> str:
        return f"nonce-{next(self._numbers):06d}"

    def _node_key(self, party: str) -> str:
        return KeyStore(self.folder / party / "keys").signer("node").public_key

    def _config(self, party: str, issuer_key: str) -> NodeConfig:
        owned = [d for d in CATALOG.datasets.values() if d.party == party]
        return NodeConfig(
            party=party,
            hubs={"hefei": self.hub_key.public_key},
            issuers={"city-issuer": issuer_key},
            stewards={f"{party}-steward": self.stewards[party].public_key},
            sources={"main": SourceConfig("sqlite", {"path": "main.db"})},
            datasets={d.id: Binding("main", d.resource) for d in owned},
        )

    def open_node(self, party: str) -> Node:
        return Node.open(self.folder / party, self.config[party], clock=self.clock, catalog=CATALOG)

    def link(self, party: str, *, peer: str = "hefei") -> InProcessLink:
        return InProcessLink(party, self.nodes[party].app, peer=peer)

    def issuer_client(self, *, key: object = None, peer: str = "hefei") -> IssuerClient:
        signer = key or self.hub_key
        return IssuerClient(
            "city-issuer",
            self.issuer.public_key,
            InProcessLink("city-issuer", self.issuer.app, peer=peer),
            Desk("hefei", signer, self.clock, self.nonce),  # type: ignore[arg-type]
        )

    def _hub(self, engine: Engine) -> Hub:
        return Hub(
            id="hefei",
            engine=engine,
            signer=self.hub_key,
            catalog=CATALOG,
            nodes=[NodeEntry(p, self.link(p), self.node_keys[p]) for p in POLICIES],
            issuer=self.issuer_client(),
            journal=Journal(engine, hub_entry, self.hub_key, name="hub"),
            clock=self.clock,
            nonce=self.nonce,
        )

    def fill(self, place: str, columns: str, rows: list[tuple[object, ...]]) -> None:
        party, _, table = place.partition("/")
        with closing(sqlite3.connect(self.folder / party / "main.db")) as db, db:
            db.execute(f"DROP TABLE IF EXISTS {table}")
            db.execute(f"CREATE TABLE {table} ({columns})")
            marks = ",".join("?" * (columns.count(",") + 1))
            db.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)

    def insert(self, place: str, *rows: tuple[object, ...]) -> None:
        party, _, table = place.partition("/")
        with closing(sqlite3.connect(self.folder / party / "main.db")) as db, db:
            db.executemany(f"INSERT INTO {table} VALUES ({','.join('?' * len(rows[0]))})", rows)

    def write_policy(self, party: str, policy: Mapping[str, object]) -> None:
        (self.folder / party / "policy.json").write_text(json.dumps(policy), encoding="utf-8")

    def reopen(self, party: str) -> None:
        self.nodes[party].close()
        self.nodes[party] = self.open_node(party)
        self.hub.nodes[party] = replace(self.hub.nodes[party], link=self.link(party))

    def close(self) -> None:
        for node in self.nodes.values():
            node.close()
        self.issuer.close()
        self.engine.dispose()

    # ── people ─────────────────────────────────────────────────────────────────────────────────

    def person(self, key: str = WANG, account: str = "wang") -> Principal:
        return Principal(account, "某", None, ("applicant",), key)

    def steward(self, party: str) -> Principal:
        return Principal(f"{party}-steward", "专员", party, ("steward",))

    def officer(self) -> Principal:
        return Principal("officer-1", "经办", "civil-affairs", ("officer", "deploy"))

    def ticket(self, key: str = WANG, account: str = "wang") -> dict[str, object]:
        expires = self.now + timedelta(hours=12)
        return sign_in_ticket(self.person(key, account), self.now, expires, self.identity)

    # ── the way of a matter ────────────────────────────────────────────────────────────────────

    def claims(self) -> tuple[SubjectClaim, ...]:
        kin = tuple(f"{d.id}.{f.name}" for d in CATALOG.datasets.values() for f in d.fields)
        own = tuple(f"{HOUSEHOLD}.{f.name}" for f in CATALOG.get(HOUSEHOLD).fields)
        return (
            SubjectClaim("applicant", "person", "self", own),
            SubjectClaim("deceased", "person", "kin", kin),
        )

    def ask_grant(self, party: str, dataset_id: str, why: str, /, **changes: object) -> Grant:
        uses = next(u for _, d, p, u in GRANTS if (d, p) == (dataset_id, why))
        wanted = GrantAsk(
            grantee="civil-affairs",
            owner=party,
            purpose=why,
            dataset=dataset_id,
            uses=uses,
            reason="公民身后一件事",
            valid_from=NOON - timedelta(days=1),
            valid_to=NOON + timedelta(days=30),
        )
        return self.hub.request_grant(replace(wanted, **changes), self.officer())  # type: ignore[arg-type]

    def grant(self, party: str, dataset_id: str, why: str, /, **changes: object) -> Grant:
        asked = self.ask_grant(party, dataset_id, why, **changes)
        return self.hub.approve_grant(asked.id, self.stewards[party], self.steward(party))

    def grant_all(self) -> None:
        for party, dataset_id, purpose, _ in GRANTS:
            self.grant(party, dataset_id, purpose)

    def open_case(
        self,
        case: str = "HF-1",
        *,
        applicant: str = WANG,
        deceased: str | None = LI,
        scenario: str = SCENARIO,
    ) -> str:
        self.hub.open_case(case, scenario, ["pipl"], self.ticket(applicant), self.claims())
        if deceased is not None:
            self.hub.declare_subject(case, "deceased", deceased)
        return case

    def establish(self, case: str = "HF-1", applicant: str = WANG) -> Answer:
        answer = self.ask(KIN_CHECK, "verify", case=case, params={"applicant_id": applicant})
        self.hub.establish(case, "deceased", answer.receipt)
        return answer

    def running(self, case: str = "HF-1", **people: str) -> str:
        """A case whose relation is established."""
        self.open_case(case, **people)  # type: ignore[arg-type]
        self.establish(case, people.get("applicant", WANG))
        return case

    def ask(
        self,
        sql: str,
        purpose: str = "case",
        *,
        case: str = "HF-1",
        subject: str = "deceased",
        **more: object,
    ) -> Answer:
        question = Question(
            sql,
            purpose,
            NAMES,
            case=case,
            subject=subject,
            **more,  # type: ignore[arg-type]
        )
        return execute(self.hub, self.person(), question)

    # ── by hand, as a hub that does not play fair would ────────────────────────────────────────

    def fragment(
        self,
        scan: Scan,
        *,
        party: str = "police",
        dataset_id: str = HOUSEHOLD,
        purpose: str = "case",
        case: str = "HF-1",
        subject: str = "deceased",
        fields: tuple[str, ...] = ("name",),
        **changes: object,
    ) -> Fragment:
        ids = tuple(f"{dataset_id}.{f}" for f in fields)
        papers = self.hub.papers(case, subject, ids)
        grant = self.hub.grant_for(dataset_id, purpose, SCENARIO, None)
        made = Fragment(
            scan=scan,
            purpose=purpose,
            grant=grant.id if grant else "none",
            caller="hefei",
            party=party,
            principal=Asker("wang"),
            query="0" * 64,
            nonce=self.nonce(),
            issued=self.now,
            expires=self.now + FRAGMENT_LIFE,
            token=papers.sealed_token,
            statement=papers.statement,
        )
        return replace(made, **changes)  # type: ignore[arg-type]

    def send(
        self,
        fragment: Fragment | Mapping[str, object],
        party: str = "police",
        *,
        key: object = None,
        peer: str = "hefei",
    ) -> Rows:
        if isinstance(fragment, Fragment):
            fragment = fragment.seal(key or self.hub_key)  # type: ignore[arg-type]
        return ask_rows(self.link(party, peer=peer), "/v1/fragment", fragment)

    def kinds(self, party: str = "police") -> list[str]:
        """Kinds of entries in a node's journal, oldest first."""
        found = self.nodes[party].journal.search(limit=10_000)
        return [record.kind for record in reversed(found)]


Cities = Callable[[str], City]
