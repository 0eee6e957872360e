"""Say where the hub's store and every deployment's case store are, and open them.

With SQLite each is a file: ``hub.db`` and ``deployments/<county>/<scenario>/case.db``. With
PostgreSQL the hub's tables are in the database that the settings name, and every deployment's in a
schema of its own there, such as ``case_340100_s23_afterlife``.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from builder.store.settings import Settings
from federation.store import make_schema, open_engine, within
from federation.store.errors import StoreUrlWrong

__all__ = ["case_engine", "case_schema", "case_url", "hub_engine"]


def hub_engine(settings: Settings, *, create: bool = False) -> Engine:
    """Open the hub's own store, wherever the settings say it is."""
    return open_engine(_url(settings), create=create)


def case_engine(
    settings: Settings, deployment: str, *, hub: Engine | None = None, create: bool = False
) -> Engine:
    """Open a deployment's case store.

    Args:
        settings: the city's.
        deployment: ``"<county>/<scenario>"``.
        hub: the hub's store, where it is open already: on PostgreSQL both share connections.
        create: make the folder and file, or the schema, where there is none.
    """
    url = _url(settings)
    if url.get_backend_name() == "sqlite":
        file = settings.home / "deployments" / deployment / "case.db"
        if create:
            file.parent.mkdir(parents=True, exist_ok=True)
        return open_engine(url.set(database=str(file)), create=create)
    engine = within(hub or hub_engine(settings), case_schema(deployment))
    if create:
        make_schema(engine)
    return engine


def case_schema(deployment: str) -> str:
    """Return the name of a case store's schema.

    >>> case_schema("340100/s23-afterlife")
    'case_340100_s23_afterlife'
    """
    return "case_" + deployment.replace("/", "_").replace("-", "_")


def case_url(settings: Settings, deployment: str) -> str:
    """Return where a case store is, as the hub lists it: no password, no path of this machine."""
    url = _url(settings)
    if url.get_backend_name() == "sqlite":
        return f"sqlite:///deployments/{deployment}/case.db"
    plain = URL.create("postgresql", url.username, None, url.host, url.port, url.database)
    return plain.update_query_dict({"schema": case_schema(deployment)}).render_as_string()


def _url(settings: Settings) -> URL:
    """Return the hub's address, relative paths in it set below the city's folder."""
    try:
        url = make_url(settings.hub_url)
    except (ArgumentError, ValueError):
        raise StoreUrlWrong(kinds=("sqlite", "postgresql")) from None
    if url.get_backend_name() == "sqlite" and url.database:
        url = url.set(database=str(settings.home / url.database))
    file = url.query.get("password_file")
    if isinstance(file, str):
        place = str(settings.home / Path(file))
        url = url.update_query_dict({"password_file": place})
    return url
