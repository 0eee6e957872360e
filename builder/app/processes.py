"""Make a city's parts programs of their own: the issuer and every node, each behind mutual TLS.

In the demo all of them run on one machine and listen on loopback; what they exchange, and how they
know each other, is what machines of their own exchange. Some departments' data move into
PostgreSQL, Parquet and CSV on the way, as `builder.deploy.engines` says.
"""

from __future__ import annotations

import json
import socket
import subprocess
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Engine

from builder.app.places import (
    CA,
    HUB,
    IDENTITY,
    ISSUER,
    ISSUER_KEY,
    has_keys,
    now_in_shanghai,
    the_city,
)
from builder.app.stores import hub_engine
from builder.deploy.city import source_path
from builder.deploy.cluster import Cluster, find_programs
from builder.deploy.engines import Moved, engines, move_source
from builder.deploy.errors import ServerFailed
from builder.store.settings import Settings, read_settings, write_settings
from federation.audit import Entry, Journal
from federation.crypto import KeyStore
from federation.hub import registry
from federation.hub.tables import hub_entry
from federation.ledger import Catalog, load_catalog
from federation.link.certificates import certify, create_authority, read_certificate
from federation.link.place import Place
from federation.node import Binding, SourceConfig
from federation.node.config import FILE_NAME as NODE_FILE
from federation.node.config import load_config
from federation.store import read, write
from federation.trust.issuer_config import FILE_NAME as ISSUER_FILE
from federation.trust.issuer_config import load_issuer, set_trust

__all__ = ["Here", "cluster_of", "free_ports", "here", "set_apart"]

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
        text = file.read_text(encoding="utf-8")
        said = (json.loads if file.suffix == ".json" else tomllib.loads)(text).get("serve")
    except (OSError, ValueError):
        return None
    return (said["host"], said["port"]) if isinstance(said, dict) else None


def cluster_of(home: Path) -> Cluster | None:
    """Return the PostgreSQL server that belongs to a demo city; None where it has none."""
    folder = home.resolve() / _POSTGRES  # the server runs in it, whatever folder we are in
    port = folder / "port"
    return Cluster(folder, int(port.read_text(encoding="ascii"))) if port.exists() else None


def set_apart(home: Path, first_port: int, say: Say) -> None:
    """Make the issuer and every embedded node of a city programs of their own on this machine.

    What runs apart already stays as it is, so an interrupted run is finished by the next one.

    Args:
        home: the city's folder.
        first_port: they listen on loopback, on free ports from here on.
        say: told of each step, in zh and en.

    Raises:
        EngineFailed, ServerFailed: a department's data could not be moved.
        Fault: of stores, keys and certificates, as they say.
    """
    home = home.resolve()
    settings, ports = read_settings(home), free_ports(first_port)
    engine = hub_engine(settings)
    with read(engine) as conn:
        nodes = [n for n in registry.listed(conn) if n.url is None and not n.is_retired]
    if nodes:
        say("为各部门签发证书", "Certifying the departments")
        _certify_hub(home)
        say("把部分部门的数据移入各自的引擎", "Moving some departments' data into their engines")
        move_sources(home, load_catalog(), ports, say)
    if not settings.issuer_url:
        _issuer_apart(settings, engine, Place(_HOST, next(ports)))
    for node in nodes:
        _node_apart(home, engine, node, Place(_HOST, next(ports)))
    engine.dispose()


def _certify_hub(home: Path) -> None:
    now, authority = now_in_shanghai(), home / CA
    if not (authority / "ca.crt").exists():
        create_authority(authority, name=the_city().title.en, now=now)
    if not (home / "tls" / "tls.crt").exists():
        certify(home, authority, identity=f"scenarist://hub/{HUB}", hosts=[_HOST], now=now)


def _node_apart(home: Path, engine: Engine, node: registry.Registered, place: Place) -> None:
    """Let a node listen; the hub calls it there from the next start on."""
    folder = home / "nodes" / node.party
    hosts, now = [place.host], now_in_shanghai()
    certify(folder, home / CA, identity=node.identity, hosts=hosts, now=now)
    config = replace(load_config(folder), serve=place)
    _replace(folder / NODE_FILE, config.to_toml())
    certificate = read_certificate(folder / "tls" / "tls.crt")
    fingerprint, until = certificate.fingerprint, certificate.not_after
    facts = {"party": node.party, "fingerprint": fingerprint}
    journal = Journal(engine, hub_entry, KeyStore(home / "keys").signer(HUB, create=False))
    with write(engine) as conn:
        registry.move(conn, node.party, place.url, fingerprint, until=until)
        journal.append(conn, Entry("node-enrolled", now, "scenarist", facts))


def _issuer_apart(settings: Settings, engine: Engine, place: Place) -> None:
    """Give the issuer its own certificate, and its own list of whom it believes."""
    home, folder, now = settings.home, settings.home / ISSUER, now_in_shanghai()
    file, keys = folder / ISSUER_FILE, KeyStore(home / "keys")
    name = load_issuer(file).name
    certify(folder, home / CA, identity=f"scenarist://issuer/{name}", hosts=[place.host], now=now)
    with read(engine) as conn:
        nodes = {n.party: n.public_key for n in registry.listed(conn) if not n.is_retired}
    trust = {
        "hubs": {HUB: keys.signer(HUB, create=False).public_key},
        "identities": {IDENTITY: keys.signer(IDENTITY, create=False).public_key},
        "nodes": nodes,
    }
    set_trust(file, trust, place)
    public = {"public_key": has_keys(folder, ISSUER).public_key}
    _replace(folder / ISSUER_KEY, json.dumps(public))
    write_settings(replace(settings, issuer_url=place.url))


def _replace(file: Path, text: str) -> None:
    scratch = file.with_name(f"{file.name}.new")
    scratch.write_text(text, encoding="utf-8")
    scratch.replace(file)


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
    _replace(node / NODE_FILE, config.to_toml())


def _begun(home: Path, ports: Iterator[int], say: Say) -> Cluster | None:
    """Return the city's own PostgreSQL server, its files made; None where it cannot have one."""
    found = cluster_of(home)
    if found is not None:
        return found
    if find_programs() is None:
        say(
            "未安装 PostgreSQL，相关部门的数据留在 SQLite 里",
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
