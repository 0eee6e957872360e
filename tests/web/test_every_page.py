"""Every page of the map in a real browser: accessible, in bounds, big enough, in every look.

The pages are those of `test_access.EXPECTED`, where a route that is missing fails, and those of
`contents`: files, what is owed, licences, tables, tasks at rest, what was not sent. `make test`
looks at each page in four looks that between them pair every choice with every other; `make prove`
at all sixteen.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from browsing import Look, is_page, opened, pages_by_account, turn
from looking import Axe, enlarge_text, moving, small_targets, too_wide, unfold

from tests.web.test_access import ACCOUNTS, EXPECTED

pytestmark = [pytest.mark.browser, pytest.mark.slow]

_LOADS = list(itertools.product(("zh", "en"), ("standard", "elder")))
_TURNS = list(itertools.product(("light", "dark"), (390, 1280)))
_LEAST_PX = {"standard": 44, "elder": 56}
_NOT_PAGES = ("/", "/healthz")
_PAIRED = {
    ("zh", "standard"): (("light", 1280), ("dark", 1280)),
    ("zh", "elder"): (("dark", 390), ("light", 390)),
    ("en", "standard"): (("dark", 390), ("light", 390)),
    ("en", "elder"): (("light", 1280), ("dark", 1280)),
}
"""For each load the theme and width of even and of odd pages: all pairs of choices occur."""


@pytest.fixture
def crawl(filled, chromium):
    """Yield every page, each as somebody who may open it, loaded in a language and a skin."""

    def visit(look: Look):
        number = 0
        for account, paths in walked(filled):
            with opened(chromium, filled.served.address, look, account) as page:
                for path in paths:
                    if path in _NOT_PAGES or not is_page(page, path):
                        continue
                    page.goto(path)
                    turn(page, look.theme, look.width)
                    number += 1
                    yield number, path, page

    return visit


def walked(filled):
    """Return who looks at which pages: those of the map, then those that need more to be there."""
    yield from pages_by_account(EXPECTED, ACCOUNTS, filled.things).items()
    yield from filled.pages.items()


def test_the_walk_comes_to_every_page_of_the_map(filled):
    here = filled.served.app.url_map.bind("")
    came = {here.match(path)[0] for _, paths in walked(filled) for path in paths}
    every = {r.endpoint for r in filled.served.app.url_map.iter_rules() if "GET" in r.methods}
    missed = {endpoint for endpoint in every - came if not endpoint.startswith(("api.", "sso."))}
    assert missed == {"static", "documents.word", "files.file", "files.picture"}  # no pages


@pytest.mark.parametrize(("lang", "skin"), _LOADS)
def test_every_page_is_accessible_and_in_bounds(crawl, lang, skin):
    axe, found = Axe(), {}
    for number, path, page in crawl(Look(lang=lang, skin=skin)):
        theme, width = _PAIRED[lang, skin][number % 2]
        turn(page, theme, width)
        if broken := [*axe(page), *bounds(page, skin, width)]:
            found[path, theme, width] = broken
    assert not found, told(found)


def bounds(page, skin: str, width: int):
    """Measure with every fold open: this width, the smallest screen, 200 % by zoom and by type.

    And nothing moves for whoever does not want motion.
    """
    unfold(page)
    page.emulate_media(reduced_motion="reduce")
    yield from moving(page)
    yield from small_targets(page, _LEAST_PX[skin])
    for narrow in (width, 640, 320):  # 640: a window of 1280 px zoomed by 200 %
        turn(page, "light", narrow)
        yield from too_wide(page)
    turn(page, "light", 1280)
    enlarge_text(page, 2)
    yield from too_wide(page)
    enlarge_text(page, 1)


def told(found) -> str:
    return "\n".join(
        f"{where}\n    " + "\n    ".join(map(str, what)) for where, what in found.items()
    )


@pytest.mark.prove
@pytest.mark.parametrize(("lang", "skin"), _LOADS)
def test_axe_finds_nothing_in_any_of_the_sixteen_looks(crawl, lang, skin):
    axe, found = Axe(), {}
    for _, path, page in crawl(Look(lang=lang, skin=skin)):
        for theme, width in _TURNS:
            turn(page, theme, width)
            if broken := axe(page):
                found[path, theme, width] = broken
    assert not found, told(found)
    known = Path("docs/accessibility.md").read_text(encoding="utf-8")
    assert [rule for rule in axe.incomplete if f"`{rule}`" not in known] == []
