"""The city: who is in it, what its departments hold, and that it is the same every time."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pytest
from jsonschema import Draft202012Validator
from stdnum.cn import ric, uscc

from builder.deploy.city import build_city, ledger_columns
from builder.deploy.recipe import load_recipe
from builder.errors import Fault
from connectors.cast import cast
from connectors.types import parse_type
from federation.crypto import sm3
from federation.ledger import load_catalog
from federation.store import resource
from federation.trust import load_policy

ROOT = Path(__file__).parents[2]
CITY = json.loads(resource("specs/city/city.json").read_text(encoding="utf-8"))
RECIPE = json.loads(resource("specs/city/recipe.json").read_text(encoding="utf-8"))
S23 = json.loads(resource("specs/scenarios/s23-afterlife/recipe.json").read_text(encoding="utf-8"))
CATALOG = load_catalog()
OWNERS = {p["id"] for p in CITY["parties"] if p["kind"] != "county"}
COUNTIES = {
    "340102": "瑶海区",
    "340103": "庐阳区",
    "340104": "蜀山区",
    "340111": "包河区",
    "340121": "长丰县",
    "340122": "肥东县",
    "340123": "肥西县",
    "340124": "庐江县",
    "340181": "巢湖市",
}


# ── Who is in it ─────────────────────────────────────────────────────────────────────────────────


def test_the_city_file_keeps_to_its_schema():
    schema = json.loads(resource("specs/schema/city.schema.json").read_text(encoding="utf-8"))
    assert list(Draft202012Validator(schema).iter_errors(CITY)) == []


def test_the_nine_counties_are_those_of_hefei():
    assert {c["code"]: c["title"]["zh"] for c in CITY["counties"]} == COUNTIES
    assert RECIPE["sets"][0]["rows"] == [
        {"code": c["code"], "name": c["title"]["zh"]} for c in CITY["counties"]
    ]


def test_every_party_that_keeps_data_is_in_the_ledger_with_a_steward_and_a_policy():
    accounts = {a["account"]: a for a in CITY["accounts"]}
    assert set(CATALOG.owners) == OWNERS
    assert len(OWNERS) >= 15
    for party, owner in CATALOG.owners.items():
        assert accounts[owner.steward]["party"] == party
        assert accounts[owner.steward]["roles"] == ["steward"]
        policy = load_policy(resource(f"specs/policy/{party}.json"), CATALOG)
        assert policy.party == party


def test_every_owner_has_datasets_with_all_four_levels_and_rows():
    for party in OWNERS:
        owned = CATALOG.of(party)
        assert len(owned) >= 2
        assert all(len(d.path) == 4 and len(d.fields) >= 3 for d in owned)
    assert {t["dataset"] for t in RECIPE["tables"]} == set(CATALOG.datasets)


def test_the_titles_of_city_and_ledger_agree():
    titles = {p["id"]: p["title"]["zh"] for p in CITY["parties"]}
    assert all(titles[o.id] == o.title.zh for o in CATALOG.owners.values())


def test_there_is_an_account_for_every_role():
    parties = {p["id"] for p in CITY["parties"]}
    names = [a["account"] for a in CITY["accounts"]]
    assert len(names) == len(set(names))
    assert all(a.get("party") in parties | {None} for a in CITY["accounts"])
    by_role = {}
    for account in CITY["accounts"]:
        for role in account["roles"]:
            by_role.setdefault(role, []).append(account.get("party"))
    assert set(by_role) == {
        "citizen", "officer", "designer", "county-admin", "steward", "scientist", "auditor"
    }  # fmt: skip
    s23 = {"civil-affairs", "police", "hrss", "housing-fund", "health", "medical-insurance"}
    assert set(by_role["officer"]) == s23
    assert len(by_role["citizen"]) >= 3


def test_citizens_are_the_people_of_the_recipe_and_nobody_real():
    people = {p["id"]: p for p in S23["people"]}
    for account in CITY["accounts"]:
        if account["roles"] == ["citizen"]:
            person, known = account["person"], people[account["account"]]
            assert (person["name"], person["id_card"]) == (known["name"], known["id_card"])
            assert person["phone"].startswith("160")


def test_no_planted_number_can_be_a_real_persons():
    for person in S23["people"]:
        assert ric.is_valid(person["id_card"])
        assert person["id_card"].startswith("340100")


# ── What the departments hold ────────────────────────────────────────────────────────────────────


def test_every_party_gets_one_database_with_a_table_for_every_dataset(city, rows):
    _, report, seen = city
    assert [s.party for s in report.sources] == [told[0] for told in seen]
    assert seen[-1][1:] == (len(OWNERS), len(OWNERS))
    assert {s.party for s in report.sources} == OWNERS
    for source in report.sources:
        tables = {
            t["name"]
            for t in rows(source.party, "SELECT name FROM sqlite_master WHERE type = 'table'")
        }
        assert tables == {d.resource for d in CATALOG.of(source.party)}
        assert all(n > 0 for n in source.rows.values())


def test_columns_and_values_are_those_of_the_ledger(rows):
    for dataset in CATALOG.datasets.values():
        columns = rows(dataset.party, f'PRAGMA table_info("{dataset.resource}")')
        assert [c["name"] for c in columns] == [f.name for f in dataset.fields]
        for field in dataset.fields:
            if field.codes:
                known = {c.value for c in field.codes}
                held = rows(
                    dataset.party, f'SELECT DISTINCT "{field.name}" v FROM "{dataset.resource}"'
                )
                assert {row["v"] for row in held} <= known


def test_every_value_is_of_its_ledger_type(rows):
    for dataset in CATALOG.datasets.values():
        held = pa.Table.from_pylist(rows(dataset.party, f'SELECT * FROM "{dataset.resource}"'))
        for field in dataset.fields:
            cast(held[field.name], parse_type(field.type), table=dataset.id, name=field.name)


def test_main_tables_hold_about_ten_thousand_rows(city):
    sizes = {k: n for s in city[1].sources for k, n in s.rows.items()}
    for main in ("police.household", "hrss.social_card", "medical_insurance.account"):
        assert 8_000 <= sizes[main] <= 15_000
    assert city[1].rows > 200_000


def test_id_numbers_and_credit_codes_are_valid_but_for_the_planted_faults(rows):
    wrong = {
        (f["dataset"], f["column"]): f["rows"] for f in RECIPE["faults"] if f["kind"] == "checksum"
    }
    for dataset in CATALOG.datasets.values():
        for field in dataset.fields:
            if field.name.endswith("id_card"):
                valid, prefix = ric.is_valid, "340100"
            elif field.name.endswith("credit_code"):
                valid, prefix = uscc.is_valid, "91340100YY"
            else:
                continue
            held = [
                row["v"]
                for row in rows(dataset.party, f'SELECT "{field.name}" v FROM "{dataset.resource}"')
            ]
            bad = [v for v in held if not _ok(valid, v)]
            expected = wrong.get((dataset.id, field.name), 0)
            assert len(bad) == expected, (dataset.id, field.name)
            assert all(v.startswith(prefix) for v in held)


_seen = {}


def _ok(valid, value):
    if value not in _seen:
        _seen[value] = valid(value)
    return _seen[value]


@pytest.mark.parametrize("fault", RECIPE["faults"], ids=lambda f: f"{f['dataset']}.{f['column']}")
def test_planted_faults_are_there_to_be_found(rows, fault):
    dataset, column, n = CATALOG.get(fault["dataset"]), fault["column"], fault["rows"]
    table = dataset.resource
    match fault["kind"]:
        case "missing":
            found = rows(
                dataset.party, f'SELECT count(*) n FROM "{table}" WHERE "{column}" IS NULL'
            )
            assert found[0]["n"] == n
        case "future":
            found = rows(
                dataset.party, f'SELECT count(*) n FROM "{table}" WHERE "{column}" > ?', "2027"
            )
            assert found[0]["n"] == n
        case "repeated":
            all_of_it = ", ".join(f'"{f.name}"' for f in dataset.fields)
            found = rows(
                dataset.party,
                f'SELECT (SELECT count(*) FROM "{table}") - '
                f'(SELECT count(*) FROM (SELECT DISTINCT {all_of_it} FROM "{table}")) n',
            )
            assert found[0]["n"] == n
        case "checksum":
            held = rows(dataset.party, f'SELECT "{column}" v FROM "{table}"')
            valid = ric.is_valid if column.endswith("id_card") else uscc.is_valid
            assert sum(not _ok(valid, row["v"]) for row in held) == n


# ── The people the walks rely on ─────────────────────────────────────────────────────────────────

PEOPLE = {p["id"]: p["id_card"] for p in S23["people"]}


def _facts(rows, dead):
    """Return what the six departments know of one person, as the scenario's queries ask it."""
    number = PEOPLE[dead]
    asked = {
        "pension": ("hrss", "pension_account", "status IN ('paying', 'paused', 'retired')"),
        "fund": ("housing-fund", "account", "status IN ('normal', 'sealed', 'frozen')"),
        "medical": ("medical-insurance", "account", "kind = 'employee' AND status = 'normal'"),
        "hospital": ("health", "hospital_settlement", "status = 'unsettled'"),
        "assisted": ("civil-affairs", "assistance", "status = 'active'"),
        "registered": ("police", "household", "status = 'registered'"),
        "death": ("health", "death_certificate", "1"),
        "cremation": ("civil-affairs", "cremation", "1"),
    }
    return {
        name
        for name, (party, table, where) in asked.items()
        if rows(party, f'SELECT 1 FROM "{table}" WHERE id_card = ? AND {where}', number)
    }


