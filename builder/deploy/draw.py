"""Draw the same random numbers every time: a counter through a mixing function, no state.

The n-th number of a key depends on the key and n alone (SplitMix64, Steele et al. 2014), so that
adding a column or a table changes no other one, on any machine and with any version of the engine.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from federation.crypto import sm3

__all__ = ["Draw"]

_GOLDEN = 0x9E3779B97F4A7C15
_MIX_1, _MIX_2 = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_FRACTION = 1 << 53


class Draw:
    """Random columns of one length, each by its own key."""

    def __init__(self, seed: str, rows: int) -> None:
        self.seed = seed
        self.rows = rows

    def bits(self, key: str) -> pl.Series:
        """Return 64 random bits a row (UInt64)."""
        start = int(sm3(f"{self.seed}/{key}".encode())[:16], 16)
        mixed = pl.int_range(self.rows, dtype=pl.UInt64, eager=True) * _word(_GOLDEN) + _word(start)
        mixed = (mixed ^ (mixed // _word(1 << 30))) * _word(_MIX_1)
        mixed = (mixed ^ (mixed // _word(1 << 27))) * _word(_MIX_2)
        return mixed ^ (mixed // _word(1 << 31))

    def below(self, key: str, limit: int) -> pl.Series:
        """Return integers from 0 to limit - 1 (Int64)."""
        return ((self.bits(key) // _word(2)) % _word(limit)).cast(pl.Int64)

    def between(self, key: str, low: int, high: int, *, skew: int = 1) -> pl.Series:
        """Return integers from low to high, both included; a skew above 1 leans to low."""
        if skew == 1:
            return self.below(key, high - low + 1) + low
        part = self.fraction(key)
        power = part
        for _ in range(skew - 1):
            power = power * part
        return (power * (high - low + 1)).floor().cast(pl.Int64) + low

    def fraction(self, key: str) -> pl.Series:
        """Return numbers from 0 to just under 1 (Float64)."""
        return (self.bits(key) // _word(1 << 11)).cast(pl.Float64) / _FRACTION

    def chance(self, key: str, permille: int) -> pl.Series:
        """Return True for about `permille` of a thousand rows."""
        return self.below(key, 1000) < permille

    def pick(self, key: str, options: pl.Series) -> pl.Series:
        """Return one of the options a row, each as likely."""
        return options.gather(self.below(key, len(options)))

    def weighted(self, key: str, options: Sequence[object], weights: Sequence[int]) -> pl.Series:
        """Return one of the options a row, as likely as its weight."""
        slots = [i for i, weight in enumerate(weights) for _ in range(weight)]
        return pl.Series(options).gather(pl.Series(slots).gather(self.below(key, len(slots))))


def _word(value: int) -> pl.Series:
    return pl.Series([value], dtype=pl.UInt64)
