"""Every command does what its help says, in words and as one JSON document."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest

MATTER = "s23-afterlife"
COMMANDS = (
    "demo serve check deploy walk template start act case query worklist catalog grant "
    "audit doctor crypto work"
)
ANSWERS = f"specs/scenarios/{MATTER}/answers.json"


def _hand_in(cli) -> str:
    return cli("start", MATTER, "--as", "chen-jing", "--answers", ANSWERS, "--json").json["case_no"]


def test_a_matter_goes_from_the_form_to_the_officers_desk_on_the_command_line(cli, tmp_path):
    number = _hand_in(cli)
    shown = cli("case", number, "--json").json
    assert shown["status"] == "running"
    assert {u["dataset"] for u in shown["uses"]} >= {"police.kinship", "health.death_certificate"}
    items = cli("worklist", "--as", "officer-civil-affairs", "--json").json["items"]
    assert [(i["case_no"], i["task"].partition(".")[0]) for i in items] == [(number, "accept")]
    (tmp_path / "accept.json").write_text(
        json.dumps({"/acceptance/register_no": "民事收-1"}), encoding="utf-8"
    )
    done = cli(
        "act", number, "--as", "officer-civil-affairs", "--task", "accept",
        "--answers", tmp_path / "accept.json", "--json",
    )  # fmt: skip
    assert done.json["state"] == "done"
    assert (
        not cli("worklist", "--as", "officer-civil-affairs", "--json")
        .json["items"][0]["task"]
        .startswith("accept")
    )
    asked = cli("query", "kin_check", "--as", "chen-jing", "--case", number, "--json").json
    assert asked["state"] == "answered"
    assert asked["row"]["answer"] is True
    trace = cli("audit", "trace", number, "--json").json
    assert {line["kind"] for line in trace["lines"]} >= {"opened", "closed", "case-submitted"}
    verified = cli("audit", "verify", "--json").json
    assert verified["intact"] is True
    assert {j["journal"].partition(":")[0] for j in verified["journals"]} == {
        "hub", "issuer", "node", "case",
    }  # fmt: skip


READING = [
    ("doctor",),
    ("check", MATTER),
    ("template", "list"),
    ("template", "show", MATTER),
    ("worklist", "--as", "officer-police"),
    ("catalog", "search", "户口"),
    ("catalog", "show", "police.household"),
    ("catalog", "stats"),
    ("grant", "list"),
    ("grant", "list", "--party", "police"),
    ("audit", "verify"),
    ("crypto", "selftest"),
    ("walk", MATTER, "--only", "no-kin"),
]


@pytest.mark.parametrize("line", READING, ids=" ".join)
def test_a_reading_command_prints_exactly_one_json_document(cli, line):
    ran = cli(*line, "--json")
    assert ran.code == 0, ran.err
    assert ran.json is not None
    assert ran.out.strip() == json.dumps(ran.json, ensure_ascii=False, indent=2)


@pytest.mark.parametrize("line", READING, ids=" ".join)
def test_a_reading_command_speaks_to_people_in_both_languages(cli, line):
    zh, en = cli(*line), cli("--lang", "en", *line)
    assert zh.code == en.code == 0, (zh.err, en.err)
    assert zh.out.strip()
    assert en.out.strip()
    assert "Text(" not in zh.out + en.out
    assert "<" not in zh.out.replace("<=", "")


def test_the_program_itself_answers(program):
    assert program("--version").out.startswith("scenarist ")
    helped = program("--help")
    assert helped.code == 0
    for name in COMMANDS.split():
        assert name in helped.out
    assert program("template", "list", "--json").json
    assert program("case", "HF20260101-000000", "--json").fault["code"] == "cases.no-such-case"
    assert program("case").code == 2


def test_a_demo_city_is_built_once_and_then_only_shown(cli, tmp_path):
    city = tmp_path / "new" / "city"
    first = cli("demo", "--no-serve", "--json", at=city)
    assert first.code == 0, first.err
    assert {"chen-jing", "officer-police", "auditor"} <= {
        a["account"] for a in first.json["accounts"]
    }
    keys = {f.name: f.read_bytes() for f in (city / "keys").iterdir()}
    assert cli("demo", "--no-serve", "--json", at=city).json == first.json
    assert {f.name: f.read_bytes() for f in (city / "keys").iterdir()} == keys


def test_a_folder_that_holds_something_else_does_not_become_a_city(cli, tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").write_bytes(b"cat")
    ran = cli("demo", "--no-serve", at=tmp_path / "photos")
    assert ran.fault["code"] == "settings.home-unusable"
    assert (tmp_path / "photos" / "cat.jpg").read_bytes() == b"cat"
    again = cli("demo", "--no-serve", "--fresh", at=tmp_path / "photos")
    assert again.fault["code"] == "settings.home-unusable"
    assert (tmp_path / "photos" / "cat.jpg").read_bytes() == b"cat"


def test_check_names_every_finding_with_its_place(cli, tmp_path):
    from federation.store import resource

    doc = json.loads(
        resource(f"specs/scenarios/{MATTER}/scenario.json").read_text(encoding="utf-8")
    )
    doc["queries"][0]["sql"] = "DROP TABLE kinship"
    doc["process"]["steps"][0]["query"] = "no_such_query"
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "scenario.json").write_text(json.dumps(doc), encoding="utf-8")
    ran = cli("check", folder, "--json")
    assert ran.code == 1
    (result,) = ran.json
    assert not result["ok"]
    places = {f["where"] for f in result["findings"]}
    assert any(p.startswith("/queries/0") for p in places), places
    assert any(p.startswith("/process/steps/0") for p in places), places
    assert all(f["next"] for f in result["findings"])
    words = cli("check", folder)
    assert words.code == 1
    assert "/queries/0" in words.out


def test_walks_that_pass_end_well_and_an_unknown_one_is_a_fault(cli):
    ran = cli("walk", MATTER, "--only", "no-kin", "--json")
    assert [w["fault"] for w in ran.json] == [None]
    assert cli("walk", MATTER, "--only", "nowhere").fault["code"] == "cases.walk-unreadable"
    assert cli("walk", "nowhere").fault["code"] == "cases.no-such-matter"


def test_a_grant_is_revoked_by_its_owners_steward_and_by_nobody_else(cli):
    grants = cli("grant", "list", "--party", "police", "--json").json
    grant = next(g["id"] for g in grants if g["purpose"] == "verify")
    stranger = cli("grant", "revoke", grant, "--as", "steward-health", "--remark", "x")
    assert stranger.fault["code"]
    ran = cli("grant", "revoke", grant, "--as", "steward-police", "--remark", "不再需要", "--json")
    assert ran.json["state"] == "revoked"
    again = cli("grant", "approve", grant, "--as", "steward-police")
    assert again.fault["next"]


def test_every_journal_is_exported_as_json_lines(cli, tmp_path):
    number = _hand_in(cli)
    ran = cli("audit", "export", tmp_path / "out", "--json")
    files = {f["file"]: f["entries"] for f in ran.json}
    assert {p.name for p in (tmp_path / "out").iterdir()} == set(files)
    for name, entries in files.items():
        lines = (tmp_path / "out" / name).read_text(encoding="utf-8").splitlines()
        assert len(lines) == entries
        assert all(isinstance(json.loads(line), dict) for line in lines)
    whole = "".join((tmp_path / "out" / n).read_text(encoding="utf-8") for n in files)
    assert number in whole
    assert "陈国强" not in whole
    assert "340100195705089073" not in whole


@pytest.mark.parametrize(
    ("store", "table", "journal"),
    [
        ("nodes/police/node.db", "audit_entry", "node:police"),
        ("hub.db", "audit_entry", "hub"),
        ("issuer/issuer.db", "audit_entry", "issuer"),
        ("deployments/340100/s23-afterlife/case.db", "audit_entry", "case:340100/s23-afterlife"),
    ],
    ids=lambda v: str(v).rpartition("/")[2],
)
def test_audit_verify_names_the_journal_and_entry_of_one_changed_byte(
    cli, home, store, table, journal
):
    _hand_in(cli)
    with closing(sqlite3.connect(home / store)) as conn, conn:
        names = [r[0] for r in conn.execute("SELECT name FROM sqlite_master WHERE type='table'")]
        found = next(n for n in names if n == table or n.endswith("entry"))
        columns = [r[1] for r in conn.execute(f'PRAGMA table_info("{found}")')]
        body = next(c for c in columns if c in ("body", "entry", "facts", "stored", "content"))
        triggers = [
            r[0] for r in conn.execute("SELECT name FROM sqlite_master WHERE type='trigger'")
        ]
        for trigger in triggers:
            conn.execute(f'DROP TRIGGER "{trigger}"')
        seq, text = conn.execute(
            f'SELECT seq, CAST("{body}" AS TEXT) FROM "{found}" ORDER BY seq LIMIT 1'
        ).fetchone()
        at = text.index("20")
        changed = text[:at] + "21" + text[at + 2 :]
        conn.execute(f'UPDATE "{found}" SET "{body}" = ? WHERE seq = ?', (changed, seq))
    ran = cli("audit", "verify", "--json")
    assert ran.code == 1
    broken = {j["journal"]: j for j in ran.json["journals"] if not j["intact"]}
    assert set(broken) == {journal}
    said = json.dumps(broken[journal]["findings"], ensure_ascii=False)
    assert str(seq) in said
