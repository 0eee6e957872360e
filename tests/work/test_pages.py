"""Who waits reads which department has not answered, why, since when, and when it is asked next."""

from __future__ import annotations

import pytest
from people import Reader

from builder.app import demo_password
from builder.cases import views
from builder.cases.waiting import waiting
from builder.web import Limits, create_app
from builder.work import work_once
from tests.cli.conftest import cli  # noqa: F401 - a fixture


@pytest.fixture
def sign_in(platform):
    """Return a function: a reader of the pages, signed in."""
    limits = Limits(sign_in="1000 per minute", posts="10000 per minute")
    app = create_app(platform, secret=b"s" * 32, demo_password=demo_password(), limits=limits)
    app.testing = False

    def enter(account: str, lang: str = "zh") -> Reader:
        reader = Reader(app.test_client())
        reader.open(f"/sign-in?lang={lang}")
        words = ("账号", "密码", "登录") if lang == "zh" else ("Account", "Password", "Sign in")
        reader.fill(words[0], account).fill(words[1], demo_password()).press(words[2])
        assert reader.status == 200
        return reader

    return enter


@pytest.fixture
def silent(line, matter):
    """A case that waits for the housing fund, which is cut off."""
    line("housing-fund").cut()
    matter.fill().ask_departments()
    return matter


def test_the_officer_reads_who_is_silent_and_asks_again_now(silent, sign_in, line, clock):
    pending = silent.case.pending["ask-fund"]
    officer = sign_in("officer-hrss").open(f"/desk/{silent.case_no}/pay-pension.1")
    said = officer.text
    for words in (
        "等待部门答复", "市住房公积金管理中心暂未应答，已排队", "已问 1 次",
        f"从 {pending.since:%H:%M} 起", f"将在 {pending.retry_at:%H:%M} 重试", "其余事项继续办理",
        "现在联系不上 市住房公积金管理中心",
    ):  # fmt: skip
        assert words in said, words
    assert "link." not in said
    assert "housing-fund" not in said
    officer.press("现在再问一次")
    assert "刚刚问过" in officer.text
    clock.move(seconds=30)
    officer.press("现在再问一次")
    assert "仍未答复" in officer.text
    assert silent.case.pending["ask-fund"].attempts == 2
    line("housing-fund").mend()
    clock.move(seconds=30)
    officer.press("现在再问一次")
    assert "部门已经答复" in officer.text
    assert "等待部门答复" not in officer.text
    assert not silent.case.pending


def test_the_applicant_reads_the_same_and_may_ask_too(silent, sign_in, line, clock):
    reader = sign_in("chen-jing", "en").open(f"/cases/{silent.case_no}")
    assert "has not answered yet; asked once since" in reader.text
    assert "Everything else goes on." in reader.text
    line("housing-fund").mend()
    clock.move(seconds=30)
    reader.press("Ask again now")
    assert "The department has answered." in reader.text
    assert not silent.case.pending


def test_a_refusal_says_what_must_be_mended_and_by_whom(platform, who, matter, sign_in):
    for grant in platform.hub.grants(owner="housing-fund"):
        if grant.state == "approved":
            platform.hub.revoke_grant(
                grant.id, platform.steward_signer("housing-fund"),
                who("steward-housing-fund").account.principal, remark="测试收回",
            )  # fmt: skip
    matter.fill().ask_departments()
    (line,) = waiting(platform, matter.stored)
    assert line.mend
    said = sign_in("officer-hrss").open(f"/desk/{matter.case_no}/pay-pension.1").text
    assert "未能答复" in said
    assert "需要先处理好" in said
    assert line.next_step.zh in said
    assert "housing-fund" not in said


def test_the_timeline_tells_a_silence_once(silent, clock):
    for _ in range(4):
        clock.move(seconds=20)
        work_once(silent.platform, checkpoint=False)
    assert silent.case.pending["ask-fund"].attempts == 5
    lines = [e.text.zh for e in views.case(silent.platform, silent.me, silent.case_no).timeline]
    assert len([line for line in lines if "暂无答复" in line]) == 1


def test_the_command_line_says_it_too(silent, cli):  # noqa: F811
    number = silent.case_no
    assert "暂未应答" in cli("case", number, "--lang", "zh").out.replace("\n", "")
    assert "has not answered yet" in cli("case", number, "--lang", "en").out.replace("\n", " ")
    (line,) = cli("case", number, "--json").json["waiting"]
    assert line["party"] == "housing-fund"
    assert line["attempts"] >= 1
