"""Keep private keys and secrets in a folder that only this program's user can read."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable
from pathlib import Path

from federation.crypto.errors import (
    KeyDamaged,
    KeyExposed,
    KeyMissing,
    KeyOfAnotherCurve,
    KeyUnreadable,
    KeyUnwritable,
)
from federation.crypto.keyfile import NotSm2, pair_from_pem, pair_to_pem
from federation.crypto.selection import select_engine
from federation.crypto.signer import Signer, Sm2Signer, verify
from federation.crypto.sm2 import Engine

__all__ = ["KeyStore"]

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_SECRET_BYTES = 32
_OTHERS = 0o077


class KeyStore:
    """Hold keys by name: ``<name>.pem`` signs, ``<name>.secret`` names pseudonyms or encrypts.

    Files have mode 0600 in a folder of mode 0700. A new key appears under its name at once and
    whole; of two processes that create it together, both get the same one.
    """

    __slots__ = ("_engine", "_folder")

    def __init__(self, folder: Path, engine: Engine | None = None) -> None:
        self._folder = folder
        self._engine = engine or select_engine()

    def signer(self, name: str, *, create: bool = True) -> Signer:
        """Return the signer of a name, with a new key where there is none and `create` says so.

        Raises:
            KeyMissing: when there is none and none is to be made.
            KeyExposed: when others may read the file.
            KeyDamaged: when the file holds no key, or its two halves do not belong together.
            KeyOfAnotherCurve: when the key is not an SM2 key.
            KeyUnreadable, KeyUnwritable: when the operating system refuses.
        """
        path = self._path(name, "pem")
        pem = self._content(path, create, lambda: pair_to_pem(self._engine.generate()))
        try:
            signer = Sm2Signer(pair_from_pem(pem), self._engine)
        except NotSm2:
            raise KeyOfAnotherCurve(file=path.name) from None
        except ValueError:
            raise KeyDamaged(file=path.name) from None
        if not verify(signer.public_key, b"", signer.sign(b"")):
            raise KeyDamaged(file=path.name)
        return signer

    def secret(self, name: str, *, create: bool = True) -> bytes:
        """Return the 32 secret bytes of a name, drawn anew where there are none.

        Raises:
            KeyMissing, KeyExposed, KeyDamaged, KeyUnreadable, KeyUnwritable: as for `signer`.
        """
        path = self._path(name, "secret")
        text = self._content(
            path, create, lambda: secrets.token_hex(_SECRET_BYTES).encode() + b"\n"
        )
        if not re.fullmatch(rb"[0-9a-f]{64}\n?", text):
            raise KeyDamaged(file=path.name)
        return bytes.fromhex(text.decode())

    def names(self) -> tuple[str, ...]:
        """Return the file names of all keys, for inventories and backups."""
        if not self._folder.is_dir():
            return ()
        return tuple(
            sorted(p.name for p in self._folder.iterdir() if p.suffix in {".pem", ".secret"})
        )

    def _path(self, name: str, suffix: str) -> Path:
        if not _NAME.fullmatch(name):
            raise ValueError(f"a key name is kebab-case, not {name!r}")
        return self._folder / f"{name}.{suffix}"

    def _content(self, path: Path, create: bool, make: Callable[[], bytes]) -> bytes:
        try:
            return _read(path)
        except FileNotFoundError:
            if not create:
                raise KeyMissing(key=path.stem) from None
        except OSError as error:
            raise KeyUnreadable(file=path.name) from error
        try:
            _appear(path, make())
        except OSError as error:
            raise KeyUnwritable(file=path.name) from error
        return _read(path)


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        mode = os.fstat(file.fileno()).st_mode & 0o777
        if os.name == "posix" and mode & _OTHERS:
            raise KeyExposed(file=path.name, mode=f"{mode:03o}")
        return file.read()


def _appear(path: Path, content: bytes) -> None:
    """Put a whole file under its name unless one is there already; it survives a power cut."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            return  # another process was first: its key is the key
        _settle(path.parent)
    finally:
        draft.unlink(missing_ok=True)


def _settle(folder: Path) -> None:
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
