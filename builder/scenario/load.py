"""Read scenarios: `load` gives one whole or raises all that is wrong with it, `check` lists it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from builder.errors import Fault, Findings
from builder.scenario.checks import CHECKS, Ground
from builder.scenario.checks.ground import value_type
from builder.scenario.errors import KeyMissing
from builder.scenario.model import STALE, Json, NamedQuery, Scenario, ValueType, WidgetKind
from builder.scenario.parse import parse
from builder.scenario.queries import Read, read_sql
from builder.scenario.shape import breaches
from builder.scenario.source import escaped, read_source
from federation.crypto import canonical, sm3
from federation.ledger.catalog import Catalog

__all__ = ["FILE", "check", "examine", "load", "restore", "scenario_hash", "untranslated"]

FILE = "scenario.json"

_VERIFY_COLUMNS: Mapping[str, ValueType | None] = {"answer": "bool", "reference": "text"}


def load(
    folder: Path,
    *,
    kinds: Mapping[str, WidgetKind] | None = None,
    catalog: Catalog | None = None,
) -> Scenario:
    """Return the scenario in a folder.

    Args:
        folder: holds `scenario.json` and bears the scenario's id.
        kinds: widget kinds (`builder.forms.widget_kinds()`); None leaves controls unchecked.
        catalog: the ledger; None leaves datasets, fields and grades unchecked and the types of
            query columns unknown.

    Raises:
        SpecFault: the file is not there or is not JSON.
        Findings: all that is wrong with it.
    """
    source = read_source(folder / FILE)
    scenario, found = examine(source.doc, kinds=kinds, catalog=catalog, folder=folder.name)
    if found:
        raise Findings(source.placed(found), where=FILE)
    return scenario


def check(
    folder: Path,
    *,
    kinds: Mapping[str, WidgetKind] | None = None,
    catalog: Catalog | None = None,
) -> tuple[Fault, ...]:
    """Return all that is wrong with the scenario in a folder, in the order of the file.

    Each finding has its JSON pointer in `where` and, where it stands in the file, the fact
    ``file_line``. See `load` for the arguments.
    """
    try:
        load(folder, kinds=kinds, catalog=catalog)
    except Findings as findings:
        return findings.findings
    except Fault as fault:
        return (fault,)
    return ()


def untranslated(doc: Json, where: str = "") -> Iterator[str]:
    """Yield the pointers of texts marked ``x-stale``: one language repeats the other's words."""
    if isinstance(doc, Mapping):
        if doc.get(STALE) in ("zh", "en"):
            yield where + escaped(doc[STALE])
        for key, value in doc.items():
            yield from untranslated(value, where + escaped(key))
    elif isinstance(doc, list):
        for index, value in enumerate(doc):
            yield from untranslated(value, f"{where}/{index}")


def examine(
    doc: Json,
    *,
    kinds: Mapping[str, WidgetKind] | None = None,
    catalog: Catalog | None = None,
    folder: str | None = None,
) -> tuple[Scenario, tuple[Fault, ...]]:
    """Return what a JSON value says as a scenario, and all that is wrong with it.

    The scenario is whole only where nothing is wrong; otherwise empty values fill its gaps.
    """
    shape = breaches(doc, () if kinds is None else kinds.values())
    scenario = restore(doc, catalog=catalog)
    ground = Ground(scenario, kinds, catalog, folder)
    blamed = {_blamed(fault) for fault in shape}
    deeper = [
        fault
        for rule in CHECKS
        for fault in rule(ground)
        if not _is_under(fault.where or "", blamed)
    ]
    return scenario, tuple(_once([*shape, *deeper]))


def restore(doc: Json, *, catalog: Catalog | None = None) -> Scenario:
    """Return the scenario of a JSON value that was checked before: a stored, published version."""
    scenario = parse(doc, scenario_hash(doc))
    return replace(scenario, queries=tuple(_typed(q, scenario, catalog) for q in scenario.queries))


def scenario_hash(doc: Json) -> str:
    """Return the SM3 of the canonical JSON: the name of this very content."""
    return sm3(canonical(doc))


def _typed(query: NamedQuery, scenario: Scenario, catalog: Catalog | None) -> NamedQuery:
    """Fill in what the SQL says of a query: its dataset and its columns."""
    read = read_sql(query.sql) or Read()
    if query.purpose == "verify":
        return replace(query, dataset=read.table, columns=_VERIFY_COLUMNS)
    use = next((d for d in scenario.datasets if d.id == read.table), None)
    dataset = None if catalog is None or use is None else catalog.find(use.dataset)
    held = {} if dataset is None else {f.name: value_type(f.type) for f in dataset.fields}
    columns = {name: held.get(column) for name, column in read.columns}
    return replace(query, dataset=read.table, columns=columns)


def _blamed(fault: Fault) -> str:
    where = fault.where or ""
    return where + escaped(fault.facts["key"]) if isinstance(fault, KeyMissing) else where


def _is_under(where: str, blamed: Iterable[str]) -> bool:
    return any(where == place or where.startswith(f"{place}/") for place in blamed)


def _once(found: Iterable[Fault]) -> Iterable[Fault]:
    seen: set[tuple[str, str | None, str]] = set()
    for fault in found:
        key = (fault.code, fault.where, fault.message("en"))
        if key not in seen:
            seen.add(key)
            yield fault
