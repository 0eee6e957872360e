"""A city that comes back from a backup is the city that was saved."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest
from archives import PASSPHRASE, room_for, rows_of
from sqlalchemy import Connection

from builder.app import open_platform, opened, rehearsal
from builder.app.backup import _snapshots, back_up, check_backup, restore_city
from builder.cases import commands, governance, walks
from builder.cases.walks import WalkClock
from builder.store.settings import read_settings
from federation.backup import Snapshot
from federation.backup.errors import (
    BackupDiskFull,
    BackupOfAnother,
    JournalNotAsSaved,
    RestoreTaken,
    RestoreUnwritable,
)
from federation.errors import Fault
from federation.store.errors import StoreFull

pytestmark = pytest.mark.slow

MATTER = "s23-afterlife"


def silent(_zh, _en):
    pass


def save(home, target, **how):
    return back_up(home, target, say=silent, **how)


def bring_back(source, home, **how):
    return restore_city(source, home, say=silent, **how)


@pytest.fixture(scope="module")
def lived(demo_city, tmp_path_factory, copy_city):
    """A city in which two matters were handled to their end and one waits."""
    home = copy_city(demo_city, tmp_path_factory.mktemp("lived") / "city")
    clock = WalkClock(open_clock())
    platform = open_platform(home, clock=clock)
    for name in ("happy", "return-and-correction", "no-kin"):
        (walk,) = walks.read_walks(MATTER, name)
        assert walks.run(platform, clock, platform.deployments.get(MATTER).id, walk).fault is None
    who = platform.accounts.named("chen-jing")
    commands.open_draft(platform, who, platform.deployments.get(MATTER).id)
    for journal in platform.journals.values():
        journal.checkpoint(clock())
    platform.close()
    return home


def open_clock():
    from builder.app.places import now_in_shanghai

    return now_in_shanghai()


@pytest.fixture(scope="module")
def saved(lived, tmp_path_factory):
    """A backup of it, with the departments' data, and what it says of itself."""
    file = tmp_path_factory.mktemp("saved") / "city.tar.zst"
    return file, save(lived, file, with_sources=True)


@pytest.fixture
def back(saved, tmp_path):
    """The city that came back."""
    file, said = saved
    bring_back(file, tmp_path / "back", expected=said.written.digest)
    return tmp_path / "back"


def test_every_row_of_every_store_comes_back(lived, back):
    assert rows_of(back) == rows_of(lived)


def test_the_journals_of_a_restored_city_verify_and_say_that_it_was_restored(back, saved):
    _, said = saved
    with opened(back) as platform:
        states = list(governance.verify_all(platform))
        newest = platform.journal.search(limit=1)[0]
    assert all(s.intact for s in states)
    assert len(states) == len(said.written.manifest.stores)
    assert newest.kind == "restored"
    assert newest.facts["manifest"] == said.written.digest


def test_the_walks_pass_on_a_restored_city(back):
    with rehearsal(back) as (platform, clock):
        for walk in walks.read_walks(MATTER):
            outcome = walks.run(platform, clock, platform.deployments.get(MATTER).id, walk)
            assert outcome.fault is None, outcome.fault.message("en")


def test_every_file_of_a_city_is_saved_or_known_to_stay(lived, saved):
    _, said = saved
    kept = {f.path for f in said.written.manifest.files}
    stores = {"hub.db", "issuer.db", "node.db", "case.db"}
    missed = [
        path
        for p in lived.rglob("*")
        if p.is_file()
        and (path := p.relative_to(lived).as_posix()) not in kept
        and p.name.removesuffix("-wal").removesuffix("-shm") not in stores
    ]
    assert missed == []


def test_keys_come_back_readable_to_their_user_only(back):
    keys = [*back.rglob("*.pem"), *back.rglob("*.secret")]
    assert keys
    assert {p.stat().st_mode & 0o777 for p in keys} == {0o600}
    assert back.stat().st_mode & 0o777 == 0o700


def test_what_a_backup_holds_is_written_into_the_hubs_journal(lived, saved):
    _, said = saved
    assert said.unnoted is None
    with opened(lived) as platform:
        taken = platform.journal.search(kind="backup-taken")
    assert said.written.digest in {entry.facts["manifest"] for entry in taken}


def test_sign_ins_are_not_saved(lived, tmp_path, copy_city):
    home = copy_city(lived, tmp_path / "city")
    with opened(home) as platform:
        token = platform.sessions.begin(platform.accounts.named("chen-jing"))
        assert platform.sessions.find(token) is not None
    save(home, tmp_path / "a.tar")
    bring_back(tmp_path / "a.tar", tmp_path / "back")
    with opened(tmp_path / "back") as platform:
        assert platform.sessions.find(token) is None


def test_departments_data_stay_at_the_departments_unless_asked(lived, tmp_path):
    said = save(lived, tmp_path / "a.tar")
    manifest = said.written.manifest
    assert not any(f.path.endswith("source.db") for f in manifest.files)
    assert "nodes/police/main" in manifest.left_out


