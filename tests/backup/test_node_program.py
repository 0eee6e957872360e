"""A node's own program saves and restores it."""

from __future__ import annotations

import json
import shutil

import pytest
from archives import rows_of

from federation.node.main import main

pytestmark = pytest.mark.slow


def run(capsys, *arguments):
    capsys.readouterr()
    with pytest.raises(SystemExit) as end:
        main([*map(str, arguments)])
    told = capsys.readouterr()
    return end.value.code, told.out, told.err


def test_a_node_is_saved_and_restored_by_its_own_program(home, tmp_path, capsys):
    node = home / "nodes" / "police"
    toml, file = node / "NODE.toml", tmp_path / "police.tar.zst"
    code, out, _ = run(capsys, "backup", toml, file)
    saved = json.loads(out)
    assert code == 0
    assert (saved["of"], saved["name"]) == ("node", "police")
    digest = saved["manifest_hash"]
    code, out, _ = run(capsys, "restore", file, "--check", "--expect", digest)
    assert (code, json.loads(out)["manifest_hash"]) == (0, digest)
    code, out, _ = run(capsys, "restore", file, tmp_path / "back", "--expect", digest)
    assert code == 0
    assert json.loads(out)["journals"]["node:police"] > 0
    assert rows_of(tmp_path / "back") == rows_of(node)
    shutil.copy2(node / "source.db", tmp_path / "back" / "source.db")
    assert run(capsys, "check", tmp_path / "back" / "NODE.toml")[0] == 0
    code, out, _ = run(capsys, "verify", tmp_path / "back" / "NODE.toml")
    assert (code, json.loads(out)["ok"]) == (0, True)


def test_trouble_is_named(home, tmp_path, capsys):
    node = home / "nodes" / "police"
    file = tmp_path / "a.tar"
    run(capsys, "backup", node / "NODE.toml", file)
    code, _, err = run(capsys, "backup", node / "NODE.toml", file)
    assert code == 1
    assert "backup.exists" in err
    code, _, err = run(capsys, "restore", file, node)
    assert code == 1
    assert "backup.folder-taken" in err


def test_a_secret_that_the_settings_name_goes_along_as_a_key(home, tmp_path, capsys):
    node = home / "nodes" / "police"
    (node / "pass.txt").write_text("a password of the department\n")
    (node / "pass.txt").chmod(0o600)
    settings = (node / "NODE.toml").read_text()
    (node / "NODE.toml").write_text(
        settings + '\n[sources."far"]\nkind = "postgresql"\nhost = "127.0.0.1"\ndatabase = "x"\n'
        'user = "reader"\npassword = { file = "pass.txt" }\n'
    )
    code, out, err = run(capsys, "backup", node / "NODE.toml", tmp_path / "a.tar")
    assert code == 0, err
    assert json.loads(out)["left_out"]["far"] == "source (postgresql)"
    run(capsys, "restore", tmp_path / "a.tar", tmp_path / "back")
    assert (tmp_path / "back" / "pass.txt").read_text() == "a password of the department\n"
    assert (tmp_path / "back" / "pass.txt").stat().st_mode & 0o777 == 0o600
    code, out, _ = run(capsys, "backup", node / "NODE.toml", tmp_path / "b.tar", "--without-keys")
    assert json.loads(out)["left_out"]["pass.txt"] == "key"
