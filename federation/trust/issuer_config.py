"""Read and change the case issuer's configuration, ``issuer.json`` in its folder.

An issuer embedded in the hub's process takes its trust from the city; one that runs apart has the
keys it believes in its own file, which its operator changes with `trust_node`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from federation.link.place import Place
from federation.store import resource
from federation.trust.errors import IssuerConfigWrong
from federation.trust.issuer import IssuerConfig, Limits, Proof
from federation.trust.seal import Trusted

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

__all__ = ["FILE_NAME", "IssuerFile", "load_issuer", "set_trust", "trust_node"]

FILE_NAME = "issuer.json"


@dataclass(frozen=True, slots=True)
class IssuerFile:
    """What an issuer's file says.

    Attributes:
        name: what it calls itself.
        proofs: what proves which relation.
        limits: rate limits.
        serve: where it listens; None where it is embedded in the hub's process.
        trust: ``hubs``, ``identities`` and ``nodes`` with their keys; None where embedded.
    """

    name: str
    proofs: tuple[Proof, ...]
    limits: Limits
    serve: Place | None
    trust: Mapping[str, Trusted] | None

    def config(self, trust: Mapping[str, Trusted] | None = None) -> IssuerConfig:
        """Return the issuer's configuration, with the trust given or else its own."""
        known = trust or self.trust
        if known is None:
            raise IssuerConfigWrong(problem="trust ?", where="/trust")
        return IssuerConfig(
            name=self.name,
            identities=known["identities"],
            hubs=known["hubs"],
            nodes=known["nodes"],
            proofs=self.proofs,
            limits=self.limits,
        )


def load_issuer(file: Path) -> IssuerFile:
    """Read an issuer's file.

    Raises:
        IssuerConfigWrong: it cannot be read, or is not what its schema says.
    """
    said = _document(file)
    return IssuerFile(
        name=said["name"],
        proofs=tuple(Proof(**p) for p in said["proofs"]),
        limits=Limits(**said.get("limits", {})),
        serve=Place.read(said.get("serve")),
        trust=said.get("trust"),
    )


def set_trust(file: Path, trust: Mapping[str, Trusted], serve: Place) -> None:
    """Make an issuer one that runs apart: whom it believes, and where it listens."""
    said = _document(file)
    said["trust"] = {group: dict(keys) for group, keys in trust.items()}
    said["serve"] = serve.to_json()
    _write(file, said)


def trust_node(file: Path, party: str, public_key: str | None) -> None:
    """Let an issuer believe a node's answers from now on, or (None) no longer; no restart needed.

    An issuer embedded in the hub's process learns it from the hub's register: nothing is written.
    """
    said = _document(file)
    if "trust" not in said:
        return
    nodes = said["trust"]["nodes"]
    if public_key is None:
        nodes.pop(party, None)
    else:
        nodes[party] = public_key
    _write(file, said)


def _document(file: Path) -> dict[str, Any]:
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        raise IssuerConfigWrong(problem=file.name, where="") from None
    error = next(_validator().iter_errors(said), None)
    if error is not None:
        where = "".join(f"/{part}" for part in error.absolute_path)
        raise IssuerConfigWrong(problem=error.message[:160], where=where)
    return dict(said)


def _write(file: Path, said: Mapping[str, object]) -> None:
    scratch = file.with_suffix(".new")
    scratch.write_text(json.dumps(said, ensure_ascii=False, indent=1), encoding="utf-8")
    scratch.replace(file)


@cache
def _validator() -> Draft202012Validator:
    from jsonschema import Draft202012Validator

    schema = json.loads(resource("specs/schema/issuer.schema.json").read_text(encoding="utf-8"))
    return Draft202012Validator(schema)
