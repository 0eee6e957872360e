"""The matter after a death, as its people fill it in and handle it on the pages."""

from __future__ import annotations

DECEASED = {"逝者姓名": "陈国强", "逝者身份证号码": "340100195705089073"}
YES = (
    "支取养老保险个人账户余额",
    "提取住房公积金",
    "支取医保个人账户余额",
    "办理尚未结清的医院费用",
    "申领丧葬补助金和抚恤金",
)
ACCOUNT = {
    "银行卡号": "6200000000000000018",
    "联系电话": "16000000001",
    "联系地址": "合肥市蜀山区听松路16号3幢502室",
}

HANDLED = (
    ("officer-civil-affairs", "受理申请", {"受理编号": "民事收1102-01"}),
    (
        "officer-health",
        "核对死亡证明",
        {
            "死亡医学证明编号": "SW3401009000001",
            "出具机构": "望湖中心医院",
            "出具日期": "2026-10-19",
        },
    ),
    (
        "officer-civil-affairs",
        "核对火化证明",
        {"火化证明编号": "HFHH2026900001", "殡仪馆": "松鹤殡仪馆", "火化日期": "2026-10-22"},
    ),
    (
        "officer-police",
        "注销户口",
        {"注销登记编号": "HKZX01", "办理派出所": "听松路派出所", "注销日期": "2026-11-02"},
    ),
    (
        "officer-housing-fund",
        "提取住房公积金",
        {"提取业务编号": "GJTQ01", "提取金额": "18311.92", "转账日期": "2026-11-03"},
    ),
    (
        "officer-hrss",
        "支取养老保险个人账户",
        {"支付单号": "YLZF01", "支付金额": "46820.35", "支付日期": "2026-11-04"},
    ),
    (
        "officer-health",
        "医院结算",
        {
            "结算编号": "ZYJS01",
            "应退预交金": "4218.60",
            "应补缴费用": "0",
            "结算日期": "2026-11-02",
        },
    ),
    (
        "officer-medical-insurance",
        "支取医保个人账户",
        {"支付单号": "YBZF01", "支付金额": "3184.62", "支付日期": "2026-11-04"},
    ),
    (
        "officer-hrss",
        "核定丧葬补助金和抚恤金",
        {"核定编号": "SZBZ01", "丧葬补助金": "12000", "抚恤金": "36000", "支付日期": "2026-11-10"},
    ),
)
CERTIFIED = HANDLED[:3]
"""What comes before the departments are asked."""


def fill(reader, answers):
    for label, value in answers.items():
        reader.fill(label, value)
    return reader


def begin(citizen):
    return citizen.open("/matters").follow("公民身后“一件事”").press("开始办理")


def fill_in(citizen):
    fill(begin(citizen), DECEASED).press("保存并继续").press("保存并继续")
    for label in YES:
        citizen.fill(f"{label} / 是", True)
    fill(citizen, ACCOUNT).fill("开户银行 / 徽商银行", True).press("保存并继续")
    boxes = [x for x in citizen.tree.iter("label") if x.text_content().strip() == "我已阅读并同意"]
    for box in boxes:
        citizen.tree.get_element_by_id(box.get("for")).set("checked", "")
    return citizen.press("保存并继续")


def hand_in(citizen):
    return fill_in(citizen).press("提交申请").address.split("/")[2]


def handle(officer, title, answers, button="通过并办结"):
    officer.open("/desk/").follow(title)
    return fill(officer, answers).press(button)
