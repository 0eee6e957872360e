"""Check that nothing is declared that nobody needs: only necessary data are asked for."""

from __future__ import annotations

from collections.abc import Iterator

from builder.errors import Fault
from builder.scenario import errors
from builder.scenario.checks.documents import names_of
from builder.scenario.checks.expressions import used_names
from builder.scenario.checks.ground import Ground, controls, process_places
from builder.scenario.model import DatasetUse, QueryStep, Task
from builder.scenario.queries import read_sql

__all__ = ["datasets", "definitions", "queries"]


def queries(ground: Ground) -> Iterator[Fault]:
    """Every query is asked by a step or a prefill, verifies a relation or feeds a condition."""
    scenario = ground.scenario
    used = {p.step.query for p in process_places(scenario) if isinstance(p.step, QueryStep)}
    used |= {p.control.prefill.query for p in controls(scenario) if p.control.prefill is not None}
    used |= {
        str(p.control.options.get("query"))
        for p in controls(scenario)
        if p.control.widget == "e-licence"
    }
    used |= {s.relation.verified_by for s in scenario.subjects if s.relation is not None}
    used |= {name.partition(".")[0] for name in used_names(ground)}
    used |= {name.partition(".")[0] for d in scenario.documents for name in names_of(d)}
    for i, query in enumerate(scenario.queries):
        if query.id not in used:
            yield errors.QueryUnused(where=f"/queries/{i}", query=query.id)


def datasets(ground: Ground) -> Iterator[Fault]:
    """Every dataset, each of its fields and each of its purposes is used by a query."""
    for i, use in enumerate(ground.scenario.datasets):
        asking = [q for q in ground.scenario.queries if q.dataset == use.id]
        if not asking:
            yield errors.DatasetUnused(where=f"/datasets/{i}", dataset=use.id)
            continue
        yield from _fields_unneeded(ground, i, use)
        purposes = {query.purpose for query in asking}
        for k, purpose in enumerate(use.purposes):
            if purpose not in purposes:
                yield errors.PurposeUnneeded(
                    where=f"/datasets/{i}/purposes/{k}", dataset=use.id, purpose=purpose
                )


def _fields_unneeded(ground: Ground, index: int, use: DatasetUse) -> Iterator[Fault]:
    needed: set[str] = set()
    for query in ground.scenario.queries:
        read = read_sql(query.sql)
        if query.dataset != use.id:
            continue
        if read is None or read.star:
            return
        needed |= {column for _, column in read.columns} | set(read.filters)
    idle = [name for name in use.fields if name not in needed]
    if idle:
        yield errors.FieldsUnneeded(where=f"/datasets/{index}/fields", fields=idle)


def definitions(ground: Ground) -> Iterator[Fault]:
    """Every service item is handled by a task, every form filled by somebody."""
    scenario = ground.scenario
    tasks = [p.step for p in process_places(scenario) if isinstance(p.step, Task)]
    handled = {task.item for task in tasks}
    for i, item in enumerate(scenario.meta.items):
        if item.id not in handled:
            yield errors.ItemUnhandled(where=f"/scenario/items/{i}", item=item.id)
    filled = {task.form for task in tasks} | {scenario.process.form}
    for i, form in enumerate(scenario.forms):
        if form.id not in filled:
            yield errors.FormUnused(where=f"/forms/{i}", form=form.id)
