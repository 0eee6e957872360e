"""List the kinds of source by name, and open one without importing the others.

A new kind is one module with a function ``open_source(options) -> Connector`` and one line in
`KINDS`.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

from connectors.faults import KindUnknown

if TYPE_CHECKING:
    from connectors.base import Connector

__all__ = ["KINDS", "open_connector"]

KINDS: Mapping[str, str] = MappingProxyType(
    {
        "memory": "connectors.memory",
        "sqlite": "connectors.sqlite",
        "postgresql": "connectors.postgresql",
        "opengauss": "connectors.postgresql.opengauss",
        "kingbase": "connectors.postgresql.kingbase",
        "files": "connectors.files",
    }
)
"""Kind → module."""


def open_connector(kind: str, options: Mapping[str, object]) -> Connector:
    """Open a source.

    Args:
        kind: a name in `KINDS`.
        options: what the kind's ``open_source`` takes, e.g. ``{"path": …}`` for ``sqlite``.

    Raises:
        KindUnknown: no such kind, with the known ones, the nearest first.
        SourceOptions: an option that the kind does not take, or lacks.
        Fault: ``source.*`` when the source cannot be opened.
    """
    module = KINDS.get(kind)
    if module is None:
        near = difflib.get_close_matches(kind[:100], KINDS, n=len(KINDS), cutoff=0)
        raise KindUnknown(kind=kind[:100], known=near)
    return cast("Connector", import_module(module).open_source(options))
