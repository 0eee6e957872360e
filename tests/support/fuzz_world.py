"""A city to be fuzzed: people of every role, planted canaries, what must hold after a request.

What must hold: no answer of a mistaken program (500), errors in the one shape, nobody reads another
one's values, and every case folds to what its rows say, with journals that verify.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from programs import MATTER
from sqlalchemy import select

from builder.app import demo_password, open_platform
from builder.cases import commands, governance, keeping
from builder.cases.answers import flat
from builder.store import cases as tables
from builder.web import Limits, create_app
from builder.web.scopes import scopes_of
from federation.store import read, resource

MATTER_ID = "340100/s23-afterlife"
VISITOR = "visitor"
PEOPLE = (
    VISITOR,
    "chen-jing",
    "zhou-ming",
    "sun-lei",
    "officer-civil-affairs",
    "officer-police",
    "officer-hrss",
    "officer-housing-fund",
    "officer-health",
    "officer-medical-insurance",
    "designer",
    "admin-feixi",
    "scientist",
    "steward-police",
    "steward-housing-fund",
    "auditor",
)
CANARIES = {
    "16000000991": {
        "chen-jing",
        "officer-civil-affairs",
        "officer-hrss",
        "officer-housing-fund",
        "officer-health",
        "officer-medical-insurance",
    },
    "6200000000000000018": {
        "chen-jing",
        "officer-hrss",
        "officer-housing-fund",
        "officer-health",
        "officer-medical-insurance",
    },
    "金丝雀收文": {"chen-jing", "officer-civil-affairs"},
    "6200000000000000034": {"zhou-ming"},
    "16000000882": {"chen-jing"},
}
"""Values planted in people's cases, and who may ever read them."""

FAULT = {"code", "message", "facts", "where", "next"}
_CODE = re.compile(r"<code>[a-z0-9-]+(\.[a-z0-9-]+)+</code>")
_MANY = Limits(*["100000000 per minute"] * len(Limits.__slots__))
_STEP = timedelta(seconds=20)


@dataclass
class Clock:
    """A clock that goes on a little with every request."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


@dataclass
class World:
    """The city, everyone's sign-ins, and what was met so far."""

    home: Path
    platform: object
    app: object
    clock: Clock
    bearer: dict[str, dict[str, str]] = field(default_factory=dict)
    cookie: dict[str, object] = field(default_factory=dict)
    own: dict[str, list[str]] = field(default_factory=dict)
    protected: frozenset[str] = frozenset()
    met: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def sign_in(self) -> None:
        """Sign everyone in anew, by cookie and by token."""
        tokens = self.app.extensions["scenarist"].tokens
        for account in PEOPLE:
            client = self.app.test_client()
            self.cookie[account] = client
            self.bearer[account] = {}
            if account == VISITOR:
                continue
            found = self.platform.accounts.named(account, ticket_hours=72)
            session = self.platform.sessions.begin(found)
            with client.session_transaction() as kept:
                kept["sign_in"] = session
            issued = tokens.issue(found, scopes_of(found.account.roles), "", hours=72)
            self.bearer[account] = {"Authorization": f"Bearer {issued.token}"}

    def tick(self) -> None:
        """Let a little time go by."""
        self.clock.now += _STEP

    # ── what must hold ─────────────────────────────────────────────────────────────────────────

    def look_at(self, account: str, what: str, answer: object) -> None:
        """Look at one answer."""
        self.met[f"{answer.status_code}"] += 1
        text = answer.get_data(as_text=True)
        if answer.status_code >= 500 and answer.status_code != 503:
            self.wrong.append(f"{answer.status_code} {what}")
        if "Traceback (most recent" in text:
            self.wrong.append(f"traceback {what}")
        if answer.status_code >= 400 and not _is_named(answer, text):
            self.wrong.append(f"shape {answer.status_code} {what}")
        run_on = text.replace(" ", "").replace("\u00a0", "").replace("\u2009", "")
        for said, may in CANARIES.items():
            if said in run_on and account not in may:
                self.wrong.append(f"canary {said} read by {account}: {what}")

    def look_at_stores(self) -> None:
        """Look whether every case folds to what its rows say, and whether journals verify."""
        for deployment in self.platform.deployments.all():
            with read(deployment.engine) as conn:
                rows = conn.execute(select(tables.case.c.case_no, tables.case.c.status)).all()
                tasks = conn.execute(
                    select(tables.task.c.case_no, tables.task.c.task, tables.task.c.state)
                ).all()
            kept = {(t.case_no, t.task): t.state for t in tasks}
            folded: dict[tuple[str, str], str] = {}
            for row in rows:
                stored = keeping.load_case(deployment, row.case_no)
                if stored is None or stored.case.status != row.status:
                    self.wrong.append(f"half-written {row.case_no}: {row.status}")
                    continue
                folded |= {(row.case_no, t.id): t.status for t in stored.case.tasks.values()}
            if folded != kept:
                self.wrong.append(
                    f"projection {sorted(set(folded.items()) ^ set(kept.items()))[:5]}"
                )
            self.met["cases folded"] += len(rows)
        for state in governance.verify_all(self.platform):
            self.met["journals verified"] += 1
            if not state.intact:
                self.wrong.append(f"journal {state.journal}")


