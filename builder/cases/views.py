"""Prepare what people see: portal, form pages, my matters, cases, worklists, tasks.

Rights are decided here and in `commands`, not in pages: what a reader may not see is not in the
value. A case that is not the reader's reads like one that does not exist.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, String, select, tuple_, type_coerce

from builder import forms
from builder.cases import commands, filing, gaps, keeping, passing
from builder.cases.answers import flat
from builder.cases.documents import documents_of
from builder.cases.errors import CaseUnknown, PageUnknown
from builder.cases.filling import Filling, read_provenance
from builder.cases.governance import purpose_title
from builder.cases.keeping import Draft, StoredCase
from builder.cases.outline import inside, party_of, step_title, tasks_of
from builder.cases.platform import Deployment, Platform
from builder.cases.shapes import (
    CaseLine,
    CaseView,
    CorrectionAsked,
    DataLine,
    DraftLine,
    DraftPage,
    FieldChoice,
    HandedIn,
    ItemLine,
    Matter,
    MatterCard,
    MatterLine,
    NoticeLine,
    PageStep,
    PartyLine,
    Receipt,
    Review,
    TaskView,
    TimelineEntry,
    UseLine,
)
from builder.cases.waiting import note_for, unheard, waiting
from builder.cases.words import EVENTS, PARTY_STATES, STATUSES, UNKNOWN, YES_NO
from builder.cases.worklists import worklist
from builder.errors import Fault
from builder.forms import Journey, SummaryModel
from builder.forms.files import Files
from builder.forms.view import Sources
from builder.identity import SignIn
from builder.process.case import Event, TaskState
from builder.scenario.model import (
    Choice,
    NamedQuery,
    Scenario,
    Task,
    Text,
)
from builder.store import cases as tables
from federation.store import instant_text, read

__all__ = [
    "case",
    "desk_notices",
    "handed_in",
    "library",
    "matter",
    "my_drafts",
    "my_matters",
    "notices",
    "page",
    "party_state_title",
    "portal",
    "receipt",
    "review",
    "status_title",
    "task",
    "waiting_for_me",
    "worklist",
]

_PAGE = 20
_RECENT = timedelta(days=14)
_WAITING = 50
_CURRENT = (("open", "working"), ("correcting", "correcting"), ("suspended", "suspended"))


# ── Before an application ────────────────────────────────────────────────────────────────────────


def portal(platform: Platform, who: SignIn | None, text: str = "") -> tuple[MatterCard, ...]:
    """Return the matters offered, those whose words contain `text` only."""
    words = text.strip().lower().split()
    cards = (_card(platform, d, who) for d in platform.deployments.all())
    return tuple(c for c in cards if all(w in _words(c) for w in words))


def library(platform: Platform) -> tuple[MatterCard, ...]:
    """Return the library of matters, as the command line lists it."""
    return portal(platform, None)


def matter(platform: Platform, who: SignIn | None, deployment_id: str) -> Matter:
    """Return a matter as its own page explains it.

    Raises:
        DeploymentUnknown: no such matter.
    """
    deployment = platform.deployments.get(deployment_id)
    scenario = deployment.current
    meta = scenario.meta
    hotline = next((p.default for p in scenario.parameters if p.id == "hotline"), None)
    return Matter(
        card=_card(platform, deployment, who),
        version=meta.version,
        county_title=platform.city.county_title(deployment.county),
        items=tuple(
            ItemLine(i.id, i.title, i.party, platform.city.party_title(i.party)) for i in meta.items
        ),
        departments=tuple(platform.city.party_title(p) for p in meta.parties),
        legal_basis=tuple(b.title for b in meta.legal_basis),
        data_bill=_data_bill(platform, scenario),
        pages=tuple(p.title for p in scenario.start_form.pages),
        hotline=hotline if isinstance(hotline, str) else "12345",
        drafts=_drafts(deployment, who) if who else (),
    )


# ── While filling in ─────────────────────────────────────────────────────────────────────────────


def page(
    platform: Platform,
    who: SignIn,
    case_no: str,
    page_id: str | None = None,
    post: Mapping[str, Sequence[str]] | None = None,
    refused: Mapping[str, Fault] | None = None,
    unfinished: bool = False,
) -> DraftPage:
    """Return one page of one's own draft, by default the first that is not done.

    Args:
        post: the page as just posted, to show what was typed and what to mend.
        refused: control → why a file that came with the page was not taken.
        unfinished: what is still blank is no mistake yet.

    Raises:
        CaseUnknown: not this person's draft.
        PageUnknown: not on this path.
    """
    deployment, draft = commands.own_draft(platform, who, case_no)
    filling = commands.filling_of(platform, deployment, who, draft)
    journey = filling.journey()
    page_id = page_id or next((p for p in journey.pages if p not in draft.done), journey.pages[-1])
    if page_id not in journey.pages:
        raise PageUnknown(page=page_id)
    asked, message = _asked(deployment, draft)
    stored = keeping.load_case(deployment, case_no) if draft.reason != "new" else None
    model = forms.view_page(
        filling.form,
        page_id,
        filling.answers,
        filling.today,
        filling.known(),
        parsed=_parsed(filling, page_id, post, refused, unfinished=unfinished),
        sources=_sources(platform, draft.provenance),
        asked=asked,
        files=filling.files,
        later_by=_later_by(platform, filling, stored),
    )
    return DraftPage(
        case_no=case_no,
        deployment=deployment.id,
        title=filling.scenario.meta.title,
        version=draft.version,
        steps=_page_steps(journey, draft, page_id),
        page=model,
        previous=journey.before(page_id),
        reason=draft.reason,  # type: ignore[arg-type] # one of three words, from our own store
        message=message,
        asked=asked,
        notices=_fetch_notices(platform, filling, draft, page_id),
    )


def review(platform: Platform, who: SignIn, case_no: str) -> Review:
    """Return all answers of one's own draft, before handing in.

    Raises:
        CaseUnknown: not this person's draft.
    """
    deployment, draft = commands.own_draft(platform, who, case_no)
    filling = commands.filling_of(platform, deployment, who, draft)
    stored = keeping.load_case(deployment, case_no)
    before = flat(stored.case.answers) if stored else {}
    _, message = _asked(deployment, draft)
    summary = forms.review(
        filling.form,
        filling.answers,
        filling.today,
        filling.known(),
        sources=_sources(platform, draft.provenance),
        changed=forms.changed(before, filling.final()) if stored else (),
        files=filling.files,
        later_by=_later_by(platform, filling, stored),
    )
    return Review(
        case_no=case_no,
        deployment=deployment.id,
        title=filling.scenario.meta.title,
        version=draft.version,
        steps=_page_steps(filling.journey(), draft, None),
        summary=summary,
        complete=not filling.incomplete(),
        reason=draft.reason,  # type: ignore[arg-type] # one of three words, from our own store
        message=message,
    )


def receipt(platform: Platform, who: SignIn, case_no: str) -> Receipt:
    """Return the receipt of one's own case.

    Raises:
        CaseUnknown: not this person's case.
    """
    _, stored = commands.own_case(platform, who, case_no)
    return replace(
        commands.receipt_of(stored),
        owed=gaps.owed_lines(platform, stored),
        promises=gaps.promise_lines(stored),
    )


# ── One's own matters ────────────────────────────────────────────────────────────────────────────


def my_matters(
    platform: Platform, who: SignIn
) -> tuple[tuple[DraftLine, ...], tuple[MatterLine, ...]]:
    """Return one's own drafts and newest cases, newest first."""
    return my_drafts(platform, who), handed_in(platform, who).lines


