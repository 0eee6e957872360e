"""What only a database server can do: be away, refuse, break off, and hold odd types."""

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from ipaddress import ip_address

import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from connectors.errors import Findings
from connectors.faults import (
    SourceBusy,
    SourceCancelled,
    SourceColumnKind,
    SourceOptions,
    SourceTableUnknown,
    SourceValue,
)
from connectors.postgresql import PostgresOptions, open_source
from connectors.postgresql.faults import (
    ServerCrowded,
    ServerDatabaseUnknown,
    ServerDenied,
    ServerEncoding,
    ServerHostUnknown,
    ServerLost,
    ServerMethod,
    ServerNotAdmitted,
    ServerRefused,
    ServerSchemaUnknown,
    ServerSignIn,
    ServerSilent,
    ServerSlow,
    ServerStarting,
    ServerTls,
    ServerTrouble,
    ServerUnreachable,
)
from connectors.postgresql.session import TroubleError
from connectors.postgresql.troubles import named
from connectors.registry import open_connector
from connectors.scan import (
    Aggregate,
    Call,
    Column,
    Filter,
    Literal,
    Measure,
    Order,
    OrderKey,
    Scan,
    Source,
)

pytestmark = pytest.mark.postgres
SECRET = "341221199001011234"


@pytest.fixture
def place(postgres_server):
    """A fresh database."""
    return Place(postgres_server, postgres_server.database())


class Place:
    """One database, with the superuser's way in and the connector's."""

    def __init__(self, server, database):
        self.server = server
        self.database = database

    def run(self, *statements):
        with self.admin() as db:
            for statement in statements:
                db.execute(statement)

    def admin(self, **how):
        return psycopg.connect(self.server.url_of(self.database), autocommit=True, **how)

    def options(self, **more):
        return self.server.options(self.database, **more)

    def open(self, **more):
        return closing(open_source(self.options(**more)))

    def read(self, relation, types, **more):
        with self.open(**more) as connector:
            return connector.run(Scan(relation), types).read_all().to_pylist()


def _eq(column, value, of="text"):
    return Call("eq", (Column(column), Literal(value, of)))


def _fault(kind, call, *arguments, **more):
    """Return the fault of a kind that a call ends in; it stands alone and shows no secret."""
    with pytest.raises(kind) as raised:
        call(*arguments, **more)
    fault = raised.value
    shown = "".join(
        [str(fault), *(fault.message(lang) + fault.next_step(lang) for lang in ("zh", "en"))]
    )
    assert SECRET not in shown + repr(fault.facts)
    assert fault.__cause__ is None
    assert fault.__context__ is None
    return fault


# ── Reaching and signing in ───────────────────────────────────────────────────────────────────────


def test_a_wrong_password_or_user_is_told_from_a_host_that_is_away(place):
    wrong = _fault(ServerSignIn, open_source, place.options(password=SECRET))
    assert wrong.message("zh") == "主机可达；用户名或密码错（用户“city”）。"
    _fault(ServerSignIn, open_source, place.options(user="nobody"))
    options = place.options()
    del options["password"]
    _fault(ServerSignIn, open_source, options)


def test_a_missing_database_and_a_missing_schema_are_named(place):
    _fault(ServerDatabaseUnknown, open_source, {**place.options(), "database": "nowhere"})
    place.run("CREATE SCHEMA office")
    fault = _fault(ServerSchemaUnknown, open_source, place.options(schema="ofice"))
    assert "office" in fault.facts["near"]


def test_a_host_that_is_unknown_closed_or_silent_is_named(place):
    unknown = {**place.options(), "host": "nowhere.invalid"}
    _fault(ServerHostUnknown, open_source, unknown)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        options = {**place.options(), "port": port, "connect_timeout_s": 2}
        silent = _fault(ServerSilent, open_source, options)
        assert silent.facts["seconds"] == 2
    closed = _fault(ServerUnreachable, open_source, options)
    assert closed.facts == {"host": "127.0.0.1", "port": port}


def test_a_server_without_tls_is_named_where_tls_is_asked_for(place):
    assert _fault(ServerTls, open_source, place.options(sslmode="require")).facts["sslmode"]


