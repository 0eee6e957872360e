"""The matter after a death, from the form to the closed case, as people do it in the browser."""

from __future__ import annotations

import pytest
from afterlife import DECEASED, HANDLED, begin, fill, fill_in, hand_in, handle


def test_the_first_page_sends_nobody_on_with_a_mistyped_number(sign_in):
    citizen = begin(sign_in("chen-jing"))
    fill(citizen, {**DECEASED, "逝者身份证号码": "340100195705089070"}).press("保存并继续")
    assert citizen.status == 422
    assert "有 1 处需要修改" in citizen.text
    assert citizen.value("逝者姓名") == "陈国强"
    summary = citizen.tree.find_class("error-summary")[0]
    target = summary.find(".//a").get("href")[1:]
    assert citizen.tree.get_element_by_id(target).get("aria-invalid") == "true"


def test_what_departments_know_is_filled_in_with_its_source(sign_in):
    citizen = begin(sign_in("chen-jing"))
    fill(citizen, DECEASED).press("保存并继续")
    assert citizen.heading == "逝者的情况"
    assert citizen.value("死亡医学证明编号") == "SW3401009000001"
    assert "来自市卫生健康委员会“居民死亡医学证明”" in citizen.text


def test_a_draft_is_saved_and_resumed(sign_in):
    citizen = begin(sign_in("chen-jing"))
    fill(citizen, DECEASED).press("保存，以后再填")
    assert citizen.heading == "我的办件"
    assert "已保存" in citizen.text
    citizen.open("/cases").follow(next(x for x in citizen.links if x.startswith("继续填写")))
    assert citizen.heading == "逝者的情况"
    citizen.follow("上一步")
    assert citizen.value("逝者姓名") == "陈国强"


def test_a_draft_is_discarded_only_after_asking(sign_in):
    citizen = begin(sign_in("chen-jing")).follow("放弃这份申请")
    assert citizen.heading == "放弃这份申请？"
    citizen.press("放弃申请")
    assert "还没有办件" in citizen.text


def test_a_page_saved_in_another_window_is_not_overwritten(sign_in):
    citizen = begin(sign_in("chen-jing"))
    stale = citizen.tree
    fill(citizen, DECEASED).press("保存并继续").open(citizen.address.replace("/death", "/who"))
    citizen.tree = stale
    citizen.address = citizen.address.replace("/death", "/who")
    fill(citizen, {"逝者姓名": "别人"}).press("保存并继续")
    assert citizen.status == 409
    assert "cases.draft-changed" in citizen.text


def test_the_review_shows_everything_and_handing_in_twice_gives_the_same_receipt(sign_in):
    citizen = fill_in(sign_in("chen-jing"))
    assert citizen.heading == "核对并提交"
    assert "陈国强" in citizen.text
    review, page = citizen.tree, citizen.address
    citizen.press("提交申请")
    first = citizen.address, citizen.text
    assert citizen.heading == "申请已提交"
    citizen.tree, citizen.address = review, page
    citizen.press("提交申请")
    assert (citizen.address, citizen.text) == first


def test_back_in_the_browser_after_handing_in_leads_to_the_case_and_nobody_else_there(sign_in):
    citizen = fill_in(sign_in("chen-jing"))
    case_no = citizen.address.split("/")[2]
    citizen.press("提交申请")
    stranger = sign_in("sun-lei")
    for left in ("", "/pages/who", "/review"):
        citizen.open(f"/drafts/{case_no}{left}")
        assert citizen.address == f"/cases/{case_no}"
        assert citizen.status == 200
        stranger.open(f"/drafts/{case_no}{left}")
        assert stranger.status == 404


def test_six_departments_finish_and_the_citizen_sees_every_use(sign_in):
    citizen = sign_in("chen-jing")
    case_no = hand_in(citizen)
    for account, title, answers in HANDLED:
        officer = handle(sign_in(account), title, answers)
        assert officer.status == 200, officer.text
        assert "已办结" in officer.text
    citizen.open(f"/cases/{case_no}")
    assert "已办结" in citizen.text
    lines = citizen.tree.find_class("party")
    assert len(lines) == 6
    assert all("已办结" in line.text_content() for line in lines)
    uses = citizen.tree.find_class("use")
    assert len(uses) == 9  # assistance is not asked: she was insured
    assert "由您本人的申请向市公安局节点查询，用于核验" in citizen.text
    assert "48,000.00" in citizen.text
    assert "无需办理" not in citizen.text
    titles = [" ".join(x.text_content().split()) for x in citizen.tree.iter("h2", "h3")]
    assert titles[titles.index("办理结果") + 1] == "死亡证明"


def test_the_auditor_reads_who_used_which_field_by_which_grant(sign_in):
    case_no = hand_in(sign_in("chen-jing"))
    auditor = sign_in("auditor")
    assert auditor.heading == "留痕"
    auditor.fill("办件编号", case_no)
    form = next(f for f in auditor.tree.iter("form") if f.get("role") == "search")
    auditor.open(f"{form.get('action')}?case={case_no}").follow(f"查看 {case_no} 的全程")
    assert auditor.heading == "办件溯源"
    rows = [" ".join(r.text_content().split()) for r in auditor.tree.iter("tr")]
    kinship = [r for r in rows if "亲属关系登记" in r and "登记编号" in r]
    assert kinship
    assert any("chen-jing" in r and "核验" in r for r in kinship)
    assert "逝者的“亲属关系登记”" in auditor.text


