"""A node whose configuration is wrong does not start, and says everything that is wrong."""

import copy
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from city import CATALOG, HOUSEHOLD, KINSHIP, POLICIES, City

from federation.crypto import generate_signer
from federation.errors import Fault, Findings
from federation.node import Binding, Node, NodeConfig, SourceConfig, load_config
from federation.node.config import FILE_NAME, read_config
from federation.node.errors import ConfigMissing, ConfigUnreadable, DatasetUnbound
from federation.trust.errors import PolicyUnreadable

HUB, ISSUER, STEWARD = (generate_signer().public_key for _ in range(3))


def document(**changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "party": "police",
        "trust": {
            "hubs": {"hefei": HUB},
            "issuers": {"city-issuer": ISSUER},
            "stewards": {"police-steward": STEWARD},
        },
        "sources": {"main": {"kind": "sqlite", "path": "main.db"}},
        "datasets": {
            HOUSEHOLD: {"source": "main", "resource": "household"},
            KINSHIP: {"source": "main", "resource": "kinship"},
        },
    }
    return copy.deepcopy({**made, **changes})


def found(caught: pytest.ExceptionInfo[Findings]) -> list[tuple[str | None, str]]:
    return [(f.where, f.code) for f in caught.value.findings]


def test_a_configuration_reads_back_from_the_file_it_writes(tmp_path: Path):
    config = read_config(document(policy="rules/policy.json", catalog="ledger"))
    (tmp_path / FILE_NAME).write_text(config.to_toml(), encoding="utf-8")
    assert load_config(tmp_path) == config


def test_odd_words_survive_the_file(tmp_path: Path):
    odd = 'a "b" \\ 中\n=['
    config = replace(
        read_config(document()),
        sources={"main": SourceConfig("sqlite", {"path": odd, "wait": 3, "ro": True})},
    )
    (tmp_path / FILE_NAME).write_text(config.to_toml(), encoding="utf-8")
    assert dict(load_config(tmp_path).sources["main"].options) == {
        "path": odd,
        "wait": 3,
        "ro": True,
    }


