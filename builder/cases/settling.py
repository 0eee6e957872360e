"""Carry a case on where nobody acts: ask what its process asks, let time pass, clean up.

What is to be done stands in the case store; here is how one thing is done, whoever found it due:
the web right after a person acted, or the worker. Everything is done under a claim
(`builder.cases.due`) and taken into the case once.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import delete

from builder.cases import asking, due, filing, keeping, outbox, questions
from builder.cases.asking import Fetched, Matter
from builder.cases.due import Held
from builder.cases.errors import ActionNotAllowed, CaseChanged, CaseUnknown
from builder.cases.keeping import Draft, StoredCase
from builder.cases.moving import advance_case, note
from builder.cases.platform import Deployment, Platform
from builder.cases.whose import applicant_principal, has_open_task, is_own
from builder.errors import Fault
from builder.identity import SignIn
from builder.process.case import Answer, PendingQuery, Tick
from builder.process.deadlines import next_moment
from builder.process.errors import ProcessFault
from builder.process.retry import wait as pause_before
from builder.scenario.model import Json
from builder.store import cases as tables
from federation.link.errors import LinkPaused
from federation.store import write

__all__ = [
    "ask_claimed",
    "ask_for_case",
    "ask_now",
    "close_claimed",
    "fail_claimed",
    "forget_expired",
    "fresh_since",
    "settle",
    "tick_claimed",
]

_AT_ONCE = 8
_PATIENCE_S = 5.0
_RESTED = timedelta(seconds=3)


# ── A case, right after somebody acted ───────────────────────────────────────────────────────────


def settle(
    platform: Platform, deployment: Deployment, case_no: str, *, patience_s: float = _PATIENCE_S
) -> None:
    """Ask what a case's process asks, side by side; take each answer as it comes; close what ended.

    Returns when nothing is due any more, or when patience is at its end: who is still being asked
    then answers in the background, and a department that is not there delays its own branch only.

    Args:
        platform: where.
        deployment: whose case.
        case_no: which case.
        patience_s: how long the caller waits for departments.
    """
    until = time.monotonic() + patience_s
    running: set[Future[None]] = set()
    pool = ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="settle")
    try:
        while True:
            for held in _claimed(platform, deployment, case_no):
                running.add(pool.submit(_do, platform, deployment, held))
            if not running:
                return
            done, running = wait(running, until - time.monotonic(), FIRST_COMPLETED)
            if not done:
                return
            for future in done:
                with suppress(Fault):  # nothing was lost: it is due again
                    future.result()
    finally:
        pool.shutdown(wait=False)


def ask_now(
    platform: Platform, deployment: Deployment, case_no: str, *, patience_s: float = _PATIENCE_S
) -> int:
    """Ask a case's waiting questions at once, but none that was tried seconds ago; say how many."""
    now = platform.clock()
    with write(deployment.engine) as conn:
        questions.hurry(conn, now, case_no=case_no, rested=_RESTED)
    asked = len(due.due(deployment.engine, "ask", now, case_no=case_no))
    settle(platform, deployment, case_no, patience_s=patience_s)
    return asked


def _claimed(platform: Platform, deployment: Deployment, case_no: str) -> tuple[Held, ...]:
    now = platform.clock()
    found = [
        *due.due(deployment.engine, "ask", now, case_no=case_no),
        *due.due(deployment.engine, "send", now, case_no=case_no, lane=outbox.CLOSE),
    ]
    return due.claim(
        deployment.engine, found, now, lambda: f"case:{platform.random_bytes(12).hex()}"
    )


def _do(platform: Platform, deployment: Deployment, held: Held) -> None:
    if held.kind == "ask":
        ask_claimed(platform, deployment, held)
    else:
        close_claimed(platform, deployment, held)


# ── One thing that is due, under a claim ─────────────────────────────────────────────────────────


