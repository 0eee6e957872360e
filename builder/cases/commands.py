"""Do what people ask for: begin, save, hand in, act, withdraw. Every effect of a case is here.

A command reads, computes by pure functions, asks the departments *outside* any transaction, and
then writes everything that belongs together in one transaction, on the version it had read. Whoever
comes second is told so; nothing is half-written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, update

from builder.cases import asking, keeping
from builder.cases.answers import Flat, flat, nested
from builder.cases.asking import Fetched, Matter
from builder.cases.errors import (
    ActionNotAllowed,
    AnswersMissing,
    CaseChanged,
    CaseUnknown,
    CountyUnknown,
    DraftChanged,
    DraftIncomplete,
    MayNotAct,
    MayNotStart,
    PageUnknown,
    TaskUnknown,
)
from builder.cases.filling import Filling, Parsed, problems_json
from builder.cases.keeping import Draft, StoredCase
from builder.cases.numbers import new_case_number
from builder.cases.platform import Deployment, Platform
from builder.cases.shapes import Receipt, Saved
from builder.errors import Fault, Findings
from builder.identity import SignIn
from builder.process.case import (
    NEW,
    Action,
    Actor,
    Answer,
    Approve,
    Case,
    Correct,
    Event,
    Reject,
    Return,
    Submit,
    TaskState,
    Withdraw,
)
from builder.process.engine import advance, find_task
from builder.scenario.model import APPLY, PARAMS, Json, Scenario, Task, Text
from builder.store import cases as tables
from federation.crypto import canonical, sm3
from federation.store import write
from federation.trust import Principal

__all__ = [
    "SignIn",
    "Wish",
    "act",
    "act_with_answers",
    "applicant_of",
    "apply_from_answers",
    "ask_for_case",
    "county_code",
    "discard_draft",
    "find_deployment",
    "open_draft",
    "reopen",
    "save_answers",
    "save_page",
    "settle",
    "settle_due",
    "submit",
    "withdraw",
]

_APPLICANT = "applicant"


@dataclass(frozen=True, slots=True)
class Wish:
    """What an officer wants to do with a task.

    Attributes:
        action: ``approve``, ``reject``, ``return``, ``correct`` or ``submit``.
        reason: needed to reject, return and correct.
        to: the step to return to.
        fields: pointers to correct.
    """

    action: str
    reason: str | None = None
    to: str | None = None
    fields: tuple[str, ...] = ()


# ── Beginning and filling in ─────────────────────────────────────────────────────────────────────


def find_deployment(platform: Platform, scenario: str, county: str | None) -> Deployment:
    """Return the deployment a person means by a scenario's id or title, and a county.

    Raises:
        DeploymentUnknown: with what is offered.
        CountyUnknown: with the nearest names.
    """
    if county is None:
        return platform.deployments.get(scenario)
    code = county_code(platform, county)
    return platform.deployments.get(f"{code}/{platform.deployments.get(scenario).current.id}")


def county_code(platform: Platform, county: str) -> str:
    """Return the code of a county (or the city itself) that a person names.

    Raises:
        CountyUnknown: with the nearest names.
    """
    code = platform.city.county_code(county)
    if code is None:
        raise CountyUnknown(county=county, nearest=platform.city.near(county))
    return code


def open_draft(platform: Platform, who: SignIn, deployment_id: str) -> Draft:
    """Begin an application: a number, registered at the issuer, and an empty draft.

    Raises:
        DeploymentUnknown: no such matter.
        MayNotStart: this account's roles do not begin it.
    """
    deployment = platform.deployments.get(deployment_id)
    scenario = deployment.current
    if not may_start(scenario, who):
        raise MayNotStart(matter=scenario.meta.title.zh)
    now = platform.clock()
    case_no = _number(platform, deployment, now)
    asking.open_at_issuer(platform, case_no, scenario, who.ticket)
    draft = Draft(
        case_no=case_no,
        account=who.account.account,
        scenario_hash=scenario.hash,
        form=scenario.process.form,
        reason="new",
        answers={},
        provenance={},
        fetched={},
        done=(),
        former=(),
        version=1,
        begun_at=now,
        updated_at=now,
        expires_at=keeping.expiry(scenario, now),
    )
    draft = _fetched(platform, deployment, who, draft, page=None)
    with write(deployment.engine) as conn:
        keeping.write_draft(conn, draft, seen=None)
        _keep_uses(conn, draft)
        _note(deployment, conn, "draft-begun", now, who, case_no)
    return replace(draft, fetched=_without_uses(draft.fetched))


def save_page(
    platform: Platform,
    who: SignIn,
    case_no: str,
    page_id: str,
    post: Mapping[str, Sequence[str]],
    version: int,
) -> Saved:
    """Save one page as posted; good values are kept even where others need mending.

    After a good page the departments are asked for what the next page needs.

    Raises:
        CaseUnknown: not this person's draft.
        PageUnknown: not a page of the form, or not on this path.
        DraftChanged: saved elsewhere since `version`.
    """
    deployment, draft = own_draft(platform, who, case_no)
    if draft.version != version:
        raise DraftChanged
    filling = _filling_on_path(platform, deployment, who, draft, page_id)
    parsed = filling.parse(page_id, post)
    return _save(platform, deployment, who, draft, page_id, parsed)


def save_answers(
    platform: Platform, who: SignIn, case_no: str, page_id: str, answers: Flat
) -> Saved:
    """Save one page from answers by pointer, laid over what the page shows; see `save_page`."""
    deployment, draft = own_draft(platform, who, case_no)
    filling = _filling_on_path(platform, deployment, who, draft, page_id)
    parsed = filling.take(page_id, answers)
    return _save(platform, deployment, who, draft, page_id, parsed)


def discard_draft(platform: Platform, who: SignIn, case_no: str) -> None:
    """Throw an application away that was not handed in; a returned matter stays as it is.

    Raises:
        CaseUnknown: not this person's draft.
    """
    deployment, draft = own_draft(platform, who, case_no)
    with write(deployment.engine) as conn:
        conn.execute(delete(tables.draft).where(tables.draft.c.case_no == case_no))
        _note(deployment, conn, "draft-discarded", platform.clock(), who, case_no)
    if draft.reason == "new":
        _close(platform, deployment.scenario(draft.scenario_hash), case_no)


def submit(platform: Platform, who: SignIn, case_no: str, version: int | None = None) -> Receipt:
    """Hand in: a new matter, or what was returned or asked to be corrected.

    Handing in twice gives the same receipt.

    Raises:
        CaseUnknown: neither a draft nor a case of this person.
        DraftChanged: saved elsewhere since `version`.
        Findings: pages that are not complete, each with its page.
    """
    deployment = platform.deployments.of_case(case_no)
    draft = keeping.load_draft(deployment, case_no)
    stored = keeping.load_case(deployment, case_no)
    if draft is None and stored is not None and stored.account == who.account.account:
        return receipt_of(stored)
    deployment, draft = own_draft(platform, who, case_no)
    if version is not None and draft.version != version:
        raise DraftChanged
    filling = filling_of(platform, deployment, who, draft)
    _refuse_incomplete(filling)
    final = filling.final()
    answers = _with_built_in(platform, filling.scenario, who, nested(final))
    action = Submit(_actor(who, filling.scenario), answers, draft.results)
    receipt = _hand_in(platform, deployment, who, draft, stored, action, final)
    settle(platform, deployment, case_no)
    return receipt


def apply_from_answers(
    platform: Platform, who: SignIn, deployment_id: str, answers: Flat
) -> Receipt:
    """Fill in and hand in a matter from an answer file, page by page as the browser does.

    Raises:
        AnswersMissing: a pointer that no page asks for.
        Findings: what the pages refuse, with pointers.
    """
    draft = open_draft(platform, who, deployment_id)
    try:
        case_no = fill_in(platform, who, draft.case_no, answers)
        return submit(platform, who, case_no)
    except Fault:
        _discard_quietly(platform, who, draft.case_no)
        raise


def fill_in(platform: Platform, who: SignIn, case_no: str, answers: Flat) -> str:
    """Save the pages of a draft from answers by pointer; return its (possibly new) number.

    Raises:
        AnswersMissing: a pointer that no page asks for.
        Findings: what the pages refuse, with pointers.
    """
    deployment, draft = own_draft(platform, who, case_no)
    form = filling_of(platform, deployment, who, draft).form
    unknown = sorted(set(answers) - form.form.scopes())
    if unknown:
        raise AnswersMissing(problem=f"? {', '.join(unknown[:3])}", where=unknown[0])
    visited: set[str] = set()
    while True:
        deployment, draft = own_draft(platform, who, case_no)
        filling = filling_of(platform, deployment, who, draft)
        page_id = next((p for p in filling.path() if p not in visited), None)
        if page_id is None:
            return case_no
        visited.add(page_id)
        parsed = filling.take(page_id, answers)
        saved = _save(platform, deployment, who, draft, page_id, parsed)
        if saved.errors:
            raise Findings(parsed.problems_as_faults(), where=f"/{page_id}")
        case_no = saved.case_no


def reopen(platform: Platform, who: SignIn, case_no: str) -> Draft:
    """Return the draft in which the applicant answers a return or a correction, made if needed.

    Raises:
        CaseUnknown: not this person's case, or nothing is asked.
    """
    deployment, stored = own_case(platform, who, case_no)
    if stored.case.status not in ("returned", "correcting"):
        raise CaseUnknown(case=case_no)
    existing = keeping.load_draft(deployment, case_no)
    if existing is not None:
        return existing
    now = platform.clock()
    scenario = stored.scenario
    scopes = scenario.start_form.scopes()
    kept = {p: v for p, v in flat(stored.case.answers).items() if p in scopes}
    reason = "returned" if stored.case.status == "returned" else "correction"
    draft = Draft(
        case_no=case_no,
        account=stored.account,
        scenario_hash=scenario.hash,
        form=scenario.process.form,
        reason=reason,
        answers=nested(kept),
        provenance=stored.provenance,
        fetched=stored.fetched,
        done=tuple(p.id for p in scenario.start_form.pages),
        former=stored.former,
        version=1,
        begun_at=now,
        updated_at=now,
        expires_at=keeping.expiry(scenario, now),
    )
    with write(deployment.engine) as conn:
        keeping.write_draft(conn, draft, seen=None)
        _note(deployment, conn, "draft-begun", now, who, case_no, reason=reason)
    return draft


# ── Handling ─────────────────────────────────────────────────────────────────────────────────────


def act(
    platform: Platform,
    who: SignIn,
    case_no: str,
    task_id: str,
    wish: Wish,
    post: Mapping[str, Sequence[str]],
    version: int | None = None,
) -> tuple[Mapping[str, object], ...]:
    """Act on a task with what its form posted.

    Returns:
        What the form refuses, as in `Saved.errors`; empty when the action was done.

    Raises:
        TaskUnknown, MayNotAct: not this officer's task.
        CaseChanged: somebody acted since `version`.
        ProcessFault: the action may not be done now.
    """
    deployment, stored, task = officers_task(platform, who, case_no, task_id)
    form = officer_filling(platform, deployment, stored, task)
    if form is None or wish.action not in ("approve", "submit"):
        _act(platform, deployment, who, stored, task, wish, {}, version)
        return ()
    parsed = form.parse(form.form.form.pages[0].id, post)
    if parsed.problems:
        return problems_json(parsed.problems)
    _act(platform, deployment, who, stored, task, wish, form.final(parsed.answers), version)
    return ()


def act_with_answers(
    platform: Platform, who: SignIn, case_no: str, task_id: str, wish: Wish, answers: Flat
) -> None:
    """Act on a task with answers by pointer, as the command line and walks do.

    Raises:
        Findings: what the step's form refuses.
        Fault: as `act`.
    """
    deployment, stored, task = officers_task(platform, who, case_no, task_id)
    form = officer_filling(platform, deployment, stored, task)
    final: Flat = {}
    if form is not None and wish.action in ("approve", "submit"):
        parsed = form.take(form.form.form.pages[0].id, answers)
        if parsed.problems:
            raise Findings(parsed.problems_as_faults(), where=f"/{task.step}")
        final = form.final(parsed.answers)
    _act(platform, deployment, who, stored, task, wish, final, None)


def withdraw(platform: Platform, who: SignIn, case_no: str, reason: str | None = None) -> None:
    """Take one's own matter back.

    Raises:
        CaseUnknown: not this person's case.
        ProcessFault: it has ended.
    """
    deployment, stored = own_case(platform, who, case_no)
    action = Withdraw(_actor(who, stored.scenario), reason or None)
    _advance(platform, deployment, stored, action, "case-withdrawn", who)
    with write(deployment.engine) as conn:
        conn.execute(delete(tables.draft).where(tables.draft.c.case_no == case_no))
    settle(platform, deployment, case_no)


def ask_for_case(platform: Platform, who: SignIn, case_no: str, query: str) -> Fetched:
    """Ask a named query for a running case, as its applicant or an officer with an open task.

    Raises:
        CaseUnknown: not this reader's case, or no such query in it.
    """
    deployment = platform.deployments.of_case(case_no)
    stored = keeping.load_case(deployment, case_no)
    if stored is None or not (_is_own(stored, who) or _has_open_task(stored, who)):
        raise CaseUnknown(case=case_no)
    if query not in {q.id for q in stored.scenario.queries}:
        raise ActionNotAllowed(action=query, known=[q.id for q in stored.scenario.queries])
    fetched = asking.ask(platform, _matter_of(stored, who), query)
    with write(deployment.engine) as conn:
        keeping.add_uses(conn, case_no, fetched.uses)
        _note(deployment, conn, "case-asked", platform.clock(), who, case_no, query=query)
    return fetched


def settle(platform: Platform, deployment: Deployment, case_no: str) -> None:
    """Ask the questions of the process that are due, until none is; close what has ended."""
    while True:
        stored = keeping.load_case(deployment, case_no)
        if stored is None:
            return
        if stored.case.is_ended:
            _close(platform, stored.scenario, case_no)
            return
        now = platform.clock()
        due = [p for p in stored.case.pending.values() if p.retry_at is None or p.retry_at <= now]
        if not due:
            return
        matter = _matter_of(stored, None, _fresh_since(platform))
        got = [
            (p, asking.remembered(matter, p.query) or asking.ask(platform, matter, p.query))
            for p in due
        ]
        for pending, fetched in got:
            _answer(platform, deployment, case_no, pending.step, pending.asked, fetched)


def settle_due(platform: Platform) -> int:
    """Ask every question whose time has come, in all deployments; return how many cases moved."""
    moved = 0
    for deployment in platform.deployments.all():
        for case_no in keeping.due_cases(deployment, platform.clock()):
            settle(platform, deployment, case_no)
            moved += 1
    return moved


def forget_expired(platform: Platform) -> int:
    """Delete drafts that nobody came back to in time; return how many."""
    gone = 0
    for deployment in platform.deployments.all():
        now = platform.clock()
        for case_no in keeping.expired_drafts(deployment, now):
            draft = keeping.load_draft(deployment, case_no)
            if draft is not None and _forgotten(deployment, draft, now):
                _close(platform, deployment.scenario(draft.scenario_hash), case_no)
                gone += 1
    return gone


def _forgotten(deployment: Deployment, draft: Draft, now: datetime) -> bool:
    """Delete a draft unless its owner came back at this very moment."""
    with write(deployment.engine) as conn:
        gone = conn.execute(
            delete(tables.draft).where(
                tables.draft.c.case_no == draft.case_no, tables.draft.c.version == draft.version
            )
        )
        if gone.rowcount == 1:
            _note(deployment, conn, "draft-expired", now, None, draft.case_no)
    return gone.rowcount == 1


# ── Whose ────────────────────────────────────────────────────────────────────────────────────────


def may_start(scenario: Scenario, who: SignIn | None) -> bool:
    """Tell whether an account's roles begin a matter."""
    if who is None:
        return False
    account = who.account
    return any(
        role.start
        and (
            "citizen" in account.roles
            if role.party is None
            else role.party in ("*", account.party) and role.id in account.roles
        )
        for role in scenario.roles
    )


