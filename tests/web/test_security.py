"""The doors: headers, tokens, sessions, limits, what is logged, what an address may not do."""

from __future__ import annotations

import re

import pytest
import structlog
from afterlife import DECEASED, begin, fill, hand_in

from builder.app import demo_password
from builder.web import Limits
from tests.web.conftest import Reader


def test_no_page_lets_foreign_or_inline_script_run(sign_in):
    reader = sign_in("chen-jing").open("/matters")
    policy = reader.response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    nonce = re.search(r"'nonce-([^']+)'", policy).group(1)
    for script in reader.tree.iter("script"):
        assert script.get("nonce") == nonce or script.get("type") == "application/json"
        assert not script.get("src", "/").startswith(("http", "//"))
    assert not reader.tree.xpath("//style|//@style|//@*[starts-with(name(), 'on')]")


def test_a_nonce_is_used_once(visitor):
    policies = {visitor.open("/sign-in").response.headers["Content-Security-Policy"] for _ in "ab"}
    assert len(policies) == 2


def test_pages_are_not_kept_by_shared_computers(sign_in):
    headers = sign_in("chen-jing").open("/cases").response.headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"


def test_nothing_is_asked_of_another_server(sign_in):
    reader = sign_in("chen-jing")
    for page in ("/matters", "/cases", "/matters/340100/s23-afterlife"):
        reader.open(page)
        addresses = reader.tree.xpath("//@src|//link/@href|//form/@action|//use/@href")
        assert [a for a in addresses if a.startswith(("http", "//"))] == []


def test_the_session_cookie_is_for_this_site_and_no_script(visitor):
    response = visitor.client.get("/sign-in")
    cookie = next(c for c in response.headers.getlist("Set-Cookie") if c.startswith("scenarist="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_signing_in_begins_a_fresh_session(app):
    reader = Reader(app.test_client())
    reader.open("/sign-in")
    before = reader.client.get_cookie("scenarist").value
    reader.fill("账号", "chen-jing").fill("密码", demo_password()).press("登录")
    assert reader.client.get_cookie("scenarist").value != before
    planted = app.test_client()
    planted.set_cookie("scenarist", before)
    assert planted.get("/cases").status_code == 302


def test_signing_out_ends_the_sign_in_everywhere_it_was_copied(app, sign_in):
    reader = sign_in("chen-jing")
    stolen = app.test_client()
    stolen.set_cookie("scenarist", reader.client.get_cookie("scenarist").value)
    assert stolen.get("/cases").status_code == 200
    reader.press("退出登录")
    assert reader.heading == "跨部门的事，一次办好"
    assert "您已退出登录" in reader.text
    assert stolen.get("/cases").status_code == 302


def test_wrong_account_and_wrong_password_read_the_same(visitor):
    said = []
    for account in ("chen-jing", "nobody"):
        visitor.open("/sign-in").fill("账号", account).fill("密码", "wrong").press("登录")
        assert visitor.status == 401
        said.append(visitor.tree.find_class("error-summary")[0].text_content().split())
    assert said[0] == said[1]


def test_a_post_without_the_pages_token_does_nothing(sign_in):
    reader = sign_in("chen-jing")
    response = reader.client.post("/matters/340100/s23-afterlife")
    assert response.status_code == 400
    assert "web.form-expired" in response.text
    assert "还没有办件" in reader.open("/cases").text


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "/\t/x",
        "\\\\x",
    ],
)
def test_signing_in_never_leads_to_another_site(app, elsewhere):
    reader = Reader(app.test_client())
    reader.open("/sign-in")
    field = reader.tree.xpath('//input[@name="next"]')[0]
    field.set("value", elsewhere.replace("\t", " "))
    reader.fill("账号", "chen-jing").fill("密码", demo_password()).press("登录")
    assert reader.heading == "办什么事"


def test_signing_in_leads_back_to_the_page_asked_for(app):
    reader = Reader(app.test_client())
    reader.open("/cases")
    assert reader.heading == "跨部门的事，一次办好"
    reader.fill("账号", "chen-jing").fill("密码", demo_password()).press("登录")
    assert reader.heading == "我的办件"


def test_a_page_for_another_role_is_not_where_signing_in_leads(app):
    reader = Reader(app.test_client())
    reader.open("/cases")
    reader.fill("账号", "auditor").fill("密码", demo_password()).press("登录")
    assert reader.heading == "留痕"


def test_a_post_beyond_any_page_is_refused(sign_in):
    reader = begin(sign_in("chen-jing"))
    response = reader.client.post(reader.address, data={"x": "a" * (600 * 1024)})
    assert response.status_code == 413
    assert "web.too-large" in response.text


def test_too_many_fields_are_refused(sign_in):
    reader = begin(sign_in("chen-jing"))
    many = {f"f{i}": "x" for i in range(3000)}
    response = reader.client.post(reader.address, data=many, content_type="multipart/form-data")
    assert response.status_code == 413


class TestLimits:
    @pytest.fixture
    def limits(self) -> Limits:
        return Limits(sign_in="3 per minute", posts="2 per minute")

    def test_sign_in_is_limited_by_address(self, app):
        reader = Reader(app.test_client())
        for _ in range(3):
            reader.open("/sign-in").fill("账号", "nobody").fill("密码", "x").press("登录")
            assert reader.status == 401
        reader.open("/sign-in").fill("账号", "nobody").fill("密码", "x").press("登录")
        assert reader.status == 429
        assert "web.too-many" in reader.text

    def test_posts_are_limited_and_reading_is_not(self, sign_in):
        reader = sign_in("chen-jing")
        matter = "/matters/340100/s23-afterlife"
        for button in ("开始办理", "另外办一件"):
            assert reader.open(matter).press(button).status == 200
        assert reader.open(matter).press("另外办一件").status == 429
        assert reader.open(matter).status == 200


def test_personal_values_reach_neither_log_nor_address(sign_in):
    with structlog.testing.capture_logs() as lines:
        citizen = begin(sign_in("chen-jing"))
        fill(citizen, {**DECEASED, "逝者身份证号码": "340100195705089070"}).press("保存并继续")
        addresses = [citizen.address]
        fill(citizen, DECEASED).press("保存并继续")
        addresses.append(citizen.address)
    said = repr(lines) + repr(addresses)
    for value in (*DECEASED.values(), "340100195705089070", "chen-jing", "陈静"):
        assert value not in said
    assert any(line["event"] == "request" and line["status"] == 422 for line in lines)


def test_an_unexpected_mistake_is_logged_without_its_message(app, sign_in):
    reader = sign_in("chen-jing")
    app.view_functions["citizen.mine"] = lambda: {}["340100195705089073"]
    with structlog.testing.capture_logs() as lines:
        reader.open("/cases")
    assert reader.status == 500
    assert "web.unexpected" in reader.text
    entry = next(line for line in lines if line["event"] == "unexpected")
    assert entry["kind"] == "KeyError"
    assert entry["incident"] in reader.text
    assert "340100195705089073" not in repr(lines) + reader.text


def test_the_applicants_page_names_no_number_in_links(sign_in):
    citizen = sign_in("chen-jing")
    case_no = hand_in(citizen)
    citizen.open(f"/cases/{case_no}")
    assert not [a for a in citizen.tree.xpath("//@href") if DECEASED["逝者身份证号码"] in a]
