"""Fill a city's case store with as many matters as one wants, as the process engine leaves them.

A matter is drawn from the seed: a story, a day of handing in, a pace, an applicant, and sometimes
where it got stuck. The engine and the store's own writing make the rows of each (story, day, pace,
stop) once, see `stories`; every further matter of that kind is the same rows with its own number,
persons and minutes. `told_alone` makes one matter's rows without that short cut: they are equal.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from random import Random
from typing import Any

from sqlalchemy import Connection, select
from stories import DECEASED, MARKS, PERSON, Act, Row, Rows, Story, Teller, seal_of

from builder.cases.platform import Deployment, Platform, case_ref_table
from builder.identity import Account
from builder.process.calendar import SHANGHAI, Calendar
from builder.process.case import Answer, Submit
from builder.store import cases as tables
from federation.audit.entry import GENESIS
from federation.audit.merkle import leaf_hash
from federation.crypto import canonical
from federation.store import instant_text, write

__all__ = ["Drawn", "Plan", "Populated", "populate", "told_alone"]

WEIGHTS = {
    "happy": 45,
    "no-housing-fund": 18,
    "kin-not-confirmed": 8,
    "fund-refused": 6,
    "social-assistance": 6,
    "refusal": 5,
    "return-and-correction": 5,
    "withdrawal": 4,
    "no-kin": 3,
}
STUCK, SILENT = 0.10, 0.01
_DAYS = 100
_YEAR = timedelta(days=365)
_BATCH = 1000
_JITTER_S = 3000
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:00\.000001\+08:00")
_SURNAMES = "王李张刘陈杨黄赵周吴徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀兰霞平刚桂英华文玉萍红建国志海燕春梅慧鹏飞雪琳"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is wanted: how many matters, seen at which moment, drawn from which seed."""

    cases: int
    now: datetime
    seed: int = 1
    own: Mapping[str, int] = None  # type: ignore[assignment]
    """Account → how many of the newest matters are its own."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """One matter as it was drawn."""

    number: int
    case_no: str
    story: int
    day: int
    pace: int
    stop: int | None
    shift: timedelta
    applicant: int


@dataclass(frozen=True, slots=True)
class Populated:
    """What was filled in."""

    cases: int
    accounts: int
    rows: Mapping[str, int]


def populate(
    platform: Platform, deployment: Deployment, told: Sequence[Story], plan: Plan
) -> Populated:
    """Fill a deployment's case store, the hub's list of numbers and the accounts."""
    filling = _Filling(platform, deployment, told, plan)
    platform.accounts.add(filling.people.accounts(), "hefei-2026")
    with write(platform.hub_engine) as conn:
        rows = ((d.case_no, deployment.id) for d in filling.drawn())
        _copy(conn, case_ref_table.name, ("case_no", "deployment"), rows)
    counts = filling.write()
    return Populated(plan.cases, len(filling.people), counts)


def told_alone(
    platform: Platform, deployment: Deployment, told: Sequence[Story], plan: Plan, drawn: Drawn
) -> Rows:
    """Return the rows of one matter as the engine writes them for it alone."""
    filling = _Filling(platform, deployment, told, plan)
    story, moments = filling.course(drawn.story, drawn.day, drawn.pace, drawn.stop)
    here = filling.here(drawn)
    mine = _replaced(story, here)
    at = {MARKS["at"]: (moments[0] + drawn.shift).isoformat()}
    columns = {k: _put(v, at) for k, v in mine.columns.items()}
    shifted = [m + drawn.shift for m in moments]
    return filling.teller.tell(replace(mine, columns=columns), drawn.case_no, shifted)


# ── People ───────────────────────────────────────────────────────────────────────────────────────


class _People:
    """Applicants and deceased, by number."""

    def __init__(self, count: int) -> None:
        self._count = count

    def __len__(self) -> int:
        return self._count

    def person(self, number: int) -> dict[str, str]:
        return {
            "account": f"c{number:06}",
            "name": _name(number),
            "id_card": _id_card(date(1960 + number % 40, 1 + number % 12, 1 + number % 28), number),
            "phone": f"160{number:08}",
        }

    def deceased(self, number: int) -> dict[str, str]:
        born = date(1930 + number % 30, 1 + number % 12, 1 + number % 28)
        return {"deceased_name": _name(number + 77), "deceased_id": _id_card(born, number + 7)}

    def accounts(self) -> list[Account]:
        return [self._account(self.person(n)) for n in range(self._count)]

    @staticmethod
    def _account(person: Mapping[str, str]) -> Account:
        facts = {k: v for k, v in person.items() if k != "account"}
        name = person["name"]
        return Account(person["account"], {"zh": name, "en": name}, None, ("citizen",), facts)


def _name(number: int) -> str:
    first, rest = divmod(number * 7919, len(_SURNAMES))
    second, third = divmod(first, len(_GIVEN))
    return _SURNAMES[rest] + _GIVEN[third] + (_GIVEN[second % len(_GIVEN)] if number % 5 else "")


def _id_card(born: date, number: int) -> str:
    body = f"340100{born:%Y%m%d}{number % 1000:03}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(c) * w for c, w in zip(body, weights, strict=True)) % 11]


# ── Drawing and filling ──────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Shape:
    """Rows of one kind of matter: where its number, moments and persons go."""

    rows: Mapping[str, tuple[tuple[Row, tuple[tuple[int, str], ...], tuple[int, ...]], ...]]
    entries: tuple[tuple[str, str, str, str | None, str], ...]
    """Journal: moment, kind, actor, party, body up to the links."""
    moments: tuple[tuple[str, datetime], ...]


class _Filling:
    def __init__(
        self, platform: Platform, deployment: Deployment, told: Sequence[Story], plan: Plan
    ) -> None:
        self.deployment, self.told, self.plan = deployment, tuple(told), plan
        self.calendar: Calendar = platform.calendar
        self.teller = Teller(platform, deployment)
        self.people = _People(max(1, plan.cases * 3 // 5))
        self.days = _working_days(platform.calendar, plan.now)
        self.weights = [WEIGHTS.get(s.id, 1) for s in told]
        self.shape = lru_cache(maxsize=2048)(self._shape)
        self.own = [a for a, n in (plan.own or {}).items() for _ in range(n)]

    def drawn(self) -> Iterator[Drawn]:
        """Draw every matter, in order of the day it was handed in."""
        dice = Random(self.plan.seed)  # noqa: S311 - sham matters
        for number in range(self.plan.cases):
            day = number * len(self.days) // self.plan.cases
            (story,) = dice.choices(range(len(self.told)), self.weights)
            kind = dice.random()
            shift = timedelta(seconds=dice.randrange(_JITTER_S), microseconds=dice.randrange(10**6))
            tail = "".join(dice.choices(_ALPHABET, k=6))
            applicant, pace = dice.randrange(len(self.people)), dice.randrange(3)
            stop = self._stop(story, day, kind)
            case_no = f"HF{self.days[day]:%Y%m%d}-{tail}"
            yield Drawn(number, case_no, story, day, pace, stop, shift, applicant)

    def _stop(self, story: int, day: int, kind: float) -> int | None:
        """Return after how many acts a matter got stuck; negative: at a question nobody answers."""
        acts = self.told[story].acts
        if kind < SILENT:
            asked = [i for i, a in enumerate(acts) if a.is_asked]
            return -asked[day % len(asked)]
        if kind < SILENT + STUCK:
            waits = [i for i, a in enumerate(acts) if i and not a.is_asked]
            own = [i for i in waits if isinstance(acts[i].action, Submit)]
            return (own or waits)[day % len(own or waits)]
        return None

    def course(
        self, story: int, day: int, pace: int, stop: int | None
    ) -> tuple[Story, list[datetime]]:
        """Return the acts of a matter and when each happened, those still to come left out."""
        told = self.told[story]
        acts = list(told.acts)
        if stop is not None and stop < 0:
            acts = [*acts[:-stop], _unanswered(acts[-stop])]
        elif stop is not None:
            acts = acts[:stop]
        moments = []
        at = datetime.combine(self.days[day], time(9, 0, 0, 1), SHANGHAI)
        for number, act in enumerate(acts):
            if number and not act.is_asked:
                at = self._next(at, (0, 1, 2)[pace] + (number % 3 == 0))
            moments.append(at)
        limit = self.plan.now - timedelta(seconds=_JITTER_S + 1)
        return replace(told, acts=tuple(acts)), [m for m in moments if m <= limit]

    def _next(self, at: datetime, days: int) -> datetime:
        if days == 0 and at.hour < 16:
            return at + timedelta(hours=1)
        day = at.date()
        for _ in range(max(days, 1)):
            day += timedelta(days=1)
            while not self.calendar.is_working(day):
                day += timedelta(days=1)
        return datetime.combine(day, time(9 + day.day % 7, 0, 0, 1), SHANGHAI)

    def here(self, drawn: Drawn) -> dict[str, str]:
        """Return what takes the place of each mark."""
        person = self.people.person(drawn.applicant)
        from_end = self.plan.cases - 1 - drawn.number
        if from_end % 3 == 0 and from_end // 3 < len(self.own):
            person["account"] = self.own[from_end // 3]
        dead = self.people.deceased(drawn.number)
        here = {MARKS[n]: person[n] for n in PERSON} | {MARKS[n]: dead[n] for n in DECEASED}
        here[MARKS["case_no"]] = drawn.case_no
        here[MARKS["seal"]] = seal_of(drawn.case_no)
        return here

    def _shape(self, story: int, day: int, pace: int, stop: int | None) -> _Shape:
        told, moments = self.course(story, day, pace, stop)
        rows = self.teller.tell(told, MARKS["case_no"], moments)
        shaped = {name: tuple(_cells(r) for r in found) for name, found in rows.items()}
        entries = tuple(
            (instant_text(at), *_entry(at, *entry))
            for act, at in zip(told.acts, moments, strict=False)
            for entry in act.entries
        )
        texts = {
            t
            for found in rows.values()
            for r in found
            for cell in r
            if isinstance(cell, str)
            for t in _MOMENT.findall(cell)
        } | {e[0] for e in entries}
        return _Shape(shaped, entries, tuple((t, datetime.fromisoformat(t)) for t in sorted(texts)))

    def write(self) -> dict[str, int]:
        """Write all matters and the journal."""
        counts: dict[str, int] = {}
        names = [*self.teller.columns, tables.audit_entry.name]
        listed = [tables.case_metadata.tables[n] for n in names]
        with write(self.deployment.engine) as conn:
            for table in listed:
                for index in table.indexes:
                    index.drop(conn)
        ledger = _Ledger(self.deployment)
        for batch in _batches(self.drawn(), _BATCH):
            found: dict[str, list[Row]] = {name: [] for name in self.teller.columns}
            for drawn in batch:
                self._add(drawn, found, ledger)
            with write(self.deployment.engine) as conn:
                for name, columns in self.teller.columns.items():
                    _copy(conn, name, columns, found[name])
                    counts[name] = counts.get(name, 0) + len(found[name])
                ledger.write(conn, before=instant_text(_midnight(self.days[batch[-1].day])))
        with write(self.deployment.engine) as conn:
            ledger.write(conn, before=None)
            for table in listed:
                for index in sorted(table.indexes, key=lambda i: str(i.name)):
                    index.create(conn)
            conn.exec_driver_sql("ANALYZE")
        counts[tables.audit_entry.name] = ledger.written
        return counts

    def _add(self, drawn: Drawn, found: dict[str, list[Row]], ledger: _Ledger) -> None:
        shape = self.shape(drawn.story, drawn.day, drawn.pace, drawn.stop)
        here = self.here(drawn)
        for mark, moment in shape.moments:
            here[mark] = instant_text(moment + drawn.shift)
        first = datetime.fromisoformat(here[shape.entries[0][0]]).astimezone(SHANGHAI)
        here[MARKS["at"]] = first.isoformat()
        for name, rows in shape.rows.items():
            found[name] += [_filled(cells, here) for cells in rows]
        for moment_text, kind, actor, party, body in shape.entries:
            at = here[moment_text]
            who = here.get(actor, actor)
            ledger.add(at, kind, who, drawn.case_no, party, _marked(body, here))


class _Ledger:
    """The journal's entries, in order of time, each linked to the one before."""

    columns = (
        "seq", "at", "kind", "actor", "case", "party", "dataset", "closes", "body", "prev", "hash",
    )  # fmt: skip

    def __init__(self, deployment: Deployment) -> None:
        column = tables.audit_entry.c
        with write(deployment.engine) as conn:
            last = conn.execute(
                select(column.seq, column.hash).order_by(column.seq.desc()).limit(1)
            ).first()
        self._seq, self._prev = (0, GENESIS) if last is None else (last.seq, last.hash)
        self._kept: list[tuple[str, str, str, str, str | None, str]] = []
        self.written = 0

    def add(
        self, at: str, kind: str, actor: str, case_no: str, party: str | None, body: str
    ) -> None:
        self._kept.append((at, kind, actor, case_no, party, body))

    def write(self, conn: Connection, before: str | None) -> None:
        """Write the entries of before a moment; later matters may still add to what follows."""
        self._kept.sort(key=lambda e: e[0])
        due = [e for e in self._kept if before is None or e[0] < before]
        self._kept = self._kept[len(due) :]
        _copy(conn, tables.audit_entry.name, self.columns, map(self._linked, due))
        self.written += len(due)

    def _linked(self, entry: tuple[str, str, str, str, str | None, str]) -> Row:
        at, kind, actor, case_no, party, head = entry
        self._seq += 1
        body = f'{head},"prev":"{self._prev}","seq":{self._seq}}}'
        prev, self._prev = self._prev, leaf_hash(body.encode()).hex()
        return (self._seq, at, kind, actor, case_no, party, None, None, body, prev, self._prev)