@pytest.mark.slow
def test_tls_is_used_and_the_server_is_who_the_authority_says(tmp_path):
    from postgres_server import PostgresServer

    authority, certificate, key = _certified("127.0.0.1")
    (tmp_path / "ca.crt").write_bytes(authority)
    (tmp_path / "other.crt").write_bytes(_certified("127.0.0.1")[0])
    server = PostgresServer()
    try:
        server.secure(certificate, key)
        trusted = {"sslmode": "verify-full", "sslrootcert": str(tmp_path / "ca.crt")}
        with closing(open_source(server.options("postgres", **trusted))) as connector:
            with psycopg.connect(server.url) as db:
                uses = "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)"
                told = db.execute(f"{uses} WHERE application_name = 'scenarist'").fetchall()
            assert told == [(True,)]
            assert connector.resources() == ()
        for wrong in (
            {"sslrootcert": str(tmp_path / "other.crt")},
            {"host": "localhost"},  # the certificate names the address
        ):
            options = {**server.options("postgres", **trusted), **wrong}
            _fault(ServerTls, open_source, options)
    finally:
        server.remove()


def _certified(address):
    """Return an authority's certificate, and one for an address with its key, in PEM."""
    now = datetime.now(UTC)
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    names = [x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, n)]) for n in ("ca", "pg")]
    made = []
    for number, (name, key) in enumerate(zip(names, keys, strict=True)):
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(names[0])
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(hours=1))
            .add_extension(x509.BasicConstraints(ca=number == 0, path_length=None), critical=True)
        )
        if number:
            here = x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))])
            builder = builder.add_extension(here, critical=False)
        made.append(builder.sign(keys[0], hashes.SHA256()).public_bytes(Encoding.PEM))
    secret = keys[1].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return made[0], made[1], secret


def test_a_role_that_may_not_connect_is_named(place):
    place.run(
        f"REVOKE CONNECT ON DATABASE {place.database} FROM public",
        f"CREATE ROLE away_{place.database} LOGIN PASSWORD 'x'",
        f"CREATE ROLE full_{place.database} LOGIN PASSWORD 'x' CONNECTION LIMIT 0",
        f"CREATE ROLE out_{place.database} NOLOGIN PASSWORD 'x'",
        f"GRANT CONNECT ON DATABASE {place.database} TO full_{place.database}",
    )
    for role, fault in (
        ("away", ServerNotAdmitted),
        ("full", ServerCrowded),
        ("out", ServerNotAdmitted),
    ):
        options = {**place.options(), "user": f"{role}_{place.database}", "password": "x"}
        _fault(fault, open_source, options)


def test_what_a_role_may_not_read_is_named(place):
    role = f"reader_{place.database}"
    place.run(
        f"CREATE ROLE {role} LOGIN PASSWORD 'x'",
        "CREATE TABLE seen (a text)",
        "CREATE TABLE kept (a text)",
        "CREATE SCHEMA closed CREATE TABLE inside (a text)",
        f"GRANT SELECT ON seen, closed.inside TO {role}",
    )
    mine = {"user": role, "password": "x"}
    assert place.read(Source("seen"), {"a": "text"}, **mine) == []
    denied = _fault(ServerDenied, place.read, Source("kept"), {"a": "text"}, **mine)
    assert denied.facts == {"user": role, "schema": "public", "table": "kept"}
    _fault(ServerDenied, place.read, Source("inside"), {"a": "text"}, schema="closed", **mine)


@pytest.mark.parametrize(
    "wrong",
    [
        {"colour": "red"},
        {"port": 0},
        {"port": True},
        {"port": "5432"},
        {"host": ""},
        {"user": 5},
        {"sslmode": "maybe"},
        {"sslrootcert": "/nowhere.crt"},
        {"schema": "a\0b"},
        {"connections": 65},
        {"timeout_s": 0},
    ],
)
def test_an_option_that_cannot_be_is_named(postgres_server, wrong):
    fault = _fault(SourceOptions, open_source, {**postgres_server.options("postgres"), **wrong})
    assert fault.facts["option"] == next(iter(wrong))


def test_options_show_no_password():
    assert SECRET not in repr(PostgresOptions("h", "d", "u", SECRET))


def test_odd_characters_in_options_reach_the_server_as_they_are(place):
    odd = 'it\'s 100% "odd" & ?=/\\ 密'
    place.run(
        f"CREATE ROLE r_{place.database} LOGIN PASSWORD 'it''s 100% \"odd\" & ?=/\\ 密'",
        'CREATE SCHEMA "S & \'?" CREATE VIEW v AS SELECT 1 AS a',
        f'GRANT USAGE ON SCHEMA "S & \'?" TO r_{place.database}',
        f'GRANT SELECT ON "S & \'?".v TO r_{place.database}',
    )
    mine = {"user": f"r_{place.database}", "password": odd, "schema": "S & '?"}
    assert place.read(Source("v"), {"a": "int"}, **mine) == [{"a": 1}]


