"""A demo city whose hub and cases are kept in PostgreSQL: built once, copied for each test."""

import shutil
from pathlib import Path

import psycopg
from psycopg import sql

from builder.app import build_demo
from builder.store.settings import FILE_NAME
from federation.node.config import FILE_NAME as NODE_FILE


class PostgresCity:
    """The city as it was built; nobody writes into it."""

    def __init__(self, server, home: Path) -> None:
        self._server = server
        self._home = home
        self._database = server.database()
        self._databases: dict[Path, str] = {}
        build_demo(home, scale=1, say=lambda *_: None, hub_url=server.url_of(self._database))

    def copy(self, target: Path, copy_folder=shutil.copytree) -> Path:
        """Return a city of one's own, in a database of its own."""
        name = self._server.database(f"TEMPLATE {self._database}")
        home = Path(copy_folder(self._home, target))
        self._databases[home] = name
        for file in (home / FILE_NAME, *home.glob(f"nodes/*/{NODE_FILE}")):
            text = file.read_text(encoding="utf-8")
            for old, new in (
                (f"/{self._database}?", f"/{name}?"),
                (f'"{self._database}"', f'"{name}"'),
            ):
                text = text.replace(old, new)
            file.write_text(text, encoding="utf-8")
        return home

    def drop(self, home: Path) -> None:
        """Give the room of a copy back."""
        name = sql.Identifier(self._databases.pop(home))
        with psycopg.connect(self._server.url, autocommit=True) as admin:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))