def _is_named(answer: object, text: str) -> bool:
    if answer.mimetype == "application/json":
        return isinstance(answer.json, dict) and set(answer.json) >= FAULT
    if answer.mimetype == "text/plain":
        return True  # a static file
    # a page of its own with the mistakes in it, or the fault's page
    return bool(_CODE.search(text)) or "error" in text


def build(home: Path) -> World:
    """Open a city and put people's matters into it."""
    settings = home / "scenarist.toml"
    text = settings.read_text(encoding="utf-8")
    for key, value in (
        ("session_hours", "72"),
        ("session_idle_minutes", "1440"),
        ("log_level", '"error"'),
        ("token_hours", "720"),
    ):
        text = re.sub(rf"(?m)^{key} = .*$", f"{key} = {value}", text)
    settings.write_text(text, encoding="utf-8")
    clock = Clock(datetime.now(ZoneInfo("Asia/Shanghai")))
    platform = open_platform(home, clock=clock)
    app = create_app(platform, secret=b"s" * 32, demo_password=demo_password(), limits=_MANY)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return World(home, platform, app, clock)


def plant(world: World) -> None:
    """Hand matters in whose values nobody else may ever read; and one for everyone to play with."""
    case_a = _hand_in(
        world, "chen-jing", {"payee_account": "6200000000000000018", "contact_phone": "16000000991"}
    )
    officer = world.platform.accounts.named("officer-civil-affairs")
    commands.act_with_answers(
        world.platform,
        officer,
        case_a,
        "accept.1",
        commands.Wish("approve"),
        {"/acceptance/register_no": "民事收-1", "/acceptance/remark": "金丝雀收文"},
    )
    mother = {
        "deceased_name": "吴秀兰",
        "deceased_id": "340100195509169084",
        "payee_account": "6200000000000000034",
    }
    case_b = _hand_in(world, "zhou-ming", mother)
    draft = _filled(world, "chen-jing", {"contact_phone": "16000000882"})
    world.protected = frozenset({case_a, case_b, draft})
    world.own = {"case": [case_a, case_b], "draft": [draft]}
    for _ in range(2):
        world.own["case"].append(
            _hand_in(world, "chen-jing", {"payee_account": "6200000000000000059"})
        )
        world.own["draft"].append(
            _filled(world, "zhou-ming", {**mother, "payee_account": "6200000000000000059"})
        )


def _answers(changed: dict[str, object]) -> dict[str, object]:
    import json

    text = resource("specs/scenarios/s23-afterlife/answers.json").read_text(encoding="utf-8")
    return {**json.loads(text), **{f"/application/{k}": v for k, v in changed.items()}}


def _filled(world: World, account: str, changed: dict[str, object]) -> str:
    who = world.platform.accounts.named(account)
    draft = commands.open_draft(world.platform, who, MATTER_ID)
    return commands.fill_in(world.platform, who, draft.case_no, _answers(changed))


def _hand_in(world: World, account: str, changed: dict[str, object]) -> str:
    number = _filled(world, account, changed)
    commands.submit(world.platform, world.platform.accounts.named(account), number)
    return number


__all__ = ["CANARIES", "MATTER", "PEOPLE", "VISITOR", "World", "build", "flat", "plant"]
