"""A kiosk: the citizens' pages on a public screen, which forgets whoever leaves it."""

from __future__ import annotations

import re

import pytest
from afterlife import DECEASED, fill, hand_in
from browsing import Look, opened, turn
from looking import Axe, small_targets, too_wide
from people import Reader

from builder.app import demo_password
from builder.web.access import ACCESS
from builder.web.kiosk import _ALWAYS, _OFFERED

MATTER = "公民身后“一件事”"


@pytest.fixture
def kiosk(app) -> Reader:
    """A screen in the hall that nobody uses yet."""
    return Reader(app.test_client()).open("/kiosk?terminal=A-03")


@pytest.fixture
def used(kiosk: Reader) -> Reader:
    """The same, with somebody signed in."""
    return enter(kiosk, "chen-jing")


def enter(kiosk: Reader, account: str) -> Reader:
    kiosk.open("/sign-in").fill("账号", account).fill("密码", demo_password()).press("登录")
    return kiosk


# ── What it offers ───────────────────────────────────────────────────────────────────────────────


def test_a_kiosk_greets_with_the_matters_of_its_channel(kiosk):
    assert kiosk.heading == "请选择要办的事"
    assert MATTER in kiosk.text
    assert kiosk.tree.get("data-kiosk") == "120"
    assert kiosk.open("/").heading == "请选择要办的事"
    assert kiosk.open("/matters").heading == "请选择要办的事"


def test_the_whole_matter_is_handed_in_at_a_kiosk(used):
    used.open("/kiosk").follow(MATTER).press("开始办理")
    fill(used, DECEASED).press("保存并继续")
    assert used.heading == "逝者的情况"
    assert used.tree.get("data-kiosk") == "120"


def test_the_way_out_and_the_attendant_stand_on_every_page(used):
    for page in ("/kiosk", "/cases", "/matters/340100/s23-afterlife", "/nowhere"):
        used.open(page)
        bar = used.tree.find_class("kiosk-bar")[0].text_content()
        assert "结束办理" in bar
        assert "叫工作人员" in bar


def test_nothing_leads_outside_or_to_another_program(used):
    for page in ("/kiosk", "/cases", "/matters/340100/s23-afterlife"):
        used.open(page)
        addresses = used.tree.xpath("//a/@href")
        assert [a for a in addresses if not a.startswith(("/", "?", "#"))] == []
        assert used.tree.xpath("//a[@download or @target]") == []


def test_what_nobody_thought_about_is_closed(used):
    open_pages = _ALWAYS | set(_OFFERED)
    assert open_pages <= set(ACCESS)
    for page in ("/ledger", "/grants", "/desk/", "/kiosk/calls"):
        assert used.open(page).status == 403, page
        assert "web.not-at-kiosk" in used.text


def test_a_matter_says_which_of_its_pages_a_kiosk_shows(used, sign_in):
    case = hand_in(sign_in("chen-jing"))
    assert used.open(f"/cases/{case}").status == 200
    used.open(f"/cases/{case}/withdraw")
    assert used.status == 403
    assert "web.not-at-kiosk" in used.text


def test_anothers_matter_reads_like_none_where_a_page_is_not_offered(used, sign_in):
    case = hand_in(sign_in("chen-jing"))
    enter(used.press("结束办理"), "zhou-ming")
    said = [used.open(f"/cases/{no}/withdraw").text.replace(no, "") for no in (case, "HF0")]
    assert said[0] == said[1]
    assert used.status == 404


def test_a_work_account_is_sent_back_to_its_own_computer(kiosk):
    enter(kiosk, "officer-police")
    assert kiosk.status == 403
    assert "web.people-only" in kiosk.text
    assert kiosk.client.get("/desk/").status_code != 200
    assert "陈静" in kiosk.open("/sign-in").text
    assert "经办人" not in kiosk.text


# ── Ending ───────────────────────────────────────────────────────────────────────────────────────


