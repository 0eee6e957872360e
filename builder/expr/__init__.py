"""One expression language: SQL expressions of a closed list, equal answers wherever they run.

`parse` reads SQL text (sqlglot's duckdb dialect) into a small closed `Tree`; `check` types it,
`evaluate` computes it here, `templates/assets/expr.js` computes the same tree in the browser.

Three-valued logic as in SQL: a condition is met only by TRUE; what is not answered is NULL. Money
is decimal, never a float; division rounds half up to six places; dates are ISO, in Asia/Shanghai;
today is an argument. Division by zero and a cast that fails give NULL.
"""

from builder.expr.check import ExprType, check
from builder.expr.evaluate import compile_tree, evaluate
from builder.expr.functions import FUNCTIONS
from builder.expr.parse import parse
from builder.expr.tree import Tree, Value, names

__all__ = [
    "FUNCTIONS",
    "ExprType",
    "Tree",
    "Value",
    "check",
    "compile_tree",
    "evaluate",
    "names",
    "parse",
]