def own_draft(platform: Platform, who: SignIn, case_no: str) -> tuple[Deployment, Draft]:
    """Return a person's own draft; raises `CaseUnknown` alike for none and for another's."""
    deployment = platform.deployments.of_case(case_no)
    draft = keeping.load_draft(deployment, case_no)
    if draft is None or draft.account != who.account.account:
        raise CaseUnknown(case=case_no)
    return deployment, draft


def own_case(platform: Platform, who: SignIn, case_no: str) -> tuple[Deployment, StoredCase]:
    """Return a person's own case; raises `CaseUnknown` alike for none and for another's."""
    deployment = platform.deployments.of_case(case_no)
    stored = keeping.load_case(deployment, case_no)
    if stored is None or not _is_own(stored, who):
        raise CaseUnknown(case=case_no)
    return deployment, stored


def officers_task(
    platform: Platform, who: SignIn, case_no: str, task_id: str
) -> tuple[Deployment, StoredCase, TaskState]:
    """Return a task of the officer's own department and role.

    Raises:
        TaskUnknown: there is none, or it is another department's: both read the same.
    """
    try:
        deployment = platform.deployments.of_case(case_no)
    except CaseUnknown:
        raise TaskUnknown from None
    stored = keeping.load_case(deployment, case_no)
    if stored is None:
        raise TaskUnknown
    try:
        task = find_task(stored.case, task_id)
    except Fault:
        raise TaskUnknown from None
    if task.party is None or task.party != who.account.party:
        raise TaskUnknown
    if task.role not in who.account.roles:
        raise MayNotAct(party=platform.city.party_title(task.party).zh)
    return deployment, stored, task


