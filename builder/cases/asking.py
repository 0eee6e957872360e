"""Ask the departments what a matter needs: open it at the issuer, verify relations, fetch columns.

Every question goes through `federation.query.execute`; here is only *which* questions a page or a
step needs, whether they may be asked yet, and what becomes of the answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from builder.cases.answers import Nested, pick, scope
from builder.cases.keeping import Use
from builder.cases.platform import Platform
from builder.errors import Fault, Findings, catalogue
from builder.expr import names, parse
from builder.scenario.model import (
    APPLICANT_KEY,
    Form,
    Json,
    NamedQuery,
    Page,
    Scenario,
    Subject,
)
from federation.crypto import canonical, sm3
from federation.query import Answer, Question, execute
from federation.trust import SELF, Principal, SubjectClaim

__all__ = [
    "Fetched",
    "Matter",
    "ask",
    "ask_all",
    "needed",
    "open_at_issuer",
    "remembered",
    "silence",
    "subject_key",
]

_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Matter:
    """What a question needs to know of the matter it is asked for.

    Attributes:
        who: in whose name the question is put; for an officer's step, the officer.
        answers: what the applicant answered so far, the built-in ``applicant`` included.
        fetched: what was asked before, by query id.
        fresh_since: answers from then on need not be asked for again; None: ask anew.
        patience_s: how long a department has for its answer.
    """

    case_no: str
    scenario: Scenario
    who: Principal
    answers: Nested
    fetched: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    fresh_since: datetime | None = None
    patience_s: float = 10.0


@dataclass(frozen=True, slots=True)
class Fetched:
    """What became of one question.

    Attributes:
        state: ``answered``, ``empty`` (no such record), ``refused`` or ``failed``.
        row: column → value; None unless answered or empty.
        asked: hash of subject and parameters, to know when to ask anew.
        fault: code of the fault, when refused or failed.
        facts: the fault's facts; never values of rows.
    """

    query: str
    state: str
    at: datetime
    asked: str
    row: Mapping[str, Json] | None = None
    fault: str | None = None
    uses: tuple[Use, ...] = ()
    facts: Mapping[str, Json] = field(default_factory=dict)

    def to_json(self) -> dict[str, Json]:
        """Return what a draft keeps of it."""
        return {
            "state": self.state,
            "at": self.at.isoformat(),
            "asked": self.asked,
            "row": dict(self.row) if self.row is not None else None,
            "fault": self.fault,
        }


def open_at_issuer(
    platform: Platform, case_no: str, scenario: Scenario, ticket: Mapping[str, object]
) -> None:
    """Register a case with the issuer: which subjects it has, which fields it may use of each."""
    claims = [
        SubjectClaim(s.id, s.kind, _relation(s), _fields(scenario, s.id)) for s in scenario.subjects
    ]
    basis = [b.id for b in scenario.meta.legal_basis]
    platform.hub.open_case(case_no, scenario.hash, basis, ticket, claims)


def subject_key(scenario: Scenario, subject: str, answers: Nested) -> str | None:
    """Return the ID number or credit code of a subject, once it was answered."""
    key = scenario.subject(subject).key
    value = pick(answers, "/applicant/id_card" if key == APPLICANT_KEY else key)
    return value if isinstance(value, str) and value else None


def needed(scenario: Scenario, form: Form, pages: Iterable[Page]) -> tuple[str, ...]:
    """Return the queries that pages need, for values or for conditions, in the order of the spec.

    The conditions of all pages of the form count too: they decide which page comes next.
    """
    texts = [p.when for p in form.pages]
    queries: set[str] = set()
    for page in pages:
        for section in page.sections:
            texts.append(section.when)
            for control in section.controls:
                texts += [control.when, control.compute]
                if control.prefill:
                    queries.add(control.prefill.query)
                if control.widget == "e-licence":
                    queries.add(str(control.options.get("query")))
    for text in texts:
        if text:
            queries |= {name.partition(".")[0] for name in names(parse(text))}
    relations = {s.relation.verified_by for s in scenario.subjects if s.relation}
    wanted = {q.id for q in scenario.queries if q.id in queries}
    subjects = {scenario.query(q).subject for q in wanted}
    wanted |= {s.relation.verified_by for s in scenario.subjects if s.relation and s.id in subjects}
    ordered = [q.id for q in scenario.queries if q.id in wanted]
    return tuple(sorted(ordered, key=lambda q: q not in relations))


def ask_all(platform: Platform, matter: Matter, queries: Sequence[str]) -> dict[str, Fetched]:
    """Ask what was not asked yet: relations first, then the rest side by side.

    A question that cannot be asked yet (its subject unknown, its relation not established) is left
    out; one department that does not answer leaves the others' answers untouched.
    """
    relations = {s.relation.verified_by for s in matter.scenario.subjects if s.relation}
    got: dict[str, Fetched] = {}
    for query in queries:
        if query in relations and _may_ask(matter, query) and _is_new(matter, query):
            got[query] = ask(platform, matter, query)
    known = {**matter.fetched, **{q: f.to_json() for q, f in got.items()}}
    matter = replace(matter, fetched=known)
    rest = [q for q in queries if q not in relations and _may_ask(matter, q) and _is_new(matter, q)]
    if rest:
        with ThreadPoolExecutor(max_workers=min(_AT_ONCE, len(rest))) as pool:
            got.update(zip(rest, pool.map(lambda q: ask(platform, matter, q), rest), strict=True))
    return got


def ask(platform: Platform, matter: Matter, query_id: str) -> Fetched:
    """Ask one question; a Fault on the way is part of the outcome, never raised."""
    scenario, query = matter.scenario, matter.scenario.query(query_id)
    asked = _fingerprint(matter, query)
    now = platform.clock()
    try:
        _declare(platform, matter, scenario.subject(query.subject))
        answer = execute(platform.hub, matter.who, _question(matter, query))
        _establish(platform, matter, query, answer)
    except Fault as fault:
        first = fault.findings[0] if isinstance(fault, Findings) else fault
        state = "failed" if first.http >= 500 else "refused"
        return Fetched(query_id, state, now, asked, fault=first.code, facts=_facts(first))
    rows = answer.rows()
    return Fetched(
        query_id,
        "answered" if rows else "empty",
        now,
        asked,
        row={k: _json(v) for k, v in rows[0].items()} if rows else {},
        uses=tuple(
            Use(
                u.at,
                u.node,
                u.dataset,
                u.fields,
                u.subject,
                u.purpose,
                u.grant,
                u.asked_by,
                u.outcome,
                u.entry,
            )
            for u in answer.uses
        ),
    )


@lru_cache(maxsize=1)
def silence() -> frozenset[str]:
    """Return the codes of faults that mean that nobody answered, rather than that somebody refused.

    Waiting mends them; a refusal is mended by a person.
    """
    return frozenset(fault.code for fault in catalogue() if fault.http >= 500)


def _facts(fault: Fault) -> dict[str, Json]:
    """Return a fault's facts as JSON keeps them."""
    return {
        name: list(map(str, value)) if isinstance(value, list | tuple) else _plain(value)
        for name, value in fault.facts.items()
    }


