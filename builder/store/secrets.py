"""Fetch a secret from where the settings say that it lies: a file or an environment variable."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from builder.store.errors import SecretLost, SecretOpen

__all__ = ["is_reference", "secret"]

_OTHERS = 0o077
_MOST_BYTES = 4096


def is_reference(value: object) -> bool:
    """Tell whether this says where a secret lies: ``{env = "NAME"}`` or ``{file = "path"}``."""
    return (
        isinstance(value, Mapping)
        and len(value) == 1
        and all(k in ("env", "file") and isinstance(v, str) and v for k, v in value.items())
    )


def secret(reference: Mapping[str, str], home: Path) -> str:
    """Return what a reference leads to, without the line's end.

    Args:
        reference: ``{"env": name}``, or ``{"file": path}`` below `home` or absolute.
        home: the city's folder.

    Raises:
        SecretLost: there is nothing, or nothing of use.
        SecretOpen: others may read the file.
    """
    if "env" in reference:
        found = os.environ.get(reference["env"], "")
        if not found:
            raise SecretLost(place=reference["env"])
        return found
    place = reference["file"]
    try:
        file = (home / place).open("rb")
    except OSError:
        raise SecretLost(place=place) from None
    with closing(file):
        mode = os.fstat(file.fileno()).st_mode
        if os.name == "posix" and mode & _OTHERS:
            raise SecretOpen(place=place)
        data = file.read(_MOST_BYTES) if stat.S_ISREG(mode) else b""
    text = data.decode("utf-8", "replace").strip("\r\n")
    if not text:
        raise SecretLost(place=place)
    return text
