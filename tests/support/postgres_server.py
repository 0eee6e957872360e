"""A PostgreSQL server of the tests' own: on loopback, with a password, gone afterwards."""

import itertools
import os
import secrets
import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

import psycopg
from ports import free_port
from psycopg import sql

OWNER = "city"


def programs() -> Path | None:
    """Return the folder of the server's programs; None where none is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    on_path = shutil.which("initdb")
    return next((p.parent for p in [*found, *([Path(on_path)] if on_path else [])]), None)


class PostgresServer:
    """One running server.

    Attributes:
        host: always loopback.
        port: a free one.
        user: a superuser's name.
        password: that user's.
    """

    host = "127.0.0.1"
    user = OWNER

    def __init__(self) -> None:
        self.password = secrets.token_hex(8)
        self._home = Path(tempfile.mkdtemp(prefix="pg"))
        self._as = {}
        secret = self._home / "password"
        secret.write_text(self.password, encoding="ascii")
        if os.geteuid() == 0:  # the server refuses to run as root
            self._as = {"user": "postgres"}
            for path in (self._home, secret):
                shutil.chown(path, "postgres")
        self._run("initdb", "-A", "scram-sha-256", "-U", OWNER, "-N", "-E", "UTF8", "--pwfile",
                  str(secret), "--locale=C.UTF-8")  # fmt: skip
        self.port = free_port()
        self.start()
        self._numbers = itertools.count(1)

    @property
    def url(self) -> str:
        """The superuser's address of the database that is always there."""
        return self.url_of("postgres")

    def url_of(self, database: str) -> str:
        """Return the superuser's address of a database."""
        return f"postgresql://{OWNER}:{self.password}@{self.host}:{self.port}/{database}"

    def database(self, how: str = "") -> str:
        """Make a fresh database and return its name; `how` goes behind CREATE DATABASE."""
        name = f"db{next(self._numbers)}"
        with psycopg.connect(self.url, autocommit=True) as admin:
            admin.execute(sql.SQL("CREATE DATABASE {} " + how).format(sql.Identifier(name)))
        return name

    def options(self, database: str, **more: object) -> dict[str, object]:
        """Return how a source of kind ``postgresql`` opens a database."""
        said = {"host": self.host, "port": self.port, "user": self.user}
        return {**said, "database": database, "password": self.password, **more}

    def secure(self, certificate: bytes, key: bytes) -> None:
        """Let the server speak TLS, with a certificate and its key in PEM."""
        for name, content in (("server.crt", certificate), ("server.key", key)):
            path = self._home / "data" / name
            path.write_bytes(content)
            path.chmod(0o600)
            if self._as:
                shutil.chown(path, "postgres")
        with psycopg.connect(self.url, autocommit=True) as admin:
            admin.execute("ALTER SYSTEM SET ssl = on")
        self.stop()
        self.start()

    def start(self) -> None:
        """Start the server and wait until it answers."""
        settings = f"-c listen_addresses={self.host} -c port={self.port} -c fsync=off"
        sockets = f"-c unix_socket_directories={self._home} -c max_connections=60"
        log = str(self._home / "log")
        self._run("pg_ctl", "-w", "-l", log, "-o", f"{settings} {sockets}", "start")

    def stop(self) -> None:
        """Stop the server at once, as a fault would."""
        self._run("pg_ctl", "-m", "immediate", "stop")

    def remove(self) -> None:
        """Stop the server and delete its files."""
        with suppress(subprocess.CalledProcessError):  # it may be stopped already
            self.stop()
        shutil.rmtree(self._home)

    def _run(self, name: str, *arguments: str) -> None:
        command = [str(programs() / name), "-D", str(self._home / "data"), *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=self._home, **self._as)
