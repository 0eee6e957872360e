"""A department's demo data can move into the engine that it would really have."""

import shutil
import sqlite3
from contextlib import closing

import polars as pl
import pytest

from builder.deploy.city import source_path
from builder.deploy.engines import engines, move_source
from builder.deploy.errors import EngineFailed
from federation.ledger import load_catalog


@pytest.fixture
def moved(demo_city, tmp_path):
    """Return a function: party, engine → what became of its data in a city of one's own."""

    def move(party, engine):
        source = source_path(tmp_path, party)
        source.parent.mkdir(parents=True)
        shutil.copyfile(source_path(demo_city, party), source)
        with closing(sqlite3.connect(source)) as conn:
            rows = {
                name: conn.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]
                for (name,) in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            }
        return source.parent, rows, move_source(tmp_path, party, engine, load_catalog(), None)

    return move


def test_every_named_department_is_in_the_ledger():
    assert set(engines()) <= set(load_catalog().owners)


def test_parquet_holds_every_row_in_the_ledgers_types(moved):
    node, rows, found = moved("housing-fund", "parquet")
    assert not (node / "source.db").exists()
    for dataset_id, name in found.resources.items():
        dataset = load_catalog().get(dataset_id)
        frame = pl.read_parquet(node / "data" / name)
        assert frame.height == rows[dataset.resource]
        for field in dataset.fields:
            assert (frame.schema[field.name] == pl.Date) == (field.type == "date")
            assert isinstance(frame.schema[field.name], pl.Decimal) == ("decimal" in field.type)


def test_csv_keeps_the_leading_zeros_and_the_time_zone(moved):
    node, rows, found = moved("medical-insurance", "csv")
    assert found.kind == "files"
    frame = pl.read_csv(node / "data" / "account.csv", infer_schema=False)
    assert frame.height == rows["account"]
    assert frame["id_card"].str.len_chars().unique().to_list() == [18]
    assert frame["updated_at"].str.ends_with("+00:00").all()


def test_a_folder_that_cannot_be_written_leaves_the_rows_where_they_are(moved, tmp_path):
    node, _, _ = moved("housing-fund", "parquet")
    shutil.rmtree(node / "data")
    (node / "data").write_text("in the way")
    source = node / "source.db"
    with closing(sqlite3.connect(source)) as conn:
        for dataset in load_catalog().of("housing-fund"):
            columns = ", ".join(f'"{f.name}" TEXT' for f in dataset.fields)
            conn.execute(f'CREATE TABLE "{dataset.resource}" ({columns})')
    with pytest.raises(EngineFailed):
        move_source(tmp_path, "housing-fund", "parquet", load_catalog(), None)
    assert source.exists()
