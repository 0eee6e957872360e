"""An archive gives back what went in, or says by name what is wrong with it."""

from __future__ import annotations

import io
import json
import tarfile
from dataclasses import replace

import pytest
from archives import FILES, NOW, PASSPHRASE, draw, noise, room_for

from federation.backup import Manifest, archive, open_archive, read_passphrase
from federation.backup.errors import (
    BackupBlocked,
    BackupDamaged,
    BackupDiskFull,
    BackupExists,
    BackupForeign,
    BackupIncomplete,
    BackupMismatch,
    BackupNewer,
    BackupPathUnsafe,
    BackupSwapped,
    BackupUnreadable,
    BackupUnsigned,
    BackupUnwritable,
    PassphraseNeeded,
    PassphraseUnusable,
    PassphraseWrong,
)
from federation.backup.manifest import (
    MANIFEST,
    FileKept,
    is_safe,
    member_of,
    seal_manifest,
)
from federation.backup.tar import TarWriter
from federation.crypto import canonical, seal
from federation.errors import Fault

FORMS = {"tar": None, "tar.zst": None}
SEALED = {"sealed.tar": PASSPHRASE, "sealed.tar.zst": PASSPHRASE}


def content(path, passphrase=None, expected=None):
    found = open_archive(path, passphrase=passphrase, expected=expected)
    return {name.removeprefix("files/"): data for name, data in found.members()}


def hand_made(path, signer, given, **changed):
    """Write an archive member by member, with a list of contents of one's own making."""
    kept = tuple(member_of(name, data) for name, data in given)
    files = tuple(
        FileKept(name.removeprefix("files/"), 0o600, len(data), 1) for name, data in given
    )
    manifest = Manifest(
        "node", "police", "1.0", "2026", signer.public_key, (), files, kept, has_keys=True
    )
    out = io.BytesIO()
    tar = TarWriter(out, int(NOW.timestamp()))
    for name, data in given:
        tar.add(name, data)
    tar.add(MANIFEST, seal_manifest(replace(manifest, **changed), signer))
    tar.end()
    path.write_bytes(out.getvalue())


@pytest.mark.parametrize("name", [*FORMS, *SEALED])
def test_what_went_in_comes_out(tmp_path, made, name):
    passphrase = SEALED.get(name)
    big = {**FILES, "big.json": noise(1, 9_000_000)}
    written = made(tmp_path / name, big, passphrase=passphrase)
    found = content(tmp_path / name, passphrase, written.digest)
    assert (
        found.pop("parts/big.json/000002", b"") + found.pop("parts/big.json/000003")
        == (big["big.json"][4 * 1024 * 1024 :])
    )
    assert found.pop("big.json") == big["big.json"][: 4 * 1024 * 1024]
    assert found == FILES
    assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    assert (tmp_path / name).stat().st_size == written.bytes


def test_any_tar_program_unpacks_it(tmp_path, made):
    made(tmp_path / "a.tar")
    with tarfile.open(tmp_path / "a.tar") as tar:
        names = tar.getnames()
        first = tar.extractfile("files/a.toml")
        assert first is not None
        assert first.read() == FILES["a.toml"]
    assert names == [*(f"files/{n}" for n in FILES), MANIFEST]


@pytest.mark.parametrize("name", [*FORMS])
def test_every_flipped_byte_is_noticed(tmp_path, made, name):
    path = tmp_path / name
    made(path)
    whole = path.read_bytes()
    pick = draw(7)
    # All bytes of the first header, the ends, and a sample of the rest.
    places = {
        *range(512),
        *range(len(whole) - 60, len(whole)),
        *pick.sample(range(len(whole)), 500),
    }
    for place in sorted(p for p in places if 0 <= p < len(whole)):
        path.write_bytes(
            whole[:place] + bytes([whole[place] ^ (1 << pick.randrange(8))]) + whole[place + 1 :]
        )
        with pytest.raises(Fault) as found:
            content(path)
        assert found.value.code.startswith("backup."), place


