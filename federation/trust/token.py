"""Say whose record a case concerns: the case token, the statement that it runs, the sealed answer.

All three are sealed bytes. The *case issuer* seals tokens and statements with a key that is not the
hub's; a node seals its answers. Who reads one checks it against its own trust list.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from federation.crypto import Signer, seal
from federation.trust.errors import (
    AnswerForged,
    CaseClosed,
    StatementForged,
    StatementStale,
    TokenExpired,
    TokenForged,
)
from federation.trust.seal import (
    Trusted,
    mapping,
    moment,
    open_kind,
    optional_text,
    text,
    texts,
)

__all__ = [
    "CLAIMED",
    "SELF",
    "STATEMENT_LIFE",
    "CaseToken",
    "Established",
    "SealedAnswer",
    "Statement",
    "SubjectClaim",
    "open_answer",
    "open_statement",
    "open_token",
    "read_statement",
]

SELF = "self"
"""The subject is the applicant."""
CLAIMED = "claimed"
"""The applicant says so; nothing has confirmed it. Good for a `verify` of the relation only."""

STATEMENT_LIFE = timedelta(minutes=10)
"""How old a statement that a case is running may be."""

_SKEW = timedelta(minutes=1)
_TOKEN = "case-token"  # noqa: S105 - a word, not a secret
_STATEMENT = "case-statement"
_ANSWER = "answer"


@dataclass(frozen=True, slots=True)
class SubjectClaim:
    """A subject as a case declares it when it is opened.

    Attributes:
        id: the subject's id in the spec, e.g. ``deceased``.
        kind: ``person`` or ``enterprise``.
        relation: what the subject is to the applicant once established, e.g. ``kin``; ``self`` for
            the applicant, whose key is then the ticket's.
        fields: field ids of the ledger that the matter may use of this subject, at most.
    """

    id: str
    kind: str
    relation: str
    fields: tuple[str, ...]

    def to_json(self) -> dict[str, object]:
        """Return the claim as it travels."""
        return {
            "id": self.id,
            "kind": self.kind,
            "relation": self.relation,
            "fields": list(self.fields),
        }


@dataclass(frozen=True, slots=True)
class Established:
    """How the issuer knows the relation between applicant and subject.

    Attributes:
        by: ``sign-in``, ``applicant`` (a claim), or the party whose node confirmed it.
        at: when it was established.
        reference: hash of the sealed answer that established it.
    """

    by: str
    at: datetime
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class CaseToken:
    """The issuer's word that one running case concerns one subject, and for which fields.

    Attributes:
        id: random, names this token in sealed answers.
        issuer: the issuer's name, as it calls itself.
        case: case number.
        scenario: hash of the scenario the case runs by.
        legal_basis: ids of the legal bases the matter states.
        subject: the subject's id in the spec.
        kind: ``person`` or ``enterprise``.
        key: the subject's ID number or credit code.
        applicant: the applicant's ID number.
        relation: ``self``, ``claimed`` or the established relation.
        established: how the relation is known.
        fields: field ids of the ledger that may be used, at most.
        issued: when it was sealed.
        expires: until when it may be shown.
    """

    id: str
    issuer: str
    case: str
    scenario: str
    legal_basis: tuple[str, ...]
    subject: str
    kind: str
    key: str
    applicant: str
    relation: str
    established: Established
    fields: tuple[str, ...]
    issued: datetime
    expires: datetime

    def seal(self, signer: Signer) -> dict[str, object]:
        """Return the token sealed by the issuer."""
        how = self.established
        return seal(
            {
                "kind": _TOKEN,
                "id": self.id,
                "issuer": self.issuer,
                "case": self.case,
                "scenario": self.scenario,
                "legal_basis": list(self.legal_basis),
                "subject": {"id": self.subject, "kind": self.kind, "key": self.key},
                "applicant": self.applicant,
                "relation": self.relation,
                "established": {
                    "by": how.by,
                    "at": how.at.isoformat(),
                    "reference": how.reference,
                },
                "fields": list(self.fields),
                "issued": self.issued.isoformat(),
                "expires": self.expires.isoformat(),
            },
            signer,
        )


@dataclass(frozen=True, slots=True)
class Statement:
    """The issuer's word, minutes old, that a case is running or closed."""

    issuer: str
    case: str
    running: bool
    at: datetime

    def seal(self, signer: Signer) -> dict[str, object]:
        """Return the statement sealed by the issuer."""
        return seal(
            {
                "kind": _STATEMENT,
                "issuer": self.issuer,
                "case": self.case,
                "running": self.running,
                "at": self.at.isoformat(),
            },
            signer,
        )


