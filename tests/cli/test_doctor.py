"""`doctor` names what is wrong with a machine or a city, and how to mend it."""

import socket
from datetime import datetime, timedelta

import pytest

from builder.cli.doctor import examine
from builder.cli.preflight import machine, ports
from federation.link.certificates import certify, create_authority

WEEKS = timedelta(weeks=1)


def found(checks, word):
    return next(c for c in checks if word in c.what.en)


def test_a_city_in_order_passes_every_check(home):
    checks = examine(home)
    assert [c.what.en for c in checks if not c.ok] == []
    assert {"Python", "Disk writing", "Database hub", "Case issuer"} <= {c.what.en for c in checks}


def test_a_machine_is_looked_at_before_there_is_a_city(tmp_path):
    checks = examine(tmp_path / "nothing")
    assert not found(checks, "City").ok
    assert "scenarist demo" in found(checks, "City").fix.en
    assert {c.what.en for c in machine(tmp_path)} < {c.what.en for c in checks}


def test_a_taken_port_is_told_from_a_free_one_and_from_our_own():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        [other] = ports({"node:police": ("127.0.0.1", port)}, [])
        [own] = ports({"node:police": ("127.0.0.1", port)}, [port])
    [free] = ports({"node:police": ("127.0.0.1", port)}, [])
    assert (other.ok, own.ok, free.ok) == (False, True, True)
    assert str(port) in other.fix.zh


def test_damaged_pages_are_named_with_the_store(home):
    store = next(home.glob("deployments/**/case.db"))
    content = bytearray(store.read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 4096] = b"\xff" * 4096
    store.write_bytes(content)
    checks = examine(home)
    bad = [c for c in checks if not c.ok]
    assert bad
    assert all("restore" in c.fix.en for c in bad)


def test_a_certificate_that_ends_soon_is_named_with_the_day(home):
    create_authority(home / "ca", name="city", now=datetime.now().astimezone())
    year_ago = datetime.now().astimezone() - 51 * WEEKS
    create_authority(home / "old-ca", name="city", now=year_ago)
    certify(home, home / "old-ca", identity="scenarist://hub/hub", hosts=[], now=year_ago)
    checks = examine(home)
    assert found(checks, "Certificate CA").ok
    hub = found(checks, "Certificate hub")
    assert not hub.ok
    assert "renew" in hub.fix.en


def test_a_clock_that_went_back_is_noticed_by_the_journals(home, who, platform, clock):
    from builder.cases import commands

    clock.move(days=2)
    commands.open_draft(platform, who("chen-jing"), "340100/s23-afterlife")
    bad = found(examine(home), "Clock and journals")
    assert not bad.ok
    assert "NTP" in bad.fix.zh


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_to_do_stands_below_what_failed(cli, home, lang):
    next(home.glob("deployments/**/case.db")).write_bytes(b"")
    said = cli("doctor", "--lang", lang)
    assert said.code == 1
    assert "  → " in said.out