def my_drafts(platform: Platform, who: SignIn) -> tuple[DraftLine, ...]:
    """Return one's own applications not yet handed in, newest first."""
    drafts = [d for deployment in platform.deployments.all() for d in _drafts(deployment, who)]
    drafts.sort(key=lambda d: d.updated, reverse=True)
    return tuple(d for d in drafts if d.reason == "new")


def handed_in(
    platform: Platform, who: SignIn, *, after: str | None = None, limit: int = _PAGE
) -> HandedIn:
    """Return one's own cases, the one that changed last first.

    Args:
        platform: the city.
        who: the applicant.
        after: cursor of the page before.
        limit: how many at most.
    """
    lines: list[MatterLine] = []
    for deployment in platform.deployments.all():
        with read(deployment.engine) as conn:
            numbers = conn.scalars(_own(who, after).limit(limit + 1)).all()
            found = [keeping.read_case(conn, deployment, number) for number in numbers]
        lines += [_matter_line(platform, stored) for stored in found if stored is not None]
    lines.sort(key=lambda line: (line.updated, line.case_no), reverse=True)
    shown = lines[:limit]
    more = f"{instant_text(shown[-1].updated)}|{shown[-1].case_no}" if lines[limit:] else None
    return HandedIn(tuple(shown), more)


def waiting_for_me(platform: Platform, who: SignIn) -> tuple[CaseLine, ...]:
    """Return one's own cases that wait for oneself, by their rows alone; no case is folded."""
    column = tables.case.c
    query = (
        select(column.case_no, column.scenario_hash, column.status, column.updated_at)
        .where(column.account == who.account.account)
        .where(column.status.in_(("returned", "correcting", "owing")))
        .order_by(column.updated_at.desc())
        .limit(_WAITING)
    )
    lines: list[tuple[datetime, CaseLine]] = []
    for deployment in platform.deployments.all():
        with read(deployment.engine) as conn:
            rows = conn.execute(query).all()
        for r in rows:
            title = deployment.scenario(r.scenario_hash).meta.title
            lines.append((r.updated_at, CaseLine(r.case_no, deployment.id, title, r.status)))
    lines.sort(key=lambda pair: pair[0], reverse=True)
    return tuple(line for _, line in lines)


