"""Schemas go up and down with their rows, once, whoever starts first."""

import multiprocessing
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlalchemy import (
    Column,
    ForeignKey,
    Integer,
    String,
    Table,
    UniqueConstraint,
    func,
    insert,
    inspect,
    select,
)

from federation.store import (
    Amount,
    Instant,
    Json,
    Tree,
    downgrade,
    drift,
    migrate,
    new_metadata,
    node_tree,
    open_engine,
    read,
    require,
    revision,
    sqlite_url,
    write,
)
from federation.store.errors import StoreDamaged, StoreForeign, StoreNewer, StoreOlder
from federation.store.revise import main, revise
from federation.trust.issuer_store import issuer_tree

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def first():
    metadata = new_metadata()
    Table(
        "matter",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("at", Instant, nullable=False, index=True),
        Column("title", Json),
    )
    Table(
        "share",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("matter", ForeignKey("matter.id"), nullable=False),
        Column("amount", Amount),
    )
    return metadata


def second():
    metadata = first()
    matter = metadata.tables["matter"]
    matter.append_column(Column("county", String(16), nullable=False, server_default="340100"))
    matter.append_constraint(UniqueConstraint("county", "at"))
    return metadata


@pytest.fixture
def tree(tmp_path):
    versions = tmp_path / "with space & 100%" / "versions"
    revise(Tree("city", first(), versions), "matters and their shares")
    revise(Tree("city", second(), versions), "a matter belongs to a county")
    return Tree("city", second(), versions)


@pytest.fixture
def engine(tmp_path):
    engine = open_engine(sqlite_url(tmp_path / "city.db"))
    yield engine
    engine.dispose()


def fill(engine, tables):
    with write(engine) as conn:
        conn.execute(insert(tables["matter"]), {"id": 1, "at": NOW, "title": {"zh": "身后"}})
        conn.execute(insert(tables["share"]), {"id": 5, "matter": 1, "amount": Decimal("1.50")})


def test_the_migrated_schema_is_the_declared_one(engine, tree):
    assert revision(engine, tree) is None
    migrate(engine, tree)
    assert revision(engine, tree) == "0002"
    assert drift(engine, tree) == []
    require(engine, tree)


def test_a_difference_between_schema_and_tables_is_shown(engine, tree):
    migrate(engine, tree)
    more = second()
    Table("extra", more, Column("id", Integer, primary_key=True))
    assert len(drift(engine, Tree("city", more, tree.versions))) == 1


def test_rows_survive_up_down_up(engine, tree):
    migrate(engine, tree, "0001")
    fill(engine, first().tables)
    for _ in range(2):
        migrate(engine, tree)
        with read(engine) as conn:
            matter, share = tree.metadata.tables["matter"], tree.metadata.tables["share"]
            assert conn.execute(select(matter)).one() == (1, NOW, {"zh": "身后"}, "340100")
            assert conn.execute(select(share)).one() == (5, 1, Decimal("1.50"))
        downgrade(engine, tree, "0001")
        assert drift(engine, Tree("city", first(), tree.versions)) == []
    downgrade(engine, tree)
    with read(engine) as conn:
        assert set(inspect(conn).get_table_names()) == {"city_schema"}
    migrate(engine, tree)
    assert drift(engine, tree) == []


def test_a_failed_step_leaves_the_database_as_it_was(engine, tree):
    migrate(engine, tree, "0001")
    fill(engine, first().tables)
    (tree.versions / "0003_fails.py").write_text(
        'import sqlalchemy as sa\nfrom alembic import op\nrevision = "0003"\n'
        'down_revision = "0002"\nbranch_labels = depends_on = None\n\n\n'
        "def upgrade():\n    op.drop_table('share')\n    raise ZeroDivisionError\n"
    )
    with pytest.raises(ZeroDivisionError):
        migrate(engine, tree)
    assert revision(engine, tree) == "0001"
    assert drift(engine, Tree("city", first(), tree.versions)) == []
    with read(engine) as conn:
        assert conn.scalar(select(func.count()).select_from(tree.metadata.tables["share"])) == 1


