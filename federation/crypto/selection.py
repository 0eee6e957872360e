"""Choose the SM2 engine: the first one that is installed and agrees with the standard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module

from federation.crypto.errors import SelfTestFailed
from federation.crypto.sm2 import Engine, KeyPair, identity_hash, is_signature

__all__ = ["ENGINES", "EngineState", "engines", "is_sound", "load", "select_engine"]

_HOMES = {
    "tongsuopy": "federation.crypto.libraries.tongsuo:TongsuoEngine",
    "gmssl-pyx": "federation.crypto.libraries.gmssl:GmsslEngine",
    "gmalg": "federation.crypto.libraries.pure:PureEngine",
}
ENGINES = tuple(_HOMES)
"""In order of preference; named, not imported: two of them have no wheel for ARM."""

# GB/T 32918.5-2017, annex A: the signature example on the recommended curve.
_MESSAGE = b"message digest"
_PAIR = KeyPair(
    bytes.fromhex("3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8"),
    bytes.fromhex(
        "0409F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"
        "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
    ),
)
_Z = "b2e14c5c79c6df5b85f4fe7ed8db7a262b9da7e07ccb0ea9f4747b8ccda8a4f3"
_SIGNATURE = bytes.fromhex(
    "F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3"
    "B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA"
)


@dataclass(frozen=True, slots=True)
class EngineState:
    """What is known of one engine on this machine.

    Attributes:
        name: the library's name.
        usable: whether it is installed and agrees with the standard.
        chosen: whether this process signs with it.
    """

    name: str
    usable: bool
    chosen: bool


def engines() -> tuple[EngineState, ...]:
    """Return the state of every engine, in order of preference; tries each one."""
    chosen: str | None = None
    states = []
    for name in ENGINES:
        usable = _sound(name) is not None
        chosen = chosen or (name if usable else None)
        states.append(EngineState(name, usable=usable, chosen=name == chosen))
    return tuple(states)


@cache
def select_engine(names: Sequence[str] = ENGINES) -> Engine:
    """Return the first engine that is installed and passes; the choice is kept.

    Raises:
        SelfTestFailed: when none does.
    """
    for name in names:
        engine = _sound(name)
        if engine is not None:
            return engine
    raise SelfTestFailed(failed=["SM2"])


def load(name: str) -> Engine:
    """Import one engine by its library's name, or by its dotted home ``module:class``.

    Raises:
        ImportError: when its library is not installed here.
    """
    module, _, attribute = _HOMES.get(name, name).partition(":")
    engine: Engine = getattr(import_module(module), attribute)()
    return engine


def is_sound(engine: Engine) -> bool:
    """Tell whether an engine verifies the standard's signature, refuses others, and signs."""
    if identity_hash(_PAIR.public).hex() != _Z:
        return False
    if not engine.verify(_PAIR.public, _MESSAGE, _SIGNATURE):
        return False
    if engine.verify(_PAIR.public, _MESSAGE + b".", _SIGNATURE):
        return False
    signature = engine.signing(_PAIR)(_MESSAGE)
    return is_signature(signature) and engine.verify(_PAIR.public, _MESSAGE, signature)


def _sound(name: str) -> Engine | None:
    try:
        engine = load(name)
    except ImportError:
        return None
    return engine if is_sound(engine) else None