def case(platform: Platform, who: SignIn, case_no: str) -> CaseView:
    """Return a case as its applicant sees it.

    Raises:
        CaseUnknown: not this person's case.
    """
    deployment, stored = commands.own_case(platform, who, case_no)
    scenario, now = stored.scenario, platform.clock()
    answers = flat(stored.case.answers)
    sources = _sources(platform, stored.provenance)
    left = {**stored.case.owed, **stored.case.promises}
    scopes = [
        c.scope for c in scenario.start_form.controls() if c.scope in answers or c.scope in left
    ]
    files = filing.files_of(deployment, scenario, case_no)
    finished, unfinished = gaps.of_items(stored)
    return CaseView(
        case_no=case_no,
        deployment=deployment.id,
        title=scenario.meta.title,
        status=stored.case.status,  # type: ignore[arg-type] # never "new" once stored
        submitted=_known(stored.case.submitted_at),
        updated=_known(stored.case.updated_at),
        ended=stored.case.ended_at,
        parties=_party_lines(platform, stored, now),
        timeline=_timeline(platform, stored),
        uses=_uses(platform, stored),
        may_withdraw=not stored.case.is_ended,
        correction=_correction(platform, stored),
        summary=forms.summary(
            scenario,
            list(dict.fromkeys(s for s in scopes if s)),
            answers,
            sources=sources,
            files=files,
            marks=gaps.marks(stored),
        ),
        results=_results(scenario, answers, files),
        waiting=waiting(platform, stored),
        documents=documents_of(stored),
        owed=gaps.owed_lines(platform, stored),
        promises=gaps.promise_lines(stored),
        finished=finished,
        unfinished=unfinished if stored.case.status == "withdrawn" else (),
    )


def notices(platform: Platform, who: SignIn, limit: int = _PAGE) -> tuple[NoticeLine, ...]:
    """Return what was told to a person last, newest first."""
    column = tables.notice.c
    query = (
        select(tables.notice)
        .where(column.account == who.account.account)
        .order_by(column["at"].desc(), column.id.desc())
        .limit(limit)
    )
    lines: list[NoticeLine] = []
    for deployment in platform.deployments.all():
        with read(deployment.engine) as conn:
            rows = conn.execute(query).all()
        lines += [
            NoticeLine(r.case_no, Text(**r.title), Text(**r.text), r.at, r.read_at) for r in rows
        ]
    lines.sort(key=lambda n: n.at, reverse=True)
    return tuple(lines[:limit])


# ── The desk ─────────────────────────────────────────────────────────────────────────────────────


def desk_notices(platform: Platform, who: SignIn, limit: int = 5) -> tuple[NoticeLine, ...]:
    """Return what an officer's desk was told in the last two weeks, newest first."""
    column = tables.notice.c
    query = (
        select(tables.notice)
        .where(
            column.party == who.account.party,
            column.role.in_(who.account.roles),
            column["at"] >= platform.clock() - _RECENT,
        )
        .order_by(column["at"].desc(), column.id.desc())
        .limit(limit)
    )
    lines: list[NoticeLine] = []
    for deployment in platform.deployments.all():
        with read(deployment.engine) as conn:
            rows = conn.execute(query).all()
        lines += [
            NoticeLine(r.case_no, Text(**r.title), Text(**r.text), r.at, r.read_at) for r in rows
        ]
    lines.sort(key=lambda n: n.at, reverse=True)
    return tuple(lines[:limit])


