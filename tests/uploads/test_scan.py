"""A scanner over the wire: nothing unscanned goes in, nothing infected stays."""

from __future__ import annotations

import socket
import stat

import papers
import pytest

from builder.cases import commands, files
from builder.cli.doctor import examine
from builder.store.errors import SettingWrong
from builder.store.settings import read_settings
from builder.uploads.errors import UploadScanSilent, UploadScanWrong, UploadWaiting
from builder.uploads.scan import Verdict, open_scanner

PROOF = "选择文件 证明材料"


def _fill(reader):
    reader.fill("内容", "修路灯").fill(PROOF, [("a.txt", b"hello " + papers.EICAR)])


def test_a_scanner_is_asked_over_the_wire_and_says_what_it_found(clamd, tmp_path):
    scanner = open_scanner(clamd.setting)
    good, bad = tmp_path / "good", tmp_path / "bad"
    good.write_bytes(b"x" * 200_000)
    bad.write_bytes(papers.EICAR)
    assert scanner.scan(good) == Verdict()
    assert scanner.scan(bad) == Verdict("Eicar-Test-Signature")
    assert clamd.seen == [b"x" * 200_000, papers.EICAR]
    assert scanner.ping().startswith("ClamAV")


@pytest.mark.parametrize("said", [b"", b"INSTREAM size limit exceeded. ERROR\0", b"nonsense\0"])
def test_an_answer_that_says_neither_is_no_answer(clamd, tmp_path, said):
    clamd.answer = said
    (tmp_path / "x").write_bytes(b"x")
    with pytest.raises(UploadScanSilent):
        open_scanner(clamd.setting).scan(tmp_path / "x")


def test_a_program_is_asked_by_its_exit_code(tmp_path):
    file = tmp_path / "x"
    file.write_bytes(papers.EICAR)
    for body, verdict in (("exit 0", Verdict()), ("exit 1", Verdict("?"))):
        program = tmp_path / "scan.sh"
        program.write_text(f'#!/bin/sh\ntest -r "$1" || exit 2\n{body}\n')
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        assert open_scanner(f"command:{program}").scan(file) == verdict
    program.write_text("#!/bin/sh\nexit 2\n")
    with pytest.raises(UploadScanSilent):
        open_scanner(f"command:{program}").scan(file)


def test_a_setting_that_names_no_scanner_is_refused(home, set_up):
    for wrong in ("clamd://", "http://x:1", "command:scan", "clamd://host"):
        with pytest.raises(UploadScanWrong):
            open_scanner(wrong)
    set_up(upload_scan="virus please")
    with pytest.raises(Exception) as told:  # noqa: PT011 - Findings
        read_settings(home)
    assert isinstance(told.value.findings[0], SettingWrong)


def test_what_is_infected_is_refused_destroyed_and_written_down(clamd, set_up, request):
    set_up(upload_scan=clamd.setting)
    city = request.getfixturevalue("city")
    reader, _ = city.begin()
    _fill(reader)
    reader.press("保存并继续")
    assert reader.status == 422
    assert "文件“a.txt”没有通过病毒查杀，已经销毁。" in reader.text
    assert not city.rows()
    assert not city.files()
    (entry,) = city.entries("file-infected")
    assert entry.facts["found"] == "Eicar-Test-Signature"
    assert len(entry.facts["sm3"]) == 64


def test_while_the_scanner_is_away_files_wait_and_nothing_is_handed_in(clamd, set_up, request):
    set_up(upload_scan=clamd.setting)
    clamd.stop()
    city = request.getfixturevalue("city")
    me = city.platform.accounts.named("sun-lei")
    reader, case_no = city.begin()
    reader.fill("内容", "修路灯").fill(PROOF, [("a.pdf", papers.pdf())]).press("保存并继续")
    assert "等待病毒查杀" in reader.text
    with pytest.raises(UploadWaiting):
        commands.submit(city.platform, me, case_no)
    assert city.stored(case_no) is None
    clamd.start()
    assert commands.submit(city.platform, me, case_no).case_no == case_no
    assert [row.state for row in city.rows()] == ["clean"]


def test_where_it_is_not_required_a_waiting_file_goes_in_and_its_reader_waits(
    clamd, set_up, request
):
    set_up(upload_scan=clamd.setting, upload_scan_required=False)
    clamd.stop()
    city = request.getfixturevalue("city")
    _, case_no = city.handed_in()
    city.pass_police(case_no)
    officer = city.reader("officer-civil-affairs")
    ids = [row.id for row in city.rows()]
    assert officer.open(f"/cases/{case_no}/files/{ids[0]}").status == 404
    clamd.start()
    assert files.scan_waiting(city.platform, city.deployment) == 3
    assert officer.open(f"/cases/{case_no}/files/{ids[0]}").status == 200


def test_a_virus_found_later_is_destroyed_and_its_owner_told(clamd, set_up, request):
    set_up(upload_scan=clamd.setting)
    clamd.stop()
    city = request.getfixturevalue("city")
    reader, case_no = city.begin()
    _fill(reader)
    reader.press("保存并继续")
    clamd.start()
    assert files.scan_waiting(city.platform, city.deployment) == 1
    assert not city.files()
    (row,) = city.rows()
    assert (row.state, row.found) == ("refused", "Eicar-Test-Signature")
    reader.open(f"/drafts/{case_no}/pages/papers")
    assert "没有通过病毒查杀，已销毁" in reader.text
    reader.press("保存并继续")
    assert reader.status == 422
    assert reader.open(f"/cases/{case_no}/files/{row.id}").status == 404


def test_the_doctor_asks_the_scanner_and_counts_the_files(home, set_up, clamd, request):
    set_up(upload_scan=clamd.setting)
    city = request.getfixturevalue("city")
    city.handed_in()
    checks = {c.what.en: c for c in examine(home)}
    assert checks["Virus scanner"].ok
    assert checks["Files 340100/t07-files"].ok
    city.files()[0].unlink()
    clamd.stop()
    checks = {c.what.en: c for c in examine(home)}
    assert not checks["Virus scanner"].ok
    assert not checks["Files 340100/t07-files"].ok


def test_a_scanner_that_accepts_and_says_nothing_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr("builder.uploads.scan._ANSWER_S", 0.2)
    (tmp_path / "x").write_bytes(b"x")
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        with pytest.raises(UploadScanSilent):
            open_scanner(f"clamd://127.0.0.1:{mute.getsockname()[1]}").scan(tmp_path / "x")
