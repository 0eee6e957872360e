"""Read the options of a database server, and write the address that its driver takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from connectors.faults import SourceOptions

__all__ = ["PostgresOptions", "read_options"]

_NUMBERS = {
    "port": (1, 65_535),
    "connect_timeout_s": (1, 300),
    "timeout_s": (1, 86_400),
    "wait_ms": (1, 600_000),
    "connections": (1, 64),
}
_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_FILES = ("sslrootcert", "sslcert", "sslkey")
_WORDS = ("host", "database", "user", "password", "schema", *_FILES)
_NEEDED = ("host", "database", "user")
_KNOWN = (*_NEEDED, "password", "schema", "sslmode", *_FILES, *_NUMBERS)


@dataclass(frozen=True, slots=True)
class PostgresOptions:
    """How a database is reached.

    Attributes:
        host: name or address, or the folder of a local socket.
        password: never shown; without one the server must let the user in otherwise.
        schema: where the tables are.
        sslmode: as libpq has it; ``verify-full`` outside one's own machine.
        sslrootcert: file of the authority that vouches for the server.
        sslcert: file of this node's certificate, where the server asks for one; `sslkey` its key.
        connect_timeout_s: how long to wait for the server to answer.
        timeout_s: how long one statement may take.
        wait_ms: how long to wait for a lock, and for a free connection.
        connections: how many there may be at once.
    """

    host: str
    database: str
    user: str
    password: str = field(default="", repr=False)
    port: int = 5432
    schema: str = "public"
    sslmode: str = "prefer"
    sslrootcert: str = ""
    sslcert: str = ""
    sslkey: str = ""
    connect_timeout_s: int = 10
    timeout_s: int = 60
    wait_ms: int = 10_000
    connections: int = 8

    @property
    def source(self) -> str:
        """The database's name in faults."""
        return f"{self.host}:{self.port}/{self.database}"

    def uri(self) -> str:
        """Return the address as libpq reads it; it holds the password."""
        said = {
            "host": self.host,
            "port": self.port,
            "dbname": self.database,
            "user": self.user,
            "password": self.password,
            "sslmode": self.sslmode,
            "sslrootcert": self.sslrootcert,
            "sslcert": self.sslcert,
            "sslkey": self.sslkey,
            "connect_timeout": self.connect_timeout_s,
            "client_encoding": "UTF8",
            "application_name": "scenarist",
            "keepalives_idle": 30,
            "tcp_user_timeout": 60_000,
        }
        pairs = (f"{key}={quote(str(v), safe='')}" for key, v in said.items() if v != "")
        return f"postgresql:///?{'&'.join(pairs)}"


def read_options(kind: str, options: Mapping[str, object]) -> PostgresOptions:
    """Read options.

    Raises:
        SourceOptions: another option, one that is missing, or a value it cannot have.
    """
    for option, value in options.items():
        expected = _unfit(option, value)
        if expected is not None:
            raise SourceOptions(kind=kind, option=option, expected=expected)
    for option in _NEEDED:
        if option not in options:
            raise SourceOptions(kind=kind, option=option, expected=", ".join(_NEEDED))
    return PostgresOptions(**options)  # type: ignore[arg-type] # checked above


def _unfit(option: str, value: object) -> str | None:
    """Return what an option should be, where it is not."""
    if option in _NUMBERS:
        least, most = _NUMBERS[option]
        is_number = isinstance(value, int) and not isinstance(value, bool)
        return None if is_number and least <= int(str(value)) <= most else f"{least} … {most}"
    if option == "sslmode":
        return None if value in _MODES else ", ".join(_MODES)
    if option not in _WORDS:
        return ", ".join(_KNOWN)
    is_text = isinstance(value, str) and "\0" not in value and (value or option == "password")
    if not is_text:
        return "a text that is not empty"
    is_there = option not in _FILES or Path(str(value)).is_file()
    return None if is_there else "path of a file that is there"
