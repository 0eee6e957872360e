"""Write a tree as the SQL that an engine is expected to agree on; DuckDB's words for functions."""

from builder.expr import check
from builder.expr.functions import FUNCTIONS
from builder.expr.tree import Call, Constant, Name, nodes

NOT_PLAIN = frozenset({"div", "age", "id_valid", "id_birth_date", "id_sex", "credit_code_valid"})
"""What SQL has no plain word for: it divides in binary, counts years otherwise, knows no ID."""

_TYPES = {
    "text": "VARCHAR",
    "int": "BIGINT",
    "decimal": "DECIMAL(24, 6)",
    "bool": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMPTZ",
    "null": "VARCHAR",
}
_SIGNS = {"eq": "=", "ne": "<>", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_ARITHMETIC = {"add": "+", "sub": "-", "mul": "*"}
_CALLS = {
    ("lower", 1): "lower({0})",
    ("upper", 1): "upper({0})",
    ("trim", 1): "trim({0}, ' \u3000')",
    ("length", 1): "CAST(length({0}) AS BIGINT)",
    ("substr", 2): "substr({0}, {1})",
    ("substr", 3): "substr({0}, {1}, {2})",
    ("starts_with", 2): "starts_with({0}, {1})",
    ("contains", 2): "contains({0}, {1})",
    ("year", 1): "CAST(year({0}) AS BIGINT)",
    ("month", 1): "CAST(month({0}) AS BIGINT)",
    ("day", 1): "CAST(day({0}) AS BIGINT)",
    ("days_between", 2): "date_diff('day', {0}, {1})",
    ("add_days", 2): "({0} + CAST({1} AS INTEGER))",
    ("add_months", 2): "CAST({0} + to_months(CAST({1} AS INTEGER)) AS DATE)",
}
_ALIKE = {"coalesce": "coalesce({})", "least": "least({})", "greatest": "greatest({})"}
PLAIN = frozenset(
    {"and", "or", "not", "is_null", "is_true", "is_false", "in", "between", "case", "concat"}
    | {"neg", "abs", "round", "today", "cast_int", "cast_decimal", "cast_date", "cast_text"}
    | {*_SIGNS, *_ARITHMETIC, *_ALIKE, *(op for op, _ in _CALLS)}
)


def is_plain(tree, types):
    """Tell whether a well-typed tree has plain SQL; money as text has not: 12.50 or 12.5."""
    calls = [n for n in nodes(tree) if isinstance(n, Call)]
    if any(c.op in NOT_PLAIN for c in calls):
        return False
    return not any(c.op == "cast_text" and check(c.args[0], types) == "decimal" for c in calls)


class Writer:
    """Writes one expression over values given as literals."""

    def __init__(self, scope, types, today):
        self._scope, self._types, self._today = scope, types, today

    def write(self, tree):
        match tree:
            case Constant(value=value):
                return self._literal(value, check(tree, {}))
            case Name(name=name):
                return self._literal(self._scope[name], self._types[name])
            case Call():
                return self._call(tree, tree.op)

    def _literal(self, value, kind):
        if value is None:
            return f"CAST(NULL AS {_TYPES[kind]})"
        text = f"{value:f}" if kind == "decimal" else str(value).replace("'", "''")
        return f"CAST('{text}' AS {_TYPES[kind]})"

    def _as(self, tree, kind):
        return f"CAST({self.write(tree)} AS {_TYPES[kind]})"

    def _type(self, *trees):
        kinds = {check(t, self._types) for t in trees} - {"null"}
        return "decimal" if kinds == {"int", "decimal"} else min(kinds, default="null")

    def _alike(self, trees):
        kind = self._type(*trees)
        return [self._as(t, kind) for t in trees]

    def _call(self, call, op):  # noqa: C901, PLR0911, PLR0912 - one return an operator
        args = call.args
        if op in _SIGNS:
            return f"({f' {_SIGNS[op]} '.join(self._alike(args))})"
        if op in _ARITHMETIC:
            return self._arithmetic(_ARITHMETIC[op], args)
        if op in _ALIKE:
            return _ALIKE[op].format(", ".join(self._alike(args)))
        if (op, len(args)) in _CALLS:
            wanted = (FUNCTIONS[op].args * 2)[: len(args)]
            given = [self._as(a, w) for a, w in zip(args, wanted, strict=True)]
            return f"TRY({_CALLS[op, len(args)].format(*given)})"
        match op:
            case "and" | "or":
                return f"({f' {op} '.join(self._as(a, 'bool') for a in args)})"
            case "not":
                return f"(NOT {self._as(args[0], 'bool')})"
            case "is_null":
                return f"({self.write(args[0])} IS NULL)"
            case "is_true" | "is_false":
                return f"({self._as(args[0], 'bool')} IS {op[3:]})"
            case "in":
                value, *listed = self._alike(args)
                return f"({value} IN ({', '.join(listed)}))"
            case "between":
                return "({} BETWEEN {} AND {})".format(*self._alike(args))
            case "case":
                return self._case(args)
            case "concat":
                return f"({' || '.join(self._as(a, 'text') for a in args)})"
            case "today":
                return f"DATE '{self._today}'"
            case "neg":
                return self._bounded(
                    f"-{self._as(args[0], self._number(args))}", self._number(args)
                )
            case "abs":
                return f"abs({self._as(args[0], self._number(args))})"
            case "round":
                places = args[1].value if len(args) > 1 else 0
                return self._bounded(f"round({self._as(args[0], 'decimal')}, {places})", "decimal")
            case "cast_decimal":
                return (
                    f"TRY_CAST({self.write(args[0])} AS DECIMAL({args[1].value}, {args[2].value}))"
                )
            case "cast_int":
                return self._bounded(self.write(args[0]), "int")
            case "cast_date" | "cast_text":
                return f"TRY_CAST({self.write(args[0])} AS {_TYPES[op[5:]]})"

    def _number(self, trees):
        kind = self._type(*trees)
        return "int" if kind == "null" else kind

    def _arithmetic(self, sign, args):
        kind = self._number(args[:1])
        done = self._as(args[0], kind)
        for arg in args[1:]:
            kind = "decimal" if "decimal" in (kind, self._number([arg])) else "int"
            both = f"CAST({done} AS {_TYPES[kind]}) {sign} {self._as(arg, kind)}"
            done = self._bounded(both, kind)
        return done

    def _bounded(self, sql, kind):
        if kind == "decimal":
            return f"TRY_CAST(TRY({sql}) AS DECIMAL(24, 6))"
        return f"CAST(TRY_CAST(TRY({sql}) AS DECIMAL(18, 0)) AS BIGINT)"

    def _case(self, args):
        kind = self._type(*args[1:-1:2], args[-1])
        arms = [
            f"WHEN {self._as(test, 'bool')} THEN {self._as(value, kind)}"
            for test, value in zip(args[0:-1:2], args[1:-1:2], strict=True)
        ]
        return f"CASE {' '.join(arms)} ELSE {self._as(args[-1], kind)} END"
