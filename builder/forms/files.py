"""Hold what a form knows of uploaded files: facts, never bytes. An answer is only a file's id."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from builder.errors import Lang
from builder.scenario.model import Json, Text
from builder.uploads.folder import said_size
from builder.uploads.kinds import KINDS

__all__ = ["FileAddress", "FileFacts", "FileLine", "Files", "file_lines", "ids_of", "known"]

FileState: TypeAlias = Literal["waiting", "clean", "refused"]

FileAddress: TypeAlias = Callable[[str, str, str], str]
"""The address of a file or its preview: ``(case number, id, "file" | "preview") -> address``."""


@dataclass(frozen=True, slots=True)
class FileFacts:
    """One uploaded file.

    Attributes:
        id: the UUID that answers hold.
        pointer: the field it was given for.
        account: who gave it.
        name: cleaned.
        kind: of `builder.uploads.KINDS`, found by content.
        sm3: of its bytes.
        state: ``waiting`` for the virus scanner, ``clean`` to be used, ``refused`` and destroyed.
        handed_in: when it became part of the case; None while it is only in a draft.
    """

    id: str
    case_no: str
    pointer: str
    account: str
    name: str
    kind: str
    size_bytes: int
    sm3: str
    state: FileState
    made_at: datetime
    handed_in: datetime | None = None

    @property
    def note(self) -> Text:
        """Return kind and size, as people read them."""
        kind, size = KINDS[self.kind].title, said_size(self.size_bytes)
        return Text(f"{kind.zh}，{size}", f"{kind.en}, {size}")


Files: TypeAlias = Mapping[str, FileFacts]
"""Files by id: those of one case that its reader may use."""


@dataclass(frozen=True, slots=True)
class FileLine:
    """One file as a template draws it, in one language.

    Attributes:
        address, preview: where it is fetched and looked at; blank for none.
        fingerprint: the beginning of its SM3.
    """

    id: str
    name: str
    note: str
    fingerprint: str
    state: str
    address: str
    preview: str


def ids_of(value: Json) -> tuple[str, ...]:
    """Return the ids that an answer holds.

    >>> ids_of("a"), ids_of(["a", "b"]), ids_of(None)
    (('a',), ('a', 'b'), ())
    """
    if isinstance(value, str):
        return (value,) if value else ()
    if isinstance(value, list | tuple):
        return tuple(one for one in value if isinstance(one, str))
    return ()


def known(value: Json, files: Files | None) -> tuple[FileFacts, ...]:
    """Return the files of an answer that there are, in its order."""
    return tuple(files[i] for i in ids_of(value) if i in files) if files else ()


def file_lines(
    files: tuple[FileFacts, ...], lang: Lang, address: FileAddress | None
) -> tuple[FileLine, ...]:
    """Return files as templates draw them."""
    return tuple(_line(file, lang, address) for file in files)


def _line(file: FileFacts, lang: Lang, address: FileAddress | None) -> FileLine:
    is_there = address is not None and file.state != "refused"
    has_preview = is_there and KINDS[file.kind].has_preview
    return FileLine(
        id=file.id,
        name=file.name,
        note=file.note.zh if lang == "zh" else file.note.en,
        fingerprint=file.sm3[:8],
        state=file.state,
        address=address(file.case_no, file.id, "file") if address and is_there else "",
        preview=address(file.case_no, file.id, "preview") if address and has_preview else "",
    )