TOLD = {
    ServerSignIn: (
        'password authentication failed for user "city"',
        '用户 "city" Password 认证失败',
        'role "city" does not exist',
        '角色 "city" 不存在',
    ),
    ServerDatabaseUnknown: ('database "db" does not exist', '数据库 "db" 不存在'),
    ServerNotAdmitted: (
        'no pg_hba.conf entry for host "::1", user "city", database "db", SSL encryption',
        '没有用于主机 "::1", 用户 "city", 数据库 "db", SSL 的 pg_hba.conf 记录',
        'role "city" is not permitted to log in',
        '不允许角色"city" 进行登录',
        'permission denied for database "db"',
        '访问数据库"db"的权限不够',
        'database "db" is not currently accepting connections',
        '数据库 "db" 当前不接受联接',
    ),
    ServerCrowded: (
        "sorry, too many clients already",
        "对不起, 已经有太多的客户",
        "remaining connection slots are reserved for superusers",
        "已保留的连接位置为执行非复制请求的超级用户预留",
        'too many connections for role "city"',
        '由角色"city"发起的连接太多了',
    ),
    ServerStarting: (
        "the database system is starting up",
        "数据库系统启动中",
        "the database system is shutting down",
        "数据库系统停止中",
        "the database system is not yet accepting connections",
        "数据库系统在恢复模式中",
    ),
    ServerMethod: (
        "authentication method 10 not supported",
        "none of the server's SASL authentication mechanisms are supported",
    ),
    ServerRefused: ("whatever else it may be", "别的原因"),
}
"""PostgreSQL's own words, English and Chinese; connecting gives no SQLSTATE."""


@pytest.mark.parametrize(("kind", "words"), [(k, w) for k, words in TOLD.items() for w in words])
def test_a_server_that_speaks_chinese_is_understood(kind, words):
    text = f'Failed to connect: connection to server at "::1", port 5432 failed: FATAL:  {words}'
    options = PostgresOptions("::1", "db", "city", SECRET)
    assert type(named(TroubleError(text), options, "t")) is kind


# ── Types ─────────────────────────────────────────────────────────────────────────────────────────

READ = [
    ("char(6)", "'ab'", "text", "ab"),
    ('"char"', "'a'", "text", "a"),
    ("name", "'n'", "text", "n"),
    ("mood", "'sad'", "text", "sad"),
    ("uuid", "'00000000-0000-0000-0000-000000000001'", "text",
     "00000000-0000-0000-0000-000000000001"),
    ("jsonb", "'{\"a\": 1}'", "text", '{"a": 1}'),
    ("bytea", "'张'::text::bytea", "text", "张"),
    ("bigint", "340102199001011234", "text", "340102199001011234"),
    ("numeric(18,0)", "340102199001011234", "text", "340102199001011234"),
    ("date", "'2024-02-29'", "text", "2024-02-29"),
    ("time", "'08:30'", "text", "08:30:00"),
    ("smallint", "7", "int", 7),
    ("oid", "7", "int", 7),
    ("numeric", "7.000", "int", 7),
    ("text", "'7'", "int", 7),
    ("real", "0.5", "float", 0.5),
    ("real", "'NaN'", "float", None),
    ("double precision", "'-0'", "float", 0.0),
    ("numeric", "0.1", "float", 0.1),
    ("numeric(38,18)", "12345678901234567890.123456789012345678", "decimal(38,18)",
     Decimal("12345678901234567890.123456789012345678")),
    ("money", "'12.50'", "decimal(9,2)", Decimal("12.50")),
    ("money", "'12.50'", "float", 12.5),
    ("integer", "12", "decimal(9,2)", Decimal("12.00")),
    ("double precision", "0.1", "decimal(9,2)", Decimal("0.10")),
    ("boolean", "'t'", "bool", True),
    ("text", "'f'", "bool", False),
    ("integer", "1", "bool", True),
    ("date", "'0001-01-01'", "date", date(1, 1, 1)),
    ("date", "'9999-12-31'", "date", date(9999, 12, 31)),
    ("timestamp", "'2024-02-29'", "date", date(2024, 2, 29)),
    ("varchar(10)", "'2024-02-29'", "date", date(2024, 2, 29)),
    ("timestamptz", "'2024-02-29 08:00+08'", "timestamp", datetime(2024, 2, 29, tzinfo=UTC)),
    ("timestamptz(0)", "'2024-02-29 08:00+08'", "timestamp", datetime(2024, 2, 29, tzinfo=UTC)),
    ("timestamp", "'2024-02-29 08:00'", "timestamp", datetime(2024, 2, 29, tzinfo=UTC)),
    ("text", "'2024-02-29 08:00'", "timestamp", datetime(2024, 2, 29, tzinfo=UTC)),
    ("varchar(99) COLLATE \"C\"", "'张三𠮷'", "text", "张三𠮷"),
    ("deep", "'x'", "text", "x"),
]  # fmt: skip


