"""What an operator types at the hub and at the department, one after the other."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from bureau import PARTY

from builder.cli import main as hub_program
from federation.node.main import main as node_program
from federation.trust.issuer_main import main as issuer_program

pytestmark = pytest.mark.slow


@pytest.fixture
def run(home: Path, tmp_path: Path, monkeypatch, capsys):
    """Return a function that runs a command as typed and gives its code and what it printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SCENARIST_HOME", str(home))

    def typed(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", list(words))
        program = {"scenarist": hub_program, "scenarist-node": node_program}[words[0]]
        with pytest.raises(SystemExit) as ended:
            program()
        said = capsys.readouterr()
        return int(str(ended.value.code or 0)), said.out, said.err

    return typed


def test_the_commands_of_the_page_on_nodes_do_what_it_says(run, tmp_path: Path):
    assert run("scenarist", "node", "retire", PARTY, "--reason", "迁移")[0] == 0
    assert run("scenarist", "node", "kit", PARTY, "--out", "kit.zip")[0] == 0
    made = run("scenarist-node", "init", "kit.zip", "bureau", "--host", "10.1.2.3", "--lang", "zh")
    assert made[0] == 0
    assert "指纹" in made[1]
    assert run("scenarist", "node", "enrol", "bureau/enrol.json", "--yes")[0] == 0
    assert run("scenarist", "node", "accept", "enrolled.json", "bureau")[0] == 0
    code, _, err = run("scenarist-node", "check", "bureau/NODE.toml")
    assert code == 1
    assert "node.nothing-bound" in err
    code, out, _ = run("scenarist", "node", "list", "--no-call", "--json")
    line = next(n for n in json.loads(out) if n["party"] == PARTY)
    assert (code, line["url"], line["state"]) == (0, "https://10.1.2.3:8443", "enrolled")
    assert run("scenarist", "grant", "export", PARTY)[0] == 0
    decided = run(
        "scenarist-node", "decide", "bureau", "ask.json", "--refuse", "--remark", "暂不提供",
        "--as", "zhou", "--yes", "--lang", "zh",
    )  # fmt: skip
    assert decided[0] == 0
    assert "用途" in decided[2]
    (tmp_path / "decision.json").write_text(decided[1], encoding="utf-8")
    code, out, _ = run("scenarist", "grant", "take", "decision.json", "--json")
    assert code == 0
    assert {g["state"] for g in json.loads(out)} == {"refused"}


def test_a_command_that_cannot_be_done_says_why_and_ends_with_one(run):
    code, _, err = run("scenarist", "node", "kit", "police")
    assert (code, json.loads(err)["code"]) == (1, "hub.node-enrolled")
    code, _, err = run("scenarist-node", "init", "nothing.zip", "bureau", "--lang", "en")
    assert code == 1
    assert "node.file-unreadable" in err


def test_the_issuer_is_told_whom_to_believe(home: Path):
    from builder.app.nodes import RegisteredKeys
    from builder.app.opening import opened
    from federation.link.place import Place
    from federation.trust.issuer_config import load_issuer, set_trust

    file = home / "issuer" / "issuer.json"
    with opened(home) as platform:
        keys = dict(RegisteredKeys(platform.hub_engine))
        trust = {"hubs": {"hub": platform.hub.signer.public_key}, "identities": {}, "nodes": keys}
    set_trust(file, trust, Place("127.0.0.1", 8444))
    with pytest.raises(SystemExit):
        issuer_program(["untrust-node", str(file), PARTY])
    assert PARTY not in load_issuer(file).config().nodes
    with pytest.raises(SystemExit):
        issuer_program(["trust-node", str(file), PARTY, keys[PARTY]])
    assert load_issuer(file).config().nodes[PARTY] == keys[PARTY]


def test_a_demo_can_enrol_a_node_without_hands(home: Path):
    from builder.app.enrolling import city_of, enrol_here

    with city_of(home) as city:
        city.retire(PARTY, reason="x", by="admin")
    node = enrol_here(home, PARTY, "127.0.0.1", 8499)
    assert node.url == "https://127.0.0.1:8499"
    assert (home / "nodes" / PARTY / "tls" / "tls.crt").exists()
    assert len(list((home / "retired").iterdir())) == 1
    with city_of(home) as city:
        assert city.platform.steward_signer(PARTY).public_key == node.steward_key
