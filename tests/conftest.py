"""A demo city, built once per process and copied for each test; a clock that moves when told."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from browsing import ARGUMENTS, CHROMIUM
from hypothesis import settings

# A busy machine is no failure; where nobody watches, the same examples every time.
settings.register_profile("house", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("house")

_SLOW = (
    "api/",
    "audit/test_verification",
    "city/",
    "documents/test_checking",
    "documents/test_issuing",
    "documents/test_lists",
    "documents/test_paging",
    "documents/test_word",
    "cli/",
    "connectors/test_conformance",
    "connectors/test_meaning",
    "expr/test_engines",
    "imports/test_command",
    "imports/test_foreign",
    "imports/test_fuzz",
    "imports/test_public",
    "expr/test_laws",
    "expr/test_pushed_laws",
    "fuzz/",
    "matters/",
    "process/test_laws",
    "scenario/test_fuzz",
    "store/test_migration",
    "uploads/test_pages",
    "web/test_access",
    "web/test_account",
    "web/test_fuzz",
    "web/test_governance",
    "web/test_hostile",
    "web/test_matter",
    "web/test_notices",
    "web/test_rights",
    "work/test_deadlines",
    "work/test_deployments",
    "work/test_mail",
    "work/test_once",
    "work/test_outbox",
    "work/test_pages",
    "work/test_silence",
)
"""Whole matters, whole cities and laws over many examples: run by make test, not by test-fast."""

_ON_BOTH = frozenset({
    "test_a_case_holds_so_much_and_no_more",
    "test_a_city_opened_in_two_processes_moves_a_case_once",
    "test_a_desk_shares_its_post_and_nobody_else_reads_it",
    "test_a_draft_nobody_came_back_to_is_forgotten_and_its_number_leads_nowhere",
    "test_a_file_is_removed_and_its_bytes_with_it",
    "test_a_file_that_was_left_open_is_supplied_later",
    "test_a_key_belongs_to_one_request_of_one_account_for_a_day",
    "test_a_list_read_page_by_page_holds_everything_once_though_something_is_added",
    "test_a_notice_is_unread_until_it_is_marked",
    "test_a_page_saved_in_another_window_is_not_overwritten",
    "test_a_return_voids_a_certificate_and_the_next_one_has_a_new_number",
    "test_a_session_ends_when_nothing_is_done_for_a_while",
    "test_an_expired_draft_takes_its_files_along",
    "test_an_officer_sees_the_files_hands_one_in_and_the_applicant_reads_it",
    "test_correcting_a_mistyped_id_number_moves_the_draft_and_keeps_the_trail",
    "test_handing_in_from_a_window_that_is_out_of_date_is_refused",
    "test_handing_in_twice_gives_the_same_receipt",
    "test_killed_between_file_and_row_leaves_no_row_without_its_file",
    "test_parallel_guesses_are_counted_before_they_are_made",
    "test_six_departments_finish_and_the_citizen_sees_every_use",
    "test_the_case_store_refuses_an_event_without_its_case",
    "test_the_home_node_offers_the_case_store_with_its_row_counts",
    "test_the_same_request_is_done_once_even_after_a_restart",
    "test_the_same_request_sent_from_two_threads_at_once_is_done_once",
    "test_the_second_officer_is_told_that_somebody_acted",
    "test_two_drafts_with_the_same_file_do_not_lose_it_when_one_is_thrown_away",
    "test_two_officers_do_not_act_on_the_same_task_twice",
    "test_what_an_officer_left_without_deciding_is_swept_a_day_later",
    "test_what_is_being_done_is_not_begun_again_and_what_was_cut_off_is_told",
    "test_what_the_node_reads_of_the_case_store_is_what_the_store_holds",
    "test_where_the_journal_cannot_be_written_an_officers_action_does_not_happen",
    "test_where_the_journal_cannot_be_written_nothing_is_written",
})  # fmt: skip
"""Tests that are run on PostgreSQL as well; every one of them asks for `home`."""

_SHANGHAI = ZoneInfo("Asia/Shanghai")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what belongs to a slow part."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            name = item.path.relative_to(here).as_posix()
            if name.startswith(_SLOW):
                item.add_marker(pytest.mark.slow)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run on PostgreSQL as well what should hold wherever a city is kept."""
    if metafunc.function.__name__ in _ON_BOTH:
        postgresql = pytest.param("postgresql", marks=[pytest.mark.postgres, pytest.mark.slow])
        metafunc.parametrize("kept_in", ["sqlite", postgresql])


@dataclass(slots=True)
class Clock:
    """A clock that moves when told."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture(scope="session")
def demo_city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo city as it was built; nobody writes into it."""
    from builder.app import build_demo

    home = tmp_path_factory.mktemp("demo") / "city"
    build_demo(home, scale=1, say=lambda _zh, _en: None)
    return home


@pytest.fixture(scope="session")
def copy_city() -> Callable[[Path, Path], Path]:
    """Return a function that copies a city that nobody has open; departments' data are shared.

    Nothing in Scenarist writes a department's database, so a second name for the file will do.
    """

    def place(source: str, target: str) -> object:
        if Path(source).name == "source.db":
            return os.link(source, target)
        return shutil.copy2(source, target)

    return lambda city, target: Path(shutil.copytree(city, target, copy_function=place))


@pytest.fixture(scope="session")
def chromium() -> Iterator[object]:
    """One browser for all: a second driver cannot be started while one runs."""
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as player:
        browser = player.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def postgres_city(postgres_server, tmp_path_factory: pytest.TempPathFactory) -> object:
    """The demo city with hub and cases in PostgreSQL; see `postgres_city.PostgresCity`."""
    from postgres_city import PostgresCity

    return PostgresCity(postgres_server, tmp_path_factory.mktemp("demo") / "city")


@pytest.fixture
def kept_in() -> str:
    """Where hub and cases of `home` are: ``sqlite`` or ``postgresql``; see `_ON_BOTH`."""
    return "sqlite"


@pytest.fixture
def home(
    kept_in: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    copy_city: Callable[[Path, Path], Path],
) -> Iterator[Path]:
    """A city of one's own."""
    if kept_in == "sqlite":
        yield copy_city(request.getfixturevalue("demo_city"), tmp_path / "city")
        return
    city = request.getfixturevalue("postgres_city")
    copy = city.copy(tmp_path / "city", copy_city)
    yield copy
    city.drop(copy)


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime.now(_SHANGHAI))


@pytest.fixture
def platform(home: Path, clock: Clock) -> Iterator[object]:
    """The city opened, on its clock."""
    from builder.app import open_platform

    found = open_platform(home, clock=clock)
    yield found
    found.close()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[object]:
    """A PostgreSQL server on loopback; see `postgres_server.PostgresServer`."""
    from postgres_server import PostgresServer, programs

    if programs() is None:
        pytest.skip("no PostgreSQL server is installed")
    server = PostgresServer()
    yield server
    server.remove()


@pytest.fixture
def who(platform) -> Callable[[str], object]:
    """Return a function: account → that person, signed in."""
    return platform.accounts.named
