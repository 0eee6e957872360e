"""Owed, promised, at rest, passed on, hurried: as people meet it on the pages, without scripts."""

from __future__ import annotations

import pytest

KIN = {"逝者姓名": "周德福", "逝者身份证号码": "340100193602209096"}


@pytest.fixture
def owing(sign_in):
    """Somebody who handed in with one answer to come later and one promised."""
    citizen = sign_in("zhou-ming")
    citizen.open("/matters").follow("公民身后“一件事”").press("开始办理")
    for label, value in KIN.items():
        citizen.fill(label, value)
    citizen.press("保存并继续")
    later = next(x for x in labels(citizen) if x.startswith("现在没有，以后补交"))
    promise = next(x for x in labels(citizen) if x.startswith("我已阅读，自愿作出以上承诺"))
    assert "提交后 10 个工作日内补交" in later
    for label, value in {
        "您是逝者的 / 孙子女、外孙子女": True,
        "您持有的证明材料 / 户口簿": True,
        later: True,
        "死亡医学证明编号": "SW3401009000004",
        "去世日期": "2026-10-09",
        "去世地点 / 家中": True,
        "是否已经火化 / 是": True,
        promise: True,
        "火化日期": "2026-10-11",
    }.items():
        citizen.fill(label, value)
    citizen.press("保存并继续")
    assert citizen.heading == "账户与款项", citizen.text
    for label, word in {
        "支取养老保险个人账户余额": "是",
        "提取住房公积金": "否",
        "支取医保个人账户余额": "否",
        "办理尚未结清的医院费用": "否",
        "申领丧葬补助金和抚恤金": "否",
    }.items():
        citizen.fill(f"{label} / {word}", True)
    citizen.fill("银行卡号", "6200000000000000034").fill("联系电话", "16000000002")
    citizen.fill("开户银行 / 中国邮政储蓄银行", True).press("保存并继续")
    for box in citizen.tree.xpath('//main//input[@type="checkbox"]'):
        box.set("checked", "checked")
    citizen.press("保存并继续")
    assert "以后补交，最晚" in citizen.text
    assert "书面承诺代替" in citizen.text
    citizen.press("提交申请")
    assert "以后补交的内容" in citizen.text
    return citizen.follow("查看进度")


def labels(reader):
    return [" ".join(x.text_content().split()) for x in reader.tree.iter("label")]


def desk(sign_in, account, owing, task):
    number = owing.address.rsplit("/", 1)[1]
    return sign_in(account).open(f"/desk/{number}/{task}")


def test_what_is_owed_is_supplied_on_a_page_of_its_own(owing, sign_in):
    assert "还有 1 项需要补交" in owing.text
    owing.follow("去补交")
    assert owing.heading == "补交"
    assert "逝者姓名" not in owing.text
    owing.press("提交补交内容")
    assert owing.status == 422
    assert "没有填写任何需要补交的内容" in owing.text
    owing.fill("材料编号", "340190000005").press("提交补交内容")
    assert "已收到您补交的内容" in owing.text
    assert "还有 1 项需要补交" not in owing.text
    officer = desk(sign_in, "officer-civil-affairs", owing, "review-kinship.1")
    assert "340190000005" in officer.text
    assert "已补交“材料编号”" in officer.text


def test_an_officer_gives_more_time_once_and_then_waives(owing, sign_in):
    officer = desk(sign_in, "officer-civil-affairs", owing, "review-kinship.1")
    officer.press("延长", within="延长期限")
    assert officer.status == 422
    assert "没有填写理由" in officer.text
    form = next(f for f in officer.tree.iter("form") if "延长几个工作日" in f.text_content())
    for reason in form.iter("textarea"):
        reason.text = "申请人住院"
    officer.press("延长", within="延长几个工作日")
    assert "补交期限已延长" in officer.text
    assert "延长几个工作日" not in officer.text
    form = next(f for f in officer.tree.iter("form") if "不再要求补交" in f.text_content())
    next(form.iter("textarea")).text = "已另行核实"
    officer.press("确认免于补交")
    assert "免于补交" in officer.text
    assert "还有 1 项需要补交" not in owing.open(owing.address).text


def test_an_officer_records_what_was_found_about_a_promise(owing, sign_in):
    officer = desk(sign_in, "officer-civil-affairs", owing, "review-kinship.1")
    assert "逝者遗体已经火化" in officer.text
    form = next(f for f in officer.tree.iter("form") if "承诺属实" in f.text_content())
    next(form.iter("textarea")).text = "登记一致"
    officer.press("记录结论")
    assert "已核查属实" in officer.text
    assert "登记一致" in owing.open(owing.address).text


def test_an_applicant_asks_a_department_to_hurry(owing):
    hurry = next(b for b in owing.buttons if b.startswith("催办"))
    owing.press(hurry)
    assert "已催办" in owing.text
    assert not any(b.startswith("催办") for b in owing.buttons)
