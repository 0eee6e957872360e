"""Set up a department's node in a folder of its own machine, and bring its certificate home.

What is made here stays here: the node's key, the secret of its pseudonyms, its steward's key and
its TLS key. What leaves the machine is `Enrolment`: public keys, an address and a request.
"""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import cast

from federation.crypto import KeyStore, Signer
from federation.link.certificates import certificate_in, install_certificate, request_certificate
from federation.link.place import Place
from federation.node.config import FILE_NAME, NodeConfig, load_config
from federation.node.errors import (
    FileUnreadable,
    FolderUnwritable,
    NodeExists,
    NowhereToServe,
)
from federation.store import migrate, node_tree, open_engine, sqlite_url
from federation.trust.enrol import Enrolment, Expected, Kit, open_enrolled
from federation.trust.seal import Trusted

__all__ = [
    "accept",
    "begin",
    "identity_of",
    "read_document",
    "renewal",
    "steward_of",
    "write_document",
]

_STEWARDS = "stewards"
_LONGEST = 4 << 20


def begin(
    kit: Kit, folder: Path, place: Place, *, hosts: Sequence[str], now: datetime
) -> dict[str, object]:
    """Make a node's folder, whole or not at all, and return its sealed `Enrolment`.

    It permits nothing and binds nothing yet: that is the operator's to write.

    Args:
        kit: the hub's start-up kit.
        folder: missing or empty.
        place: where the node listens; its host is what the hub calls.
        hosts: names and addresses of this machine, for its certificate.
        now: an aware time.

    Raises:
        NodeExists: the folder holds something.
        FolderUnwritable: the operating system refuses.
        CertificateHostWrong: a host is neither a name nor an address.
    """
    scratch = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
    try:
        if folder.exists() and any(folder.iterdir()):
            raise NodeExists(folder=str(folder))
        folder.parent.mkdir(parents=True, exist_ok=True)
        scratch.mkdir(mode=0o700)
        sealed = _fill(kit, scratch, place, hosts, now)
        scratch.replace(folder)
    except OSError as error:
        raise FolderUnwritable(file=str(folder), problem=error.strerror or "?") from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return sealed


def accept(folder: Path, sealed: Mapping[str, object]) -> datetime:
    """Install the certificate that the hub sent; return until when it is good.

    Raises:
        EnrolledWrong: no hub this node knows sealed it, or it is meant for another node.
        CertificateOfAnotherKey, CertificateOfAnotherAuthority: it does not fit this node.
        ConfigMissing, KeyMissing: the folder holds no node.
    """
    config = load_config(folder)
    key = KeyStore(folder / "keys").signer("node", create=False).public_key
    said = open_enrolled(sealed, config.hubs, party=config.party, node_key=key)
    install_certificate(folder, said.certificate, said.authority)
    return certificate_in(said.certificate).not_after


def renewal(folder: Path, *, hosts: Sequence[str], now: datetime) -> dict[str, object]:
    """Return a sealed request to certify this node anew, at the address its NODE.toml says now.

    Raises:
        NowhereToServe: it says none.
        ConfigMissing, KeyMissing: the folder holds no node.
    """
    config = load_config(folder)
    if config.serve is None:
        raise NowhereToServe(party=config.party)
    return _enrolment(folder, config.party, config.serve, hosts, code=None, now=now)


def steward_of(folder: Path) -> Signer:
    """Return the key by which this department decides on grants; raises `KeyMissing`."""
    return KeyStore(folder / _STEWARDS).signer("steward", create=False)


def identity_of(party: str) -> str:
    """Return the identity that a node's certificate carries."""
    return f"scenarist://node/{party}"


def read_document(file: Path) -> Mapping[str, object]:
    """Return a JSON document; raises `FileUnreadable`."""
    try:
        if file.stat().st_size > _LONGEST:
            raise FileUnreadable(file=file.name)
        said = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        raise FileUnreadable(file=file.name) from None
    if not isinstance(said, dict):
        raise FileUnreadable(file=file.name)
    return cast("Mapping[str, object]", said)


