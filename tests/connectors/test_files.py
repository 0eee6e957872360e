"""What only files can do: lie elsewhere, be cut off, change meanwhile, lose digits."""

import os
import traceback
import zipfile
from contextlib import closing
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest
from openpyxl import Workbook

from connectors.errors import Findings
from connectors.faults import (
    SourceBroken,
    SourceColumnUnknown,
    SourceMissing,
    SourceOptions,
    SourceTableUnknown,
    SourceUnreadable,
    SourceValue,
)
from connectors.files import open_source
from connectors.files.conditions import condition, filters
from connectors.files.faults import (
    FileAmbiguous,
    FileChanged,
    FileDamaged,
    FileDigitsLost,
    FileEncoding,
    FileHeader,
    FileLocked,
    FileOutside,
    FilePartsDiffer,
    FileSheetUnknown,
    FileTooBig,
)
from connectors.files.places import steady
from connectors.scan import Call, Column, Filter, Literal, Scan, Source
from connectors.types import parse_type

SECRET = "341221199001011234"
TEXT = {"a": "text"}


def _write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def _read(folder, resource, types, relation=None, **options):
    with closing(open_source({"path": folder, **options})) as connector:
        scan = Scan(relation or Source(resource))
        return connector.run(scan, types).read_all().to_pylist()


def _fault(kind, call, *arguments, **more):
    """Return the fault of a kind that a call ends in; it shows no secret."""
    with pytest.raises(kind) as raised:
        call(*arguments, **more)
    fault = raised.value
    assert SECRET not in "".join(traceback.format_exception(fault)) + repr(fault.facts)
    assert SECRET not in f"{fault.__cause__}{fault.__context__}"
    return fault


# ── Where ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_file_is_called_by_its_name_with_or_without_ending(tmp_path):
    _write(tmp_path / "人口.csv", "a\n1\n")
    _write(tmp_path / "2024" / "one.CSV", "a\n2\n")
    _write(tmp_path / "two.csv", "a\n3\n")
    pq.write_table(pa.table({"a": ["4"]}), tmp_path / "two.parquet")
    for passed_over in (".hidden.csv", "~$two.xlsx", "note.txt", ".git/x.csv"):
        _write(tmp_path / passed_over, "a\n")
    with closing(open_source({"path": tmp_path})) as connector:
        listed = ("2024/one", "two.csv", "two.parquet", "人口")
        assert connector.resources() == listed
    for name, told in zip(listed, ("2", "3", "4", "1"), strict=True):
        assert _read(tmp_path, name, TEXT) == [{"a": told}]
    assert _read(tmp_path, "2024/one.CSV", TEXT) == [{"a": "2"}]
    assert _fault(FileAmbiguous, _read, tmp_path, "two", TEXT).facts["near"]
    for absent in ("one", "three", "TWO.csv", "note.txt", ".hidden.csv"):
        _fault(SourceTableUnknown, _read, tmp_path, absent, TEXT)


def test_nothing_outside_the_folder_is_read(tmp_path):
    folder = tmp_path / "in"
    _write(folder / "a.csv", "a\n1\n")
    outside = _write(tmp_path / "out.csv", "a\n2\n")
    _write(tmp_path / "in2" / "b.csv", "a\n2\n")
    (folder / "link.csv").symlink_to(outside)
    (folder / "deep").symlink_to(tmp_path / "in2")
    (folder / "own.csv").symlink_to(folder / "a.csv")
    for away in ("../out", "../out.csv", str(outside), "link", "link.csv", "deep/b", "x/../../out",
                 "../in2/b", "/etc/passwd", "..", "", "a\0.csv"):  # fmt: skip
        _fault(FileOutside, _read, folder, away, TEXT)
    with closing(open_source({"path": folder})) as connector:
        assert connector.resources() == ("a", "own")
    assert _read(folder, "own", TEXT) == [{"a": "1"}]
    for pattern in ("*", "../*", "**/*.csv", "*/*"):
        told = [r["a"] for r in _read_all(folder, pattern)]
        assert "2" not in told


def _read_all(folder, pattern):
    try:
        return _read(folder, pattern, TEXT)
    except (FileOutside, SourceTableUnknown):
        return []


