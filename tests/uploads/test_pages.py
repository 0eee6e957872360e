"""Handing in files as a person does, without scripts; and who may read them afterwards."""

from __future__ import annotations

import io
import json
from urllib.parse import quote

import papers
import pytest

from builder.cases import commands, files
from builder.cases.commands import Wish
from builder.cases.errors import DraftIncomplete
from builder.errors import Findings
from builder.uploads.errors import UploadUnknown

PROOF, PHOTOS = "选择文件 证明材料", "选择文件（可多选） 现场照片"


def test_a_file_is_chosen_listed_kept_and_handed_in(city):
    reader, case_no = city.begin()
    reader.fill("内容", "修路灯").fill(PROOF, [("户口簿.pdf", papers.pdf())])
    reader.press("上传所选文件 证明材料")
    assert reader.status == 200
    (row,) = city.rows()
    assert "户口簿.pdf" in reader.text
    assert row.sm3[:8] in reader.text
    assert reader.value("内容") == "修路灯"
    assert row.handed_in_at is None
    reader.press("保存并继续")
    assert "户口簿.pdf" in reader.text
    reader.press("提交申请")
    stored = city.stored(case_no)
    assert stored.case.answers["wish"]["proof"] == row.id
    (row,) = city.rows()
    assert row.handed_in_at is not None
    assert [p.name for p in city.files()] == [row.sm3]
    assert [e.facts["sm3"] for e in city.entries("file-added")] == [row.sm3]
    assert not list((city.home / "incoming").iterdir())


def test_a_file_stays_when_the_page_has_other_mistakes(city):
    reader, _ = city.begin()
    reader.fill("内容", "修路灯").fill("年龄", "很大")
    reader.fill(PROOF, [("a.pdf", papers.pdf())]).press("保存并继续")
    assert reader.status == 422
    assert "a.pdf" in reader.text
    assert reader.value("年龄") == "很大"
    reader.fill("年龄", "30").press("保存并继续")
    assert reader.heading.startswith("核对")
    assert len(city.rows()) == 1


def test_uploading_first_is_no_mistake_for_what_is_still_blank(city):
    reader, _ = city.begin()
    reader.fill(PROOF, [("a.pdf", papers.pdf())]).press("上传所选文件 证明材料")
    assert reader.status == 200
    assert "请填写" not in reader.text


def test_a_file_that_is_not_taken_is_told_beside_its_question_and_the_rest_is_kept(city):
    reader, _ = city.begin()
    reader.fill("内容", "修路灯").fill(PROOF, [("a.pdf", b"MZ\x90\x00\x03")])
    reader.fill(PHOTOS, [("一.jpg", papers.jpeg()), ("二.jpg", papers.png())])
    reader.press("保存并继续")
    assert reader.status == 422
    assert "文件“a.pdf”的内容不是可以接收的类型" in reader.text
    assert "文件“二.jpg”的扩展名与内容不符" in reader.text
    assert [row.name for row in city.rows()] == ["一.jpg"]
    assert reader.value("内容") == "修路灯"
    assert len(city.files()) == 1


def test_a_kind_that_the_question_does_not_take_is_named(city):
    reader, _ = city.begin()
    reader.fill(PHOTOS, [("a.pdf", papers.pdf())]).press("上传所选文件 现场照片")
    assert reader.status == 422
    assert "文件“a.pdf”的类型是“PDF”，这一项不接收。" in reader.text
    assert not city.rows()


def test_a_file_too_large_for_its_question_is_told(city):
    reader, _ = city.begin()
    large = papers.jpeg() + b"\n" * 310_000
    reader.fill(PHOTOS, [("大.jpg", large)]).press("上传所选文件 现场照片")
    assert reader.status == 422
    assert "文件“大.jpg”超过 300 KB。" in reader.text
    assert not city.files()


def test_a_file_is_removed_and_its_bytes_with_it(city):
    reader, case_no = city.begin()
    reader.fill(PROOF, [("a.pdf", papers.pdf())]).press("上传所选文件 证明材料")
    assert len(city.files()) == 1
    reader.press("移除 a.pdf")
    assert reader.status == 200
    assert "a.pdf" not in reader.text
    assert not city.rows()
    assert not city.files()
    reader.fill("内容", "修路灯").press("保存并继续")
    assert "请上传“证明材料”。" in reader.text
    with pytest.raises(Findings) as told:
        commands.submit(city.platform, city.platform.accounts.named("sun-lei"), case_no)
    assert isinstance(told.value.findings[0], DraftIncomplete)