def task(
    platform: Platform,
    who: SignIn,
    case_no: str,
    task_id: str,
    post: Mapping[str, Sequence[str]] | None = None,
    refused: Mapping[str, Fault] | None = None,
    unfinished: bool = False,
) -> TaskView:
    """Return a task as its officer sees it: the fields of this step and nothing else of the case.

    Args:
        post: the form as just posted, to show what was typed and what to mend.
        refused: control → why a file that came with the form was not taken.
        unfinished: what is still blank is no mistake yet.

    Raises:
        TaskUnknown, MayNotAct: not this officer's task.
    """
    deployment, stored, state = commands.officers_task(platform, who, case_no, task_id)
    scenario = stored.scenario
    step = scenario.step(state.step)
    assert isinstance(step, Task)  # noqa: S101 - only tasks have task states
    filling = commands.officer_filling(platform, deployment, stored, state, who)
    answers = flat(stored.case.answers)
    is_open, sees = state.status == "open", gaps.sees(stored, state)
    files = filing.files_of(deployment, scenario, case_no)
    return TaskView(
        case_no=case_no,
        task=state.id,
        deployment=deployment.id,
        title=step.title,
        matter=scenario.meta.title,
        item=scenario.item(step.item).title if step.item else None,
        party_title=platform.city.party_title(state.party),
        state=state.status,
        opened=state.opened_at,
        due=state.due_at,
        overdue=state.is_overdue(platform.clock()),
        visible=forms.summary(
            scenario,
            step.visible,
            answers,
            sources=_sources(platform, stored.provenance),
            files=files,
            marks=gaps.marks(stored),
        ),
        checks=_checks(platform, stored, state.party),
        form=_officer_page(filling, post, refused, unfinished) if filling and is_open else None,
        recorded=_recorded(scenario, step, answers, files) if not is_open else None,
        actions=_may_do(stored, state, step, who),
        return_to=tuple(FieldChoice(s, step_title(scenario, s)) for s in step.return_to),
        correctable=_correctable(scenario, step),
        version=stored.version,
        history=tuple(e for e in _timeline(platform, stored, party=state.party)),
        due_certain=state.due_certain,
        waiting=waiting(platform, stored),
        unheard=tuple(u.text for u in unheard(platform, stored)),
        documents=documents_of(stored, state.party),
        owed=gaps.owed_lines(platform, stored, sees),
        promises=gaps.promise_lines(stored, sees),
        may_decide=_may_decide(stored, state, who),
        held=gaps.held(stored, state.step) if is_open else (),
        rest=gaps.rest_line(state),
        assignee=passing.person_name(platform, state.assignee),
        transfer_to=passing.targets(platform, stored, state) if is_open else (),
        others=gaps.others(platform, stored, state.party),
    )


def _may_decide(stored: StoredCase, task: TaskState, who: SignIn) -> bool:
    """Tell whether a reader decides about what is owed and promised: also once the task is done."""
    return not stored.case.is_ended and task.status != "cancelled" and _is_mine(task, who)


def _is_mine(task: TaskState, who: SignIn) -> bool:
    return task.assignee in (None, who.account.account)


def _may_do(stored: StoredCase, task: TaskState, step: Task, who: SignIn) -> tuple[str, ...]:
    """Return what this reader may do with a task as it stands."""
    offered: tuple[str, ...] = step.actions
    if task.status == "suspended":
        offered = ("resume", *(a for a in offered if a == "reject"))
    elif task.status == "done":
        is_leads = step.party == stored.scenario.meta.lead and stored.case.waits_for_owed
        offered = tuple(a for a in offered if a == "reject" and is_leads)
    elif task.status != "open":
        offered = ()
    if not _is_mine(task, who):
        return tuple(a for a in offered if a == "transfer")
    return offered


# ── Words ────────────────────────────────────────────────────────────────────────────────────────


def status_title(status: str) -> Text:
    """Return what a status is called."""
    return STATUSES.get(status, Text(status, status))


def party_state_title(state: str) -> Text:
    """Return what the state of a department's part is called."""
    return PARTY_STATES.get(state, Text(state, state))


# ── Parts ────────────────────────────────────────────────────────────────────────────────────────


def _card(platform: Platform, deployment: Deployment, who: SignIn | None) -> MatterCard:
    meta = deployment.current.meta
    return MatterCard(
        deployment=deployment.id,
        county=deployment.county,
        scenario=meta.id,
        title=meta.title,
        summary=meta.summary,
        domain=meta.domain,
        lead=meta.lead,
        lead_title=platform.city.party_title(meta.lead),
        departments=len(meta.parties),
        items=len(meta.items),
        may_start=commands.may_start(deployment.current, who),
    )


def _words(card: MatterCard) -> str:
    texts = (card.title, card.summary, card.domain, card.lead_title)
    return " ".join(part for t in texts for part in (t.zh, t.en)).lower()


def _data_bill(platform: Platform, scenario: Scenario) -> tuple[DataLine, ...]:
    lines = []
    for used in scenario.datasets:
        dataset = platform.catalog.find(used.dataset)
        if dataset is None:
            continue
        grades = [f.grade for f in dataset.fields if f.name in used.fields]
        lines += [
            DataLine(
                dataset=used.dataset,
                title=platform.dataset_title(used.dataset),
                party_title=platform.city.party_title(dataset.party),
                fields=platform.field_titles(used.dataset, used.fields),
                purpose=purpose,
                purpose_title=purpose_title(purpose),
                grade=str(max(grades, default=dataset.grade)),
                basis=scenario.legal_basis(used.legal_basis).title,
            )
            for purpose in used.purposes
        ]
    return tuple(lines)


