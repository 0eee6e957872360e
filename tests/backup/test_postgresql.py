"""A city moves from SQLite onto PostgreSQL and back, and stays the same city."""

from __future__ import annotations

import psycopg
import pytest
from archives import rows_of

from builder.app import opened, rehearsal
from builder.app.backup import back_up, restore_city
from builder.cases import commands, governance, walks
from builder.cases.commands import SignIn
from federation.store.errors import StoreTaken

pytestmark = [pytest.mark.slow, pytest.mark.postgres]

MATTER = "s23-afterlife"


def silent(_zh, _en):
    pass


@pytest.fixture
def city(demo_city, tmp_path, copy_city):
    """A city in which a matter was handed in."""
    home = copy_city(demo_city, tmp_path / "city")
    with opened(home) as platform:
        assert hand_in(platform)
    return home


@pytest.fixture
def url(postgres_server):
    return postgres_server.url_of(postgres_server.database())


def hand_in(platform):
    answers = {}
    for step in walks.read_walks(MATTER, "happy")[0].steps:
        if step["as"] == "chen-jing" and "page_errors" not in step.get("expect", {}):
            answers |= step.get("answers", {})
    who: SignIn = platform.accounts.named("chen-jing")
    deployment = platform.deployments.get(MATTER).id
    return commands.apply_from_answers(platform, who, deployment, answers).case_no


def cases_at_the_home_node(platform):
    """Return how many cases the department sees that publishes them."""
    offer = platform.hub.offer("civil-affairs")
    return next(d.rows for d in offer.datasets if d.id.endswith("_afterlife_case"))


def tables_in(url):
    with psycopg.connect(url) as conn:
        return conn.execute(
            "SELECT table_schema, table_name FROM information_schema.tables "
            "WHERE table_schema NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()


def test_a_city_goes_onto_postgresql_and_back_and_is_the_same(city, tmp_path, url):
    first = back_up(city, tmp_path / "first.tar.zst", say=silent, with_sources=True)
    restore_city(tmp_path / "first.tar.zst", tmp_path / "middle", say=silent, hub_url=url)
    assert not (tmp_path / "middle" / "hub.db").exists()
    with opened(tmp_path / "middle") as platform:
        assert all(s.intact for s in governance.verify_all(platform))
    second = back_up(
        tmp_path / "middle", tmp_path / "second.tar.zst", say=silent, with_sources=True
    )
    restore_city(
        tmp_path / "second.tar.zst", tmp_path / "last", say=silent, hub_url="sqlite:///hub.db"
    )
    assert rows_of(tmp_path / "last") == rows_of(city)
    assert not any("cases" in name for name in second.written.manifest.left_out)
    with opened(tmp_path / "last") as platform:
        assert cases_at_the_home_node(platform) == 1
    was = {(s.name, s.tree, s.revision) for s in first.written.manifest.stores}
    assert was == {(s.name, s.tree, s.revision) for s in second.written.manifest.stores}


def test_a_city_on_postgresql_works_on_after_a_restore(city, tmp_path, url):
    back_up(city, tmp_path / "a.tar", say=silent, with_sources=True)
    restore_city(tmp_path / "a.tar", tmp_path / "back", say=silent, hub_url=url)
    with opened(tmp_path / "back") as platform:
        assert hand_in(platform)
        assert cases_at_the_home_node(platform) == 2
        assert all(s.intact for s in governance.verify_all(platform))


def test_nothing_is_restored_over_a_database_in_use(city, tmp_path, url):
    back_up(city, tmp_path / "a.tar", say=silent)
    restore_city(tmp_path / "a.tar", tmp_path / "back", say=silent, hub_url=url)
    before = sorted(tables_in(url))
    with pytest.raises(StoreTaken):
        restore_city(tmp_path / "a.tar", tmp_path / "other", say=silent, hub_url=url)
    assert not (tmp_path / "other").exists()
    assert sorted(tables_in(url)) == before
    with opened(tmp_path / "back") as platform:
        assert all(s.intact for s in governance.verify_all(platform))


def test_a_restore_that_fails_late_leaves_no_table(city, tmp_path, url):
    with psycopg.connect(url) as conn:
        conn.execute("CREATE TABLE account (id int)")  # somebody else's
    back_up(city, tmp_path / "a.tar", say=silent)
    with pytest.raises(StoreTaken):
        restore_city(tmp_path / "a.tar", tmp_path / "back", say=silent, hub_url=url)
    assert [name for _, name in tables_in(url)] == ["account"]
    assert not (tmp_path / "back").exists()


def test_the_walks_pass_on_a_city_that_went_to_postgresql_and_back(city, tmp_path, url):
    back_up(city, tmp_path / "a.tar", say=silent, with_sources=True)
    restore_city(tmp_path / "a.tar", tmp_path / "middle", say=silent, hub_url=url)
    back_up(tmp_path / "middle", tmp_path / "b.tar", say=silent, with_sources=True)
    restore_city(tmp_path / "b.tar", tmp_path / "last", say=silent, hub_url="sqlite:///hub.db")
    with rehearsal(tmp_path / "last") as (platform, clock):
        for walk in walks.read_walks(MATTER):
            outcome = walks.run(platform, clock, platform.deployments.get(MATTER).id, walk)
            assert outcome.fault is None, outcome.fault.message("en")