def test_another_file_takes_the_place_of_the_only_one(city):
    reader, _ = city.begin()
    for name, pages in (("一.pdf", 1), ("二.pdf", 2)):
        reader.fill(PROOF, [(name, papers.pdf(pages))]).press("上传所选文件 证明材料")
    assert "一.pdf" not in reader.text
    assert [row.name for row in city.rows()] == ["二.pdf"]
    assert len(city.files()) == 1


def test_no_more_files_than_a_question_takes(city):
    reader, _ = city.begin()
    photos = [(f"{n}.png", papers.png((20 + n, 20))) for n in range(4)]
    reader.fill(PHOTOS, photos).press("上传所选文件 现场照片")
    assert reader.status == 422
    assert "“现场照片”最多上传 3 个文件" in reader.text
    reader.press("移除 0.png")
    assert reader.status == 200
    assert len(city.rows()) == 3


def test_the_same_file_sent_twice_is_one(city):
    reader, _ = city.begin()
    for _ in range(2):
        reader.fill(PHOTOS, [("一.jpg", papers.jpeg())]).press("上传所选文件 现场照片")
    assert len(city.rows()) == 1


def test_another_cases_file_and_another_fields_file_are_no_answer(city):
    _, first = city.handed_in()
    taken = {row.pointer: row.id for row in city.rows()}
    reader, case_no = city.begin()
    who = city.platform.accounts.named("sun-lei")
    for wrong in (taken["/wish/proof"], "0b8c6f1e-6f0d-4f5a-9c5e-2a4a3c1d9e01"):
        saved = commands.save_answers(
            city.platform, who, case_no, "papers", {"/wish/words": "好", "/wish/proof": wrong}
        )
        assert [e["code"] for e in saved.errors] == ["forms.file-unknown"]
    reader.fill(PHOTOS, [("一.jpg", papers.jpeg())]).press("上传所选文件 现场照片")
    own = next(row.id for row in city.rows() if row.case_no == case_no)
    saved = commands.save_answers(
        city.platform, who, case_no, "papers", {"/wish/words": "好", "/wish/proof": own}
    )
    assert [e["code"] for e in saved.errors] == ["forms.file-unknown"]
    assert first != case_no


def test_files_go_with_a_draft_that_is_thrown_away(city):
    reader, case_no = city.begin()
    reader.fill(PROOF, [("a.pdf", papers.pdf())]).press("上传所选文件 证明材料")
    commands.discard_draft(city.platform, city.platform.accounts.named("sun-lei"), case_no)
    assert not city.rows()
    assert not city.files()


def test_two_drafts_with_the_same_file_do_not_lose_it_when_one_is_thrown_away(city):
    for account in ("sun-lei", "zhou-ming"):
        reader, case_no = city.begin(account)
        reader.fill(PROOF, [("a.pdf", papers.pdf())]).press("上传所选文件 证明材料")
    assert len(city.files()) == 1
    commands.discard_draft(city.platform, city.platform.accounts.named("zhou-ming"), case_no)
    assert len(city.files()) == 1
    assert len(city.rows()) == 1


def test_an_expired_draft_takes_its_files_along(city, clock):
    reader, _ = city.begin()
    reader.fill(PROOF, [("a.pdf", papers.pdf())]).press("上传所选文件 证明材料")
    clock.move(days=31)
    assert commands.forget_expired(city.platform, city.deployment) == 1
    assert not city.rows()
    assert not city.files()


def test_a_case_holds_so_much_and_no_more(set_up, request):
    set_up(upload_case_mb=1)
    city = request.getfixturevalue("city")
    reader, _ = city.begin()
    for n in range(3):
        photo = papers.jpeg((100 + n, 100)) + b"\n" * 290_000
        reader.fill(PHOTOS, [(f"{n}.jpg", photo)]).press("上传所选文件 现场照片")
        assert reader.status == 200
    big = papers.pdf() + b"\n" * 450_000
    reader.fill(PROOF, [("b.pdf", big)]).press("上传所选文件 证明材料")
    assert "附件已达上限（1 MB）" in reader.text
    assert len(city.rows()) == 3


