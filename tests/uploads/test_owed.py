"""A file that may come later comes later: on a page of its own, by its owner alone."""

from __future__ import annotations

import papers

from builder.cases import commands
from builder.cases.local import local_files

SKETCH = "选择文件 示意图"


def _owing(city, tmp_path) -> str:
    (tmp_path / "a.pdf").write_bytes(papers.pdf())
    answers = {
        "/wish/words": "好",
        "/wish/proof": {"file": "a.pdf"},
        "/wish/age": 101,
        "/wish/sketch~later": True,
    }
    who = city.platform.accounts.named("sun-lei")
    return commands.apply_from_answers(
        city.platform, who, city.deployment.id, local_files(answers, tmp_path)
    ).case_no


def test_a_file_that_was_left_open_is_supplied_later(city, tmp_path):
    case_no = _owing(city, tmp_path)
    assert [o.field for o in city.stored(case_no).case.owing] == ["/wish/sketch"]
    reader = city.reader("sun-lei")
    reader.open(f"/cases/{case_no}/supplement")
    reader.fill(SKETCH, [("图.png", b"GIF89a")]).press("上传所选文件 示意图")
    assert reader.status == 422
    assert "文件“图.png”的类型是“文本”，这一项不接收。" in reader.text
    reader.fill(SKETCH, [("图.png", papers.png())]).press("上传所选文件 示意图")
    assert reader.status == 200
    assert "图.png" in reader.text
    reader.press("提交补交内容")
    row = next(r for r in city.rows() if r.pointer == "/wish/sketch")
    stored = city.stored(case_no)
    assert stored.case.answers["wish"]["sketch"] == row.id
    assert row.handed_in_at is not None
    assert not stored.case.owing


def test_what_is_owed_comes_from_answers_too(city, tmp_path):
    case_no = _owing(city, tmp_path)
    (tmp_path / "b.png").write_bytes(papers.png())
    who = city.platform.accounts.named("sun-lei")
    answers = local_files({"/wish/sketch": {"file": "b.png"}}, tmp_path)
    commands.supplement_with_answers(city.platform, who, case_no, answers)
    assert not city.stored(case_no).case.owing
    assert len(city.rows()) == 2


def test_nobody_else_supplies_a_file(city, tmp_path):
    case_no = _owing(city, tmp_path)
    other = city.reader("zhou-ming")
    assert other.open(f"/cases/{case_no}/supplement").status == 404
    city.app.config["WTF_CSRF_ENABLED"] = False
    sent = other.client.post(f"/cases/{case_no}/supplement/files")
    assert sent.status_code == 404
