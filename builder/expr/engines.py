"""List what each engine computes with the same answer as `evaluate`: the table behind `to_sql`.

An entry is SQL of the engine's dialect; ``:a``, ``:b``, ``:c`` are its arguments, ``:t`` is today,
``:digits`` and ``:places`` those of a decimal. ``"add int"`` is for arguments of that type. An
entry stands here only because `tests/expr` runs it against `evaluate`; what is missing here is a
gap that the tests name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

__all__ = ["ENGINES", "Dialect", "Engine"]

Dialect: TypeAlias = Literal["duckdb", "postgres", "sqlite"]


@dataclass(frozen=True, slots=True)
class Engine:
    """What one engine can.

    Attributes:
        types: the language's types that it has, each with the name of its own.
        collation: what makes it compare text by code points, where a column may say otherwise.
        entries: SQL by operator.
    """

    types: Mapping[str, str]
    collation: str | None
    entries: Mapping[str, str]


_UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LOWER = _UPPER.lower()
_BLANKS = " \u3000"
_LIMIT = 10**18
_DAYS = 4_000_000
_MONTHS = 120_000
_LONGEST = 1_000_000_000

_ALIKE: Mapping[str, str] = {
    "not": "NOT :a",
    "is_true": "COALESCE(:a, FALSE)",
    "is_false": "COALESCE(NOT :a, FALSE)",
    "eq": ":a = :b",
    "ne": ":a <> :b",
    "lt": ":a < :b",
    "le": ":a <= :b",
    "gt": ":a > :b",
    "ge": ":a >= :b",
    "neg int": "-CAST(:a AS BIGINT)",
    "abs int": "ABS(CAST(:a AS BIGINT))",
    "concat": ":a || :b",
    "cast_int int": ":a",
    "cast_date date": ":a",
    "cast_text text": ":a",
    "cast_text int": "CAST(:a AS TEXT)",
    "cast_text bool": "CASE WHEN :a THEN 'true' WHEN NOT :a THEN 'false' END",
}
"""What all of them write alike."""


_SHANGHAI = "CAST(:a AT TIME ZONE 'Asia/Shanghai' AS DATE)"


def _age(month_day: str, year: str) -> str:
    """Return full years, from what gives a day's month and day, and its year."""
    years = f"{year.format(':t')} - {year.format(':a')}"
    early = f"{month_day.format(':t')} < {month_day.format(':a')}"
    return f"CASE WHEN :a <= :t THEN {years} - CASE WHEN {early} THEN 1 ELSE 0 END END"


# ── DuckDB ───────────────────────────────────────────────────────────────────────────────────────

_FIXED = "TRY_CAST({} AS DECIMAL(24, 6))"
_A, _B = _FIXED.format(":a"), _FIXED.format(":b")
_UNITS = "CAST({} * 1000000 AS HUGEINT)"
_OVER, _UNDER = _UNITS.format(_A), _UNITS.format(_B)
_HUGE = "CAST(TRY_CAST(CAST(:a AS HUGEINT) {} CAST(:b AS HUGEINT) AS DECIMAL(18, 0)) AS BIGINT)"
_DIVIDED = f"""TRY_CAST(TRY(CAST(
    (2 * {_OVER} * 1000000 + CASE WHEN {_OVER} < 0 THEN -ABS({_UNDER}) ELSE ABS({_UNDER}) END)
    // NULLIF(2 * {_UNDER}, 0)
  AS DECIMAL(38, 0)) * 0.000001) AS DECIMAL(24, 6))"""

