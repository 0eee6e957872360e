"""One expression language: SQL expressions of a closed list, equal answers wherever they run.

`parse` reads SQL text (sqlglot's duckdb dialect) into a small closed `Tree`; `check` types it,
`evaluate` computes it here, `templates/assets/expr.js` computes the same tree in the browser, and
`to_sql` writes it for an engine that can. `docs/expressions.md` is the authors' page.

Three-valued logic as in SQL: a condition is met only by TRUE; what is not answered is NULL. A
number has up to 18 digits before the point and 6 behind it; money is decimal, never a float, and
every result is rounded half away from zero (四舍五入). Out of range, a division by zero and a cast
that fails give NULL. Text is compared and counted by code points; `lower` and `upper` change ASCII
letters. Dates are ISO, in Asia/Shanghai; today is an argument.
"""

from builder.expr.check import ExprType, check
from builder.expr.evaluate import Run, Scope, compile_tree, evaluate
from builder.expr.functions import FUNCTIONS
from builder.expr.parse import parse
from builder.expr.sql import to_sql
from builder.expr.tree import Tree, Value, names

__all__ = [
    "FUNCTIONS",
    "ExprType",
    "Run",
    "Scope",
    "Tree",
    "Value",
    "check",
    "compile_tree",
    "evaluate",
    "names",
    "parse",
    "to_sql",
]
