"""Elder mode: chosen on any page, kept, larger and plainer; help by telephone is always there."""

from __future__ import annotations

from dataclasses import replace

import pytest
from afterlife import DECEASED, begin, fill


def test_the_switch_stands_on_every_page_and_works_without_scripts(visitor):
    visitor.open("/sign-in").follow("长辈模式")
    assert visitor.tree.get("data-skin") == "elder"
    visitor.open("/matters")
    assert visitor.heading == "您想办什么事？"
    visitor.follow("标准模式")
    assert visitor.tree.get("data-skin") is None
    assert visitor.open("/matters").heading == "办什么事"


def test_the_switch_comes_back_to_the_same_page_with_its_filters(visitor):
    visitor.open("/matters?q=身后&theme=dark").follow("长辈模式")
    assert visitor.address.startswith("/matters?")
    assert visitor.tree.get_element_by_id("q").value == "身后"
    assert "theme=" not in visitor.address


def test_a_form_is_filled_in_elder_mode_as_in_any(sign_in):
    citizen = sign_in("chen-jing").open("/matters?skin=elder")
    assert begin(citizen).tree.get("data-skin") == "elder"
    fill(citizen, DECEASED).press("存好，下一步")
    assert citizen.heading == "逝者的情况"


@pytest.mark.parametrize(("lang", "words"), [("zh", "打电话问 12345"), ("en", "Call 12345")])
def test_the_telephone_number_stands_at_the_bottom_of_the_screen(visitor, lang, words):
    visitor.open(f"/matters?skin=elder&lang={lang}")
    link = visitor.tree.find_class("help-bar")[0].find(".//a")
    assert link.get("href") == "tel:12345"
    assert link.text_content() == words


def test_a_choice_nobody_offers_is_ignored(visitor):
    visitor.open("/matters?skin=neon")
    assert visitor.tree.get("data-skin") is None
    assert "skin=neon" not in str(visitor.response.headers)


def test_a_city_gives_its_own_number(platform, visitor):
    platform.settings = replace(platform.settings, hotline="0551-12345678")
    assert visitor.open("/matters").tree.find_class("foot__phone")[0].get("href") == (
        "tel:0551-12345678"
    )


def test_fault_pages_speak_in_elder_mode_too(visitor):
    visitor.open("/matters?skin=elder").open("/nowhere")
    assert visitor.status == 404
    assert visitor.tree.get("data-skin") == "elder"
    assert visitor.tree.find_class("help-bar")