def _later_by(platform: Platform, filling: Filling, stored: StoredCase | None) -> dict[str, str]:
    """Return by which ISO day what is left open must come: as agreed, or counted from today."""
    days = filling.later_by(platform.calendar, platform.clock())
    owed = stored.case.owed.values() if stored else ()
    return days | {o.field: o.due_at.date().isoformat() for o in owed if o.is_open}


def _drafts(deployment: Deployment, who: SignIn) -> tuple[DraftLine, ...]:
    with read(deployment.engine) as conn:
        rows = conn.execute(
            select(tables.draft)
            .where(tables.draft.c.account == who.account.account)
            .order_by(tables.draft.c.updated_at.desc())
        ).all()
    title = deployment.current.meta.title
    return tuple(
        DraftLine(r.case_no, deployment.id, title, r.updated_at, r.expires_at, r.reason)
        for r in rows
    )


def _own(who: SignIn, after: str | None) -> Select[Any]:
    """Ask for the numbers of one's own cases, the one that changed last first."""
    column = tables.case.c
    place = (type_coerce(column.updated_at, String), column.case_no)
    query = (
        select(column.case_no)
        .where(column.account == who.account.account)
        .order_by(*(c.desc() for c in place))
    )
    last = after.split("|") if after else []
    return query.where(tuple_(*place) < tuple_(*last)) if len(last) == len(place) else query


def _page_steps(journey: Journey, draft: Draft, current: str | None) -> tuple[PageStep, ...]:
    return tuple(
        PageStep(
            page,
            journey.titles[page],
            "current" if page == current else "done" if page in draft.done else "todo",
        )
        for page in journey.pages
    )


def _sources(platform: Platform, provenance: Mapping[str, object]) -> Sources:
    found = read_provenance(provenance)  # type: ignore[arg-type] # JSON of our own store
    titles = {p.party: platform.city.party_title(p.party) for p in found.values()}
    titles |= {p.dataset: platform.dataset_title(p.dataset) for p in found.values()}
    return Sources(found, titles)


def _asked(deployment: Deployment, draft: Draft) -> tuple[tuple[str, ...], str | None]:
    """Return which pointers an officer asked to mend, and in which words."""
    if draft.reason == "new":
        return (), None
    stored = keeping.load_case(deployment, draft.case_no)
    if stored is None:
        return (), None
    if stored.case.returned:
        return (), stored.case.returned.reason
    corrections = stored.case.corrections
    fields = tuple(f for c in corrections for f in c.fields)
    return fields, "\n".join(c.reason for c in corrections) or None


def _fetch_notices(
    platform: Platform, filling: Filling, draft: Draft, page: str
) -> tuple[Text, ...]:
    """Say which departments could not be asked for this page's fields."""
    silent = {
        query
        for query in filling.form.queries(page)
        if draft.fetched.get(query, {}).get("state") in ("failed", "refused")
    }
    lines = []
    for query in sorted(silent):
        dataset = filling.scenario.dataset(filling.scenario.query(query).dataset).dataset
        owner = platform.catalog.find(dataset)
        party = platform.city.party_title(owner.party if owner else None)
        title = platform.dataset_title(dataset)
        lines.append(
            Text(
                f"{party.zh}的“{title.zh}”暂时没有取到。可以再取一次，也可以先自行填写，部门会核对。",
                f"“{title.en}” of the {party.en} could not be fetched just now. Fetch it again, "
                "or fill it in yourself; the department will check it.",
            )
        )
    return tuple(lines)


def _matter_line(platform: Platform, stored: StoredCase) -> MatterLine:
    parties = _party_lines(platform, stored, platform.clock())
    counted = [p for p in parties if p.state != "skipped"]
    status = stored.case.status
    return MatterLine(
        case_no=stored.case_no,
        deployment=stored.deployment.id,
        title=stored.scenario.meta.title,
        status=status,  # type: ignore[arg-type] # never "new" once stored
        submitted=stored.case.submitted_at,
        updated=_known(stored.case.updated_at),
        needs_me=status in ("returned", "correcting"),
        done=sum(p.state == "done" for p in counted),
        total=len(counted),
    )


def _party_lines(platform: Platform, stored: StoredCase, now: datetime) -> tuple[PartyLine, ...]:
    """Return one line per department of the matter, lead first."""
    scenario, skipped = stored.scenario, _skipped(stored)
    lines = []
    for party in scenario.meta.parties:
        own = [t for t in tasks_of(scenario) if t.party == party]
        tasks = [t for t in stored.case.tasks.values() if t.party == party]
        taken = [t for t in own if t.id not in skipped] or own
        theirs = [t for t in tasks_of(scenario) if t.id in {s.step for s in tasks}]
        items = dict.fromkeys(t.item for t in (*taken, *theirs) if t.item)
        if own or tasks:
            lines.append(_party_line(platform, stored, party, own, tasks, tuple(items), now))
    return tuple(lines)


