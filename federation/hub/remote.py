"""Read what nodes tell about themselves: what they offer, and their journals' entries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from federation.errors import Fault
from federation.ledger import Catalog
from federation.link.control import read_fault
from federation.link.errors import LinkGarbled
from federation.trust import Policy, read_policy

__all__ = [
    "JournalReport",
    "Offer",
    "OfferedDataset",
    "TrailEntry",
    "read_offer",
    "read_report",
    "read_trail",
]


@dataclass(frozen=True, slots=True)
class OfferedDataset:
    """A dataset that a node can answer for.

    Attributes:
        id: dataset id.
        rows: how many rows its source holds; None where the source cannot say.
    """

    id: str
    rows: int | None


@dataclass(frozen=True, slots=True)
class Offer:
    """What a node offers: its datasets with row counts, and its owner's policy. Never rows."""

    party: str
    datasets: tuple[OfferedDataset, ...]
    policy: Policy


@dataclass(frozen=True, slots=True)
class TrailEntry:
    """One entry of a node's journal."""

    seq: int
    at: datetime
    kind: str
    actor: str
    facts: Mapping[str, object]
    hash: str


@dataclass(frozen=True, slots=True)
class JournalReport:
    """What a node found when it verified its own journal.

    Attributes:
        party: whose node.
        ok: whether every byte is as it was written.
        entries: how many entries there are.
        head: hash of the last one.
        signed: how many entries the last signed checkpoint covers.
        findings: what is wrong, each naming its entry; the first hundred.
        unclosed: numbers of opened entries whose end was not recorded.
    """

    party: str
    ok: bool
    entries: int
    head: str
    signed: int
    findings: tuple[Fault, ...]
    unclosed: tuple[int, ...]


def read_offer(document: Mapping[str, object], party: str, catalog: Catalog) -> Offer:
    """Parse an offer.

    Raises:
        LinkGarbled: it is none, or another party's.
    """
    try:
        said = cast("Mapping[str, Any]", document)
        datasets = tuple(
            OfferedDataset(str(d["id"]), None if d["rows"] is None else int(d["rows"]))
            for d in said["datasets"]
        )
        policy = read_policy(said["policy"], catalog)
    except (KeyError, TypeError, ValueError, Fault) as error:
        raise LinkGarbled(party=party) from error
    if said.get("party") != party or policy.party != party:
        raise LinkGarbled(party=party)
    return Offer(party, datasets, policy)


def read_trail(document: Mapping[str, object], party: str) -> tuple[TrailEntry, ...]:
    """Parse entries of a node's journal.

    Raises:
        LinkGarbled: it is none, or another party's.
    """
    said = cast("Mapping[str, Any]", document)
    try:
        if said["party"] != party:
            raise LinkGarbled(party=party)
        return tuple(_entry(e) for e in said["entries"])
    except (KeyError, TypeError, ValueError) as error:
        raise LinkGarbled(party=party) from error


def read_report(document: Mapping[str, object], party: str) -> JournalReport:
    """Parse a node's report on its own journal.

    Raises:
        LinkGarbled: it is none, or another party's.
    """
    said = cast("Mapping[str, Any]", document)
    try:
        report = said["report"]
        if said["party"] != party:
            raise LinkGarbled(party=party)
        return JournalReport(
            party=party,
            ok=report["ok"] is True,
            entries=int(report["entries"]),
            head=str(report["head"]),
            signed=int(report["signed"]),
            findings=tuple(read_fault(f, party) for f in report["findings"]),
            unclosed=tuple(int(o["seq"]) for o in report["unclosed"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise LinkGarbled(party=party) from error


def _entry(said: Mapping[str, Any]) -> TrailEntry:
    at = datetime.fromisoformat(said["at"])
    facts = said["facts"]
    if at.tzinfo is None or not isinstance(facts, dict):
        raise ValueError("an entry has an aware time and facts")
    return TrailEntry(
        int(said["seq"]), at, str(said["kind"]), str(said["actor"]), facts, str(said["hash"])
    )
