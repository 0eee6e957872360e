"""Say how long to wait before a department that did not answer is asked again.

While nobody answered (the node is down, slow or cut off) a question is asked often at first, so
that a case goes on within seconds of the node's return, and seldom once the trouble lasts. A
refusal that a person must mend, such as a grant that ran out, is asked again slowly: haste would
change nothing.
"""

from __future__ import annotations

from datetime import timedelta

__all__ = ["MEND", "wait"]

_FIRST = timedelta(seconds=2)
_SOON = timedelta(seconds=8)
_EAGER_FOR = timedelta(minutes=2)
_RARELY = timedelta(minutes=10)
_SHARE = 4
_SPREAD = 0.3

MEND = tuple(timedelta(minutes=m) for m in (1, 5, 15, 30, 60))
"""Waits after refusals that a person must mend, by how often it was refused."""


def wait(attempts: int, waited: timedelta, *, mend: bool, jitter: float = 0.5) -> timedelta:
    """Return how long to wait after one more failure.

    2, 4, 8, 8 … seconds in the first two minutes; then a quarter of the time waited so far, ten
    minutes at most.

    Args:
        attempts: how often the question failed before.
        waited: since it first failed.
        mend: True where a person must mend what made the department refuse.
        jitter: 0 to 1; spreads questions that failed together over 30 % of the wait.

    >>> [wait(n, timedelta(seconds=2 ** n), mend=False).seconds for n in range(5)]
    [2, 4, 8, 8, 8]
    >>> str(wait(30, timedelta(minutes=20), mend=False))
    '0:05:00'
    """
    if mend:
        plain = MEND[min(attempts, len(MEND) - 1)]
    elif waited < _EAGER_FOR:
        plain = min(_FIRST * 2 ** min(attempts, 8), _SOON)
    else:
        plain = min(waited / _SHARE, _RARELY)
    return plain * (1 + _SPREAD * (jitter - 0.5))
