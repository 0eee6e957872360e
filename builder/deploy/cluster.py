"""Run a PostgreSQL server that belongs to a demo city alone: its own folder, port and passwords.

A city of a real county uses the servers that its departments have. The demo starts one where the
programs of PostgreSQL are installed, on loopback only, every role with a password of its own.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from builder.deploy.errors import ServerFailed

__all__ = ["Cluster", "find_programs"]

_SERVER_USER = "postgres"
_OWNER = "city"


def find_programs() -> Path | None:
    """Return the folder that holds ``initdb`` and ``postgres``; None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    on_path = shutil.which("initdb")
    candidates = [*found, *([Path(on_path)] if on_path else [])]
    return next((p.parent for p in candidates if (p.parent / "postgres").exists()), None)


@dataclass(frozen=True, slots=True)
class Cluster:
    """A PostgreSQL server of a demo city.

    Attributes:
        folder: its files; ``password`` beside them is the owner's.
        port: on 127.0.0.1.
    """

    folder: Path
    port: int
    host: str = "127.0.0.1"

    @classmethod
    def begin(cls, folder: Path, port: int) -> Cluster:
        """Create a server's files.

        Raises:
            ServerFailed: PostgreSQL is not installed, or could not create them.
        """
        programs = find_programs()
        if programs is None:
            raise ServerFailed(step="initdb", problem="not installed")
        cluster = cls(folder, port)
        folder.mkdir(parents=True, mode=0o700)
        secret = cluster.password(folder / "password")
        if _is_root():
            shutil.chown(folder, _SERVER_USER)
            shutil.chown(folder / "password", _SERVER_USER)
        pwfile = ["--pwfile", str(folder / "password")]
        locale = ["--encoding=UTF8", "--locale=C", "--auth=scram-sha-256"]
        del secret
        _run(
            [str(programs / "initdb"), "-D", str(cluster.data), "-U", _OWNER, *locale, *pwfile],
            "initdb",
            folder,
        )
        return cluster

    @property
    def data(self) -> Path:
        """Return the server's data folder."""
        return self.folder / "data"

    def command(self) -> list[str]:
        """Return how the server is started, in the foreground."""
        programs = find_programs()
        if programs is None:
            raise ServerFailed(step="start", problem="not installed")
        settings = [
            f"listen_addresses={self.host}",
            f"port={self.port}",
            "unix_socket_directories=",
            "log_min_messages=warning",
            "log_statement=none",
            "log_min_error_statement=panic",  # statements of the demo may carry ID numbers
        ]
        options = [part for s in settings for part in ("-c", s)]
        return [str(programs / "postgres"), "-D", str(self.data), *options]

    @property
    def user(self) -> str | None:
        """Return as whom the server must run; None for whoever starts it."""
        return _SERVER_USER if _is_root() else None

    def url(self, database: str = "postgres") -> str:
        """Return the owner's address of a database."""
        secret = (self.folder / "password").read_text(encoding="ascii").strip()
        return f"postgresql://{_OWNER}:{secret}@{self.host}:{self.port}/{database}"

    def password(self, place: Path) -> str:
        """Make a password and keep it in a file that only its owner reads."""
        place.parent.mkdir(parents=True, exist_ok=True)
        secret = secrets.token_urlsafe(24)
        with os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secret)
        return secret

    def is_up(self) -> bool:
        """Tell whether the server answers."""
        from adbc_driver_postgresql import dbapi

        try:
            dbapi.connect(self.url()).close()
        except dbapi.Error:
            return False
        return True

    def create(self, database: str, role: str, password: str) -> None:
        """Create a database, and a role that may sign in to it.

        Args:
            database: a plain name.
            role: a plain name; it may read what is granted to it later.
            password: made by `password`, so it holds no quote.

        Raises:
            ServerFailed: the server did not do it.
        """
        from adbc_driver_postgresql import dbapi

        try:
            with dbapi.connect(self.url(), autocommit=True) as conn, conn.cursor() as cursor:
                cursor.execute(f'CREATE DATABASE "{database}"')
                cursor.execute(f"CREATE ROLE \"{role}\" LOGIN PASSWORD '{password}'")
        except dbapi.Error as fault:
            raise ServerFailed(step="create", problem=type(fault).__name__) from fault


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _run(command: list[str], step: str, folder: Path) -> None:
    user = _SERVER_USER if _is_root() else None
    try:
        subprocess.run(  # noqa: S603 - PostgreSQL's own program
            command, check=True, cwd=folder, user=user, capture_output=True, env=_plain()
        )
    except (OSError, subprocess.CalledProcessError, LookupError) as fault:
        with suppress(OSError):
            shutil.rmtree(folder)
        raise ServerFailed(step=step, problem=type(fault).__name__) from fault


def _plain() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"}
