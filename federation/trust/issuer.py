"""Vouch for cases: the case issuer, a WSGI callable with its own key and its own store.

In a city this is a service of the identity provider; in the demo it is embedded beside the hub, and
its key is not the hub's. It opens a case only for a person who signed in (a ticket sealed by the
identity key), binds each subject of the case to one ID number, and calls a relation established
only on a `verify` answer that a department's node sealed for this very case, subject and
applicant.

What it does not resist: a hub and an issuer that collude.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from sqlalchemy import Connection, Engine, RowMapping

from federation.audit import Entry, Journal
from federation.crypto import KeyStore, Pseudonymiser, Signer, canonical, sm3
from federation.link.service import json_answer, peer_of, read_document, service
from federation.store import migrate, open_engine, sqlite_url, write
from federation.trust import issuer_store as store
from federation.trust.errors import (
    AnswerOther,
    AnswerUnproven,
    CaseClosed,
    CaseTaken,
    DocumentMalformed,
    RateExceeded,
    RelationNotEstablished,
    SubjectSecond,
    SubjectUndeclared,
    TokenFields,
)
from federation.trust.principal import open_ticket
from federation.trust.request import Incoming, open_request
from federation.trust.seal import Trusted, mapping, text, texts
from federation.trust.token import (
    CLAIMED,
    SELF,
    CaseToken,
    Established,
    SealedAnswer,
    Statement,
    SubjectClaim,
    open_answer,
)

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication
    from werkzeug.wrappers import Request, Response

__all__ = ["CaseIssuer", "IssuerConfig", "Limits", "Proof"]

_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
_MOST_SUBJECTS = 16
_KEY_SIZE = 64


@dataclass(frozen=True, slots=True)
class Proof:
    """What the issuer takes as proof of a relation.

    Attributes:
        relation: e.g. ``kin``.
        party: whose node must have answered.
        dataset: which dataset the answer must come from.
        applicant_column: the column that must have been compared with the applicant's ID number.
    """

    relation: str
    party: str
    dataset: str
    applicant_column: str


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one applicant, or one case, may ask for.

    Attributes:
        cases_per_day: cases one applicant may open.
        subjects_per_day: people or enterprises one applicant may name.
        tokens_per_case_hour: tokens one case may take in an hour.
    """

    cases_per_day: int = 50
    subjects_per_day: int = 50
    tokens_per_case_hour: int = 240


@dataclass(frozen=True, slots=True)
class IssuerConfig:
    """Whom the issuer trusts, and for what.

    Attributes:
        name: what it calls itself; nodes list its key under this name.
        identities: identity providers, whose tickets open cases.
        hubs: hubs that may ask.
        nodes: party → its node's key, whose answers may prove a relation.
        proofs: what proves which relation.
        limits: rate limits.
        token_life: how long a token is good.
    """

    name: str
    identities: Trusted
    hubs: Trusted
    nodes: Trusted
    proofs: tuple[Proof, ...]
    limits: Limits = Limits()
    token_life: timedelta = timedelta(hours=1)


_Args: TypeAlias = Mapping[str, object]