def test_ending_signs_out_wipes_and_keeps_the_draft(used, sign_in):
    used.open("/kiosk?lang=en&skin=elder&theme=dark").open("/kiosk?lang=zh")
    used.open("/matters/340100/s23-afterlife").press("开始办理")
    fill(used, DECEASED).press("存好，下一步")
    cookie = used.client.get_cookie("scenarist").value
    token = used.tree.xpath("//form[@data-end]//input[@name='csrf_token']/@value")[0]
    answer = used.client.post("/kiosk/end", data={"csrf_token": token})
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert answer.headers["Cache-Control"] == "no-store"
    for name in ("lang", "theme", "skin"):
        assert used.client.get_cookie(name) is None
    used.open("/kiosk")
    assert "已结束办理" in used.text
    assert "陈静" not in used.tree.text_content()
    assert used.client.get("/cases").status_code == 302
    used.client.set_cookie("scenarist", cookie)
    assert used.client.get("/cases").status_code == 302
    assert "填写中" in sign_in("chen-jing").open("/cases").text


def test_the_server_ends_what_rested_too_long_whatever_the_page_does(used, clock):
    clock.move(seconds=121)
    used.open("/cases")
    assert used.heading == "请选择要办的事"
    assert "太久没有操作" in used.text
    assert used.client.get("/cases").status_code == 302


def test_not_even_a_page_that_is_missing_shows_who_was_there(used, clock):
    assert "陈静" in used.open("/nowhere").tree.text_content()
    clock.move(seconds=121)
    used.open("/nowhere")
    assert "陈静" not in used.tree.text_content()
    assert "太久没有操作" in used.text


def test_a_post_that_comes_too_late_does_nothing(used, clock):
    fill_in_page = used.open("/matters/340100/s23-afterlife").press("开始办理")
    address = fill_in_page.address
    clock.move(seconds=121)
    fill(used, DECEASED).press("保存并继续")
    assert "太久没有操作" in used.text
    again = enter(used, "chen-jing").open(address)
    assert "陈国强" not in str(again.response.data, "utf-8")


def test_a_touch_that_the_page_reports_keeps_the_reader_signed_in(used, clock):
    used.open("/cases")
    token = used.tree.xpath("//form[@data-end]//input[@name='csrf_token']/@value")[0]
    for _ in range(3):
        clock.move(seconds=100)
        answer = used.client.post("/kiosk/stay", data={"csrf_token": token})
        assert answer.status_code == 204
    assert used.open("/cases").heading == "我的办件"


def test_elder_mode_waits_twice_as_long(used, clock):
    used.open("/cases?skin=elder")
    clock.move(seconds=200)
    assert used.open("/cases").heading == "我办的事"
    clock.move(seconds=241)
    assert "太久没有操作" in used.open("/cases").text


def test_an_ordinary_browser_is_not_hurried(sign_in, clock):
    reader = sign_in("chen-jing")
    clock.move(seconds=600)
    assert reader.open("/cases").heading == "我的办件"


# ── Becoming one, and the hall ───────────────────────────────────────────────────────────────────


def test_a_link_makes_no_kiosk_of_a_signed_in_readers_browser(sign_in):
    reader = sign_in("chen-jing").open("/kiosk?terminal=A-03")
    assert reader.heading == "把这台设备设为自助机？"
    assert reader.open("/cases").status == 200
    reader.open("/kiosk").press("设为自助机")
    assert reader.heading == "请选择要办的事"
    assert reader.client.get("/cases").status_code == 302


def test_the_attendant_makes_it_an_ordinary_browser_again(used):
    used.open("/kiosk/leave").press("退出自助机模式")
    assert used.tree.get("data-kiosk") is None
    assert used.client.get("/cases").status_code == 302


def test_a_call_reaches_the_hall_once_and_is_answered(used, sign_in):
    used.open("/kiosk").press("叫工作人员").press("叫工作人员")
    assert "已经呼叫工作人员" in used.text
    hall = sign_in("admin-feixi").open("/kiosk/calls")
    assert hall.text.count("A-03 号机") == 1
    hall.press("我去看看 A-03")
    assert "现在没有自助机呼叫" in hall.text


