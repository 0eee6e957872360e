"""Bring a database's schema to the one this program declares, and back.

A `Tree` is one schema with its migrations. Alembic does the work inside one transaction: a failed
step leaves the database as it was. Several processes may start at once; one migrates, the others
wait and find it done. New migrations are written by ``python -m federation.store.revise``.
"""

from __future__ import annotations

import sqlite3
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, MetaData, inspect

from federation.store.engine import exclusive, read, store_name
from federation.store.errors import StoreDamaged, StoreForeign, StoreNewer, StoreOlder

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

__all__ = ["Tree", "downgrade", "drift", "migrate", "newest", "require", "revision"]

_HOME = Path(__file__).parent / "migrations"
_NONE = "0000"


@dataclass(frozen=True, slots=True)
class Tree:
    """One schema with its migrations.

    Attributes:
        name: names the version table too, so that several trees may share one database.
        metadata: what the schema should be, once `tables` are imported.
        versions: the folder of its migration files.
        tables: modules that declare tables on `metadata`, named so that this floor need not
            import them.
    """

    name: str
    metadata: MetaData
    versions: Path
    tables: tuple[str, ...] = ()

    @property
    def version_table(self) -> str:
        """The table that remembers which migration was the last."""
        return f"{self.name}_schema"

    def declared(self) -> MetaData:
        """Return the metadata with every table declared."""
        for module in self.tables:
            import_module(module)
        return self.metadata


def migrate(engine: Engine, tree: Tree, to: str = "head") -> None:
    """Bring the schema up to a revision; nothing happens when it is there already.

    Raises:
        StoreNewer: when the schema was written by a later release.
        StoreForeign: when tables of ours exist that no migration of ours made.
    """
    from alembic import command

    scripts = _scripts(tree)
    if to == "head" and revision(engine, tree) == scripts.get_current_head():
        return
    _change(engine, tree, lambda config: command.upgrade(config, to))


def downgrade(engine: Engine, tree: Tree, to: str = "base") -> None:
    """Take the schema back to an earlier revision; what that release cannot hold is dropped."""
    from alembic import command

    _change(engine, tree, lambda config: command.downgrade(config, to))


def revision(engine: Engine, tree: Tree) -> str | None:
    """Return the revision the database stands at; None before the first migration."""
    with read(engine) as conn:
        return _revision(conn, tree)


def newest(tree: Tree) -> str:
    """Return the last revision this program knows."""
    return _scripts(tree).get_current_head() or _NONE


def require(engine: Engine, tree: Tree) -> None:
    """Refuse a database that this program cannot read as it stands, without changing it.

    Raises:
        StoreNewer: when the schema was written by a later release.
        StoreOlder: when it has not been brought up yet.
        StoreForeign: when the tables are somebody else's.
    """
    head = _scripts(tree).get_current_head()
    with read(engine) as conn:
        _refuse(conn, tree)
        found = _revision(conn, tree)
    if found != head:
        raise StoreOlder(store=store_name(engine), found=found or _NONE, known=head or _NONE)


def drift(engine: Engine, tree: Tree) -> list[object]:
    """Return how the database differs from the declared tables: empty when it does not."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    wanted = tree.declared()
    with read(engine) as conn:
        context = MigrationContext.configure(
            conn,
            opts={
                "version_table": tree.version_table,
                "compare_type": True,
                "compare_server_default": True,
            },
        )
        return list(compare_metadata(context, wanted))


def configuration(tree: Tree) -> Config:
    """Return Alembic's configuration of a tree; no file of the user's is read."""
    from alembic.config import Config

    config = Config(cmd_opts=Namespace(quiet=True))
    config.set_main_option("script_location", _quoted(_HOME))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", _quoted(tree.versions))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["tree"] = tree
    return config


def _quoted(path: Path) -> str:
    return str(path).replace("%", "%%")


def _scripts(tree: Tree) -> ScriptDirectory:
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(configuration(tree))


def _change(engine: Engine, tree: Tree, step: Callable[[Config], None]) -> None:
    config = configuration(tree)
    with _rebuilding(engine, tree) as conn:
        _refuse(conn, tree)
        config.attributes["connection"] = conn
        step(config)


@contextmanager
def _rebuilding(engine: Engine, tree: Tree) -> Iterator[Connection]:
    """Hold the write lock while tables are rebuilt.

    SQLite changes a table by copying it; with foreign keys on, dropping the old one would empty
    the tables that point to it. They are off meanwhile and checked before the commit.
    """
    with engine.connect().execution_options(scenarist_mode="write") as conn:
        raw = conn.connection.driver_connection
        if not isinstance(raw, sqlite3.Connection):
            with conn.begin():
                conn.exec_driver_sql("SET LOCAL statement_timeout = 0")  # a large table takes long
                exclusive(conn, tree.version_table)
                yield conn
            return
        raw.execute("PRAGMA foreign_keys=OFF")
        try:
            with conn.begin():
                yield conn
                if conn.exec_driver_sql("PRAGMA foreign_key_check").first():
                    raise StoreDamaged(store=store_name(engine))
        finally:
            raw.execute("PRAGMA foreign_keys=ON")


def _revision(conn: Connection, tree: Tree) -> str | None:
    from alembic.migration import MigrationContext

    context = MigrationContext.configure(conn, opts={"version_table": tree.version_table})
    return context.get_current_revision()


def _refuse(conn: Connection, tree: Tree) -> None:
    found = _revision(conn, tree)
    if found is None:
        taken = sorted(set(inspect(conn).get_table_names()) & set(tree.metadata.tables))
        if taken:
            raise StoreForeign(store=store_name(conn.engine), tables=taken)
        return
    scripts = _scripts(tree)
    if found not in {script.revision for script in scripts.walk_revisions()}:
        head = scripts.get_current_head()
        raise StoreNewer(store=store_name(conn.engine), found=found, known=head or _NONE)