def ask_claimed(platform: Platform, deployment: Deployment, held: Held) -> str:
    """Ask a question that is due and take the answer, or its failure, into the case.

    Returns:
        What became of it: ``answered``, ``empty``, ``refused``, ``failed``, or ``gone`` when the
        process did not ask it any more.
    """
    case_no, step = held.key
    try:
        stored = keeping.load_case(deployment, case_no)
        pending = stored.case.pending.get(step) if stored else None
        if stored is None or pending is None:
            return "gone"
        matter = _matter_of(stored, None, fresh_since(platform))
        fetched = asking.remembered(matter, pending.query)
        if fetched is None:
            fetched = asking.ask(platform, matter, pending.query)
        if fetched.fault == LinkPaused.code and pending.attempts:
            _wait_longer(platform, deployment, held, pending)
        else:
            _answer(platform, deployment, case_no, pending, fetched)
        if fetched.row is not None:
            _wake(platform, deployment, held, stored)
        return fetched.state
    finally:
        due.give_back(deployment.engine, held)


def fail_claimed(platform: Platform, deployment: Deployment, held: Held, fault: Fault) -> None:
    """Put off what could not be done because of a mistake in the program; it stays to be seen."""
    now = platform.clock()
    if held.kind == "ask":
        case_no, step = held.key
        stored = keeping.load_case(deployment, case_no)
        pending = stored.case.pending.get(step) if stored else None
        if pending is not None:
            fetched = Fetched(pending.query, "refused", now, "", fault=fault.code)
            _answer(platform, deployment, case_no, pending, fetched)
        return
    due.put_off(deployment.engine, held, now + timedelta(minutes=5), fault.code)


def tick_claimed(platform: Platform, deployment: Deployment, held: Held) -> bool:
    """Let happen to a case what has come due; True when something did."""
    (case_no,) = held.key
    try:
        while True:
            stored = keeping.load_case(deployment, case_no)
            if stored is None:
                return False
            try:
                return _tick(platform, deployment, stored)
            except CaseChanged:
                continue
    finally:
        due.give_back(deployment.engine, held)


def close_claimed(platform: Platform, deployment: Deployment, held: Held) -> None:
    """Close a case at the issuer and the nodes; what fails is tried again later.

    Raises:
        Fault: why it failed, after it was put off.
    """
    message = outbox.load(deployment, held.key[0])
    if message is None:
        return
    try:
        outbox.close_now(platform, deployment, message, held)
    except Fault as fault:
        outbox.retry_later(platform, deployment, message, held, fault.code)
        raise


def _tick(platform: Platform, deployment: Deployment, stored: StoredCase) -> bool:
    now = platform.clock()
    at = next_moment(stored.scenario, stored.case, platform.calendar)
    if at is not None and at <= now:
        advance_case(platform, deployment, stored, Tick(), "case-due", None)
        return True
    with write(deployment.engine) as conn:
        due.set_timer(conn, stored.case_no, at)
    return False


def _wait_longer(
    platform: Platform, deployment: Deployment, held: Held, pending: PendingQuery
) -> None:
    """Ask later, without an entry in the case: nobody was asked, the way is known to be closed."""
    now = platform.clock()
    waited = now - (pending.since or now)
    again = now + pause_before(pending.attempts, waited, mend=False, jitter=_jitter(platform))
    due.put_off(deployment.engine, held, again)


def _wake(platform: Platform, deployment: Deployment, held: Held, stored: StoredCase) -> None:
    """Let this answer help others: who answers once is there again for all that wait for it."""
    _, step = held.key
    pending = stored.case.pending[step]
    now = platform.clock()
    relation = stored.scenario.subject(stored.scenario.query(pending.query).subject).relation
    with write(deployment.engine) as conn:
        if relation is not None and relation.verified_by == pending.query:
            questions.hurry(conn, now, case_no=stored.case_no)
        if held.lane:
            questions.hurry(conn, now, party=held.lane, faults=asking.silence())


