"""A city whose hub and cases are kept in PostgreSQL: its server, its passwords, its readers."""

import multiprocessing
import sys
from contextlib import closing
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
import pytest
from sqlalchemy import func, insert, select, update
from sqlalchemy.engine import make_url

from builder.app import build_demo, open_platform, opened, rehearsal
from builder.cases import keeping, walks
from builder.cases.platform import case_ref_table, deployment_table
from builder.errors import Findings
from builder.store import cases as tables
from builder.store.opening import case_engine, hub_engine
from builder.store.settings import FILE_NAME, read_settings
from federation.audit import Entry
from federation.node.config import load_config
from federation.store import open_engine, read, write
from federation.store.errors import (
    StoreBusy,
    StoreCrowded,
    StorePasswordMissing,
    StoreTaken,
    StoreUnreachable,
)

pytestmark = [pytest.mark.postgres, pytest.mark.slow]
NOW = datetime(2026, 11, 23, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
DEPLOYMENT = "340100/s23-afterlife"
SCHEMA = "case_340100_s23_afterlife"


@pytest.fixture
def kept_in():
    return "postgresql"


@pytest.fixture
def hub(home):
    engine = hub_engine(read_settings(home))
    yield engine
    engine.dispose()


def test_no_password_is_in_the_settings_the_tables_or_any_text(home, hub, postgres_server):
    password = postgres_server.password
    assert password not in (home / FILE_NAME).read_text(encoding="utf-8")
    assert password not in str(hub.url)
    with read(hub) as conn:
        listed = conn.scalars(select(deployment_table.c.url)).all()
    assert [make_url(u).query["schema"] for u in listed] == [SCHEMA]
    assert not any(password in u for u in listed)
    kept = home / "secrets" / "hub-database"
    assert kept.read_text(encoding="ascii") == password
    assert kept.stat().st_mode & 0o077 == 0


def test_a_password_in_the_settings_is_refused(home):
    file = home / FILE_NAME
    file.write_text(file.read_text(encoding="utf-8").replace("//city@", "//city:secret@"))
    with pytest.raises(Findings) as fault:
        read_settings(home)
    assert [f.code for f in fault.value.findings] == ["settings.wrong"]
    assert "secret@" not in str(fault.value.to_json("en"))


def test_a_password_may_lie_in_a_variable(home, postgres_server, monkeypatch):
    file = home / FILE_NAME
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("password_file=secrets%2Fhub-database", "password_env=HUB_SECRET"))
    monkeypatch.setenv("HUB_SECRET", postgres_server.password)
    with opened(home) as platform:
        assert platform.deployments.get(DEPLOYMENT).id == DEPLOYMENT
    monkeypatch.delenv("HUB_SECRET")
    with pytest.raises(StorePasswordMissing):
        open_platform(home)


def test_a_password_that_lies_nowhere_is_named(home):
    (home / "secrets" / "hub-database").unlink()
    with pytest.raises(StorePasswordMissing) as fault:
        open_platform(home)
    assert fault.value.facts == {"place": "hub-database"}


def test_a_second_city_is_not_built_over_the_first(postgres_server, home, tmp_path):
    url = make_url(read_settings(home).hub_url).set(query={}, password=postgres_server.password)
    text = url.render_as_string(hide_password=False)
    with pytest.raises(StoreTaken):
        build_demo(tmp_path / "second", scale=1, say=lambda *_: None, hub_url=text)
    assert not (tmp_path / "second").exists()
    with opened(home) as platform:
        assert [d.id for d in platform.deployments.all()] == [DEPLOYMENT]


def test_the_home_nodes_role_reads_the_views_and_nothing_else(home):
    node = home / "nodes" / "civil-affairs"
    source = load_config(node).sources["cases-340100-s23-afterlife"]
    assert source.kind == "postgresql"
    said = source.options
    password = (node / said["password"]["file"]).read_text(encoding="ascii")
    with closing(
        psycopg.connect(
            host=said["host"], port=said["port"], dbname=said["database"], user=said["user"],
            password=password, autocommit=True,
        )
    ) as conn:  # fmt: skip
        assert conn.execute(f"SELECT count(*) FROM {SCHEMA}.published_case").fetchone() == (0,)
        for forbidden in (f"{SCHEMA}.audit_entry", f"{SCHEMA}.draft", 'public."account"'):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                conn.execute(f"SELECT * FROM {forbidden}")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            conn.execute(f"DELETE FROM {SCHEMA}.published_case")


def test_a_server_that_is_started_anew_is_met_by_the_next_request(home, postgres_server):
    with opened(home) as platform:
        deployment = platform.deployments.get(DEPLOYMENT)
        assert keeping.load_case(deployment, "HF-nothing") is None
        postgres_server.stop()
        try:
            with pytest.raises(StoreUnreachable) as fault:
                keeping.load_case(deployment, "HF-nothing")
            with pytest.raises(StoreUnreachable):
                platform.deployments.register("HF-1", deployment)
        finally:
            postgres_server.start()
        assert postgres_server.password not in str(fault.value)
        assert keeping.load_case(deployment, "HF-nothing") is None
        platform.deployments.register("HF-1", deployment)
        assert platform.deployments.of_case("HF-1") is deployment