# ── The officer ──────────────────────────────────────────────────────────────────────────────────


def test_an_officer_sees_the_files_hands_one_in_and_the_applicant_reads_it(city):
    citizen, case_no = city.handed_in()
    city.pass_police(case_no)
    officer = city.reader("officer-civil-affairs")
    officer.open(f"/desk/{case_no}/answer")
    assert "户口簿.pdf" in officer.text
    officer.fill("意见", "").fill("选择文件 答复函", [("答复函.pdf", papers.pdf(2))])
    officer.press("通过并办结")
    assert officer.status == 422
    assert "答复函.pdf" in officer.text
    officer.fill("意见", "已修").press("通过并办结")
    letter = next(row for row in city.rows() if row.pointer == "/reply/letter")
    assert city.stored(case_no).case.answers["reply"]["letter"] == letter.id
    assert letter.handed_in_at is not None
    citizen.open(f"/cases/{case_no}")
    assert "答复函.pdf" in citizen.text
    assert citizen.open(f"/cases/{case_no}/files/{letter.id}").status == 200


def test_an_officer_uploads_first_and_decides_then(city):
    _, case_no = city.handed_in()
    city.pass_police(case_no)
    officer = city.reader("officer-civil-affairs")
    officer.open(f"/desk/{case_no}/answer")
    officer.fill("选择文件 答复函", [("答复函.pdf", papers.pdf(2))])
    officer.press("上传所选文件 答复函")
    assert officer.status == 200
    assert "答复函.pdf" in officer.text
    assert city.stored(case_no).case.status == "running"
    officer.fill("意见", "已修").press("通过并办结")
    assert city.stored(case_no).case.status != "running"


# ── Reading ──────────────────────────────────────────────────────────────────────────────────────

EVERYONE = (
    "sun-lei", "chen-jing", "zhou-ming", "officer-civil-affairs", "officer-police",
    "officer-hrss", "steward-police", "auditor", "designer", "scientist",
    "admin-feixi",
)  # fmt: skip


def test_nobody_reads_a_file_but_its_owner_and_the_officer_whose_step_names_it(city):
    _, case_no = city.handed_in()
    city.pass_police(case_no)
    ids = [row.id for row in city.rows()]
    may = {"sun-lei", "officer-civil-affairs"}
    for account in EVERYONE:
        reader = city.reader(account)
        for one in ids:
            for tail in ("", "/preview", "/preview/0"):
                status = reader.open(f"/cases/{case_no}/files/{one}{tail}").status
                assert status == (200 if account in may else status), (account, tail)
                assert account in may or status in (403, 404), (account, tail)
    visitor = city.app.test_client()
    assert visitor.get(f"/cases/{case_no}/files/{ids[0]}").status_code == 302
    read = city.entries("file-read")
    assert {e.actor for e in read} == {"officer-civil-affairs"}
    assert {e.facts["file"] for e in read} == set(ids)
    assert {e.facts["step"] for e in read} == {"answer"}


def test_before_it_is_handed_in_a_file_is_its_owners_alone(city):
    reader, case_no = city.begin()
    reader.fill(PROOF, [("a.pdf", papers.pdf())]).press("上传所选文件 证明材料")
    (row,) = city.rows()
    assert reader.open(f"/cases/{case_no}/files/{row.id}").status == 200
    for account in EVERYONE[1:]:
        status = city.reader(account).open(f"/cases/{case_no}/files/{row.id}").status
        assert status in (403, 404), account


def test_a_file_that_is_not_there_reads_like_one_that_is_not_yours(city):
    _, case_no = city.handed_in()
    (row, *_) = city.rows()
    other = city.reader("zhou-ming")
    texts = [
        other.open(address).text
        for address in (
            f"/cases/{case_no}/files/{row.id}",
            f"/cases/{case_no}/files/0b8c6f1e-6f0d-4f5a-9c5e-2a4a3c1d9e01",
            f"/cases/HF20261130-AAAAAA/files/{row.id}",
        )
    ]
    assert len(set(texts)) == 1
    with pytest.raises(UploadUnknown):
        files.open_file(city.platform, city.platform.accounts.named("zhou-ming"), case_no, row.id)


