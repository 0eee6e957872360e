"""The ledger is read whole, refuses what is wrong all at once, and finds any two characters."""

import json
from pathlib import Path

import pytest

from federation.errors import Findings
from federation.ledger import Catalog, Dataset, Field, Grade, Search, Text, count, load_catalog
from federation.ledger.errors import DatasetUnknown, FieldUnknown


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


def test_the_shipped_catalogue_is_good(catalog):
    assert len(catalog.owners) >= 15
    assert catalog.get("police.household").subject_key == "id_card"


def test_grades_are_ordered_by_sensitivity():
    assert sorted([Grade.CORE, Grade.L1, Grade.IMPORTANT, Grade.L3]) == [
        Grade.L1, Grade.L3, Grade.IMPORTANT, Grade.CORE,
    ]  # fmt: skip


def test_a_misspelt_name_is_answered_with_the_nearest(catalog):
    with pytest.raises(DatasetUnknown) as unknown:
        catalog.get("police.houshold")
    assert "police.household" in unknown.value.facts["near"]
    with pytest.raises(FieldUnknown) as field:
        catalog.field("police.household.id_crad")
    assert "id_card" in field.value.facts["near"]


def _broken(change) -> list[tuple[str, str | None]]:
    doc = json.loads(Path("specs/catalog/police.json").read_text(encoding="utf-8"))
    change(doc)
    return doc


@pytest.mark.parametrize(
    ("change", "code", "where"),
    [
        (lambda d: d["datasets"][0].update(id="tax.household"), "ledger.foreign", "/datasets/0/id"),
        (lambda d: d["datasets"][0].update(subject_key="nobody"), "ledger.subject-key",
         "/datasets/0/subject_key"),
        (lambda d: d["datasets"][0]["fields"].append(d["datasets"][0]["fields"][0]),
         "ledger.duplicate", "/datasets/0/fields"),
        (lambda d: d["datasets"][0]["fields"][0].update(grade="L1"), "ledger.grade-low",
         "/datasets/0/fields/0/grade"),
        (lambda d: d["datasets"][0].update(grade="L1"), "ledger.grade-sum",
         "/datasets/0/fields/0/grade"),
        (lambda d: d["datasets"][0].update(colour="red"), "ledger.shape", "/datasets/0"),
        (lambda d: d["datasets"][0]["fields"][0].update(type="varchar"), "ledger.shape",
         "/datasets/0/fields/0/type"),
    ],
)  # fmt: skip
def test_each_fault_of_a_file_is_named_with_its_place(change, code, where, tmp_path):
    (tmp_path / "police.json").write_text(json.dumps(_broken(change)), encoding="utf-8")
    with pytest.raises(Findings) as found:
        load_catalog(tmp_path)
    assert (code, where) in [(f.code, f.where) for f in found.value.findings]


def test_a_file_that_is_no_json_is_named_with_its_line(tmp_path):
    (tmp_path / "x.json").write_text('{"a":\n nonsense}', encoding="utf-8")
    with pytest.raises(Findings) as found:
        load_catalog(tmp_path)
    assert found.value.findings[0].facts == {"file": "x.json", "line": 2}


def _made(n: int) -> Catalog:
    """Return a catalogue of n fields whose names are Chinese words put together."""
    words = "人口身份证号码出生日期户籍地址单位名称统一社会信用代码法定代表人登记机关金额状态"
    text = Text("释义", "definition")
    fields = [
        Field(
            f"f_{i}",
            Text(words[i % 30 : i % 30 + 2] + words[(i * 7) % 37 : (i * 7) % 37 + 3], f"field {i}"),
            "text", "业务记录", Grade.L2, False, text,
        )
        for i in range(n)
    ]  # fmt: skip
    path = (text, text, text, text)
    return Catalog(
        [
            Dataset(f"p.t{k}", "p", Text("表", "table"), text, path, f"t{k}", "有条件", Grade.L2,
                    "daily", tuple(fields[k : k + 100]))
            for k in range(0, n, 100)
        ]
    )  # fmt: skip


def test_search_finds_every_field_a_substring_scan_finds():
    catalog = _made(10_000)
    search = Search(catalog)
    titles = [f.title.zh for d in catalog.datasets.values() for f in d.fields]
    for word in ("代表", "表人", "身份", "份证", "金额", "登记机", "信用代"):
        wanted = sum(word in t for t in titles)
        found = [h for h in search.find(word, limit=20_000) if h.field]
        assert len([h for h in found if word in h.title.zh]) == wanted > 0


def test_the_exact_name_comes_first(catalog):
    search = Search(catalog)
    assert search.find("姓名")[0].title.zh == "姓名"
    assert all(h.party == "police" for h in search.find("姓名", party="police"))
    assert sum(search.facets("姓名")["party"].values()) == len(search.find("姓名", limit=1000))


@pytest.mark.parametrize("text", ['"', "a OR", "NEAR(", "*", "' --", "\x00", "()", "姓名\u202e"])
def test_search_takes_any_text_a_person_types(catalog, text):
    Search(catalog).find(text)


def test_counts_stand_beside_the_plans_targets(catalog):
    stats = count(catalog)
    assert stats.levels["L5"] == sum(len(d.fields) for d in catalog.datasets.values())
    assert (stats.fields_target.at_least, stats.rows_target.at_least) == (100_000, 50_000_000_000)