def test_parts_are_read_as_one_in_the_order_of_their_names(tmp_path):
    for month in ("02", "01", "10"):
        _write(tmp_path / "pay" / f"2024-{month}.csv", f"a,b\n{month},1\n")
    _write(tmp_path / "pay" / "old" / "2023-01.csv", "a,b\n00,1\n")
    with closing(open_source({"path": tmp_path})) as connector:
        told = connector.run(Scan(Source("pay/2024-*.csv")), {"a": "text", "b": "int"}).read_all()
        assert told.column("a").to_pylist() == ["01", "02", "10"]
        assert connector.probe("pay/2024-*.csv").rows == 3
        assert connector.schema("pay/*").names == ["a", "b"]


def test_parts_of_other_columns_or_types_are_named(tmp_path):
    _write(tmp_path / "p1.csv", "a,b\n1,1\n")
    _write(tmp_path / "p2.csv", "a,c\n1,1\n")
    assert _fault(FilePartsDiffer, _read, tmp_path, "p*", TEXT).facts["file"] == "p2.csv"
    pq.write_table(pa.table({"a": [1]}), tmp_path / "q1.parquet")
    pq.write_table(pa.table({"a": ["1"]}), tmp_path / "q2.parquet")
    assert _fault(FilePartsDiffer, _read, tmp_path, "q*", TEXT).facts["column"] == "a"


def test_a_folder_that_is_missing_or_a_file_is_named(tmp_path):
    _fault(SourceMissing, open_source, {"path": tmp_path / "none"})
    _fault(SourceMissing, open_source, {"path": _write(tmp_path / "a.csv", "a\n")})


@pytest.mark.parametrize(
    "wrong",
    [
        {"colour": "red"},
        {"path": ""},
        {"path": 5},
        {"encoding": "utf-16"},
        {"delimiter": ""},
        {"delimiter": '"'},
        {"delimiter": "，"},
        {"null": 5},
        {"sheet": 1},
        {"max_mb": 0},
        {"max_mb": "5"},
    ],
)
def test_an_option_that_cannot_be_is_named(tmp_path, wrong):
    fault = _fault(SourceOptions, open_source, {"path": tmp_path, **wrong})
    assert fault.facts["option"] == next(iter(wrong))
    _fault(SourceOptions, open_source, {})


# ── Meanwhile ─────────────────────────────────────────────────────────────────────────────────────


def test_a_file_that_changes_while_it_is_read_makes_no_answer(tmp_path):
    path = _write(tmp_path / "a.csv", "a\n1\n")

    def rewrite():
        path.write_text("a\n1\n2\n", encoding="utf-8")

    def replace():
        _write(tmp_path / "b.csv", "a\n2\n").replace(path)

    for change in (rewrite, replace, path.unlink):

        def read(change=change):
            with steady(path, 1 << 20):
                change()

        assert _fault(FileChanged, read).facts == {"file": "a.csv"}


def test_trouble_with_a_file_that_changed_is_told_as_the_change(tmp_path):
    path = _write(tmp_path / "a.csv", "a\n1\n")

    def read():
        with steady(path, 1 << 20):
            path.write_text("", encoding="utf-8")
            raise SourceBroken(source="a")

    _fault(FileChanged, read)


def test_a_file_that_is_locked_too_big_or_unreadable_is_named(tmp_path):
    fcntl = pytest.importorskip("fcntl")
    path = _write(tmp_path / "a.csv", "a\n" + "1234567\n" * 200_000)
    with path.open("rb") as writer:
        fcntl.flock(writer, fcntl.LOCK_EX)
        assert _fault(FileLocked, _read, tmp_path, "a", TEXT).facts == {"file": "a.csv"}
    assert _fault(FileTooBig, _read, tmp_path, "a", TEXT, max_mb=1).facts["limit"] == 1
    assert len(_read(tmp_path, "a", TEXT, max_mb=2)) == 200_000
    if os.geteuid() != 0:
        path.chmod(0)
        _fault(SourceUnreadable, _read, tmp_path, "a", TEXT)


# ── CSV ───────────────────────────────────────────────────────────────────────────────────────────


