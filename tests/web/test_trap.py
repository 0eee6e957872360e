"""In a real browser, nothing a hostile text says ever runs, asks, or leads elsewhere.

Texts made to run are typed where people type; their pages are opened by everyone they are shown to.
A trap lies in every page: a call of it, any dialog, any request to another place fails the test.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from browsing import CHROMIUM, Served
from hostile import hostile_texts

from builder.cases import commands
from builder.cases.commands import Wish
from builder.errors import Fault
from tests.web.conftest import clone

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="Chromium is not installed"),
]
MATTER = "340100/s23-afterlife"
TEXTS = [t.text for t in hostile_texts() if t.kind in ("xss", "markup") and len(t.text) < 200]
LAID = "window.trapped = []; window.trap = what => window.trapped.push(String(what));"


def _answers() -> dict[str, object]:
    walk = json.loads(Path("specs/scenarios/s23-afterlife/walks/no-kin.json").read_text("utf-8"))
    found: dict[str, object] = {}
    for step in walk["steps"]:
        found |= step.get("answers", {})
    return found


@pytest.fixture(scope="module")
def city(built_city, tmp_path_factory, request):
    from datetime import datetime
    from zoneinfo import ZoneInfo

    del request
    home = clone(built_city, tmp_path_factory.mktemp("trap") / "city")
    now = datetime.now(ZoneInfo("Asia/Shanghai"))
    served = Served(home, lambda: now)
    yield served
    served.close()


@pytest.fixture(scope="module")
def baited(city) -> list[str]:
    """Cases whose names, numbers and reasons are the texts; one of each kind of page holds some."""
    platform = city.platform
    sun, officer = (platform.accounts.named(a) for a in ("sun-lei", "officer-civil-affairs"))
    numbers = []
    for place in range(0, 24, 3):
        name, proof, certificate = (TEXTS[(place + i) % len(TEXTS)] for i in range(3))
        answers = {
            **_answers(),
            "/application/deceased_name": name[:60],
            "/application/kin_proof_no": proof[:60],
            "/application/death_certificate_no": certificate[:40],
        }
        draft = commands.open_draft(platform, sun, MATTER)
        number = commands.fill_in(platform, sun, draft.case_no, answers)
        numbers.append(number)
        if place % 2:
            continue  # stays a draft, for the pages of the form
        commands.submit(platform, sun, number)
        wrote = "\n".join(TEXTS[place : place + 4])[:480]
        try:
            commands.act_with_answers(
                platform, officer, number, "review-kinship.1", Wish("reject", wrote), {}
            )
        except Fault:
            commands.withdraw(platform, sun, number, wrote)
    return numbers


def _pages(numbers: list[str]) -> dict[str, list[str]]:
    drafts, cases = numbers[1::2], numbers[0::2]
    return {
        "sun-lei": [
            "/cases", "/matters", *(f"/cases/{n}" for n in cases),
            *(f"/cases/{n}/receipt" for n in cases[:2]), *(f"/drafts/{n}/review" for n in drafts),
            *(f"/drafts/{n}/pages/{p}" for n in drafts for p in ("who", "death")),
        ],
        "officer-civil-affairs": [
            "/desk/", "/desk/?state=done", *(f"/desk/{n}/review-kinship.1" for n in cases),
        ],
        "auditor": ["/audit/", *(f"/audit/cases/{n}" for n in cases[:2])],
    }  # fmt: skip


def _watch(page, home: str, sprung: list[str]) -> None:
    """Note every dialog and every request to another place."""

    def told(dialog) -> None:
        sprung.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def asked(request) -> None:
        if not request.url.startswith((home, "data:image")):
            sprung.append(f"asked {request.url}")

    page.on("dialog", told)
    page.on("request", asked)


def test_no_text_springs_the_trap_on_any_page(city, baited, chromium):
    sprung: list[str] = []
    shown = 0
    for account, addresses in _pages(baited).items():
        context = chromium.new_context(locale="zh-CN")
        context.add_init_script(LAID)
        context.add_cookies([{
            "name": "scenarist", "url": city.address,
            "value": city.reader(account).client.get_cookie("scenarist").value,
        }])  # fmt: skip
        page = context.new_page()
        _watch(page, city.address, sprung)
        for address in addresses:
            answer = page.goto(city.address + address)
            assert answer is not None
            assert answer.status == 200, address
            page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
            for one in page.query_selector_all("main a, main button, main input")[:25]:
                one.dispatch_event("mouseover")
                one.dispatch_event("focus")
            shown += "trap(" in page.inner_text("main")
            sprung += [f"{address}: {what}" for what in page.evaluate("window.trapped")]
            assert page.url.startswith(city.address), address
        context.close()
    assert sprung == []
    assert shown > 10  # otherwise nothing would have been baited
