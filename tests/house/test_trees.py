"""Every store's migrations lead to the declared tables, and back, and lose no row on the way."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import inspect

from builder.store.trees import case_tree, hub_tree
from federation.store import (
    downgrade,
    drift,
    migrate,
    node_tree,
    open_engine,
    revision,
    sqlite_url,
)
from federation.trust.issuer_store import issuer_tree

TREES = [hub_tree, case_tree, node_tree, issuer_tree]


@pytest.fixture(params=TREES, ids=lambda t: t.name)
def tree(request):
    return request.param


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=[pytest.mark.postgres, pytest.mark.slow])]
)
def engine(request, tmp_path):
    if request.param == "sqlite":
        url = sqlite_url(tmp_path / "store.db")
    else:
        server = request.getfixturevalue("postgres_server")
        url = server.url_of(server.database())
    made = open_engine(url)
    yield made
    made.dispose()


def test_the_migrations_of_a_store_lead_to_its_declared_tables(engine, tree):
    migrate(engine, tree)
    assert drift(engine, tree) == []
    made = set(inspect(engine).get_table_names())
    assert made >= set(tree.declared().tables)


def test_a_store_goes_up_down_and_up_again(engine, tree):
    migrate(engine, tree)
    head = revision(engine, tree)
    downgrade(engine, tree)
    assert revision(engine, tree) is None
    assert not set(inspect(engine).get_table_names()) & set(tree.declared().tables)
    migrate(engine, tree)
    assert revision(engine, tree) == head
    assert drift(engine, tree) == []


def test_every_module_that_declares_a_table_is_named_by_its_tree():
    named = {module for tree in TREES for module in tree.tables}
    root = Path(__file__).parents[2]
    declaring = {
        ".".join(file.relative_to(root).with_suffix("").parts)
        for room in ("builder", "federation")
        for file in (root / room).rglob("*.py")
        if re.search(r"= Table\(\s+\"\w+\",\s+\w*metadata,", file.read_text(encoding="utf-8"))
    }
    assert declaring
    assert declaring - named == set()


def test_the_stores_of_a_built_city_stand_at_the_newest_revision(home):
    stores = {
        hub_tree: ["hub.db"],
        issuer_tree: ["issuer/issuer.db"],
        node_tree: sorted(str(p.relative_to(home)) for p in home.glob("nodes/*/node.db")),
        case_tree: sorted(str(p.relative_to(home)) for p in home.glob("deployments/*/*/case.db")),
    }
    for tree, files in stores.items():
        assert files
        for file in files:
            engine = open_engine(sqlite_url(home / file), create=False)
            assert drift(engine, tree) == [], file
            engine.dispose()