def test_the_auditor_verifies_every_journal(sign_in):
    hand_in(sign_in("chen-jing"))
    auditor = sign_in("auditor").follow("校验全部日志")
    assert "全部完好" in auditor.text


def test_an_officer_sees_only_the_fields_of_the_step(sign_in):
    hand_in(sign_in("chen-jing"))
    for account, title, answers in HANDLED[:3]:
        handle(sign_in(account), title, answers)
    police = sign_in("officer-police").open("/desk/").follow("注销户口")
    assert "陈国强" in police.text
    assert "6200000000000000018" not in police.text
    assert "16000000001" not in police.text


def test_an_officer_reads_the_checks_of_the_own_department_only(sign_in):
    hand_in(sign_in("chen-jing"))
    lead = sign_in("officer-civil-affairs").open("/desk/").follow("受理申请")
    assert "申请人是否为逝者的近亲属" in lead.text
    assert "住房公积金账户" not in lead.text
    for account, title, answers in HANDLED[:3]:
        handle(sign_in(account), title, answers)
    fund = sign_in("officer-housing-fund").open("/desk/").follow("提取住房公积金")
    assert "逝者是否有未销户的住房公积金账户" in fund.text
    assert "逝者是否有职工医保个人账户" not in fund.text


def test_an_officer_cannot_open_another_departments_task(sign_in):
    case_no = hand_in(sign_in("chen-jing"))
    police = sign_in("officer-police").open(f"/desk/{case_no}/accept.1")
    assert police.status == 404
    assert "cases.no-such-task" in police.text


def test_what_an_officer_forgot_is_said_beside_the_field(sign_in):
    hand_in(sign_in("chen-jing"))
    officer = handle(sign_in("officer-civil-affairs"), "受理申请", {"办理意见 （可不填）": "收到"})
    assert officer.status == 422
    assert "请填写“受理编号”" in officer.text
    assert officer.value("办理意见 （可不填）") == "收到"


@pytest.mark.parametrize(
    "button",
    ["确认不予办理", "确认退回", "发出补正通知"],
)
def test_no_decision_against_the_applicant_without_a_reason(sign_in, button):
    hand_in(sign_in("chen-jing"))
    officer = sign_in("officer-civil-affairs").open("/desk/").follow("受理申请")
    officer.press(button)
    assert officer.status == 422
    opened = [d for d in officer.tree.iter("details") if d.get("open") is not None]
    assert len([d for d in opened if d.find_class("error-summary")]) == 1


def test_a_returned_matter_comes_back_changed(sign_in):
    citizen = sign_in("chen-jing")
    case_no = hand_in(citizen)
    officer = sign_in("officer-civil-affairs").open("/desk/").follow("受理申请")
    reasons = [a for a in officer.tree.iter("textarea") if a.get("id") == "reason-return"]
    reasons[0].text = "联系地址不完整。"
    officer.press("确认退回")
    assert "已退回申请人修改" in officer.text
    citizen.open("/matters")
    assert "等您处理" in citizen.text
    citizen.open(f"/cases/{case_no}")
    assert "市民政局退回了申请" in citizen.text
    assert "联系地址不完整。" in citizen.text
    citizen.press("现在去修改")
    assert citizen.heading == "核对并提交"
    citizen.press("重新提交")
    assert citizen.heading == "申请已提交"
    officer.open("/desk/")
    assert "受理申请" in officer.links


def test_a_correction_names_the_fields(sign_in):
    citizen = sign_in("chen-jing")
    case_no = hand_in(citizen)
    officer = sign_in("officer-civil-affairs").open("/desk/").follow("受理申请")
    reason = next(a for a in officer.tree.iter("textarea") if a.get("id") == "reason-correct")
    reason.text = "请补全门牌号。"
    officer.fill("需要补正的内容 / 联系地址", True).press("发出补正通知")
    assert "补正通知已发出" in officer.text
    citizen.open(f"/cases/{case_no}")
    assert "市民政局请您补正" in citizen.text
    banner = citizen.tree.find_class("banner--warn")[0].text_content()
    assert "联系地址" in banner
    assert "请补全门牌号。" in banner


def test_a_matter_is_withdrawn_only_after_asking(sign_in):
    citizen = sign_in("chen-jing")
    case_no = hand_in(citizen)
    citizen.open(f"/cases/{case_no}").follow("撤回申请").press("确认撤回")
    assert "申请已撤回" in citizen.text
    assert "撤回申请" not in citizen.links
    officer = sign_in("officer-civil-affairs").open("/desk/")
    assert "受理申请" not in officer.links


def test_another_citizen_sees_nothing_of_a_case(sign_in):
    case_no = hand_in(sign_in("chen-jing"))
    other = sign_in("sun-lei")
    for path in (f"/cases/{case_no}", f"/cases/{case_no}/receipt", f"/drafts/{case_no}/review"):
        other.open(path)
        assert other.status == 404
        assert "cases.no-such-case" in other.text


def test_two_officers_do_not_act_on_the_same_task_twice(sign_in):
    hand_in(sign_in("chen-jing"))
    first = sign_in("officer-civil-affairs").open("/desk/").follow("受理申请")
    second = sign_in("officer-civil-affairs").open("/desk/").follow("受理申请")
    fill(first, {"受理编号": "1"}).press("通过并办结")
    fill(second, {"受理编号": "2"}).press("通过并办结")
    assert second.status == 409
    assert "cases.case-changed" in second.text
