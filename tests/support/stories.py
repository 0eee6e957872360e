"""Tell what happened in a matter as actions, so that it can happen again to others on other days.

The scenario's own walks are run once, against the departments' real nodes. What they left in the
store is read back as actions (`Story`), and the persons in them are replaced by marks. `tell` lets
a story happen again through the process engine and the case store's own writing, on days of one's
choice, and returns the rows that came of it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from sqlalchemy import insert, text, update

from builder.cases import keeping, moving, walks
from builder.cases.platform import Deployment, Platform
from builder.process.case import (
    NEW,
    Action,
    Actor,
    Answer,
    Approve,
    Case,
    Correct,
    Event,
    Reject,
    Return,
    Submit,
    Withdraw,
)
from builder.process.engine import advance
from builder.store import cases as tables
from builder.store.trees import case_tree
from federation.audit import Record
from federation.crypto import canonical
from federation.store import migrate, open_engine, read, write

PERSON = ("account", "name", "id_card", "phone")
DECEASED = ("deceased_name", "deceased_id")
MARKS = {name: f"⟦{name}⟧" for name in (*PERSON, *DECEASED, "case_no", "seal", "at")}
_ACTED = frozenset({"case-submitted", "case-asked", "case-acted", "case-withdrawn"})

_EVER = datetime(2026, 1, 1, tzinfo=UTC)

Row = tuple[Any, ...]
Rows = Mapping[str, Sequence[Row]]


@dataclass(frozen=True, slots=True)
class Act:
    """One action with the journal entries that belong to it: kind, actor, facts."""

    action: Action
    entries: tuple[tuple[str, str, Mapping[str, Any]], ...]

    @property
    def is_asked(self) -> bool:
        return isinstance(self.action, Answer)


@dataclass(frozen=True, slots=True)
class Story:
    """A matter from hand-in to its end, its persons replaced by marks.

    Attributes:
        columns: what the case's row holds beside what follows from its events.
        uses: rows of the table of uses, as dictionaries.
    """

    id: str
    acts: tuple[Act, ...]
    columns: Mapping[str, Any]
    uses: tuple[Mapping[str, Any], ...]


_APART = frozenset({
    "deferred", "promised", "supplemented", "owed_extended", "owed_waived", "promise_checked",
    "transferred", "urged", "reminded", "overdue", "escalated", "query_failed",
})  # fmt: skip
"""Events of walks that are no stories."""


def _is_apart(event: Event) -> bool:
    """Tell whether an event has no place in a story; a task waits for corrections as ever."""
    return event.kind in _APART or (event.kind == "suspended" and "why" in event.data)


# ── Reading what happened ────────────────────────────────────────────────────────────────────────


def read_stories(platform: Any, clock: walks.WalkClock, scenario: str) -> tuple[Story, ...]:
    """Run a scenario's walks in a rehearsal of the city and read back what happened.

    Walks in which people do what has no place in a story, such as urging a desk, are left out.
    """
    (deployment,) = platform.deployments.all()
    told = []
    for walk in walks.read_walks(scenario):
        outcome = walks.run(platform, clock, deployment.id, walk)
        assert outcome.fault is None, outcome.fault
        stored = keeping.load_case(deployment, outcome.case_no or "")
        if stored is not None and not any(map(_is_apart, stored.events)):
            told.append(_story(deployment, walk.id, stored.case_no))
    return tuple(told)


def _story(deployment: Deployment, name: str, case_no: str) -> Story:
    stored = keeping.load_case(deployment, case_no)
    assert stored is not None
    marked = _marker(stored)
    records = tuple(reversed(deployment.journal.search(case=case_no, limit=1000)))
    acts = tuple(
        Act(
            marked(action),
            tuple((r.kind, marked(r.actor), marked(dict(r.facts))) for r in entries),
        )
        for action, entries in zip(
            actions(stored.events), _entries(records), strict=True
        )
    )  # fmt: skip
    with read(deployment.engine) as conn:
        uses = conn.execute(
            tables.use.select().where(tables.use.c.case_no == case_no).order_by(tables.use.c.id)
        ).mappings()
        kept = tuple(marked({k: v for k, v in u.items() if k not in ("id", "at")}) for u in uses)
    columns = {
        "scenario_hash": stored.scenario.hash,
        "account": MARKS["account"],
        "applicant": marked(dict(stored.applicant)),
        "provenance": _timeless(marked(stored.provenance)),
        "fetched": _timeless(marked(stored.fetched)),
        "former": [],
        "seal": MARKS["seal"],
    }
    return Story(name, acts, columns, kept)


def actions(events: Sequence[Event]) -> list[Action]:
    """Return the actions that led to events."""
    return [a for e in events if (a := _action(e)) is not None]


def _action(event: Event) -> Action | None:  # noqa: PLR0911 - one for each kind
    data, actor, step = event.data, event.actor, event.step or ""
    match event.kind:
        case "submitted" | "corrected":
            return Submit(_by(actor), data["answers"], data["results"])  # type: ignore[arg-type]
        case "query_answered":
            return Answer(step, data["result"])  # type: ignore[arg-type]
        case "query_failed":
            return Answer(step, fault=str(data["fault"]))
        case "correction_asked":
            return Correct(_by(actor), data["task"], tuple(data["fields"]), data["reason"])  # type: ignore[arg-type]
        case "withdrawn":
            return Withdraw(_by(actor), data.get("reason"))  # type: ignore[arg-type]
        case "task_done":
            return _decision(event, data["outcome"])
        case _:
            return None


def _decision(event: Event, outcome: object) -> Action:
    data: Mapping[str, Any] = event.data
    match outcome:
        case "reject":
            return Reject(_by(event.actor), data["task"], data["reason"])
        case "return":
            return Return(_by(event.actor), data["task"], data["to"], data["reason"])
        case _:
            return Approve(_by(event.actor), data["task"], data["answers"], data.get("remark"))


def _by(actor: Actor | None) -> Actor:
    assert actor is not None
    return actor


def _entries(records: Sequence[Record]) -> Iterator[list[Record]]:
    """Yield journal entries in groups, each ending with the one of an action."""
    group: list[Record] = []
    for record in records:
        group.append(record)
        if record.kind in _ACTED:
            yield group
            group = []


def _marker(stored: keeping.StoredCase) -> Callable[[Any], Any]:
    """Return a function that puts marks in place of a matter's persons and numbers."""
    application = stored.case.answers["application"]
    known = {
        stored.account: MARKS["account"],
        stored.case_no: MARKS["case_no"],
        stored.seal: MARKS["seal"],
        **{str(stored.applicant[n]): MARKS[n] for n in PERSON if n in stored.applicant},
        **{str(application[n]): MARKS[n] for n in DECEASED},
    }

    def marked(value: Any) -> Any:
        match value:
            case str():
                return known.get(value, value)
            case Mapping():
                return {k: marked(v) for k, v in value.items()}
            case list() | tuple():
                return [marked(v) for v in value]
            case Actor():
                return replace(value, account=marked(value.account))
            case Submit() | Approve() | Reject() | Return() | Correct() | Withdraw() | Answer():
                fields = {n: getattr(value, n) for n in value.__dataclass_fields__}
                return type(value)(**{n: marked(v) for n, v in fields.items()})
            case _:
                return value

    return marked


