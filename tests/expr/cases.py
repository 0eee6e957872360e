"""Read the case files of expressions."""

import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

CASES = Path(__file__).parent.parent / "cases" / "expr"
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


def read_cases(name="*"):
    """Return (id, case) of the case files in alphabetic order."""
    return [
        (f"{path.stem}-{at}", case)
        for path in sorted(CASES.glob(f"{name}.json"))
        for at, case in enumerate(json.loads(path.read_text(encoding="utf-8")), 1)
    ]
