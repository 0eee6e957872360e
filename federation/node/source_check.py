"""Look at a node's own sources for real: is everything there, and does it mean what it should?

Each source is opened, each bound dataset's columns are read in the ledger's types, rows and delays
are taken, and the laws that can be tried on a bureau's own rows are tried. Nothing is written, and
no value of a row is in any finding.
"""

from __future__ import annotations

import difflib
import re
import time
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from federation.errors import Fault, Findings, Lang
from federation.ledger import Catalog, Dataset, Field
from federation.node.config import Binding, NodeConfig, SourceConfig
from federation.node.node import party_catalog
from federation.node.source_faults import ColumnMissing, LawBroken, SourceMoving
from federation.node.sources import Sources

if TYPE_CHECKING:
    from connectors.base import Connector

__all__ = ["Checkup", "DatasetReport", "LawReport", "SourceReport", "check_sources"]

T = TypeVar("T")

_CHECKED_ROWS = 100_000
_COMPARED_ROWS = 2_000
_LEAST_LIKENESS = 0.4


@dataclass(frozen=True, slots=True)
class SourceReport:
    """What opening a source showed.

    Attributes:
        elapsed_ms: how long opening took.
        findings: what to put right.
    """

    name: str
    kind: str
    elapsed_ms: int
    findings: tuple[Fault, ...] = ()

    def to_json(self, lang: Lang = "zh") -> dict[str, object]:
        """Return the report as JSON."""
        return {
            "name": self.name,
            "kind": self.kind,
            "ok": not self.findings,
            "elapsed_ms": self.elapsed_ms,
            "findings": [f.to_json(lang) for f in self.findings],
        }


@dataclass(frozen=True, slots=True)
class LawReport:
    """Whether a law holds over a dataset's own rows; `column` is where it does not."""

    law: str
    column: str | None = None

    @property
    def is_kept(self) -> bool:
        """Whether it holds."""
        return self.column is None


@dataclass(frozen=True, slots=True)
class DatasetReport:
    """What looking at a bound dataset showed.

    Attributes:
        rows: how many there are; None where they could not be counted.
        count_ms: how long counting took.
        lookup_ms: how long one subject's record took, as the gate asks for it; None without one.
        checked_rows: rows whose values were read in the ledger's types.
        laws: what was tried over them.
        findings: what to put right.
    """

    dataset: str
    source: str
    resource: str
    rows: int | None = None
    count_ms: int | None = None
    lookup_ms: int | None = None
    checked_rows: int = 0
    laws: tuple[LawReport, ...] = ()
    findings: tuple[Fault, ...] = ()

    def to_json(self, lang: Lang = "zh") -> dict[str, object]:
        """Return the report as JSON."""
        return {
            "dataset": self.dataset,
            "source": self.source,
            "resource": self.resource,
            "ok": not self.findings,
            "rows": self.rows,
            "count_ms": self.count_ms,
            "lookup_ms": self.lookup_ms,
            "checked_rows": self.checked_rows,
            "laws": [{"law": law.law, "ok": law.is_kept} for law in self.laws],
            "findings": [f.to_json(lang) for f in self.findings],
        }


@dataclass(frozen=True, slots=True)
class Checkup:
    """All that a look at a node's sources showed."""

    party: str
    sources: tuple[SourceReport, ...]
    datasets: tuple[DatasetReport, ...]

    @property
    def findings(self) -> tuple[Fault, ...]:
        """Everything that is to be put right, each with its place in NODE.toml."""
        of_sources = [f for source in self.sources for f in source.findings]
        return (*of_sources, *(f for dataset in self.datasets for f in dataset.findings))

    @property
    def is_sound(self) -> bool:
        """Whether nothing is to be put right."""
        return not self.findings

    def to_json(self, lang: Lang = "zh") -> dict[str, object]:
        """Return the whole as JSON."""
        return {
            "party": self.party,
            "ok": self.is_sound,
            "sources": [s.to_json(lang) for s in self.sources],
            "datasets": [d.to_json(lang) for d in self.datasets],
        }


def check_sources(
    config: NodeConfig, folder: Path, catalog: Catalog | None = None, *, rows: int = _CHECKED_ROWS
) -> Checkup:
    """Open every source of a node and look at every bound dataset; nothing is written.

    Args:
        config: how the node is set up.
        folder: the node's folder.
        catalog: the ledger; the one that the configuration names where none is given.
        rows: of each dataset, how many rows' values are read and held against the ledger.
    """
    ledger = catalog or party_catalog(folder, config)
    opener = Sources(config.sources, folder)
    sources: list[SourceReport] = []
    datasets: list[DatasetReport] = []
    for name, source in config.sources.items():
        opened, report = _open(opener, name, source)
        sources.append(report)
        if opened is None:
            continue
        with closing(opened):
            datasets += [
                _Look(opened, ledger.get(dataset), binding, rows).report()
                for dataset, binding in config.datasets.items()
                if binding.source == name
            ]
    return Checkup(config.party, tuple(sources), tuple(datasets))


def _open(
    opener: Sources, name: str, source: SourceConfig
) -> tuple[Connector | None, SourceReport]:
    begun = time.perf_counter()
    try:
        opened = opener.opened(name)
    except Fault as fault:
        found = _placed(fault, f"/sources/{name}")
        return None, SourceReport(name, source.kind, _ms(begun), found)
    return opened, SourceReport(name, source.kind, _ms(begun))