def _timeless(value: Any) -> Any:
    """Put a mark in place of the moment at which something was fetched."""
    if isinstance(value, Mapping):
        return {k: MARKS["at"] if k == "at" else _timeless(v) for k, v in value.items()}
    return value


# ── Letting it happen again ──────────────────────────────────────────────────────────────────────


class Teller:
    """Lets stories happen in a case store in memory and reads back the rows.

    Args:
        platform: gives calendar and titles; nothing of it is written to.
        deployment: of the version that the stories' matter runs.
    """

    def __init__(self, platform: Platform, deployment: Deployment) -> None:
        self._now = _EVER
        self._platform = replace(platform, clock=lambda: self._now)
        self._scenario = deployment.current
        self._engine = open_engine("sqlite://")
        self._deployment = replace(deployment, engine=self._engine)
        migrate(self._engine, case_tree)
        with write(self._engine) as conn:
            conn.execute(
                insert(tables.scenario).values(
                    hash=self._scenario.hash, version="1", spec={}, published_at=_EVER
                )
            )

    @cached_property
    def columns(self) -> Mapping[str, tuple[str, ...]]:
        """Return the columns of every table that a case has rows in, as `tell` gives them."""
        kept = (t for t in case_tree.declared().sorted_tables if "case_no" in t.c)
        names = ("case", "event", "task", *(t.name for t in kept))
        return {
            name: tuple(c.name for c in tables.case_metadata.tables[name].c if c.name != "id")
            for name in dict.fromkeys(names)
            if name not in ("draft", "outbox")
        }

    def tell(self, story: Story, case_no: str, moments: Sequence[datetime]) -> Rows:
        """Let the first acts of a story happen at given moments; return table → rows, as stored.

        Args:
            story: its marks are kept, or were replaced by somebody's own.
            case_no: under which number.
            moments: one for each act, in order; those that have none do not happen.
        """
        case = NEW
        with write(self._engine) as conn:
            for number, (act, at) in enumerate(zip(story.acts, moments, strict=False), start=1):
                self._now = at
                outcome = advance(self._scenario, case, act.action, at, self._platform.calendar)
                self._keep_case(conn, story, case_no, number, outcome.case, moments[0])
                moving.record(
                    conn, self._platform, self._deployment, self._scenario, case_no, case, outcome
                )
                case = outcome.case
            for use in story.uses:
                conn.execute(
                    insert(tables.use).values(**use | {"case_no": case_no, "at": moments[0]})
                )
            return self._rows(conn)

    def _keep_case(
        self, conn: Any, story: Story, case_no: str, version: int, case: Case, first: datetime
    ) -> None:
        changing = {
            "status": case.status,
            "answers": case.answers,
            "version": version,
            "updated_at": case.updated_at,
            "ended_at": case.ended_at,
        }
        if version == 1:
            conn.execute(
                insert(tables.case).values(
                    case_no=case_no, submitted_at=first, **story.columns, **changing
                )
            )
        else:
            conn.execute(
                update(tables.case).where(tables.case.c.case_no == case_no).values(**changing)
            )

    def _rows(self, conn: Any) -> Rows:
        """Take the rows out as the database holds them."""
        raw: sqlite3.Connection = conn.connection.driver_connection
        found = {}
        for name, columns in self.columns.items():
            listed = ", ".join(f'"{c}"' for c in columns)
            found[name] = raw.execute(f'SELECT {listed} FROM "{name}" ORDER BY rowid').fetchall()
        for name in ("outbox", *reversed(list(self.columns))):
            conn.execute(text(f'DELETE FROM "{name}"'))
        return found


def seal_of(case_no: str) -> str:
    """Return a seal's stand-in: as long as one, different for each case."""
    from federation.crypto import sm3

    return sm3(canonical({"case": case_no}))