@pytest.mark.slow
@pytest.mark.parametrize("name", [*SEALED])
def test_every_flipped_byte_of_an_encrypted_archive_is_noticed(tmp_path, made, name):
    path = tmp_path / name
    made(path, passphrase=PASSPHRASE)
    whole = path.read_bytes()
    pick = draw(8)
    for place in (0, 15, 16, 31, 32, 47, 48, len(whole) - 1, *pick.sample(range(len(whole)), 8)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 16]) + whole[place + 1 :])
        with pytest.raises((PassphraseWrong, BackupDamaged, BackupForeign)):
            content(path, PASSPHRASE)


@pytest.mark.parametrize("name", [*FORMS])
def test_an_archive_that_breaks_off_or_goes_on_is_refused(tmp_path, made, name):
    path = tmp_path / name
    made(path)
    whole = path.read_bytes()
    for length in (0, 1, 511, 512, 700, len(whole) // 2, len(whole) - 513, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises((BackupIncomplete, BackupDamaged, BackupForeign)):
            content(path)
    for more in (b"\0", b"x", b"\0" * 10240, whole):
        path.write_bytes(whole + more)
        with pytest.raises(BackupDamaged):
            content(path)


@pytest.mark.slow
def test_an_encrypted_archive_cannot_be_cut_at_a_piece(tmp_path, made):
    path = tmp_path / "sealed.tar"
    made(path, {"big.json": noise(2, 3_000_000)}, passphrase=PASSPHRASE)
    whole = path.read_bytes()
    piece = 1024 * 1024 + 16
    for cut in (48, 48 + piece, 48 + 2 * piece):
        path.write_bytes(whole[:cut])
        with pytest.raises(BackupDamaged):
            content(path, PASSPHRASE)
    swapped = (whole[:48] + whole[48 + piece : 48 + 2 * piece] + whole[48 : 48 + piece]) + whole[
        48 + 2 * piece :
    ]
    path.write_bytes(swapped)
    with pytest.raises(BackupDamaged):
        content(path, PASSPHRASE)


def test_a_missing_an_extra_and_an_exchanged_member_are_named(tmp_path, signer):
    path = tmp_path / "a.tar"
    members = [("files/a", b"1"), ("files/b", b"2")]
    listed = tuple(member_of(*m) for m in members)
    files = tuple(FileKept(n, 0o600, 1, 1) for n in "ab")
    both = {"members": listed, "files": files}
    for given, named in (
        (members[:1], "files/b"),
        ([*members, ("files/c", b"3")], "files/c"),
        ([members[1], members[0]], "files/b"),
    ):
        hand_made(path, signer, given, **both)
        with pytest.raises(BackupMismatch) as found:
            content(path)
        assert found.value.facts["member"] == named
    hand_made(path, signer, [members[0], ("files/b", b"X")], **both)
    with pytest.raises(BackupDamaged):
        content(path)
    hand_made(path, signer, [*members, members[0]])
    with pytest.raises(BackupMismatch):
        content(path)


def test_the_list_of_files_and_the_members_agree(tmp_path, signer):
    path = tmp_path / "a.tar"
    hand_made(path, signer, [("files/a", b"1")], files=())
    with pytest.raises(BackupMismatch):
        content(path)
    hand_made(path, signer, [("files/a", b"1"), ("stores/hub/case/000001.jsonl", b"")])
    with pytest.raises(BackupMismatch):
        content(path)


@pytest.mark.parametrize(
    "name",
    [
        "../hub.db",
        "/etc/cron.d/x",
        "a/../../b",
        "a//b",
        "./a",
        "a/",
        "c:x",
        "a\\b",
        ".",
        "",
        "a\0b",
    ],
)
def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path, signer, name):
    assert not is_safe(name)
    path = tmp_path / "a.tar"
    hand_made(path, signer, [("files/a", b"1")], files=(FileKept(name, 0o600, 1, 1),))
    with pytest.raises(BackupPathUnsafe):
        content(path)


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE]
)
def test_links_devices_and_folders_are_no_members(tmp_path, kind):
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as tar:
        info = tarfile.TarInfo("files/a.toml")
        info.type, info.linkname, info.mtime, info.mode = kind, "/etc/passwd", 1, 0o600
        tar.addfile(info)
    with pytest.raises(BackupDamaged):
        content(path)


def test_a_wrong_and_a_missing_passphrase_are_told_apart(tmp_path, made):
    path = tmp_path / "a.tar"
    made(path, passphrase=PASSPHRASE)
    with pytest.raises(PassphraseWrong):
        content(path, b"another passphrase")
    with pytest.raises(PassphraseNeeded):
        content(path)
    assert not any(data in path.read_bytes() for data in FILES.values() if data)