def _party_line(
    platform: Platform,
    stored: StoredCase,
    party: str,
    own: Sequence[Task],
    tasks: Sequence[TaskState],
    items: Sequence[str],
    now: datetime,
) -> PartyLine:
    current = [t for t in tasks if t.status not in ("done", "cancelled")]
    newest = {t.step: t for t in tasks}
    state = _party_state(stored, own, newest)
    ids = {t.id for t in own}
    moved = [t for t in stored.case.open_tasks if t.step in ids and t.party != party]
    if moved and not current:
        state = "moved"
    dues = [t.due_at for t in current if t.due_at]
    dones = [t.done_at for t in newest.values() if t.done_at]
    return PartyLine(
        party=party,
        title=platform.city.party_title(party),
        state=state,  # type: ignore[arg-type] # one of the words of `PartyState`
        items=tuple(stored.scenario.item(i).title for i in items),
        due=min(dues, default=None),
        done_at=max(dones, default=None) if state in ("done", "rejected") else None,
        overdue=any(t.is_overdue(now) for t in current),
        note=_pending_note(platform, stored, party) or _moved_note(platform, moved),
        urge=tuple(t.id for t in current if gaps.may_urge(platform, t)),
    )


def _moved_note(platform: Platform, moved: Sequence[TaskState]) -> Text | None:
    """Say to whom a department passed its tasks on."""
    if not moved:
        return None
    to = [platform.city.party_title(p) for p in dict.fromkeys(t.party for t in moved)]
    zh, en = "、".join(t.zh for t in to), ", ".join(t.en for t in to)
    return Text(f"已转给{zh}办理", f"Passed on to the {en}")


def _party_state(stored: StoredCase, own: Sequence[Task], newest: Mapping[str, TaskState]) -> str:
    statuses = {t.status for t in newest.values()}
    current = [said for status, said in _CURRENT if status in statuses]
    if current:
        return current[0]
    reached = _reached(stored, own)
    if any(s == "waiting" for s in reached) and not stored.case.is_ended:
        return "waiting"
    outcomes = {t.outcome for t in newest.values() if t.status == "done"}
    if "approve" in outcomes or "submit" in outcomes:
        return "done"
    if "reject" in outcomes:
        return "rejected"
    return "cancelled" if stored.case.is_ended and "waiting" in reached else "skipped"


def _reached(stored: StoredCase, own: Sequence[Task]) -> list[str]:
    """Return for each of a party's steps: done, skipped, or still waiting for its turn."""
    skipped = _skipped(stored)
    return [
        "skipped"
        if t.id in skipped
        else "reached"
        if stored.case.steps.get(t.id) in ("done", "rejected", "cancelled", "active")
        else "waiting"
        for t in own
    ]


def _skipped(stored: StoredCase) -> set[str]:
    """Return the steps inside branches that this case does not take."""
    states, within = stored.case.steps, inside(stored.scenario)
    gone: set[str] = set()
    for name, (thing, inner) in within.items():
        if states.get(name) == "skipped":
            gone |= inner
        if isinstance(thing, Choice) and states.get(name) in ("active", "done"):
            for arm in thing.branches:
                if states.get(arm.id) is None:
                    gone |= within[arm.id][1]
    return gone


def _pending_note(platform: Platform, stored: StoredCase, party: str) -> Text | None:
    """Say that a department's data are awaited, and when it is tried again."""
    return note_for(waiting(platform, stored), party)


def _timeline(
    platform: Platform, stored: StoredCase, party: str | None = None
) -> tuple[TimelineEntry, ...]:
    """Return what happened in plain words; for an officer, of the own department only."""
    entries = []
    for event in _telling(stored.events, to_applicant=party is None):
        entry = _entry(platform, stored, event)
        if entry is None:
            continue
        own = event.step is not None and party_of(stored.scenario, event.step) == party
        if party is None or own or event.step is None or _concerns(stored, event, party):
            entries.append(entry)
    return tuple(entries)


def _concerns(stored: StoredCase, event: Event, party: str) -> bool:
    """Tell whether an event is about an answer left open that a department uses, or its own task.

    The lead reads all of them.
    """
    task = event.data.get("task")
    if event.kind in ("transferred", "urged"):
        return party in (event.data.get("from_party"), event.data.get("party"))
    if isinstance(task, str) and stored.case.tasks[task].party == party:
        return True
    fields = event.data.get("fields") or [event.data.get("field")]
    if event.kind in ("submitted", "correction_asked") or not isinstance(fields, list):
        return False
    used = {p for t in tasks_of(stored.scenario) if t.party == party for p in t.visible}
    known = set(stored.case.owed) | set(stored.case.promises)
    return any(f in known and (f in used or party == stored.scenario.meta.lead) for f in fields)


