"""The algorithms give what the standards print; the vectors are files in tests/cases/crypto."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import ECB

from federation.crypto import (
    checks,
    hmac_sm3,
    selftest,
    sm3,
    sm4_gcm_decrypt,
    sm4_gcm_encrypt,
    verify,
)
from federation.crypto.cipher import sm4_block
from federation.crypto.libraries.pure import PureEngine
from federation.crypto.selection import ENGINES, load
from federation.crypto.signer import Sm2Signer
from federation.crypto.sm2 import USER_ID, KeyPair, identity_hash

CASES = Path(__file__).parents[1] / "cases" / "crypto"


def cases(name):
    return json.loads((CASES / f"{name}.json").read_text())["cases"]


@pytest.mark.parametrize("case", cases("sm3"))
def test_sm3_gives_the_printed_digest(case):
    assert sm3(bytes.fromhex(case["message"])) == case["digest"]


@pytest.mark.parametrize("case", cases("hmac_sm3"))
def test_hmac_sm3_gives_the_printed_code(case):
    assert hmac_sm3(bytes.fromhex(case["key"]), bytes.fromhex(case["message"])) == case["mac"]


@pytest.mark.parametrize("case", cases("sm4"))
def test_sm4_gives_the_printed_block(case):
    key, block = bytes.fromhex(case["key"]), bytes.fromhex(case["block"])
    assert sm4_block(key, block).hex() == case["cipher"]


@pytest.mark.slow
def test_sm4_gives_the_printed_block_after_a_million_rounds():
    file = json.loads((CASES / "sm4.json").read_text())
    block = bytes.fromhex(file["cases"][0]["block"])
    encryptor = Cipher(SM4(bytes.fromhex(file["cases"][0]["key"])), ECB()).encryptor()  # noqa: S305 - the standard's own round
    for _ in range(1_000_000):
        block = encryptor.update(block)
    assert block.hex() == file["million_rounds"]


@pytest.mark.parametrize("case", cases("sm4_gcm"))
def test_sm4_gcm_gives_the_printed_cipher_and_tag(case):
    key, nonce, context, plain = (
        bytes.fromhex(case[name]) for name in ("key", "nonce", "context", "plain")
    )
    sealed = sm4_gcm_encrypt(key, plain, context, nonce=nonce)
    assert sealed.hex() == case["nonce"] + case["cipher"] + case["tag"]
    assert sm4_gcm_decrypt(key, sealed, context) == plain


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("case", cases("sm2_signature"))
def test_every_sm2_engine_verifies_the_printed_signature(case, name):
    public, raw = bytes.fromhex(case["public"]), bytes.fromhex(case["signature"])
    engine = load(name)
    assert engine.verify(public, case["message"].encode(), raw)
    assert not engine.verify(public, b"message digesT", raw)


@pytest.mark.parametrize("case", cases("sm2_signature"))
def test_the_identity_hash_is_the_printed_one_for_the_default_user_id(case):
    assert USER_ID == b"1234567812345678"
    assert identity_hash(bytes.fromhex(case["public"])).hex() == case["z"]


@pytest.mark.parametrize("case", cases("sm2_signature"))
def test_the_printed_key_pair_signs_what_verifies(case):
    pair = KeyPair(bytes.fromhex(case["secret"]), bytes.fromhex(case["public"]))
    assert PureEngine().public(pair.secret) == pair.public
    signer = Sm2Signer(pair)
    assert verify(signer.public_key, b"x", signer.sign(b"x"))


def test_the_self_test_covers_every_algorithm_of_the_product():
    done = selftest()
    assert [check.name for check in done] == ["SM3", "HMAC-SM3", "SM4", "SM4-GCM", "SM2"]
    assert all(check.passed and check.standard for check in done)
    assert checks() == done
