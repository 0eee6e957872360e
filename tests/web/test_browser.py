"""A real browser over every page: accessible, in bounds, big enough, by keyboard alone."""

from __future__ import annotations

import logging
import re
import threading
from datetime import datetime
from pathlib import Path

import pytest
from afterlife import ACCOUNT, DECEASED, HANDLED, YES, begin, hand_in, handle
from werkzeug.serving import make_server

from builder.app import demo_password, open_platform
from builder.web import Limits, create_app
from federation.store import resource
from tests.web.conftest import SHANGHAI, Clock, Reader, clone
from tests.web.test_access import ACCOUNTS, EXPECTED

playwright = pytest.importorskip("playwright.sync_api")
pytestmark = [pytest.mark.browser, pytest.mark.slow]

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--lang=en-US",
]  # fmt: skip
AXE = Path("node_modules/axe-core/axe.min.js")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SAMPLE = [("light", 390, "zh"), ("light", 1280, "en"), ("dark", 390, "en"), ("dark", 1280, "zh")]
REST = [("light", 390, "en"), ("light", 1280, "zh"), ("dark", 390, "zh"), ("dark", 1280, "en")]

SMALL_TARGETS = """() => [...document.querySelectorAll('a,button,summary,input,select,textarea')]
  .filter(e => e.type !== 'hidden' && e.checkVisibility())
  .filter(e => getComputedStyle(e).display !== 'inline' || e.tagName !== 'A')
  .map(e => ['radio', 'checkbox'].includes(e.type) ? e.closest('label') || e : e)
  .map(e => [e.getBoundingClientRect(), e.outerHTML.slice(0, 120)])
  .filter(([box]) => box.height < 43.5 || box.width < 43.5)
  .map(([box, html]) => `${box.width.toFixed(0)}x${box.height.toFixed(0)} ${html}`)"""


class Served:
    """A city with a finished, a running and a begun matter, on loopback."""

    def __init__(self, home: Path) -> None:
        self.clock = Clock(datetime.now(SHANGHAI))
        self.platform = open_platform(home, clock=self.clock)
        limits = Limits(sign_in="1000 per minute", posts="10000 per minute")
        self.app = create_app(
            self.platform, secret=b"b" * 32, demo_password=demo_password(), limits=limits
        )
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self.server = make_server("127.0.0.1", 0, self.app, threaded=True)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        self.address = f"http://127.0.0.1:{self.server.port}"

    def reader(self, account: str) -> Reader:
        reader = Reader(self.app.test_client())
        reader.open("/sign-in").fill("账号", account).fill("密码", demo_password()).press("登录")
        return reader

    def prepare(self) -> dict[str, str]:
        citizen = self.reader("chen-jing")
        hand_in(citizen)
        for account, title, answers in HANDLED:
            handle(self.reader(account), title, answers)
        case = hand_in(citizen)
        draft = begin(citizen).address.split("/")[2]
        grant = next(g.id for g in self.platform.hub.grants(owner="police"))
        return {"case": case, "draft": draft, "grant": grant}

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
        self.platform.close()


@pytest.fixture(scope="module")
def served(built_city: Path, tmp_path_factory):
    assert resource("static/manifest.json").exists(), "run `make assets` first"
    home = clone(built_city, tmp_path_factory.mktemp("served") / "city")
    found = Served(home)
    yield found
    found.close()


@pytest.fixture(scope="module")
def things(served: Served) -> dict[str, str]:
    return served.prepare()


@pytest.fixture(scope="module")
def chromium():
    with playwright.sync_playwright() as player:
        browser = player.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def enter(served: Served, chromium):
    """Open a page of the browser for an account (None: a visitor); whatever goes wrong is kept."""
    opened = []

    def open_for(
        account: str | None, theme: str = "light", width: int = 1280, lang: str = "zh", status=0
    ):
        context = chromium.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=theme,
            base_url=served.address,
            locale={"zh": "zh-CN", "en": "en-GB"}[lang],
        )
        page = context.new_page()
        page.mistakes = []
        page.on(
            "console",
            lambda m: (
                m.type == "error"
                and f"status of {status} " not in m.text
                and page.mistakes.append(m.text)
            ),
        )
        page.on("pageerror", lambda e: page.mistakes.append(str(e)))
        page.on(
            "request",
            lambda r: r.url.startswith(served.address) or page.mistakes.append(f"asks {r.url}"),
        )
        page.goto(f"/sign-in?lang={lang}")
        if account:
            page.fill("#account", account)
            page.fill("#password", demo_password())
            page.keyboard.press("Enter")
            page.wait_for_url(lambda url: "/sign-in" not in url)
        opened.append((context, page))
        return page

    yield open_for
    for context, page in opened:
        mistakes = page.mistakes
        context.close()
        assert mistakes == []


def pages_of(role: str, things: dict[str, str]) -> list[str]:
    shown = [p for p, who in EXPECTED.items() if who == "everyone" or role in who]
    return [p.format(**things) for p in shown if p not in ("/", "/healthz", "/sign-in")]


def crawl(enter, things, theme, width, lang):
    """Yield every page of the map, each as the roles that may open it."""
    seen = set()
    for role, account in {"": None, **ACCOUNTS}.items():
        todo = ["/sign-in"] if not role else pages_of(role, things)
        todo = [p for p in todo if p not in seen]
        seen.update(todo)
        if todo:
            page = enter(account, theme, width, lang)
            for path in todo:
                page.goto(path)
                yield path, page


def violations(page) -> list[str]:
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("rules => axe.run({runOnly: {type: 'tag', values: rules}})", RULES)
    return [
        f"{v['id']}: {n['html'][:160]} {n['failureSummary'][:200]}"
        for v in found["violations"]
        for n in v["nodes"]
    ]


@pytest.mark.parametrize(("theme", "width", "lang"), SAMPLE)
def test_axe_finds_nothing_on_any_page(enter, things, theme, width, lang):
    found = {
        p: v for p, page in crawl(enter, things, theme, width, lang) if (v := violations(page))
    }
    assert found == {}


@pytest.mark.prove
@pytest.mark.parametrize(("theme", "width", "lang"), REST)
def test_axe_finds_nothing_in_the_other_half_of_the_matrix(enter, things, theme, width, lang):
    found = {
        p: v for p, page in crawl(enter, things, theme, width, lang) if (v := violations(page))
    }
    assert found == {}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_nothing_scrolls_sideways_on_the_smallest_screen(enter, things, lang):
    wide = {}
    for path, page in crawl(enter, things, "light", 320, lang):
        page.evaluate("document.querySelectorAll('main details').forEach(d => d.open = true)")
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > 320:
            wide[path] = width
    assert wide == {}


@pytest.mark.parametrize("width", [390, 1280])
def test_everything_to_touch_is_big_enough(enter, things, width):
    small = {}
    for path, page in crawl(enter, things, "light", width, "zh"):
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        if found := page.evaluate(SMALL_TARGETS):
            small[path] = found
    assert small == {}


def test_a_page_with_mistakes_is_accessible_and_takes_focus(enter, things):
    page = enter("chen-jing", "dark", 390, status=422)
    page.goto(f"/drafts/{things['draft']}/pages/who")
    page.get_by_role("button", name="保存并继续").click()
    page.wait_for_selector(".error-summary")
    assert violations(page) == []
    summary = page.locator(".error-summary")
    assert page.evaluate("document.activeElement.classList.contains('error-summary')")
    summary.get_by_role("link").first.click()
    assert page.evaluate("document.activeElement.getAttribute('aria-invalid')") == "true"


def test_fault_pages_are_accessible(enter):
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