def _telling(events: Iterable[Event], *, to_applicant: bool) -> Iterator[Event]:
    """Leave out what tells a reader nothing: further failures of a question, desks' reminders."""
    silent: set[str | None] = set()
    for event in events:
        is_further = event.kind == "query_failed" and event.step in silent
        if event.kind == "query_failed":
            silent.add(event.step)
        elif event.kind == "query_asked":
            silent.discard(event.step)
        if not is_further and not (to_applicant and event.kind == "reminded"):
            yield event


def _entry(platform: Platform, stored: StoredCase, event: Event) -> TimelineEntry | None:
    words = EVENTS.get(_key(event))
    notice = event.data.get("notice")
    if event.kind == "resumed" and not event.data.get("rested"):
        return None  # after a correction, which says it all
    open_answers = _open_answers(stored, event)
    if open_answers is not None:
        title: Text | None = open_answers
    elif event.kind == "branch_skipped":
        title = _not_needed(stored, event.step)
    elif isinstance(notice, str):
        title = stored.scenario.notice(notice).title
    elif isinstance(document := event.data.get("document"), str):
        title = stored.scenario.document(document).title
    else:
        title = step_title(stored.scenario, event.step)
    if words is None or title is None:
        return None
    party = party_of(stored.scenario, event.step) if event.step else None
    to = platform.city.party_title(str(event.data.get("party"))) if _is_passed(event) else title
    remark = event.data.get("reason") or event.data.get("remark")
    return TimelineEntry(
        at=event.at,
        text=Text(
            words.zh.format(step=title.zh, to=to.zh), words.en.format(step=title.en, to=to.en)
        ),
        party_title=platform.city.party_title(party) if party else None,
        remark=remark if isinstance(remark, str) else None,
    )


def _key(event: Event) -> str:
    """Return under which key the words for an event stand."""
    match event.kind:
        case "task_done":
            return f"task_done.{event.data.get('outcome')}"
        case "suspended":
            return f"suspended.{event.data.get('why')}"
        case "urged":
            by_officer = event.actor is not None and event.actor.party is not None
            return "urged.officer" if by_officer else "urged.applicant"
        case "promise_checked":
            return f"promise_checked.{str(event.data.get('kept')).lower()}"
        case _:
            return event.kind


def _is_passed(event: Event) -> bool:
    return event.kind == "transferred"


def _open_answers(stored: StoredCase, event: Event) -> Text | None:
    """Return what the open answers of an event are called; None where it is about none."""
    if event.kind == "correction_asked":
        return None
    return gaps.field_titles(stored.scenario, event.data)


def _not_needed(stored: StoredCase, branch: str | None) -> Text | None:
    """Name the items that are not needed now that a branch is not taken; none where none is."""
    tasks, skipped = tasks_of(stored.scenario), _skipped(stored)
    within = inside(stored.scenario)[str(branch)][1]
    elsewhere = {t.item for t in tasks if t.id not in skipped}
    items = dict.fromkeys(t.item for t in tasks if t.id in within and t.item)
    titles = [stored.scenario.item(i).title for i in items if i not in elsewhere]
    if not titles:
        return None
    return Text("、".join(t.zh for t in titles), ", ".join(t.en for t in titles))


def _uses(platform: Platform, stored: StoredCase) -> tuple[UseLine, ...]:
    subjects = {s.id: s.title for s in stored.scenario.subjects}
    lines = []
    for use in keeping.read_uses(stored.deployment, stored.case_no):
        columns = tuple(f.rpartition(".")[2] for f in use.fields)
        lines.append(
            UseLine(
                at=use.at,
                asked_by=_asker(platform, stored, use.asked_by),
                node=use.node,
                node_title=platform.city.party_title(use.node),
                dataset=use.dataset,
                dataset_title=platform.dataset_title(use.dataset),
                fields=platform.field_titles(use.dataset, columns),
                subject=subjects.get(use.subject, Text(use.subject, use.subject)),
                purpose=use.purpose,
                purpose_title=purpose_title(use.purpose),
                grant=use.grant,
                outcome=use.outcome,  # type: ignore[arg-type] # one of four words, from our own store
                entry=use.entry,
            )
        )
    return tuple(lines)


def _asker(platform: Platform, stored: StoredCase, account: str) -> Text:
    if account == stored.account:
        return Text("您本人的申请", "your own application")
    found = platform.accounts.load(account)
    return platform.city.party_title(found.party) if found else Text(account, account)