def _answer(
    platform: Platform,
    deployment: Deployment,
    case_no: str,
    pending: PendingQuery,
    fetched: Fetched,
) -> None:
    """Take an answer (or its failure) into the case; one that came too late is dropped."""
    action = Answer(
        pending.step,
        fetched.row,
        fetched.fault,
        pending.asked,
        mend=fetched.state == "refused",
        jitter=_jitter(platform),
        facts=fetched.facts,
    )
    while True:
        stored = keeping.load_case(deployment, case_no)
        if stored is None:
            return
        try:
            advance_case(
                platform,
                deployment,
                stored,
                action,
                "case-asked",
                None,
                step=pending.step,
                query=fetched.query,
                outcome=fetched.state,
                uses=fetched,
            )
        except CaseChanged:
            continue
        except ProcessFault:
            with write(deployment.engine) as conn:
                keeping.add_uses(conn, case_no, fetched.uses)
        return


def _jitter(platform: Platform) -> float:
    return platform.random_bytes(1)[0] / 255


# ── Asking beside the process ────────────────────────────────────────────────────────────────────


def _matter_of(
    stored: StoredCase, who: SignIn | None, fresh_since: datetime | None = None
) -> Matter:
    principal = who.account.principal if who else applicant_principal(stored)
    return Matter(
        stored.case_no, stored.scenario, principal, stored.case.answers, _known(stored), fresh_since
    )


def fresh_since(platform: Platform) -> datetime:
    """Return since when an answer is fresh enough not to be asked for again."""
    return platform.clock() - timedelta(minutes=platform.settings.draft_fetch_minutes)


def _known(stored: StoredCase) -> dict[str, Mapping[str, Json]]:
    """Return what is known of earlier questions, so that established relations count."""
    known = dict(stored.fetched)
    for query, row in stored.case.results.items():
        if known.get(query, {}).get("row") is None:
            known[query] = {"state": "answered", "row": dict(row)}
    return known


def ask_for_case(platform: Platform, who: SignIn, case_no: str, query: str) -> Fetched:
    """Ask a named query for a running case, as its applicant or an officer with an open task.

    Raises:
        CaseUnknown: not this reader's case, or no such query in it.
    """
    deployment = platform.deployments.of_case(case_no)
    stored = keeping.load_case(deployment, case_no)
    if stored is None or not (is_own(stored, who) or has_open_task(stored, who)):
        raise CaseUnknown(case=case_no)
    if query not in {q.id for q in stored.scenario.queries}:
        raise ActionNotAllowed(action=query, known=[q.id for q in stored.scenario.queries])
    fetched = asking.ask(platform, _matter_of(stored, who), query)
    with write(deployment.engine) as conn:
        keeping.add_uses(conn, case_no, fetched.uses)
        note(deployment, conn, "case-asked", platform.clock(), who, case_no, query=query)
    return fetched


# ── Cleaning up ──────────────────────────────────────────────────────────────────────────────────


def forget_expired(platform: Platform, deployment: Deployment) -> int:
    """Delete drafts that nobody came back to in time; return how many."""
    gone = 0
    now = platform.clock()
    for case_no in keeping.expired_drafts(deployment, now):
        draft = keeping.load_draft(deployment, case_no)
        if draft is not None and _forgotten(platform, deployment, draft, now):
            gone += 1
    return gone


def _forgotten(platform: Platform, deployment: Deployment, draft: Draft, now: datetime) -> bool:
    """Delete a draft and its files unless its owner came back at this very moment."""
    idle: tuple[str, ...] = ()
    with write(deployment.engine) as conn:
        gone = conn.execute(
            delete(tables.draft).where(
                tables.draft.c.case_no == draft.case_no, tables.draft.c.version == draft.version
            )
        )
        if gone.rowcount == 1:
            scenario = deployment.scenario(draft.scenario_hash)
            outbox.close_later(conn, platform, scenario, draft.case_no, now)
            idle = filing.forget_idle(conn, draft.case_no, draft.account)
            note(deployment, conn, "draft-expired", now, None, draft.case_no)
    filing.destroy(platform, deployment, idle)
    return gone.rowcount == 1
