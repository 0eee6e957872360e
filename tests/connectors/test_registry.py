"""Kinds are known by name, and none is imported before it is opened."""

import subprocess
import sys

import pyarrow as pa
import pytest

from connectors.faults import KindUnknown, SourceOptions
from connectors.registry import KINDS, open_connector


def test_a_kind_names_itself_as_the_registry_does(tmp_path):
    (tmp_path / "a.db").touch()
    options = {"memory": {"tables": {}}, "sqlite": {"path": tmp_path / "a.db"}}
    for kind, said in options.items():
        connector = open_connector(kind, said)
        assert connector.kind == kind
        assert connector.resources() == ()
        connector.close()


@pytest.mark.postgres
@pytest.mark.parametrize("kind", ["postgresql", "opengauss", "kingbase"])
def test_a_kind_behind_a_server_names_itself_so(kind, postgres_server):
    connector = open_connector(kind, postgres_server.options("postgres"))
    assert connector.kind == kind
    assert connector.resources() == ()
    connector.close()


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_refuses_options_that_it_does_not_have(kind):
    with pytest.raises(SourceOptions) as raised:
        open_connector(kind, {"colour": "red"})
    assert raised.value.facts["kind"] == kind


def test_an_unknown_kind_is_answered_with_the_known_ones_the_nearest_first():
    with pytest.raises(KindUnknown) as raised:
        open_connector("sqllite", {})
    assert next(iter(raised.value.facts["known"])) == "sqlite"
    assert set(raised.value.facts["known"]) == set(KINDS)


@pytest.mark.parametrize("options", [{}, {"tables": 5}, {"tables": {"a": 1}}, {"table": {}}])
def test_memory_takes_tables_and_nothing_else(options):
    with pytest.raises(SourceOptions):
        open_connector("memory", options)


def test_memory_keeps_the_tables_it_was_given():
    tables = {"t": pa.table({"a": [1]})}
    connector = open_connector("memory", {"tables": tables})
    tables.clear()
    assert connector.resources() == ("t",)


def test_listing_kinds_and_reading_scans_loads_no_engine():
    code = (
        "import sys, connectors.registry, connectors.scan, connectors.faults\n"
        "heavy = {'polars', 'pyarrow', 'adbc_driver_sqlite', 'sqlglot', 'duckdb'}\n"
        "sys.exit(len(heavy & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
