"""Look up the steps and branches of a process: titles, parties, what lies inside what.

Pages ask these for every line they show; each is worked out once for each version of a scenario.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from builder.scenario.model import (
    APPLY,
    Branch,
    QueryStep,
    Scenario,
    Step,
    Task,
    Text,
    branches,
    steps,
)

__all__ = ["inside", "party_of", "step_title", "tasks_of"]


def step_title(scenario: Scenario, step: str | None) -> Text:
    """Return what a step or branch is called; its id where it has no title."""
    return _titles(scenario).get(str(step)) or Text(str(step), str(step))


def party_of(scenario: Scenario, step: str) -> str | None:
    """Return whose task a step is; None where it is no task of a department."""
    return next((t.party for t in tasks_of(scenario) if t.id == step), None)


@lru_cache(maxsize=256)
def tasks_of(scenario: Scenario) -> tuple[Task, ...]:
    """Return every task of the process in the order of the file."""
    return scenario.tasks()


@lru_cache(maxsize=256)
def inside(scenario: Scenario) -> Mapping[str, tuple[Step | Branch, frozenset[str]]]:
    """Return every branch and step by id, with the ids of the steps inside it and its own."""
    root = scenario.process.root
    return {
        thing.id: (thing, frozenset(s.id for s in steps(thing)))
        for thing in (*branches(root), *steps(root))
    }


@lru_cache(maxsize=256)
def _titles(scenario: Scenario) -> Mapping[str, Text]:
    titles = {APPLY: Text("申请人修改申请", "The applicant changes the application")}
    for thing, _ in inside(scenario).values():
        title = thing.title
        if title is None and isinstance(thing, QueryStep):
            title = scenario.query(thing.query).title
        if title is not None:
            titles[thing.id] = title
    return titles
