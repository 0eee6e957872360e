"""What goes into a column comes back the same, from whatever zone it came."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, String, Table, insert, select, type_coerce
from sqlalchemy.exc import StatementError

from federation.store import Amount, Instant, Json, instant_text, new_metadata, open_engine, write

metadata = new_metadata()
sheet = Table(
    "sheet",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Instant),
    Column("amount", Amount),
    Column("doc", Json),
)
ENGINE = open_engine("sqlite://")
metadata.create_all(ENGINE)

zones = st.sampled_from(
    [UTC, ZoneInfo("Asia/Shanghai"), timezone(timedelta(hours=-5, minutes=-30))]
)
moments = st.datetimes(
    *(datetime.fromisoformat(f"{year}-01-01") for year in (1900, 2200)),
    timezones=zones,
    allow_imaginary=False,  # a moment that a change of summer time left out never was
)


def stored(**values):
    with write(ENGINE) as conn:
        key = conn.execute(insert(sheet).values(**values)).inserted_primary_key[0]
        column = sheet.c[next(iter(values))]
        query = select(column, type_coerce(column, String)).where(sheet.c.id == key)
        return conn.execute(query).one()


@given(moments)
def test_a_moment_comes_back_as_the_same_moment_in_shanghai(moment):
    value, written = stored(at=moment)
    assert value == moment
    assert value.tzinfo == ZoneInfo("Asia/Shanghai")
    assert len(written) == 32
    assert written.endswith("+08:00")


@given(moments, moments)
def test_the_order_of_the_texts_is_the_order_of_the_moments(one, other):
    assert (instant_text(one) < instant_text(other)) == (one < other)


def test_a_moment_without_a_zone_is_refused():
    with pytest.raises(StatementError, match="time zone"):
        stored(at=datetime(2026, 1, 1))  # noqa: DTZ001 - that is what is refused


@given(
    st.decimals(
        allow_nan=False, allow_infinity=False, places=6, min_value=-(10**30), max_value=10**30
    )
)
def test_an_amount_keeps_its_places(amount):
    value, written = stored(amount=amount)
    assert value == amount
    assert str(value) == f"{amount:f}" == written


@pytest.mark.parametrize("amount", [Decimal("NaN"), Decimal("Infinity")])
def test_an_amount_is_finite(amount):
    with pytest.raises(StatementError, match="finite"):
        stored(amount=amount)


def test_a_document_is_stored_as_canonical_text():
    value, written = stored(doc={"b": [1, None], "a": "身后"})
    assert value == {"a": "身后", "b": [1, None]}
    assert written == '{"a":"身后","b":[1,null]}'
    for empty in ({}, [], "", 0, False):
        assert stored(doc=empty)[0] == empty


def test_nothing_is_null():
    assert stored(at=None)[0] is stored(amount=None)[0] is stored(doc=None)[0] is None
