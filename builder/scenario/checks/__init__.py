"""Check what the JSON Schema cannot say: one function a rule, each yielding all it finds.

A check takes a `Ground` and yields Faults, each with the JSON pointer of its place. It may meet any
scenario, however broken (`builder.scenario.parse` fills the gaps), and never raises. A new rule is
one function, one line in `CHECKS`, one case in tests/cases/spec_bad.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from builder.errors import Fault
from builder.scenario.checks import (
    documents,
    expressions,
    flow,
    forms,
    gaps,
    naming,
    needs,
    queries,
    records,
    references,
    ways_in,
)
from builder.scenario.checks.ground import Ground

__all__ = ["CHECKS", "Ground"]

CHECKS: tuple[Callable[[Ground], Iterator[Fault]], ...] = (
    naming.ids,
    naming.names,
    naming.kind_words,
    naming.languages,
    references.parties,
    references.process,
    references.subjects,
    references.forms_and_lists,
    ways_in.kiosk,
    documents.documents,
    records.entities,
    records.ledger,
    records.parameters,
    records.retention,
    forms.scopes,
    forms.fits,
    forms.columns,
    forms.choices,
    forms.prefills,
    forms.licences,
    forms.owners,
    expressions.types,
    expressions.circles,
    flow.splits,
    flow.tasks,
    flow.returns,
    flow.side_by_side,
    gaps.open_answers,
    gaps.transfers,
    queries.sql,
    queries.relations,
    queries.ledger,
    needs.queries,
    needs.datasets,
    needs.definitions,
)
