"""Write the files of a TLS folder whole or not at all, and read them with faults that name them."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from federation.crypto.errors import KeyExposed
from federation.link.errors import CertificateMissing, CertificateUnwritable

__all__ = ["check_key", "content", "put", "shown"]


def shown(path: Path) -> str:
    """Return the end of a path: enough to find the file, nothing about the machine."""
    return "/".join(path.parts[-3:])


def content(path: Path) -> bytes:
    """Return what a file holds. Raises `CertificateMissing`."""
    try:
        return path.read_bytes()
    except OSError:
        raise CertificateMissing(file=shown(path)) from None


def check_key(path: Path) -> None:
    """Raise a fault where a private key is missing, or where others may read it."""
    try:
        mode = path.stat().st_mode & 0o777
    except OSError:
        raise CertificateMissing(file=shown(path)) from None
    if os.name == "posix" and mode & 0o077:
        raise KeyExposed(file=shown(path), mode=f"{mode:03o}")


def put(path: Path, content: bytes, mode: int, *, once: bool = False) -> None:
    """Put a whole file under its name; `once` leaves a file that is there as it is."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        try:
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            _appear(draft, path, once=once)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise CertificateUnwritable(file=shown(path)) from error


def _appear(draft: Path, path: Path, *, once: bool) -> None:
    if not once:
        draft.replace(path)
        return
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        return  # another process was first: its key is the key
