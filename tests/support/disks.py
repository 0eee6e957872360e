"""A disk of a city's own, an ext4 image on a loop device: it fills up, fails, and is repaired."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

_LOG_HEAD, _FRAME_HEAD = 32, 24  # https://sqlite.org/fileformat2.html#the_write_ahead_log
_PIECE = b"\0" * (1 << 20)


class NoDisk(Exception):
    """This machine lets nobody mount an image: not root, or no loop devices."""


@dataclass(frozen=True, slots=True)
class Disk:
    """A mounted disk.

    Attributes:
        image: the file it lies in.
        at: where it is mounted.
    """

    image: Path
    at: Path

    def fill(self) -> None:
        """Leave no byte free."""
        with (self.at / "ballast").open("ab", buffering=0) as file:
            for piece in (_PIECE, b"\0" * 4096, b"\0"):
                with suppress(OSError):
                    while file.write(piece):
                        pass

    def free(self) -> None:
        """Take away what filled it."""
        (self.at / "ballast").unlink()

    def fail(self) -> None:
        """Let it take no more writes, as the kernel does with a disk that reported an error."""
        _run("mount", "-o", "remount,abort", str(self.at))

    def repair(self) -> None:
        """Check it and mount it again; nobody may be using it."""
        _run("umount", str(self.at))
        subprocess.run(["e2fsck", "-fy", str(self.image)], check=False, capture_output=True)
        self.mount()

    def mount(self) -> None:
        _run("mount", "-o", "loop", str(self.image), str(self.at))


@contextmanager
def disk(folder: Path, size_mib: int) -> Iterator[Disk]:
    """Mount a new empty disk in a folder.

    Raises:
        NoDisk: nothing may be mounted here.
    """
    if os.geteuid() != 0 or not shutil.which("mkfs.ext4"):
        raise NoDisk
    image, at = folder / "disk.img", folder / "disk"
    at.mkdir()
    with image.open("wb") as file:
        file.truncate(size_mib << 20)
    _run("mkfs.ext4", "-q", "-m", "0", str(image))
    made = Disk(image, at)
    try:
        made.mount()
    except subprocess.CalledProcessError as error:
        raise NoDisk from error
    try:
        yield made
    finally:
        with suppress(subprocess.CalledProcessError):
            _run("umount", str(at))
        image.unlink()


def tear(database: Path) -> int:
    """Leave a database as a power cut amid a checkpoint and an append leaves it.

    Pages that the write-ahead log holds are half written in the database itself, and the log ends
    in the midst of a page.

    Returns:
        how many pages were torn.
    """
    log = database.with_name(f"{database.name}-wal")
    written = log.read_bytes() if log.exists() else b""
    if len(written) <= _LOG_HEAD:
        return 0
    size, salts = int.from_bytes(written[8:12], "big"), written[16:24]
    frames = range(_LOG_HEAD, len(written) - size, size + _FRAME_HEAD)
    pages = {
        int.from_bytes(written[at : at + 4], "big")
        for at in takewhile(lambda at: written[at + 8 : at + 16] == salts, frames)
    }
    with database.open("r+b") as file:
        whole = file.seek(0, os.SEEK_END) // size
        for page in (torn := {p for p in pages if p <= whole}):
            file.seek((page - 1) * size + size // 2)
            file.write(b"\xff" * (size // 2))
    with log.open("ab") as file:
        file.write(written[-size // 2 :])
    return len(torn)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