def applicant_of(platform: Platform, case_no: str) -> SignIn:
    """Return the applicant of a case, for the operator's own command line."""
    deployment = platform.deployments.of_case(case_no)
    stored = keeping.load_case(deployment, case_no)
    draft = keeping.load_draft(deployment, case_no)
    account = stored.account if stored else draft.account if draft else None
    if account is None:
        raise CaseUnknown(case=case_no)
    return platform.accounts.named(account)


def receipt_of(stored: StoredCase) -> Receipt:
    """Return the receipt of a case; always the same for the same hand-in."""
    name = stored.applicant.get("name")
    at = stored.case.submitted_at
    assert at is not None  # noqa: S101 - a stored case was handed in
    return Receipt(
        case_no=stored.case_no,
        deployment=stored.deployment.id,
        title=stored.scenario.meta.title,
        at=at,
        applicant=name if isinstance(name, str) else stored.account,
        seal=stored.seal,
    )


# ── Parts ────────────────────────────────────────────────────────────────────────────────────────


def filling_of(platform: Platform, deployment: Deployment, who: SignIn, draft: Draft) -> Filling:
    """Return a draft's form with everything its expressions read."""
    scenario = deployment.scenario(draft.scenario_hash)
    built_in = _with_built_in(platform, scenario, who, {})
    return Filling(
        form=deployment.form(scenario, draft.form),
        scenario=scenario,
        answers=flat(draft.answers),
        built_in=built_in,
        results=draft.results,
        provenance=draft.provenance,
        today=platform.clock().date(),
    )