@pytest.mark.parametrize("kind", ["postgresql", "opengauss"])
def test_every_type_comes_out_as_the_ledger_says(place, kind):
    columns = ", ".join(f"c{n} {of}" for n, (of, *_) in enumerate(READ))
    values = ", ".join(value for _, value, *_ in READ)
    nulls = ", ".join(["NULL"] * len(READ))
    place.run(
        "CREATE TYPE mood AS ENUM ('sad')",
        "CREATE DOMAIN d1 AS varchar(9); CREATE DOMAIN d2 AS d1; CREATE DOMAIN deep AS d2",
        f"CREATE TABLE t ({columns})",
        f"INSERT INTO t VALUES ({values}), ({nulls})",
    )
    types = {f"c{n}": of for n, (_, _, of, _) in enumerate(READ)}
    with closing(open_connector(kind, place.options())) as connector:
        table = connector.run(Scan(Source("t")), types).read_all()
        by_filter = connector.run(Scan(Filter(Source("t"), _eq("c0", "ab"))), types).read_all()
    assert list(table.to_pylist()[0].values()) == [told for *_, told in READ]
    assert set(table.to_pylist()[1].values()) == {None}
    assert by_filter.to_pylist() == table.to_pylist()[:1]


@pytest.mark.parametrize(
    ("of", "to"),
    [
        ("integer[]", "int"),
        ("text[]", "text"),
        ("int4range", "text"),
        ("point", "text"),
        ("tsvector", "text"),
        ("pair", "text"),
        ("timestamptz", "date"),
        ("timestamptz", "text"),
        ("boolean", "text"),
        ("bytea", "int"),
        ("double precision", "text"),
        ("date", "timestamp"),
    ],
)
def test_a_type_that_cannot_be_read_so_is_refused_by_name(place, of, to):
    place.run("CREATE TYPE pair AS (a int, b int)", f"CREATE TABLE t (id text, odd {of})")
    with pytest.raises(Findings) as raised:
        place.read(Source("t"), {"id": "text", "odd": to})
    (finding,) = raised.value.findings
    assert isinstance(finding, SourceColumnKind)
    assert finding.facts["column"] == "odd"
    assert finding.facts["type"] == to
    assert place.read(Source("t"), {"id": "text"}) == []


@pytest.mark.parametrize(
    ("of", "value", "to"),
    [
        ("date", "'infinity'", "date"),
        ("date", "'-infinity'", "date"),
        ("date", "'10000-01-01'", "date"),
        ("date", "'0001-01-01 BC'", "date"),
        ("timestamptz", "'infinity'", "timestamp"),
        ("timestamp", "'-infinity'", "timestamp"),
        ("timestamptz", "'10000-01-02'", "timestamp"),
        ("numeric", "'NaN'", "decimal(9,2)"),
        ("numeric", "'Infinity'", "decimal(9,2)"),
        ("numeric", "1.005", "decimal(9,2)"),
        ("numeric", "1e30", "int"),
        ("numeric", "1.5", "int"),
        ("numeric", "1e400", "float"),
        ("double precision", "'Infinity'", "float"),
        ("integer", "2", "bool"),
        ("timestamp", "'2024-01-01 08:00'", "date"),
        ("bytea", "'\\xff'", "text"),
        ("text", f"'{SECRET}x'", "int"),
    ],
)
def test_a_value_outside_the_type_is_a_fault_by_column(place, of, value, to):
    place.run(f"CREATE TABLE t (id text, odd {of})", f"INSERT INTO t VALUES ('1', {value})")
    fault = _fault(SourceValue, place.read, Source("t"), {"id": "text", "odd": to})
    assert fault.facts == {"table": "t", "column": "odd", "type": to}