def test_only_a_kiosk_calls(visitor):
    visitor.open("/sign-in")
    token = visitor.tree.xpath("//input[@name='csrf_token']/@value")[0]
    assert visitor.client.post("/kiosk/call", data={"csrf_token": token}).status_code == 404


@pytest.mark.parametrize("name", ["<b>", "x" * 25, "A 3", ""])
def test_a_browser_without_a_terminals_name_is_asked_first(app, name):
    screen = Reader(app.test_client()).open(f"/kiosk?terminal={name}")
    assert screen.heading == "把这台设备设为自助机？"
    assert screen.tree.get("data-kiosk") is None
    screen.press("设为自助机")
    assert screen.tree.get("data-kiosk") == "120"
    with screen.client.session_transaction() as session:
        assert session["kiosk"]["terminal"] == ""


# ── In a real browser ────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def screen(served, chromium, things):
    """A kiosk's screen in a real browser, with somebody signed in; its clock moves when told."""
    with opened(chromium, served.address, Look(width=1080, height=1920)) as page:
        page.clock.install()
        page.goto("/kiosk?terminal=A-03")
        page.goto(f"/sign-in?next=/cases/{things['case']}")
        page.fill("#account", "chen-jing")
        page.fill("#password", demo_password())
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "/sign-in" not in url)
        yield page


@pytest.mark.browser
@pytest.mark.slow
def test_the_screen_asks_before_it_ends_and_a_touch_goes_on(screen):
    dialog = screen.get_by_role("alertdialog", name="您还在办理吗？")
    screen.clock.run_for(80_000)
    assert not dialog.is_visible()
    screen.clock.run_for(20_000)
    assert dialog.is_visible()
    assert re.search(r"还有 2\d 秒", dialog.inner_text())
    assert screen.evaluate("document.activeElement.textContent") == "继续办理"
    assert Axe()(screen) == []
    dialog.get_by_role("button", name="继续办理").click()
    screen.clock.run_for(60_000)
    assert not dialog.is_visible()
    assert screen.get_by_text("各部门进度").is_visible()


@pytest.mark.browser
@pytest.mark.slow
def test_nobody_there_ends_it_and_the_back_button_shows_nothing(screen, things):
    screen.clock.run_for(121_000)
    screen.wait_for_url("**/kiosk")
    assert screen.get_by_text("太久没有操作").is_visible()
    screen.go_back()
    screen.wait_for_load_state()
    assert "陈静" not in screen.locator("header").inner_text()
    assert things["case"] not in screen.locator("body").inner_text()


@pytest.mark.browser
@pytest.mark.slow
def test_calling_the_attendant_keeps_what_is_typed(screen, things):
    screen.goto(f"/drafts/{things['draft']}/pages/who")
    screen.get_by_label("逝者姓名").fill("陈国强")
    screen.get_by_role("button", name="叫工作人员").click()
    screen.get_by_text("已经呼叫工作人员").wait_for()
    assert screen.get_by_label("逝者姓名").input_value() == "陈国强"
    screen.get_by_label("逝者姓名").fill("")


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize(("width", "height"), [(1080, 1920), (1280, 1024)])
@pytest.mark.parametrize("skin", ["standard", "elder"])
def test_every_page_of_a_kiosk_is_accessible_and_in_bounds(screen, things, width, height, skin):
    axe, found = Axe(), {}
    for path in (
        "/kiosk",
        "/matters/340100/s23-afterlife",
        f"/drafts/{things['draft']}/pages/who",
        f"/drafts/{things['draft']}/review",
        f"/cases/{things['case']}",
        f"/cases/{things['case']}/receipt",
        "/cases",
        "/kiosk/leave",
    ):
        turn(screen, "light", width, height)
        screen.goto(f"{path}?skin={skin}")
        broken = [*axe(screen), *too_wide(screen), *small_targets(screen, 64)]
        turn(screen, "light", 320, height)
        if broken := [*broken, *too_wide(screen)]:
            found[path] = broken
    assert found == {}