@pytest.mark.parametrize(
    ("changes", "where", "code"),
    [
        ({"party": "Police!"}, "/party", "node.config-schema"),
        ({"colour": 1}, "", "node.config-schema"),
        ({"trust": {}}, "/trust", "node.config-schema"),
        ({"sources": []}, "/sources", "node.config-schema"),
        ({"sources": {"main": {"path": "x"}}}, "/sources/main", "node.config-schema"),
        ({"datasets": {"x": {}}}, "/datasets/x", "node.config-schema"),
        (
            {"datasets": {HOUSEHOLD: {"source": "main", "resource": "h; DROP"}}},
            f"/datasets/{HOUSEHOLD}/resource",
            "node.config-schema",
        ),
        (
            {"datasets": {HOUSEHOLD: {"source": "other", "resource": "h"}}},
            f"/datasets/{HOUSEHOLD}/source",
            "node.source-unknown",
        ),
        (
            {
                "trust": {
                    "hubs": {"hefei": "04ab"},
                    "issuers": {"i": ISSUER},
                    "stewards": {"s": STEWARD},
                }
            },
            "/trust/hubs/hefei",
            "node.key-wrong",
        ),
        (
            {"trust": {"hubs": {"hefei": HUB}, "issuers": {"i": ISSUER}, "stewards": {"s": HUB}}},
            "/trust/stewards/s",
            "node.key-shared",
        ),
        (
            {
                "trust": {
                    "hubs": {"hefei": HUB},
                    "issuers": {"i": HUB.upper()},
                    "stewards": {"s": STEWARD},
                }
            },
            "/trust/issuers/i",
            "node.key-shared",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_place(changes: dict[str, Any], where: str, code: str):
    with pytest.raises(Findings) as caught:
        read_config(document(**changes))
    assert (where, code) in found(caught)


def test_all_findings_come_at_once():
    broken = document(
        trust={"hubs": {"a": "x"}, "issuers": {"b": "y"}, "stewards": {"c": "z"}},
        datasets={HOUSEHOLD: {"source": "gone", "resource": "h"}},
    )
    with pytest.raises(Findings) as caught:
        read_config(broken)
    assert len(found(caught)) == 4


def test_a_folder_without_a_configuration_is_one_fault(tmp_path: Path):
    with pytest.raises(ConfigMissing):
        load_config(tmp_path)
    (tmp_path / FILE_NAME).write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigMissing):
        load_config(tmp_path)


def test_a_file_that_is_not_toml_names_the_line(tmp_path: Path):
    (tmp_path / FILE_NAME).write_text('party = "police"\n[trust\n')
    with pytest.raises(ConfigUnreadable) as caught:
        load_config(tmp_path)
    assert caught.value.facts["line"] == 2


# ── opening ──────────────────────────────────────────────────────────────────────────────────────


def opened(
    folder: Path, config: NodeConfig, policy: Mapping[str, Any] = POLICIES["police"]
) -> Node:
    folder.mkdir(exist_ok=True)
    (folder / "policy.json").write_text(json.dumps(policy), encoding="utf-8")
    return Node.open(folder, config, clock=lambda: None, catalog=CATALOG)  # type: ignore[arg-type,return-value]


def test_a_node_opens_from_its_own_folder_and_keeps_its_key(tmp_path: Path):
    (tmp_path / FILE_NAME).write_text(read_config(document()).to_toml(), encoding="utf-8")
    (tmp_path / "policy.json").write_text(json.dumps(POLICIES["police"]), encoding="utf-8")
    keys = set()
    for _ in range(2):
        node = Node.open(tmp_path, clock=lambda: None, catalog=CATALOG)  # type: ignore[arg-type,return-value]
        keys.add(node.public_key)
        node.close()
    assert len(keys) == 1


def test_a_node_without_a_policy_does_not_start(tmp_path: Path):
    with pytest.raises(PolicyUnreadable):
        Node.open(tmp_path, read_config(document()), clock=lambda: None, catalog=CATALOG)  # type: ignore[arg-type,return-value]


@pytest.mark.parametrize(
    ("datasets", "code"),
    [
        ({"fund.account": Binding("main", "a")}, "node.dataset-foreign"),
        ({"police.nothing": Binding("main", "a")}, "node.dataset-foreign"),
        ({HOUSEHOLD: Binding("main", "household")}, "node.dataset-unbound"),
    ],
)
def test_bindings_agree_with_ledger_and_policy(tmp_path: Path, datasets: Any, code: str):
    config = replace(read_config(document()), datasets=datasets)
    with pytest.raises(Findings) as caught:
        opened(tmp_path, config)
    assert code in [c for _, c in found(caught)]


def test_another_departments_policy_is_refused(tmp_path: Path):
    with pytest.raises(Findings) as caught:
        opened(tmp_path, read_config(document()), POLICIES["fund"])
    assert DatasetUnbound.code in [c for _, c in found(caught)]


def test_a_look_at_the_sources_names_what_is_missing(city: City):
    assert city.nodes["police"].check() == ()
    city.fill("police/household", "id_card TEXT, name TEXT", [])
    city.reopen("police")
    (missing,) = city.nodes["police"].check()
    assert "address" in missing.message("en")
    assert missing.where == f"/datasets/{HOUSEHOLD}"


def test_a_source_that_is_not_there_is_missing_altogether(city: City):
    city.nodes["police"].sources.close()
    (city.folder / "police" / "main.db").unlink()
    assert len(city.nodes["police"].check()) == 2


def test_a_word_others_chose_is_recorded_only_if_it_is_plain(city: City):
    node = city.nodes["police"]
    assert node.named("HF20261123-7K3M9Q") == "HF20261123-7K3M9Q"
    assert node.named("") == ""
    for word in ("34010019500101000X", "13912345678", "李某", "a b", "x" * 65, "<script>", "a\n"):
        assert word not in node.named(word)
        assert node.named(word) == node.named(word)


def test_faults_of_configuration_speak_both_languages():
    with pytest.raises(Findings) as caught:
        read_config(document(party=7, sources=[], datasets=None))
    for finding in caught.value.findings:
        assert isinstance(finding, Fault)
        assert finding.message("zh")
        assert finding.message("en")