def test_each_deceased_has_exactly_the_planted_records(rows):
    common = {"registered", "death", "cremation"}
    assert _facts(rows, "chen-guoqiang") == common | {"pension", "fund", "medical", "hospital"}
    assert _facts(rows, "wu-xiulan") == common | {"pension"}
    assert _facts(rows, "he-guixiang") == common | {"assisted"}
    assert _facts(rows, "zhou-defu") == common | {"pension"}


def test_kinship_is_registered_for_whom_the_walks_say_and_for_nobody_else(rows):
    held = rows("police", "SELECT id_card, kin_id_card, relation FROM kinship")
    planted = set(PEOPLE.values())
    names = {number: name for name, number in PEOPLE.items()}
    pairs = {
        (names[r["id_card"]], names[r["kin_id_card"]], r["relation"])
        for r in held
        if r["id_card"] in planted
    }
    assert pairs == {
        ("chen-guoqiang", "chen-jing", "child"),
        ("chen-jing", "chen-guoqiang", "parent"),
        ("he-guixiang", "chen-jing", "grandchild"),
        ("chen-jing", "he-guixiang", "grandparent"),
        ("wu-xiulan", "zhou-ming", "child"),
        ("zhou-ming", "wu-xiulan", "parent"),
    }


# ── The same every time ──────────────────────────────────────────────────────────────────────────


