"""Read the case files of expressions."""

import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

CASES = Path(__file__).parent.parent / "cases" / "expr"
AREAS = tuple(sorted(path.stem for path in CASES.glob("*.json")))
_READ = {
    "text": str,
    "bool": bool,
    "int": int,
    "decimal": Decimal,
    "date": date.fromisoformat,
    "timestamp": datetime.fromisoformat,
}


def read_value(written):
    """Return a value from {"t", "v"}; a constant's spelling leaves out what JSON tells itself."""
    value = written["v"]
    if value is None or "t" not in written:
        return value
    return _READ[written["t"]](value)


def read_cases(*names):
    """Return (id, case) of case files."""
    return [
        (f"{name}-{at}", case)
        for name in names
        for at, case in enumerate(json.loads((CASES / f"{name}.json").read_text("utf-8")), 1)
    ]