def _filling_on_path(
    platform: Platform, deployment: Deployment, who: SignIn, draft: Draft, page: str
) -> Filling:
    filling = filling_of(platform, deployment, who, draft)
    if page not in filling.path():
        raise PageUnknown(page=page)
    return filling


def officer_filling(
    platform: Platform, deployment: Deployment, stored: StoredCase, task: TaskState
) -> Filling | None:
    """Return the form of an officer's step, None where the step has none."""
    step = stored.scenario.step(task.step)
    if not isinstance(step, Task) or step.form is None:
        return None
    form = deployment.form(stored.scenario, step.form)
    scopes = form.form.scopes()
    everything = flat(stored.case.answers)
    return Filling(
        form=form,
        scenario=stored.scenario,
        answers={p: v for p, v in everything.items() if p in scopes},
        built_in={
            e: r
            for e, r in stored.case.answers.items()
            if not any(s.startswith(f"/{e}/") for s in scopes)
        },
        results=stored.case.results,
        provenance={},
        today=platform.clock().date(),
    )


def _save(
    platform: Platform,
    deployment: Deployment,
    who: SignIn,
    draft: Draft,
    page_id: str,
    parsed: Parsed,
) -> Saved:
    """Keep a page's answers; ask for the next page's data when the page is good."""
    problems = parsed.problems
    scenario = deployment.scenario(draft.scenario_hash)
    now = platform.clock()
    done = tuple(p for p in draft.done if p != page_id) + (() if problems else (page_id,))
    changed = replace(
        draft,
        answers=nested(parsed.answers),
        done=done,
        version=draft.version + 1,
        updated_at=now,
        expires_at=keeping.expiry(scenario, now),
    )
    case_no = draft.case_no
    if not problems:
        if _subject_changed(scenario, who, draft, changed):
            case_no = _number(platform, deployment, now)
            asking.open_at_issuer(platform, case_no, scenario, who.ticket)
            changed = _without_fetched(changed, page_id)
        changed = _fetched(platform, deployment, who, replace(changed, case_no=case_no), page_id)
    with write(deployment.engine) as conn:
        kept = replace(changed, fetched=_without_uses(changed.fetched), case_no=draft.case_no)
        if case_no == draft.case_no:
            ok = keeping.write_draft(conn, kept, seen=draft.version)
        else:
            ok = keeping.move_draft(conn, kept, to=case_no, seen=draft.version)
        if not ok:
            raise DraftChanged
        _keep_uses(conn, changed)
        kind = "draft-saved" if case_no == draft.case_no else "draft-moved"
        _note(deployment, conn, kind, now, who, case_no, page=page_id)
    if case_no != draft.case_no:
        _close(platform, scenario, draft.case_no)
    filling = filling_of(platform, deployment, who, changed)
    return Saved(
        case_no=case_no,
        version=changed.version,
        errors=problems_json(problems),
        next_page=page_id if problems else filling.after(page_id),
    )


