"""Scripts in a real browser, under the product's own policy: they help, and break nothing."""

import re
import threading
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from builder.forms import compile_form, view_page
from builder.forms.render import Renderer
from builder.web.assets import read_manifest
from builder.web.texts import read_texts
from federation.store import resource
from tests.forms.conftest import make_scenario

playwright = pytest.importorskip("playwright.sync_api")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/usr/bin/chromium").exists(), reason="no Chromium is installed"),
]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
PRESS_TWICE = """async (button) => {
  button.click();
  button.click();
  await new Promise((done) => setTimeout(done));
  return [button.disabled, button.form.getAttribute("aria-busy")];
}"""
TODAY = date(2026, 11, 23)
FIELDS = {
    "has": {"type": "boolean"},
    "amount": {"type": "string", "format": "decimal"},
    "months": {"type": "integer"},
    "total": {"type": "string", "format": "decimal"},
    "born": {"type": "string", "format": "date"},
    "guardian": {"type": "string"},
    "note": {"type": "string", "maxLength": 20},
    "kin": {
        "type": "array",
        "maxItems": 3,
        "items": {"type": "object", "properties": {"name": {"type": "string"}}},
    },
}


def _control(name, kind, **more):
    return {"id": name, "widget": kind, "scope": f"/f/{name}", **more,
            "label": {"zh": name, "en": name}}  # fmt: skip


CONTROLS = [
    _control("has", "yes-no"),
    _control("amount", "money", when="f.has = TRUE"),
    _control("months", "number", when="f.has = TRUE"),
    _control("total", "computed", compute="round(f.amount * f.months, 2)", when="f.months > 0",
             options={"scale": 2, "unit": {"zh": "元", "en": "yuan"}}),
    _control("born", "date"),
    _control("guardian", "text", when="age(f.born) < 18"),
    _control("note", "long-text", required_when="f.has = FALSE"),
    {**_control("kin", "table"), "columns": [{**_control("name", "text"), "scope": "/row/name"}]},
]  # fmt: skip


class Site:
    """Two pages, one with a form; what was posted is kept."""

    def __init__(self, folder):
        self.folder, self.posts, self.themes = folder, [], []
        self.names = read_manifest(folder)
        form = compile_form(make_scenario(FIELDS, [CONTROLS]), "apply")
        texts = read_texts(resource("templates/text"))
        model = view_page(form, "p1", {}, TODAY)
        self.body = Renderer(texts).page(model, "zh")
        self.hold = threading.Event()

    def __call__(self, environ, start):
        return self.answer(Request(environ))(environ, start)

    def answer(self, request):
        if request.path.startswith("/static/"):
            file = self.folder / request.path.removeprefix("/static/")
            kind = {".js": "text/javascript", ".css": "text/css"}.get(file.suffix, "image/svg+xml")
            return Response(file.read_bytes(), content_type=kind)
        if request.method == "POST":
            self.posts.append(request.form.to_dict(flat=False))
            self.hold.wait(10)
            return Response("<!doctype html><title>done</title><h1>done</h1>", mimetype="text/html")
        if request.path == "/part":
            return Response("the part<script>window.ran = 1</script>", mimetype="text/html")
        if "theme" in request.args:
            self.themes.append((request.method, request.args["theme"]))
        page = self.form_page() if request.path == "/form" else self.plain_page()
        return Response(page, mimetype="text/html", headers={"Content-Security-Policy": POLICY})

    def frame(self, inside, *scripts):
        tags = "".join(f'<script src="/static/{self.names[s]}" defer></script>' for s in scripts)
        return (
            '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>t</title>'
            '<meta name="color-scheme" content="light dark">'
            f'<link rel="stylesheet" href="/static/{self.names["app.css"]}"></head>'
            f"<body>{inside}{tags}</body></html>"
        )

    def form_page(self):
        return self.frame(
            f'<main><a href="/">away</a><form method="post" action="/form" novalidate data-form>'
            f'<input type="hidden" name="csrf_token" value="x">{self.body}'
            '<button type="submit" name="go" value="next">next</button></form></main>',
            "app.js",
            "form.js",
        )

    def plain_page(self):
        return self.frame(
            '<details class="menu" data-menu>'
            '<summary><svg><use href="#auto"></use></svg>look</summary>'
            '<a href="?theme=auto" aria-current="true">auto</a>'
            '<a href="?theme=dark"><svg><use href="#dark"></use></svg>dark</a></details>'
            '<div class="error-summary" tabindex="-1" data-focus id="sum">'
            '<a href="#field">mend</a></div><input id="field"><input id="other">'
            '<button type="button" data-print hidden>print</button>'
            '<button type="button" data-copy="HF-1" data-copied="已复制" hidden>copy</button>'
            '<a hreflang="en" href="?lang=en">English</a>'
            '<button type="button" hx-get="/part" hx-target="#spot">more</button>'
            '<div id="spot"></div>',
            "htmx.js",
            "app.js",
        )


