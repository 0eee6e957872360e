"""Keys appear whole, once, for one user; what is wrong with a key file has a name."""

import multiprocessing
import stat
from pathlib import Path

import pytest

from federation.crypto import KeyStore, verify
from federation.crypto.errors import (
    KeyDamaged,
    KeyExposed,
    KeyMissing,
    KeyOfAnotherCurve,
    KeyUnreadable,
    KeyUnwritable,
)
from federation.crypto.keyfile import pair_from_pem, pair_to_pem
from federation.crypto.selection import ENGINES, load

KEYS = Path(__file__).parents[1] / "cases" / "crypto" / "keys"


def put(folder, name, content):
    path = folder / name
    path.write_bytes(content)
    path.chmod(0o600)
    return path


def test_a_key_is_made_once_and_found_again(tmp_path):
    store = KeyStore(tmp_path / "keys")
    first = store.signer("hub")
    again = KeyStore(tmp_path / "keys").signer("hub", create=False)
    assert first.public_key == again.public_key
    assert verify(first.public_key, b"x", again.sign(b"x"))
    assert store.signer("node-police").public_key != first.public_key
    assert store.secret("pseudonyms") == store.secret("pseudonyms", create=False)
    assert len(store.secret("pseudonyms")) == 32
    assert store.names() == ("hub.pem", "node-police.pem", "pseudonyms.secret")


def test_only_this_user_can_read_a_key(tmp_path):
    store = KeyStore(tmp_path / "keys")
    store.signer("hub")
    store.secret("pseudonyms")
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    assert {stat.S_IMODE(f.stat().st_mode) for f in (tmp_path / "keys").iterdir()} == {0o600}


@pytest.mark.parametrize("name", ENGINES)
def test_the_file_of_any_engine_is_read_back(name):
    pair = load(name).generate()
    assert pair_from_pem(pair_to_pem(pair)) == pair


def test_a_key_made_by_openssl_works_and_is_written_the_same(tmp_path):
    pem = (KEYS / "openssl.pem").read_bytes()
    put(tmp_path, "hub.pem", pem)
    signer = KeyStore(tmp_path).signer("hub")
    assert verify(signer.public_key, b"x", signer.sign(b"x"))
    assert pair_to_pem(pair_from_pem(pem)) == pem


def test_a_key_file_without_its_public_point_works_too():
    whole = pair_from_pem((KEYS / "openssl.pem").read_bytes())
    assert pair_from_pem((KEYS / "private_only.pem").read_bytes()) == whole


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", ["mismatched", "off_curve", "zero", "encrypted"])
def test_a_file_whose_numbers_are_no_key_is_damaged(tmp_path, name, engine):
    put(tmp_path, "hub.pem", (KEYS / f"{name}.pem").read_bytes())
    with pytest.raises(KeyDamaged) as fault:
        KeyStore(tmp_path, load(engine)).signer("hub")
    assert fault.value.facts == {"file": "hub.pem"}


@pytest.mark.parametrize("name", ["p256", "ed25519"])
def test_a_key_of_another_kind_is_named_so(tmp_path, name):
    put(tmp_path, "hub.pem", (KEYS / f"{name}.pem").read_bytes())
    with pytest.raises(KeyOfAnotherCurve):
        KeyStore(tmp_path).signer("hub")


@pytest.mark.parametrize(
    "content", [b"", b"\x00\xff", b"hello", b"-----BEGIN PRIVATE KEY-----\nAAAA\n", "密钥".encode()]
)
def test_a_broken_file_is_never_replaced(tmp_path, content):
    pem, secret = put(tmp_path, "hub.pem", content), put(tmp_path, "x.secret", content)
    store = KeyStore(tmp_path)
    with pytest.raises(KeyDamaged):
        store.signer("hub")
    with pytest.raises(KeyDamaged):
        store.secret("x")
    assert pem.read_bytes() == secret.read_bytes() == content


def test_every_truncation_of_a_key_file_is_damaged(tmp_path):
    pem = (KEYS / "openssl.pem").read_bytes()
    for end in range(len(pem) - 1):
        put(tmp_path, "hub.pem", pem[:end])
        with pytest.raises((KeyDamaged, KeyOfAnotherCurve)):
            KeyStore(tmp_path).signer("hub")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666, 0o644])
def test_a_key_that_others_may_read_is_refused(tmp_path, mode):
    store = KeyStore(tmp_path)
    store.signer("hub")
    (tmp_path / "hub.pem").chmod(mode)
    with pytest.raises(KeyExposed) as fault:
        store.signer("hub")
    assert fault.value.facts == {"file": "hub.pem", "mode": f"{mode:03o}"}
    assert "chmod 600 hub.pem" in fault.value.next_step("en")


def test_a_missing_key_is_not_made_where_it_must_exist(tmp_path):
    store = KeyStore(tmp_path / "keys")
    for ask in (store.signer, store.secret):
        with pytest.raises(KeyMissing):
            ask("hub", create=False)
    assert store.names() == ()
    assert not (tmp_path / "keys").exists()


def test_what_the_system_refuses_is_named(tmp_path):
    (tmp_path / "hub.pem").mkdir()
    with pytest.raises(KeyUnreadable):
        KeyStore(tmp_path).signer("hub")
    (tmp_path / "file").write_text("")
    for ask in (KeyStore(tmp_path / "file").secret, KeyStore(tmp_path / "file").signer):
        with pytest.raises((KeyUnwritable, KeyUnreadable)):
            ask("hub")


@pytest.mark.parametrize("name", ["", "../hub", "a/b", "Hub", "hub.pem", "-", "a--b", "hub\n"])
def test_a_name_never_leaves_the_folder(tmp_path, name):
    with pytest.raises(ValueError, match="kebab-case"):
        KeyStore(tmp_path).signer(name)


def _make(folder, ready, out):
    ready.wait()
    store = KeyStore(folder)
    out.put((store.signer("hub").public_key, store.secret("pseudonyms")))


def test_processes_that_make_a_key_together_get_the_same_one(tmp_path):
    spawn = multiprocessing.get_context("spawn")
    ready, out = spawn.Barrier(4), spawn.Queue()
    makers = [spawn.Process(target=_make, args=(tmp_path / "keys", ready, out)) for _ in range(4)]
    for maker in makers:
        maker.start()
    found = {out.get(timeout=60) for _ in makers}
    for maker in makers:
        maker.join(timeout=60)
        assert maker.exitcode == 0
    assert len(found) == 1
    assert KeyStore(tmp_path / "keys").names() == ("hub.pem", "pseudonyms.secret")
    assert len(list((tmp_path / "keys").iterdir())) == 2, "no drafts are left behind"
