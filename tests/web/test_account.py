"""One's own account on the pages: another password, other sign-ins, a first password."""

from __future__ import annotations

import pytest

from builder.app import demo_password
from builder.web import Limits, create_app
from builder.web.device import device_of
from tests.web.conftest import Reader

NEW = "heron-under-the-moon"


def _change(reader, current: str, new: str, again: str | None = None):
    reader.open("/account/password")
    reader.fill("现在的密码", current).fill("新密码", new)
    return reader.fill("再输一遍新密码", new if again is None else again).press("修改密码")


def _enter(app, account: str, password: str):
    reader = Reader(app.test_client()).open("/sign-in")
    return reader.fill("账号", account).fill("密码", password).press("登录")


def test_another_password_ends_every_other_sign_in_and_renews_this_one(app, sign_in):
    here, away = sign_in("chen-jing"), sign_in("chen-jing")
    before = here.client.get_cookie("scenarist").value
    _change(here, demo_password(), NEW)
    assert here.status == 200
    assert "密码已修改" in here.text
    assert here.client.get_cookie("scenarist").value != before
    stolen = app.test_client()
    stolen.set_cookie("scenarist", before)
    assert stolen.get("/cases").status_code == 302
    assert away.client.get("/cases").status_code == 302
    assert _enter(app, "chen-jing", demo_password()).status == 401
    assert _enter(app, "chen-jing", NEW).heading == "办什么事"


@pytest.mark.parametrize(
    ("current", "new", "again", "said"),
    [
        ("wrong", NEW, None, "现在的密码不正确"),
        (None, NEW, NEW + "x", "两次输入的新密码不一样"),
        (None, "short", None, "至少要 10 个字符"),
        (None, "1234567890", None, "太常见"),
        (None, "i-am-chen-jing", None, "不能含有账号名"),
        (None, demo_password(), None, "和现在的密码相同"),
    ],
)
def test_what_is_wrong_with_a_new_password_is_said_and_nothing_changes(
    app, sign_in, current, new, again, said
):
    reader = _change(sign_in("chen-jing"), current or demo_password(), new, again)
    assert reader.status == 422
    assert said in reader.text
    assert NEW not in reader.response.text, "what was typed is not shown again"
    assert _enter(app, "chen-jing", demo_password()).status == 200


def test_a_first_password_opens_nothing_but_its_own_change(app, platform):
    platform.accounts.set_password("officer-police", "kestrel-over-the-lake")
    officer = _enter(app, "officer-police", "kestrel-over-the-lake")
    assert officer.heading == "修改密码"
    for address in ("/", "/desk/", "/matters", "/account/sign-ins", "/ledger"):
        assert officer.client.get(address).headers["Location"] == "/account/password"
    json = officer.client.get("/desk/", headers={"Accept": "application/json"})
    assert json.json["code"] == "web.password-change-needed"
    _change(officer, "kestrel-over-the-lake", NEW)
    assert officer.heading == "待办"


def test_a_reader_sees_the_own_sign_ins_and_ends_the_others(app, sign_in):
    away = app.test_client()
    away.environ_base["HTTP_USER_AGENT"] = "Mozilla/5.0 (Windows NT 10.0) Chrome/130 Safari/537"
    away = Reader(away).open("/sign-in")
    away.fill("账号", "chen-jing").fill("密码", demo_password()).press("登录")
    sign_in("sun-lei")
    here = sign_in("chen-jing").open("/account/sign-ins")
    assert "Chrome · Windows" in here.text
    assert here.text.count("这一台") == 1
    assert here.text.count("最近使用") == 2
    here.press("结束其他全部登录")
    assert "其他登录都已结束" in here.text
    assert away.client.get("/cases").status_code == 302
    assert here.client.get("/cases").status_code == 200


def test_ending_a_sign_in_that_is_anothers_reads_like_one_that_is_over(platform, sign_in):
    here, _ = sign_in("chen-jing"), sign_in("sun-lei")
    (other,) = platform.sessions.of("sun-lei")
    here.open("/account/password")
    token = here.tree.xpath('//input[@name="csrf_token"]/@value')[0]
    for number in (other.id, "0" * 16, "%25", "_" * 16):
        response = here.client.post(f"/account/sign-ins/{number}/end", data={"csrf_token": token})
        assert response.status_code == 404
        assert "identity.sign-in-ended" in response.text
    assert platform.sessions.of("sun-lei") == (other,)


def test_signed_in_pages_say_what_browsers_may_do(sign_in):
    headers = sign_in("chen-jing").open("/account/sign-ins").response.headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert "Strict-Transport-Security" not in headers, "this city is not served over HTTPS"


def test_a_city_served_over_https_says_so_for_a_year(platform, limits):
    from dataclasses import replace

    platform.settings = replace(platform.settings, secure_cookies=True)
    app = create_app(platform, secret=b"s" * 32, limits=limits)
    response = app.test_client().get("/sign-in", base_url="https://city.example")
    assert response.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    cookies = response.headers.getlist("Set-Cookie")
    assert all("Secure" in c and "HttpOnly" in c and "SameSite=Lax" in c for c in cookies)


def test_counts_are_shared_by_all_processes_of_a_machine(platform):
    limits = Limits(sign_in="3 per hour")
    apps = [create_app(platform, secret=b"s" * 32, limits=limits) for _ in range(2)]
    for n in range(3):
        assert _enter(apps[n % 2], "nobody", "x").status == 401
    assert [_enter(app, "nobody", "x").status for app in apps] == [429, 429]


def test_searching_without_end_is_refused_and_reading_is_not(platform):
    app = create_app(platform, secret=b"s" * 32, limits=Limits(searches="2 per hour"))
    client = app.test_client()
    found = [client.get("/matters?q=x").status_code for _ in range(3)]
    assert found == [200, 200, 429]
    assert client.get("/matters").status_code == 200
    elsewhere = client.get("/matters?q=x", environ_base={"REMOTE_ADDR": "10.9.9.9"})
    assert elsewhere.status_code == 200


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64) Chrome/130 Safari/537 Edg/130", "Edge · Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) MicroMessenger/8", "WeChat · iPhone"),
        ("curl/8.1", ""),
        ("<script>alert(1)</script>", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_a_device_is_named_in_words_of_ours(agent, device):
    assert device_of(agent) == device