def _digest(home):
    """Return SM3 of the sorted rows of every table of every party."""
    found = {}
    for path in sorted(home.glob("nodes/*/source.db")):
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as conn:
            names = conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            for (table,) in names:
                rows = sorted(repr(row) for row in conn.execute(f'SELECT * FROM "{table}"'))
                found[f"{path.parent.name}/{table}"] = sm3("\n".join(rows).encode())
    return found


def test_another_process_builds_the_same_city(city, tmp_path):
    code = (
        "import sys; from pathlib import Path; from builder.deploy.city import build_city; "
        "build_city(Path(sys.argv[1]))"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, cwd=ROOT)
    assert _digest(tmp_path) == _digest(city[0])


def test_building_again_replaces_what_was_there(tmp_path):
    first = build_city(tmp_path)
    path = first.sources[0].path
    path.write_bytes(b"not a database")
    assert build_city(tmp_path).rows == first.rows
    assert _digest(tmp_path)
    assert not list(tmp_path.glob("nodes/*/*.new"))


def test_a_database_that_cannot_be_written_is_a_fault_and_leaves_nothing_half_done(tmp_path):
    (tmp_path / "nodes").write_text("a file where a folder should be", encoding="utf-8")
    with pytest.raises(Fault) as raised:
        build_city(tmp_path)
    assert raised.value.code == "city.source-busy"


def test_the_recipes_are_good():
    columns = ledger_columns(CATALOG)
    load_recipe(resource("specs/city/recipe.json"), columns)
    load_recipe(resource("specs/scenarios/s23-afterlife/recipe.json"), columns)
