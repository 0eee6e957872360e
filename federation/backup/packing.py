"""Compress an archive with Zstandard (RFC 8878), so that no byte of the file goes unwatched.

The compressed frame is followed by a skippable one that holds the SHA-256 of all bytes before it:
decoders pass over it, and a change that happens to decode to the same content is noticed too.
"""

from __future__ import annotations

import hashlib
import io

from federation.backup.tar import Sink, Source

__all__ = ["MAGIC", "PackBroken", "Packing", "Unpacking"]

MAGIC = bytes.fromhex("28b52ffd")
_MARK = (0x184D2A50).to_bytes(4, "little") + (32).to_bytes(4, "little")
_TAIL = len(_MARK) + 32
_CHUNK = 1024 * 1024


class PackBroken(Exception):
    """The bytes are not what `Packing` wrote."""


class Packing:
    """Take plain bytes, give compressed ones to a sink."""

    def __init__(self, sink: Sink) -> None:
        import pyarrow as pa

        self._below = _Watched(sink)
        self._stream = pa.CompressedOutputStream(pa.PythonFile(self._below, mode="w"), "zstd")

    def write(self, data: bytes) -> None:
        """Take bytes."""
        self._stream.write(data)

    def close(self) -> None:
        """End the frame and add the sum of its bytes."""
        self._stream.close()
        self._below.finish()


class Unpacking:
    """Give the plain bytes of a compressed source; raises `PackBroken` here or while reading."""

    def __init__(self, source: Source) -> None:
        import pyarrow as pa

        self._below = _Checked(source)
        self._stream = pa.CompressedInputStream(pa.PythonFile(self._below, mode="r"), "zstd")

    def read(self, size: int) -> bytes:
        """Return so many bytes; fewer only at the end, whose sum was then checked."""
        parts = []
        try:
            while size > 0 and (part := self._stream.read(size)):
                parts.append(part)
                size -= len(part)
            if size > 0:
                self._below.drain()
        except OSError as error:
            if error.errno is not None:
                raise  # the disk's own trouble
            raise PackBroken from error
        return b"".join(parts)


class _Watched(io.RawIOBase):
    """Sum what passes; stay open when the stream above is closed."""

    def __init__(self, sink: Sink) -> None:
        super().__init__()
        self._sink = sink
        self._sum = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: object, /) -> int:
        given = bytes(data)  # type: ignore[call-overload] # a buffer of Arrow's
        self._sum.update(given)
        self._sink.write(given)
        return len(given)

    def finish(self) -> None:
        self._sink.write(_MARK + self._sum.digest())
        self._sink.close()


class _Checked(io.RawIOBase):
    """Give all bytes but the tail, which is compared with their sum at the end."""

    def __init__(self, source: Source) -> None:
        super().__init__()
        self._source = source
        self._sum = hashlib.sha256()
        self._held = b""
        self._ended = False

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        while not self._ended and len(self._held) < _TAIL + 1:
            more = self._source.read(max(size, _CHUNK))
            self._ended = not more
            self._held += more
        if self._ended:
            return self._last(size)
        given = self._held[:-_TAIL][: size if size >= 0 else None]
        return self._given(given)

    def _last(self, size: int) -> bytes:
        body = self._held[:-_TAIL]
        if body:
            return self._given(body[: size if size >= 0 else None])
        if self._held != _MARK + self._sum.digest():
            raise PackBroken
        return b""

    def _given(self, given: bytes) -> bytes:
        self._held = self._held[len(given) :]
        self._sum.update(given)
        return given

    def drain(self) -> None:
        """Read to the end, where the decoder stopped before it."""
        if self.read(_CHUNK):
            raise PackBroken
