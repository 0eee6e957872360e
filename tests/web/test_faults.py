"""Whatever cannot be done is said in the product's look and words, or as JSON for a program."""

from __future__ import annotations

import pytest
from afterlife import begin

from builder.errors import Findings
from builder.web import errors


def test_an_address_that_leads_nowhere_says_what_to_do(visitor):
    visitor.open("/nowhere")
    assert visitor.status == 404
    assert visitor.heading == "没有这一页。"
    assert "web.no-such-page" in visitor.text
    assert "回到首页" in visitor.links


def test_a_fault_speaks_the_readers_language(visitor):
    visitor.open("/nowhere?lang=en")
    assert visitor.heading == "There is no such page."
    assert visitor.tree.get("lang") == "en"


def test_a_program_gets_json(visitor):
    response = visitor.client.get("/nowhere", headers={"Accept": "application/json"})
    assert response.status_code == 404
    assert response.json == {
        "code": "web.no-such-page",
        "message": "没有这一页。",
        "facts": {},
        "where": None,
        "next": "请核对网址，或从首页进入。",
    }


def test_a_program_that_is_not_signed_in_gets_401(visitor):
    response = visitor.client.get("/cases", headers={"Accept": "application/json"})
    assert response.status_code == 401
    assert response.json["code"] == "web.sign-in-needed"


def test_a_wrong_method_is_named(visitor):
    response = visitor.client.delete("/matters")
    assert response.status_code == 405
    assert "web.wrong-method" in response.text


def test_a_page_that_is_not_on_the_path_is_named(sign_in):
    citizen = begin(sign_in("chen-jing"))
    citizen.open(citizen.address.replace("/who", "/nowhere"))
    assert citizen.status == 404
    assert "cases.no-such-page" in citizen.text


@pytest.mark.parametrize("version", ["", "x", "-1", "１", "9" * 30])
def test_a_form_no_page_of_ours_sends_is_refused(sign_in, version):
    citizen = begin(sign_in("chen-jing"))
    citizen.tree.xpath('//main//input[@name="version"]')[0].set("value", version)
    citizen.press("保存并继续")
    assert citizen.status == 400
    assert "cases.unreadable-form" in citizen.text


def test_several_findings_are_all_shown(app, sign_in):
    def several():
        raise Findings([errors.PageMissing(where="/a"), errors.TooMany(where="/b")])

    reader = sign_in("chen-jing")
    app.view_functions["citizen.mine"] = several
    reader.open("/cases")
    assert reader.status == 422
    assert "/a" in reader.text
    assert "操作过于频繁" in reader.text


def test_after_a_refused_post_the_page_can_be_opened_again(sign_in):
    citizen = begin(sign_in("chen-jing"))
    address = citizen.address
    token = citizen.tree.xpath('//input[@name="csrf_token"]/@value')[0]
    response = citizen.client.post(
        address,
        data={"csrf_token": token, "version": "77"},
        headers={"Referer": f"http://localhost{address}"},
    )
    assert response.status_code == 409
    assert f'href="{address}"' in response.text


def test_health_is_plain(visitor):
    response = visitor.client.get("/healthz")
    assert (response.status_code, response.json) == (200, {"ok": True})


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_language_is_kept_and_said(visitor, lang):
    visitor.open(f"/matters?lang={lang}")
    visitor.open("/matters")
    assert visitor.tree.get("lang") == {"zh": "zh-CN", "en": "en"}[lang]


def test_language_follows_the_browser_until_chosen(visitor):
    visitor.open("/matters", **{"Accept-Language": "en-GB,en;q=0.9"})
    assert visitor.tree.get("lang") == "en"
    visitor.open("/matters", **{"Accept-Language": "fr"})
    assert visitor.tree.get("lang") == "zh-CN"


def test_the_theme_is_kept(visitor):
    assert visitor.open("/matters").tree.get("data-theme") is None
    visitor.open("/matters?theme=dark")
    assert visitor.open("/sign-in").tree.get("data-theme") == "dark"
    visitor.open("/matters?theme=auto")
    assert visitor.open("/sign-in").tree.get("data-theme") is None


def test_an_unknown_language_or_theme_changes_nothing(visitor):
    visitor.open('/matters?lang=xx&theme="><script>')
    assert visitor.status == 200
    assert visitor.tree.get("lang") == "zh-CN"