@pytest.fixture
def browser(chromium):
    return chromium


@pytest.fixture
def site(assets):
    found = Site(assets.folder)
    server = make_server("127.0.0.1", 0, found, threaded=True)
    found.address = f"http://127.0.0.1:{server.port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield found
    found.hold.set()
    server.shutdown()
    thread.join()
    server.server_close()


@contextmanager
def _visit(browser, site, path, **settings):
    """Open a page; at the end nothing was refused, failed or fetched from elsewhere."""
    context = browser.new_context(**settings)
    page = context.new_page()
    told, asked = [], []
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(site.address + path)
    try:
        yield page
        assert not [line for line in told if "favicon" not in line]
        assert all(url.startswith(site.address) for url in asked)
    finally:
        context.close()


@pytest.fixture
def form(browser, site):
    with _visit(browser, site, "/form") as page:
        yield page


@pytest.fixture
def plain(browser, site):
    with _visit(browser, site, "/") as page:
        yield page


def _rows(page):
    return [box.input_value() for box in page.locator('[name^="f.kin."]').all()]


def _field(page, name):
    return page.locator(f'[name="f.{name}"]').first


# ── Tables ───────────────────────────────────────────────────────────────────────────────────────


def test_rows_come_move_and_go_at_once_and_are_posted_in_their_order(form, site):
    site.hold.set()
    add = form.get_by_role("button", name="添加一行")
    form.get_by_label("name").last.fill("甲")
    add.click()
    playwright.expect(form.get_by_label("name").last).to_be_focused()
    form.keyboard.type("乙")
    playwright.expect(form.locator("[data-rows-said]")).to_have_text("已添加第 2 行。")
    add.click()
    form.keyboard.type("丙")
    playwright.expect(add).to_be_hidden()
    form.get_by_role("button", name="上移第 3 行").click()
    assert _rows(form) == ["甲", "丙", "乙"]
    form.get_by_role("button", name="删除第 1 行").click()
    assert _rows(form) == ["丙", "乙"]
    playwright.expect(add).to_be_visible()
    assert form.get_by_role("group", name="第 2 行").count() == 1
    form.get_by_role("button", name="next").click()
    form.wait_for_selector("h1:has-text('done')")
    (post,) = site.posts
    assert [post[f"f.kin.{key}.name"] for key in post["f.kin"]] == [["丙"], ["乙"]]


def test_what_other_answers_require_is_marked_at_once(form):
    mark = form.locator('[data-need="note"]')
    playwright.expect(mark).to_be_hidden()
    form.get_by_role("radio", name="否").check()
    playwright.expect(mark).to_be_visible()
    playwright.expect(_field(form, "note")).to_have_attribute("aria-required", "true")
    form.get_by_role("radio", name="是").check()
    playwright.expect(mark).to_be_hidden()


# ── Forms ────────────────────────────────────────────────────────────────────────────────────────


def test_a_question_appears_as_soon_as_an_answer_calls_for_it(form):
    amount = _field(form, "amount")
    playwright.expect(amount).to_be_hidden()
    form.get_by_role("radio", name="是").check()
    playwright.expect(amount).to_be_visible()
    form.get_by_role("radio", name="否").check()
    playwright.expect(amount).to_be_hidden()


def test_a_sum_follows_what_is_typed_exactly(form):
    form.get_by_role("radio", name="是").check()
    _field(form, "amount").fill("￥1,234.56")
    _field(form, "months").fill("１２")
    output = form.locator("output")
    playwright.expect(output).to_have_text("14,814.72 元")
    _field(form, "months").fill("")
    playwright.expect(output).to_be_hidden()


def test_an_age_is_counted_on_the_calendar_of_shanghai(form):
    _field(form, "born").fill("1990-01-01")
    playwright.expect(_field(form, "guardian")).to_be_hidden()
    _field(form, "born").fill("2025-01-01")
    playwright.expect(_field(form, "guardian")).to_be_visible()


def test_characters_are_counted_as_the_server_counts_them(form):
    _field(form, "note").fill("𠮷野家")
    playwright.expect(form.locator(".field__count")).to_have_text("3 / 20")
    _field(form, "note").fill("字" * 21)
    playwright.expect(form.locator(".field__count--over")).to_have_text("21 / 20")


