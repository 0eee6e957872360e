"""Look at files in a process of their own: what a hostile file does to its parser stays there.

The process has no environment, no standard input, a bound on memory, processor time and files, and
is killed when it takes too long. It prints one JSON line.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, cast

from builder.scenario.model import Text
from builder.uploads.errors import (
    UploadDamaged,
    UploadFault,
    UploadNameDiffers,
    UploadNotAccepted,
    UploadRefusedKind,
    UploadSlow,
    UploadUnknown,
    fault_named,
)
from builder.uploads.folder import Folder
from builder.uploads.kinds import KINDS, extension, kind_titles

__all__ = ["PREVIEW_PAGES", "looked_at", "pages", "picture", "text"]

PREVIEW_PAGES = 5
"""Pages of a document that are shown as pictures."""

_PATIENCE_S = 20.0
_ROOT = str(Path(__file__).parents[2])


def looked_at(path: Path, name: str, takes: Collection[str] = tuple(KINDS)) -> str:
    """Return the kind of a file, proven by parsing; its name must agree.

    Args:
        path: where it is.
        name: what it is called.
        takes: the kinds that are wanted.

    Raises:
        UploadFault: what is wrong with it, as it is told to whoever sent it.
    """
    said = _asked(name, "look", str(path), takes=takes)
    kind = str(said["kind"])
    ending = extension(name)
    if kind == "txt" and ending == "csv":
        kind = "csv"
    if kind not in takes:
        raise UploadNotAccepted(file=name, kind=KINDS[kind].title, known=kind_titles(takes))
    if ending not in KINDS[kind].extensions:
        raise UploadNameDiffers(file=name, kind=KINDS[kind].title, known=KINDS[kind].extensions)
    return kind


def picture(folder: Folder, sm3: str, kind: str, page: int) -> Path:
    """Return a picture of a kept file, made when it is first asked for.

    Raises:
        UploadUnknown: there is no such page, or none is shown.
        UploadFault: it cannot be drawn.
    """
    if not 0 <= page < PREVIEW_PAGES:
        raise UploadUnknown
    target = folder.previews / f"{sm3}-{page}.webp"
    if target.exists():
        return target
    folder.previews.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, scratch = tempfile.mkstemp(dir=folder.previews, suffix=".part")
    os.close(handle)
    try:
        _asked("", "picture", str(folder.path(sm3)), kind, str(page), scratch)
        Path(scratch).replace(target)
    finally:
        Path(scratch).unlink(missing_ok=True)
    return target


def text(folder: Folder, sm3: str) -> str:
    """Return the beginning of a kept text; raises `UploadFault`."""
    return str(_asked("", "text", str(folder.path(sm3)))["text"])


def pages(folder: Folder, sm3: str) -> int:
    """Return how many pages a kept PDF has; raises `UploadFault`."""
    return int(_asked("", "pages", str(folder.path(sm3)))["pages"])


def _asked(name: str, *args: str, takes: Collection[str] = ()) -> Mapping[str, Any]:
    command = [sys.executable, "-P", "-m", "builder.uploads.child", *args]
    try:
        done = subprocess.run(  # noqa: S603 - our own program, no shell
            command,
            cwd=_ROOT,
            env={"PYTHONPATH": _ROOT, "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_PATIENCE_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UploadSlow(file=name) from None
    if done.returncode != 0:  # killed for its memory or time, or its parser broke
        raise UploadSlow(file=name) if done.returncode < 0 else UploadDamaged(file=name)
    said = cast("Mapping[str, Any]", json.loads(done.stdout))
    if "code" in said:
        raise _fault(str(said["code"]), name, said["facts"], takes)
    return said


def _fault(code: str, name: str, facts: Mapping[str, str], takes: Collection[str]) -> UploadFault:
    if code == UploadUnknown.code:
        return UploadUnknown()
    kind = fault_named(code)
    texts: dict[str, Text | str] = {k: Text(*v.split("|")) for k, v in facts.items()}
    if kind is UploadRefusedKind:
        texts["known"] = kind_titles(takes)
    return kind(file=name, **texts)
