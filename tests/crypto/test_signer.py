"""Signatures and envelopes: what is trusted opens, nothing else does."""

import base64
import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.crypto import (
    Pseudonymiser,
    canonical,
    generate_signer,
    hmac_sm3,
    is_key,
    key_id,
    open_sealed,
    seal,
    sm4_gcm_decrypt,
    sm4_gcm_encrypt,
    verify,
)
from federation.crypto.errors import (
    CipherRefused,
    EnvelopeMalformed,
    SignatureWrong,
    SignerUntrusted,
)
from federation.crypto.signer import Signer

SIGNER = generate_signer()
TRUSTED = {SIGNER.key_id: SIGNER.public_key}
BODY = {
    "kind": "case-token",
    "case": "HF20261123-0AB3XY",
    "fields": ["police.household.name"],
    "n": 3,
}
SEALED = seal(BODY, SIGNER)

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


def test_a_signer_is_known_by_its_public_key():
    assert isinstance(SIGNER, Signer)
    assert SIGNER.key_id == key_id(SIGNER.public_key)
    assert SIGNER.public_key.startswith("04")
    assert is_key(SIGNER.public_key)


def test_a_signature_is_64_bytes_and_belongs_to_its_data_only():
    signature = SIGNER.sign(b"data")
    assert len(base64.b64decode(signature)) == 64
    assert verify(SIGNER.public_key, b"data", signature)
    assert not verify(SIGNER.public_key, b"Data", signature)
    assert not verify(generate_signer().public_key, b"data", signature)


@pytest.mark.parametrize(
    "public_key", ["", "04", "zz" * 65, "04" + "00" * 64, "02" + "11" * 32, SIGNER.public_key[:-1]]
)
def test_what_is_no_public_key_verifies_nothing(public_key):
    assert not verify(public_key, b"data", SIGNER.sign(b"data"))
    assert not is_key(public_key)


@given(
    st.text(max_size=100) | st.binary(max_size=70).map(lambda raw: base64.b64encode(raw).decode())
)
def test_what_is_no_signature_verifies_nothing(text):
    assert not verify(SIGNER.public_key, b"data", text)


def test_a_second_spelling_of_a_signature_is_refused():
    signature = SIGNER.sign(b"data")
    assert not verify(SIGNER.public_key, b"data", signature + "\n")
    assert not verify(SIGNER.public_key, b"data", signature.rstrip("="))
    last = signature[-3]  # two of its bits are not used by the 64th byte
    twin = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    other = signature[:-3] + twin[twin.index(last) ^ 1] + "=="
    assert base64.b64decode(other) == base64.b64decode(signature)
    assert not verify(SIGNER.public_key, b"data", other)


def test_a_sealed_body_comes_back_after_a_journey_as_json():
    assert open_sealed(json.loads(json.dumps(SEALED, indent=3)), TRUSTED) == BODY
    assert SEALED["key"] == SIGNER.key_id


@given(st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=5), json_values, max_size=4))
def test_any_json_body_can_be_sealed(body):
    sealed = json.loads(canonical(seal(body, SIGNER)))
    assert canonical(open_sealed(sealed, TRUSTED)) == canonical(body)


def changed(path, value):
    doc = copy.deepcopy(SEALED)
    target = doc
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    return doc


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["body", "case"], "HF20261123-0AB3XZ"),
        (["body", "n"], 3.0),
        (["body", "fields"], []),
        (["body", "more"], None),
        pytest.param(["sig"], SIGNER.sign(b"another body"), id="sig-of-another-body"),
        (["sig"], ""),
    ],
)
def test_a_changed_document_does_not_open(path, value):
    with pytest.raises(SignatureWrong):
        open_sealed(changed(path, value), TRUSTED)


def test_a_document_by_a_stranger_does_not_open():
    stranger = generate_signer()
    with pytest.raises(SignerUntrusted):
        open_sealed(seal(BODY, stranger), TRUSTED)
    with pytest.raises(SignatureWrong):
        open_sealed({**seal(BODY, stranger), "key": SIGNER.key_id}, TRUSTED)


@pytest.mark.parametrize(
    "doc",
    [
        None, [], "x", 3, {}, {"body": BODY}, {**SEALED, "more": 1}, {**SEALED, "body": [BODY]},
        {**SEALED, "key": 5}, {**SEALED, "sig": None}, {**SEALED, "body": {"a": float("nan")}},
        {**SEALED, "body": {"a": "\ud800"}}, {**SEALED, "body": {1: 2}},
    ],
)  # fmt: skip
def test_what_is_no_sealed_document_is_named_so(doc):
    with pytest.raises(EnvelopeMalformed):
        open_sealed(doc, TRUSTED)


def test_endless_nesting_is_no_sealed_document():
    body: dict = {}
    for _ in range(100_000):
        body = {"a": body}
    with pytest.raises(EnvelopeMalformed):
        open_sealed({**SEALED, "body": body}, TRUSTED)
    while body:  # taken apart by hand: freeing it at once would recurse too
        body = body["a"]


@given(st.binary(max_size=200), st.binary(max_size=20))
def test_what_is_encrypted_comes_back_with_its_key_and_context_only(plain, context):
    key = bytes(range(16))
    sealed = sm4_gcm_encrypt(key, plain, context)
    assert sm4_gcm_decrypt(key, sealed, context) == plain
    assert sm4_gcm_encrypt(key, plain, context) != sealed
    for wrong in (
        lambda: sm4_gcm_decrypt(bytes(16), sealed, context),
        lambda: sm4_gcm_decrypt(key, sealed, context + b"."),
        lambda: sm4_gcm_decrypt(key, sealed[:-1], context),
        lambda: sm4_gcm_decrypt(key, sealed[:20], context),
        lambda: sm4_gcm_decrypt(key, bytes([sealed[0] ^ 1]) + sealed[1:], context),
    ):
        with pytest.raises(CipherRefused):
            wrong()


def test_a_pseudonym_is_stable_under_its_key_and_tells_nothing_without_it():
    one, other = Pseudonymiser(bytes(32)), Pseudonymiser(bytes(31) + b"\x01")
    assert one.of("11010119900307123x") == one.of(" 11010119900307123X ")
    assert one.of("A") == hmac_sm3(bytes(32), b"A")
    assert one.of("A") != other.of("A")
    with pytest.raises(ValueError, match="16 bytes"):
        Pseudonymiser(b"short")