def test_a_passphrase_file_holds_one_long_line(tmp_path):
    file = tmp_path / "passphrase"
    file.write_bytes(b"correct horse battery\r\n")
    assert read_passphrase(file) == b"correct horse battery"
    for bad in (b"", b"short\n", b"two long lines\nof a passphrase\n"):
        file.write_bytes(bad)
        with pytest.raises(PassphraseUnusable):
            read_passphrase(file)
    with pytest.raises(PassphraseUnusable):
        read_passphrase(tmp_path / "none")


def test_an_archive_of_a_later_release_is_named_as_such(tmp_path, signer):
    path = tmp_path / "a.tar"
    hand_made(path, signer, [("files/a", b"1")])
    with tarfile.open(path) as tar:
        member = tar.extractfile(MANIFEST)
        assert member is not None
        body = json.loads(member.read())["body"]
    out = io.BytesIO()
    tar_writer = TarWriter(out, 5)
    tar_writer.add(MANIFEST, canonical(seal({**body, "format": 2, "more": [1]}, signer)))
    tar_writer.end()
    path.write_bytes(out.getvalue())
    with pytest.raises(BackupNewer):
        content(path)
    out = io.BytesIO()
    tar_writer = TarWriter(out, 5)
    tar_writer.add(MANIFEST, canonical({**seal(body, signer), "body": {**body, "name": "tax"}}))
    tar_writer.end()
    path.write_bytes(out.getvalue())
    with pytest.raises(BackupUnsigned):
        content(path)


def test_another_whole_archive_is_noticed_by_the_hash_that_was_written_down(tmp_path, made):
    first = made(tmp_path / "first.tar")
    made(tmp_path / "second.tar", {"a.toml": b"other"})
    with pytest.raises(BackupSwapped):
        content(tmp_path / "second.tar", expected=first.digest)
    assert content(tmp_path / "first.tar", expected=f" {first.digest.upper()}\n") == FILES


def test_what_is_no_backup_is_named_as_such(tmp_path):
    path = tmp_path / "a.tar"
    path.write_bytes(b"%PDF-1.7" * 200)
    with pytest.raises(BackupForeign):
        content(path)
    with pytest.raises(BackupUnreadable):
        content(tmp_path / "none.tar")
    with pytest.raises(BackupUnreadable):
        content(tmp_path)


def test_a_backup_overwrites_nothing(tmp_path, made):
    path = tmp_path / "a.tar"
    path.write_bytes(b"precious")
    with pytest.raises(BackupExists):
        made(path)
    assert path.read_bytes() == b"precious"
    with pytest.raises(BackupUnwritable):
        made(tmp_path / "no-such-folder" / "a.tar")


def test_keys_stay_where_they_are_when_asked(tmp_path, made):
    written = made(tmp_path / "a.tar", with_keys=False)
    assert set(content(tmp_path / "a.tar")) == {"a.toml", "empty.json"}
    assert written.manifest.left_out == {"keys/hub.pem": "key"}
    assert not written.manifest.has_keys


def test_a_file_that_cannot_be_read_ends_the_backup(tmp_path, signer):
    manifest = Manifest("node", "police", "1.0", "", "", (), (), (), has_keys=True)
    with (
        pytest.raises(BackupBlocked),
        archive(tmp_path / "a.tar", manifest, signer, at=NOW, passphrase=None) as writer,
    ):
        writer.add_file("gone.toml", tmp_path / "gone.toml")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a.tar", "a.tar.zst"])
def test_a_full_disk_leaves_no_half_archive(tmp_path, signer, name):
    data = noise(3, 3_000_000)
    source = tmp_path / "big.json"
    source.write_bytes(data)
    manifest = Manifest("node", "police", "1.0", "", "", (), (), (), has_keys=True)
    for size in (0, 4000, 2_000_000):
        with (
            room_for(size),
            pytest.raises(BackupDiskFull),
            archive(tmp_path / name, manifest, signer, at=NOW, passphrase=None) as writer,
        ):
            writer.add_file("big.json", source)
        assert list(tmp_path.iterdir()) == [source]
