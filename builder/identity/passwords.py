"""Say what a good password is: long, and not one that is tried first (NIST SP 800-63B 5.1.1.2).

No rule of composition: digits and signs by order make passwords that people write down.
"""

from __future__ import annotations

import secrets
from functools import cache
from importlib.resources import files

from builder.identity.errors import (
    PasswordCommon,
    PasswordLong,
    PasswordNamed,
    PasswordSame,
    PasswordShort,
)

__all__ = ["LEAST", "MOST", "check_password", "drawn_password"]

LEAST = 10
"""Characters at least."""
MOST = 256
"""Characters at most: hashing takes time by length."""

_RUNS = (
    "0123456789",
    "9876543210",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
)
_UNMISTAKABLE = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS, _GROUP = 4, 4


def check_password(password: str, *, account: str, before: str | None = None) -> None:
    """Refuse a bad choice.

    Args:
        password: the new one.
        account: the sign-in name, which it may not contain.
        before: the present one, where it is known.

    Raises:
        PasswordShort, PasswordLong, PasswordCommon, PasswordNamed, PasswordSame: why.
    """
    if len(password) < LEAST:
        raise PasswordShort(least=LEAST)
    if len(password) > MOST:
        raise PasswordLong(most=MOST)
    if password == before:
        raise PasswordSame
    low = password.casefold()
    if len(account) > 2 and account.casefold() in low:
        raise PasswordNamed
    if low in _common() or _is_run(low):
        raise PasswordCommon


def drawn_password() -> str:
    """Return a first password to hand over: ~79 bits in characters that cannot be mistaken."""
    groups = ("".join(secrets.choice(_UNMISTAKABLE) for _ in range(_GROUP)) for _ in range(_GROUPS))
    return "-".join(groups)


def _is_run(low: str) -> bool:
    """Tell whether it is one character, a short piece again and again, or the keyboard in order."""
    if any(low == (low[:size] * len(low))[: len(low)] for size in (1, 2, 3, 4)):
        return True
    return any(low in run * 3 for run in _RUNS)


@cache
def _common() -> frozenset[str]:
    """Return the passwords that are tried first, lower case."""
    text = files("builder.identity").joinpath("common_passwords.txt").read_text(encoding="utf-8")
    return frozenset(line for line in text.split() if not line.startswith("#"))
