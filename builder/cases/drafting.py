"""Begin a matter, fill it in page by page, hand it in; take it up again where it came back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, delete, insert

from builder.cases import asking, filing, keeping, outbox
from builder.cases.answers import Flat, flat, nested
from builder.cases.asking import Fetched, Matter
from builder.cases.errors import (
    AnswersMissing,
    CaseUnknown,
    CountyUnknown,
    DraftChanged,
    DraftIncomplete,
    MayNotStart,
    PageUnknown,
)
from builder.cases.files import add_to_draft, refuse_waiting
from builder.cases.filling import Filling, Parsed, problems_json, ticks_of
from builder.cases.keeping import Draft, StoredCase
from builder.cases.local import taken_in
from builder.cases.moving import note, record, update_case
from builder.cases.numbers import new_case_number
from builder.cases.platform import Deployment, Platform
from builder.cases.settling import fresh_since, settle
from builder.cases.shapes import Receipt, Saved
from builder.cases.whose import (
    applicant_facts,
    filling_of,
    may_start,
    named_answers,
    own_case,
    own_draft,
    receipt_of,
    starting_actor,
    with_built_in,
)
from builder.errors import Fault, Findings
from builder.forms.widgets.e_licence import licence
from builder.identity import SignIn
from builder.process.case import NEW, Submit
from builder.process.engine import advance
from builder.process.owing import left_before
from builder.scenario.model import Json, Scenario
from builder.store import cases as tables
from federation.crypto import canonical, sm3
from federation.store import write

__all__ = [
    "answer_page",
    "apply_from_answers",
    "county_code",
    "discard_draft",
    "fetch_again",
    "fill_in",
    "find_deployment",
    "open_draft",
    "reopen",
    "save_answers",
    "save_page",
    "submit",
]

_PATIENCE_S = 4.0
"""How long a page waits for a department; what did not come is filled in by hand."""


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
        note(deployment, conn, "draft-begun", now, who, case_no)
    return replace(draft, fetched=_without_uses(draft.fetched))


def save_page(
    platform: Platform,
    who: SignIn,
    case_no: str,
    page_id: str,
    post: Mapping[str, Sequence[str]],
    version: int,
    refused: Mapping[str, Fault] | None = None,
) -> Saved:
    """Save one page as posted; good values are kept even where others need mending.

    `refused` says by control which file that came with the page was not taken.

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
    parsed = filling.parse(page_id, post, refused)
    return _save(platform, deployment, who, draft, page_id, parsed)


def save_answers(
    platform: Platform, who: SignIn, case_no: str, page_id: str, answers: Flat
) -> Saved:
    """Save one page from answers by pointer, laid over what the page shows; see `save_page`."""
    deployment, draft = own_draft(platform, who, case_no)
    _filling_on_path(platform, deployment, who, draft, page_id)
    parsed = _take(platform, deployment, who, case_no, page_id, answers)
    return _save(platform, deployment, who, draft, page_id, parsed)


def answer_page(
    platform: Platform,
    who: SignIn,
    case_no: str,
    page_id: str,
    answers: Flat,
    version: int | None = None,
) -> Saved:
    """Save one page as `save_answers` does, for a program, which is told of every mistake.

    Raises:
        AnswersMissing: a pointer that this page does not ask for.
        Findings: what the page refuses, with pointers; what it takes is saved all the same.
        DraftChanged: saved elsewhere since `version`.
        Fault: as `save_page`.
    """
    deployment, draft = own_draft(platform, who, case_no)
    if version is not None and draft.version != version:
        raise DraftChanged
    filling = _filling_on_path(platform, deployment, who, draft, page_id)
    asked = {c.question.pointer for c in filling.form.page(page_id).controls()}
    unknown = sorted(set(answers) - asked)
    if unknown:
        raise AnswersMissing(problem=f"? {', '.join(unknown[:3])}", where=unknown[0])
    parsed = filling.take(page_id, answers)
    saved = _save(platform, deployment, who, draft, page_id, parsed)
    if saved.errors:
        raise Findings(parsed.problems_as_faults(), where=f"/{page_id}")
    return saved


