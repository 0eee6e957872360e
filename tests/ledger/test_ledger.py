"""The ledger is read whole, and refuses what is wrong with every finding at once."""

import json
import shutil
from pathlib import Path

import jsonschema
import pytest

from federation.errors import Fault, Findings
from federation.ledger import Catalog, Grade, count, load_catalog
from federation.ledger.errors import CatalogEmpty, DatasetUnknown, FieldUnknown
from federation.store import resource

CASES = json.loads(
    (Path(__file__).parents[1] / "cases/ledger/findings.json").read_text(encoding="utf-8")
)
SHIPPED = resource("specs/catalog")


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


def _police() -> dict[str, object]:
    return json.loads((SHIPPED / "police.json").read_text(encoding="utf-8"))


def _set(document: object, pointer: str, value: object) -> None:
    *path, last = pointer.split("/")[1:]
    for step in path:
        document = document[int(step) if isinstance(document, list) else step]
    document[int(last) if isinstance(document, list) else last] = value


def _findings(folder: Path) -> tuple[Fault, ...]:
    with pytest.raises(Findings) as raised:
        load_catalog(folder)
    return raised.value.findings


# ── Reading ───────────────────────────────────────────────────────────────────────────────────────


def test_the_shipped_catalogue_is_good(catalog):
    assert len(catalog.owners) >= 15
    assert catalog.get("police.household").subject_key == "id_card"


def test_the_schema_is_a_schema():
    schema = json.loads(resource("specs/schema/catalog.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_what_is_wrong_with_a_file_is_named_with_its_place(case, tmp_path):
    document = _police()
    for pointer, value in case["set"].items():
        _set(document, pointer, value)
    (tmp_path / "police.json").write_text(json.dumps(document), encoding="utf-8")
    found = _findings(tmp_path)
    assert {f.where or "": f.code for f in found} == case["found"]
    assert all(f.message("zh") and f.next_step("en") for f in found)


@pytest.mark.parametrize(
    "content", [b'{"a":\n nonsense}', b"\xff\xfe", b"", b"[" * 100_000, b'{"a": "\xe4\xb8"}']
)
def test_a_file_that_is_no_json_is_named(content, tmp_path):
    (tmp_path / "x.json").write_bytes(content)
    (found,) = _findings(tmp_path)
    assert found.code == "ledger.unreadable"
    assert found.facts["file"] == "x.json"


def test_the_line_of_broken_json_is_named(tmp_path):
    (tmp_path / "x.json").write_text('{"a":\n nonsense}', encoding="utf-8")
    (found,) = _findings(tmp_path)
    assert found.facts["line"] == 2


def test_findings_of_all_files_come_together(tmp_path):
    for name in ("police", "health"):
        document = json.loads((SHIPPED / f"{name}.json").read_text(encoding="utf-8"))
        document["datasets"][0]["share_type"] = "any"
        (tmp_path / f"{name}.json").write_text(json.dumps(document), encoding="utf-8")
    assert {f.facts["file"] for f in _findings(tmp_path)} == {"police.json", "health.json"}


def test_one_place_in_the_tree_has_one_english_name(tmp_path):
    document = _police()
    _set(document, "/datasets/0/path/0/en", "Persons")
    (tmp_path / "police.json").write_text(json.dumps(document), encoding="utf-8")
    shutil.copy(SHIPPED / "health.json", tmp_path)
    found = _findings(tmp_path)
    assert {f.code for f in found} == {"ledger.path-differs"}
    assert "Persons" in found[0].facts["names"]


def test_a_party_above_is_known_and_kept(tmp_path):
    document = _police()
    _set(document, "/parent", "health")
    (tmp_path / "police.json").write_text(json.dumps(document), encoding="utf-8")
    shutil.copy(SHIPPED / "health.json", tmp_path)
    assert load_catalog(tmp_path).owners["police"].parent == "health"


def test_an_empty_folder_and_a_missing_one_are_named(tmp_path):
    for folder in (tmp_path, tmp_path / "gone"):
        with pytest.raises(CatalogEmpty) as raised:
            load_catalog(folder)
        assert raised.value.facts == {"folder": folder.name}


def test_how_rows_were_counted_is_read(tmp_path):
    document = _police()
    _set(
        document, "/datasets/0/rows", {"count": 7_000_000, "known": "metadata", "at": "2024-05-31"}
    )
    (tmp_path / "police.json").write_text(json.dumps(document), encoding="utf-8")
    read = load_catalog(tmp_path)
    stats = count(read)
    assert stats.rows == {"metadata": 7_000_000}
    assert stats.uncounted == len(read.datasets) - 1


# ── Looking up ────────────────────────────────────────────────────────────────────────────────────


def test_grades_are_ordered_by_sensitivity():
    mixed = [Grade.CORE, Grade.L1, Grade.IMPORTANT, Grade.L3]
    assert sorted(mixed) == [Grade.L1, Grade.L3, Grade.IMPORTANT, Grade.CORE]
    assert max(Grade).value == "core"
    with pytest.raises(TypeError):
        assert Grade.L1 < "L2"


def test_a_misspelt_name_is_answered_with_the_nearest(catalog):
    with pytest.raises(DatasetUnknown) as unknown:
        catalog.get("police.houshold")
    assert "police.household" in unknown.value.facts["near"]
    with pytest.raises(FieldUnknown) as field:
        catalog.field("police.household.id_crad")
    assert "id_card" in field.value.facts["near"]
    with pytest.raises(DatasetUnknown):
        catalog.field("id_card")


def test_what_is_found_by_id_is_what_is_listed(catalog):
    for dataset in catalog.datasets.values():
        assert catalog.find(dataset.id) is dataset
        assert dataset in catalog.of(dataset.party)
        assert all(catalog.field(f"{dataset.id}.{f.name}") is f for f in dataset.fields)
    assert catalog.find("police.nothing") is None


def test_an_extended_catalogue_leaves_the_first_as_it_was(catalog):
    dataset = catalog.get("police.household")
    more = catalog.extended([dataset])
    assert more.datasets == catalog.datasets
    assert more is not catalog


def test_counts_stand_beside_the_plans_targets(catalog):
    stats = count(catalog)
    assert stats.levels["L5"] == sum(len(d.fields) for d in catalog.datasets.values())
    assert stats.levels["L4"] == len(catalog.datasets)
    assert stats.levels["L1"] <= stats.levels["L2"] <= stats.levels["L3"] <= stats.levels["L4"]
    assert sum(stats.grades.values()) == sum(stats.parties.values()) == stats.levels["L5"]
    assert (stats.fields_target.at_least, stats.rows_target.at_least) == (100_000, 50_000_000_000)


def test_what_a_deployment_adds_is_read_back_as_it_was(tmp_path):
    from builder.deploy.publish import case_datasets
    from builder.forms import widget_kinds
    from builder.scenario.load import load
    from federation.ledger.load import read_supplements, supplement
    from federation.store import resource

    catalog = load_catalog()
    folder = resource("specs/scenarios/s23-afterlife")
    scenario = load(folder, kinds=widget_kinds(), catalog=catalog)
    published = case_datasets(scenario, scenario.meta.lead)
    document = supplement(catalog.owners[scenario.meta.lead], published)
    (tmp_path / "cases.json").write_text(json.dumps(document, ensure_ascii=False))
    assert read_supplements(tmp_path) == published
    assert read_supplements(tmp_path / "missing") == ()