def test_leaving_with_changed_answers_is_asked_about(form):
    asked = []
    form.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    _field(form, "note").fill("x")
    form.get_by_role("link", name="away").click()
    form.wait_for_url(re.compile("/$"))
    assert asked == ["beforeunload"]


def test_leaving_with_nothing_changed_is_not_asked_about(form):
    asked = []
    form.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    _field(form, "note").fill("x")
    _field(form, "note").fill("")
    form.get_by_role("link", name="away").click()
    form.wait_for_url(re.compile("/$"))
    assert not asked


def test_pressing_twice_sends_once_and_with_the_button_pressed(form, site):
    _field(form, "note").fill("x")
    button = form.get_by_role("button", name="next")
    assert button.evaluate(PRESS_TWICE) == [True, "true"]
    site.hold.set()
    playwright.expect(form.get_by_role("heading", name="done")).to_be_visible()
    (post,) = site.posts
    assert post["go"] == ["next"]
    assert post["f.note"] == ["x"]


def test_the_form_can_be_sent_again_after_coming_back(form, site):
    site.hold.set()
    form.get_by_role("button", name="next").click()
    playwright.expect(form.get_by_role("heading", name="done")).to_be_visible()
    form.go_back()
    playwright.expect(form.get_by_role("button", name="next")).to_be_enabled()


def test_without_scripts_the_form_is_sent_all_the_same(browser, site):
    site.hold.set()
    with _visit(browser, site, "/form", java_script_enabled=False) as page:
        _field(page, "note").fill("x")
        page.get_by_role("button", name="next").click()
        assert page.get_by_role("heading", name="done").is_visible()
    assert [post["f.note"] for post in site.posts] == [["x"]]


# ── Every page ───────────────────────────────────────────────────────────────────────────────────


def test_the_list_of_errors_is_read_first_and_leads_to_the_input(plain):
    playwright.expect(plain.locator("#sum")).to_be_focused()
    plain.get_by_role("link", name="mend").click()
    playwright.expect(plain.locator("#field")).to_be_focused()


def test_the_look_changes_without_leaving_the_page(plain, site):
    plain.locator("#other").fill("kept")
    plain.get_by_text("look").click()
    with plain.expect_response(re.compile("theme=dark")):
        plain.get_by_role("link", name="dark").click()
    root = plain.locator("html")
    playwright.expect(root).to_have_attribute("data-theme", "dark")
    playwright.expect(plain.locator("summary")).to_be_focused()
    assert plain.locator("#other").input_value() == "kept"
    assert plain.locator("summary use").get_attribute("href") == "#dark"
    assert site.themes == [("HEAD", "dark")]
    plain.get_by_text("look").click()
    plain.get_by_role("link", name="auto").click()
    playwright.expect(root).not_to_have_attribute("data-theme", "dark")


def test_a_menu_closes_by_escape_and_by_a_click_elsewhere(plain):
    menu = plain.locator("details")
    plain.get_by_text("look").click()
    playwright.expect(menu).to_have_attribute("open", "")
    plain.keyboard.press("Escape")
    playwright.expect(menu).not_to_have_attribute("open", "")
    playwright.expect(plain.locator("summary")).to_be_focused()
    plain.get_by_text("look").click()
    plain.locator("#other").click()
    playwright.expect(menu).not_to_have_attribute("open", "")


def test_buttons_that_need_a_script_appear_with_it(plain):
    plain.evaluate("window.print = () => { document.title = 'printed'; }")
    plain.get_by_role("button", name="print").click()
    assert plain.title() == "printed"


def test_a_number_is_copied_and_said_to_be(browser, site):
    permissions = ["clipboard-read", "clipboard-write"]
    with _visit(browser, site, "/", permissions=permissions) as page:
        page.get_by_role("button", name="copy").click()
        playwright.expect(page.get_by_role("status")).to_have_text("已复制")
        assert page.evaluate("navigator.clipboard.readText()") == "HF-1"


def test_the_other_language_opens_at_the_same_place(plain):
    plain.evaluate("location.hash = 'field'")
    plain.get_by_role("link", name="English").click()
    plain.wait_for_url(re.compile(r"lang=en#field$"))


def test_htmx_replaces_a_part_under_the_policy(plain):
    plain.get_by_role("button", name="more").click()
    playwright.expect(plain.locator("#spot")).to_have_text("the part")
    assert plain.locator("#spot script").count() == 0
    assert plain.evaluate("window.ran") is None