class CaseIssuer:
    """The case issuer."""

    def __init__(
        self,
        config: IssuerConfig,
        *,
        engine: Engine,
        signer: Signer,
        pseudonym_key: bytes,
        clock: Callable[[], datetime],
    ) -> None:
        self._config = config
        self._engine = engine
        self._signer = signer
        self._pseudonyms = Pseudonymiser(pseudonym_key)
        self._clock = clock
        self.journal = Journal(engine, store.issuer_entry, signer, name=f"issuer:{config.name}")
        self.app: WSGIApplication = service(config.name, self._routes())

    @classmethod
    def open(
        cls, folder: Path, config: IssuerConfig, *, clock: Callable[[], datetime]
    ) -> CaseIssuer:
        """Open the issuer that lives in a folder: its keys, and its store brought up to date."""
        folder.mkdir(parents=True, exist_ok=True)
        keys = KeyStore(folder / "keys")
        engine = open_engine(sqlite_url(folder / "issuer.db"))
        migrate(engine, store.issuer_tree)
        return cls(
            config,
            engine=engine,
            signer=keys.signer("issuer"),
            pseudonym_key=keys.secret("pseudonym"),
            clock=clock,
        )

    def reconfigure(self, config: IssuerConfig) -> None:
        """Believe whom a new configuration names, from the next request on."""
        self._config = config

    @property
    def name(self) -> str:
        """What it calls itself."""
        return self._config.name

    @property
    def public_key(self) -> str:
        """The key that nodes must trust for its tokens."""
        return self._signer.public_key

    def close(self) -> None:
        """Let go of the store."""
        self._engine.dispose()

    # ── the doors ──────────────────────────────────────────────────────────────────────────────

    def _routes(self) -> dict[tuple[str, str], Callable[[Request], Response]]:
        acts: dict[str, Callable[[Connection, str, _Args, datetime], dict[str, object]]] = {
            "case-open": self._open,
            "case-declare": self._declare,
            "case-establish": self._establish,
            "case-token": self._token,
            "case-statement": self._statement,
            "case-close": self._close,
        }
        routes: dict[tuple[str, str], Callable[[Request], Response]] = {
            ("POST", f"/v1/{kind}"): self._door(kind, act) for kind, act in acts.items()
        }
        routes["POST", "/v1/verify-journal"] = self._verify
        routes["GET", "/v1/health"] = self._health
        return routes

    def _door(
        self, kind: str, act: Callable[[Connection, str, _Args, datetime], dict[str, object]]
    ) -> Callable[[Request], Response]:
        def handle(request: Request) -> Response:
            now = self._clock()
            incoming = self._incoming(request, kind, now)
            with write(self._engine) as conn:
                store.spend_nonce(conn, incoming, now)
                return json_answer(act(conn, incoming.hub, incoming.args, now))

        return handle

    def _incoming(self, request: Request, kind: str, now: datetime) -> Incoming:
        return open_request(
            read_document(request),
            self._config.hubs,
            kind=kind,
            to=self.name,
            peer=peer_of(request),
            now=now,
        )

    def _verify(self, request: Request) -> Response:
        """Verify the issuer's own journal, byte by byte; only a trusted hub may ask."""
        now = self._clock()
        incoming = self._incoming(request, "verify-journal", now)
        with write(self._engine) as conn:
            store.spend_nonce(conn, incoming, now)
        return json_answer({"party": self.name, "report": self.journal.verify(now).to_json()})

    def _health(self, request: Request) -> Response:
        del request
        now = self._clock().isoformat()
        return json_answer({"issuer": self.name, "running": True, "now": now})

    # ── what it does ───────────────────────────────────────────────────────────────────────────

    def _open(self, conn: Connection, hub: str, args: _Args, now: datetime) -> dict[str, object]:
        case = text(args, "case")
        ticket = open_ticket(mapping(args, "ticket"), self._config.identities, now)
        claims = _claims(args)
        scenario, basis = text(args, "scenario"), texts(args, "legal_basis")
        known = store.case_row(conn, case)
        if known is not None:
            said = (hub, scenario, list(basis), ticket.person_key)
            kept = tuple(known[k] for k in ("hub", "scenario", "legal_basis", "applicant"))
            if said != kept or claims != _kept_claims(store.subjects_of(conn, case)):
                raise CaseTaken(case=case)
            return {"case": case}
        opened = store.count_cases(conn, ticket.person_key, now - _DAY)
        _limit(opened, self._config.limits.cases_per_day, minutes=24 * 60)
        row = {
            "case_no": case,
            "hub": hub,
            "scenario": scenario,
            "legal_basis": list(basis),
            "account": ticket.account,
            "applicant": ticket.person_key,
            "opened_at": now,
        }
        store.add_case(conn, row, [_subject_row(case, c, ticket.person_key, now) for c in claims])
        self._note(conn, "case-opened", now, case, actor=ticket.account, scenario=scenario)
        return {"case": case}

    def _declare(self, conn: Connection, hub: str, args: _Args, now: datetime) -> dict[str, object]:
        case, name, key = text(args, "case"), text(args, "subject"), text(args, "key")
        row = self._running(conn, hub, case)
        subject = store.subject_of(conn, case, name)
        if len(key) > _KEY_SIZE or not key.isprintable():
            raise DocumentMalformed(where="/key")
        if subject["key"] is not None:
            if subject["key"] != key:
                raise SubjectSecond(case=case)
            return {"subject": name}
        declared = store.count_declared(conn, row["applicant"], now - _DAY)
        _limit(declared, self._config.limits.subjects_per_day, minutes=24 * 60)
        store.set_subject(conn, case, name, key=key, declared_at=now)
        self._note(
            conn,
            "subject-declared",
            now,
            case,
            actor=row["account"],
            subject=name,
            pseudonym=self._pseudonyms.of(key),
        )
        return {"subject": name}

    def _establish(
        self, conn: Connection, hub: str, args: _Args, now: datetime
    ) -> dict[str, object]:
        case, name = text(args, "case"), text(args, "subject")
        row = self._running(conn, hub, case)
        subject = store.subject_of(conn, case, name)
        if subject["established_by"] is not None:
            return {"relation": subject["relation"]}
        sealed = mapping(args, "answer")
        answer = open_answer(sealed, self._config.nodes)
        if (answer.case, answer.subject) != (case, name) or not store.token_is_of(
            conn, answer.token, case, name
        ):
            raise AnswerOther(case=case, subject=name)
        self._check_proof(answer, subject["relation"], now)
        reference = sm3(canonical(sealed))
        store.set_subject(
            conn,
            case,
            name,
            established_by=answer.party,
            established_at=answer.at,
            reference=reference,
        )
        self._note(
            conn,
            "relation-established",
            now,
            case,
            actor=row["account"],
            subject=name,
            relation=subject["relation"],
            by=answer.party,
            answer=reference,
        )
        return {"relation": subject["relation"]}

    def _token(self, conn: Connection, hub: str, args: _Args, now: datetime) -> dict[str, object]:
        case, name, fields = text(args, "case"), text(args, "subject"), texts(args, "fields")
        row = self._running(conn, hub, case)
        subject = store.subject_of(conn, case, name)
        if subject["key"] is None:
            raise SubjectUndeclared(case=case, subject=name)
        self._check_fields(subject, case, fields)
        given = store.count_tokens(conn, case, now - _HOUR)
        _limit(given, self._config.limits.tokens_per_case_hour, minutes=60)
        token = self._made_token(row, subject, fields, now)
        store.add_token(conn, token.id, case, name, now)
        self._note(
            conn,
            "token-given",
            now,
            case,
            actor=row["account"],
            subject=name,
            relation=token.relation,
            fields=list(fields),
            token=token.id,
        )
        return {"token": token.seal(self._signer)}

    def _statement(
        self, conn: Connection, hub: str, args: _Args, now: datetime
    ) -> dict[str, object]:
        row = store.case_of(conn, hub, text(args, "case"))
        running = row["closed_at"] is None
        statement = Statement(self.name, row["case_no"], running, now)
        return {"statement": statement.seal(self._signer)}

    def _close(self, conn: Connection, hub: str, args: _Args, now: datetime) -> dict[str, object]:
        row = store.case_of(conn, hub, text(args, "case"))
        if row["closed_at"] is None:
            store.end_case(conn, row["case_no"], now)
            self._note(conn, "case-closed", now, row["case_no"], actor=row["account"])
        return {"statement": Statement(self.name, row["case_no"], False, now).seal(self._signer)}

    # ── checks ─────────────────────────────────────────────────────────────────────────────────

    def _running(self, conn: Connection, hub: str, case: str) -> RowMapping:
        row = store.case_of(conn, hub, case)
        if row["closed_at"] is not None:
            raise CaseClosed(case=case)
        return row

    def _check_proof(self, answer: SealedAnswer, relation: str, now: datetime) -> None:
        proven = any(
            (p.relation, p.party, p.dataset) == (relation, answer.party, answer.dataset)
            and p.applicant_column in answer.applicant_columns
            for p in self._config.proofs
        )
        fresh = answer.at - timedelta(minutes=1) <= now < answer.at + self._config.token_life
        if not (proven and fresh and answer.purpose == "verify" and answer.answer is True):
            raise AnswerUnproven(relation=relation)

    def _check_fields(self, subject: RowMapping, case: str, fields: tuple[str, ...]) -> None:
        """Before a relation is established, a token is good for proving it and for nothing else."""
        beyond = tuple(f for f in fields if f not in subject["fields"])
        if beyond or not fields:
            raise TokenFields(case=case, dataset=subject["subject"], fields=beyond)
        if subject["relation"] == SELF or subject["established_by"] is not None:
            return
        proving = {p.dataset for p in self._config.proofs if p.relation == subject["relation"]}
        if not all(f.rpartition(".")[0] in proving for f in fields):
            raise RelationNotEstablished(case=case, subject=subject["subject"])

    def _made_token(
        self, row: RowMapping, subject: RowMapping, fields: tuple[str, ...], now: datetime
    ) -> CaseToken:
        is_known = subject["established_by"] is not None
        return CaseToken(
            id=secrets.token_hex(16),
            issuer=self.name,
            case=row["case_no"],
            scenario=row["scenario"],
            legal_basis=tuple(row["legal_basis"]),
            subject=subject["subject"],
            kind=subject["kind"],
            key=subject["key"],
            applicant=row["applicant"],
            relation=subject["relation"] if is_known else CLAIMED,
            established=Established(
                by=subject["established_by"] or "applicant",
                at=subject["established_at"] or subject["declared_at"],
                reference=subject["reference"],
            ),
            fields=fields,
            issued=now,
            expires=now + self._config.token_life,
        )

    def _note(
        self, conn: Connection, kind: str, now: datetime, case: str, *, actor: str, **facts: object
    ) -> None:
        self.journal.append(
            conn, Entry(kind=kind, at=now, actor=actor, facts={"case": case, **facts})
        )