def test_a_file_is_served_to_be_saved_and_nothing_in_it_can_act(city):
    reader, case_no = city.handed_in()
    row = next(r for r in city.rows() if r.pointer == "/wish/proof")
    found = reader.open(f"/cases/{case_no}/files/{row.id}").response
    assert found.data == papers.pdf()
    assert found.headers["Content-Type"] == "application/pdf"
    assert found.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in found.headers["Content-Security-Policy"]
    assert "script" not in found.headers["Content-Security-Policy"]
    said = found.headers["Content-Disposition"]
    assert said.startswith("attachment; ")
    assert f"filename*=UTF-8''{quote('户口簿.pdf')}" in said
    assert "no-store" in found.headers["Cache-Control"]


def test_a_look_at_a_file_is_a_page_of_pictures_without_the_file(city):
    reader, case_no = city.handed_in()
    row = next(r for r in city.rows() if r.name == "一.jpg")
    reader.open(f"/cases/{case_no}/files/{row.id}/preview")
    assert reader.heading == "一.jpg"
    (picture,) = reader.tree.xpath("//main//img/@src")
    made = reader.open(picture).response
    assert made.headers["Content-Type"] == "image/webp"
    assert made.headers["X-Content-Type-Options"] == "nosniff"


def test_a_replaced_file_is_read_by_its_owner_only(city):
    reader, case_no = city.handed_in()
    city.pass_police(case_no)
    officer = city.platform.accounts.named("officer-civil-affairs")
    wish = Wish("return", reason="看不清", to="apply")
    commands.act_with_answers(city.platform, officer, case_no, "answer", wish, {})
    old = next(r for r in city.rows() if r.pointer == "/wish/proof")
    commands.reopen(city.platform, city.platform.accounts.named("sun-lei"), case_no)
    reader.open(f"/drafts/{case_no}/pages/papers")
    assert "户口簿.pdf" in reader.text
    reader.fill(PROOF, [("新.pdf", papers.pdf(3))]).press("保存并继续")
    reader.press("重新提交")
    city.pass_police(case_no)
    names = {r.name for r in city.rows() if r.pointer == "/wish/proof"}
    assert names == {"户口簿.pdf", "新.pdf"}
    assert (
        city.reader("officer-civil-affairs").open(f"/cases/{case_no}/files/{old.id}").status == 404
    )
    assert reader.open(f"/cases/{case_no}/files/{old.id}").status == 200


# ── With scripts ─────────────────────────────────────────────────────────────────────────────────


def _send(reader, address: str, *files: tuple[str, bytes], field: str = "file:proof"):
    data = {field: [(io.BytesIO(data), name) for name, data in files]}
    return reader.client.post(
        address,
        data=data,
        content_type="multipart/form-data",
        headers={"Accept": "application/json"},
    )


def test_a_script_sends_one_file_and_gets_its_line(city):
    city.app.config["WTF_CSRF_ENABLED"] = False
    reader, case_no = city.begin()
    address = f"/drafts/{case_no}/pages/papers/files"
    said = _send(reader, address, ("a.pdf", papers.pdf())).get_json()
    (row,) = city.rows()
    assert said["id"] == row.id
    assert said["alone"] is True
    assert 'name="wish.proof"' in said["html"]
    wrong = _send(reader, address, ("<b>.svg", b"<svg onload=alert(1)>"))
    assert wrong.status_code == 422
    assert wrong.get_json()["code"] == "uploads.active"
    assert _send(reader, address, ("a.pdf", papers.pdf()), field="file:words").status_code == 404
    assert _send(city.reader("zhou-ming"), address, ("a.pdf", papers.pdf())).status_code == 404
    assert _send(reader, address).status_code == 400
    assert json.dumps(said)


def test_a_file_sent_without_the_pages_own_token_is_refused(city):
    reader, case_no = city.begin()
    address = f"/drafts/{case_no}/pages/papers/files"
    found = _send(reader, address, ("a.pdf", papers.pdf()))
    assert found.get_json()["code"] == "web.form-expired"
    assert not city.rows()
