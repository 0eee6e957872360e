"""Accounts on the command line: added, changed, closed, and what is refused."""

from __future__ import annotations

import io

import pytest

from builder.app import opened
from builder.errors import Fault


def _sign_in(home, account: str, password: str):
    with opened(home) as platform:
        return platform.accounts.sign_in(account, password).account


def test_an_account_is_added_with_a_password_shown_once_that_must_be_changed(cli, home):
    line = ("account", "add", "wang-li", "--name", "王丽", "--party", "police", "--role", "officer")
    added = cli(*line, "--json")
    assert added.code == 0, added.err
    found = _sign_in(home, "wang-li", added.json["password"])
    assert (found.party, found.roles, found.must_change) == ("police", ("officer",), True)
    assert cli(*line).fault["code"] == "identity.taken"
    listed = cli("account", "list", "--party", "police", "--json").json
    assert {a["account"] for a in listed} == {"officer-police", "steward-police", "wang-li"}
    assert added.json["password"] not in cli("account", "list", "--json").out


def test_a_password_may_come_from_standard_input_and_is_then_not_printed(cli, home, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("heron-under-the-moon\n"))
    ran = cli("account", "password", "sun-lei", "--password-stdin")
    assert ran.code == 0, ran.err
    assert "heron" not in ran.out
    assert _sign_in(home, "sun-lei", "heron-under-the-moon").must_change
    monkeypatch.setattr("sys.stdin", io.StringIO("1234567890\n"))
    fault = cli("account", "password", "sun-lei", "--password-stdin").fault
    assert fault["code"] == "identity.password-common"


def test_closing_ends_every_sign_in_and_reopening_lets_back_in(cli, home):
    with opened(home) as platform:
        token = platform.sessions.begin(platform.accounts.named("sun-lei"))
    assert cli("account", "close", "sun-lei").code == 0
    with opened(home) as platform:
        assert platform.sessions.find(token) is None
    with pytest.raises(Fault):
        _sign_in(home, "sun-lei", "hefei-2026")
    assert [a["account"] for a in cli("account", "list", "--closed", "--json").json] == ["sun-lei"]
    assert cli("account", "reopen", "sun-lei").code == 0
    assert _sign_in(home, "sun-lei", "hefei-2026")


def test_changed_roles_hold_from_the_next_sign_in_on(cli, home):
    with opened(home) as platform:
        token = platform.sessions.begin(platform.accounts.named("designer"))
    ran = cli(
        "account", "roles", "designer", "--role", "designer", "--role", "county-admin",
        "--county", "肥西县", "--email", "lin@example.gov.cn", "--json",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    with opened(home) as platform:
        assert platform.sessions.find(token) is None
        found = platform.accounts.load("designer")
        assert found.roles == ("designer", "county-admin")
        assert (found.county, found.email) == ("340123", "lin@example.gov.cn")
        kinds = [e.kind for e in platform.journal.search(limit=5)]
        assert "account-changed" in kinds


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (("add", "Wang Li", "--name", "王丽", "--role", "citizen"), "cli.account-name"),
        (("add", "--name", "王丽", "--role", "citizen", "--", "-x"), "cli.account-name"),
        (("add", "wang-li", "--name", "王丽", "--role", "king"), "cli.role-unknown"),
        (("add", "wang-li", "--name", "王丽", "--role", "officer"), "cli.party-needed"),
        (("add", "wang-li", "--name", "王丽", "--role", "officer", "--party", "polize"),
         "cli.party-unknown"),
        (("add", "wang-li", "--name", "王丽", "--role", "county-admin", "--party", "feixi"),
         "cli.county-needed"),
        (("add", "wang-li", "--name", "王丽", "--role", "citizen", "--email", "x@y\nBcc: z@z.cn"),
         "cli.email"),
        (("roles", "nobody", "--role", "citizen"), "identity.unknown"),
        (("password", "nobody"), "identity.unknown"),
        (("close", "nobody"), "identity.unknown"),
        (("reopen", "nobody"), "identity.unknown"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_its_way_out(cli, line, code):
    assert cli("account", *line).fault["code"] == code


def test_accounts_are_listed_in_both_languages(cli):
    zh, en = cli("account", "list"), cli("--lang", "en", "account", "list")
    assert "县区" not in zh.out
    assert "肥西县" in zh.out
    assert "Feixi" in en.out


def test_undelivered_notices_are_listed_and_sent_again_on_the_command_line(cli, home):
    from datetime import UTC, datetime

    from sqlalchemy import insert

    from builder.store import cases as tables
    from federation.store import write

    with opened(home) as platform:
        (deployment,) = platform.deployments.all()
        at = datetime.now(UTC)
        with write(deployment.engine) as conn:
            for n in range(2):
                conn.execute(
                    insert(tables.outbox).values(
                        id=f"{n}" * 64, case_no="HF1", channel="smtp", address="chen-jing",
                        payload={}, state="dead", attempts=1, made_at=at, next_at=at, done_at=at,
                        fault="notices.refused",
                    )
                )  # fmt: skip
    assert len(cli("notices", "list", "--json").json) == 2
    assert "已搁置" in cli("notices", "list").out
    checks = cli("doctor", "--json").json["checks"]
    (told,) = [c for c in checks if c["what"]["zh"] == "对外通知"]
    assert not told["ok"]
    assert "cases.notices-undelivered" in told["found"]["zh"]
    assert cli("notices", "again").code == 2
    assert cli("notices", "again", "0000", "--json").json == {"again": 1}
    assert cli("notices", "again", "--all", "--json").json == {"again": 1}
    assert cli("notices", "list").out.strip() == "没有积压的通知"
