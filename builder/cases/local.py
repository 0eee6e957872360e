"""Let answers of this machine's own people name files: ``{"file": "scan.pdf"}``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias, cast

from builder.cases.files import Added
from builder.forms.compiled import CompiledControl
from builder.scenario.model import Json
from builder.uploads.errors import UploadUnknown
from builder.uploads.folder import Incoming
from builder.uploads.names import clean_name

__all__ = ["LocalFile", "local_files", "taken_in"]

_LARGEST_BYTES = 200 * 1024 * 1024

Add: TypeAlias = Callable[[str, Incoming, str], Added]
"""Takes a file in for a question: ``(control, file, its name)``."""


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file of whoever works on this machine, as an answer. Nothing from outside becomes one."""

    path: Path


def local_files(
    answers: Mapping[str, object], folder: Path, *, inside: bool = False
) -> dict[str, Json]:
    """Return answers in which ``{"file": "name"}`` stands for a file, seen from `folder`.

    For the command line and for walks only: a program's or a browser's answers never come here.

    Args:
        answers: by pointer.
        folder: where names begin.
        inside: refuse what does not lie below it.

    Raises:
        UploadUnknown: there is no such file, or it does not lie below the folder.
    """
    found = {pointer: _local(value, folder, inside=inside) for pointer, value in answers.items()}
    return cast("dict[str, Json]", found)  # until `taken_in` puts ids in their place


def _local(value: object, folder: Path, *, inside: bool) -> object:
    if isinstance(value, list):
        return [_local(one, folder, inside=inside) for one in value]
    if isinstance(value, Mapping) and set(value) == {"file"} and isinstance(value["file"], str):
        path = (folder / value["file"]).resolve()
        if not path.is_file() or (inside and not path.is_relative_to(folder.resolve())):
            raise UploadUnknown
        return LocalFile(path)
    return value


def taken_in(
    answers: Mapping[str, object],
    controls: Iterable[CompiledControl],
    add: Add,
    folder: Path,
) -> dict[str, Json]:
    """Return answers with the ids of the local files in them, each taken in as if it were sent.

    Raises:
        UploadFault: one is not taken; `where` names the field.
    """
    by_pointer = {c.question.pointer: c.question for c in controls}
    found: dict[str, Json] = {}
    for pointer, value in answers.items():
        question = by_pointer.get(pointer)
        if question is not None and question.kind == "upload":
            found[pointer] = _ids(value, question.id, add, folder)
        else:
            found[pointer] = cast("Json", value)
    return found


def _ids(value: object, control: str, add: Add, folder: Path) -> Json:
    if isinstance(value, list):
        return [_ids(one, control, add, folder) for one in value]
    if not isinstance(value, LocalFile):
        return cast("Json", value)
    incoming = Incoming(folder, limit_bytes=_LARGEST_BYTES, name=clean_name(value.path.name))
    try:
        with value.path.open("rb") as source:
            incoming.take(source)
        return add(control, incoming, value.path.name).file.id
    finally:
        incoming.discard()
