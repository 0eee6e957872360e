"""Signing in: who gets in, who does not, and what is remembered of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, update

from builder.app import demo_password
from builder.identity import Account, AccountLocked, AccountUnknown, Door, SignInRefused, Tokens
from builder.identity.accounts import account_table
from builder.identity.errors import PasswordNotCurrent, SignInEnded
from builder.identity.sessions import session_table
from builder.identity.tries import try_table
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


def test_guessing_from_elsewhere_does_not_shut_the_desk_out(accounts):
    """Whoever guesses pauses the own place; the officer goes on signing in."""
    account = "officer-police"
    accounts.sign_in(account, PASSWORD, address="10.0.0.8")
    for n in range(4):
        for _ in range(5):
            with pytest.raises(SignInRefused):
                accounts.sign_in(account, "wrong", address=f"203.0.113.{n}")
    with pytest.raises(AccountLocked):
        accounts.sign_in(account, PASSWORD, address="203.0.113.0")
    assert accounts.sign_in(account, PASSWORD, address="10.0.0.8")


def test_a_name_guessed_at_from_very_many_places_is_paused_where_it_was_never_good(accounts, clock):
    accounts.sign_in("sun-lei", PASSWORD, address="10.0.0.8")
    for n in range(50):
        with pytest.raises(SignInRefused):
            accounts.sign_in("sun-lei", "wrong", address=f"203.0.113.{n}")
    with pytest.raises(AccountLocked):
        accounts.sign_in("sun-lei", PASSWORD, address="198.51.100.1")
    assert accounts.sign_in("sun-lei", PASSWORD, address="10.0.0.8")
    assert accounts.sign_in("zhou-ming", PASSWORD, address="198.51.100.1")
    clock.move(hours=1, minutes=1)
    assert accounts.sign_in("sun-lei", PASSWORD, address="198.51.100.1")


def test_a_pause_does_not_tell_whether_there_is_such_an_account(accounts):
    for name in ("sun-lei", "nobody-at-all"):
        for _ in range(5):
            with pytest.raises(SignInRefused):
                accounts.sign_in(name, "wrong", address="203.0.113.9")
        with pytest.raises(AccountLocked):
            accounts.sign_in(name, "wrong", address="203.0.113.9")


def test_what_was_counted_is_forgotten_after_a_day_and_good_places_after_a_season(
    platform, accounts, clock
):
    accounts.sign_in("sun-lei", PASSWORD, address="10.0.0.8")
    with pytest.raises(SignInRefused):
        accounts.sign_in("sun-lei", "wrong", address="203.0.113.9")
    for days, left in ((2, 1), (90, 0)):
        clock.move(days=days)
        accounts.forget_tries()
        with read(platform.hub_engine) as conn:
            assert len(conn.execute(select(try_table)).all()) == left


def test_an_account_that_signs_in_elsewhere_has_no_password_that_matches(accounts):
    accounts.add([Account("elsewhere", {"zh": "甲", "en": "A"}, None, ("citizen",), {})], None)
    for tried in ("", "nobody", PASSWORD):
        with pytest.raises(SignInRefused):
            accounts.sign_in("elsewhere", tried)
    assert accounts.named("elsewhere").account.account == "elsewhere"


def test_a_password_that_somebody_else_set_must_be_changed(accounts):
    accounts.set_password("sun-lei", "kestrel-over-the-lake")
    first = accounts.sign_in("sun-lei", "kestrel-over-the-lake").account
    assert first.must_change
    accounts.change_password("sun-lei", "kestrel-over-the-lake", "heron-under-the-moon")
    assert not accounts.sign_in("sun-lei", "heron-under-the-moon").account.must_change
    with pytest.raises(SignInRefused):
        accounts.sign_in("sun-lei", PASSWORD)


def test_the_present_password_cannot_be_guessed_at_on_the_page_either(accounts):
    for _ in range(5):
        with pytest.raises(PasswordNotCurrent):
            accounts.change_password("sun-lei", "wrong", "heron-under-the-moon")
    with pytest.raises(AccountLocked):
        accounts.change_password("sun-lei", PASSWORD, "heron-under-the-moon")


def test_parallel_guesses_are_counted_before_they_are_made(accounts):
    def guess(_):
        try:
            accounts.sign_in("sun-lei", "wrong", address="203.0.113.9")
        except SignInRefused:
            return "made"
        except AccountLocked:
            return "refused"
        return "in"

    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(guess, range(24)))
    assert done.count("made") == 5


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
    for _ in range(platform.settings.session_hours * 2):
        assert sessions.find(two) is not None
        clock.move(minutes=30)
    assert sessions.find(two) is None, "in use or not, it ends in the evening"


def test_a_session_ends_when_nothing_is_done_for_a_while(platform, accounts, clock):
    sessions = platform.sessions
    idle = platform.settings.session_idle_minutes
    token = sessions.begin(accounts.sign_in("chen-jing", PASSWORD))
    for _ in range(3):
        clock.move(minutes=idle - 1)
        assert sessions.find(token) is not None
    clock.move(minutes=idle)
    assert sessions.find(token) is None
    assert sessions.of("chen-jing") == ()


def test_ones_own_sign_ins_are_seen_and_ended_and_nobody_elses(platform, accounts):
    sessions = platform.sessions
    here = sessions.begin(accounts.named("chen-jing"), Door("Firefox · Linux", "10.0.0.8"))
    away = sessions.begin(accounts.named("chen-jing"), Door("Chrome · Windows", "10.0.0.9"))
    other = sessions.begin(accounts.named("sun-lei"))
    found = {s.door.device: s for s in sessions.of("chen-jing", here)}
    assert set(found) == {"Firefox · Linux", "Chrome · Windows"}
    assert found["Firefox · Linux"].is_this
    (others,) = sessions.of("sun-lei")
    for id_ in (others.id, "", "%", "_" * 16, "0" * 16):
        with pytest.raises(SignInEnded):
            sessions.end_one("chen-jing", id_)
    sessions.end_one("chen-jing", found["Chrome · Windows"].id)
    assert sessions.find(away) is None
    assert sessions.find(here) is not None
    assert sessions.find(other) is not None
    sessions.begin(accounts.named("chen-jing"))
    assert sessions.end_all("chen-jing", but=here) == 1
    assert sessions.find(here) is not None


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


def test_ending_everything_of_an_account_ends_what_its_programs_hold_too(platform, accounts):
    tokens = Tokens(platform.hub_engine, accounts, platform.clock, platform.random_bytes)
    found = accounts.sign_in("chen-jing", PASSWORD)
    program = tokens.issue(found, ("cases",), "", hours=1).token
    other = tokens.issue(accounts.named("sun-lei"), ("cases",), "", hours=1).token
    session = platform.sessions.begin(found)
    platform.sessions.end_all("chen-jing")
    assert platform.sessions.find(session) is None
    assert tokens.find(program) is None
    assert tokens.find(other) is not None


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