def fetch_again(platform: Platform, who: SignIn, case_no: str, page_id: str) -> str:
    """Ask the departments once more for what did not come for a page; return the page to show.

    Raises:
        CaseUnknown: not this person's draft.
        PageUnknown: not a page of the form, or not on this path.
        DraftChanged: saved elsewhere meanwhile.
    """
    deployment, draft = own_draft(platform, who, case_no)
    path = _filling_on_path(platform, deployment, who, draft, page_id).path()
    before = path[path.index(page_id) - 1] if page_id != path[0] else None
    asked = replace(draft, version=draft.version + 1, updated_at=platform.clock())
    changed = _fetched(platform, deployment, who, asked, before)
    with write(deployment.engine) as conn:
        kept = replace(changed, fetched=_without_uses(changed.fetched))
        if not keeping.write_draft(conn, kept, seen=draft.version):
            raise DraftChanged
        _keep_uses(conn, changed)
    following = filling_of(platform, deployment, who, kept).path()
    return page_id if page_id in following else following[min(len(following) - 1, 1)]


def discard_draft(platform: Platform, who: SignIn, case_no: str) -> None:
    """Throw an application away that was not handed in; a returned matter stays as it is.

    Raises:
        CaseUnknown: not this person's draft.
    """
    deployment, draft = own_draft(platform, who, case_no)
    with write(deployment.engine) as conn:
        conn.execute(delete(tables.draft).where(tables.draft.c.case_no == case_no))
        if draft.reason == "new":
            scenario = deployment.scenario(draft.scenario_hash)
            outbox.close_later(conn, platform, scenario, case_no, platform.clock())
        idle = filing.forget_idle(conn, case_no, who.account.account)
        note(deployment, conn, "draft-discarded", platform.clock(), who, case_no)
    filing.destroy_later(platform, deployment, idle)
    platform.soon(lambda: settle(platform, deployment, case_no))


def submit(platform: Platform, who: SignIn, case_no: str, version: int | None = None) -> Receipt:
    """Hand in: a new matter, or what was returned or asked to be corrected.

    Handing in twice gives the same receipt.

    Raises:
        CaseUnknown: neither a draft nor a case of this person.
        DraftChanged: saved elsewhere since `version`.
        Findings: pages that are not complete, each with its page.
        UploadWaiting: files wait for the virus scanner.
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
    refuse_waiting(platform, deployment, case_no, filing.named_in(final, filling.scenario))
    answers = with_built_in(filling.scenario, who, nested(final))
    left = filling.left()
    action = Submit(starting_actor(who, filling.scenario), answers, draft.results, left=left)
    receipt = _hand_in(platform, deployment, who, draft, stored, action, final)
    platform.soon(lambda: settle(platform, deployment, case_no))
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


def fill_in(
    platform: Platform, who: SignIn, case_no: str, answers: Flat, version: int | None = None
) -> str:
    """Save the pages of a draft from answers by pointer; return its (possibly new) number.

    Raises:
        AnswersMissing: a pointer that no page asks for.
        DraftChanged: saved elsewhere since `version`.
        Findings: what the pages refuse, with pointers.
    """
    deployment, draft = own_draft(platform, who, case_no)
    if version is not None and draft.version != version:
        raise DraftChanged
    form = filling_of(platform, deployment, who, draft).form
    unknown = sorted(set(answers) - form.form.scopes() - form.ticks())
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
        parsed = _take(platform, deployment, who, case_no, page_id, answers)
        saved = _save(platform, deployment, who, draft, page_id, parsed)
        if saved.errors:
            raise Findings(parsed.problems_as_faults(), where=f"/{page_id}")
        case_no = saved.case_no


def _take(
    platform: Platform,
    deployment: Deployment,
    who: SignIn,
    case_no: str,
    page_id: str,
    answers: Flat,
) -> Parsed:
    """Read a page from answers by pointer, files of this machine among them."""
    _, draft = own_draft(platform, who, case_no)
    filling = filling_of(platform, deployment, who, draft)
    controls = tuple(filling.form.page(page_id).controls())
    pointers = {c.question.pointer for c in controls if c.question.kind == "upload"}
    if not pointers & set(answers):
        return filling.take(page_id, answers)
    taken = taken_in(
        answers,
        controls,
        lambda control, incoming, name: add_to_draft(
            platform, who, case_no, page_id, control, incoming, name
        ),
        filing.folder_of(platform, deployment).incoming,
    )
    return filling_of(platform, deployment, who, draft).take(page_id, taken)


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
        answers=nested({**kept, **ticks_of(left_before(stored.case))}),
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
        note(deployment, conn, "draft-begun", now, who, case_no, reason=reason)
    return draft


def _filling_on_path(
    platform: Platform, deployment: Deployment, who: SignIn, draft: Draft, page: str
) -> Filling:
    filling = filling_of(platform, deployment, who, draft)
    if page not in filling.path():
        raise PageUnknown(page=page)
    return filling


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
        if case_no != draft.case_no:
            outbox.close_later(conn, platform, scenario, draft.case_no, now)
        _keep_uses(conn, changed)
        idle = _forget_replaced(conn, deployment, changed, page_id, parsed)
        kind = "draft-saved" if case_no == draft.case_no else "draft-moved"
        note(deployment, conn, kind, now, who, case_no, page=page_id)
    if case_no != draft.case_no:
        platform.soon(lambda: settle(platform, deployment, draft.case_no))
    filing.destroy_later(platform, deployment, idle)
    filling = filling_of(platform, deployment, who, changed)
    return Saved(
        case_no=case_no,
        version=changed.version,
        errors=problems_json(problems),
        next_page=page_id if problems else filling.after(page_id),
    )


def _forget_replaced(
    conn: Connection, deployment: Deployment, draft: Draft, page_id: str, parsed: Parsed
) -> tuple[str, ...]:
    """Delete the files of a page's questions that its answers no longer name."""
    form = deployment.form(deployment.scenario(draft.scenario_hash), draft.form)
    pointers = [
        c.question.pointer
        for c in form.page(page_id).controls()
        if c.question.kind == "upload" and c.question.pointer in parsed.page.values
    ]
    if not pointers:
        return ()
    named = filing.named_in(parsed.answers, form.scenario)
    return filing.forget_idle(
        conn, draft.case_no, draft.account, pointers=filter(None, pointers), but=named
    )


