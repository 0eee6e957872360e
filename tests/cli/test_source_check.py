"""`scenarist source check` says what a bureau has to put right, and then leaves with 1."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from federation.crypto import generate_signer
from federation.node import Binding, NodeConfig, SourceConfig
from federation.node.config import FILE_NAME

HEADER = "card_no,id_card,issued_on,status"
ROW = "007,340102195001011234,2024-02-29,有效"


@pytest.fixture
def node(tmp_path):
    """Return a function that writes a node whose senior cards are a CSV file."""
    hub, issuer, steward = (generate_signer().public_key for _ in range(3))

    def made(header: str = HEADER, row: str = ROW) -> Path:
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / "senior_card.csv").write_text(f"{header}\n{row}\n", encoding="utf-8")
        config = NodeConfig(
            "bus-group", {"h": hub}, {"i": issuer}, {"s": steward},
            {"main": SourceConfig("files", {"path": "data"})},
            {"bus_group.senior_card": Binding("main", "senior_card.csv")},
        )  # fmt: skip
        (tmp_path / FILE_NAME).write_text(config.to_toml(), encoding="utf-8")
        return tmp_path / FILE_NAME

    return made


def _run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [Path(sys.executable).parent / "scenarist", "source", "check", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def test_a_sound_node_leaves_with_0(node):
    ran = _run(node())
    assert ran.returncode == 0, ran.stderr
    assert "✓ main (files)" in ran.stdout
    assert "✓ bus_group.senior_card" in ran.stdout
    assert "全部通过" in ran.stdout


def test_findings_say_what_to_do_in_both_languages_and_leave_with_1(node):
    file = node("card_no,id_card,issued,status", ROW.replace("2024-02-29", "x"))
    ran = _run(file)
    assert ran.returncode == 1
    assert "源表“senior_card.csv”缺" in ran.stdout
    assert "“issued”" in ran.stdout
    assert "340102195001011234" not in ran.stdout + ran.stderr
    ran = _run(file.parent, "--lang", "en", "--json")
    assert ran.returncode == 1
    told = json.loads(ran.stdout)
    assert told["ok"] is False
    (finding,) = told["datasets"][0]["findings"]
    assert finding["code"] == "node.column-missing"
    assert finding["message"].startswith("The table “senior_card.csv” lacks")


@pytest.mark.parametrize("where", ["nowhere/NODE.toml", "nowhere", "other.toml"])
def test_a_configuration_that_is_not_there_is_a_fault(tmp_path, where):
    ran = _run(tmp_path / where)
    assert ran.returncode == 1
    assert json.loads(ran.stderr)["code"] == "node.config-missing"
