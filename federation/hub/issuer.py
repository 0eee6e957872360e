"""Reach the case issuer: open a case, name its subjects, fetch tokens and statements, close it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from federation.link import Link, ask_json
from federation.link.errors import LinkGarbled
from federation.trust import SubjectClaim
from federation.trust.request import Desk

__all__ = ["IssuerClient"]

_TIMEOUT_S = 10.0
_VERIFY_S = 300.0


@dataclass(frozen=True, slots=True)
class IssuerClient:
    """The hub's way to the case issuer.

    Attributes:
        name: the issuer's name, to which requests are addressed.
        public_key: the issuer's key, by which the hub reads its own tokens.
        link: the way to its WSGI callable.
        desk: where the hub seals its requests.
    """

    name: str
    public_key: str
    link: Link
    desk: Desk

    def open_case(
        self,
        case: str,
        scenario: str,
        legal_basis: Sequence[str],
        ticket: Mapping[str, object],
        subjects: Sequence[SubjectClaim],
    ) -> None:
        """Register a case of the person who signed in; saying the same again changes nothing.

        Raises:
            TicketForged, TicketExpired, TicketNameless: the sign-in does not hold.
            CaseTaken: the number is registered with other content.
            RateExceeded: this applicant opened too many cases.
        """
        self._ask(
            "case-open",
            {
                "case": case,
                "scenario": scenario,
                "legal_basis": list(legal_basis),
                "ticket": dict(ticket),
                "subjects": [s.to_json() for s in subjects],
            },
        )

    def declare(self, case: str, subject: str, key: str) -> None:
        """Say which person or enterprise a subject is; good for once.

        Raises:
            SubjectSecond: it was said before, and otherwise.
            SubjectUnknown, CaseUnknown, CaseClosed: there is nothing to declare it on.
            RateExceeded: this applicant named too many people.
        """
        self._ask("case-declare", {"case": case, "subject": subject, "key": key})

    def establish(self, case: str, subject: str, answer: Mapping[str, object]) -> str:
        """Show a node's sealed `verify` answer as proof of the relation; return the relation.

        Raises:
            AnswerForged: no trusted node sealed it.
            AnswerOther: it is about another case, subject or token.
            AnswerUnproven: it says no, or cannot prove this relation.
        """
        said = self._ask(
            "case-establish", {"case": case, "subject": subject, "answer": dict(answer)}
        )
        return str(said.get("relation", ""))

    def token(self, case: str, subject: str, fields: Sequence[str]) -> Mapping[str, object]:
        """Return a sealed case token for these fields of one subject.

        Raises:
            CaseUnknown, CaseClosed, SubjectUnknown, SubjectUndeclared: there is no such record.
            TokenFields: fields that the case did not declare when it was opened.
            RateExceeded: too many tokens for one case.
        """
        said = self._ask("case-token", {"case": case, "subject": subject, "fields": list(fields)})
        return self._sealed(said, "token")

    def statement(self, case: str) -> Mapping[str, object]:
        """Return a sealed statement, of now, whether the case is running."""
        return self._sealed(self._ask("case-statement", {"case": case}), "statement")

    def close(self, case: str) -> Mapping[str, object]:
        """End a case for good; return the sealed statement that it is closed."""
        return self._sealed(self._ask("case-close", {"case": case}), "statement")

    def verify_journal(self) -> Mapping[str, object]:
        """Have the issuer verify its own journal; return what it found."""
        return self._ask("verify-journal", {}, timeout_s=_VERIFY_S)

    def _ask(
        self, kind: str, args: Mapping[str, object], *, timeout_s: float = _TIMEOUT_S
    ) -> Mapping[str, object]:
        document = self.desk.request(kind, self.name, args)
        return ask_json(self.link, f"/v1/{kind}", document, timeout_s=timeout_s)

    def _sealed(self, said: Mapping[str, object], key: str) -> Mapping[str, object]:
        sealed = said.get(key)
        if not isinstance(sealed, dict):
            raise LinkGarbled(party=self.link.party)
        return cast("Mapping[str, object]", sealed)
