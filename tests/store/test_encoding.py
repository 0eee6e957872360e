"""Canonical JSON: equal values give equal bytes, different values different ones."""

import json
from collections import ChainMap, OrderedDict
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.store import canonical

texts = st.text(st.characters(codec="utf-8"), max_size=8)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(values)
def test_parsing_and_writing_again_gives_the_same_bytes(value):
    written = canonical(value)
    assert canonical(json.loads(written)) == written
    assert b"\n" not in written


@given(st.dictionaries(texts, st.integers(), max_size=6))
def test_the_order_of_keys_does_not_matter(value):
    backwards = dict(reversed(value.items()))
    assert canonical(backwards) == canonical(value)
    assert canonical(MappingProxyType(value)) == canonical(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": {"d": None, "c": True}}, '{"a":{"c":true,"d":null},"b":1}'),
        ({"身后": ("一", "件事")}, '{"身后":["一","件事"]}'),
        (OrderedDict(z=1, a=ChainMap({"k": 1.50})), '{"a":{"k":1.5},"z":1}'),
        ('"\\\n\x00', '"\\"\\\\\\n\\u0000"'),
        (10**30, "1" + "0" * 30),
    ],
)
def test_the_spelling_is_fixed(value, text):
    assert canonical(value).decode() == text


@pytest.mark.parametrize(
    "value",
    [
        {1: 2},
        {"a": [{None: 1}]},
        {True: 1},
        Decimal("1.0"),
        datetime.now(UTC),
        {1, 2},
        b"x",
        object(),
    ],
)
def test_what_json_does_not_have_is_refused(value):
    with pytest.raises(TypeError):
        canonical(value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [-float("inf")], "\ud800"])
def test_what_json_cannot_spell_is_refused(value):
    with pytest.raises(ValueError, match=r"\w"):
        canonical(value)