def _subject_changed(scenario: Scenario, who: SignIn, before: Draft, after: Draft) -> bool:
    """Tell whether a subject was declared to the issuer and is now somebody else."""
    asked = {scenario.query(q).subject for q in before.fetched if q in _query_ids(scenario)}
    return any(
        subject in asked
        and asking.subject_key(scenario, subject, named_answers(before.answers, who))
        != asking.subject_key(scenario, subject, named_answers(after.answers, who))
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
            named_answers(draft.answers, who),
            _without_uses(draft.fetched),
            fresh_since(platform),
            _PATIENCE_S,
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
        held, proven = _licences(platform, filling, got)
        draft = replace(
            draft,
            answers=nested({**answers, **held}),
            provenance={**provenance, **proven},
        )
        if all(f.state in ("refused", "failed") for f in got.values()):
            return draft


def _licences(
    platform: Platform, filling: Filling, got: Mapping[str, Fetched]
) -> tuple[dict[str, Json], dict[str, Json]]:
    """Return the answers and their provenance that come with licences just asked for."""
    answers: dict[str, Json] = {}
    provenance: dict[str, Json] = {}
    datasets = _datasets(platform, filling.scenario)
    for control in filling.form.controls():
        question = control.question
        query = question.word("query")
        if question.kind != "e-licence" or question.pointer is None or query not in got:
            continue
        fetched, (dataset, party) = got[query], datasets[query]
        entry = fetched.uses[-1].entry if fetched.uses else None
        at = fetched.at.isoformat()
        holder = platform.city.party_title(party)
        answers[question.pointer] = licence(
            question, fetched.state, fetched.row or {}, holder, at, entry
        )
        provenance[question.pointer] = {
            "query": query,
            "dataset": dataset,
            "field": question.word("number", "reference"),
            "party": party,
            "at": at,
        }
    return answers, provenance


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
    seal = stored.seal if stored else _seal(draft.case_no, final, action)
    applicant = applicant_facts(who)
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
            update_case(conn, stored, outcome.case, now)
        record(conn, platform, deployment, scenario, draft.case_no, before, outcome)
        named = filing.named_in(final, scenario)
        idle = filing.hand_in(conn, draft.case_no, draft.account, named, now)
        note(deployment, conn, "case-submitted", now, who, draft.case_no, seal=seal)
    filing.destroy_later(platform, deployment, idle)
    return Receipt(
        draft.case_no,
        deployment.id,
        scenario.meta.title,
        stored.case.submitted_at if stored and stored.case.submitted_at else now,
        applicant["name"],
        seal,
    )


def _seal(case_no: str, final: Flat, action: Submit) -> str:
    """Return the SM3 of what was handed in, and of what was left open on purpose."""
    sealed = {"case": case_no, "answers": final}
    return sm3(canonical({**sealed, "left": action.left} if action.left else sealed))


def _number(platform: Platform, deployment: Deployment, now: datetime) -> str:
    case_no = new_case_number(platform.settings.case_prefix, now, platform.random_bytes)
    platform.deployments.register(case_no, deployment)
    return case_no


def _discard_quietly(platform: Platform, who: SignIn, case_no: str) -> None:
    try:
        discard_draft(platform, who, case_no)
    except Fault:
        return