def _correction(platform: Platform, stored: StoredCase) -> CorrectionAsked | None:
    if stored.case.returned is not None:
        asked = stored.case.returned
        party = stored.case.tasks[asked.task].party
        return CorrectionAsked(platform.city.party_title(party), asked.reason, (), None)
    if not stored.case.corrections:
        return None
    first = stored.case.corrections[0]
    party = stored.case.tasks[first.task].party
    titles = tuple(gaps.field_title(stored.scenario, p) for p in first.fields)
    place = next(
        (
            form_page.id
            for form_page in stored.scenario.start_form.pages
            for section in form_page.sections
            for control in section.controls
            if control.scope in first.fields
        ),
        None,
    )
    return CorrectionAsked(platform.city.party_title(party), first.reason, titles, place)


def _results(
    scenario: Scenario, answers: Mapping[str, object], files: Files
) -> SummaryModel | None:
    """Return what departments recorded, as the applicant may see it: officers' forms, by item."""
    told = set(scenario.start_form.scopes())
    by_item: dict[str, list[str]] = {}
    for task in tasks_of(scenario):
        if task.form and task.item:
            scopes = (c.scope for c in scenario.form(task.form).controls())
            found = [s for s in scopes if s and s in answers and s not in told]
            told.update(found)
            by_item.setdefault(task.item, []).extend(found)
    sections = tuple(
        replace(section, title=scenario.item(item).title)
        for item, pointers in by_item.items()
        for section in forms.summary(scenario, pointers, answers, files=files).sections  # type: ignore[arg-type] # JSON
    )
    return SummaryModel(sections) if sections else None


def _recorded(
    scenario: Scenario, step: Task, answers: Mapping[str, object], files: Files
) -> SummaryModel | None:
    if step.form is None:
        return None
    pointers = [c.scope for c in scenario.form(step.form).controls() if c.scope]
    found = [p for p in dict.fromkeys(pointers) if p in answers]
    return forms.summary(scenario, found, answers, files=files) if found else None  # type: ignore[arg-type] # JSON


def _officer_page(
    filling: Filling,
    post: Mapping[str, Sequence[str]] | None,
    refused: Mapping[str, Fault] | None,
    unfinished: bool,
) -> forms.PageModel:
    only = filling.form.form.pages[0].id
    parsed = _parsed(filling, only, post, refused, unfinished=unfinished)
    return forms.view_page(
        filling.form,
        only,
        filling.answers,
        filling.today,
        filling.known(),
        parsed=parsed,
        files=filling.files,
    )


def _parsed(
    filling: Filling,
    page_id: str,
    post: Mapping[str, Sequence[str]] | None,
    refused: Mapping[str, Fault] | None,
    *,
    unfinished: bool,
) -> forms.ParsedPage | None:
    """Return a posted page, read; of an unfinished one blanks are no mistakes."""
    if post is None:
        return None
    parsed = filling.parse(page_id, post, refused).page
    if not unfinished:
        return parsed
    blank = {p for p, value in parsed.values.items() if value is None}
    is_file = {c.question.id for c in filling.form.controls() if c.question.kind == "upload"}
    told = tuple(
        e
        for e in parsed.errors
        if e.pointer not in blank or (e.control in is_file and e.control in (refused or {}))
    )
    return replace(parsed, errors=told)


def _checks(
    platform: Platform, stored: StoredCase, party: str | None
) -> tuple[tuple[Text, Text], ...]:
    """Return what federated checks said; a reference number beside a yes.

    A department reads the checks of its own records; the lead also whether relations are proven.
    """
    lines = []
    for query in stored.scenario.queries:
        row = stored.case.results.get(query.id)
        if (
            query.purpose != "verify"
            or row is None
            or not _may_read(platform, stored, query, party)
        ):
            continue
        answer = row.get("answer")
        said = YES_NO[answer] if isinstance(answer, bool) else UNKNOWN
        reference = row.get("reference")
        if isinstance(reference, str):
            said = Text(f"{said.zh}（{reference}）", f"{said.en} ({reference})")
        lines.append((query.title, said))
    return tuple(lines)


def _may_read(platform: Platform, stored: StoredCase, query: NamedQuery, party: str | None) -> bool:
    relation = stored.scenario.subject(query.subject).relation
    if relation is not None and relation.verified_by == query.id:
        return party == stored.scenario.meta.lead
    dataset = platform.catalog.find(stored.scenario.dataset(query.dataset).dataset)
    return dataset is not None and dataset.party == party


def _correctable(scenario: Scenario, step: Task) -> tuple[FieldChoice, ...]:
    own = scenario.start_form.scopes()
    return tuple(FieldChoice(p, gaps.field_title(scenario, p)) for p in step.visible if p in own)


def _known(moment: datetime | None) -> datetime:
    if moment is None:
        raise CaseUnknown(case="")
    return moment
