"""Read a data owner's policy: which fields, in which positions, for which purpose and relation.

A policy is one JSON file per node (``specs/policy/<party>.json``), written by the owner. What no
rule names is sealed. A rule above the grade ceiling is refused when the policy is read.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from federation.errors import Fault, Findings
from federation.ledger import Catalog
from federation.store import resource
from federation.trust.errors import (
    PolicyAboveCeiling,
    PolicyFieldUnknown,
    PolicyForeignDataset,
    PolicyNoSubjectKey,
    PolicySchema,
    PolicyUnreadable,
    PurposeNotServed,
)
from federation.trust.grant import Uses
from federation.trust.position import ceiling
from federation.trust.purpose import PURPOSES, served

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

__all__ = ["Policy", "Rate", "Rule", "load_policy", "read_policy"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One permission of a data owner.

    Attributes:
        dataset: dataset id.
        purpose: purpose id.
        relations: what the subject must be to the applicant: ``self``, ``claimed``, ``kin`` ….
        uses: column → positions it may take.
    """

    dataset: str
    purpose: str
    relations: tuple[str, ...]
    uses: Uses


@dataclass(frozen=True, slots=True)
class Rate:
    """How often a node answers.

    Attributes:
        per_minute: questions of one hub in a minute.
        per_case_hour: questions for one case in an hour.
    """

    per_minute: int = 600
    per_case_hour: int = 120


@dataclass(frozen=True, slots=True)
class Policy:
    """What one data owner permits, over all its datasets.

    Attributes:
        party: the owner.
        version: the owner's own mark of this policy.
        rules: the permissions; what none of them names is sealed.
        rate: how often the node answers.
        subjects_per_case: how many people or enterprises, the applicant apart, one case may
            concern at this node.
        max_rows: rows of one answer.
    """

    party: str
    version: str
    rules: tuple[Rule, ...]
    rate: Rate = Rate()
    subjects_per_case: int = 1
    max_rows: int = 1000

    def rules_for(self, dataset: str, purpose: str) -> tuple[Rule, ...]:
        """Return the rules for one dataset and purpose."""
        return tuple(r for r in self.rules if r.dataset == dataset and r.purpose == purpose)

    def to_json(self) -> dict[str, object]:
        """Return the policy as its file holds it."""
        return {
            "party": self.party,
            "version": self.version,
            "rate": {
                "per_minute": self.rate.per_minute,
                "per_case_hour": self.rate.per_case_hour,
            },
            "subjects_per_case": self.subjects_per_case,
            "max_rows": self.max_rows,
            "rules": [
                {
                    "dataset": r.dataset,
                    "purpose": r.purpose,
                    "relations": list(r.relations),
                    "uses": {column: list(p) for column, p in r.uses.items()},
                }
                for r in self.rules
            ],
        }


def load_policy(path: Path, catalog: Catalog) -> Policy:
    """Read a policy file.

    Raises:
        PolicyUnreadable: no such file, or no JSON.
        Findings: everything that is wrong with it, each with its JSON pointer.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValueError):
        raise PolicyUnreadable(file=path.name) from None
    return read_policy(document, catalog)


def read_policy(document: object, catalog: Catalog) -> Policy:
    """Turn a policy document into a `Policy`, checked against schema, ledger and ceiling.

    Raises:
        Findings: everything that is wrong with it, each with its JSON pointer.
    """
    findings: list[Fault] = [
        PolicySchema(where=_pointer(e.absolute_path), problem=e.message[:200])
        for e in sorted(_validator().iter_errors(document), key=lambda e: list(map(str, e.path)))
    ]
    if findings:
        raise Findings(findings)
    policy = _policy(cast("dict[str, Any]", document))
    findings = [f for n, rule in enumerate(policy.rules) for f in _check(policy, n, rule, catalog)]
    if findings:
        raise Findings(findings)
    return policy


def _policy(document: Mapping[str, Any]) -> Policy:
    rate = document.get("rate", {})
    default = Rate()
    return Policy(
        party=document["party"],
        version=document["version"],
        rules=tuple(
            Rule(
                dataset=r["dataset"],
                purpose=r["purpose"],
                relations=tuple(r["relations"]),
                uses=MappingProxyType({c: tuple(p) for c, p in r["uses"].items()}),
            )
            for r in document["rules"]
        ),
        rate=Rate(
            rate.get("per_minute", default.per_minute),
            rate.get("per_case_hour", default.per_case_hour),
        ),
        subjects_per_case=document.get("subjects_per_case", 1),
        max_rows=document.get("max_rows", 1000),
    )


def _check(policy: Policy, number: int, rule: Rule, catalog: Catalog) -> Iterator[Fault]:
    at = f"/rules/{number}"
    if not PURPOSES[rule.purpose].is_served:
        yield PurposeNotServed(purpose=rule.purpose, served=served(), where=f"{at}/purpose")
    dataset = catalog.find(rule.dataset)
    if dataset is None or dataset.party != policy.party:
        yield PolicyForeignDataset(dataset=rule.dataset, party=policy.party, where=f"{at}/dataset")
        return
    if dataset.subject_key is None:
        yield PolicyNoSubjectKey(dataset=rule.dataset, where=f"{at}/dataset")
    known = {f.name: f for f in dataset.fields}
    for column, positions in rule.uses.items():
        here = f"{at}/uses/{column}"
        if column not in known:
            yield PolicyFieldUnknown(field=column, nearest=_nearest(column, known), where=here)
            continue
        yield from _above(rule, column, positions, known[column].grade, here)


def _above(
    rule: Rule,
    column: str,
    positions: tuple[str, ...],
    grade: Any,
    here: str,
) -> Iterator[Fault]:
    for relation in rule.relations:
        allowed = ceiling(rule.purpose, grade, relation)
        over = tuple(p for p in positions if p not in allowed)
        if over:
            yield PolicyAboveCeiling(
                field=column, grade=str(grade), relation=relation, positions=over, where=here
            )


def _nearest(name: str, known: Mapping[str, object]) -> str:
    return next(iter(difflib.get_close_matches(name, known, n=1, cutoff=0.0)), "")


def _pointer(path: Any) -> str:
    return "".join(f"/{str(p).replace('~', '~0').replace('/', '~1')}" for p in path)


@cache
def _validator() -> Draft202012Validator:
    from jsonschema import Draft202012Validator

    schema = json.loads(resource("specs/schema/policy.schema.json").read_text(encoding="utf-8"))
    return Draft202012Validator(schema)
