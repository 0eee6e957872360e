"""One shape for every error, one document for everything, and nobody in without a token."""

from __future__ import annotations

import json

import pytest
from openapi_spec_validator import validate
from people import Reader
from programs import MATTER, ask_token, program_of

from builder.app import demo_password, open_platform
from builder.web import create_app
from builder.web.access import ACCESS, ANYONE
from builder.web.api.resources import operations
from tests.api.conftest import MANY

FAULT = {"code", "message", "facts", "where", "next"}


@pytest.fixture(scope="module")
def app(demo_city, copy_city, tmp_path_factory):
    """One city for all: nothing here looks at what others left."""
    home = copy_city(demo_city, tmp_path_factory.mktemp("interface") / "city")
    platform = open_platform(home)
    yield create_app(platform, secret=b"s" * 32, demo_password=demo_password(), limits=MANY)
    platform.close()


@pytest.fixture
def program(app):
    return lambda account, **more: program_of(app, account, **more)


# ── one shape ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (b"{", "application/json", 400, "api.not-json"),
        (b'{"a": NaN}', "application/json", 400, "api.not-json"),
        (b'{"a": 1e999}', "application/json", 400, "api.not-json"),
        (b'{"a": 1, "a": 2}', "application/json", 400, "api.not-json"),
        (b"[" * 5000, "application/json", 400, "api.not-json"),
        (b"\xff\xfe", "application/json", 400, "api.not-json"),
        (b'{"answers": {"a": "\\ud800"}}', "application/json", 400, "api.not-json"),
        (b'{"answers": {"a": ' + b"9" * 5000 + b"}}", "application/json", 400, "api.not-json"),
        (b"[]", "application/json", 422, "input.findings"),
        (b"{}", "application/x-www-form-urlencoded", 415, "api.media-type"),
        (b" " * 600_000, "application/json", 413, "web.too-large"),
    ],
    ids=lambda v: str(v)[:24],
)
def test_a_body_that_cannot_be_read_is_refused_in_the_one_shape(program, body, kind, status, code):
    citizen = program("chen-jing")
    answer = citizen.client.post(
        f"{MATTER}/cases", data=body, content_type=kind, headers=citizen.headers
    )
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert set(answer.json) - {"findings"} == FAULT


def test_addresses_methods_and_kinds_that_are_not_offered_are_refused_in_the_one_shape(program):
    citizen = program("chen-jing")
    missing, method = citizen.get("/nothing"), citizen.send("PUT", "/cases")
    assert (missing.status_code, missing.json["code"]) == (404, "api.no-such-address")
    assert (method.status_code, method.json["code"]) == (405, "api.wrong-method")
    assert "GET" in method.headers["Allow"]
    kind = citizen.get("/cases", Accept="text/csv")
    assert (kind.status_code, kind.json["code"]) == (406, "api.not-acceptable")


def test_the_reader_chooses_the_language(program):
    citizen = program("chen-jing")
    for asked, lang, title in (("en", "en", "After a death"), ("zh-CN", "zh-CN", "公民身后")):
        answer = citizen.client.get("/api/v1/matters", headers={"Accept-Language": asked})
        assert answer.headers["Content-Language"] == lang
        assert title in answer.text
        wrong = citizen.client.get("/api/v1/nothing", headers={"Accept-Language": asked})
        assert wrong.headers["Content-Language"] == lang


def test_other_sites_scripts_are_not_let_in(program):
    answer = program("chen-jing").get("/cases", Origin="https://elsewhere.example")
    assert not [h for h in answer.headers if h[0].startswith("Access-Control")]


# ── the document ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_document_is_openapi_and_names_every_operation(app, lang):
    client = app.test_client()
    answer = client.get("/api/v1/openapi.json", headers={"Accept-Language": lang})
    validate(answer.json)
    told = {e["operationId"] for m in answer.json["paths"].values() for e in m.values()}
    for operation in operations():
        assert any(name.startswith(operation.id) for name in told)
    again = client.get(
        "/api/v1/openapi.json",
        headers={"Accept-Language": lang, "If-None-Match": answer.headers["ETag"]},
    )
    assert again.status_code == 304


def test_the_document_describes_a_matters_answers_with_their_conditions(app):
    document = app.test_client().get("/api/v1/openapi.json").json
    known = document["components"]["schemas"]["answers.340100.s23-afterlife.apply"]
    fields = known["properties"]["application"]["properties"]
    assert "陈静" not in json.dumps(document, ensure_ascii=False)
    assert any("条件成立" in f["description"] for f in fields.values())
    assert "spouse" in fields["relation"]["anyOf"][0]["enum"]
    assert known["additionalProperties"] is False


def test_people_read_the_same_document(app):
    visitor = Reader(app.test_client())
    visitor.open("/api")
    assert visitor.heading == "开放接口"
    for address in ("POST /api/v1/tokens", "GET /api/v1/tasks/{case_no}/{task_id}"):
        assert address in visitor.text


def test_a_cursor_is_good_for_its_own_list_and_reader_alone(program):
    steward, auditor = program("steward-police"), program("auditor")
    following = steward.get("/grants?limit=1").json["next"]
    assert steward.get(following).status_code == 200
    assert auditor.get(following).json["code"] == "api.cursor"
    assert steward.get(f"{following}x").json["code"] == "api.cursor"
    elsewhere = following.replace("/grants", "/ledger")
    assert steward.get(elsewhere).json["code"] == "api.cursor"


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "limit=1&limit=2", "x=1"])
def test_a_parameter_that_cannot_be_used_is_named(program, query):
    refused = program("chen-jing").get(f"/cases?{query}")
    assert refused.status_code == 422
    assert refused.json["findings"][0]["code"] == "api.parameter"


def test_nobody_gets_a_scope_of_another_role(app):
    answer = ask_token(app.test_client(), "chen-jing", scopes=["grants:write"])
    assert (answer.status_code, answer.json["code"]) == (422, "api.no-such-scope")


def test_a_wrong_password_and_an_unknown_account_read_the_same(app):
    said = [
        app.test_client().post("/api/v1/tokens", json={"account": a, "password": "x"}).json
        for a in ("chen-jing", "nobody")
    ]
    assert said[0] == said[1]
    assert said[0]["code"] == "identity.refused"


def test_without_a_token_nothing_but_the_open_part_answers(app):
    client = app.test_client()
    adapter = app.url_map.bind("localhost")
    for operation in operations():
        address = adapter.build(f"api.{operation.name}", dict.fromkeys(operation.parts, "x"))
        answer = client.open(address, method=operation.method, json={})
        is_open = ACCESS[f"api.{operation.name}"] is ANYONE
        assert (answer.status_code == 401) != is_open or operation.name == "begin_token", address
        assert set(answer.json) >= FAULT or is_open


def test_every_address_is_for_its_roles_only(program):
    officer = program("officer-civil-affairs")
    for address in ("/cases", "/drafts", "/grants", "/ledger"):
        refused = officer.get(address)
        assert (refused.status_code, refused.json["code"]) == (403, "api.role-missing"), address


def test_a_browsers_session_may_read_and_nothing_else(app):
    reader = Reader(app.test_client()).open("/sign-in")
    reader.fill("账号", "chen-jing").fill("密码", demo_password()).press("登录")
    client = reader.client
    assert client.get("/api/v1/cases").status_code == 200
    refused = client.post(f"{MATTER}/drafts")
    assert (refused.status_code, refused.json["code"]) == (401, "api.token-missing")