def _entry(
    at: datetime, kind: str, actor: str, facts: Mapping[str, Any]
) -> tuple[str, str, str | None, str]:
    body = canonical({"actor": actor, "at": instant_text(at), "facts": facts, "kind": kind})
    party = facts.get("party")
    return kind, actor, party if isinstance(party, str) else None, body.decode()[:-1]


def _unanswered(act: Act) -> Act:
    """Return the same question with no answer."""
    assert isinstance(act.action, Answer)
    entries = tuple(
        (kind, actor, {**facts, "outcome": "failed"} if kind == "case-asked" else facts)
        for kind, actor, facts in act.entries
    )
    return Act(Answer(act.action.step, fault="link.unreachable"), entries)


def _working_days(calendar: Calendar, now: datetime) -> list[date]:
    today = now.astimezone(SHANGHAI).date()
    first = today - _YEAR
    days = [first + timedelta(days=n) for n in range(_YEAR.days)]
    open_days = [d for d in days if calendar.is_working(d)]
    return open_days[:: max(1, len(open_days) // _DAYS)]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(0), SHANGHAI)


# ── Cells ────────────────────────────────────────────────────────────────────────────────────────


def _cells(row: Row) -> tuple[Row, tuple[tuple[int, str], ...], tuple[int, ...]]:
    """Return a row, which cells are a mark or moment themselves, and which only hold some."""
    whole, inside = [], []
    for place, cell in enumerate(row):
        if not isinstance(cell, str):
            continue
        if _MOMENT.fullmatch(cell) or cell in MARKS.values():
            whole.append((place, cell))
        elif "⟦" in cell or _MOMENT.search(cell):
            inside.append(place)
    return row, tuple(whole), tuple(inside)


def _filled(
    cells: tuple[Row, tuple[tuple[int, str], ...], tuple[int, ...]], here: Mapping[str, str]
) -> Row:
    row, whole, inside = cells
    made = list(row)
    for place, mark in whole:
        made[place] = here[mark]
    for place in inside:
        made[place] = _marked(made[place], here)
    return tuple(made)


def _marked(text: str, here: Mapping[str, str]) -> str:
    if "⟦" in text:
        for mark in MARKS.values():
            if mark in text:
                text = text.replace(mark, here[mark])
    return _MOMENT.sub(lambda m: here[m[0]], text) if ":00.000001+" in text else text


def _replaced(story: Story, here: Mapping[str, str]) -> Story:
    acts = tuple(Act(_put(a.action, here), a.entries) for a in story.acts)
    uses = tuple(_put(u, here) for u in story.uses)
    return replace(story, acts=acts, columns=_put(story.columns, here), uses=uses)


def _put(value: Any, here: Mapping[str, str]) -> Any:
    match value:
        case str():
            return here.get(value, value)
        case Mapping():
            return {k: _put(v, here) for k, v in value.items()}
        case list() | tuple():
            return type(value)(_put(v, here) for v in value)
        case _ if hasattr(value, "__dataclass_fields__"):
            names = value.__dataclass_fields__
            return type(value)(**{n: _put(getattr(value, n), here) for n in names})
        case _:
            return value


# ── Writing ──────────────────────────────────────────────────────────────────────────────────────


def _copy(conn: Connection, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Write rows as they are, the quickest way the database has."""
    listed = ", ".join(f'"{c}"' for c in columns)
    raw: Any = conn.connection.driver_connection
    if conn.dialect.name == "postgresql":
        with raw.cursor() as cursor, cursor.copy(f'COPY "{table}" ({listed}) FROM STDIN') as copy:
            for row in rows:
                copy.write_row(row)
        return
    marks = ", ".join("?" for _ in columns)
    raw.executemany(f'INSERT INTO "{table}" ({listed}) VALUES ({marks})', rows)


def _batches(drawn: Iterable[Drawn], size: int) -> Iterator[list[Drawn]]:
    batch: list[Drawn] = []
    for one in drawn:
        batch.append(one)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
