"""The commands say what an operator must know, in words and as JSON, and exit as they should."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from archives import PASSPHRASE, rows_of

from builder.app.places import now_in_shanghai
from builder.cli import main
from federation.trust.backup import back_up_issuer, restore_issuer

pytestmark = pytest.mark.slow


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def fault(self):
        assert self.code == 1
        return json.loads(self.err[self.err.index("{") :])


@pytest.fixture
def cli(home, monkeypatch, capsys, tmp_path) -> Callable[..., Ran]:
    """Run a command line in this process, on a city of one's own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SCENARIST_LANG", raising=False)
    monkeypatch.setenv("SCENARIST_HOME", str(home))

    def run(*arguments: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["scenarist", *map(str, arguments)])
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        told = capsys.readouterr()
        assert "Traceback" not in told.err
        return Ran(code, told.out, told.err)

    return run


def test_a_city_is_saved_checked_restored_and_compared(cli, home):
    saved = cli("backup", "a.tar.zst", "--json").json
    digest = saved["manifest_hash"]
    assert saved["noted"] is True
    assert saved["keys"] is True
    assert saved["broken"] == []
    checked = cli("restore", "a.tar.zst", "--check", "--expect", digest, "--json").json
    assert checked["manifest_hash"] == digest
    restored = cli("--home", "back", "restore", "a.tar.zst", "--expect", digest, "--json").json
    assert restored["journals"]["hub"] > 10
    assert rows_of(home.parent / "back") == rows_of(home)
    assert cli("--home", "back", "audit", "verify", "--json").json["intact"] is True
    assert cli("--home", "back", "reconcile", "--json").json["none"] is True


def test_the_hash_to_be_written_down_is_printed(cli):
    told = cli("backup", "a.tar")
    digest = told.out.split()[-1]
    assert len(digest) == 64
    assert "抄存" in told.out
    assert "未加密的私钥" in told.out
    assert "不在备份里" in told.out
    assert digest in cli("restore", "a.tar", "--check").out
    assert "--expect" in cli("--lang", "en", "backup", "b.tar").out


def test_another_backup_than_the_one_written_down_is_refused(cli, home):
    digest = cli("backup", "a.tar", "--json").json["manifest_hash"]
    cli("backup", "b.tar", "--without-keys")
    found = cli("--home", "back", "restore", "b.tar", "--expect", digest).fault
    assert found["code"] == "backup.swapped"
    assert not (home.parent / "back").exists()


def test_a_passphrase_comes_from_a_file(cli, tmp_path):
    (tmp_path / "secret").write_bytes(PASSPHRASE + b"\n")
    (tmp_path / "other").write_bytes(b"quite another passphrase")
    told = cli("backup", "a.tar.zst", "--passphrase-file", "secret")
    assert "未加密" not in told.out
    assert cli("restore", "a.tar.zst", "--check").fault["code"] == "backup.passphrase-needed"
    other = cli("restore", "a.tar.zst", "--check", "--passphrase-file", "other")
    assert other.fault["code"] == "backup.passphrase-wrong"
    assert cli("restore", "a.tar.zst", "--check", "--passphrase-file", "secret").code == 0
    gone = cli("restore", "a.tar.zst", "--check", "--passphrase-file", "gone")
    assert gone.fault["code"] == "backup.passphrase-unusable"


def test_keys_that_are_missing_are_listed_when_the_city_comes_back(cli):
    cli("backup", "a.tar", "--without-keys")
    told = cli("--home", "back", "restore", "a.tar")
    assert "keys/hub.pem" in told.out
    assert cli("--home", "back", "doctor").code == 1


def test_mistakes_end_in_a_named_fault(cli, home):
    assert cli("--home", "nowhere", "backup", "a.tar").fault["code"] == "settings.missing"
    cli("backup", "a.tar")
    assert cli("backup", "a.tar").fault["code"] == "backup.exists"
    assert cli("backup", "no/such/folder/a.tar").fault["code"] == "backup.unwritable"
    assert cli("restore", "a.tar").fault["code"] == "backup.folder-taken"
    assert cli("--home", "back", "restore", "none.tar").fault["code"] == "backup.unreadable"
    wrong = cli("--home", "back", "restore", "a.tar", "--hub-url", "oracle://x")
    assert wrong.fault["code"] in {"store.url-wrong", "input.findings", "settings.wrong"}
    assert not (home.parent / "back").exists()
    assert cli("reconcile").code == 2  # never restored: since when?
    assert cli("reconcile", "--since", "2026-01-01", "--json").json["silent"] == []


def test_an_issuer_of_its_own_comes_back(home, tmp_path):
    from builder.app import opened

    issuer = home / "issuer"
    with opened(home) as platform:
        name = platform.hub.issuer.name
    written = back_up_issuer(issuer, name, tmp_path / "i.tar", program="1", clock=now_in_shanghai)
    restored = restore_issuer(
        tmp_path / "i.tar", tmp_path / "issuer", clock=now_in_shanghai, expected=written.digest
    )
    assert list(restored.entries) == [f"issuer:{name}"]
    assert rows_of(tmp_path / "issuer") == rows_of(issuer)
    kept = {p.relative_to(issuer).as_posix() for p in issuer.rglob("*") if p.is_file()}
    back = {
        p.relative_to(tmp_path / "issuer").as_posix()
        for p in (tmp_path / "issuer").rglob("*")
        if p.is_file()
    }
    assert {n for n in kept if ".db" not in n} <= back
