"""Every word a page says comes from the two text files, and both say the same things."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest
from jinja2 import Environment
from lxml import html

from builder.web.texts import Texts, read_texts
from federation.store import resource

TEMPLATES = resource("templates/layout.html").parent
PAGES = sorted(p for p in TEMPLATES.rglob("*.html"))
TEXTS = read_texts(TEMPLATES / "text")
SPOKEN = ("title", "alt", "placeholder", "aria-label", "aria-description", "value", "label")


def plain(keys):
    return {k for k in keys if not k.endswith(".one")}


def test_both_languages_have_the_same_keys():
    assert plain(TEXTS["zh"].entries) == plain(TEXTS["en"].entries)


@pytest.mark.parametrize("key", sorted(TEXTS["zh"].entries))
def test_a_text_has_the_same_placeholders_in_both_languages(key):
    zh, en = (placeholders(TEXTS[lang].entries[key]) for lang in ("zh", "en"))
    assert zh == en


def test_every_plainer_wording_replaces_a_text_with_the_same_placeholders():
    for texts in TEXTS.values():
        reworded = {k.removeprefix("elder."): v for k, v in texts.entries.items() if "elder." in k}
        assert len(reworded) > 20
        for key, text in reworded.items():
            assert placeholders(text) == placeholders(texts.entries[key]), key
            assert texts.easy().entries[key] == text
        assert texts.easy()("frame.name") == texts("frame.name")


def test_no_text_is_blank():
    assert [k for t in TEXTS.values() for k, v in t.entries.items() if not v.strip()] == []


def test_chinese_texts_are_chinese_and_english_ones_english():
    han = re.compile(r"[\u4e00-\u9fff]")
    names = {"frame.product", "frame.own_name"}
    bare = {k: re.sub(r"\{[a-z_]+\}", "", v) for k, v in TEXTS["zh"].entries.items()}
    assert [k for k, v in bare.items() if re.search(r"[a-zA-Z]", v) and not han.search(v)] == []
    assert [k for k, v in TEXTS["en"].entries.items() if han.search(v) and k not in names] == []


def test_a_count_picks_its_wording():
    texts = Texts("en", {"x.one": "{count} day", "x.other": "{count} days"})
    assert [texts.count("x", n) for n in (0, 1, 2, 1200)] == [
        "0 days", "1 day", "2 days", "1,200 days",
    ]  # fmt: skip
    assert Texts("zh", {"x.other": "{count} 天"}).count("x", 1) == "1 天"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(TEMPLATES)))
def test_a_template_holds_no_words_of_its_own(page: Path):
    assert list(own_words(page.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(TEMPLATES)))
def test_every_text_a_template_names_exists(page: Path):
    source = page.read_text(encoding="utf-8")
    for key in re.findall(r"""\bt\(\s*["']([a-z_.-]+)["']\s*[,)]""", source):
        assert key in TEXTS["zh"].entries, key
    for key in re.findall(r"""\bt\.count\(\s*["']([a-z_.-]+)["']""", source):
        assert f"{key}.other" in TEXTS["zh"].entries, key


def test_every_text_is_used_somewhere():
    sources = [p.read_text(encoding="utf-8") for p in PAGES]
    sources += [p.read_text(encoding="utf-8") for p in Path("builder").rglob("*.py")]
    sources += [p.read_text(encoding="utf-8") for p in TEMPLATES.rglob("*.js")]
    everything = "\n".join(sources)
    unused = [k for k in plain(TEXTS["zh"].entries) if not is_named(k, everything)]
    assert unused == []


def test_the_dark_theme_is_the_same_by_system_and_by_choice():
    css = (TEMPLATES / "assets/css/tokens.css").read_text(encoding="utf-8")
    blocks = re.findall(
        r'(?:not\(\[data-theme="light"\]\)|\[data-theme="dark"\]) \{(.*?)\}', css, re.S
    )
    system, choice = (re.findall(r"(--[a-z0-9-]+): ([^;]+);", block) for block in blocks)
    assert system == choice
    assert len(system) > 15


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def own_words(source: str):
    """Yield what a reader would read that is in the template itself."""
    kept = "".join(
        value if token == "data" else " "
        for _, token, value in Environment(autoescape=True).lex(source)
        if token in ("data", "variable_end", "block_end")
    )
    tree = html.fromstring(f"<div>{kept}</div>")
    for element in tree.iter():
        if isinstance(element.tag, str) and element.tag not in ("script", "style"):
            for text in (element.text, element.tail):
                bare = re.sub(r"""[a-z-]+="[^"]*"?""", "", text or "")
                if re.search(r"[A-Za-z\u4e00-\u9fff]", bare):
                    yield bare.strip()
            for name in SPOKEN:
                value = element.get(name, "")
                is_word = name != "value" or (element.tag, element.get("type")) == (
                    "input",
                    "submit",
                )
                if is_word and re.search(r"[A-Za-z\u4e00-\u9fff]", value):
                    yield f"{name}={value}"


def is_named(key: str, everything: str) -> bool:
    """Tell whether a key, or the beginning that a page completes, stands somewhere."""
    key = key.removesuffix(".other")
    if f'"{key}"' in everything or f"'{key}'" in everything:
        return True
    parts = [key[:i] for i in range(len(key), 0, -1) if key[i - 1] in "._"]
    return any(f'"{p}' in everything or f"'{p}" in everything for p in parts if "." in p)