def test_padding_counts_neither_in_the_value_nor_in_a_question(place):
    place.run("CREATE TABLE t (a char(6))", "INSERT INTO t VALUES ('ab'), ('abc'), (''), (NULL)")
    types = {"a": "text"}
    for asked, told in (("ab", 1), ("ab    ", 0), ("", 1), ("abc", 1), ("a", 0)):
        assert len(place.read(Filter(Source("t"), _eq("a", asked)), types)) == told
        unlike = Call("not", (_eq("a", asked),))
        assert len(place.read(Filter(Source("t"), unlike), types)) == 3 - told
    groups = Aggregate(Source("t"), ("a",), (Measure("rows", "count"),))
    assert len(place.read(groups, types)) == 4


def test_a_name_that_is_a_number_there_is_found_as_the_text_it_is_here(place):
    place.run("CREATE TABLE t (a bigint)", "INSERT INTO t VALUES (7), (10), (9), (NULL)")
    types = {"a": "text"}
    for asked, told in (("7", 1), ("07", 0), ("+7", 0), ("x", 0), ("10", 1), ("", 0)):
        assert len(place.read(Filter(Source("t"), _eq("a", asked)), types)) == told
    ordered = Order(Source("t"), (OrderKey("a"),))
    assert [r["a"] for r in place.read(ordered, types)] == ["10", "7", "9", None]


@pytest.mark.parametrize("encoding", ["EUC_CN", "LATIN1", "SQL_ASCII"])
def test_a_database_in_another_encoding_gives_the_same_text(postgres_server, encoding):
    name = postgres_server.database(f"ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0")
    place = Place(postgres_server, name)
    words = {"LATIN1": ["é", "z", "a"]}.get(encoding, ["张三", "李四", "a"])
    with place.admin(client_encoding="UTF8") as db:
        db.execute("CREATE TABLE t (a text)")
        for word in words:
            db.execute("INSERT INTO t VALUES (%s)", [word])
    types = {"a": "text"}
    ordered = place.read(Order(Source("t"), (OrderKey("a"),)), types)
    assert [r["a"] for r in ordered] == sorted(words)
    assert place.read(Filter(Source("t"), _eq("a", words[0])), types) == [{"a": words[0]}]
    assert place.read(Filter(Source("t"), _eq("a", "𠮷")), types) == []


