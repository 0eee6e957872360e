"""Let files of a post go straight to the disk, hashed on the way; nothing of them is in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, cast

from flask import Request, current_app, g
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.exceptions import RequestEntityTooLarge

from builder.errors import Fault
from builder.uploads.errors import UploadFault
from builder.uploads.folder import Incoming
from builder.uploads.names import clean_name

__all__ = ["Bounded", "FileRequest", "Sent", "discard_files", "sent_files"]

_MOST_FILES = 25
_LARGEST_BYTES = 200 * 1024 * 1024


class Bounded(Incoming):
    """A file of which no more is written once it was refused; `refused` says why.

    The parser goes on to the end of the post, so that the page can say beside the question what is
    wrong, and everything else that was typed is kept.
    """

    refused: Fault | None = None

    def write(self, data: bytes) -> int:
        """Take a piece, unless the file was refused."""
        if self.refused is None:
            try:
                return super().write(data)
            except UploadFault as fault:
                self.refused = fault
        return len(data)


@dataclass(frozen=True, slots=True)
class Sent:
    """One file of a post: the field it came under, its name as sent, and where its bytes are."""

    field: str
    name: str
    incoming: Bounded


class _Nothing:
    """What an input sends in which no file was chosen."""

    def write(self, data: bytes) -> int:
        return len(data)

    def seek(self, *_: int) -> int:
        return 0

    def close(self) -> None:
        return


class FileRequest(Request):
    """A request whose files are written to the city's folder as they come."""

    def _get_file_stream(
        self,
        total_content_length: int | None,  # noqa: ARG002 - the framework's signature
        content_type: str | None,  # noqa: ARG002
        filename: str | None = None,
        content_length: int | None = None,  # noqa: ARG002
    ) -> IO[bytes]:
        """Return where one file is written to; raises `RequestEntityTooLarge` for too many."""
        if not filename:
            return cast("IO[bytes]", _Nothing())
        held = _held()
        if len(held) >= _MOST_FILES or not g.get("who"):
            raise RequestEntityTooLarge
        place = current_app.extensions["scenarist"].platform.settings.home / "incoming"
        file = Bounded(place, limit_bytes=_LARGEST_BYTES, name=clean_name(filename))
        held.append(file)
        return cast("IO[bytes]", file)


def sent_files(posted: MultiDict[str, FileStorage]) -> Sequence[Sent]:
    """Return the files of a post that somebody chose; an empty input sends a nameless one."""
    return [
        Sent(name, storage.filename, stream)
        for name, storage in posted.items(multi=True)
        if storage.filename and isinstance(stream := cast("object", storage.stream), Bounded)
    ]


def discard_files(_: BaseException | None = None) -> None:
    """Delete what was not taken over."""
    for file in _held():
        file.discard()


def _held() -> list[Incoming]:
    if "incoming" not in g:
        g.incoming = []
    return cast("list[Incoming]", g.incoming)
