"""Hash entries into a tree of the shape of RFC 6962, with SM3.

Only the right edge of the tree is kept: one hash for each full subtree. It is enough to append and
to know the root, and it is short: 20 hashes for a million entries.
"""

from __future__ import annotations

from collections.abc import Iterable

from federation.crypto import sm3_bytes

__all__ = ["Edge", "leaf_hash"]


def leaf_hash(body: bytes) -> bytes:
    """Return the hash of an entry; the prefix keeps it from being an inner node."""
    return sm3_bytes(b"\x00" + body)


class Edge:
    """The right edge of a growing tree.

    >>> edge = Edge()
    >>> for body in (b"a", b"b", b"c"):
    ...     edge.append(leaf_hash(body))
    >>> edge.size, len(edge.peaks)
    (3, 2)
    """

    __slots__ = ("peaks", "size")

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        self.size = size
        self.peaks = list(peaks)
        if len(self.peaks) != size.bit_count():
            raise ValueError("a tree has one peak for each bit of its size")

    def append(self, leaf: bytes) -> None:
        """Add a leaf; full subtrees of the same height become one."""
        below = self.size
        while below & 1:
            leaf = sm3_bytes(b"\x01" + self.peaks.pop() + leaf)
            below >>= 1
        self.peaks.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """Return the hash of the whole tree; of no entries, the hash of nothing."""
        if not self.peaks:
            return sm3_bytes(b"")
        *rest, root = self.peaks
        for peak in reversed(rest):
            root = sm3_bytes(b"\x01" + peak + root)
        return root
