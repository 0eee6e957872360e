# ruff: noqa: E501 (rows as a sheet has them)
"""Excel field lists and DocType JSON: read by what their heads and types say."""

import openpyxl
import pytest

from builder.errors import Fault
from builder.forms import compile_form, widget_kinds
from builder.imports import Wishes, import_document, import_file
from builder.scenario.load import examine, restore
from federation.ledger import load_catalog
from tests.imports.conftest import controls, fates, fields

ZH = [
    ["企业登记申请表"],
    ["序号", "字段名", "名称", "类型", "是否必填", "长度", "字典", "填写说明", "负责人"],
    [1, "ent_name", "企业名称", "字符", "是", 60, "", "与营业执照一致", "张三"],
    [2, "", "法定代表人性别", "字典", "是", "", "性别", "", ""],
    [3, "reg_capital", "注册资本（万元）", "金额", "否", "", "", "", ""],
    [4, "founded", "成立日期", "日期", "√", "", "", "", ""],
    [5, "staff", "从业人数", "整数", "", "", "", "", ""],
    [6, "", "是否上市", "是/否", "", "", "", "", ""],
    [7, "mail", "联系邮箱", "字符", "", "", "", "", ""],
    [8, "", "行业", "多选", "", "", "农业、工业、服务业", "", ""],
    [9, "", "地址照片", "图纸", "", "", "没有的表", "", ""],
]
CODES = [["字典", "代码", "名称"], ["性别", "1", "男"], ["", "2", "女"], ["学历", "a", "本科"]]


def _book(path, **sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def _sound(made):
    _, found = examine(made.scenario, kinds=widget_kinds(), catalog=load_catalog())
    assert not [(f.code, f.where, f.message("en")) for f in found]
    scenario = restore(made.scenario)
    for form in scenario.forms:
        compile_form(scenario, form.id)


def test_a_chinese_field_list_is_a_form(tmp_path):
    path = _book(tmp_path / "登记.xlsx", 基本信息=ZH, 代码表=CODES)
    made = import_file(path, Wishes("t91-list"), frozenset())
    _sound(made)
    asked = list(controls(made).values())
    assert [c["widget"] for c in asked] == [
        "text", "choice", "text", "date", "number", "yes-no", "text", "multi-choice", "long-text",
    ]  # fmt: skip
    assert [c["label"]["zh"] for c in asked][:2] == ["企业名称", "法定代表人性别"]
    assert asked[0] | {"required": True} == asked[0]
    assert asked[0]["hint"]["zh"] == "与营业执照一致"
    assert [o["label"]["zh"] for o in asked[1]["options"]["choices"]] == ["男", "女"]
    assert fields(made)["ent_name"]["maxLength"] == 60
    assert made.scenario["scenario"]["title"]["zh"] == "登记"
    (section,) = made.scenario["forms"][0]["pages"][0]["sections"]
    assert section["title"]["zh"] == "基本信息"
    told = fates(made)
    assert told["/基本信息/2/负责人"] == "lost"
    assert told["/基本信息/11/list"] == told["/基本信息/11/type"] == "lost"
    assert told["/基本信息/3/name"] == "carried"


def test_an_english_field_list_is_a_form_and_each_sheet_a_section(tmp_path):
    head = ["Field", "Label", "Type", "Required", "Max length", "Options"]
    first = [
        head,
        ["a", "Name", "varchar(30)", "Y", "", ""],
        ["b", "Kind", "select", "", "", "x=Big; y=Small"],
    ]
    path = _book(
        tmp_path / "list.xlsx",
        One=first,
        Two=[head, ["c", "Born", "date", "yes", "", ""]],
        Notes=[["free text"]],
    )
    made = import_file(path, Wishes("t91-list"), frozenset())
    _sound(made)
    assert fields(made)["a"]["maxLength"] == 30
    assert fields(made)["b"]["enum"] == ["x", "y"]
    sections = made.scenario["forms"][0]["pages"][0]["sections"]
    assert [s["title"]["en"] for s in sections] == ["One", "Two"]
    assert fates(made)["/Notes"] == "lost"


def test_a_workbook_without_heads_is_told(tmp_path):
    with pytest.raises(Fault, match=r"import\.sheet-heads"):
        import_file(
            _book(tmp_path / "x.xlsx", A=[["a", "b"], [1, 2]]), Wishes("t91-x"), frozenset()
        )


DOCTYPE = {
    "doctype": "DocType",
    "name": "Loan Request",
    "autoname": "hash",
    "fields": [
        {"fieldname": "s1", "fieldtype": "Section Break", "label": "Who"},
        {"fieldname": "full_name", "fieldtype": "Data", "label": "Full name", "reqd": 1, "in_list_view": 1},
        {"fieldname": "mail", "fieldtype": "Data", "options": "Email", "label": "Mail"},
        {"fieldname": "cb", "fieldtype": "Column Break"},
        {"fieldname": "kind", "fieldtype": "Select", "options": "New\nOld\n", "label": "Kind"},
        {"fieldname": "s2", "fieldtype": "Section Break", "label": "What"},
        {"fieldname": "old_no", "fieldtype": "Data", "label": "Old number", "reqd": 1, "depends_on": "eval:doc.kind=='Old'"},
        {"fieldname": "amount", "fieldtype": "Currency", "label": "Amount", "mandatory_depends_on": "eval:doc.is_big"},
        {"fieldname": "is_big", "fieldtype": "Check", "label": "Big"},
        {"fieldname": "why", "fieldtype": "Small Text", "label": "Why", "depends_on": "eval:frappe.session.user"},
        {"fieldname": "firm", "fieldtype": "Link", "options": "Firm", "label": "Firm"},
        {"fieldname": "lines", "fieldtype": "Table", "options": "Loan Line", "label": "Lines"},
        {"fieldname": "map", "fieldtype": "Geolocation", "label": "Map"},
        {"fieldname": "button", "fieldtype": "Button", "label": "Press"},
    ],
    "child_tables": {"Loan Line": {"fields": [
        {"fieldname": "item", "fieldtype": "Data", "label": "Item", "reqd": 1},
        {"fieldname": "rate", "fieldtype": "Float", "label": "Rate"},
    ]}},
}  # fmt: skip


def test_a_doctype_is_a_form_with_sections_conditions_and_rows():
    made = import_document(DOCTYPE, "loan.json", Wishes("t91-loan"), frozenset())
    _sound(made)
    asked = controls(made)
    assert asked["full-name"]["required"] is True
    assert fields(made)["mail"]["format"] == "email"
    assert asked["old-no"]["when"] == "application.kind = 'Old'"
    assert asked["lines"]["widget"] == "table"
    assert [c["id"] for c in asked["lines"]["columns"]] == ["item", "rate"]
    sections = made.scenario["forms"][0]["pages"][0]["sections"]
    assert [s["title"]["en"] for s in sections] == ["Who", "What"]
    told = fates(made)
    assert told["/fields/9/depends_on"] == "lost"
    assert told["/fields/12"] == told["/fields/13"] == told["/autoname"] == "lost"
    assert told["/fields/10/options"] == told["/fields/1/in_list_view"] == "changed"


def test_a_condition_on_a_later_field_is_known_too():
    made = import_document(DOCTYPE, "loan.json", Wishes("t91-loan"), frozenset())
    assert controls(made)["amount"]["required_when"] == "application.is_big = TRUE"