def test_stores_of_one_database_share_its_connections_and_not_their_rows(home, hub):
    settings = read_settings(home)
    here, there = (case_engine(settings, i, hub=hub, create=True) for i in ("1/a-b", "2/a-b"))
    assert here.pool is there.pool is hub.pool
    for engine in (here, there):
        tables.case_metadata.create_all(engine)
    with write(here) as conn:
        conn.execute(
            insert(tables.scenario),
            {"hash": "h", "version": "1", "spec": {}, "published_at": NOW},
        )
    counted = select(func.count()).select_from(tables.scenario)
    for engine, rows in ((here, 1), (there, 0)):
        with read(engine) as conn:
            assert conn.scalar(counted) == rows
    with read(hub) as conn:
        assert conn.scalar(select(func.count()).select_from(deployment_table)) == 1


def test_a_writer_holds_off_writers_of_the_same_store_only(home, hub):
    settings = read_settings(home)
    impatient = open_engine(_full(settings), wait_s=0.05)
    cases = case_engine(settings, DEPLOYMENT, hub=impatient)
    with write(hub), write(cases):
        with pytest.raises(StoreBusy), write(impatient):
            pass
        with read(impatient) as conn:
            assert conn.scalar(select(func.count()).select_from(case_ref_table)) == 0
    impatient.dispose()


def test_when_all_connections_are_in_use_it_is_said(home):
    impatient = open_engine(_full(read_settings(home)), wait_s=0.05)
    held = [impatient.connect() for _ in range(16)]
    with pytest.raises(StoreCrowded), read(impatient):
        pass
    for conn in held:
        conn.close()
    with read(impatient) as conn:
        assert conn.scalar(select(1)) == 1
    impatient.dispose()


def _full(settings):
    url = make_url(settings.hub_url)
    return url.update_query_dict({"password_file": str(settings.home / url.query["password_file"])})


def test_a_rehearsal_walks_on_a_copy_and_leaves_the_database_as_it_was(home, hub):
    def state():
        with read(hub) as conn:
            refs = conn.scalar(select(func.count()).select_from(case_ref_table))
        with read(case_engine(read_settings(home), DEPLOYMENT, hub=hub)) as conn:
            return refs, conn.scalar(select(func.count()).select_from(tables.audit_entry))

    before = state()
    (happy,) = walks.read_walks("s23-afterlife", "happy")
    with rehearsal(home) as (platform, clock):
        assert walks.run(platform, clock, DEPLOYMENT, happy).fault is None
        assert platform.hub_engine.dialect.name == "sqlite"
    assert state() == before


def _write_many(home, start, name):
    platform = open_platform(Path(home))
    deployment = platform.deployments.get(DEPLOYMENT)
    start.wait()
    for number in range(10):
        case_no = f"{name}-{number}"
        platform.deployments.register(case_no, deployment)
        with write(deployment.engine) as conn:
            entry = Entry("note", NOW, name, {"case": case_no})
            deployment.journal.append(conn, entry)
            seen = conn.scalar(select(tables.scenario.c.version))
            conn.execute(update(tables.scenario).values(version=str(int(seen) + 1)))
        with write(platform.hub_engine) as conn:
            platform.journal.append(conn, Entry("note", NOW, name, {"case": case_no}))
    platform.close()


@pytest.mark.processes
def test_four_processes_on_one_database_lose_nothing_and_break_no_chain(home):
    with opened(home) as platform:
        deployment = platform.deployments.get(DEPLOYMENT)
        with write(deployment.engine) as conn:
            conn.execute(update(tables.scenario).values(version="0"))
        spawn = multiprocessing.get_context("spawn")
        start = spawn.Barrier(4)
        children = [
            spawn.Process(target=_write_many, args=(str(home), start, f"p{n}")) for n in range(4)
        ]
        for child in children:
            child.start()
        for child in children:
            child.join(timeout=120)
            assert child.exitcode == 0
        with read(deployment.engine) as conn:
            assert conn.scalar(select(tables.scenario.c.version)) == "40", "read and changed"
        with read(platform.hub_engine) as conn:
            assert conn.scalar(select(func.count()).select_from(case_ref_table)) == 40
        for journal in (platform.journal, deployment.journal):
            assert journal.verify().ok
            assert len(journal.search(kind="note", limit=1000)) == 40


def test_without_the_driver_it_is_said_what_to_install(monkeypatch):
    from federation.store.errors import StoreDriverMissing

    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreDriverMissing) as fault:
        open_engine("postgresql://city@127.0.0.1/hub")
    assert "scenarist[postgres]" in fault.value.next_en
