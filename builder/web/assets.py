"""Find built assets: the build's manifest maps a name to the name with its content's hash."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

__all__ = ["read_manifest"]


def read_manifest(folder: Path) -> Mapping[str, str]:
    """Return built names by asset name; empty where nothing was built."""
    try:
        found = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return {str(name): str(built) for name, built in found.items()}