def _subject_changed(scenario: Scenario, who: SignIn, before: Draft, after: Draft) -> bool:
    """Tell whether a subject was declared to the issuer and is now somebody else."""
    asked = {scenario.query(q).subject for q in before.fetched if q in _query_ids(scenario)}
    return any(
        subject in asked
        and asking.subject_key(scenario, subject, _named(before.answers, who))
        != asking.subject_key(scenario, subject, _named(after.answers, who))
        for subject in asked
    )


def _without_fetched(draft: Draft, page: str) -> Draft:
    """Forget what the departments said about somebody else; other pages are looked at again."""
    kept = {p: v for p, v in flat(draft.answers).items() if p not in draft.provenance}
    return replace(draft, answers=nested(kept), fetched={}, provenance={}, done=(page,))


def _query_ids(scenario: Scenario) -> set[str]:
    return {q.id for q in scenario.queries}


def _fetched(
    platform: Platform, deployment: Deployment, who: SignIn, draft: Draft, page: str | None
) -> Draft:
    """Ask for what the page after `page` needs, and take what came into the answers."""
    scenario = deployment.scenario(draft.scenario_hash)
    source = scenario.form(draft.form)
    while True:
        filling = filling_of(platform, deployment, who, draft)
        following = filling.path()[0] if page is None else filling.after(page)
        pages = [p for p in source.pages if p.id == following]
        matter = Matter(
            draft.case_no,
            scenario,
            who.account.principal,
            _named(draft.answers, who),
            _without_uses(draft.fetched),
            _fresh_since(platform),
        )
        got = asking.ask_all(platform, matter, asking.needed(scenario, source, pages))
        if not got:
            return draft
        fetched = {**draft.fetched, **{q: _with_uses(f) for q, f in got.items()}}
        draft = replace(draft, fetched=fetched)
        filling = filling_of(platform, deployment, who, draft)
        answers, provenance = filling.prefilled(
            tuple(got), _datasets(platform, scenario), platform.clock()
        )
        draft = replace(draft, answers=nested(answers), provenance=provenance)
        if all(f.state in ("refused", "failed") for f in got.values()):
            return draft