_DUCKDB: Mapping[str, str] = {
    **_ALIKE,
    "add int": _HUGE.format("+"),
    "sub int": _HUGE.format("-"),
    "mul int": _HUGE.format("*"),
    "add decimal": _FIXED.format(f"{_A} + {_B}"),
    "sub decimal": _FIXED.format(f"{_A} - {_B}"),
    "mul decimal": _FIXED.format(f"TRY({_A} * {_B})"),
    "div int": _DIVIDED,
    "div decimal": _DIVIDED,
    "neg decimal": "-:a",
    "abs decimal": "ABS(:a)",
    "round int": "TRY_CAST(:a AS DECIMAL(:digits, :places))",
    "round decimal": "TRY_CAST(:a AS DECIMAL(:digits, :places))",
    "lower": f"TRANSLATE(:a, '{_UPPER}', '{_LOWER}')",
    "upper": f"TRANSLATE(:a, '{_LOWER}', '{_UPPER}')",
    "trim": f"TRIM(:a, '{_BLANKS}')",
    "length": "LENGTH(:a)",
    "substr": (
        f"CASE WHEN :b >= 1 AND :c >= 0 THEN "
        f"SUBSTRING(:a, LEAST(:b, {_LONGEST}), LEAST(:c, {_LONGEST})) END"
    ),
    "substr open": f"CASE WHEN :b >= 1 THEN SUBSTRING(:a, LEAST(:b, {_LONGEST})) END",
    "starts_with": "STARTS_WITH(:a, :b)",
    "contains": "CONTAINS(:a, :b)",
    "least": "LEAST(:a, :b)",
    "greatest": "GREATEST(:a, :b)",
    "year": "YEAR(:a)",
    "month": "MONTH(:a)",
    "day": "DAY(:a)",
    "days_between": "CAST(:b AS DATE) - CAST(:a AS DATE)",
    "add_days": (
        f"CASE WHEN ABS(:b) <= {_DAYS} "
        "AND CAST(:a AS DATE) + CAST(:b AS INT) "
        "BETWEEN CAST('0001-01-01' AS DATE) AND CAST('9999-12-31' AS DATE) "
        "THEN CAST(:a AS DATE) + CAST(:b AS INT) END"
    ),
    "add_months": (
        f"CASE WHEN ABS(:b) <= {_MONTHS} "
        "AND CAST(CAST(:a AS DATE) + TO_MONTHS(CAST(:b AS INT)) AS DATE) "
        "BETWEEN CAST('0001-01-01' AS DATE) AND CAST('9999-12-31' AS DATE) "
        "THEN CAST(CAST(:a AS DATE) + TO_MONTHS(CAST(:b AS INT)) AS DATE) END"
    ),
    "age": _age("(MONTH({0}) * 100 + DAY({0}))", "YEAR({0})"),
    "cast_int decimal": "CAST(TRY_CAST(:a AS DECIMAL(18, 0)) AS BIGINT)",
    "cast_int text": (
        "CASE WHEN REGEXP_FULL_MATCH(:a, '[+-]?[0-9]{1,18}') THEN TRY_CAST(:a AS BIGINT) END"
    ),
    "cast_decimal int": "TRY_CAST(:a AS DECIMAL(:digits, :places))",
    "cast_decimal decimal": "TRY_CAST(:a AS DECIMAL(:digits, :places))",
    "cast_decimal text": (
        "CASE WHEN REGEXP_FULL_MATCH(:a, '[+-]?[0-9]{1,18}([.][0-9]{1,18})?') "
        "THEN TRY_CAST(:a AS DECIMAL(:digits, :places)) END"
    ),
    "cast_date timestamp": (
        f"CASE WHEN {_SHANGHAI} BETWEEN CAST('0001-01-01' AS DATE) AND CAST('9999-12-31' AS DATE) "
        f"THEN {_SHANGHAI} END"
    ),
    "cast_date text": (
        "CASE WHEN REGEXP_FULL_MATCH(:a, '[0-9]{4}-[0-9]{2}-[0-9]{2}') AND :a >= '0001' "
        "THEN TRY_CAST(:a AS DATE) END"
    ),
    "cast_text decimal": f"RTRIM(RTRIM(CAST({_A} AS TEXT), '0'), '.')",
    "cast_text date": "CAST(:a AS TEXT)",
}

# ── PostgreSQL ───────────────────────────────────────────────────────────────────────────────────

_LET = '(SELECT CASE WHEN {test} THEN {then} END FROM (SELECT {given}) AS "~")'
_NUMERIC = "ROUND(CAST(:a AS NUMERIC), 6) AS a, ROUND(CAST(:b AS NUMERIC), 6) AS b"


def _pg_int(operator: str) -> str:
    return _LET.format(
        test=f"ABS(v) < {_LIMIT}",
        then="CAST(v AS BIGINT)",
        given=f"CAST(:a AS NUMERIC) {operator} CAST(:b AS NUMERIC) AS v",
    )


