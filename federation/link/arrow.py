"""Read and write rows on a link as an Arrow IPC stream; a stream without its end is an error.

pyarrow itself takes an input that ends between two messages for a complete stream. So the reader
here notes whether the input ran dry before the end-of-stream mark was seen.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from federation.crypto import canonical
from federation.link.base import ARROW, Link
from federation.link.control import raise_refusal
from federation.link.errors import LinkGarbled, LinkTruncated

__all__ = ["END", "Rows", "ask_rows", "read_stream", "write_stream"]

END = b"\xff\xff\xff\xff\x00\x00\x00\x00"
"""The end-of-stream mark."""

_PIECE = 256 * 1024  # small enough that one side reads while the other writes


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows that came over a link, whole, with the headers beside them."""

    table: pa.Table
    headers: Mapping[str, str]
    size_bytes: int


def ask_rows(
    link: Link, path: str, document: Mapping[str, object], *, timeout_s: float = 30.0
) -> Rows:
    """Post a document and return the rows that come back.

    Raises:
        Fault: the refusal of the other side, as the same class it raised there.
        LinkTruncated: when the stream broke off.
        LinkGarbled: when what came back is no Arrow stream.
    """
    reply = link.send("POST", path, canonical(document), timeout_s=timeout_s)
    raise_refusal(link, reply)
    if reply.headers.get("content-type") != ARROW:
        raise LinkGarbled(party=link.party)
    with closing(reply.chunks) as chunks:
        table, size = read_stream(chunks, link.party)
    return Rows(table, reply.headers, size)


def read_stream(chunks: Iterable[bytes], party: str) -> tuple[pa.Table, int]:
    """Return the table of a whole stream, and its size in bytes.

    Raises:
        LinkTruncated: the input ended before the end-of-stream mark.
        LinkGarbled: it is no Arrow stream, or something follows the mark.
    """
    source = _Source(iter(chunks))
    try:
        with pa.ipc.open_stream(pa.PythonFile(source, mode="r")) as reader:
            table = reader.read_all()
            table.validate(full=True)
    except (pa.ArrowException, OSError, ValueError, KeyError, NotImplementedError) as error:
        raise (LinkTruncated if source.ran_dry else LinkGarbled)(party=party) from error
    if source.ran_dry:
        raise LinkTruncated(party=party)
    if source.read(1):
        raise LinkGarbled(party=party)
    return table, source.size_bytes


def write_stream(schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Iterator[bytes]:
    """Yield a stream piece by piece, of a few hundred kilobytes; the last is the end mark alone.

    No other piece looks like the mark, whatever the rows hold.
    """
    sink = _Sink()
    with pa.ipc.new_stream(pa.PythonFile(sink, mode="w"), schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
            yield from sink.take()
    rest = b"".join(sink.take())
    assert rest.endswith(END)  # noqa: S101 - a promise of the format that callers build on
    if len(rest) > len(END):
        yield rest[: -len(END)]
    yield END


class _Pieces:
    """Bytes in pieces of any size, taken in others with one copy."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._held = memoryview(b"")

    def take(self, size: int) -> bytes:
        """Return the next bytes; fewer where there are no more."""
        views, missing = [self._held[:size]], size - len(self._held)
        self._held = self._held[size:]
        while missing > 0 and (piece := next(self._pieces, None)) is not None:
            view = memoryview(piece)
            views.append(view[:missing])
            self._held = view[missing:]
            missing -= len(view)
        return b"".join(views)


class _Source:
    """A readable file over chunks that remembers whether it was asked for more than there was."""

    closed = False

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = _Pieces(chunks)
        self.ran_dry = False
        self.size_bytes = 0

    def read(self, size: int = -1) -> bytes:
        taken = self._chunks.take(sys.maxsize if size < 0 else size)
        self.ran_dry = self.ran_dry or len(taken) < size
        self.size_bytes += len(taken)
        return taken

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False

    def flush(self) -> None:
        """Nothing is buffered."""

    def close(self) -> None:
        self.closed = True


class _Sink:
    """A writable file whose content is taken piece by piece."""

    closed = False

    def __init__(self) -> None:
        self._written: list[Any] = []  # bytes, and Arrow's own buffers, not copied yet
        self._size_bytes = 0

    def write(self, piece: Any) -> int:
        self._written.append(piece)
        self._size_bytes += len(piece)
        return len(piece)

    def take(self) -> Iterator[bytes]:
        """Yield what was written: one piece, or several none of which is small."""
        written, size = _Pieces(iter(self._written)), self._size_bytes
        self._written, self._size_bytes = [], 0
        while size >= 2 * _PIECE:
            yield written.take(_PIECE)
            size -= _PIECE
        yield written.take(size)

    def readable(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def flush(self) -> None:
        """Nothing is buffered."""

    def close(self) -> None:
        self.closed = True