def test_csv_keeps_zeros_quotes_lines_and_the_empty_text(tmp_path):
    _write(
        tmp_path / "a.csv",
        '\ufeffid,name,n,d\r\n007,"张,三",1,2024-02-29\r\n"008","a ""q"" b\nc","",\r\n009,"",,\r\n'
        "010,,2,\r\n",
    )
    types = {"id": "text", "name": "text", "n": "int", "d": "date"}
    assert [tuple(r.values()) for r in _read(tmp_path, "a", types)] == [
        ("007", "张,三", 1, date(2024, 2, 29)),
        ("008", 'a "q" b\nc', None, None),
        ("009", "", None, None),
        ("010", None, 2, None),
    ]


def test_a_word_can_stand_for_a_missing_value(tmp_path):
    _write(tmp_path / "a.csv", 'a,n\nNULL,NULL\n"NULL",1\nx,\n')
    types = {"a": "text", "n": "int"}
    told = [tuple(r.values()) for r in _read(tmp_path, "a", types, null="NULL")]
    assert told == [(None, None), ("NULL", 1), ("x", None)]


def test_text_in_gb18030_is_read_where_it_is_said_to_be(tmp_path):
    _write(tmp_path / "a.csv", "姓名,编号\n张三𠮷,007\n龘,é\n".encode("gb18030"))
    types = {"姓名": "text", "编号": "text"}
    told = [tuple(r.values()) for r in _read(tmp_path, "a", types, encoding="gb18030")]
    assert told == [("张三𠮷", "007"), ("龘", "é")]
    wrong = _fault(FileEncoding, _read, tmp_path, "a", types)
    assert wrong.facts == {"file": "a.csv", "encoding": "utf-8", "seems": "GB18030"}


@pytest.mark.parametrize(
    ("content", "encoding", "seems"),
    [
        ("a\n张三\n".encode("utf-16"), "utf-8", "UTF-16"),
        ("\ufeffa\n张三\n".encode(), "gb18030", "UTF-8"),
        (b"a\n\xff\xff\xff\n", "utf-8", "—"),
        (b"a\n" + b"1\n" * 600_000 + b"\xd5\xc5\n", "utf-8", "GB18030"),
        (b"\xd5\xc5\n1\n", "utf-8", "GB18030"),
        (b"a\n1\n\xff\n", "gb18030", "—"),
    ],
)
def test_text_in_another_encoding_is_named_with_what_it_seems_to_be(
    tmp_path, content, encoding, seems
):
    _write(tmp_path / "a.csv", content)
    fault = _fault(FileEncoding, _read, tmp_path, "a", TEXT, encoding=encoding)
    assert fault.facts["seems"] == seems


@pytest.mark.parametrize(
    "content",
    [
        "",
        "\n",
        f"a,b\n1\n{SECRET},2\n",
        f"a,b\n{SECRET},2,3\n",
        f'a,b\n1,"{SECRET}\n2,3\n',
        "a,b\n" + "1,2\n" * 400_000 + f"{SECRET}\n",
    ],
)
def test_a_damaged_csv_file_is_named_and_not_shown(tmp_path, content):
    _write(tmp_path / "a.csv", content)
    assert _fault(FileDamaged, _read, tmp_path, "a", TEXT).facts["format"] == "CSV"


def test_a_header_names_every_column_once(tmp_path):
    for header, number in (("a,b,a", 3), ("a,,b", 2)):
        _write(tmp_path / "a.csv", f"{header}\n1,2,3\n")
        assert _fault(FileHeader, _read, tmp_path, "a", TEXT).facts["number"] == number


def test_a_header_alone_is_a_table_without_rows(tmp_path):
    _write(tmp_path / "a.csv", "a,b\n")
    assert _read(tmp_path, "a", TEXT) == []
    with pytest.raises(Findings) as raised:
        _read(tmp_path, "a", {"a": "text", "c": "text"})
    assert isinstance(raised.value.findings[0], SourceColumnUnknown)


# ── Excel ─────────────────────────────────────────────────────────────────────────────────────────


def _excel(path, rows, sheet="人员"):
    book = Workbook()
    book.active.title = sheet
    for row in rows:
        book.active.append(row)
    book.create_sheet("其他").append(["a"])
    book.save(path)
    return path


