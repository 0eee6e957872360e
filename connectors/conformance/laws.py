"""Hold a kind of source to the laws, one plain function for each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import Protocol, TypeAlias

import pyarrow as pa

from connectors.base import Connector
from connectors.conformance.samples import (
    EVERYONE,
    PEOPLE,
    PLACES,
    SCANS,
    TABLES,
    TYPES,
    call,
    integer,
    named,
    text,
    types_of,
)
from connectors.errors import Fault, Findings
from connectors.faults import (
    ScanColumnUnknown,
    ScanTypes,
    SourceCancelled,
    SourceClosed,
    SourceColumnUnknown,
    SourceColumnUntyped,
    SourceTableUnknown,
    SourceValue,
)
from connectors.memory import MemoryConnector
from connectors.scan import (
    Aggregate,
    Filter,
    Limit,
    Measure,
    Order,
    Project,
    Relation,
    Scan,
    Source,
)
from connectors.types import arrow_type

__all__ = ["LAWS", "Broken", "Kit", "Law", "prove"]


class Broken(AssertionError):
    """A law that a kind does not keep."""


class Kit(Protocol):
    """How to try one kind of source."""

    @property
    def name(self) -> str:
        """The kind, and how its columns are declared where that matters."""

    def make(self, tables: Mapping[str, pa.Table]) -> Connector:
        """Put tables into a fresh source and open it.

        The tables come in the ledger's types; the kit writes each value in the form in which a
        department's engine of this kind would keep it.
        """

    def fingerprint(self) -> bytes:
        """Return a hash of all the bytes of the source that was made last."""

    @property
    def barred(self) -> str:
        """Characters that no resource of this kind can have in its name."""

    def held(self, table: pa.Table) -> pa.Table:
        """Return a table as this form can hold it at all, e.g. without empty texts in Excel."""


Law: TypeAlias = Callable[[Kit], None]


def prove(law: Law, kit: Kit) -> None:
    """Try a law on a kind.

    Raises:
        Broken: the kind breaks it undeclared, or keeps it although it is declared as a gap.
    """
    with closing(kit.make({"people": PEOPLE})) as connector:
        gap = connector.capabilities().gaps.get(law.__name__)
    try:
        law(kit)
    except Broken:
        if gap is None:
            raise
    else:
        if gap is not None:
            raise Broken(f"{kit.name} keeps {law.__name__} although it is declared as a gap: {gap}")


# ── The laws ──────────────────────────────────────────────────────────────────────────────────────


def names_what_there_is(kit: Kit) -> None:
    """Resources are listed in order, and each names its columns."""
    with _opened(kit) as connector:
        _demand(connector.resources() == ("people", "places"), "resources")
        _demand(connector.schema("places").names == ["place", "title", "rank"], "columns")
        probe = connector.probe("people")
        _demand(probe.rows == PEOPLE.num_rows and probe.elapsed_s >= 0, "rows counted")
        _demand(list(probe.columns) == PEOPLE.schema.names, "columns probed")


def gives_the_ledgers_types(kit: Kit) -> None:
    """Types are the ledger's: of no rows, of NULLs only, and from whatever the source has."""
    empty = PEOPLE.slice(0, 0)
    wanted = pa.schema([(n, arrow_type(TYPES[n])) for n in PEOPLE.schema.names])
    for tables in ({"people": PEOPLE}, {"people": empty}):
        with closing(kit.make(tables)) as connector:
            with connector.run(Scan(EVERYONE), types_of(EVERYONE)) as reader:
                _demand(reader.schema.equals(wanted), "schema before the first batch")
                table = reader.read_all()
            table.validate(full=True)
            _demand(table.schema.equals(wanted), "schema of the batches")
            _demand(_same(table, kit.held(tables["people"])), "values")


def answers_as_the_engine_does(kit: Kit) -> None:
    """Every scan of `SCANS` gives the local engine's answer, types included."""
    memory = MemoryConnector({name: kit.held(table) for name, table in TABLES.items()})
    with _opened(kit) as connector:
        for name, relation in SCANS.items():
            wanted = memory.run(Scan(relation), types_of(relation)).read_all()
            given = connector.run(Scan(relation), types_of(relation)).read_all()
            _demand(given.schema.equals(wanted.schema), f"schema of {name}")
            _demand(_same(given, wanted, ordered=_is_ordered(relation)), f"answer to {name}")