def _datasets(platform: Platform, scenario: Scenario) -> dict[str, tuple[str, str]]:
    """Return query id → the ledger dataset it reads, and whose it is."""
    found = {}
    for query in scenario.queries:
        dataset = scenario.dataset(query.dataset).dataset
        entry = platform.catalog.find(dataset)
        found[query.id] = (dataset, entry.party if entry else "")
    return found


def _with_uses(fetched: Fetched) -> dict[str, Json]:
    return {**fetched.to_json(), "_uses": fetched.uses}  # type: ignore[dict-item] # taken out again before it is stored


def _without_uses(
    fetched: Mapping[str, Mapping[str, Json]],
) -> dict[str, Mapping[str, Json]]:
    return {q: {k: v for k, v in f.items() if k != "_uses"} for q, f in fetched.items()}


def _keep_uses(conn: Connection, draft: Draft) -> None:
    for fetched in draft.fetched.values():
        keeping.add_uses(conn, draft.case_no, fetched.get("_uses", ()))  # type: ignore[arg-type] # see _with_uses


def _refuse_incomplete(filling: Filling) -> None:
    incomplete = filling.incomplete()
    if incomplete:
        raise Findings(
            [DraftIncomplete(page=title.zh, where=f"/{page}") for page, title in incomplete]
        )


