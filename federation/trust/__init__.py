"""Decide who may use what, for which purpose, about whom, and by whose approval.

`Principal` and its sign-in ticket, the `PURPOSES`, `Grant` (asked by a hub, sealed by the owner's
steward), `Policy` (what an owner permits at all), the pure `decide`, and the case token: the word
of the *case issuer* that a running case concerns one subject. The issuer itself is
`federation.trust.issuer`, a WSGI callable with its own key and store.
"""

from federation.trust.decide import Decision, Request, decide
from federation.trust.grant import Grant, GrantAsk, GrantState, Revocation
from federation.trust.policy import Policy, Rate, Rule, load_policy, read_policy
from federation.trust.position import APPLICANT, EQ, IN, POSITIONS, PROJECT, REFERENCE, ceiling
from federation.trust.principal import Principal, Ticket, open_ticket, sign_in_ticket
from federation.trust.purpose import PURPOSES, Purpose
from federation.trust.seal import Trusted
from federation.trust.token import (
    CLAIMED,
    SELF,
    STATEMENT_LIFE,
    CaseToken,
    Established,
    SealedAnswer,
    Statement,
    SubjectClaim,
    open_answer,
    open_statement,
    open_token,
)

__all__ = [
    "APPLICANT",
    "CLAIMED",
    "EQ",
    "IN",
    "POSITIONS",
    "PROJECT",
    "PURPOSES",
    "REFERENCE",
    "SELF",
    "STATEMENT_LIFE",
    "CaseToken",
    "Decision",
    "Established",
    "Grant",
    "GrantAsk",
    "GrantState",
    "Policy",
    "Principal",
    "Purpose",
    "Rate",
    "Request",
    "Revocation",
    "Rule",
    "SealedAnswer",
    "Statement",
    "SubjectClaim",
    "Ticket",
    "Trusted",
    "ceiling",
    "decide",
    "load_policy",
    "open_answer",
    "open_statement",
    "open_ticket",
    "open_token",
    "read_policy",
    "sign_in_ticket",
]
