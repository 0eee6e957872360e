"""Archives small enough to damage byte by byte, and a clock that stands still."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from archives import FILES, NOW

from federation.backup import Manifest, Written, archive
from federation.crypto import generate_signer


@pytest.fixture(scope="session")
def signer():
    return generate_signer()


@pytest.fixture
def made(tmp_path: Path, signer) -> Callable[..., Written]:
    """Return a function that writes an archive of files."""

    def make(
        target: Path,
        files: Mapping[str, bytes] = FILES,
        *,
        passphrase: bytes | None = None,
        with_keys: bool = True,
    ) -> Written:
        source = tmp_path / "source"
        manifest = Manifest("node", "police", "1.0", "", "", (), (), (), with_keys)
        with archive(target, manifest, signer, at=NOW, passphrase=passphrase) as writer:
            for path, data in files.items():
                (source / path).parent.mkdir(parents=True, exist_ok=True)
                (source / path).write_bytes(data)
                writer.add_file(path, source / path)
        assert writer.written is not None
        return writer.written

    return make


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own with little room."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("this user may not mount a disk")
    yield place
    subprocess.run(["umount", str(place)], check=True)
