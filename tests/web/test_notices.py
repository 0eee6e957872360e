"""Notices on the pages: unread and read, one's own and the desk's, and what did not go out."""

from __future__ import annotations

from dataclasses import replace

import pytest
from afterlife import HANDLED, hand_in, handle
from sqlalchemy import insert

from builder.identity.mail import MailWish, mail_wish
from builder.store import cases as tables
from federation.store import write


@pytest.fixture
def told(sign_in):
    """Chen Jing was told that her application is accepted."""
    case_no = hand_in(sign_in("chen-jing"))
    handle(sign_in("officer-civil-affairs"), *HANDLED[0][1:])
    return case_no


def _tell(platform, case_no: str, count: int, **to: object) -> None:
    deployment = platform.deployments.of_case(case_no)
    pair = {"zh": "金丝雀", "en": "Canary"}
    with write(deployment.engine) as conn:
        for n in range(count):
            conn.execute(
                insert(tables.notice).values(
                    case_no=case_no, event=1000 + n, notice="x", title=pair, text=pair,
                    at=platform.clock(), **to,
                )
            )  # fmt: skip


def test_a_notice_is_unread_until_it_is_marked(sign_in, told):
    citizen = sign_in("chen-jing").open("/account/notices")
    assert "1 条未读" in citizen.text
    assert "申请已受理" in citizen.text
    citizen.press(f"标为已读 {told} 申请已受理")
    assert "未读" not in citizen.text
    assert "申请已受理" in citizen.text
    citizen.follow(f"查看 {told} 申请已受理")
    assert citizen.address == f"/cases/{told}"


def test_a_desk_shares_its_post_and_nobody_else_reads_it(platform, sign_in, told):
    _tell(platform, told, 1, account="", party="police", role="officer")
    officer = sign_in("officer-police").open("/account/notices")
    assert "金丝雀" in officer.text
    for other in ("officer-health", "steward-police", "chen-jing", "auditor"):
        reader = sign_in(other).open("/account/notices")
        assert "金丝雀" not in reader.text
        token = reader.tree.xpath('//input[@name="csrf_token"]/@value')[0]
        said = {"csrf_token": token, "case": told}
        assert reader.client.post("/account/notices/read", data=said).status_code == 303
    assert "1 条未读" in officer.open("/account/notices").text, "others' marks change nothing here"
    officer.press("全部标为已读")
    assert "未读" not in officer.text


def test_older_notices_are_on_older_pages(platform, sign_in, told):
    _tell(platform, told, 45, account="chen-jing")
    citizen = sign_in("chen-jing").open("/account/notices")
    assert "46 条未读" in citizen.text
    seen = []
    while True:
        seen.append(len(citizen.tree.find_class("row")))
        if "更多" not in citizen.links:
            break
        citizen.follow("更多")
    assert seen == [20, 20, 6]


@pytest.mark.parametrize("after", ["x", "||", "a|b|c", "9" * 300, "2026-01-01|HF1|-1"])
def test_a_page_mark_of_nobodys_shows_the_newest(sign_in, told, after):
    assert told
    assert "申请已受理" in sign_in("chen-jing").open(f"/account/notices?after={after}").text


def test_everyone_chooses_whether_mails_come_and_in_which_language(platform, sign_in):
    platform.settings = replace(platform.settings, smtp_host="mail.example", smtp_from="a@b.cn")
    citizen = sign_in("sun-lei").open("/account/notices")
    assert "没有登记邮箱" in citizen.text
    found = platform.accounts.load("sun-lei")
    platform.accounts.update(replace(found, email="sun@example.com"))
    citizen.open("/account/notices")
    assert "sun@example.com" in citizen.text
    citizen.fill("邮件的语言", "中文和英文").press("保存")
    assert "已保存您的选择" in citizen.text
    assert mail_wish(platform.hub_engine, "sun-lei") == MailWish(wanted=True, lang="both")
    citizen.fill("同时用邮件通知我", False).press("保存")
    assert not mail_wish(platform.hub_engine, "sun-lei").wanted


def test_an_administrator_sees_what_did_not_go_out_in_the_own_county_only(platform, sign_in, told):
    deployment = platform.deployments.of_case(told)
    with write(deployment.engine) as conn:
        conn.execute(
            insert(tables.outbox).values(
                id="f" * 64, case_no=told, channel="smtp", address="chen-jing", payload={},
                state="dead", attempts=1, made_at=platform.clock(), next_at=platform.clock(),
                done_at=platform.clock(), fault="notices.refused",
            )
        )  # fmt: skip
    auditor = sign_in("auditor").open("/account/notices/undelivered")
    assert told in auditor.text
    assert "notices.refused" in auditor.text
    assert "重发" not in auditor.buttons
    feixi = sign_in("admin-feixi").open("/account/notices/undelivered")
    assert told not in feixi.text
    found = platform.accounts.load("admin-feixi")
    platform.accounts.update(replace(found, county=deployment.county))
    feixi.open("/account/notices/undelivered")
    assert told in feixi.text
    feixi.press(f"重发 {told}")
    assert "已安排重发" in feixi.text
    assert told not in feixi.text