def takes_no_name_or_constant_for_code(kit: Kit) -> None:
    """Names and constants are looked up and compared, whatever they look like."""
    for word in _WORDS:
        table = pa.table({word: ["x", word, None], "other": ["1", "2", "3"]})
        name = word.translate(dict.fromkeys(map(ord, kit.barred), "-"))
        with closing(kit.make({name: table, "victim": PLACES})) as connector:
            types = {word: "text", "other": "text"}
            hit = Filter(Source(name), call("eq", word, text(word)))
            given = connector.run(Scan(hit), types).read_all()
            _demand(given.to_pylist() == [{word: word, "other": "2"}], f"filter on {word!r}")
            grouped = Aggregate(Source(name), (word,), (Measure("rows", "count"),))
            rows = connector.run(Scan(grouped), types).read_all().num_rows
            _demand(rows == len({"x", word, None}), f"groups of {word!r}")
            _demand("victim" in connector.resources(), f"other tables after {word!r}")


def names_a_wrong_value_by_its_column(kit: Kit) -> None:
    """A value that is not what the ledger says is a fault; the value is nowhere in it."""
    value = "341221199001011234"
    for type_ in ("int", "decimal(9,2)", "float", "bool", "date", "timestamp"):
        table = pa.table({"id": ["1", "2"], "kept": [None, f"no-{value}"]})
        with closing(kit.make({"files": table})) as connector:
            types = {"id": "text", "kept": type_}
            fault = _fault(connector, Source("files"), types)
            _demand(isinstance(fault, SourceValue), f"{type_}: a fault of its own")
            facts = dict(fault.facts)
            _demand(facts == {"table": "files", "column": "kept", "type": type_}, "its facts")
            _demand(value not in f"{fault}{fault.__cause__}{fault.__context__}", "its texts")
            spared = Filter(Source("files"), call("eq", "id", text("1")))
            rows = connector.run(Scan(spared), types).read_all().num_rows
            _demand(rows == 1, f"{type_}: a spoilt record does not take others with it")


def breaks_off_loudly(kit: Kit) -> None:
    """A reading that fails on its way raises; part of an answer never looks like the whole."""
    many = 20_000
    good = pa.array([str(n) for n in range(many)])
    table = pa.table({"kept": pa.concat_arrays([good, pa.array(["x"])])})
    with closing(kit.make({"files": table})) as connector:
        fault = _fault(connector, Source("files"), {"kept": "int"})
        _demand(isinstance(fault, SourceValue), "a value far behind")


def names_what_is_not_there(kit: Kit) -> None:
    """A table or column that is missing is named, with the nearest names."""
    with _opened(kit) as connector:
        fault = _fault(connector, Source("peoples"), TYPES)
        _demand(isinstance(fault, SourceTableUnknown), "table")
        _demand("people" in _near(fault), "nearest tables")
        filtered = Filter(EVERYONE, call("eq", "nmae", text("x")))
        types = types_of(EVERYONE)
        _expect(connector, filtered, types, ScanColumnUnknown, "name")
        _expect(connector, EVERYONE, {**types, "agee": "int"}, SourceColumnUnknown, "age")
        untyped = {name: of for name, of in types.items() if name != "age"}
        _expect(connector, Project(EVERYONE, named("age")), untyped, SourceColumnUntyped, None)
        mixed = Filter(EVERYONE, call("eq", "name", integer(1)))
        _expect(connector, mixed, types, ScanTypes, None)
        try:
            connector.schema("peoples")
        except SourceTableUnknown:
            return
        raise Broken("the schema of a missing table")


def serves_four_at_once(kit: Kit) -> None:
    """Four threads get whole answers, each its own."""
    tests = [Filter(EVERYONE, call("eq", "id", text(str(n)))) for n in range(1, 11)] * 4
    with _opened(kit) as connector, ThreadPoolExecutor(4) as pool:

        def asked(relation: Relation) -> list[dict[str, object]]:
            rows: list[dict[str, object]] = (
                connector.run(Scan(relation), types_of(relation)).read_all().to_pylist()
            )
            return rows

        for number, rows in enumerate(pool.map(asked, tests)):
            _demand([r["id"] for r in rows] == [str(number % 10 + 1)], "one's own answer")


def stops_when_cancelled(kit: Kit) -> None:
    """A cancelled reading raises at its next batch; the source goes on."""
    with _opened(kit) as connector:
        reader = connector.run(Scan(EVERYONE), types_of(EVERYONE))
        connector.cancel()
        try:
            reader.read_all()
        except SourceCancelled:
            pass
        else:
            raise Broken("a cancelled reading ended as if whole")
        rows = connector.run(Scan(EVERYONE), types_of(EVERYONE)).read_all().num_rows
        _demand(rows == PEOPLE.num_rows, "a reading after the cancelled one")


def stays_closed(kit: Kit) -> None:
    """After `close` every call and every open reading raises."""
    connector = kit.make(TABLES)
    reader = connector.run(Scan(EVERYONE), types_of(EVERYONE))
    connector.close()
    calls: Mapping[str, Callable[[], object]] = {
        "reading": reader.read_all,
        "run": lambda: connector.run(Scan(EVERYONE), types_of(EVERYONE)),
        "resources": connector.resources,
        "schema": lambda: connector.schema("people"),
        "probe": lambda: connector.probe("people"),
    }
    for name, called in calls.items():
        try:
            called()
        except SourceClosed:
            continue
        raise Broken(f"{name} after close")
    connector.close()


