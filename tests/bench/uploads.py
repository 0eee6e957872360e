"""How long files take: to the disk under their hash, through the process that looks at them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

import papers

from builder.uploads.apart import looked_at, picture
from builder.uploads.folder import Folder, Incoming

_MIB = 1024 * 1024
_PIECE = b"\x5a" * (64 * 1024)


def _kept(folder: Folder, size_bytes: int) -> Incoming:
    """Take a file in as the form parser does, piece by piece, and put it under its hash."""
    incoming = Incoming(folder.incoming, limit_bytes=size_bytes)
    for _ in range(size_bytes // len(_PIECE)):
        incoming.write(_PIECE)
    incoming.settle()
    folder.keep(incoming)
    incoming.discard()
    return incoming


def test_20_mb_hashed_and_safe_on_the_disk(benchmark, tmp_path):
    folder = Folder(tmp_path)

    def run() -> None:
        folder.drop(_kept(folder, 20 * _MIB).sm3)

    benchmark.pedantic(run, rounds=5, warmup_rounds=1)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("photo-12-mp.jpg", papers.jpeg((4000, 3000))),
        ("a.pdf", papers.pdf(3)),
        ("a.docx", papers.docx()),
    ],
    ids=["jpeg-12-megapixels", "pdf-3-pages", "docx"],
)
def test_a_file_looked_at_in_a_process_of_its_own(benchmark, tmp_path, name, data):
    file = tmp_path / "x"
    file.write_bytes(data)
    benchmark.pedantic(lambda: looked_at(file, name), rounds=5, warmup_rounds=1)


def test_a_preview_made_for_the_first_time(benchmark, tmp_path):
    folder = Folder(tmp_path)
    incoming = Incoming(folder.incoming, limit_bytes=20 * _MIB)
    incoming.write(papers.jpeg((4000, 3000)))
    folder.keep(incoming)
    incoming.discard()

    def run() -> None:
        picture(folder, incoming.sm3, "jpeg", 0).unlink()

    benchmark.pedantic(run, rounds=5, warmup_rounds=1)


def test_memory_of_a_20_mb_file_is_a_piece(benchmark, tmp_path):
    import tracemalloc

    folder = Folder(tmp_path)

    def run() -> int:
        tracemalloc.start()
        folder.drop(_kept(folder, 20 * _MIB).sm3)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return peak

    peak = benchmark.pedantic(run, rounds=3)
    benchmark.extra_info["peak_kib"] = peak // 1024
    assert peak < 1 * _MIB