def write_document(file: Path, said: Mapping[str, object]) -> None:
    """Write a JSON document, whole or not at all; raises `FolderUnwritable`."""
    scratch = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        scratch.write_text(f"{json.dumps(said, ensure_ascii=False, indent=1)}\n", encoding="utf-8")
        scratch.replace(file)
    except OSError as error:
        raise FolderUnwritable(file=str(file), problem=error.strerror or "?") from error
    finally:
        scratch.unlink(missing_ok=True)


# ── parts ────────────────────────────────────────────────────────────────────────────────────────


def _fill(
    kit: Kit, folder: Path, place: Place, hosts: Sequence[str], now: datetime
) -> dict[str, object]:
    keys = KeyStore(folder / "keys")
    keys.signer("node")
    keys.secret("pseudonym")
    steward = KeyStore(folder / _STEWARDS).signer("steward")
    trusted: Trusted = {f"steward-{kit.party}": steward.public_key}
    config = NodeConfig(
        party=kit.party,
        hubs={kit.hub: kit.hub_key},
        issuers={kit.issuer: kit.issuer_key},
        stewards=trusted,
        sources={},
        datasets={},
        serve=place,
    )
    text = config.to_toml() + "\n".join(_to_bind(kit.datasets)) + "\n"
    (folder / FILE_NAME).write_text(text, encoding="utf-8")
    write_document(folder / "policy.json", _no_policy(kit.party))
    engine = open_engine(sqlite_url(folder / "node.db"))
    migrate(engine, node_tree)
    engine.dispose()
    sealed = _enrolment(folder, kit.party, place, hosts, code=kit.code, now=now)
    write_document(folder / "enrol.json", sealed)
    return sealed


def _enrolment(
    folder: Path,
    party: str,
    place: Place,
    hosts: Sequence[str],
    *,
    code: str | None,
    now: datetime,
) -> dict[str, object]:
    signer = KeyStore(folder / "keys").signer("node", create=False)
    request = request_certificate(folder, identity=identity_of(party), hosts=hosts)
    return Enrolment(
        party=party,
        node_key=signer.public_key,
        steward_key=steward_of(folder).public_key,
        url=reached_at(place, hosts).url,
        request=request,
        code=code,
        at=now,
    ).seal(signer)


def reached_at(place: Place, hosts: Sequence[str]) -> Place:
    """Return where others reach a node: its first host, whatever address it listens on."""
    return replace(place, host=hosts[0]) if hosts else place


def _no_policy(party: str) -> dict[str, object]:
    return {"party": party, "version": "1", "rate": {"per_minute": 600}, "rules": []}


def _to_bind(datasets: Sequence[Expected]) -> Iterator[str]:
    """Yield, as comments, an example of each kind of source and every dataset to bind."""
    yield _SOURCES
    for dataset in datasets:
        columns = ", ".join(f"{f.name} {f.type}" for f in dataset.fields)
        yield f"\n# {dataset.title}：{columns}"
        yield f'# [datasets."{dataset.id}"]'
        yield '# source = "main"'
        yield f"# resource = {json.dumps(dataset.resource, ensure_ascii=False)}"


_SOURCES = """
# ── 数据源 · sources ─────────────────────────────────────────────────────────────────────────
# 去掉一种数据源前的 # 并填写；可以有多个，各取一个名字。口令不写在本文件里。
# Take the # away from one kind and fill it in; there may be several, each with a name of its own.
# A password is never written here.
#
# [sources.main]
# kind = "sqlite"
# path = "/data/bureau.db"
#
# [sources.main]
# kind = "postgresql"
# host = "10.1.2.3"
# port = 5432
# database = "bureau"
# user = "scenarist_reader"
# sslmode = "verify-full"
# password = { env = "BUREAU_PASSWORD" }
#
# [sources.main]
# kind = "files"
# path = "/data/exports"
#
# ── 一本账要求本部门提供的数据集 · datasets the ledger expects from this department ─────────────
# resource 是您库里的表、视图或文件名。· resource is your table, view or file."""
