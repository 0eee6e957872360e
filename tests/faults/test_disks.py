"""Disks fill up, fail, and tear what was being written: it is named, and matters come to an end."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from afterlife import CERTIFIED, HANDLED
from disks import Disk, NoDisk, disk, tear
from matter_checks import PEOPLE, journals_hold, look_at, whole_matter
from persistent import Person, hand_in, handle_all
from town import Town

pytestmark = [pytest.mark.slow, pytest.mark.processes]

_CODE = re.compile(r"<code>([a-z][a-z-]*\.[a-z-]+)</code>")
_SIZE_MIB = 400


@pytest.fixture(scope="module")
def own_disk(tmp_path_factory) -> Iterator[Disk]:
    try:
        with disk(tmp_path_factory.mktemp("disk"), _SIZE_MIB) as found:
            yield found
    except NoDisk:
        pytest.skip("mounting a disk needs root and a loop device")


@pytest.fixture
def homes(own_disk: Disk, demo_city: Path) -> Path:
    """A city on a disk of its own."""
    home = own_disk.at / "city"
    if not home.exists():
        shutil.copytree(demo_city, home)
        os.sync()  # a copy, unlike a store, is on the disk only then
    return home


@pytest.fixture
def begin(homes: Path, port: int) -> Iterator:
    """Return a function that starts the city's programs; the last ones are ended."""
    begun: list[Town] = []

    def start() -> Town:
        begun.append(Town(homes, port))
        begun[-1].start()
        return begun[-1]

    yield start
    begun[-1].end()


def codes(people: dict[str, Person]) -> set[str]:
    return {code for p in people.values() for page in p.failures for code in _CODE.findall(page)}


def people_of(town: Town) -> dict[str, Person]:
    return {account: Person(town.address, account) for account in PEOPLE}


def test_a_full_disk_is_named_at_every_step_and_nothing_is_lost(own_disk, begin):
    town = begin()
    people = people_of(town)

    def harm():
        own_disk.fill()

        def mend() -> bool:
            own_disk.free()
            return True

        return mend

    case_no, struck = whole_matter(town, harm, people)
    assert struck == 5
    assert codes(people) == {"store.full"}
    look_at(town, case_no)
    journals_hold(town)


def test_a_disk_that_fails_is_named_and_the_city_goes_on_once_it_is_repaired(own_disk, begin):
    town = begin()
    people = people_of(town)
    case_no = hand_in(people["chen-jing"])
    own_disk.fail()
    officer = people["officer-civil-affairs"]
    with pytest.raises(AssertionError):
        handle_all(people, case_no, steps=CERTIFIED[:1], limit_s=3)
    assert codes({"": officer}) <= {"store.read-only", "store.disk-failing"}
    assert codes({"": officer})
    town.end()
    own_disk.repair()
    town = begin()
    handle_all(people, case_no)
    look_at(town, case_no)
    journals_hold(town)


def test_what_was_torn_by_a_power_cut_is_passed_over_and_what_was_told_is_there(homes, begin):
    town = begin()
    people = people_of(town)
    case_no = hand_in(people["chen-jing"])
    handle_all(people, case_no, steps=CERTIFIED)
    town.power_cut()
    torn = {database.name: tear(database) for database in homes.rglob("*.db")}
    assert torn["case.db"]
    assert torn["hub.db"]
    town = begin()
    handle_all(people, case_no, steps=HANDLED[len(CERTIFIED) :])
    look_at(town, case_no)
    journals_hold(town)