@dataclass(frozen=True, slots=True)
class SealedAnswer:
    """What a node answered, in its own seal: the receipt of every use, the proof of a `verify`.

    Attributes:
        party: the node's party.
        entry: the node's journal entry, ``"<party>#<seq>"``.
        fragment: hash of the sealed fragment that was answered.
        token: id of the case token shown.
        case: case number.
        subject: the subject's id in the case.
        purpose: the purpose answered for.
        dataset: dataset id.
        at: when it was answered.
        applicant_columns: columns that the question compared with the applicant's own ID number.
        answer: yes or no, for purpose ``verify``.
        reference: the reference number, for purpose ``verify``.
    """

    party: str
    entry: str
    fragment: str
    token: str
    case: str
    subject: str
    purpose: str
    dataset: str
    at: datetime
    applicant_columns: tuple[str, ...] = ()
    answer: bool | None = None
    reference: str | None = None

    def seal(self, signer: Signer) -> dict[str, object]:
        """Return the answer sealed by the node."""
        return seal(
            {
                "kind": _ANSWER,
                "party": self.party,
                "entry": self.entry,
                "fragment": self.fragment,
                "token": self.token,
                "case": self.case,
                "subject": self.subject,
                "purpose": self.purpose,
                "dataset": self.dataset,
                "at": self.at.isoformat(),
                "applicant_columns": list(self.applicant_columns),
                "answer": self.answer,
                "reference": self.reference,
            },
            signer,
        )


def open_token(sealed: Mapping[str, object], issuers: Trusted, now: datetime) -> CaseToken:
    """Return a case token whose seal and time hold.

    Raises:
        TokenForged: sealed by no issuer this list trusts, or changed since.
        TokenExpired: shown too late (or before it was issued).
    """
    name, body = open_kind(sealed, issuers, _TOKEN, TokenForged)
    token = _token(body)
    if token.issuer != name:
        raise TokenForged
    if not token.issued - _SKEW <= now < token.expires:
        raise TokenExpired(case=token.case)
    return token


def open_statement(
    sealed: Mapping[str, object], issuers: Trusted, case: str, now: datetime
) -> Statement:
    """Return a statement of these last ten minutes that this case is running.

    Raises:
        StatementForged: sealed by no trusted issuer, changed since, or about another case.
        StatementStale: older than ten minutes.
        CaseClosed: the issuer says that the case has ended.
    """
    statement = read_statement(sealed, issuers)
    if statement.case != case:
        raise StatementForged
    if not statement.at - _SKEW <= now <= statement.at + STATEMENT_LIFE:
        raise StatementStale(case=case)
    if not statement.running:
        raise CaseClosed(case=case)
    return statement


def read_statement(sealed: Mapping[str, object], issuers: Trusted) -> Statement:
    """Return a statement of any age and content whose seal holds."""
    name, body = open_kind(sealed, issuers, _STATEMENT, StatementForged)
    running = body.get("running")
    if text(body, "issuer") != name or not isinstance(running, bool):
        raise StatementForged
    return Statement(name, text(body, "case"), running, moment(body, "at"))


def open_answer(sealed: Mapping[str, object], nodes: Trusted) -> SealedAnswer:
    """Return what a node sealed as its answer; the seal's owner is the party named in it.

    Raises:
        AnswerForged: sealed by no trusted node, changed since, or naming another party.
    """
    name, body = open_kind(sealed, nodes, _ANSWER, AnswerForged)
    answer = body.get("answer")
    if text(body, "party") != name or not (answer is None or isinstance(answer, bool)):
        raise AnswerForged
    return SealedAnswer(
        party=name,
        entry=text(body, "entry"),
        fragment=text(body, "fragment"),
        token=text(body, "token"),
        case=text(body, "case"),
        subject=text(body, "subject"),
        purpose=text(body, "purpose"),
        dataset=text(body, "dataset"),
        at=moment(body, "at"),
        applicant_columns=texts(body, "applicant_columns"),
        answer=answer,
        reference=optional_text(body, "reference"),
    )


def _token(body: Mapping[str, object]) -> CaseToken:
    subject, how = mapping(body, "subject"), mapping(body, "established")
    return CaseToken(
        id=text(body, "id"),
        issuer=text(body, "issuer"),
        case=text(body, "case"),
        scenario=text(body, "scenario"),
        legal_basis=texts(body, "legal_basis"),
        subject=text(subject, "id"),
        kind=text(subject, "kind"),
        key=text(subject, "key"),
        applicant=text(body, "applicant"),
        relation=text(body, "relation"),
        established=Established(
            text(how, "by"), moment(how, "at"), optional_text(how, "reference")
        ),
        fields=texts(body, "fields"),
        issued=moment(body, "issued"),
        expires=moment(body, "expires"),
    )
