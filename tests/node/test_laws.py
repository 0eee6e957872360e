"""Laws of the gate: whatever a trusted hub sends, and whatever lies beside the subject's rows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import hypothesis.strategies as st
import pyarrow as pa
import pytest
from city import (
    ACCOUNT,
    CATALOG,
    CHEN,
    HOUSEHOLD,
    KINSHIP,
    LI,
    NOON,
    POLICIES,
    ROWS,
    SCENARIO,
    WANG,
    ZHAO,
    City,
)
from hypothesis import HealthCheck, event, given, settings

from federation.crypto import canonical
from federation.errors import Fault
from federation.fragment import (
    Aggregate,
    Call,
    Column,
    Expr,
    Filter,
    Fragment,
    Limit,
    Literal,
    Measure,
    Named,
    Project,
    Relation,
    Scan,
    Source,
)

PEOPLE = (LI, WANG, ZHAO, CHEN)
PERSON = {"deceased": LI, "applicant": WANG}
COLUMNS = sorted({f.name for d in CATALOG.datasets.values() for f in d.fields})
RELAXED = settings(
    deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def law_city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """One city for all examples of a law, with limits out of the way."""
    city = City(tmp_path_factory.mktemp("city"))
    for party, policy in POLICIES.items():
        rate = {"per_minute": 100_000, "per_case_hour": 100_000}
        city.write_policy(party, {**policy, "rate": rate})
        city.reopen(party)
    city.grant_all()
    city.running()
    yield city
    city.close()


# ── whatever a hub sends ─────────────────────────────────────────────────────────────────────────

_values = st.one_of(
    st.sampled_from(
        [*PEOPLE, "registered", "李某", "赵某", "H-1", "H-3", "A-1", "A-3", "K-1", "K-2"]
    ).map(lambda v: Literal(v, "text")),
    st.sampled_from([2, 3, 5]).map(lambda v: Literal(v, "int")),
    st.booleans().map(lambda v: Literal(v, "bool")),
    st.just(Literal(date(1999, 1, 31), "date")),
    st.just(Literal(None, "text")),
)
_TYPED: Mapping[str, st.SearchStrategy[Literal]] = {
    "text": st.sampled_from(["registered", "normal", "A-1", "A-3", LI, ZHAO]).map(
        lambda v: Literal(v, "text")
    ),
    "int": st.sampled_from([2, 3, 5]).map(lambda v: Literal(v, "int")),
    "bool": st.booleans().map(lambda v: Literal(v, "bool")),
    "date": st.sampled_from([date(1999, 1, 31), date(1988, 12, 1)]).map(
        lambda v: Literal(v, "date")
    ),
    "decimal(12,2)": st.sampled_from(["1234.50", "99.99"]).map(
        lambda v: Literal(Decimal(v), "decimal(12,2)")
    ),
    "timestamp": st.just(Literal(NOON, "timestamp")),
}
_columns = st.sampled_from(COLUMNS).map(Column)
_atoms: st.SearchStrategy[Expr] = st.one_of(_columns, _values)
_predicates: st.SearchStrategy[Expr] = st.recursive(
    st.one_of(
        st.tuples(_columns, _values).map(lambda a: Call("eq", a)),
        st.tuples(_columns, st.lists(_values, min_size=1, max_size=3)).map(
            lambda a: Call("in", (a[0], *a[1]))
        ),
        st.tuples(st.sampled_from(["eq", "ne", "lt", "ge"]), _atoms, _atoms).map(
            lambda a: Call(a[0], (a[1], a[2]))
        ),
    ),
    lambda below: st.one_of(
        st.lists(below, min_size=2, max_size=3).map(lambda a: Call("and", tuple(a))),
        st.lists(below, min_size=2, max_size=2).map(lambda a: Call("or", tuple(a))),
        below.map(lambda a: Call("not", (a,))),
    ),
    max_leaves=4,
)
_tables = st.sampled_from([HOUSEHOLD, KINSHIP, ACCOUNT])
_purposes = st.sampled_from(["case", "verify"])


@dataclass(frozen=True)
class Attempt:
    """What a hub sends; mostly, but not always, its parts belong together."""

    scan: Scan
    party: str
    purpose: str
    subject: str
    grant: tuple[str, str]
    token: str


@st.composite
def _attempts(draw: st.DrawFn) -> Attempt:
    def mostly(meant: Any, otherwise: st.SearchStrategy[Any], odds: int = 12) -> Any:
        return draw(otherwise) if draw(st.sampled_from(range(odds))) == odds // 2 else meant

    purpose, aim = draw(_purposes), draw(_tables)
    own = [f.name for f in CATALOG.get(aim).fields]
    rules = [
        r
        for p in POLICIES.values()
        for r in p["rules"]  # type: ignore[attr-defined]
        if (r["dataset"], r["purpose"]) == (aim, purpose)
    ]
    uses: dict[str, list[str]] = {c: u for r in rules for c, u in r["uses"].items()}
    wanted = "reference" if purpose == "verify" else "project"
    named = sorted(c for c, u in uses.items() if wanted in u) or own
    source: Relation = Source(
        mostly(aim, st.sampled_from([HOUSEHOLD, KINSHIP, "police.nothing", "household"]))
    )
    if draw(st.booleans()):
        source = Filter(source, mostly(draw(_fitting(aim, uses)), _predicates, 6))
    most = 1 if purpose == "verify" else 4
    columns = draw(
        st.lists(
            st.sampled_from(mostly(named, st.just(own), 6)), min_size=1, max_size=most, unique=True
        )
    )
    shown = tuple(Named(f"c{n}", mostly(Column(c), _atoms)) for n, c in enumerate(columns))
    relation: Relation = Project(source, shown)
    match draw(st.sampled_from(range(40))):
        case 17:
            relation = Limit(relation, 1)
        case 23:
            relation = Aggregate(relation, (), (Measure("n", "count"),))
    return Attempt(
        Scan(relation),
        mostly(aim.partition(".")[0], st.sampled_from(["police", "fund"])),
        mostly(purpose, _purposes),
        draw(st.sampled_from(["deceased", "deceased", "applicant"])),
        mostly((aim, purpose), st.tuples(_tables, _purposes).filter(lambda g: g != (KINSHIP, ""))),
        mostly(aim, _tables),
    )


def _fitting(aim: str, uses: Mapping[str, list[str]]) -> st.SearchStrategy[Expr]:
    """Conditions that a rule permits, with values of the right type."""
    typed = {f.name: f.type for f in CATALOG.get(aim).fields}
    made: list[st.SearchStrategy[Expr]] = []
    for column, positions in uses.items():
        values = _TYPED[typed[column]]
        if "filter:applicant" in positions:
            made.append(st.just(Call("eq", (Column(column), Literal(WANG, "text")))))
        if "filter:eq" in positions or "filter:in" in positions:
            made.append(values.map(lambda v, c=column: Call("eq", (Column(c), v))))
        if "filter:in" in positions:
            lists = st.lists(values, min_size=1, max_size=3)
            made.append(lists.map(lambda vs, c=column: Call("in", (Column(c), *vs))))
    return st.one_of(*made) if made else _predicates


def _permitted(dataset: str, purpose: str, relation: str) -> set[str]:
    """What the owner's policy lets out, read off the test's own document."""
    return {
        column
        for policy in POLICIES.values()
        for rule in policy["rules"]  # type: ignore[attr-defined]
        if (rule["dataset"], rule["purpose"]) == (dataset, purpose)
        and relation in rule["relations"]
        for column, positions in rule["uses"].items()
        if "project" in positions
    }


def _rows_of(dataset: str, person: str) -> list[dict[str, Any]]:
    party, _, table = dataset.partition(".")
    columns, rows = ROWS[f"{party}/{table}"]
    names = [c.split()[0] for c in columns.split(",")]
    return [dict(zip(names, map(str, r), strict=True)) for r in rows if r[0] == person]


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(int(value))
    return value.astimezone(NOON.tzinfo).isoformat() if isinstance(value, datetime) else str(value)


@pytest.mark.slow
@RELAXED
@given(attempt=_attempts())
def test_whatever_a_hub_sends_only_the_subjects_permitted_fields_leave(
    law_city: City, attempt: Attempt
):
    city, party = law_city, attempt.party
    token_of = HOUSEHOLD if attempt.subject == "applicant" else attempt.token
    fields = tuple(f"{token_of}.{f.name}" for f in CATALOG.get(token_of).fields)
    papers = city.hub.papers("HF-1", attempt.subject, fields)
    grant = city.hub.grant_for(*attempt.grant, SCENARIO, None)
    fragment = replace(
        city.fragment(attempt.scan, party=party, purpose=attempt.purpose, subject=attempt.subject),
        grant=grant.id if grant else "none",
        token=papers.sealed_token,
    )
    before = len(city.kinds(party))
    rows = _sent(city, fragment, party)
    if isinstance(rows, Fault):
        event(f"refused {rows.code}")
        assert rows.http < 500, rows
        assert city.kinds(party)[before:] == ["refused"]
        return
    event(f"answered {attempt.purpose}, {rows.num_rows} rows")
    assert city.kinds(party)[before:] == ["opened", "closed"]
    assert isinstance(attempt.scan.relation, Project)
    source, person = _source(attempt.scan.relation), PERSON[attempt.subject]
    shown = {
        n.name: n.expr.name for n in attempt.scan.relation.columns if isinstance(n.expr, Column)
    }
    own = _rows_of(source, person)
    if attempt.purpose == "verify":
        (row,) = rows.to_pylist()
        (column,) = shown.values()
        assert set(row) == {"answer", "reference"}
        assert row["reference"] is None or row["reference"] in {r[column] for r in own}
        return
    relation = "self" if attempt.subject == "applicant" else "kin"
    assert set(shown.values()) <= _permitted(source, "case", relation)
    assert rows.column_names == list(shown)
    for row in rows.to_pylist():
        assert any(all(_shown(row[n]) == r[c] for n, c in shown.items()) for r in own)


def _sent(city: City, fragment: Fragment, party: str) -> pa.Table | Fault:
    try:
        return city.send(fragment, party).table
    except Fault as fault:
        return fault


def _source(relation: Relation) -> str:
    while not isinstance(relation, Source):
        assert isinstance(relation, Filter | Project | Limit | Aggregate)
        relation = relation.input
    return relation.resource


def test_the_law_above_is_not_empty(law_city: City):
    """Some fragments of its kind are answered."""
    columns = tuple(Named(c, Column(c)) for c in ("name", "members"))
    made = law_city.fragment(Scan(Project(Source(HOUSEHOLD), columns)), fields=("name", "members"))
    assert law_city.send(made).table.to_pylist() == [{"name": "李某", "members": 3}]


# ── whatever lies beside ─────────────────────────────────────────────────────────────────────────

_cells = st.one_of(
    st.none(),
    st.text(max_size=6),
    st.integers(-(2**40), 2**40),
    st.binary(max_size=4),
    st.floats(allow_nan=False),
    st.sampled_from(["1999-01-31", "not a date", "1e400", "registered"]),
)
_others = st.one_of(
    st.sampled_from([ZHAO, CHEN, LI.lower(), LI + " ", " " + LI, LI[:-1], "", "%", "'"]),
    st.none(),
    st.integers(0, 9),
    st.binary(max_size=3),
).filter(lambda key: key not in (LI, WANG))


def _beside(width: int) -> st.SearchStrategy[list[tuple[Any, ...]]]:
    row = st.tuples(_others, *([_cells] * (width - 1)))
    return st.lists(row, max_size=6)


def _asked() -> list[tuple[str, str, tuple[str, ...], Expr | None]]:
    return [
        ("case", "household", ("name", "address", "moved_in", "members"), None),
        (
            "case",
            "household",
            ("name",),
            Call("eq", (Column("moved_in"), Literal(date(1999, 1, 31), "date"))),
        ),
        (
            "case",
            "household",
            ("name",),
            Call("in", (Column("members"), Literal(4, "int"), Literal(5, "int"))),
        ),
        (
            "verify",
            "household",
            ("household_no",),
            Call("eq", (Column("status"), Literal("registered", "text"))),
        ),
        (
            "verify",
            "kinship",
            ("register_no",),
            Call("eq", (Column("kin_id_card"), Literal(WANG, "text"))),
        ),
        (
            "verify",
            "kinship",
            ("register_no",),
            Call("eq", (Column("kin_id_card"), Literal(CHEN, "text"))),
        ),
        ("case", "kinship", ("relation",), None),
        ("case", "household", ("status",), None),
    ]


def _everything(city: City) -> list[bytes]:
    """Ask every question once; the bytes of each answer or refusal."""
    heard = []
    for purpose, table, columns, where in _asked():
        dataset = f"police.{table}"
        relation: Relation = Source(dataset)
        if where is not None:
            relation = Filter(relation, where)
        fields = tuple(f.name for f in CATALOG.get(dataset).fields)
        made = city.fragment(
            Scan(Project(relation, tuple(Named(c, Column(c)) for c in columns))),
            dataset_id=dataset,
            purpose=purpose,
            fields=fields,
        )
        reply = city.link("police").send(
            "POST", "/v1/fragment", canonical(made.seal(city.hub_key)), timeout_s=30
        )
        heard.append(bytes([reply.status // 100]) + b"".join(reply.chunks))
    return heard


@pytest.fixture(scope="module")
def twin_city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """A city whose answers beside changing neighbours are compared."""
    city = City(tmp_path_factory.mktemp("twin"))
    rate = {"per_minute": 100_000, "per_case_hour": 100_000}
    city.write_policy("police", {**POLICIES["police"], "rate": rate})
    city.reopen("police")
    city.grant_all()
    city.running()
    yield city
    city.close()


@pytest.fixture(scope="module")
def twin_answers(twin_city: City) -> list[bytes]:
    """What is heard beside the neighbours of the city as it was founded."""
    return _everything(twin_city)


@pytest.mark.slow
@settings(RELAXED, max_examples=60)
@given(household=_beside(7), kinship=_beside(5))
def test_other_peoples_rows_change_no_byte_of_any_answer_or_refusal(
    twin_city: City,
    twin_answers: list[bytes],
    household: list[tuple[Any, ...]],
    kinship: list[tuple[Any, ...]],
):
    city = twin_city
    own = {place: [r for r in rows if r[0] in (LI, WANG)] for place, (_, rows) in ROWS.items()}
    for place, others in (("police/household", household), ("police/kinship", kinship)):
        half = len(others) // 2
        city.fill(place, ROWS[place][0], [*others[:half], *own[place], *others[half:]])
    assert _everything(city) == twin_answers


def test_the_questions_above_are_answered_and_refused(twin_city: City):
    for place, (columns, rows) in ROWS.items():
        if place.startswith("police/"):
            twin_city.fill(place, columns, rows)
    heard = _everything(twin_city)
    assert {h[0] for h in heard} == {2, 4}
    assert sum(h[0] == 2 for h in heard) == 6


def test_where_the_subjects_rows_lie_does_not_show(twin_city: City, twin_answers: list[bytes]):
    """Two rows of one subject come in one order, however they lie in the table."""
    columns, rows = ROWS["police/household"]
    more = (LI, "李某", "长江路 9 号", "H-0", "registered", "2001-01-31", 1)
    twin_city.fill("police/household", columns, [more, *rows])
    one = _everything(twin_city)
    twin_city.fill("police/household", columns, [*reversed(rows), more])
    assert _everything(twin_city) == one
    assert one != twin_answers
