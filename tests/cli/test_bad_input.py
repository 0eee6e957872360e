"""Whatever is typed or broken: a Fault with its next step and code 1, or wrong usage and code 2."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

MATTER = "s23-afterlife"
ANSWERS = f"specs/scenarios/{MATTER}/answers.json"


def _start(cli, file) -> object:
    return cli("start", MATTER, "--as", "chen-jing", "--answers", file)


# ── answer files ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (None, "cli.file-unreadable"),
        (b"", "cli.file-unreadable"),
        (b"{", "cli.file-unreadable"),
        (b"\xff\xfe\x00", "cli.file-unreadable"),
        (b"[" * 100_000, "cli.file-unreadable"),
        (b'{"/application/deceased_name": 1e999}', None),
        (b'{"/application/deceased_name": NaN}', None),
        (b"[]", "cases.answer-file"),
        (b'"text"', "cases.answer-file"),
        (b"null", "cases.answer-file"),
        (b'{"deceased_name": "x"}', "cases.answer-file"),
        (b'{"/application/nothing": "x"}', "cases.answer-file"),
        (b'{"/acceptance/register_no": "x"}', "cases.answer-file"),
        (b"{}", None),
        (b'{"/application/deceased_name": 5}', None),
        (b'{"/application/deceased_name": {"a": 1}, "/application/deceased_id": []}', None),
        (b'{"/application/deceased_name": "\\u0000", "/application/deceased_id": "1"}', None),
    ],
    ids=lambda v: None if v is None else str(v)[:36],
)
def test_an_answer_file_that_cannot_be_used_says_why_and_leaves_nothing(
    cli, home, tmp_path, content, code
):
    file = tmp_path / "answers.json"
    if content is not None:
        file.write_bytes(content)
    fault = _start(cli, file).fault
    assert code in (None, fault["code"])
    with closing(sqlite3.connect(home / f"deployments/340100/{MATTER}/case.db")) as conn:
        assert conn.execute('SELECT count(*) FROM "case"').fetchone() == (0,)
        assert conn.execute("SELECT count(*) FROM draft").fetchone() == (0,)


def test_a_folder_in_place_of_an_answer_file_is_told_as_such(cli, tmp_path):
    assert _start(cli, tmp_path).fault["code"] == "cli.file-unreadable"


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/application/payee_account", "6200000000000000019"),
        ("/application/payee_bank", "no-such-bank"),
        ("/application/pension_requested", "maybe"),
        ("/application/facts_promised", False),
        ("/application/contact_phone", ["16000000001"]),
        ("/application/deceased_id", "340100195705089070"),
    ],
)
def test_a_wrong_answer_is_named_by_its_pointer(cli, tmp_path, pointer, value):
    answers = json.loads(Path(ANSWERS).read_text(encoding="utf-8"))
    (tmp_path / "a.json").write_text(json.dumps({**answers, pointer: value}), encoding="utf-8")
    fault = _start(cli, tmp_path / "a.json").fault
    places = {f["where"] for f in fault.get("findings", [fault])}
    assert pointer in places, fault


# ── settings ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (None, "settings.missing"),
        ("", None),
        ("city = ", "settings.unreadable"),
        ('city = "abc"', "settings.wrong"),
        ("city = 340100", "settings.wrong"),
        ('cty = "340100"', "settings.unknown"),
        ('demo = "yes"', "settings.wrong"),
        ("session_hours = 0", "settings.wrong"),
        ("session_hours = true", "settings.wrong"),
        ("proxy_hops = -1", "settings.wrong"),
        ('log_level = "loud"', "settings.wrong"),
        ('case_prefix = "hf"', "settings.wrong"),
        ('hub_url = "somewhere"', "settings.wrong"),
        ('hub_url = "nosuch://x/y"', ""),
        ('hub_url = "sqlite:///no/such/folder/hub.db"', ""),
        ("\x00", "settings.unreadable"),
        ("[city]\nx = 1", "settings.wrong"),
        ("city = 1979-05-27", "settings.wrong"),
    ],
    ids=lambda v: None if v is None else str(v)[:30],
)
def test_settings_that_cannot_be_used_say_which_line_or_key(cli, home, text, code):
    file = home / "scenarist.toml"
    file.unlink() if text is None else file.write_text(text, encoding="utf-8")
    ran = cli("template", "list")
    if code is None:
        assert ran.code == 0
        return
    codes = {ran.fault["code"], *(f["code"] for f in ran.fault.get("findings", []))}
    assert not code or code in codes, ran.fault


def test_settings_that_are_no_text_are_told_as_such(cli, home):
    (home / "scenarist.toml").write_bytes(b"\xff\xfe\x00city")
    assert cli("doctor").code == 1
    assert cli("template", "list").fault["code"] == "settings.unreadable"


def test_settings_with_several_mistakes_name_all_of_them(cli, home):
    text = 'city = 1\nlog_level = "loud"\nnope = 2\n'
    (home / "scenarist.toml").write_text(text, encoding="utf-8")
    assert {f["where"] for f in cli("template", "list").fault["findings"]} == {
        "/city", "/log_level", "/nope",
    }  # fmt: skip


def test_a_folder_without_a_city_says_how_to_build_one(cli, tmp_path):
    for line in (
        ("template", "list"),
        ("audit", "verify"),
        ("serve",),
        ("walk", MATTER),
        ("work",),
    ):
        ran = cli(*line, at=tmp_path / "nowhere")
        assert ran.fault["code"] == "settings.missing", line
        assert "demo" in ran.fault["next"]


# ── stores and keys ──────────────────────────────────────────────────────────────────────────────

STORES = ["hub.db", "issuer/issuer.db", f"deployments/340100/{MATTER}/case.db"]


def _scribble(path: Path) -> None:
    path.write_bytes(b"this is no database at all " * 200)


def _tear(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _blank(path: Path) -> None:
    path.write_bytes(b"")


def _foreign(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("CREATE TABLE recipes (title TEXT)")


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as conn, conn:
        ((table,),) = conn.execute("SELECT name FROM sqlite_master WHERE name LIKE '%_schema'")
        conn.execute(f"UPDATE \"{table}\" SET version_num = '9999'")


@pytest.mark.slow
@pytest.mark.parametrize("store", STORES, ids=lambda s: Path(s).name)
@pytest.mark.parametrize("harm", [_scribble, _tear, _blank, _foreign, _folder, _newer, Path.unlink])
def test_a_store_that_is_harmed_is_named_with_the_way_out(cli, home, store, harm):
    for more in ("-wal", "-shm"):
        (home / f"{store}{more}").unlink(missing_ok=True)
    harm(home / store)
    for line in (("template", "list"), ("doctor",), ("start", MATTER, "--as", "chen-jing",
                 "--answers", ANSWERS)):  # fmt: skip
        ran = cli(*line)
        if ran.code == 1 and line[0] != "doctor":
            assert ran.fault["next"]
        assert ran.code in (0, 1)
    assert ran.code == 1, "a matter was handed in to a harmed store"


@pytest.mark.slow
@pytest.mark.parametrize("harm", [_scribble, _tear, _blank, _foreign, _folder, _newer, Path.unlink])
def test_a_node_whose_store_is_harmed_is_named_and_the_rest_of_the_city_goes_on(cli, home, harm):
    harm(home / "nodes/police/node.db")
    ran = cli("doctor", "--json")
    assert ran.code == 1
    silent = [c["what"]["zh"] for c in ran.json["checks"] if not c["ok"]]
    assert silent == ["节点 市公安局"]
    verified = cli("audit", "verify", "--json")
    assert verified.code == 1
    broken = [j["journal"] for j in verified.json["journals"] if not j["intact"]]
    assert broken == ["node:police"]
    number = _start(cli, ANSWERS)
    assert number.code == 1, "kinship cannot be asked, so the pages ask for more than the file has"
    assert number.fault["next"]


@pytest.mark.slow
@pytest.mark.parametrize("key", ["keys/hub.pem", "keys/identity.pem", "issuer/keys/issuer.pem"])
@pytest.mark.parametrize("harm", [Path.unlink, _scribble, _blank, _folder])
def test_a_key_that_is_missing_or_harmed_is_never_silently_replaced(cli, home, key, harm):
    files = {p.name for p in (home / key).parent.iterdir()}
    assert Path(key).name in files, files
    harm(home / key)
    ran = _start(cli, ANSWERS)
    assert ran.fault["next"]
    assert harm is not Path.unlink or not (home / key).exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    "file",
    ["issuer/issuer.json", "nodes/police/NODE.toml", "nodes/police/policy.json"],
)
@pytest.mark.parametrize("harm", [Path.unlink, _scribble, _blank, _folder])
def test_a_file_of_the_city_that_is_missing_or_harmed_is_told(cli, home, file, harm):
    harm(home / file)
    ran = _start(cli, ANSWERS)
    assert ran.fault["next"]
    assert cli("doctor").code == 1


def test_keys_that_others_can_read_are_refused(cli, home):
    (home / "keys" / "hub.pem").chmod(0o644)
    fault = cli("template", "list").fault
    assert fault["code"].startswith("crypto.")
    assert "600" in fault["next"]


def test_a_deployments_folder_that_went_away_is_named(cli, home):
    shutil.rmtree(home / "deployments")
    assert cli("template", "list").fault["next"]


# ── usage ────────────────────────────────────────────────────────────────────────────────────────

WRONG_USAGE = [
    ["nonsense"], ["start"], ["start", MATTER], ["act"], ["case"], ["query", "x"], ["walk"],
    ["check"], ["grant", "approve"], ["grant", "refuse", "x", "--as", "y"], ["audit", "nothing"],
    ["demo", "--port", "abc"], ["demo", "--scale", "0"], ["serve", "--workers", "0"],
    ["catalog", "search", "x", "--limit", "0"], ["--nope"], ["template", "list", "extra"],
    ["worklist"], ["worklist", "--as", "officer-police", "--state", "sleeping"],
    ["catalog", "search", "户", "--grade", "L9"], ["serve", "--port", "70000"],
    ["demo", "--port", "0"], ["--home"], ["--lang"],
]  # fmt: skip


@pytest.mark.parametrize("line", WRONG_USAGE, ids=" ".join)
def test_wrong_usage_ends_with_two_and_says_what_is_missing(cli, line):
    ran = cli(*line)
    assert ran.code == 2
    assert ran.err.strip()
    assert not ran.out.strip()


UNKNOWN = [
    (["case", "HF1"], "cases.no-such-case"),
    (["audit", "trace", "HF1"], "cases.no-such-case"),
    (["worklist", "--as", "nobody"], "identity.unknown"),
    (["worklist", "--as", "chen-jing"], "cases.may-not-see"),
    (["template", "show", "nothing"], "cases.no-such-matter"),
    (["start", "nothing", "--as", "chen-jing", "--answers", ANSWERS], "cases.no-such-matter"),
    (["start", MATTER, "--as", "officer-police", "--answers", ANSWERS], "cases.may-not-start"),
    (["start", MATTER, "--as", "chen-jing", "--answers", ANSWERS, "--county", "月球"],
     "cases.no-such-county"),
    (["deploy", "no-such-folder"], None),
    (["deploy", "specs/scenarios/s23-afterlife", "--as", "chen-jing"], "deploy.may-not"),
    (["deploy", "specs/scenarios/s23-afterlife", "--county", "月球"], "cases.no-such-county"),
    (["walk", "specs"], None),
    (["act", "HF1", "--as", "officer-police", "--task", "x"], "cases.no-such-task"),
    (["query", "kin_check", "--as", "chen-jing", "--case", "HF1"], "cases.no-such-case"),
    (["catalog", "show", "nothing.there"], None),
    (["grant", "approve", "G-1", "--as", "steward-police"], None),
    (["grant", "approve", "G-1", "--as", "chen-jing"], None),
    (["check", "no-such-folder"], None),
]  # fmt: skip


@pytest.mark.parametrize(("line", "code"), UNKNOWN, ids=lambda v: " ".join(v) if v else None)
def test_what_does_not_exist_is_a_fault_with_the_next_step(cli, line, code):
    ran = cli(*line)
    assert ran.code == 1, (ran.out, ran.err)
    if line[0] == "check":
        assert "→" in ran.out
    else:
        assert code in (None, ran.fault["code"])


def test_a_fault_for_people_speaks_their_language(cli):
    zh, en = cli("case", "HF1"), cli("case", "HF1", "--lang", "en")
    assert "没有找到" in zh.fault["message"]
    assert "not found" in en.fault["message"]


def test_an_export_to_a_place_that_cannot_be_written_is_a_fault(cli, tmp_path):
    (tmp_path / "file").write_text("x", encoding="utf-8")
    assert cli("audit", "export", tmp_path / "file").fault["next"]
    assert cli("audit", "export", tmp_path / "file" / "below").fault["next"]


def test_a_taken_port_is_told_before_anything_is_built(cli, tmp_path):
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ran = cli("demo", "--port", port, at=tmp_path / "new")
        assert ran.fault["code"] == "cli.port-taken"
        assert not (tmp_path / "new").exists()
    assert cli("serve", "--host", "no.such.host.invalid").code == 2


@pytest.mark.slow
def test_no_line_of_words_ever_ends_in_a_traceback(cli):
    """Three hundred lines drawn from the words of the command line and from rubbish."""
    words = [
        "case", "start", "act", "query", "worklist", "walk", "check", "template", "list", "show",
        "catalog", "search", "stats", "grant", "approve", "refuse", "revoke", "audit", "trace",
        "crypto", "selftest", "--as", "--json", "--lang", "en", "--task", "--case", "--answers",
        "--action", "--reason", "--field", "--to", "--county", "--limit", "--party", "--grade",
        MATTER, ANSWERS, "chen-jing", "officer-police", "steward-police", "HF20260101-000000",
        "police.household", "", " ", "-", "--", "-1", "0", "九", "\u202e", "../..", "/dev/null",
        "a" * 5000, "'; DROP TABLE x; --", "%s%n", "{}", "{0}", "\t", "--=", "-h", "--help", "💥",
    ]  # fmt: skip
    long_running = {"serve", "demo", "work"}
    draw = random.Random(20_261_123)  # noqa: S311 - the same lines every time
    for _ in range(300):
        line = draw.choices(words, k=draw.randint(1, 6))
        assert not long_running & set(line)
        ran = cli(*line)
        assert ran.code in (0, 1, 2), line
        assert "Traceback" not in ran.err, line
        if ran.code == 1 and "{" in ran.err:
            assert ran.fault["next"], line
