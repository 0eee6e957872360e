"""Read a node's configuration: whom it trusts, what its sources are, which dataset lies where.

`NODE.toml` is written by the bureau's own operator. Everything wrong with it is reported at once.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from federation.crypto import is_key
from federation.errors import Fault, Findings
from federation.link.place import Place
from federation.node.errors import (
    BindingUnknown,
    ConfigMissing,
    ConfigSchema,
    ConfigUnreadable,
    KeyShared,
    KeyWrong,
    SecretInClear,
)
from federation.store import resource
from federation.trust import Trusted

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

__all__ = ["FILE_NAME", "Binding", "NodeConfig", "SourceConfig", "load_config", "read_config"]

FILE_NAME = "NODE.toml"
SECRETS = ("password",)
"""Options of a source whose values are never written down, only where they lie."""


@dataclass(frozen=True, slots=True)
class SourceConfig:
    """One of the bureau's own databases.

    Attributes:
        kind: connector kind, e.g. ``sqlite``.
        options: what that kind wants; a relative path is below the node's folder. A secret is
            never here, only where it lies: ``{"env": name}`` or ``{"file": path}``.
    """

    kind: str
    options: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Binding:
    """Where a dataset lies.

    Attributes:
        source: name of a configured source.
        resource: table or file there.
    """

    source: str
    resource: str


@dataclass(frozen=True, slots=True)
class NodeConfig:
    """How a node is set up.

    Attributes:
        party: whose node.
        hubs: hubs that may ask, name → public key.
        issuers: case issuers whose tokens count.
        stewards: the owner's stewards, whose grants count.
        sources: name → source.
        datasets: dataset id → where it lies.
        policy: the policy file, relative to the node's folder.
        catalog: folder of the ledger's files, relative to the node's folder; None for the one
            that ships.
        serve: where it listens, where it is a program of its own.
    """

    party: str
    hubs: Trusted
    issuers: Trusted
    stewards: Trusted
    sources: Mapping[str, SourceConfig]
    datasets: Mapping[str, Binding]
    policy: str = "policy.json"
    catalog: str | None = None
    serve: Place | None = None

    def to_toml(self) -> str:
        """Return the configuration as `NODE.toml` holds it."""
        lines = [f"party = {_quoted(self.party)}", f"policy = {_quoted(self.policy)}"]
        if self.catalog is not None:
            lines.append(f"catalog = {_quoted(self.catalog)}")
        if self.serve is not None:
            lines += ["", *self.serve.to_toml()]
        for name, trusted in (
            ("hubs", self.hubs),
            ("issuers", self.issuers),
            ("stewards", self.stewards),
        ):
            lines += [
                "",
                f"[trust.{name}]",
                *(f"{_quoted(k)} = {_quoted(v)}" for k, v in trusted.items()),
            ]
        lines += [line for empty in self._empty() for line in ("", f"[{empty}]")]
        for key, source in self.sources.items():
            lines += ["", f"[sources.{_quoted(key)}]", f"kind = {_quoted(source.kind)}"]
            lines += [f"{_quoted(k)} = {_value(v)}" for k, v in source.options.items()]
        for dataset, binding in self.datasets.items():
            lines += ["", f"[datasets.{_quoted(dataset)}]", f"source = {_quoted(binding.source)}"]
            lines.append(f"resource = {_quoted(binding.resource)}")
        return "\n".join(lines) + "\n"

    def _empty(self) -> Iterator[str]:
        """Yield the tables that must be there, and of which nothing is said yet."""
        if not self.sources:
            yield "sources"
        if not self.datasets:
            yield "datasets"


def load_config(folder: Path) -> NodeConfig:
    """Read the configuration in a node's folder.

    Raises:
        ConfigMissing: there is none.
        ConfigUnreadable: it is not TOML.
        Findings: everything that is wrong with it.
    """
    try:
        text = (folder / FILE_NAME).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise ConfigMissing(file=FILE_NAME) from None
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        found = re.search(r"line (\d+)", str(fault))
        raise ConfigUnreadable(line=int(found[1]) if found else 1, where=FILE_NAME) from None
    return read_config(document)


def read_config(document: Mapping[str, Any]) -> NodeConfig:
    """Turn a parsed configuration into a `NodeConfig`.

    Raises:
        Findings: everything that is wrong with it, each with its JSON pointer.
    """
    findings: list[Fault] = [
        ConfigSchema(where=_pointer(e.absolute_path), problem=e.message[:200])
        for e in sorted(_validator().iter_errors(document), key=lambda e: list(map(str, e.path)))
        if not _is_secret(e.absolute_path)
    ]
    findings += _open_secrets(document)
    findings = findings or list(_cross_check(document))
    if findings:
        raise Findings(findings, where=FILE_NAME)
    trust = document["trust"]
    return NodeConfig(
        party=document["party"],
        hubs=MappingProxyType(dict(trust["hubs"])),
        issuers=MappingProxyType(dict(trust["issuers"])),
        stewards=MappingProxyType(dict(trust["stewards"])),
        sources=MappingProxyType({n: _source(s) for n, s in document["sources"].items()}),
        datasets=MappingProxyType(
            {d: Binding(b["source"], b["resource"]) for d, b in document["datasets"].items()}
        ),
        policy=document.get("policy", "policy.json"),
        catalog=document.get("catalog"),
        serve=Place.read(document.get("serve")),
    )


def _source(said: Mapping[str, Any]) -> SourceConfig:
    options = {k: v for k, v in said.items() if k != "kind"}
    return SourceConfig(said["kind"], MappingProxyType(options))


def _is_secret(path: Iterable[object]) -> bool:
    """Say whether a place is a secret's: what the schema says of it would quote it."""
    keys = list(path)
    return len(keys) > 2 and keys[0] == "sources" and keys[2] in SECRETS


def _open_secrets(document: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield a finding for each secret that is no reference."""
    sources = document.get("sources")
    for name, source in sources.items() if isinstance(sources, Mapping) else ():
        for option in SECRETS:
            if isinstance(source, Mapping) and option in source:
                said = source[option]
                if not (isinstance(said, Mapping) and _is_reference(said)):
                    where = _pointer(("sources", name, option))
                    yield SecretInClear(source=name, option=option, where=where)


def _is_reference(said: Mapping[str, Any]) -> bool:
    return len(said) == 1 and all(
        k in ("env", "file") and isinstance(v, str) and v for k, v in said.items()
    )


def _cross_check(document: Mapping[str, Any]) -> Iterator[Fault]:
    holders: dict[str, tuple[str, str]] = {}
    for group, trusted in document["trust"].items():
        for name, public_key in trusted.items():
            here = f"/trust/{group}/{name}"
            if not is_key(public_key):
                yield KeyWrong(name=name, where=here)
            first_group, first_name = holders.setdefault(public_key.lower(), (group, name))
            if first_group != group:
                yield KeyShared(name=name, other=first_name, where=here)
    for dataset, binding in document["datasets"].items():
        if binding["source"] not in document["sources"]:
            yield BindingUnknown(
                dataset=dataset, source=binding["source"], where=f"/datasets/{dataset}/source"
            )


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{k} = {_value(v)}' for k, v in value.items())} }}"
    return str(value) if isinstance(value, int) else _quoted(str(value))


def _pointer(path: Any) -> str:
    return "".join(f"/{str(p).replace('~', '~0').replace('/', '~1')}" for p in path)


@cache
def _validator() -> Draft202012Validator:
    from jsonschema import Draft202012Validator

    schema = json.loads(resource("specs/schema/node.schema.json").read_text(encoding="utf-8"))
    return Draft202012Validator(schema)
