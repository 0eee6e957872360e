"""Files lie under their hash, whole or not at all; names are only for reading."""

from __future__ import annotations

import io
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.uploads.errors import UploadTooLarge, UploadUnwritable
from builder.uploads.folder import Folder, Incoming, sweep_incoming
from builder.uploads.names import LONGEST, clean_name
from federation.crypto import sm3


def _incoming(folder: Folder, data: bytes, limit: int = 1000) -> Incoming:
    incoming = Incoming(folder.incoming, limit_bytes=limit, name="a.txt")
    incoming.take(io.BytesIO(data))
    return incoming


def test_a_file_is_found_under_the_hash_of_its_bytes(tmp_path):
    folder = Folder(tmp_path)
    incoming = _incoming(folder, b"abc")
    incoming.settle()
    folder.keep(incoming)
    incoming.discard()
    assert folder.path(sm3(b"abc")).read_bytes() == b"abc"
    assert list(folder.held()) == [sm3(b"abc")]
    assert not list(folder.incoming.iterdir())
    assert folder.path(sm3(b"abc")).stat().st_mode & 0o77 == 0


def test_the_same_bytes_twice_are_one_file(tmp_path):
    folder = Folder(tmp_path)
    for _ in range(2):
        incoming = _incoming(folder, b"abc")
        folder.keep(incoming)
        incoming.discard()
    assert len(list(folder.held())) == 1
    assert not list(folder.incoming.iterdir())


def test_a_file_that_is_too_large_is_stopped_while_it_comes(tmp_path):
    folder = Folder(tmp_path)
    incoming = Incoming(folder.incoming, limit_bytes=10, name="大.pdf")
    with pytest.raises(UploadTooLarge, match=r"uploads\.too-large"):
        incoming.take(io.BytesIO(b"x" * 11))
    assert incoming.path.stat().st_size <= 10
    incoming.discard()
    assert not incoming.path.exists()


def test_a_folder_that_cannot_be_written_is_named_without_its_path(tmp_path):
    (tmp_path / "incoming").write_text("in the way")
    with pytest.raises(UploadUnwritable) as told:
        Incoming(tmp_path / "incoming", limit_bytes=10)
    assert str(tmp_path) not in told.value.message("en")


def test_what_a_killed_process_left_is_swept_and_what_comes_just_now_is_not(tmp_path):
    folder = Folder(tmp_path)
    old, new = _incoming(folder, b"old"), _incoming(folder, b"new")
    os.utime(old.path, (0, 0))
    assert sweep_incoming(folder.incoming) == 1
    assert not old.path.exists()
    assert new.path.exists()
    for file in (old, new):
        file.discard()


def test_a_name_that_is_no_hash_leads_nowhere(tmp_path):
    with pytest.raises(ValueError, match="SM3"):
        Folder(tmp_path).path("../../etc/passwd")


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("户口簿.pdf", "户口簿.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\x\\a.pdf", "a.pdf"),
        ("发票\u202efdp.exe", "发票fdp.exe"),
        ("a\x00b\r\n.pdf", "ab.pdf"),
        ("  . ", "文件"),
        ("", "文件"),
        ("CON.pdf", "文件.pdf"),
        ('a"b<c>|d?.pdf', "a_b_c__d_.pdf"),
        ("长" * 300 + ".pdf", "长" * (LONGEST - 4) + ".pdf"),
        ("a\ud800.pdf", "a.pdf"),
    ],
)
def test_a_name_is_cleaned_and_its_ending_stays(name, kept):
    assert clean_name(name) == kept


@given(st.text(max_size=300))
def test_no_name_leads_out_or_hides_anything(name):
    kept = clean_name(name)
    assert 0 < len(kept) <= LONGEST + 8
    assert not set(kept) & set('/\\\x00\r\n"<>|\u202e\u200f')
    assert kept not in (".", "..")
    assert clean_name(kept) == kept
