"""Find the files that travel with the code, in a checkout and in an installed wheel."""

from __future__ import annotations

from pathlib import Path

__all__ = ["resource"]

_ROOT = Path(__file__).parents[2]
_HOMES = {
    "templates": ("templates", "builder/_templates"),
    "specs": ("specs", "federation/_specs"),
    "static": ("builder/_static", "builder/_static"),
    "fonts": ("builder/_fonts", "builder/_fonts"),
}


def resource(path: str) -> Path:
    """Return where a shipped file or folder lies.

    Args:
        path: ``templates/…``, ``specs/…``, ``static/…`` or ``fonts/…``; whether it exists is the
            caller's question, so that a missing file is reported by who needs it.

    Raises:
        ValueError: for another first part, or a path that leaves its home.
    """
    first, _, rest = path.partition("/")
    if first not in _HOMES or ".." in Path(rest).parts or Path(rest).is_absolute():
        raise ValueError(f"no shipped files under {path!r}: {', '.join(_HOMES)} are known")
    checkout, wheel = (_ROOT / home for home in _HOMES[first])
    return (wheel if wheel.is_dir() else checkout) / rest