def lets_go_of_what_is_not_read(kit: Kit) -> None:
    """A reader that is dropped or closed early leaves nothing behind."""
    with _opened(kit) as connector:
        for _ in range(20):
            reader = connector.run(Scan(EVERYONE), types_of(EVERYONE))
            reader.close()
            del reader
            connector.run(Scan(EVERYONE), types_of(EVERYONE))
        _demand(
            connector.run(Scan(EVERYONE), types_of(EVERYONE)).read_all().num_rows == 10,
            "the next reading",
        )


def says_nothing_of_the_source(kit: Kit) -> None:
    """An answer holds the columns asked for and nothing the source noted about them."""
    with _opened(kit) as connector:
        for relation in (EVERYONE, Filter(EVERYONE, call("eq", "id", text("1")))):
            table = connector.run(Scan(relation), types_of(relation)).read_all()
            _demand(table.schema.metadata is None, "notes on the table")
            _demand(all(f.metadata is None for f in table.schema), "notes on a column")


def goes_on_after_a_fault(kit: Kit) -> None:
    """A reading that ended in a fault leaves the source as ready as before, many times over."""
    table = pa.table({"id": ["1", "2"], "kept": ["1", "x"]})
    with closing(kit.make({"files": table})) as connector:
        for _ in range(12):
            fault = _fault(connector, Source("files"), {"id": "text", "kept": "int"})
            _demand(isinstance(fault, SourceValue), "the fault")
            rows = connector.run(Scan(Source("files")), {"id": "text"}).read_all().num_rows
            _demand(rows == table.num_rows, "the reading after it")


def changes_nothing(kit: Kit) -> None:
    """Reading leaves every byte of the source as it was."""
    with _opened(kit) as connector:
        before = kit.fingerprint()
        for relation in SCANS.values():
            connector.run(Scan(relation), types_of(relation)).read_all()
        connector.probe("people")
        _fault(connector, Source("missing"), TYPES)
        _demand(kit.fingerprint() == before, "the source's bytes")


LAWS: tuple[Law, ...] = (
    names_what_there_is,
    gives_the_ledgers_types,
    answers_as_the_engine_does,
    takes_no_name_or_constant_for_code,
    names_a_wrong_value_by_its_column,
    breaks_off_loudly,
    names_what_is_not_there,
    serves_four_at_once,
    stops_when_cancelled,
    stays_closed,
    lets_go_of_what_is_not_read,
    says_nothing_of_the_source,
    goes_on_after_a_fault,
    changes_nothing,
)

_WORDS = (
    'a"b',
    "a'b",
    "a`b]",
    "x; DROP TABLE victim; --",
    "x' OR '1'='1",
    'x" OR "1"="1',
    "/* x */ --",
    "select",
    "rowid",
    "身份证 号码",
    ":p0",
    "?1",
    "%s {x} \\n",
    "COLLATE NOCASE",
)


# ── Judging ───────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def _opened(kit: Kit) -> Iterator[Connector]:
    with closing(kit.make(TABLES)) as connector:
        yield connector


def _demand(is_kept: bool, what: str) -> None:
    if not is_kept:
        raise Broken(what)


def _fault(connector: Connector, relation: Relation, types: Mapping[str, str]) -> Fault:
    try:
        connector.run(Scan(relation), types).read_all()
    except Fault as fault:
        return fault
    raise Broken("an answer where a fault was due")


def _expect(
    connector: Connector,
    relation: Relation,
    types: Mapping[str, str],
    kind: type[Fault],
    nearest: str | None,
) -> None:
    found = _fault(connector, relation, types)
    _demand(isinstance(found, Findings), f"findings with {kind.code}")
    parts = found.findings if isinstance(found, Findings) else ()
    _demand([type(p) for p in parts] == [kind], f"{kind.code} and nothing else")
    _demand(all(p.where is not None for p in parts), f"the place of {kind.code}")
    _demand(nearest is None or nearest in _near(parts[0]), f"nearest names of {kind.code}")


def _near(fault: Fault) -> Sequence[str]:
    near = fault.facts.get("near")
    return near if isinstance(near, Sequence) else ()


def _same(given: pa.Table, wanted: pa.Table, *, ordered: bool = False) -> bool:
    rows = [[tuple(row.items()) for row in t.to_pylist()] for t in (given, wanted)]
    return rows[0] == rows[1] if ordered else Counter(rows[0]) == Counter(rows[1])


def _is_ordered(relation: Relation) -> bool:
    """Say whether the answer's order counts: nothing but projections and limits over an order."""
    if isinstance(relation, Project | Limit):
        return _is_ordered(relation.input)
    return isinstance(relation, Order)
