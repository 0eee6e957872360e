"""Engines agree with one another, and one that errs is never chosen."""

import os
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.crypto import engines, select_engine, verify
from federation.crypto.errors import SelfTestFailed
from federation.crypto.libraries.pure import PureEngine
from federation.crypto.selection import ENGINES, is_sound, load
from federation.crypto.signer import Sm2Signer
from federation.crypto.sm2 import (
    N,
    P,
    is_public_key,
    is_secret,
    is_signature,
    raw_from_der,
    raw_to_der,
)

numbers = st.integers(1, N - 1)


class BelievesAnything(PureEngine):
    """Takes every signature for genuine."""

    def verify(self, *_):
        return True


class SignsNothing(PureEngine):
    """Signs with zeros."""

    def signing(self, _):
        return lambda _: bytes(64)


@pytest.mark.parametrize("signing", ENGINES)
@pytest.mark.parametrize("verifying", ENGINES)
def test_what_one_engine_signs_every_other_verifies(signing, verifying):
    pair = load(signing).generate()
    assert is_public_key(pair.public)
    assert is_secret(pair.secret)
    for data in (b"", b"a", "身后一件事".encode() * 999):
        raw = load(signing).signing(pair)(data)
        assert is_signature(raw)
        assert load(verifying).verify(pair.public, data, raw)
        assert not load(verifying).verify(pair.public, data + b"!", raw)
        assert not load(verifying).verify(load(signing).generate().public, data, raw)


@pytest.mark.parametrize("name", ENGINES)
def test_a_key_of_one_engine_signs_in_any_other(name):
    pair = load(name).generate()
    assert PureEngine().public(pair.secret) == pair.public
    for other in ENGINES:
        signer = Sm2Signer(pair, load(other))
        assert verify(signer.public_key, b"data", signer.sign(b"data"))


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("place", range(0, 64, 9))
def test_a_signature_with_a_flipped_bit_verifies_nowhere(name, place):
    pair = load(name).generate()
    raw = bytearray(load(name).signing(pair)(b"data"))
    raw[place] ^= 1
    assert not load(name).verify(pair.public, b"data", bytes(raw))


def test_the_first_sound_engine_is_chosen_and_the_others_are_known():
    states = engines()
    assert [state.name for state in states] == list(ENGINES)
    assert [state.chosen for state in states].count(True) == 1
    assert next(state for state in states if state.usable).chosen
    assert states[-1].usable, "the pure engine works on every processor"


def test_an_engine_that_errs_or_is_missing_is_passed_over():
    assert not is_sound(BelievesAnything())
    assert not is_sound(SignsNothing())
    here = BelievesAnything.__module__
    sys.modules.setdefault(here, sys.modules[__name__])
    wrong = (f"{here}:BelievesAnything", "no.such.module:Engine", f"{here}:SignsNothing")
    assert select_engine((*wrong, ENGINES[-1])).name == "gmalg"
    with pytest.raises(SelfTestFailed) as fault:
        select_engine(wrong)
    assert fault.value.facts["failed"] == ["SM2"]


@given(numbers, numbers)
def test_both_spellings_of_a_signature_hold_the_same_numbers(r, s):
    raw = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    assert raw_from_der(raw_to_der(raw)) == raw


@pytest.mark.parametrize(
    "der",
    [
        b"",
        b"\x30\x00",
        b"\x30\x06\x02\x01\x01\x02\x01\xff",
        b"\x30\x07\x02\x01\x01\x02\x02\x00\x01",
    ],
)
def test_a_der_signature_that_is_not_exactly_two_numbers_is_refused(der):
    with pytest.raises(ValueError, match=r"\w"):
        raw_from_der(der)


def test_points_off_the_curve_and_numbers_out_of_range_are_no_keys():
    point = load(ENGINES[-1]).generate().public
    assert is_public_key(point)
    assert not is_public_key(point[:-1] + bytes([point[-1] ^ 1]))
    assert not is_public_key(point[:-1])
    assert not is_public_key(b"\x02" + point[1:])
    assert not is_public_key(b"\x04" + bytes(64))
    x, y = point[1:33], int.from_bytes(point[33:], "big")
    assert is_public_key(b"\x04" + x + (P - y).to_bytes(32, "big"))
    for secret, known in ((0, False), (1, True), (N - 2, True), (N - 1, False), (N, False)):
        assert is_secret(secret.to_bytes(32, "big")) is known
    assert not is_secret(b"\x01")


@pytest.mark.parametrize(
    ("r", "s", "known"),
    [(1, 1, True), (0, 1, False), (1, 0, False), (N, 1, False), (1, N - 1, False)],
)
def test_a_signature_holds_two_numbers_in_range(r, s, known):
    assert is_signature(r.to_bytes(32, "big") + s.to_bytes(32, "big")) is known


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.parametrize("name", ENGINES)
def test_two_children_of_one_process_never_share_a_random_number(name):
    """A repeated random number in two signatures gives the private key away."""
    pair = load(name).generate()
    sign = load(name).signing(pair)
    sign(b"before")
    found = []
    for _ in range(2):
        out, into = os.pipe()
        child = os.fork()
        if child == 0:
            os.write(into, sign(b"same"))
            os._exit(0)
        os.waitpid(child, 0)
        found.append(os.read(out, 64))
        os.close(out)
        os.close(into)
    assert len(set(found)) == 2
    assert {len(raw) for raw in found} == {64}
