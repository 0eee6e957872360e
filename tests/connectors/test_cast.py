"""What a source gives becomes exactly what the ledger says, or a fault that shows no value."""

import json
import traceback
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.cast import cast
from connectors.faults import SourceValue
from connectors.types import arrow_type, parse_type, to_wire

CASES = json.loads(
    (Path(__file__).parents[1] / "cases/connectors/cast.json").read_text(encoding="utf-8")
)
TAKEN = [(c["type"], text, value) for c in CASES for text, value in c["taken"].items()]
REFUSED = [(c["type"], text) for c in CASES for text in c["refused"]]


def _cast(column: pa.Array, name: str) -> pa.Array:
    return cast(column, parse_type(name), table="t", name="c")


@pytest.mark.parametrize(("name", "text", "value"), TAKEN)
def test_a_text_is_read_as_its_type(name, text, value):
    told = _cast(pa.array([None, text, text]), name)
    assert told.type == arrow_type(name)
    of = parse_type(name)
    assert [None if v is None else to_wire(v, of) for v in told.to_pylist()] == [None, value, value]


@pytest.mark.parametrize(("name", "text"), REFUSED)
def test_a_text_that_is_none_of_its_type_is_a_fault_without_it(name, text):
    with pytest.raises(SourceValue) as raised:
        _cast(pa.array(["1" if name != "date" else "2024-01-01", text]), name)
    assert raised.value.facts == {"table": "t", "column": "c", "type": name}
    assert raised.value.__context__ is None
    assert raised.value.__cause__ is None


def test_no_part_of_a_value_is_in_a_traceback():
    value = "34122119900101123X"
    for name in ("int", "float", "decimal(20,0)", "bool", "date", "timestamp"):
        with pytest.raises(SourceValue) as raised:
            _cast(pa.array([value]), name)
        assert value not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize(
    ("column", "name", "told"),
    [
        (pa.array([1, None], pa.int8()), "int", [1, None]),
        (pa.array([2**63 - 1], pa.uint64()), "int", [2**63 - 1]),
        (pa.array([3.0, None]), "int", [3, None]),
        (pa.array([Decimal("3.00")]), "int", [3]),
        (pa.array([1, None], pa.int32()), "float", [1.0, None]),
        (pa.array([float("nan"), -0.0]), "float", [None, 0.0]),
        (pa.array([0.1 + 0.2, float("nan")]), "decimal(4,2)", [Decimal("0.30"), None]),
        (pa.array([Decimal("1.500")]), "decimal(4,2)", [Decimal("1.50")]),
        (pa.array([5]), "decimal(3,2)", [Decimal("5.00")]),
        (pa.array([1, 0, None]), "bool", [True, False, None]),
        (pa.array([date(2024, 2, 29)], pa.date64()), "date", [date(2024, 2, 29)]),
        (pa.array([datetime(2024, 2, 29)]), "date", [date(2024, 2, 29)]),  # noqa: DTZ001 - naive on purpose
        (pa.array([datetime(2024, 2, 29, 8)]), "timestamp", [datetime(2024, 2, 29, tzinfo=UTC)]),  # noqa: DTZ001 - the same
        (pa.array([10**15], pa.timestamp("us", "Asia/Tokyo")), "timestamp",
         [datetime.fromtimestamp(10**9, UTC)]),
        (pa.array([340102199001011234]), "text", ["340102199001011234"]),
        (pa.array(["a", "b", "a"]).dictionary_encode(), "text", ["a", "b", "a"]),
        (pa.array(["a"], pa.string_view()), "text", ["a"]),
        (pa.array(["a"], pa.large_string()), "text", ["a"]),
        (pa.array(["张".encode()], pa.binary_view()), "text", ["张"]),
        (pa.array([None, None], pa.int64()), "text", [None, None]),
        (pa.nulls(2), "decimal(9,2)", [None, None]),
        (pa.array([], pa.string()), "timestamp", []),
    ],
)  # fmt: skip
def test_an_arrow_column_is_read_as_its_type(column, name, told):
    for form in (column, pa.chunked_array([column.slice(0, 1), column.slice(1)])):
        made = _cast(form, name)
        assert made.type == arrow_type(name)
        assert made.to_pylist() == told


@pytest.mark.parametrize(
    ("column", "name"),
    [
        (pa.array([2**63], pa.uint64()), "int"),
        (pa.array([1.5]), "int"),
        (pa.array([True]), "int"),
        (pa.array([1.5]), "text"),
        (pa.array([b"\xff"]), "text"),
        (pa.array([2**53 + 1]), "float"),
        (pa.array([float("inf")]), "float"),
        (pa.array([float("inf")]), "decimal(4,2)"),
        (pa.array([Decimal("1.505")]), "decimal(4,2)"),
        (pa.array([1000]), "decimal(4,2)"),
        (pa.array([2]), "bool"),
        (pa.array([1]), "date"),
        (pa.array([datetime(2024, 2, 29, 8)]), "date"),  # noqa: DTZ001 - naive on purpose
        (pa.array([datetime(2024, 2, 29, tzinfo=UTC)]), "date"),
        (pa.array([10**7], pa.date32()), "date"),
        (pa.array([1], pa.timestamp("ns")), "timestamp"),
        (pa.array([2**62], pa.timestamp("us")), "timestamp"),
        (pa.array([date(2024, 2, 29)]), "timestamp"),
        (pa.array([[1]]), "text"),
    ],
)
def test_an_arrow_column_that_holds_something_else_is_a_fault(column, name):
    with pytest.raises(SourceValue):
        _cast(column, name)


@given(st.lists(st.none() | st.decimals(-(10**9), 10**9, places=4), max_size=20))
def test_decimals_come_back_as_they_were_written(numbers):
    texts = pa.array([None if n is None else str(n) for n in numbers], pa.string())
    assert _cast(texts, "decimal(14,4)").to_pylist() == numbers


@given(st.lists(st.none() | st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)), max_size=20))  # noqa: DTZ001 - hypothesis wants them naive
def test_times_come_back_as_they_were_written(times):
    aware = [None if t is None else t.replace(tzinfo=UTC) for t in times]
    texts = pa.array([None if t is None else t.isoformat() for t in aware], pa.string())
    assert _cast(texts, "timestamp").to_pylist() == aware
