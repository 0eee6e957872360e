"""Whatever is killed or lies about itself: no row without its file, no file left behind."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import papers
import pytest
from werkzeug.serving import make_server

from builder.app.backup import back_up, check_backup, restore_city
from builder.cases import commands, files, filing
from federation.crypto import sm3

PROOF = "选择文件 证明材料"

_KILLED = """
import io, os, sys
from datetime import datetime
from pathlib import Path
from builder.app import open_platform
from builder.cases import filing
from builder.forms.files import FileFacts
from builder.uploads.folder import Incoming
from federation.store import write
home, when = Path(sys.argv[1]), sys.argv[2]
platform = open_platform(home)
deployment = platform.deployments.get("t07-files")
folder = filing.folder_of(platform, deployment)
incoming = Incoming(folder.incoming, limit_bytes=1000)
incoming.take(io.BytesIO(b"abc"))
if when == "coming":
    os._exit(9)
incoming.settle()
with write(deployment.engine) as conn:
    filing.keep(conn, folder, incoming)
    if when == "between":
        os._exit(9)
    now = platform.clock()
    filing.add_row(conn, FileFacts("0b8c6f1e-6f0d-4f5a-9c5e-2a4a3c1d9e01", "HF1", "/wish/proof",
                   "sun-lei", "a.txt", "txt", 3, incoming.sm3, "clean", now), now)
    if when == "before-commit":
        os._exit(9)
os._exit(9)
"""


@pytest.mark.parametrize("when", ["coming", "between", "before-commit", "after"])
def test_killed_between_file_and_row_leaves_no_row_without_its_file(home, when, request):
    ran = subprocess.run([sys.executable, "-c", _KILLED, str(home), when], check=False)
    assert ran.returncode == 9
    city = request.getfixturevalue("city")
    rows = city.rows()
    assert len(rows) == (1 if when == "after" else 0)
    assert filing.missing(city.platform, city.deployment) == (len(rows), 0)
    for part in city.home.glob("deployments/*/*/uploads/incoming/*"):
        os.utime(part, (0, 0))
    files.sweep(city.platform, city.deployment)
    assert [p.name for p in city.files()] == ([sm3(b"abc")] if rows else [])
    assert not list(city.home.glob("deployments/*/*/uploads/incoming/*"))


def test_what_an_officer_left_without_deciding_is_swept_a_day_later(city, clock):
    _, case_no = city.handed_in()
    city.pass_police(case_no)
    officer = city.reader("officer-civil-affairs")
    officer.open(f"/desk/{case_no}/answer")
    officer.fill("选择文件 答复函", [("b.pdf", papers.pdf(2))]).press("上传所选文件 答复函")
    assert len(city.rows()) == 4
    files.sweep(city.platform, city.deployment)
    assert len(city.rows()) == 4
    clock.now += timedelta(hours=25)
    files.sweep(city.platform, city.deployment)
    assert len(city.rows()) == 3
    assert len(city.files()) == 3


def test_a_backup_brings_the_files_back(city, tmp_path):
    city.handed_in()
    kept = {p.name: p.read_bytes() for p in city.files()}
    archive = tmp_path / "city.tar"
    back_up(city.home, archive, say=lambda *_: None)
    listed = {m.name for m in check_backup(archive).manifest.members}
    assert all(any(name in member for member in listed) for name in kept)
    new = tmp_path / "again"
    restore_city(archive, new, say=lambda *_: None)
    found = {p.name: p.read_bytes() for p in new.glob("deployments/*/*/uploads/files/??/*")}
    assert found == kept
    assert all(sm3(data) == name for name, data in found.items())


# ── Over the wire ────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def served(city):
    server = make_server("127.0.0.1", 0, city.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.port
    server.shutdown()
    thread.join()


def _cookie(reader) -> str:
    reader.open("/cases")
    return "; ".join(
        f"{c.key}={c.value}"
        for c in reader.client._cookies.values()  # the client's own jar
    )


def _part(name: str, value: bytes, file: str = "") -> bytes:
    said = f'; filename="{file}"' if file else ""
    head = f'--frontier\r\nContent-Disposition: form-data; name="{name}"{said}\r\n\r\n'
    return head.encode() + value + b"\r\n"


def _post(port: int, address: str, cookie: str, body: bytes, length: int | None = None) -> int:
    wire = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    wire.putrequest("POST", address)
    wire.putheader("Cookie", cookie)
    wire.putheader("Content-Type", "multipart/form-data; boundary=frontier")
    wire.putheader("Content-Length", str(len(body) if length is None else length))
    wire.endheaders()
    wire.send(body)
    if length is not None and length > len(body):
        wire.sock.shutdown(socket.SHUT_WR)
    status = wire.getresponse().status
    wire.close()
    return status


def test_posts_that_strangers_made_are_refused_and_leave_nothing(city, served):
    city.app.config["WTF_CSRF_ENABLED"] = False
    reader, case_no = city.begin()
    cookie = _cookie(reader)
    address = f"/drafts/{case_no}/pages/papers"
    end = b"--frontier--\r\n"
    many = b"".join(_part(f"x{n}", b"") for n in range(10_000)) + end
    many_files = b"".join(_part("file:proof", b"x", f"{n}.pdf") for n in range(60)) + end
    whole = _part("version", b"1") + _part("file:proof", papers.pdf(), "a.pdf") + end
    bad_name = _part("version", b"1") + _part("file:proof", papers.pdf(), "../../../a\x01.pdf")
    assert _post(served, address, cookie, many) == 413
    assert _post(served, address, cookie, many_files) == 413
    assert _post(served, address, cookie, whole, len(whole) + 5000) in (400, 422)
    assert _post(served, address, cookie, whole, 300 * 1024 * 1024) == 413
    assert _post(served, address, cookie, whole[:-30]) in (400, 422)
    assert _post(served, address, "", whole) in (401, 302)
    assert not list((city.home / "incoming").glob("*"))
    assert _post(served, address, cookie, bad_name + end) in (303, 422)
    assert [row.name for row in city.rows()] in ([], ["a.pdf"])
    assert not list((city.home / "incoming").glob("*"))
    assert not list(Path(city.home).parent.rglob("a*.pdf"))


def test_a_large_file_is_never_in_memory(city, tmp_path):
    import resource

    who = city.platform.accounts.named("sun-lei")
    case_no = commands.open_draft(city.platform, who, city.deployment.id).case_no
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    from builder.uploads.folder import Incoming

    for _ in range(3):
        incoming = Incoming(tmp_path / "in", limit_bytes=200_000_000)
        for _ in range(80):
            incoming.write(b"x" * 1_000_000)
        incoming.discard()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000  # KiB
    assert case_no