def test_excel_cells_come_out_as_the_ledger_says(tmp_path):
    rows = [
        ["id", "code", "n", "paid", "day", "at", "ok", "mixed"],
        [SECRET, 7, 7, 12.5, date(2024, 2, 29), datetime(2024, 2, 29, 8), True, date(2024, 3, 1)],  # noqa: DTZ001 - as in the cell
        ["007", "08", None, 0.1, None, None, False, "2024-03-02"],
        [None] * 8,
        [None, None, 3, None, None, None, None, None],
    ]
    _excel(tmp_path / "a.xlsx", rows)
    types = {
        "id": "text", "code": "text", "n": "int", "paid": "decimal(9,2)", "day": "date",
        "at": "timestamp", "ok": "bool", "mixed": "date",
    }  # fmt: skip
    told = [tuple(r.values()) for r in _read(tmp_path, "a", types)]
    assert told[:2] == [
        (SECRET, "7", 7, Decimal("12.50"), date(2024, 2, 29),
         datetime(2024, 2, 29, tzinfo=UTC), True, date(2024, 3, 1)),
        ("007", "08", None, Decimal("0.10"), None, None, False, date(2024, 3, 2)),
    ]  # fmt: skip
    assert told[-1] == (None, None, 3, None, None, None, None, None)


@pytest.mark.parametrize("of", ["text", "int", "decimal(38,0)"])
@pytest.mark.parametrize("value", [int(SECRET), 10**15, -(10**16), 1.5e17])
def test_a_long_number_typed_in_as_a_number_is_refused_with_what_to_do(tmp_path, of, value):
    rows = [["name", "id", "n"], ["x", "340102199001011234", 1], ["y", value, 2]]
    _excel(tmp_path / "a.xlsx", rows)
    fault = _fault(FileDigitsLost, _read, tmp_path, "a", {"name": "text", "id": of})
    assert fault.facts == {"file": "a.xlsx", "column": "id"}
    assert "文本格式" in fault.next_step("zh")
    assert len(_read(tmp_path, "a", {"name": "text", "n": "int"})) == 2
    assert len(_read(tmp_path, "a", {"id": "float"})) == 2


def test_fifteen_digits_are_kept_and_numbers_in_texts_are_no_numbers(tmp_path):
    rows = [["id"], [123456789012345], [SECRET], ["1" * 30], [0.1 + 0.2]]
    _excel(tmp_path / "a.xlsx", rows)
    told = [r["id"] for r in _read(tmp_path, "a", {"id": "text"})]
    assert told[:3] == ["123456789012345", SECRET, "1" * 30]


def test_a_sheet_is_chosen_by_name(tmp_path):
    _excel(tmp_path / "a.xlsx", [["a"], ["1"]])
    assert _read(tmp_path, "a", TEXT, sheet="人员") == [{"a": "1"}]
    assert _read(tmp_path, "a", TEXT, sheet="其他") == []
    fault = _fault(FileSheetUnknown, _read, tmp_path, "a", TEXT, sheet="没有")
    assert fault.facts["near"] == ["人员", "其他"]


def test_two_columns_of_one_name_are_named(tmp_path):
    _excel(tmp_path / "a.xlsx", [["a", "b", "a"], ["1", "2", "3"]])
    assert _fault(FileHeader, _read, tmp_path, "a", TEXT).facts["number"] == 3


def test_a_cell_that_holds_an_error_is_a_fault_of_its_column(tmp_path):
    book = Workbook()
    book.active.append(["a", "b"])
    book.active.append(["#N/A", "1"])
    book.active["A2"].data_type = "e"
    book.save(tmp_path / "a.xlsx")
    assert _fault(SourceValue, _read, tmp_path, "a", TEXT).facts["column"] == "a"
    assert _read(tmp_path, "a", {"b": "text"}) == [{"b": "1"}]


def test_a_file_that_unpacks_to_more_than_may_be_is_named(tmp_path):
    path = _excel(tmp_path / "a.xlsx", [["a"], ["1"]])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/media/bomb.bin", b"\0" * (2 << 20))
    _fault(FileTooBig, _read, tmp_path, "a", TEXT, max_mb=1)