def test_a_backup_without_keys_can_be_verified_but_not_run(lived, tmp_path):
    said = save(lived, tmp_path / "a.tar", with_keys=False)
    assert not any(f.path.endswith((".pem", ".secret")) for f in said.written.manifest.files)
    restored = bring_back(tmp_path / "a.tar", tmp_path / "back")
    assert restored.entries["hub"] > 0
    with pytest.raises(Fault) as found, opened(tmp_path / "back"):
        pass
    assert found.value.code == "crypto.key-missing"
    for path in said.written.manifest.left_out:
        if path.endswith((".pem", ".secret")):  # from the safe
            (tmp_path / "back" / path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            shutil.copy2(lived / path, tmp_path / "back" / path)
    with opened(tmp_path / "back") as platform:
        assert platform.deployments.all()


def test_an_encrypted_city_comes_back(lived, tmp_path):
    save(lived, tmp_path / "a.tar.zst", passphrase=PASSPHRASE)
    bring_back(tmp_path / "a.tar.zst", tmp_path / "back", passphrase=PASSPHRASE)
    assert rows_of(tmp_path / "back") == rows_of(lived)


def test_nothing_is_restored_over_anything(saved, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (home / "precious").write_text("x")
    with pytest.raises(RestoreTaken):
        bring_back(saved[0], home)
    assert [p.name for p in home.iterdir()] == ["precious"]
    assert [p.name for p in tmp_path.iterdir()] == ["home"]
    empty = tmp_path / "empty"
    empty.mkdir()
    bring_back(saved[0], empty)
    assert (empty / "hub.db").exists()


def test_checking_a_backup_writes_nothing(saved, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = check_backup(saved[0], expected=saved[1].written.digest)
    assert found.manifest.of == "city"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("size", [1000, 60_000, 200_000])
def test_a_full_disk_while_restoring_leaves_nothing(saved, tmp_path, size):
    with room_for(size), pytest.raises((RestoreUnwritable, StoreFull, Fault)):
        bring_back(saved[0], tmp_path / "back")
    assert list(tmp_path.iterdir()) == []


def test_a_disk_without_room_is_named_and_left_as_it_was(lived, saved, small_disk):
    with pytest.raises(BackupDiskFull):
        save(lived, small_disk / "a.tar")
    with pytest.raises((RestoreUnwritable, StoreFull)):
        bring_back(saved[0], small_disk / "back")
    assert list(small_disk.iterdir()) == []


def test_a_node_is_no_city(lived, tmp_path):
    from federation.node.backup import back_up_node, restore_node

    node = lived / "nodes" / "police"
    back_up_node(node, tmp_path / "n.tar", program="1.0", clock=open_clock)
    with pytest.raises(BackupOfAnother):
        bring_back(tmp_path / "n.tar", tmp_path / "back")
    save(lived, tmp_path / "c.tar")
    with pytest.raises(BackupOfAnother):
        restore_node(tmp_path / "c.tar", tmp_path / "back", clock=open_clock)


def test_one_node_comes_back_by_itself(lived, tmp_path):
    from federation.node.backup import back_up_node, restore_node

    node = lived / "nodes" / "police"
    written = back_up_node(
        node, tmp_path / "n.tar", program="1.0", clock=open_clock, with_sources=True
    )
    restored = restore_node(
        tmp_path / "n.tar", tmp_path / "police", clock=open_clock, expected=written.digest
    )
    assert restored.entries["node:police"] > 3
    assert rows_of(tmp_path / "police") == rows_of(node)


def test_a_journal_that_was_broken_before_is_saved_but_not_restored_unasked(
    lived, tmp_path, copy_city
):
    home = copy_city(lived, tmp_path / "city")
    with closing(sqlite3.connect(home / "hub.db")) as store, store:
        store.execute("UPDATE audit_entry SET actor = 'nobody' WHERE seq = 3")
    said = save(home, tmp_path / "a.tar")
    assert said.broken == ("hub",)
    with pytest.raises(JournalNotAsSaved):
        bring_back(tmp_path / "a.tar", tmp_path / "back")
    assert not (tmp_path / "back").exists()
    bring_back(tmp_path / "a.tar", tmp_path / "back", keep_broken=True)
    assert rows_of(tmp_path / "back") == rows_of(home)


@contextmanager
def in_use(home: Path) -> Iterator[list[str]]:
    """Hand in and withdraw without a pause, three at a time; give the numbers handed in."""
    platform = open_platform(home)
    deployment = platform.deployments.get(MATTER).id
    answers = {}
    for step in walks.read_walks(MATTER, "happy")[0].steps:
        if step["as"] == "chen-jing" and "page_errors" not in step.get("expect", {}):
            answers |= step.get("answers", {})
    stop, begun, troubles, handed_in = threading.Event(), threading.Barrier(4), [], []

    def use() -> None:
        begun.wait()
        who = platform.accounts.named("chen-jing")
        while not stop.is_set():
            try:
                receipt = commands.apply_from_answers(platform, who, deployment, answers)
                handed_in.append(receipt.case_no)
                commands.withdraw(platform, who, receipt.case_no)
            except Fault as fault:
                troubles.append(fault.code)
                return

    threads = [threading.Thread(target=use) for _ in range(3)]
    for thread in threads:
        thread.start()
    begun.wait()
    try:
        yield handed_in
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        platform.close()
    assert set(troubles) <= {"trust.rate"}, troubles


def test_a_city_that_is_used_meanwhile_comes_back_whole(lived, tmp_path, copy_city):
    home = copy_city(lived, tmp_path / "city")
    files = [tmp_path / f"{n}.tar" for n in range(3)]
    with in_use(home) as handed_in:
        for file in files:
            assert save(home, file).broken == ()
    assert handed_in
    for number, file in enumerate(files):
        back = tmp_path / f"back{number}"
        bring_back(file, back)
        assert _dangling(back) == []


def test_the_snapshots_of_a_city_in_use_are_one_moment(lived, tmp_path, copy_city):
    """Backups are rare and use is not: many moments are looked at without writing them out."""
    home = copy_city(lived, tmp_path / "city")
    settings = read_settings(home)
    seen = set()
    with in_use(home):
        for number in range(30):
            with ExitStack() as stack:
                moment = {s.part.name: s for s in _snapshots(stack, settings, "")}
                case = next(s for n, s in moment.items() if n.startswith("case/"))
                seen.add(case.entries)
                assert (number, _loose_ends(case.conn, moment)) == (number, [])
    assert len(seen) > 3


def _loose_ends(case: Connection, moment: dict[str, Snapshot]) -> list[str]:
    """Return what a case store refers to that hub, issuer or nodes do not hold."""

    def column(conn: Connection, query: str) -> set[object]:
        return set(conn.exec_driver_sql(query).scalars())

    known = column(moment["hub"].conn, "SELECT case_no FROM case_ref")
    running = column(
        moment["issuer"].conn, "SELECT case_no FROM issuer_case WHERE closed_at IS NULL"
    )
    alive = column(case, "SELECT case_no FROM draft")
    alive |= column(case, 'SELECT case_no FROM "case" WHERE ended_at IS NULL')
    found = [f"{n} unknown to the hub" for n in alive - known]
    found += [f"{n} not running at the issuer" for n in alive - running]
    for party, entry in case.exec_driver_sql("SELECT DISTINCT node, entry FROM use"):
        if moment[f"node/{party}"].entries < int(entry.rpartition("#")[2]):
            found.append(f"{entry} unknown to its node")
    return found


def _dangling(home: Path) -> list[str]:
    with ExitStack() as stack:
        moment = {s.part.name: s for s in _snapshots(stack, read_settings(home), "")}
        cases = [s for n, s in moment.items() if n.startswith("case/")]
        return [end for case in cases for end in _loose_ends(case.conn, moment)]


@pytest.mark.processes
def test_a_command_that_is_killed_leaves_nothing_half_written(saved, lived, tmp_path, copy_city):
    home = copy_city(lived, tmp_path / "city")
    program = [sys.executable, "-c", "from builder.cli import main; main()"]
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}

    def killed_at_line(number: int, *arguments: object) -> int:
        child = subprocess.Popen(
            [*program, *map(str, arguments)], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
            env=env, text=True,
        )  # fmt: skip
        assert child.stderr is not None
        for _ in range(number):
            if not child.stderr.readline():
                break
        child.kill()
        child.stderr.close()
        return child.wait()

    for number in (1, 2, 4, 12, 30):
        target = tmp_path / f"{number}.tar"
        killed_at_line(number, "--home", home, "backup", target)
        if target.exists():  # it was whole before the signal came
            check_backup(target)
        back = tmp_path / f"back{number}"
        killed_at_line(min(number, 3), "restore", saved[0], "--home", back)
        if back.exists():
            with opened(back) as platform:
                assert all(s.intact for s in governance.verify_all(platform))
        else:
            bring_back(saved[0], back)
            assert rows_of(back) == rows_of(lived)
        assert not (tmp_path / f"back{number}.restoring").exists()
    with opened(home) as platform:
        assert all(s.intact for s in governance.verify_all(platform))


def test_the_manifest_says_what_an_operator_needs(saved):
    manifest = saved[1].written.manifest
    hub = manifest.store("hub")
    assert hub is not None
    assert hub.journal is not None
    assert hub.journal.entries > 0
    assert len(hub.journal.head) == 64
    assert hub.revision >= "0001"
    assert {t.name for t in hub.tables} >= {"account", "case_ref", "deployment", "grant"}
    assert manifest.stores[0].name.startswith("case/")  # cases before what they lead to
    assert all(len(m.sm3) == len(m.sha256) == 64 for m in manifest.members)
