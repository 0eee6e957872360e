"""What a file is, is found by parsing it; what strangers make to do harm is refused by name."""

from __future__ import annotations

import io
import zipfile

import papers
import pytest

from builder.uploads.apart import looked_at, picture, text
from builder.uploads.errors import UploadFault, UploadUnknown
from builder.uploads.folder import Folder, Incoming
from builder.uploads.kinds import KINDS

GOOD = [
    ("户口簿.pdf", papers.pdf(), "pdf"),
    ("照片.JPG", papers.jpeg(), "jpeg"),
    ("a.jpeg", papers.jpeg(exif=True), "jpeg"),
    ("a.png", papers.png(), "png"),
    ("a.webp", papers.webp(), "webp"),
    ("a.ofd", papers.ofd(), "ofd"),
    ("a.docx", papers.docx(), "docx"),
    ("a.xlsx", papers.xlsx(), "xlsx"),
    ("说明.txt", "说明：已办。\n".encode(), "txt"),
    ("说明.txt", "说明：已办。\n".encode("gb18030"), "txt"),
    ("表.csv", "姓名,年龄\n王小明,30\n".encode(), "csv"),
    ("a.zip", papers.package({"a.txt": b"hello"}), "zip"),
]

_BOMB = papers.package({"a.txt": b"\0" * 60_000_000})
_MANY = papers.package({f"{n}.txt": b"" for n in range(2100)}, packed=zipfile.ZIP_STORED)


def _nested() -> bytes:
    inner = papers.package({"a.txt": b"x"})
    return papers.docx(**{"word/media/a.bin": inner})


def _locked() -> bytes:
    data = bytearray(papers.package({"a.txt": b"hello"}))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.index(mark) + place
        data[at] |= 1
    return bytes(data)


HOSTILE = [
    ("0 bytes", "a.pdf", b"", "uploads.empty"),
    ("zip bomb", "a.zip", _BOMB, "uploads.package-unsafe"),
    ("too many entries", "a.zip", _MANY, "uploads.package-unsafe"),
    ("package in package", "a.docx", _nested(), "uploads.package-unsafe"),
    ("zip in zip", "a.zip", papers.package({"b.zip": b"x"}), "uploads.package-unsafe"),
    ("way out", "a.zip", papers.package({"../../x": b"x"}), "uploads.package-unsafe"),
    ("password", "a.zip", _locked(), "uploads.locked"),
    ("macros", "a.docx", papers.docx(**{"word/vbaProject.bin": b"x"}), "uploads.active"),
    ("program", "a.zip", papers.package({"setup.exe": b"MZ"}), "uploads.active"),
    ("program by content", "a.ofd", papers.ofd(**{"Doc_0/a.dat": b"MZ\x90"}), "uploads.active"),
    (
        "entities",
        "a.xlsx",
        papers.xlsx(**{"xl/styles.xml": b'<!DOCTYPE x [<!ENTITY a "aa">]><x/>'}),
        "uploads.active",
    ),
    ("SVG", "a.svg", b"<svg xmlns='x'><script>alert(1)</script></svg>", "uploads.active"),
    ("SVG as text", "a.txt", b"hello\n<svg onload=alert(1)>", "uploads.active"),
    ("HTML", "a.html", b"<!DOCTYPE html><script>1</script>", "uploads.active"),
    ("HTML as CSV", "a.csv", b"a,b\n<script>alert(1)</script>", "uploads.active"),
    ("PDF and HTML", "a.pdf", papers.pdf(inside=b"<html><script>1</script>"), "uploads.active"),
    ("HTML behind a PDF", "a.pdf", papers.pdf() + b"<html><script>1</script>", "uploads.active"),
    ("HTML before a PDF", "a.pdf", b"<html>" + papers.pdf(), "uploads.active"),
    ("PDF with a script", "a.pdf", papers.pdf(inside=b"/S /JavaScript"), "uploads.active"),
    ("PDF cut short", "a.pdf", papers.pdf()[:300], "uploads.damaged"),
    ("a head and no body", "a.pdf", b"%PDF-1.7\n%%EOF", "uploads.damaged"),
    ("JPEG cut short", "a.jpg", papers.jpeg()[:900], "uploads.damaged"),
    ("PNG cut short", "a.png", papers.png((900, 900))[:-400], "uploads.damaged"),
    ("huge pixel count", "a.png", papers.png_of_size(60_000, 60_000), "uploads.huge"),
    ("picture says PDF", "a.pdf", papers.png(), "uploads.name-differs"),
    ("PDF says picture", "a.png", papers.pdf(), "uploads.name-differs"),
    ("no ending", "户口簿", papers.pdf(), "uploads.name-differs"),
    ("two endings", "a.pdf.exe", papers.pdf(), "uploads.name-differs"),
    ("a program", "a.pdf", b"MZ" + b"\x90\x00\x03" * 100, "uploads.kind-unknown"),
    ("GIF", "a.gif", b"GIF89a" + b"\x00" * 50, "uploads.kind-unknown"),
    ("shell script", "a.txt", b"#!/bin/sh\nrm -rf /\n", "uploads.active"),
    ("damaged package", "a.docx", papers.docx()[:200], "uploads.damaged"),
]