def test_text_that_is_none_in_the_databases_encoding_is_a_fault(postgres_server):
    name = postgres_server.database("ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
    place = Place(postgres_server, name)
    place.run("CREATE TABLE t (a text)", r"INSERT INTO t VALUES (E'\xd5\xc5')")
    for relation in (Source("t"), Filter(Source("t"), Call("not", (_eq("a", "x"),)))):
        _fault(ServerEncoding, place.read, relation, {"a": "text"})


# ── What is there ─────────────────────────────────────────────────────────────────────────────────


def test_tables_views_and_partitions_can_be_read_and_nothing_else_is_shown(place):
    place.run(
        "CREATE TABLE plain (a int)",
        "CREATE VIEW seen AS SELECT a FROM plain",
        "CREATE MATERIALIZED VIEW kept AS SELECT a FROM plain",
        "CREATE TABLE parts (a int) PARTITION BY RANGE (a)",
        "CREATE TABLE part_1 PARTITION OF parts FOR VALUES FROM (0) TO (9)",
        "CREATE INDEX an_index ON plain (a)",
        "CREATE SEQUENCE a_sequence",
        "CREATE SCHEMA other CREATE TABLE elsewhere (a int)",
        "INSERT INTO parts VALUES (1)",
    )
    with place.open() as connector:
        assert connector.resources() == ("kept", "part_1", "parts", "plain", "seen")
        assert connector.probe("parts").rows == 1
        assert connector.probe("parts").columns == {"a": "integer"}
        for absent in ("elsewhere", "an_index", "other.elsewhere", "pg_class", "Plain"):
            _fault(SourceTableUnknown, connector.schema, absent)


def test_a_schema_without_tables_is_no_fault(place):
    with place.open() as connector:
        assert connector.resources() == ()


def test_a_tables_own_types_are_told(place):
    place.run("CREATE TABLE t (a numeric(9,2), b numeric, c text, d timestamptz, e int[])")
    with place.open() as connector:
        told = [str(f.type) for f in connector.schema("t")]
    assert told == ["decimal128(9, 2)", "string", "string", "timestamp[us, tz=UTC]", "string"]


# ── What the server is asked ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", ["postgresql", "kingbase"])
@pytest.mark.parametrize(
    ("of", "to"),
    [
        ("text", "text"),
        ("varchar(18)", "text"),
        ("char(18)", "text"),
        ("bigint", "text"),
        ("text COLLATE pinyin", "text"),
        ("text COLLATE loose", "text"),
        ("bigint", "int"),
        ("numeric(18,0)", "decimal(18,0)"),
    ],
)
def test_one_record_is_found_by_its_index(place, kind, of, to):
    place.run(
        "CREATE COLLATION pinyin (provider = icu, locale = 'zh-u-co-pinyin')",
        "CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level1',"
        " deterministic = false)",
        f"CREATE TABLE t (id {of}, more text)",
        "INSERT INTO t SELECT 340102199001010000 + n, 'm' FROM generate_series(1, 9999) n",
        "CREATE INDEX found ON t (id)",
        "ANALYZE t",
    )
    value = {"text": SECRET, "int": int(SECRET)}.get(to, Decimal(SECRET))
    place.run(f"UPDATE t SET id = '{SECRET}' WHERE id = '340102199001010500'")
    wanted = Filter(Source("t"), _eq("id", value, to))
    with closing(open_connector(kind, place.options())) as connector:
        assert connector.run(Scan(wanted), {"id": to, "more": "text"}).read_all().num_rows == 1
    with place.admin() as db:
        while db.execute(
            "SELECT FROM pg_stat_activity WHERE datname = %s AND application_name = 'scenarist'",
            [place.database],
        ).fetchall():
            pass  # its figures are written when it ends
        counts = "SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'found'"
        while not (found := db.execute(counts).fetchone()):
            pass
    assert found == (2,)


def test_operators_and_tables_of_the_same_name_elsewhere_are_not_used(place):
    place.run(
        "CREATE TABLE t (a text, b varchar(9))",
        "INSERT INTO t VALUES ('x', 'x')",
        "CREATE FUNCTION never(text, text) RETURNS bool LANGUAGE sql AS 'SELECT false'",
        "CREATE FUNCTION never(varchar, text) RETURNS bool LANGUAGE sql AS 'SELECT false'",
        "CREATE OPERATOR = (LEFTARG = text, RIGHTARG = text, FUNCTION = never)",
        "CREATE OPERATOR = (LEFTARG = varchar, RIGHTARG = text, FUNCTION = never)",
        f"ALTER DATABASE {place.database} SET search_path = public, pg_catalog",
    )
    for column in ("a", "b"):
        told = place.read(Filter(Source("t"), _eq(column, "x")), {"a": "text", "b": "text"})
        assert told == [{"a": "x", "b": "x"}]


def test_a_table_called_as_one_of_the_catalogue_is_the_schemas_own(place):
    place.run("CREATE TABLE public.pg_class (relname text)")
    assert place.read(Source("pg_class"), {"relname": "text"}) == []


def test_a_view_that_would_write_cannot(place):
    place.run(
        "CREATE TABLE t (a text)",
        "CREATE FUNCTION note() RETURNS text LANGUAGE sql AS"
        " $$ INSERT INTO t VALUES ('x') RETURNING a $$",
        "CREATE VIEW v AS SELECT note() AS a",
    )
    _fault(ServerTrouble, place.read, Source("v"), {"a": "text"})
    asked = Filter(Source("v"), _eq("a", "x"))
    assert _fault(ServerTrouble, place.read, asked, {"a": "text"}).facts["state"] == "25006"
    assert place.read(Source("t"), {"a": "text"}) == []


def test_an_error_inside_the_server_shows_no_value(place):
    place.run(
        "CREATE TABLE t (a text)",
        "INSERT INTO t SELECT '1' FROM generate_series(1, 50000)",
        f"INSERT INTO t VALUES ('{SECRET}')",
        "CREATE VIEW v AS SELECT a, CAST(a AS int) AS n FROM t",
    )
    types = {"a": "text", "n": "int"}
    _fault(ServerTrouble, place.read, Filter(Source("v"), _eq("n", 5, "int")), types)
    _fault(ServerTrouble, place.read, Source("v"), types)  # in the middle of a stream


def test_all_of_a_scan_sees_one_state_of_the_database(place):
    place.run(
        "CREATE TABLE t (n int)",
        "INSERT INTO t SELECT generate_series(1, 300000)",
    )
    with place.open() as connector:
        reader = connector.run(Scan(Source("t")), {"n": "int"})
        place.run("DELETE FROM t")
        assert reader.read_all().num_rows == 300_000
        assert connector.run(Scan(Source("t")), {"n": "int"}).read_all().num_rows == 0


# ── Time, and connections that end ────────────────────────────────────────────────────────────────


def test_a_statement_that_takes_too_long_is_ended_and_named(place):
    place.run("CREATE VIEW v AS SELECT n, pg_sleep(0.1)::text AS a FROM generate_series(1, 100) n")
    for relation in (Source("v"), Filter(Source("v"), _eq("a", "x"))):
        fault = _fault(ServerSlow, place.read, relation, {"n": "int", "a": "text"}, timeout_s=1)
        assert fault.facts["seconds"] == 1


def test_a_locked_table_is_named_busy(place):
    place.run("CREATE TABLE t (a text)")
    with place.admin() as db, db.transaction():
        db.execute("LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
        _fault(SourceBusy, place.read, Source("t"), {"a": "text"}, wait_ms=50)


def test_cancel_ends_the_statement_in_the_server_too(place):
    place.run("CREATE VIEW v AS SELECT pg_sleep(60)::text AS a")
    active = (
        "SELECT FROM pg_stat_activity WHERE datname = %s AND state = 'active'"
        " AND application_name = 'scenarist' AND wait_event = 'PgSleep'"
    )
    with place.open() as connector, place.admin() as db, ThreadPoolExecutor(1) as pool:
        for relation in (Source("v"), Filter(Source("v"), _eq("a", "x"))):
            asked = pool.submit(
                lambda r: connector.run(Scan(r), {"a": "text"}).read_all(), relation
            )
            while not db.execute(active, [place.database]).fetchall():
                pass
            connector.cancel()
            with pytest.raises(SourceCancelled):
                asked.result()
            while db.execute(active, [place.database]).fetchall():
                pass


def test_a_lost_connection_is_named_and_the_next_reading_connects_anew(place):
    place.run("CREATE TABLE t (n int)", "INSERT INTO t SELECT generate_series(1, 2000000)")
    end = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = %s AND application_name = 'scenarist'"
    )
    with place.open() as connector, place.admin() as db:
        scan = Scan(Source("t"))
        reader = connector.run(scan, {"n": "int"})
        reader.read_next_batch()
        db.execute(end, [place.database])
        _fault(ServerLost, reader.read_all)
        assert connector.probe("t").rows == 2_000_000
        db.execute(end, [place.database])  # the one that lies idle
        assert connector.probe("t").rows == 2_000_000


def test_a_server_that_went_away_is_named_and_used_again_when_it_is_back():
    from postgres_server import PostgresServer

    server = PostgresServer()
    try:
        with closing(open_source(server.options("postgres"))) as connector:
            assert connector.resources() == ()
            server.stop()
            _fault(ServerUnreachable, connector.resources)
            server.start()
            assert connector.resources() == ()
    finally:
        server.remove()


def test_more_readings_than_connections_wait_and_then_say_so(place):
    place.run("CREATE TABLE t (n int)", "INSERT INTO t SELECT generate_series(1, 2000000)")
    scan, types = Scan(Source("t")), {"n": "int"}
    with place.open(connections=1, wait_ms=50) as connector:
        reader = connector.run(scan, types)
        _fault(ServerCrowded, connector.run, scan, types)
        reader.close()
        del reader
        assert connector.probe("t").rows == 2_000_000
    with place.open(connections=1, wait_ms=60_000) as connector:
        barrier = threading.Barrier(3)

        def count(_):
            barrier.wait()
            return connector.probe("t").rows

        with ThreadPoolExecutor(3) as pool:
            assert list(pool.map(count, range(3))) == [2_000_000] * 3


def test_a_closed_source_leaves_no_connection_behind(place):
    place.run("CREATE TABLE t (n int)", "INSERT INTO t SELECT generate_series(1, 200000)")
    mine = "SELECT FROM pg_stat_activity WHERE datname = %s AND application_name = 'scenarist'"
    connector = open_source(place.options())
    reader = connector.run(Scan(Source("t")), {"n": "int"})
    connector.close()
    del reader
    with place.admin() as db:
        while db.execute(mine, [place.database]).fetchall():
            pass
