"""Make a city's parts programs of their own: the issuer and every node, each behind mutual TLS.

In the demo all of them run on one machine and listen on loopback; what they exchange, and how they
know each other, is what machines of their own exchange. Some departments' data move into
PostgreSQL, Parquet and CSV on the way, as `builder.deploy.engines` says.
"""

from __future__ import annotations

import socket
import subprocess
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from builder.app.places import ISSUER
from builder.deploy.city import source_path
from builder.deploy.cluster import Cluster, find_programs
from builder.deploy.engines import Moved, engines, move_source
from builder.deploy.errors import ServerFailed
from federation.ledger import Catalog
from federation.node import Binding, SourceConfig
from federation.node.config import FILE_NAME as NODE_FILE
from federation.node.config import load_config

__all__ = ["Here", "cluster_of", "free_ports", "here"]

ISSUER_FILE = "ISSUER.toml"
_POSTGRES = "postgres"
_HOST = "127.0.0.1"
_START_S = 30.0

Say = Callable[[str, str], None]


def free_ports(first: int) -> Iterator[int]:
    """Yield ports from `first` on that nothing listens on now."""
    for port in range(first, 65536):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((_HOST, port))
            except OSError:
                continue
        yield port


@dataclass(frozen=True, slots=True)
class Here:
    """A program of this city that runs apart from the hub, on this machine.

    Attributes:
        name: ``issuer`` or ``node:<party>``.
        module: what runs it.
        file: its configuration.
    """

    name: str
    module: str
    file: Path
    host: str
    port: int


def here(home: Path) -> Iterator[Here]:
    """Yield the issuer and the nodes whose folders say where they listen."""
    issuer = home / ISSUER / ISSUER_FILE
    if (address := _address(issuer)) is not None:
        yield Here("issuer", "federation.trust.issuer_main", issuer, *address)
    for folder in sorted((home / "nodes").iterdir()):
        file = folder / NODE_FILE
        if (address := _address(file)) is not None:
            yield Here(f"node:{folder.name}", "federation.node.main", file, *address)


def _address(file: Path) -> tuple[str, int] | None:
    """Return where a configuration says that its program listens; None where it says nothing."""
    try:
        said = tomllib.loads(file.read_text(encoding="utf-8")).get("serve")
    except (OSError, ValueError):
        return None
    return (said["host"], said["port"]) if isinstance(said, dict) else None


def cluster_of(home: Path) -> Cluster | None:
    """Return the PostgreSQL server that belongs to a demo city; None where it has none."""
    folder = home / _POSTGRES
    port = folder / "port"
    return Cluster(folder, int(port.read_text(encoding="ascii"))) if port.exists() else None


def move_sources(home: Path, catalog: Catalog, ports: Iterator[int], say: Say) -> None:
    """Move departments' data into the engines they should have; those that moved stay."""
    wanted = {p: e for p, e in engines().items() if source_path(home, p).exists()}
    cluster = _begun(home, ports, say) if "postgresql" in wanted.values() else None
    with _started(cluster):
        for party, engine in wanted.items():
            if engine == "postgresql" and cluster is None:
                continue  # its data stay in SQLite
            _bind(home / "nodes" / party, move_source(home, party, engine, catalog, cluster))


def _bind(node: Path, moved: Moved) -> None:
    """Write where a department's data lie now into its NODE.toml, as its operator would."""
    config = load_config(node)
    datasets = {
        d: Binding("main", moved.resources[d]) if b.source == "main" else b
        for d, b in config.datasets.items()
    }
    sources = {**config.sources, "main": SourceConfig(moved.kind, moved.options)}
    config = replace(config, sources=sources, datasets=datasets)
    scratch = node / f"{NODE_FILE}.new"
    scratch.write_text(config.to_toml(), encoding="utf-8")
    scratch.replace(node / NODE_FILE)


def _begun(home: Path, ports: Iterator[int], say: Say) -> Cluster | None:
    """Return the city's own PostgreSQL server, its files made; None where it cannot have one."""
    found = cluster_of(home)
    if found is not None:
        return found
    if find_programs() is None:
        say(
            "未安装 PostgreSQL,相关部门的数据留在 SQLite 里",
            "PostgreSQL is not installed: those departments' data stay in SQLite",
        )
        return None
    try:
        cluster = Cluster.begin(home / _POSTGRES, next(ports))
    except ServerFailed as fault:
        say(fault.message("zh"), fault.message("en"))
        return None
    (cluster.folder / "port").write_text(str(cluster.port), encoding="ascii")
    return cluster


@contextmanager
def _started(cluster: Cluster | None) -> Iterator[None]:
    """Run a server while something is written into it."""
    if cluster is None:
        yield
        return
    log = cluster.folder / "build.log"
    with log.open("wb") as out:
        process = subprocess.Popen(  # noqa: S603 - PostgreSQL's own program
            cluster.command(), user=cluster.user, cwd=cluster.folder, stdout=out, stderr=out
        )
        try:
            _await(cluster, process)
            yield
        finally:
            process.terminate()
            process.wait(timeout=_START_S)


def _await(cluster: Cluster, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and process.poll() is None:
        if cluster.is_up():
            return
        time.sleep(0.05)
    raise ServerFailed(step="start", problem="see postgres/build.log")