def _claims(args: _Args) -> tuple[SubjectClaim, ...]:
    listed = args.get("subjects")
    if not isinstance(listed, list) or not 0 < len(listed) <= _MOST_SUBJECTS:
        raise DocumentMalformed(where="/subjects")
    claims = [_claim(c) for c in listed]
    if len({c.id for c in claims}) != len(claims):
        raise DocumentMalformed(where="/subjects")
    return tuple(sorted(claims, key=lambda c: c.id))


def _claim(said: object) -> SubjectClaim:
    if not isinstance(said, dict):
        raise DocumentMalformed(where="/subjects")
    claim = SubjectClaim(
        text(said, "id"), text(said, "kind"), text(said, "relation"), texts(said, "fields")
    )
    if claim.relation == CLAIMED:
        raise DocumentMalformed(where="/subjects")
    return claim


def _kept_claims(rows: tuple[RowMapping, ...]) -> tuple[SubjectClaim, ...]:
    return tuple(
        SubjectClaim(r["subject"], r["kind"], r["relation"], tuple(r["fields"])) for r in rows
    )


def _subject_row(
    case: str, claim: SubjectClaim, applicant: str, now: datetime
) -> dict[str, object]:
    is_self = claim.relation == SELF
    return {
        "case_no": case,
        "subject": claim.id,
        "kind": claim.kind,
        "relation": claim.relation,
        "fields": list(claim.fields),
        "key": applicant if is_self else None,
        "declared_at": now if is_self else None,
        "established_by": "sign-in" if is_self else None,
        "established_at": now if is_self else None,
    }


def _limit(so_far: int, most: int, *, minutes: int) -> None:
    if so_far >= most:
        raise RateExceeded(limit=most, minutes=minutes)
