"""What a good password is: cases in ``tests/cases/identity/passwords.toml``."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from builder.errors import Fault
from builder.identity.errors import PasswordLong, PasswordSame
from builder.identity.passwords import LEAST, check_password, drawn_password

_CASES = tomllib.loads(
    (Path(__file__).parents[1] / "cases/identity/passwords.toml").read_text("utf-8")
)["case"]


@pytest.mark.parametrize("case", _CASES, ids=lambda c: c["password"])
def test_good_and_bad_choices(case):
    said = ""
    try:
        check_password(case["password"], account=case["account"])
    except Fault as fault:
        said = fault.code
    assert said == case["refused"]


def test_the_present_password_is_no_new_one_and_a_novel_is_none():
    with pytest.raises(PasswordSame):
        check_password("heron under the moon", account="a", before="heron under the moon")
    with pytest.raises(PasswordLong):
        check_password("heron " * 50, account="a")


def test_a_drawn_password_passes_its_own_rules_and_none_is_drawn_twice():
    drawn = {drawn_password() for _ in range(200)}
    assert len(drawn) == 200
    for password in drawn:
        check_password(password, account="chen-jing")
        assert len(password) > LEAST
