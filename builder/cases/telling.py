"""Tell people what happened to a case: inside the house at once, outside through the outbox."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert

from builder.cases import outbox
from builder.cases.gaps import field_titles
from builder.cases.outline import step_title
from builder.cases.platform import Platform
from builder.cases.whom import Due, notices_of
from builder.cases.words import DEADLINES, TOLD
from builder.process.calendar import SHANGHAI
from builder.process.case import Event
from builder.process.engine import Outcome
from builder.scenario.model import Scenario, Task, Text
from builder.store import cases as tables

__all__ = ["tell"]


@dataclass(frozen=True, slots=True)
class _Told:
    """One thing to tell: to an account, or to the desk of a party's role."""

    event: Event
    notice: str
    title: Text
    text: Text
    account: str = ""
    party: str | None = None
    role: str | None = None


def tell(
    conn: Connection, platform: Platform, scenario: Scenario, case_no: str, outcome: Outcome
) -> None:
    """Put the notices of these events into inboxes, and into the outbox of each channel."""
    for told in _all_told(platform, scenario, case_no, outcome):
        conn.execute(
            insert(tables.notice).values(
                case_no=case_no,
                event=told.event.seq,
                account=told.account,
                notice=told.notice,
                title=_pair(told.title),
                text=_pair(told.text),
                at=told.event.at,
                party=told.party,
                role=told.role,
            )
        )
        for channel in outbox.channels(platform):
            _send(conn, platform, scenario, case_no, told, channel)


def _send(
    conn: Connection,
    platform: Platform,
    scenario: Scenario,
    case_no: str,
    told: _Told,
    channel: str,
) -> None:
    to = {"account": told.account} if told.account else {"party": told.party, "role": told.role}
    outbox.post(
        conn,
        case_no,
        channel,
        told.account or f"{told.party}/{told.role}",
        {
            "case": case_no,
            "matter": _pair(scenario.meta.title),
            "notice": told.notice,
            "to": to,
            "title": _pair(told.title),
            "text": _pair(told.text),
            "at": told.event.at.isoformat(),
        },
        platform.clock(),
        about=(told.event.seq, told.notice, told.account, told.party, told.role),
    )


def _all_told(
    platform: Platform, scenario: Scenario, case_no: str, outcome: Outcome
) -> Iterator[_Told]:
    applicant = outcome.case.applicant
    for event in outcome.events:
        name = event.data.get("notice")
        if event.kind == "notice_sent" and isinstance(name, str) and applicant is not None:
            notice = scenario.notice(name)
            yield _Told(event, notice.id, notice.title, notice.text, applicant.account)
        elif event.kind in DEADLINES:
            yield _deadline(platform, scenario, case_no, outcome, event)
        else:
            for notice_ in notices_of(scenario, outcome, event):
                yield _said(platform, scenario, case_no, outcome, notice_)


def _deadline(
    platform: Platform, scenario: Scenario, case_no: str, outcome: Outcome, event: Event
) -> _Told:
    """Return what is said when a task's day is near, over, or long over."""
    state = outcome.case.tasks[str(event.data["task"])]
    step = scenario.step(state.step)
    title = step.title if isinstance(step, Task) else Text(state.step, state.step)
    party, role = _word(event, "party"), str(event.data["role"])
    head, body = DEADLINES[event.kind]
    due = _day(state.due_at)
    who = platform.city.party_title(state.party)
    told = _Told(
        event,
        event.kind,
        _filled(head, title, case_no, due, who),
        _filled(body, title, case_no, due, who),
    )
    if party is None:
        applicant = outcome.case.applicant
        return _Told(
            event, told.notice, told.title, told.text, applicant.account if applicant else ""
        )
    return _Told(event, told.notice, told.title, told.text, party=party, role=role)


def _said(
    platform: Platform, scenario: Scenario, case_no: str, outcome: Outcome, notice: Due
) -> _Told:
    """Put a notice about an open answer, a pause or a passing-on into words."""
    event = notice.event
    head, body = TOLD[f"{notice.name}.{'desk' if notice.party else 'applicant'}"]
    nothing = Text("", "")
    field = field_titles(scenario, {"fields": list(notice.fields)}) or nothing
    steps = [step_title(scenario, step) for step in notice.steps]
    step = Text("、".join(s.zh for s in steps), ", ".join(s.en for s in steps))
    who = platform.city.party_title(_word(event, "from_party"))
    owed = outcome.case.owed.get(notice.fields[0]) if notice.fields else None
    facts = {
        "case": case_no,
        "due": _day(owed.due_at if owed else None),
        "reason": _word(event, "reason") or "",
    }
    zh = {**facts, "field": field.zh, "step": step.zh, "party": who.zh}
    en = {**facts, "field": field.en, "step": step.en, "party": who.en}
    applicant = outcome.case.applicant
    account = "" if notice.party or applicant is None else applicant.account
    return _Told(
        event,
        notice.name,
        Text(head.zh.format(**zh), head.en.format(**en)),
        Text(body.zh.format(**zh), body.en.format(**en)),
        account,
        notice.party,
        notice.role,
    )


def _filled(text: Text, step: Text, case_no: str, due: str, who: Text) -> Text:
    return Text(
        text.zh.format(step=step.zh, case=case_no, due=due, party=who.zh),
        text.en.format(step=step.en, case=case_no, due=due, party=who.en),
    )


def _day(due: datetime | None) -> str:
    return "" if due is None else f"{due.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


def _word(event: Event, key: str) -> str | None:
    value = event.data.get(key)
    return value if isinstance(value, str) else None


def _pair(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}
