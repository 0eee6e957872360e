"""A real browser: mistakes take the focus, searching as one types, the matter by keyboard alone."""

from __future__ import annotations

import re
from contextlib import ExitStack

import pytest
from afterlife import ACCOUNT, DECEASED, HANDLED, YES
from browsing import Look, opened
from looking import Axe

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def enter(served, chromium):
    """Open a page of the browser for an account (None: a visitor)."""
    with ExitStack() as windows:

        def open_for(
            account: str | None, theme: str = "light", width: int = 1280, lang: str = "zh", status=0
        ):
            look = Look(theme, width, lang)
            page = windows.enter_context(opened(chromium, served.address, look, account))
            page.status = status
            return page

        yield open_for


@pytest.fixture
def violations():
    return Axe()


def test_a_page_with_mistakes_is_accessible_and_takes_focus(enter, violations, things):
    page = enter("chen-jing", "dark", 390, status=422)
    page.goto(f"/drafts/{things['draft']}/pages/who")
    page.get_by_role("button", name="保存并继续").click()
    page.wait_for_selector(".error-summary")
    assert violations(page) == []
    summary = page.locator(".error-summary")
    assert page.evaluate("document.activeElement.classList.contains('error-summary')")
    summary.get_by_role("link").first.click()
    assert page.evaluate("document.activeElement.getAttribute('aria-invalid')") == "true"


def test_fault_pages_are_accessible(enter, violations):
    page = enter(None, "dark", 390, "en", status=404)
    page.goto("/nowhere")
    assert violations(page) == []


def test_the_ledger_answers_while_one_types(enter):
    page = enter("scientist")
    page.goto("/ledger")
    page.get_by_role("searchbox").press_sequentially("亲属")
    page.get_by_role("link", name="亲属关系登记").wait_for()
    page.wait_for_url(lambda url: "q=" in url)
    assert page.evaluate("document.activeElement.id") == "q"
    assert "找到" in page.get_by_role("status").inner_text()


def test_print_leaves_the_frame_out(enter, things):
    page = enter("chen-jing")
    page.goto(f"/cases/{things['case']}/receipt")
    page.emulate_media(media="print")
    assert page.get_by_text(things["case"]).first.is_visible()
    assert not page.get_by_role("navigation", name="主导航").is_visible()
    assert not page.get_by_role("link", name="查看进度").is_visible()
    background = page.evaluate("getComputedStyle(document.querySelector('.panel')).backgroundColor")
    assert background == "rgb(255, 255, 255)"


# ── Keyboard alone ───────────────────────────────────────────────────────────────────────────────


class Keys:
    """A reader who has no mouse."""

    def __init__(self, page) -> None:
        self.page = page

    def reach(self, role: str, name: str, most: int = 150):
        """Tab until something of this role and name has the focus."""
        wanted = self.page.get_by_role(role, name=field(name)).first
        wanted.wait_for()
        for _ in range(most):
            if wanted.evaluate("e => e === document.activeElement"):
                assert self.is_outlined(), f"focus on {name} cannot be seen"
                return self
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{role} {name!r} is out of reach")

    def is_outlined(self) -> bool:
        return self.page.evaluate(
            """() => [document.activeElement, ...[...document.querySelectorAll('.choice, .matter')]
                 .filter(e => e.contains(document.activeElement))]
                 .some(e => getComputedStyle(e).outlineStyle !== 'none')"""
        )

    def press(self, role: str, name: str, key: str = "Enter"):
        self.reach(role, name)
        with self.page.expect_navigation():
            self.page.keyboard.press(key)
        return self

    def type(self, name: str, text: str):
        self.reach("textbox", name)
        if self.page.evaluate("document.activeElement.type") == "date":
            year, month, day = text.split("-")
            self.page.keyboard.type(f"{month}{day}{year}")  # the order of --lang=en-US
        else:
            self.page.keyboard.insert_text(text)
        return self

    def tick(self, role: str, name: str, within: str | None = None):
        place = self.page.get_by_role("group", name=field(within)) if within else self.page
        wanted = place.get_by_role(role, name=name, exact=True).first
        self._reach_group(wanted)
        if role == "radio":
            self._arrow_to(wanted)
        self.page.keyboard.press("Space")
        assert wanted.is_checked()
        return self

    def _reach_group(self, wanted) -> None:
        """Tab until the focus is on it, or on the radio of its group that takes the focus."""
        for _ in range(150):
            if wanted.evaluate(
                """e => document.activeElement === e
                    || e.type === 'radio' && document.activeElement.name === e.name"""
            ):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError("out of reach")

    def _arrow_to(self, wanted) -> None:
        for _ in range(20):
            if wanted.evaluate("e => e === document.activeElement"):
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError("no arrow leads there")


def field(name: str) -> re.Pattern[str]:
    """Return the name of a field, required or not."""
    return re.compile(f"^{re.escape(name)}( 必填)?$")


def test_the_whole_matter_by_keyboard_alone(enter):
    page = enter("chen-jing")
    keys = Keys(page)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip-link"
    keys.press("link", "公民身后“一件事”")
    begins = "开始办理" if page.get_by_role("button", name="开始办理").count() else "另外办一件"
    keys.press("button", begins)
    for name, value in DECEASED.items():
        keys.type(name, value)
    keys.press("button", "保存并继续")
    assert page.get_by_role("heading", level=1).inner_text() == "逝者的情况"
    keys.press("button", "保存并继续")
    for legend in YES:
        keys.tick("radio", "是", within=legend)
    keys.tick("radio", "徽商银行", within="开户银行")
    for name, value in ACCOUNT.items():
        keys.type(name, value)
    keys.press("button", "保存并继续")
    for box in page.get_by_role("checkbox").all():
        keys._reach_group(box)
        page.keyboard.press("Space")
        assert box.is_checked()
    keys.press("button", "保存并继续").press("button", "提交申请")
    assert page.get_by_role("heading", level=1).inner_text() == "申请已提交"
    case_no = page.locator(".receipt__no").inner_text()
    for account, title, answers in HANDLED:
        officer = Keys(enter(account))
        link = officer.page.locator(f"a[href*='{case_no}']", has_text=title)
        link.wait_for()
        while not link.evaluate("e => e === document.activeElement"):
            officer.page.keyboard.press("Tab")
        with officer.page.expect_navigation():
            officer.page.keyboard.press("Enter")
        for name, value in answers.items():
            officer.type(name, value)
        officer.press("button", "通过并办结")
        done = officer.page.get_by_text("已办结。")
        assert done.is_visible(), officer.page.locator("main").inner_text()
    keys.press("link", "查看进度")
    assert page.locator(".page-head .chip").inner_text() == "已办结"