def _pg_decimal(formula: str) -> str:
    within = f"ABS(a) < {_LIMIT} AND ABS(b) < {_LIMIT}"
    return _LET.format(
        test=f"ABS(v) < {_LIMIT}",
        then="v",
        given=(
            f'(SELECT CASE WHEN {within} THEN {formula} END FROM (SELECT {_NUMERIC}) AS "~~") AS v'
        ),
    )


_PG_DIVIDED = _pg_decimal("ROUND(CAST(a AS NUMERIC(100, 60)) / NULLIF(b, 0), 6)")
_PG_ROUNDED = _LET.format(
    test=f"ABS(a) < {_LIMIT} AND ABS(v) < 10 ^ CAST(:digits - :places AS NUMERIC)",
    then="v",
    given="CAST(:a AS NUMERIC) AS a, ROUND(CAST(:a AS NUMERIC), :places) AS v",
)
_PG_NUMBER = """(
  SELECT CASE WHEN w ~ '^[+-]?[0-9]{1,18}([.][0-9]{1,18})?$' THEN CAST(w AS NUMERIC) END
  FROM (SELECT :a AS w) AS "~~"
)"""
_PG_DAYS = "v BETWEEN CAST('0001-01-01' AS DATE) AND CAST('9999-12-31' AS DATE)"

_POSTGRES: Mapping[str, str] = {
    **_ALIKE,
    "add int": _pg_int("+"),
    "sub int": _pg_int("-"),
    "mul int": _pg_int("*"),
    "add decimal": _pg_decimal("a + b"),
    "sub decimal": _pg_decimal("a - b"),
    "mul decimal": _pg_decimal("ROUND(a * b, 6)"),
    "div int": _PG_DIVIDED,
    "div decimal": _PG_DIVIDED,
    "neg decimal": "-:a",
    "abs decimal": "ABS(:a)",
    "round int": _PG_ROUNDED,
    "round decimal": _PG_ROUNDED,
    "lower": f"TRANSLATE(:a, '{_UPPER}', '{_LOWER}')",
    "upper": f"TRANSLATE(:a, '{_LOWER}', '{_UPPER}')",
    "trim": f"BTRIM(:a, '{_BLANKS}')",
    "length": "CAST(LENGTH(:a) AS BIGINT)",
    "substr": (
        "CASE WHEN :b >= 1 AND :c >= 0 THEN SUBSTRING(:a, "
        f"CAST(LEAST(:b, {_LONGEST}) AS INT), CAST(LEAST(:c, {_LONGEST}) AS INT)) END"
    ),
    "substr open": f"CASE WHEN :b >= 1 THEN SUBSTRING(:a, CAST(LEAST(:b, {_LONGEST}) AS INT)) END",
    "starts_with": "STARTS_WITH(:a, :b)",
    "contains": "STRPOS(:a, :b) > 0",
    "least": "LEAST(:a, :b)",
    "greatest": "GREATEST(:a, :b)",
    "year": "CAST(EXTRACT(YEAR FROM :a) AS BIGINT)",
    "month": "CAST(EXTRACT(MONTH FROM :a) AS BIGINT)",
    "day": "CAST(EXTRACT(DAY FROM :a) AS BIGINT)",
    "days_between": "CAST(CAST(:b AS DATE) - CAST(:a AS DATE) AS BIGINT)",
    "add_days": _LET.format(
        test=_PG_DAYS,
        then="v",
        given=(
            f"CASE WHEN ABS(:b) <= {_DAYS} AND CAST(:a AS DATE) + CAST(:b AS INT) "
            ">= CAST('0001-01-01' AS DATE) THEN CAST(:a AS DATE) + CAST(:b AS INT) END AS v"
        ),
    ),
    "add_months": _LET.format(
        test=_PG_DAYS,
        then="v",
        given=(
            f"CASE WHEN ABS(:b) <= {_MONTHS} "
            "THEN CAST(CAST(:a AS DATE) + CAST(:b AS INT) * INTERVAL '1 month' AS DATE) END AS v"
        ),
    ),
    "age": _age(
        "CAST(EXTRACT(MONTH FROM {0}) * 100 + EXTRACT(DAY FROM {0}) AS BIGINT)",
        "CAST(EXTRACT(YEAR FROM {0}) AS BIGINT)",
    ),
    "cast_int decimal": _LET.format(
        test=f"ABS(v) < {_LIMIT}", then="CAST(v AS BIGINT)", given="ROUND(CAST(:a AS NUMERIC)) AS v"
    ),
    "cast_int text": _LET.format(
        test="v ~ '^[+-]?[0-9]{1,18}$'", then="CAST(v AS BIGINT)", given=":a AS v"
    )
    .replace("{{", "{")
    .replace("}}", "}"),
    "cast_decimal int": _PG_ROUNDED,
    "cast_decimal decimal": _PG_ROUNDED,
    "cast_decimal text": _PG_ROUNDED.replace(":a", _PG_NUMBER),
    "cast_date timestamp": _LET.format(test=_PG_DAYS, then="v", given=f"{_SHANGHAI} AS v"),
    "cast_text decimal": _LET.format(
        test=f"ABS(v) < {_LIMIT}",
        then="CAST(TRIM_SCALE(v) AS TEXT)",
        given="ROUND(CAST(:a AS NUMERIC), 6) AS v",
    ),
    "cast_text date": "TO_CHAR(:a, 'YYYY-MM-DD')",
}

