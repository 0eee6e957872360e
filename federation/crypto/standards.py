"""Prove at start that every algorithm gives what its standard prints."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm

from federation.crypto.cipher import sm4_block, sm4_gcm_decrypt, sm4_gcm_encrypt
from federation.crypto.digest import hmac_sm3, sm3
from federation.crypto.errors import CipherRefused, SelfTestFailed
from federation.crypto.selection import ENGINES, is_sound, select_engine

__all__ = ["Check", "checks", "selftest"]


@dataclass(frozen=True, slots=True)
class Check:
    """One algorithm held against its standard.

    Attributes:
        name: the algorithm.
        standard: where the vector is printed.
        by: the library that computed it.
        passed: whether it agreed.
    """

    name: str
    standard: str
    by: str
    passed: bool


def selftest() -> tuple[Check, ...]:
    """Return what was checked, all of it passed.

    Raises:
        SelfTestFailed: naming the algorithms that failed; the product then refuses to start.
    """
    done = checks()
    failed = [check.name for check in done if not check.passed]
    if failed:
        raise SelfTestFailed(failed=failed)
    return done


def checks() -> tuple[Check, ...]:
    """Return the outcome of every check, for pages and commands that show failures too."""
    simple = tuple(
        Check(name, standard, "cryptography", _passes(test)) for name, standard, test in _SIMPLE
    )
    try:
        engine = select_engine(ENGINES)
    except SelfTestFailed:
        return (*simple, Check("SM2", _SM2, "-", passed=False))
    return (*simple, Check("SM2", _SM2, engine.name, is_sound(engine)))


def _passes(test: Callable[[], bool]) -> bool:
    try:
        return test()
    except (UnsupportedAlgorithm, CipherRefused, ValueError):
        return False


def _sm3() -> bool:
    return (
        sm3(b"abc") == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
        and sm3(b"abcd" * 16) == "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"
    )


def _hmac_sm3() -> bool:
    message = b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq" * 2
    expected = "ca05e144ed05d1857840d1f318a4a8669e559fc8391f414485bfdf7bb408963a"
    return hmac_sm3(bytes(range(1, 33)), message) == expected


def _sm4() -> bool:
    block = bytes.fromhex("0123456789abcdeffedcba9876543210")
    return sm4_block(block, block).hex() == "681edf34d206965e86b3e94f536e4246"


def _sm4_gcm() -> bool:
    key = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
    nonce = bytes.fromhex("00001234567800000000ABCD")
    context = bytes.fromhex("FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2")
    plain = b"".join(bytes([b]) * 8 for b in (0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF, 0xEE, 0xAA))
    sealed = bytes.fromhex(
        "17F399F08C67D5EE19D0DC9969C4BB7D5FD46FD3756489069157B282BB200735"
        "D82710CA5C22F0CCFA7CBF93D496AC15A56834CBCF98C397B4024A2691233B8D"
        "83DE3541E4C2B58177E065A9BF7B62EC"
    )
    return (
        sm4_gcm_encrypt(key, plain, context, nonce=nonce) == nonce + sealed
        and sm4_gcm_decrypt(key, nonce + sealed, context) == plain
    )


_SM2 = "GB/T 32918.5-2017"
_SIMPLE: tuple[tuple[str, str, Callable[[], bool]], ...] = (
    ("SM3", "GB/T 32905-2016", _sm3),
    ("HMAC-SM3", "GM/T 0042-2015", _hmac_sm3),
    ("SM4", "GB/T 32907-2016", _sm4),
    ("SM4-GCM", "RFC 8998", _sm4_gcm),
)
