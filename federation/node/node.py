"""Put a department's node together: its own folder, key, policy, grants, journal and sources."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from federation.audit import Journal
from federation.crypto import KeyStore, Pseudonymiser, Signer
from federation.errors import Fault, Findings
from federation.ledger import Catalog, Dataset, load_catalog
from federation.ledger.load import read_supplements
from federation.node.config import NodeConfig, load_config
from federation.node.errors import DatasetForeign, DatasetUnbound, ResourceMissing
from federation.node.sources import Sources
from federation.node.tables import node_entry
from federation.store import migrate, node_tree, open_engine, sqlite_url
from federation.trust import Policy, load_policy

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

__all__ = ["SUPPLEMENTS", "Node", "party_catalog"]

SUPPLEMENTS = "ledger"
"""Folder with what deployments add to the party's datasets."""

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_LONG_NUMBER = re.compile(r"\d{11}")
_DIGEST = re.compile(r"[0-9a-f]{32}|[0-9a-f]{64}")


class Node:
    """A department's node. Nothing of it is shared with the hub; even embedded, only bytes cross.

    Attributes:
        config: how it is set up.
        party: whose node.
        catalog: the ledger.
        policy: what the owner permits.
        engine: its own store.
        signer: its own key.
        pseudonyms: turns ID numbers into names that only this node can recompute.
        journal: its own journal.
        sources: its databases; only the gate reads them.
        clock: returns now, aware.
    """

    def __init__(
        self,
        config: NodeConfig,
        *,
        catalog: Catalog,
        policy: Policy,
        engine: Engine,
        signer: Signer,
        pseudonym_key: bytes,
        sources: Sources,
        clock: Callable[[], datetime],
    ) -> None:
        self.config = config
        self.party = config.party
        self.catalog = catalog
        self.policy = policy
        self.engine = engine
        self.signer = signer
        self.pseudonyms = Pseudonymiser(pseudonym_key)
        self.journal = Journal(engine, node_entry, signer, name=f"node:{config.party}")
        self.sources = sources
        self.clock = clock

    @classmethod
    def open(
        cls,
        folder: Path,
        config: NodeConfig | None = None,
        *,
        clock: Callable[[], datetime],
        catalog: Catalog | None = None,
    ) -> Node:
        """Open the node that lives in a folder: its keys, its store brought up to date, its policy.

        Args:
            folder: holds ``NODE.toml``, ``policy.json``, ``keys/`` and ``node.db``.
            config: instead of ``NODE.toml``.
            clock: returns now, aware.
            catalog: instead of the ledger that the configuration names, with what ``ledger/*.json``
                in the folder adds: the case stores of which this party is the home.

        Raises:
            ConfigMissing, ConfigUnreadable: the configuration cannot be read.
            PolicyUnreadable: the policy cannot be read.
            Findings: everything that is wrong with configuration or policy.
        """
        config = config or load_config(folder)
        if catalog is None:
            catalog = party_catalog(folder, config)
        policy = load_policy(folder / config.policy, catalog)
        _check(config, policy, catalog)
        keys = KeyStore(folder / "keys")
        engine = open_engine(sqlite_url(folder / "node.db"))
        migrate(engine, node_tree)
        return cls(
            config,
            catalog=catalog,
            policy=policy,
            engine=engine,
            signer=keys.signer("node"),
            pseudonym_key=keys.secret("pseudonym"),
            sources=Sources(config.sources, folder),
            clock=clock,
        )

    @property
    def public_key(self) -> str:
        """The key that hub and issuer must know for this node's answers."""
        return self.signer.public_key

    @cached_property
    def app(self) -> WSGIApplication:
        """The node's HTTP face, a plain WSGI callable."""
        from federation.node.service import node_service

        return node_service(self)

    def offered(self, dataset: str) -> Dataset | None:
        """Return a dataset that this node binds to a source; None for any other."""
        return self.catalog.find(dataset) if dataset in self.config.datasets else None

    def named(self, word: str) -> str:
        """Return a word that others chose as journals may hold it.

        A plain word stays as it is, and so does a hash. Anything that could be a person's number,
        or is no word at all, becomes this node's pseudonym of it.
        """
        if (
            not word
            or _DIGEST.fullmatch(word)
            or (_PLAIN.fullmatch(word) and not _LONG_NUMBER.search(word))
        ):
            return word
        return f"x-{self.pseudonyms.of(word)}"

    def check(self) -> tuple[Fault, ...]:
        """Look whether every bound dataset is really there with all its columns; reads no row."""
        findings: list[Fault] = []
        for dataset_id, binding in self.config.datasets.items():
            dataset = self.catalog.get(dataset_id)
            present = self.sources.columns(binding)
            if present is None:
                missing: tuple[str, ...] = (binding.resource,)
            else:
                missing = tuple(f.name for f in dataset.fields if f.name not in present)
            if missing:
                findings.append(
                    ResourceMissing(
                        dataset=dataset_id, missing=missing, where=f"/datasets/{dataset_id}"
                    )
                )
        return tuple(findings)

    def close(self) -> None:
        """Let go of sources and store."""
        self.sources.close()
        self.engine.dispose()


def party_catalog(folder: Path, config: NodeConfig) -> Catalog:
    """Return the ledger as a node in a folder knows it, with what deployments added to it."""
    catalog = load_catalog(folder / config.catalog if config.catalog else None)
    return catalog.extended(read_supplements(folder / SUPPLEMENTS))


def _check(config: NodeConfig, policy: Policy, catalog: Catalog) -> None:
    findings: list[Fault] = []
    for dataset_id in config.datasets:
        dataset = catalog.find(dataset_id)
        if dataset is None or dataset.party != config.party:
            findings.append(
                DatasetForeign(
                    dataset=dataset_id, party=config.party, where=f"/datasets/{dataset_id}"
                )
            )
    if policy.party != config.party:
        findings.append(DatasetForeign(dataset="*", party=policy.party, where="/policy"))
    findings += [
        DatasetUnbound(dataset=r.dataset, where=f"/rules/{n}/dataset")
        for n, r in enumerate(policy.rules)
        if r.dataset not in config.datasets
    ]
    if findings:
        raise Findings(findings)