@pytest.mark.parametrize(("name", "data", "kind"), GOOD, ids=[f"{g[2]}-{g[0]}" for g in GOOD])
def test_a_sound_file_is_known_by_its_content(name, data, kind, tmp_path):
    file = tmp_path / "x"
    file.write_bytes(data)
    assert looked_at(file, name) == kind
    with pytest.raises(UploadFault, match=r"uploads\.kind-not-accepted"):
        looked_at(file, name, [k for k in KINDS if k != kind])


@pytest.mark.parametrize(
    ("what", "name", "data", "code"), HOSTILE, ids=[h[0].replace(" ", "-") for h in HOSTILE]
)
def test_what_is_not_sound_is_refused_and_said_so_in_both_languages(
    what, name, data, code, tmp_path
):
    file = tmp_path / "x"
    file.write_bytes(data)
    with pytest.raises(UploadFault) as told:
        looked_at(file, name)
    assert told.value.code == code, what
    for lang in ("zh", "en"):
        said = told.value.message(lang) + told.value.next_step(lang)
        assert name in said
        assert "{" not in said
        assert "|" not in said


def _kept(folder: Folder, data: bytes) -> str:
    incoming = Incoming(folder.incoming, limit_bytes=50_000_000)
    incoming.take(io.BytesIO(data))
    incoming.settle()
    folder.keep(incoming)
    incoming.discard()
    return incoming.sm3


def test_a_preview_is_drawn_anew_and_holds_nothing_of_the_camera(tmp_path):
    from PIL import Image

    folder = Folder(tmp_path)
    made = picture(folder, _kept(folder, papers.jpeg((3000, 2000), exif=True)), "jpeg", 0)
    assert b"SECRET-CAMERA" not in made.read_bytes()
    with Image.open(made) as image:
        assert image.format == "WEBP"
        assert max(image.size) <= 1200
        assert not image.getexif()
    before = made.stat().st_mtime_ns
    assert picture(folder, made.name[:64], "jpeg", 0).stat().st_mtime_ns == before


def test_pages_of_a_document_are_pictures_and_no_page_is_made_up(tmp_path):
    folder = Folder(tmp_path)
    sm3 = _kept(folder, papers.pdf(3))
    assert picture(folder, sm3, "pdf", 2).stat().st_size > 0
    for page in (3, 7, -1):
        with pytest.raises(UploadUnknown):
            picture(folder, sm3, "pdf", page)
    assert not list(folder.previews.glob("*.part"))


def test_a_text_cut_inside_a_character_is_shown(tmp_path):
    folder = Folder(tmp_path)
    assert text(folder, _kept(folder, ("汉" * 60_000).encode())).startswith("汉汉汉")