class _Look:
    """A look at one dataset; what is found is noted, and the rest goes on as far as it can."""

    def __init__(self, connector: Connector, dataset: Dataset, binding: Binding, rows: int) -> None:
        self._connector = connector
        self._dataset = dataset
        self._resource = binding.resource
        self._limit = rows
        self._findings: list[Fault] = []
        self._made = DatasetReport(dataset.id, binding.source, binding.resource)

    def report(self) -> DatasetReport:
        """Return what there is to say."""
        present = self._noted(lambda: self._connector.schema(self._resource).names)
        if present is not None:
            types = self._present_types(present)
            begun = time.perf_counter()
            probe = self._noted(lambda: self._connector.probe(self._resource))
            if probe is not None:
                self._made = replace(self._made, rows=probe.rows, count_ms=_ms(begun))
                types = self._readable(types)
                if types:
                    self._try(types, probe.rows)
        return replace(self._made, findings=tuple(self._findings))

    def _present_types(self, present: Iterable[str]) -> dict[str, str]:
        """Return the ledger's types of what is there, the subject key first; note what is not."""
        names = list(present)
        known = {f.name for f in self._dataset.fields}
        spare = [n for n in names if n not in known]
        for field in self._dataset.fields:
            if field.name not in names:
                missing = ColumnMissing(
                    table=self._resource,
                    column=field.name,
                    title=field.title.zh,
                    near=_alike(field, spare) or ("—",),
                )
                self._findings += _placed(missing, self._where)
        fields = sorted(self._dataset.fields, key=lambda f: f.name != self._dataset.subject_key)
        return {f.name: f.type for f in fields if f.name in names}

    def _readable(self, types: Mapping[str, str]) -> dict[str, str]:
        """Return the columns whose values are what the ledger says; note the others."""
        left = dict(types)
        while left:
            try:
                checked = self._read(left)
            except Fault as fault:
                self._findings += _placed(fault, self._where)
                wrong = {str(f.facts.get("column")) for f in _flat(fault)}
                if not wrong & set(left):
                    return {}
                left = {name: of for name, of in left.items() if name not in wrong}
            else:
                self._made = replace(self._made, checked_rows=checked)
                return left
        return left

    def _read(self, types: Mapping[str, str]) -> int:
        from connectors.scan import Column, Limit, Named, Project, Scan, Source

        named = tuple(Named(n, Column(n)) for n in types)
        head = Limit(Project(Source(self._resource), named), self._limit)
        with self._connector.run(Scan(head), types) as reader:
            return sum(batch.num_rows for batch in reader)

    def _try(self, types: Mapping[str, str], rows: int) -> None:
        """Try the laws over rows that are there."""
        from connectors.conformance.laws import Broken
        from connectors.conformance.own import OWN_LAWS, reads_the_same_again, take_sample

        sample = self._noted(
            lambda: take_sample(self._connector, self._resource, types, rows, _COMPARED_ROWS)
        )
        if sample is None:
            return
        self._look_up(types, sample.rows)
        for law in (reads_the_same_again, *OWN_LAWS):
            name, column = law.__name__.replace("_", "-"), None
            try:
                self._noted(lambda law=law: law(sample))  # type: ignore[misc] # mypy knows no default
            except Broken as broken:
                column = str(broken)
            self._made = replace(self._made, laws=(*self._made.laws, LawReport(name, column)))
            if column is not None and law is reads_the_same_again:
                self._findings += _placed(SourceMoving(table=self._resource), self._where)
                return
            if column is not None:
                fault = LawBroken(table=self._resource, law=name, column=column)
                self._findings += _placed(fault, self._where)

    def _look_up(self, types: Mapping[str, str], rows: object) -> None:
        """Time one subject's record, as the gate asks for it."""
        import pyarrow as pa

        from connectors.scan import Call, Column, Filter, Literal, Scan, Source

        key = self._dataset.subject_key
        assert isinstance(rows, pa.Table)  # noqa: S101 - typed so to keep Arrow out of start-up
        if key is None or key not in types or not rows.num_rows:
            return
        found = rows.column(key).drop_null()
        if not len(found):
            return
        is_subject = Call("eq", (Column(key), Literal(found[0].as_py(), types[key])))
        scan = Scan(Filter(Source(self._resource), is_subject))
        begun = time.perf_counter()
        with self._connector.run(scan, types) as reader:
            reader.read_all()
        self._made = replace(self._made, lookup_ms=_ms(begun))

    def _noted(self, call: Callable[[], T]) -> T | None:
        """Return what a call gives; None after its fault was noted."""
        try:
            return call()
        except Fault as fault:
            self._findings += _placed(fault, self._where)
            return None

    @property
    def _where(self) -> str:
        return f"/datasets/{self._dataset.id}"


def _placed(fault: Fault, where: str) -> tuple[Fault, ...]:
    """Return the faults in one, each with its place in NODE.toml."""
    flat = _flat(fault)
    for one in flat:
        one.where = where
    return flat


def _flat(fault: Fault) -> tuple[Fault, ...]:
    return fault.findings if isinstance(fault, Findings) else (fault,)


def _ms(begun: float) -> int:
    return round((time.perf_counter() - begun) * 1000)


def _alike(field: Field, names: Iterable[str]) -> tuple[str, ...]:
    """Return up to three names that are like the field's name or title, the likest first."""
    words = [_bare(w) for w in (field.name, field.title.zh, field.title.en)]
    scored = sorted(
        ((max(_likeness(_bare(name), word) for word in words), name) for name in names),
        key=lambda pair: (-pair[0], pair[1]),
    )
    return tuple(f"“{name}” {score:.2f}" for score, name in scored[:3] if score >= _LEAST_LIKENESS)


def _likeness(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one, other, autojunk=False).ratio()


def _bare(word: str) -> str:
    """Return a name without units in brackets, case, width and marks."""
    plain = unicodedata.normalize("NFKC", word).casefold()
    return re.sub(r"\([^)]*\)|[\W_]+", "", plain)
