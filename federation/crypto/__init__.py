"""Hash, encrypt, sign and keep keys, with the national algorithms.

SM3, HMAC-SM3 and SM4-GCM come from `cryptography`; SM2 comes from the first engine that is
installed and agrees with the standard (tongsuopy, gmssl-pyx, gmalg). `selftest` proves all of them
at start; the product refuses to start when one fails. What is signed is canonical JSON.
"""

from federation.crypto.cipher import sm4_gcm_decrypt, sm4_gcm_encrypt
from federation.crypto.digest import Pseudonymiser, hmac_sm3, sm3, sm3_bytes
from federation.crypto.envelope import open_sealed, seal
from federation.crypto.keystore import KeyStore
from federation.crypto.selection import EngineState, engines, select_engine
from federation.crypto.signer import Signer, generate_signer, is_key, key_id, verify
from federation.crypto.standards import Check, checks, selftest
from federation.store import canonical

__all__ = [
    "Check",
    "EngineState",
    "KeyStore",
    "Pseudonymiser",
    "Signer",
    "canonical",
    "checks",
    "engines",
    "generate_signer",
    "hmac_sm3",
    "is_key",
    "key_id",
    "open_sealed",
    "seal",
    "select_engine",
    "selftest",
    "sm3",
    "sm3_bytes",
    "sm4_gcm_decrypt",
    "sm4_gcm_encrypt",
    "verify",
]
