"""Signing in: who gets in, who does not, and what is remembered of it."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from builder.app import demo_password
from builder.identity import Account, AccountLocked, AccountUnknown, SignInRefused
from builder.identity.accounts import account_table
from builder.identity.sessions import session_table
from federation.store import read, write
from federation.trust import open_ticket

PASSWORD = demo_password()


@pytest.fixture
def accounts(platform):
    return platform.accounts


def _tickets(platform, sign_in):
    from federation.crypto import KeyStore, key_id

    key = KeyStore(platform.settings.home / "keys").signer("identity", create=False).public_key
    return open_ticket(sign_in.ticket, {"identity": key}, platform.clock()), key_id(key)


def test_the_right_password_gives_the_account_and_a_sealed_ticket(platform, accounts):
    found = accounts.sign_in("chen-jing", PASSWORD)
    assert found.account.roles == ("citizen",)
    assert found.account.principal.person_key == "340100198503129026"
    ticket, _ = _tickets(platform, found)
    assert ticket.account == "chen-jing"


@pytest.mark.parametrize(
    ("account", "password"),
    [
        ("chen-jing", "wrong"),
        ("chen-jing", ""),
        ("chen-jing", PASSWORD.upper()),
        ("nobody", PASSWORD),
        ("", ""),
        ("CHEN-JING", PASSWORD),
        ("' OR 1=1 --", PASSWORD),
        ("chen-jing", "x" * 100_000),
        ("\x00", "\x00"),
    ],
)
def test_a_wrong_account_and_a_wrong_password_read_the_same(accounts, account, password):
    with pytest.raises(SignInRefused) as told:
        accounts.sign_in(account, password[:1000])
    assert told.value.facts == {}
    assert told.value.http == 401


def test_five_wrong_passwords_pause_the_account_and_time_lifts_it(accounts, clock):
    for _ in range(5):
        with pytest.raises(SignInRefused):
            accounts.sign_in("sun-lei", "wrong")
    with pytest.raises(AccountLocked) as told:
        accounts.sign_in("sun-lei", PASSWORD)
    assert 0 < told.value.facts["minutes"] <= 10
    assert accounts.sign_in("chen-jing", PASSWORD), "nobody else is paused"
    clock.move(minutes=11)
    assert accounts.sign_in("sun-lei", PASSWORD)


def test_a_good_password_forgets_the_wrong_ones_before_it(accounts):
    for _ in range(3):
        for _ in range(4):
            with pytest.raises(SignInRefused):
                accounts.sign_in("zhou-ming", "wrong")
        assert accounts.sign_in("zhou-ming", PASSWORD)


def test_an_account_that_was_closed_lets_nobody_in(platform, accounts):
    token = platform.sessions.begin(accounts.sign_in("sun-lei", PASSWORD))
    with write(platform.hub_engine) as conn:
        conn.execute(
            update(account_table).where(account_table.c.account == "sun-lei").values(active=False)
        )
    with pytest.raises(SignInRefused):
        accounts.sign_in("sun-lei", PASSWORD)
    assert platform.sessions.find(token) is None
    with pytest.raises(AccountUnknown):
        accounts.named("sun-lei")


def test_a_session_ends_by_time_and_by_signing_out(platform, accounts, clock):
    sessions = platform.sessions
    one = sessions.begin(accounts.sign_in("chen-jing", PASSWORD))
    two = sessions.begin(accounts.sign_in("chen-jing", PASSWORD))
    assert one != two
    assert sessions.find(one).account.account == "chen-jing"
    sessions.end(one)
    assert sessions.find(one) is None
    assert sessions.find(two) is not None
    clock.move(hours=platform.settings.session_hours, minutes=1)
    assert sessions.find(two) is None


def test_the_store_holds_neither_a_password_nor_a_cookies_secret(platform, accounts):
    token = platform.sessions.begin(accounts.sign_in("chen-jing", PASSWORD))
    with read(platform.hub_engine) as conn:
        kept = str(conn.execute(select(account_table)).all())
        kept += str(conn.execute(select(session_table)).all())
    assert PASSWORD not in kept
    assert token not in kept
    assert "$argon2id$" in kept


def test_sessions_that_ended_are_cleared_away_when_the_next_begins(platform, accounts, clock):
    for _ in range(3):
        platform.sessions.begin(accounts.sign_in("chen-jing", PASSWORD))
    clock.move(days=3)
    platform.sessions.begin(accounts.sign_in("chen-jing", PASSWORD))
    with read(platform.hub_engine) as conn:
        assert len(conn.execute(select(session_table)).all()) == 1


@pytest.mark.parametrize("token", ["", "x", "0" * 48, "\x00", "五"])
def test_a_secret_that_was_never_given_out_opens_nothing(platform, token):
    assert platform.sessions.find(token) is None


def test_adding_an_account_twice_leaves_the_first_as_it_is(accounts):
    again = Account("chen-jing", {"zh": "别人", "en": "Other"}, None, ("auditor",), {})
    accounts.add([again], "another password")
    assert accounts.load("chen-jing").roles == ("citizen",)
    assert accounts.sign_in("chen-jing", PASSWORD)


def test_a_ticket_ends_and_opens_no_matter_after_that(platform, accounts, clock):
    from builder.cases import commands
    from builder.errors import Fault

    stale = accounts.sign_in("chen-jing", PASSWORD, ticket_hours=1)
    clock.move(hours=2)
    with pytest.raises(Fault) as told:
        commands.open_draft(platform, stale, "s23-afterlife")
    assert "ticket" in told.value.code or told.value.http in (401, 403)


def test_a_ticket_for_one_person_opens_no_matter_for_another(platform, accounts):
    """The issuer takes the person from the sealed ticket, not from what the hub says."""
    from builder.cases import commands, keeping
    from builder.identity import SignIn

    mixed = SignIn(accounts.load("sun-lei"), accounts.named("chen-jing").ticket)
    number = commands.open_draft(platform, mixed, "s23-afterlife").case_no
    who = {"/application/deceased_name": "陈国强", "/application/deceased_id": "340100195705089073"}
    commands.save_answers(platform, mixed, number, "who", who)
    deployment = platform.deployments.get("s23-afterlife")
    fetched = keeping.load_draft(deployment, number).fetched
    assert fetched["kin_check"]["row"] in (None, {"answer": False, "reference": None}) or (
        fetched["kin_check"]["state"] == "refused"
    )
    assert "death_record" not in fetched