# ── SQLite: no decimals, no moments; days are ISO text, TRUE is 1 ────────────────────────────────


def _lite_int(operator: str) -> str:
    """Return whole-number arithmetic; SQLite turns into floats what overflows, which is beyond."""
    return _LET.format(test=f"ABS(v) < {_LIMIT}", then="v", given=f":a {operator} :b AS v")


_BEST = "(SELECT {}(v) FROM (SELECT :a AS v UNION ALL SELECT :b))"

_SQLITE: Mapping[str, str] = {
    **_ALIKE,
    "add int": _lite_int("+"),
    "sub int": _lite_int("-"),
    "mul int": _lite_int("*"),
    "lower": "LOWER(:a)",
    "upper": "UPPER(:a)",
    "trim": f"TRIM(:a, '{_BLANKS}')",
    "length": "LENGTH(:a)",
    "substr": (
        "CASE WHEN :b >= 1 AND :c >= 0 "
        f"THEN SUBSTRING(:a, MIN(:b, {_LONGEST}), MIN(:c, {_LONGEST})) END"
    ),
    "substr open": f"CASE WHEN :b >= 1 THEN SUBSTRING(:a, MIN(:b, {_LONGEST})) END",
    "starts_with": "SUBSTRING(:a, 1, LENGTH(:b)) = :b",
    "contains": "INSTR(:a, :b) > 0",
    "least": _BEST.format("MIN"),
    "greatest": _BEST.format("MAX"),
    "year": "CAST(STRFTIME('%Y', :a) AS INTEGER)",
    "month": "CAST(STRFTIME('%m', :a) AS INTEGER)",
    "day": "CAST(STRFTIME('%d', :a) AS INTEGER)",
    "days_between": "CAST(ROUND(JULIANDAY(:b) - JULIANDAY(:a)) AS INTEGER)",
    "add_days": _LET.format(
        test=f"ABS(n) <= {_DAYS} AND v >= '0001-01-01' AND LENGTH(v) = 10",
        then="v",
        given="DATE(:a, CAST(:b AS TEXT) || ' days') AS v, :b AS n",
    ),
    "age": _age("STRFTIME('%m%d', {0})", "CAST(STRFTIME('%Y', {0}) AS INTEGER)"),
    "cast_date text": _LET.format(
        test="v GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]' AND v >= '0001' "
        "AND DATE(v, '+0 days') = v",
        then="v",
        given=":a AS v",
    ),
    "cast_text date": ":a",
}

ENGINES: Mapping[Dialect, Engine] = MappingProxyType(
    {
        "duckdb": Engine(
            {
                "text": "text",
                "int": "bigint",
                "decimal": "decimal(24, 6)",
                "bool": "boolean",
                "date": "date",
                "timestamp": "timestamptz",
            },
            None,
            MappingProxyType(_DUCKDB),
        ),
        "postgres": Engine(
            {
                "text": "text",
                "int": "bigint",
                "decimal": "numeric(24, 6)",
                "bool": "boolean",
                "date": "date",
                "timestamp": "timestamptz",
            },
            "C",
            MappingProxyType(_POSTGRES),
        ),
        "sqlite": Engine(
            {"text": "text", "int": "bigint", "bool": "boolean", "date": "text"},
            "BINARY",
            MappingProxyType(_SQLITE),
        ),
    }
)
"""The engines that expressions are pushed to."""
