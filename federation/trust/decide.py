"""Decide whether a use of data is allowed: a pure function that collects every reason against it.

Hub and node both call it, each with the request that its own code derived: the hub from the SQL it
parsed, the node from the scan it was sent. The node's word is the one that counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from federation.errors import Fault, Findings
from federation.ledger import Catalog, Dataset
from federation.trust.errors import (
    AboveCeiling,
    DatasetNotOffered,
    GrantExpired,
    GrantFields,
    GrantNotYet,
    GrantOther,
    GrantRevoked,
    GrantScenario,
    GrantUsedUp,
    NotGranted,
    PolicyFields,
    PolicyNone,
    PurposeNotServed,
    RelationNotEnough,
    SubjectKeyNone,
    TokenFields,
    TokenMissing,
)
from federation.trust.grant import Grant, Uses
from federation.trust.policy import Policy, Rule
from federation.trust.position import ceiling, is_covered
from federation.trust.purpose import PURPOSES, served
from federation.trust.token import CLAIMED, CaseToken

__all__ = ["Decision", "Request", "decide"]


@dataclass(frozen=True, slots=True)
class Request:
    """One use of data that somebody wants to make.

    Attributes:
        hub: the hub that asks.
        purpose: purpose id.
        dataset: dataset id.
        uses: column → positions wanted.
        token: whose record it is; None where none was shown.
        used: how often the grant has been used so far.
    """

    hub: str
    purpose: str
    dataset: str
    uses: Mapping[str, frozenset[str]]
    token: CaseToken | None
    used: int = 0


@dataclass(frozen=True, slots=True)
class Decision:
    """Yes, or no with every reason.

    >>> Decision(()).allowed
    True
    """

    reasons: tuple[Fault, ...]

    @property
    def allowed(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.reasons

    def require(self) -> None:
        """Do nothing if allowed; raise the one reason, or all of them as findings."""
        if len(self.reasons) == 1:
            raise self.reasons[0]
        if self.reasons:
            raise Findings(self.reasons)


def decide(
    request: Request,
    grant: Grant | None,
    policy: Policy | None,
    catalog: Catalog,
    now: datetime,
) -> Decision:
    """Say whether a use is allowed, with every reason if not.

    Args:
        request: what is wanted.
        grant: the grant shown; None when there is none.
        policy: the owner's policy; None where it is not known (a hub before its first offer):
            the node decides anyway.
        catalog: the ledger.
        now: the moment of the decision.
    """
    purpose = PURPOSES.get(request.purpose)
    if purpose is None or not purpose.is_served:
        return Decision((PurposeNotServed(purpose=request.purpose, served=served()),))
    dataset = catalog.find(request.dataset)
    if dataset is None:
        return Decision((DatasetNotOffered(dataset=request.dataset),))
    return Decision(
        (
            *_by_subject(request, dataset),
            *_by_grant(request, grant, dataset, now),
            *(() if policy is None else _by_policy(request, policy)),
            *_by_grade(request, dataset),
        )
    )


def _by_subject(request: Request, dataset: Dataset) -> Iterator[Fault]:
    if dataset.subject_key is None:
        yield SubjectKeyNone(dataset=dataset.id)
    if request.token is None:
        yield TokenMissing(purpose=request.purpose)
        return
    ids = {f"{dataset.id}.{column}": column for column in request.uses}
    beyond = tuple(column for field, column in ids.items() if field not in request.token.fields)
    if beyond:
        yield TokenFields(case=request.token.case, dataset=dataset.id, fields=beyond)


def _by_grant(
    request: Request, grant: Grant | None, dataset: Dataset, now: datetime
) -> Iterator[Fault]:
    if grant is None or grant.hub != request.hub or grant.state in ("asked", "refused"):
        yield NotGranted(purpose=request.purpose, dataset=dataset.id, party=dataset.party)
        return
    yield from _by_time(request, grant, now)
    given = grant.ask
    if (given.dataset, given.purpose) != (dataset.id, request.purpose):
        yield GrantOther(
            grant=grant.id, granted_purpose=given.purpose, granted_dataset=given.dataset
        )
        return
    beyond = _uncovered(request.uses, given.uses)
    if beyond:
        yield GrantFields(grant=grant.id, dataset=dataset.id, fields=beyond)
    if given.scenario and request.token and request.token.scenario != given.scenario:
        yield GrantScenario(grant=grant.id)


def _by_time(request: Request, grant: Grant, now: datetime) -> Iterator[Fault]:
    given = grant.ask
    if grant.state == "revoked":
        yield GrantRevoked(grant=grant.id, party=given.owner)
    elif grant.state_at(now) == "expired":
        yield GrantExpired(grant=grant.id, day=given.valid_to.date().isoformat())
    elif now < given.valid_from:
        yield GrantNotYet(grant=grant.id, day=given.valid_from.date().isoformat())
    if given.max_uses is not None and request.used >= given.max_uses:
        yield GrantUsedUp(grant=grant.id, max_uses=given.max_uses)


def _by_policy(request: Request, policy: Policy) -> Iterator[Fault]:
    rules = policy.rules_for(request.dataset, request.purpose)
    if not rules:
        yield PolicyNone(party=policy.party, dataset=request.dataset, purpose=request.purpose)
        return
    if request.token is None:
        return
    relation = request.token.relation
    fitting = tuple(r for r in rules if relation in r.relations)
    if not fitting:
        yield RelationNotEnough(party=policy.party, dataset=request.dataset, relation=relation)
        return
    beyond = _uncovered(request.uses, _merged(fitting))
    if beyond:
        yield PolicyFields(party=policy.party, dataset=request.dataset, fields=beyond)


def _by_grade(request: Request, dataset: Dataset) -> Iterator[Fault]:
    relation = request.token.relation if request.token else CLAIMED
    known = {field.name: field for field in dataset.fields}
    for column, positions in request.uses.items():
        field = known.get(column)
        if field is None:
            yield DatasetNotOffered(dataset=f"{dataset.id}.{column}")
        elif request.token and not positions <= ceiling(request.purpose, field.grade, relation):
            yield AboveCeiling(field=column, grade=str(field.grade), purpose=request.purpose)


def _merged(rules: tuple[Rule, ...]) -> Uses:
    merged: dict[str, tuple[str, ...]] = {}
    for rule in rules:
        for column, positions in rule.uses.items():
            merged[column] = merged.get(column, ()) + positions
    return merged


def _uncovered(wanted: Mapping[str, frozenset[str]], permitted: Uses) -> tuple[str, ...]:
    return tuple(
        column
        for column, positions in wanted.items()
        if not all(is_covered(p, permitted.get(column, ())) for p in positions)
    )
