"""Find the positions that every column of a question takes: the hub's walk, over its own tree."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from federation.ledger import Catalog
from federation.query.parse import parse
from federation.query.question import Question
from federation.query.resolve import Resolved, ResolvedCondition, resolve
from federation.trust import APPLICANT, EQ, IN, PROJECT, REFERENCE

__all__ = ["positions", "uses"]


def positions(resolved: Resolved, purpose: str, applicant: str) -> Mapping[str, frozenset[str]]:
    """Return column → positions, as `decide` takes them.

    Args:
        resolved: the question.
        purpose: ``verify`` turns the one column shown into the reference number.
        applicant: the applicant's own number; equality with it is a position of its own.
    """
    found: dict[str, set[str]] = {}
    for _, column in resolved.shown:
        found.setdefault(column, set()).add(REFERENCE if purpose == "verify" else PROJECT)
    for condition in resolved.conditions:
        found.setdefault(condition.column, set()).add(_filter(condition, applicant))
    return MappingProxyType({column: frozenset(taken) for column, taken in found.items()})


def uses(question: Question, catalog: Catalog, applicant: str) -> Mapping[str, frozenset[str]]:
    """Return column → positions of a question that is not asked yet: what its grant must hold.

    Args:
        question: with any value of the right type for each parameter.
        catalog: the ledger.
        applicant: the value that stands for the applicant's own number.

    Raises:
        Fault: `federation.query.errors`, where the question cannot be read.
    """
    resolved = resolve(parse(question.sql), question, catalog)
    return positions(resolved, question.purpose, applicant)


def _filter(condition: ResolvedCondition, applicant: str) -> str:
    if condition.is_list:
        return IN
    return APPLICANT if condition.values[0].value == applicant else EQ
