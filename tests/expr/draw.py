"""Draw expressions and the values they read, so that laws meet what nobody thought of."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

from hypothesis import strategies as st

from builder.expr.functions import FUNCTIONS, OPERATORS
from builder.expr.tree import Call, Constant, Name

TYPES = ("text", "int", "decimal", "bool", "date", "timestamp")
_WORDS = [
    "",
    " ",
    "a",
    "B",
    "é",
    "ß",
    "İ",
    "合肥",
    "𠮷",
    "😀",
    "\u3000x ",
    "\uffff",
    "12",
    "-0.5",
    "1e3",
]
_WORDS += [
    "2024-02-29",
    "2026-02-30",
    "11010519491231002X",
    "91350100M000100Y43",
    "'",
    "a%_\\",
    "01",
]

_TEXTS = st.sampled_from(_WORDS) | st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=6
)
_INTS = (
    st.integers(-40, 40)
    | st.integers(-(10**18) + 1, 10**18 - 1)
    | st.sampled_from([10**18 - 1, 1 - 10**18, 10**9, 3_652_058, 4_000_000])
)
_DECIMALS = st.builds(
    lambda digits, places: Decimal(digits).scaleb(-places),
    st.integers(-(10**9), 10**9),
    st.integers(0, 6),
) | st.builds(lambda digits: Decimal(digits).scaleb(-6), st.integers(1 - 10**24, 10**24 - 1))
_DATES = st.dates() | st.sampled_from(
    [date(2024, 2, 29), date(2026, 1, 31), date(1, 1, 1), date(9999, 12, 31), date(2026, 3, 15)]
)
_ZONES = st.sampled_from([UTC, timezone(timedelta(hours=8)), timezone(timedelta(hours=-11))])
_MOMENTS = st.datetimes(datetime(1995, 1, 1), datetime(2099, 1, 1), timezones=_ZONES)  # noqa: DTZ001

VALUES = {
    "text": _TEXTS,
    "int": _INTS,
    "decimal": _DECIMALS,
    "bool": st.booleans(),
    "date": _DATES,
    "timestamp": _MOMENTS,
}
"""Values of a type; a moment comes by name only: no literal spells one."""


def name_of(kind, at):
    return f"{kind}.n{at}"


_RARELY = st.integers(0, 11).map(lambda drawn: drawn == 0)


@st.composite
def _leaves(draw, kind):
    if draw(_RARELY):
        return Constant(None)
    if kind == "timestamp" or draw(st.booleans()):
        return Name(name_of(kind, 2 if draw(_RARELY) else draw(st.integers(0, 1))))
    return Constant(draw(VALUES[kind]))


def _arguments(signature, count, below, kind):
    """Return strategies of a call's arguments: mostly of the wanted types."""
    wanted = (*signature.args, *signature.args[-1:] * count)[:count]
    given = {"number": ("int", "decimal"), "castable": ("int", "decimal", "text"), "any": TYPES}
    given |= {"datable": ("date", "timestamp", "text"), "same": (kind,)}
    given |= {"writable": ("text", "int", "decimal", "bool", "date")}
    return [st.sampled_from(given.get(w, (w,))).flatmap(below) for w in wanted]


@st.composite
def _calls(draw, wanted, below):
    every = {**OPERATORS, **FUNCTIONS}
    able = [
        op
        for op, s in every.items()
        if s.gives in (wanted, "same") or (s.gives == "number" and wanted in ("int", "decimal"))
    ]
    if not able:
        return draw(_leaves(wanted))
    op = draw(st.sampled_from(able))
    if op in ("cast_decimal", "round"):
        places = draw(st.integers(0, 6))
        digits = [] if op == "round" else [Constant(places + draw(st.integers(1, 18)))]
        inner = draw(st.sampled_from(["int", "decimal"]).flatmap(below))
        return Call(op, (inner, *digits, Constant(places)))
    if op == "case":
        arms = draw(st.integers(1, 2))
        parts = [draw(below(k)) for _ in range(arms) for k in ("bool", wanted)]
        return Call(op, (*parts, draw(below(wanted))))
    signature = every[op]
    kind = wanted if signature.gives == "same" else draw(st.sampled_from(TYPES))
    count = draw(st.integers(signature.fewest, min(signature.most, signature.fewest + 1)))
    return Call(op, tuple(draw(s) for s in _arguments(signature, count, below, kind)))


@st.composite
def trees(draw, kind, depth=3, kinds=()):
    """Draw trees of a type; where `kinds` are given, a part may be of any of these instead."""
    if depth == 0 or draw(st.integers(0, 3)) == 0:
        return draw(_leaves(kind))

    @st.composite
    def below(draw, wanted):
        is_other = kinds and draw(_RARELY)
        return draw(trees(draw(st.sampled_from(kinds)) if is_other else wanted, depth - 1, kinds))

    return draw(_calls(kind, below))


SCOPES = st.fixed_dictionaries(
    {
        name_of(k, at): VALUES[k] if at else st.one_of(VALUES[k], VALUES[k], st.none())
        for k in TYPES
        for at in range(2)
    }
)
"""Of each type two names with a value or NULL; the third is not answered."""

NAMED = {name_of(k, at): k for k in TYPES for at in range(3)}
TODAY = st.dates(date(1950, 1, 1), date(2100, 1, 1))
