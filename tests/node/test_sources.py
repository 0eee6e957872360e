"""A node's sources get their secrets by reference, and nobody else sees them."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from federation.crypto import generate_signer
from federation.errors import Fault, Findings
from federation.node import Binding, SourceConfig, load_config
from federation.node.config import FILE_NAME, read_config
from federation.node.errors import (
    SecretEmpty,
    SecretInClear,
    SecretMissing,
    SecretOutside,
    SecretShared,
)
from federation.node.sources import Sources

SECRET = "correct horse 电池"
HUB, ISSUER, STEWARD = (generate_signer().public_key for _ in range(3))
BINDING = Binding("main", "t")


def _document(source: dict[str, object]) -> dict[str, object]:
    trust = {"hubs": {"h": HUB}, "issuers": {"i": ISSUER}, "stewards": {"s": STEWARD}}
    datasets = {"police.household": {"source": "main", "resource": "t"}}
    return {"party": "police", "trust": trust, "sources": {"main": source}, "datasets": datasets}


def _source(reference: object) -> dict[str, object]:
    return {
        "kind": "postgresql",
        "host": "127.0.0.1",
        "port": 1,
        "database": "d",
        "user": "u",
        "password": reference,
    }


def _opened(reference: object, folder: Path):
    source = _source(reference)
    kind = str(source.pop("kind"))
    return Sources({"main": SourceConfig(kind, source)}, folder).connector(BINDING)


def _file(path: Path, content: bytes = SECRET.encode(), mode: int = 0o600) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(mode)
    return path


def test_a_secret_in_clear_is_refused_with_the_way_to_write_it():
    for wrong in (SECRET, 5, {}, {"env": ""}, {"env": "A", "file": "b"}, {"url": "x"}, [SECRET]):
        with pytest.raises(Findings) as raised:
            read_config(_document(_source(wrong)))
        (finding,) = raised.value.findings
        assert isinstance(finding, SecretInClear)
        assert finding.where == "/sources/main/password"
        assert 'password = { env = "PG_PASSWORD" }' in finding.next_step("zh")
        assert SECRET not in str(raised.value.to_json("zh"))


def test_a_reference_reads_back_from_the_file_it_writes(tmp_path: Path):
    for reference in ({"env": "PG_PASSWORD"}, {"file": 'odd "name"\\pg'}):
        config = read_config(_document(_source(reference)))
        (tmp_path / FILE_NAME).write_text(config.to_toml(), encoding="utf-8")
        assert load_config(tmp_path) == config


def test_a_reference_leads_to_the_secret(tmp_path, monkeypatch):
    from connectors.postgresql.faults import ServerUnreachable

    monkeypatch.setenv("PG_PASSWORD", SECRET)
    absolute = _file(tmp_path / "elsewhere" / "pg", f"{SECRET}\n".encode())
    _file(tmp_path / "node" / "secrets" / "pg")
    for reference in ({"env": "PG_PASSWORD"}, {"file": "secrets/pg"}, {"file": str(absolute)}):
        with pytest.raises(ServerUnreachable):  # it got as far as the network
            _opened(reference, tmp_path / "node")


@pytest.mark.postgres
def test_the_secret_is_what_the_server_gets(tmp_path, postgres_server):
    _file(tmp_path / "secrets" / "pg", f"{postgres_server.password}\n".encode())
    options = postgres_server.options("postgres", password={"file": "secrets/pg"})
    sources = Sources({"main": SourceConfig("postgresql", options)}, tmp_path)
    with closing(sources):
        assert sources.connector(BINDING).resources() == ()


@pytest.mark.parametrize(
    ("reference", "fault"),
    [
        ({"env": "NO_SUCH_VARIABLE"}, SecretMissing),
        ({"file": "secrets/none"}, SecretMissing),
        ({"file": "secrets"}, SecretMissing),
        ({"file": "../pg"}, SecretOutside),
        ({"file": "secrets/../../pg"}, SecretOutside),
        ({"file": "secrets/seen"}, SecretShared),
        ({"file": "secrets/written"}, SecretShared),
        ({"file": "secrets/empty"}, SecretEmpty),
        ({"file": "secrets/long"}, SecretEmpty),
        ({"file": "secrets/binary"}, SecretEmpty),
        ({"file": "secrets/lines"}, SecretEmpty),
    ],
)
def test_a_secret_that_cannot_be_used_is_named_and_not_shown(tmp_path, reference, fault):
    if os.name != "posix" and fault is SecretShared:
        pytest.skip("no modes here")
    folder = tmp_path / "node"
    _file(tmp_path / "pg")
    _file(folder / "secrets" / "seen", mode=0o604)
    _file(folder / "secrets" / "written", mode=0o660)
    _file(folder / "secrets" / "empty", b"\n")
    _file(folder / "secrets" / "long", b"x" * 5000)
    _file(folder / "secrets" / "binary", b"\xff\xfe")
    _file(folder / "secrets" / "lines", f"{SECRET}\n{SECRET}".encode())
    with pytest.raises(fault) as raised:
        _opened(reference, folder)
    assert raised.value.facts == {"place": next(iter(reference.values()))}
    assert raised.value.__cause__ is None
    assert SECRET not in f"{raised.value}{raised.value.__context__}"


def test_a_source_that_cannot_be_opened_does_not_spoil_the_others(tmp_path):
    with closing(sqlite3.connect(tmp_path / "a.db")) as db:
        db.execute("CREATE TABLE t (a)")
    sources = Sources(
        {
            "main": SourceConfig("sqlite", {"path": "a.db"}),
            "gone": SourceConfig("sqlite", {"path": "b.db"}),
        },
        tmp_path,
    )
    with closing(sources):
        for _ in range(2):
            with pytest.raises(Fault):
                sources.connector(Binding("gone", "t"))
            assert sources.connector(BINDING).resources() == ("t",)
        assert sources.connector(BINDING) is sources.connector(BINDING)