def _plain(value: object) -> Json:
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def remembered(matter: Matter, query_id: str) -> Fetched | None:
    """Return an answer to this very question that is fresh enough not to use the data again."""
    known = matter.fetched.get(query_id, {})
    at, row = known.get("at"), known.get("row")
    if known.get("state") not in ("answered", "empty") or not isinstance(at, str):
        return None
    moment = datetime.fromisoformat(at)
    asked = _fingerprint(matter, matter.scenario.query(query_id))
    is_fresh = matter.fresh_since is not None and moment >= matter.fresh_since
    if known.get("asked") != asked or not is_fresh or not isinstance(row, Mapping):
        return None
    return Fetched(query_id, str(known["state"]), moment, asked, row)


def _question(matter: Matter, query: NamedQuery) -> Question:
    values = scope(matter.scenario, matter.answers, {})
    return Question(
        sql=query.sql,
        purpose=query.purpose,
        datasets={query.dataset: matter.scenario.dataset(query.dataset).dataset},
        params={name: values.get(source) for name, source in query.params.items()},
        case=matter.case_no,
        subject=query.subject,
        timeout_s=matter.patience_s,
    )


def _declare(platform: Platform, matter: Matter, subject: Subject) -> None:
    if subject.key != APPLICANT_KEY:
        key = subject_key(matter.scenario, subject.id, matter.answers)
        platform.hub.declare_subject(matter.case_no, subject.id, key or "")


def _establish(platform: Platform, matter: Matter, query: NamedQuery, answer: Answer) -> None:
    """Take a yes on the subject's relation to the issuer, sealed as the node gave it."""
    relation = matter.scenario.subject(query.subject).relation
    if relation and relation.verified_by == query.id and answer.rows()[0].get("answer") is True:
        platform.hub.establish(matter.case_no, query.subject, answer.receipt)


def _may_ask(matter: Matter, query_id: str) -> bool:
    query = matter.scenario.query(query_id)
    subject = matter.scenario.subject(query.subject)
    if subject_key(matter.scenario, subject.id, matter.answers) is None:
        return False
    values = scope(matter.scenario, matter.answers, {})
    if any(values.get(source) is None for source in query.params.values()):
        return False
    if subject.relation is None or subject.relation.verified_by == query_id:
        return True
    row = matter.fetched.get(subject.relation.verified_by, {}).get("row")
    return isinstance(row, Mapping) and row.get("answer") is True


def _is_new(matter: Matter, query_id: str) -> bool:
    return remembered(matter, query_id) is None


def _fingerprint(matter: Matter, query: NamedQuery) -> str:
    values = scope(matter.scenario, matter.answers, {})
    key = subject_key(matter.scenario, query.subject, matter.answers)
    params = [_json(values.get(source)) for source in query.params.values()]
    return sm3(canonical([matter.case_no, query.id, key, params]))


def _relation(subject: Subject) -> str:
    if subject.key == APPLICANT_KEY:
        return SELF
    return "kin" if subject.kind == "person" else "agent"


def _fields(scenario: Scenario, subject: str) -> tuple[str, ...]:
    used = {q.dataset for q in scenario.queries if q.subject == subject}
    return tuple(
        f"{d.dataset}.{name}" for d in scenario.datasets if d.id in used for name in d.fields
    )


def _json(value: object) -> Json:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value if isinstance(value, str | int | bool) else None