# ── Damage, and what files say about themselves ───────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["a.parquet", "a.arrow", "a.arrows", "a.feather", "a.xlsx"])
@pytest.mark.parametrize("damage", ["cut", "other", "empty", "ole"])
def test_a_damaged_file_is_named(tmp_path, name, damage):
    path = tmp_path / name
    table = pa.table({"a": [SECRET] * 5_000})
    if name.endswith(".parquet"):
        pq.write_table(table, path)
    elif name.endswith(".arrows"):
        with pa.ipc.new_stream(path, table.schema) as writer:
            writer.write_table(table, max_chunksize=1000)
    elif name.endswith(".xlsx"):
        _excel(path, [["a"], [SECRET]])
    else:
        with pa.ipc.new_file(path, table.schema) as writer:
            writer.write_table(table, max_chunksize=1000)
    whole = path.read_bytes()
    path.write_bytes(
        {
            "cut": whole[: len(whole) * 2 // 3],
            "other": f"no such format {SECRET}".encode() * 9,
            "empty": b"",
            "ole": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
        }[damage]
    )
    assert _fault(FileDamaged, _read, tmp_path, "a", TEXT).facts["file"] == name


def test_a_stream_that_ends_between_two_batches_is_cut_off(tmp_path):
    table = pa.table({"a": ["1"] * 10})
    with pa.ipc.new_stream(tmp_path / "a.arrows", table.schema) as writer:
        writer.write_table(table)
    whole = (tmp_path / "a.arrows").read_bytes()
    (tmp_path / "a.arrows").write_bytes(whole[:-8])
    _fault(FileDamaged, _read, tmp_path, "a", TEXT)


def test_nothing_that_a_file_says_about_its_rows_leaves(tmp_path):
    field = pa.field("a", pa.string(), metadata={"note": SECRET})
    schema = pa.schema([field], metadata={"pandas": SECRET})
    pq.write_table(pa.table([pa.array([SECRET, "b"])], schema=schema), tmp_path / "a.parquet")
    with closing(open_source({"path": tmp_path})) as connector:
        wanted = Filter(Source("a"), Call("eq", (Column("a"), Literal("b", "text"))))
        table = connector.run(Scan(wanted), TEXT).read_all()
        assert connector.schema("a").metadata is None
    assert table.schema.metadata is None
    assert table.schema.field("a").metadata is None
    assert SECRET.encode() not in b"".join(
        buffer.to_pybytes() for c in table.column("a").chunks for buffer in c.buffers() if buffer
    )


def test_rows_are_chosen_while_reading_only_where_types_are_the_ledgers():
    row = {"a": parse_type("text"), "n": parse_type("int"), "f": parse_type("float")}
    exact = pa.schema([("a", pa.string()), ("n", pa.int64()), ("f", pa.float64())])
    large = pa.schema([("a", pa.large_string()), ("n", pa.int64()), ("f", pa.float64())])
    other = pa.schema([("a", pa.string_view()), ("n", pa.string()), ("f", pa.float64())])
    is_x = Call("eq", (Column("a"), Literal("x", "text")))
    is_one = Call("gt", (Column("n"), Literal(1, "int")))
    is_small = Call("lt", (Column("f"), Literal(1.0, "float")))
    assert filters(Filter(Source("t"), Call("and", (is_x, is_one)))) == {"t": (is_x, is_one)}
    for given in (exact, large):
        assert condition((is_x, is_one), row, given) is not None
    for predicates, given in (((is_x,), other), ((is_one,), other), ((is_small,), exact)):
        assert condition(predicates, row, given) is None


def test_a_row_of_parquet_that_no_filter_keeps_does_no_harm(tmp_path):
    pq.write_table(pa.table({"id": ["1", "2"], "n": ["5", "x"]}), tmp_path / "a.parquet")
    wanted = Filter(Source("a"), Call("eq", (Column("id"), Literal("1", "text"))))
    types = {"id": "text", "n": "int"}
    assert _read(tmp_path, "a", types, wanted) == [{"id": "1", "n": 5}]
    _fault(SourceValue, _read, tmp_path, "a", types)
