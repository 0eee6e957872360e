"""Lay a scenario's process out for walking: each step's parent, place, condition and form."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import TypeAlias

from builder.expr import Value, compile_tree, parse
from builder.scenario.model import (
    Branch,
    Control,
    Deferral,
    Form,
    Pledge,
    Scenario,
    Sequence,
    Step,
    Task,
    children,
)

__all__ = ["Condition", "Node", "Plan", "plan_of"]

Condition: TypeAlias = Callable[[Mapping[str, Value], date], Value]


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One step or branch in its place.

    Attributes:
        index: place among the parent's children.
        first: number in reading order; the steps inside are those up to `last`.
        when: compiled condition of a branch: of the case's values and today.
    """

    step: Step | Branch
    parent: Node | None
    index: int
    first: int
    last: int
    inner: tuple[str, ...]
    when: Condition | None

    @property
    def id(self) -> str:
        """Return the step's or branch's id."""
        return self.step.id

    @property
    def is_ordered(self) -> bool:
        """Tell whether what is inside runs one after the other."""
        return isinstance(self.step, Sequence | Branch)

    def holds(self, other: Node) -> bool:
        """Tell whether another node is this one or lies inside it."""
        return self.first <= other.first <= self.last

    def ancestors(self) -> Iterator[Node]:
        """Yield this node, its parent, and so on up to the root."""
        node: Node | None = self
        while node is not None:
            yield node
            node = node.parent


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """A scenario's process, ready to walk.

    Attributes:
        nodes: steps and branches by id, in reading order.
        scopes: pointers each form fills, by form id.
        follows: pointers of the start form that may change when another answer changes: computed,
            prefilled or conditional ones.
        computed: pointers of the start form that nobody types.
        deferrals: which of its answers may come later.
        pledges: in whose place a promise may stand.
    """

    scenario: Scenario
    root: Node
    nodes: Mapping[str, Node]
    scopes: Mapping[str, frozenset[str]]
    follows: frozenset[str]
    computed: frozenset[str]
    deferrals: Mapping[str, Deferral]
    pledges: Mapping[str, Pledge]

    def task(self, step_id: str) -> Task:
        """Return a task step."""
        step = self.nodes[step_id].step
        if not isinstance(step, Task):
            raise KeyError(step_id)
        return step

    def form_of(self, step_id: str) -> frozenset[str]:
        """Return the pointers a task's form fills; none where it has no form."""
        form = self.task(step_id).form
        return frozenset() if form is None else self.scopes[form]

    @property
    def start_scopes(self) -> frozenset[str]:
        """Return the pointers the applicant's form fills."""
        return self.scopes[self.scenario.process.form]

    def inside(self, node: Node) -> Iterator[Node]:
        """Yield a node and all inside it, in reading order."""
        yield node
        for child in node.inner:
            yield from self.inside(self.nodes[child])

    def after(self, target: Node) -> Iterator[Node]:
        """Yield a step and all that comes after it: what a return to it undoes.

        Other branches of a split the step lies in come beside it, not after it, and stay.
        """
        yield from self.inside(target)
        for node in target.ancestors():
            if node.parent is not None and node.parent.is_ordered:
                for sibling in node.parent.inner[node.index + 1 :]:
                    yield from self.inside(self.nodes[sibling])


@lru_cache(maxsize=256)
def plan_of(scenario: Scenario) -> Plan:
    """Return the plan of a scenario; made once for each scenario value."""
    nodes: dict[str, Node] = {}
    root = _place(scenario.process.root, None, 0, nodes)
    scopes = {form.id: form.scopes() for form in scenario.forms}
    start = [(c.scope, c) for c in scenario.start_form.controls() if c.scope is not None]
    return Plan(
        scenario,
        root,
        nodes,
        scopes,
        _follows(scenario.start_form),
        frozenset(scope for scope, control in start if control.compute),
        {scope: control.deferrable for scope, control in start if control.deferrable},
        {scope: control.promise for scope, control in start if control.promise},
    )


def _place(step: Step | Branch, parent: Node | None, index: int, nodes: dict[str, Node]) -> Node:
    when = step.when if isinstance(step, Branch) else None
    inner = children(step)
    first = len(nodes)
    node = Node(
        step,
        parent,
        index,
        first,
        first + _size(step) - 1,
        tuple(child.id for child in inner),
        None if when is None else compile_tree(parse(when)),
    )
    nodes[step.id] = node
    for place, child in enumerate(inner):
        _place(child, node, place, nodes)
    return node


def _size(step: Step | Branch) -> int:
    return 1 + sum(_size(child) for child in children(step))


def _follows(form: Form) -> frozenset[str]:
    return frozenset(
        control.scope
        for page in form.pages
        for section in page.sections
        for control in section.controls
        if control.scope is not None and (page.when or section.when or _is_derived(control))
    )


def _is_derived(control: Control) -> bool:
    return bool(control.when or control.compute or control.prefill)