def _hand_in(
    platform: Platform,
    deployment: Deployment,
    who: SignIn,
    draft: Draft,
    stored: StoredCase | None,
    action: Submit,
    final: Flat,
) -> Receipt:
    scenario = deployment.scenario(draft.scenario_hash)
    now = platform.clock()
    before = stored.case if stored else NEW
    outcome = advance(scenario, before, action, now, platform.calendar)
    seal = stored.seal if stored else sm3(canonical({"case": draft.case_no, "answers": final}))
    applicant = _applicant(who)
    with write(deployment.engine) as conn:
        gone = conn.execute(
            delete(tables.draft).where(
                tables.draft.c.case_no == draft.case_no, tables.draft.c.version == draft.version
            )
        )
        if gone.rowcount != 1:
            raise DraftChanged
        if stored is None:
            conn.execute(
                insert(tables.case).values(
                    case_no=draft.case_no,
                    scenario_hash=scenario.hash,
                    account=who.account.account,
                    applicant=applicant,
                    status=outcome.case.status,
                    answers=outcome.case.answers,
                    provenance=dict(draft.provenance),
                    fetched=dict(draft.fetched),
                    former=list(draft.former),
                    seal=seal,
                    version=1,
                    submitted_at=now,
                    updated_at=now,
                    ended_at=outcome.case.ended_at,
                )
            )
        else:
            _update_case(conn, stored, outcome.case, now)
        _record(conn, deployment, draft.case_no, before, outcome.events, outcome.case)
        _note(deployment, conn, "case-submitted", now, who, draft.case_no, seal=seal)
    return Receipt(
        draft.case_no,
        deployment.id,
        scenario.meta.title,
        stored.case.submitted_at if stored and stored.case.submitted_at else now,
        applicant["name"],
        seal,
    )


def _act(
    platform: Platform,
    deployment: Deployment,
    who: SignIn,
    stored: StoredCase,
    task: TaskState,
    wish: Wish,
    final: Flat,
    version: int | None,
) -> None:
    if version is not None and version != stored.version:
        raise CaseChanged
    actor = Actor(who.account.account, who.account.party, task.role)
    action = _action(stored, task, wish, actor, final)
    _advance(
        platform, deployment, stored, action, "case-acted", who, step=task.step, did=wish.action
    )
    settle(platform, deployment, stored.case_no)


def _action(stored: StoredCase, task: TaskState, wish: Wish, actor: Actor, final: Flat) -> Action:
    reason = (wish.reason or "").strip()
    match wish.action:
        case "approve":
            return Approve(actor, task.id, nested(final), reason or None)
        case "submit":
            return Submit(actor, nested(final), task=task.id)
        case "reject":
            return Reject(actor, task.id, reason)
        case "return":
            return Return(actor, task.id, wish.to or APPLY, reason)
        case "correct":
            return Correct(actor, task.id, wish.fields, reason)
        case _:
            step = stored.scenario.step(task.step)
            known = step.actions if isinstance(step, Task) else ()
            raise ActionNotAllowed(action=wish.action, known=known)


def _answer(
    platform: Platform,
    deployment: Deployment,
    case_no: str,
    step: str,
    asked: int,
    fetched: Fetched,
) -> None:
    """Take an answer (or its failure) into the case; one that came too late is dropped."""
    while True:
        stored = keeping.load_case(deployment, case_no)
        if stored is None:
            return
        action = Answer(step, fetched.row, fetched.fault, asked)
        try:
            _advance(
                platform,
                deployment,
                stored,
                action,
                "case-asked",
                None,
                step=step,
                query=fetched.query,
                outcome=fetched.state,
                uses=fetched,
            )
        except CaseChanged:
            continue
        except Fault:
            with write(deployment.engine) as conn:
                keeping.add_uses(conn, case_no, fetched.uses)
        return


def _advance(
    platform: Platform,
    deployment: Deployment,
    stored: StoredCase,
    action: Action,
    kind: str,
    who: SignIn | None,
    *,
    uses: Fetched | None = None,
    **facts: Json,
) -> None:
    """Let an action happen: events, projection, notices and audit entry in one transaction."""
    now = platform.clock()
    outcome = advance(stored.scenario, stored.case, action, now, platform.calendar)
    with write(deployment.engine) as conn:
        _update_case(conn, stored, outcome.case, now)
        _record(conn, deployment, stored.case_no, stored.case, outcome.events, outcome.case)
        if uses is not None:
            keeping.add_uses(conn, stored.case_no, uses.uses)
        _note(deployment, conn, kind, now, who, stored.case_no, **facts)


def _update_case(conn: Connection, stored: StoredCase, after: Case, now: datetime) -> None:
    changed = conn.execute(
        update(tables.case)
        .where(tables.case.c.case_no == stored.case_no, tables.case.c.version == stored.version)
        .values(
            status=after.status,
            answers=after.answers,
            version=stored.version + 1,
            updated_at=now,
            ended_at=after.ended_at,
        )
    )
    if changed.rowcount != 1:
        raise CaseChanged