def test_a_step_that_breaks_a_reference_is_not_kept(engine, tree):
    migrate(engine, tree)
    fill(engine, tree.metadata.tables)
    (tree.versions / "0003_orphans.py").write_text(
        'from alembic import op\nrevision = "0003"\ndown_revision = "0002"\n'
        "branch_labels = depends_on = None\n\n\n"
        "def upgrade():\n    op.execute('DELETE FROM matter')\n"
    )
    with pytest.raises(StoreDamaged):
        migrate(engine, tree)
    assert revision(engine, tree) == "0002"
    with write(engine) as conn:
        assert conn.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_a_schema_of_a_later_release_is_refused_and_left_alone(engine, tree):
    migrate(engine, tree)
    with write(engine) as conn:
        conn.exec_driver_sql("UPDATE city_schema SET version_num = '0009'")
    for attempt in (migrate, downgrade, require):
        with pytest.raises(StoreNewer) as fault:
            attempt(engine, tree)
        assert fault.value.facts == {"store": "city.db", "found": "0009", "known": "0002"}
    assert revision(engine, tree) == "0009"


def test_an_older_schema_is_named_where_nothing_may_be_changed(engine, tree):
    with pytest.raises(StoreOlder):
        require(engine, tree)
    migrate(engine, tree, "0001")
    with pytest.raises(StoreOlder) as fault:
        require(engine, tree)
    assert fault.value.facts["found"] == "0001"


def test_somebody_elses_tables_are_not_touched(engine, tree):
    with write(engine) as conn:
        conn.exec_driver_sql("CREATE TABLE matter (x)")
    for attempt in (migrate, require):
        with pytest.raises(StoreForeign) as fault:
            attempt(engine, tree)
        assert fault.value.facts["tables"] == ["matter"]


def test_two_trees_share_one_database(engine, tree, tmp_path):
    other = new_metadata()
    Table("other", other, Column("id", Integer, primary_key=True))
    beside = Tree("beside", other, tmp_path / "beside")
    revise(beside, "one table")
    migrate(engine, tree)
    migrate(engine, beside)
    assert (revision(engine, tree), revision(engine, beside)) == ("0002", "0001")


def test_nothing_to_change_writes_no_file(tree):
    before = sorted(tree.versions.glob("*.py"))
    assert revise(tree, "nothing") is None
    assert sorted(tree.versions.glob("*.py")) == before


def test_squashing_leaves_one_file_for_the_same_schema(engine, tree):
    path = revise(tree, "all at once", squash=True)
    assert [p.name for p in tree.versions.glob("*.py")] == [path.name] == ["0001_all_at_once.py"]
    migrate(engine, tree)
    assert drift(engine, tree) == []


@pytest.mark.parametrize("ours", [node_tree, issuer_tree], ids=lambda ours: ours.name)
def test_each_tree_of_the_platform_is_what_its_tables_declare(engine, ours):
    migrate(engine, ours)
    assert drift(engine, ours) == []
    downgrade(engine, ours)
    migrate(engine, ours)
    assert drift(engine, ours) == []


def test_the_command_says_when_there_is_nothing_to_change(capsys):
    assert main(["node", "nothing"]) == 0
    assert main(["federation.trust.issuer_store:issuer_tree", "nothing"]) == 0
    assert capsys.readouterr().out == "nothing to change\n" * 2


def _migrate(url, tree, start):
    start.wait()
    migrate(open_engine(url), tree)


def test_of_programs_that_start_together_one_migrates(engine, tree, tmp_path):
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(3)
    url = sqlite_url(tmp_path / "city.db")
    starters = [context.Process(target=_migrate, args=(url, tree, start)) for _ in range(3)]
    for starter in starters:
        starter.start()
    for starter in starters:
        starter.join(timeout=60)
        assert starter.exitcode == 0
    assert drift(engine, tree) == []