def _record(
    conn: Connection,
    deployment: Deployment,
    case_no: str,
    before: Case,
    events: Sequence[Event],
    after: Case,
) -> None:
    keeping.append_events(conn, case_no, events)
    keeping.project(conn, case_no, before, after)
    _send_notices(conn, deployment, case_no, events, after)


def _send_notices(
    conn: Connection, deployment: Deployment, case_no: str, events: Sequence[Event], after: Case
) -> None:
    """Put the notices of these events into the applicant's inbox."""
    if after.applicant is None:
        return
    notices = {n.id: n for n in deployment.current.notices}
    for event in events:
        name = event.data.get("notice")
        notice = notices.get(name) if isinstance(name, str) else None
        if event.kind == "notice_sent" and notice is not None:
            conn.execute(
                insert(tables.notice).values(
                    case_no=case_no,
                    event=event.seq,
                    account=after.applicant.account,
                    notice=notice.id,
                    title=_pair(notice.title),
                    text=_pair(notice.text),
                    at=event.at,
                )
            )


def _pair(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


def _matter_of(
    stored: StoredCase, who: SignIn | None, fresh_since: datetime | None = None
) -> Matter:
    principal = who.account.principal if who else _applicant_principal(stored)
    return Matter(
        stored.case_no, stored.scenario, principal, stored.case.answers, _known(stored), fresh_since
    )


def _fresh_since(platform: Platform) -> datetime:
    """Return since when an answer is fresh enough not to be asked for again."""
    return platform.clock() - timedelta(minutes=platform.settings.draft_fetch_minutes)


def _known(stored: StoredCase) -> dict[str, Mapping[str, Json]]:
    """Return what is known of earlier questions, so that established relations count."""
    known = dict(stored.fetched)
    for query, row in stored.case.results.items():
        if known.get(query, {}).get("row") is None:
            known[query] = {"state": "answered", "row": dict(row)}
    return known


def _applicant_principal(stored: StoredCase) -> Principal:
    name, key = stored.applicant.get("name"), stored.applicant.get("id_card")
    return Principal(
        stored.account, str(name or ""), None, (_APPLICANT,), key if isinstance(key, str) else None
    )


def _is_own(stored: StoredCase, who: SignIn) -> bool:
    return stored.account == who.account.account


def _has_open_task(stored: StoredCase, who: SignIn) -> bool:
    return any(
        t.party == who.account.party and t.role in who.account.roles for t in stored.case.open_tasks
    )


def _actor(who: SignIn, scenario: Scenario) -> Actor:
    role = next((r.id for r in scenario.roles if r.start), _APPLICANT)
    return Actor(who.account.account, who.account.party, role)


def _applicant(who: SignIn) -> dict[str, str]:
    person = who.account.person
    return {name: person.get(name, "") for name in ("name", "id_card", "phone")}


def _named(answers: Mapping[str, Mapping[str, Json]], who: SignIn) -> dict[str, Mapping[str, Json]]:
    return {**answers, _APPLICANT: _applicant(who)}


def _with_built_in(
    platform: Platform, scenario: Scenario, who: SignIn, answers: Mapping[str, Mapping[str, Json]]
) -> dict[str, Mapping[str, Json]]:
    del platform
    params = {p.id: p.default for p in scenario.parameters}
    return {**answers, _APPLICANT: _applicant(who), PARAMS: params}


def _number(platform: Platform, deployment: Deployment, now: datetime) -> str:
    case_no = new_case_number(platform.settings.case_prefix, now, platform.random_bytes)
    platform.deployments.register(case_no, deployment)
    return case_no


def _note(
    deployment: Deployment,
    conn: Connection,
    kind: str,
    now: datetime,
    who: SignIn | None,
    case_no: str,
    **facts: Json,
) -> None:
    actor = Actor(who.account.account, who.account.party, "") if who else Actor("process", None, "")
    deployment.journal.append(conn, keeping.audit_entry(kind, now, actor, case_no, **facts))


def _close(platform: Platform, scenario: Scenario, case_no: str) -> None:
    """End a case at the issuer and tell the nodes; what cannot be told now ends by itself."""
    parties = {
        found.party
        for d in scenario.datasets
        if (found := platform.catalog.find(d.dataset)) is not None
    }
    try:
        platform.hub.close_case(case_no, sorted(parties))
    except Fault:
        return


def _discard_quietly(platform: Platform, who: SignIn, case_no: str) -> None:
    try:
        discard_draft(platform, who, case_no)
    except Fault:
        return
