"""What each action does, as the case files tell it."""

import json
from datetime import date
from pathlib import Path

import pytest

from builder.errors import Fault
from builder.process import case as c
from builder.process.engine import advance, fold

FILES = sorted((Path(__file__).parents[1] / "cases" / "process").glob("*.json"))


def action_of(move, matter):
    who = move.get("by", "platform")
    actor = matter.APPLICANT if who == "applicant" else matter.officer(who)
    if "as" in move:
        actor = c.Actor(move.get("account", actor.account), actor.party, move["as"])
    elif "account" in move:
        actor = c.Actor(move["account"], actor.party, actor.role)
    task, answers = move.get("task"), move.get("answers", {})
    reason = move.get("reason", "because")
    result = None if "fault_code" in move else move.get("result", {"answer": True})
    made = {
        "submit": lambda: c.Submit(
            actor, answers, move.get("results", {}), task, move.get("left", {})
        ),
        "approve": lambda: c.Approve(actor, task, answers, move.get("remark")),
        "reject": lambda: c.Reject(actor, task, reason),
        "return": lambda: c.Return(actor, task, move["to"], reason),
        "correct": lambda: c.Correct(actor, task, tuple(move["fields"]), reason),
        "supplement": lambda: c.Supplement(actor, answers),
        "extend": lambda: c.Extend(actor, task, move["field"], reason, move.get("days")),
        "waive": lambda: c.Waive(actor, task, move["field"], reason),
        "verify": lambda: c.Verify(actor, task, move["field"], move.get("kept", True), reason),
        "suspend": lambda: c.Suspend(
            actor,
            task,
            reason,
            date.fromisoformat(move["until"]) if "until" in move else None,
            move.get("for_owed", False),
        ),
        "resume": lambda: c.Resume(actor, task),
        "transfer": lambda: c.Transfer(
            actor, task, move["party"], move.get("role", "officer"), reason, move.get("to")
        ),
        "urge": lambda: c.Urge(actor, task),
        "tick": c.Tick,
        "withdraw": lambda: c.Withdraw(actor, move.get("reason")),
        "answer": lambda: c.Answer(move["step"], result, move.get("fault_code"), move.get("asked")),
    }
    return made[move["action"]]()


def told(event):
    """Return an event as the case files write it: kind, step, and what matters of its data."""
    words = [event.kind] + ([event.step] if event.step else [])
    keys = (
        "task",
        "outcome",
        "scope",
        "branch",
        "to",
        "query",
        "notice",
        "document",
        "round",
        "cause",
        "field",
        "why",
    )
    words += [f"{key}={event.data[key]}" for key in keys if key in event.data]
    return " ".join(words)


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_an_action_does_what_its_case_tells(path, matter, calendar):
    doc = json.loads(path.read_text(encoding="utf-8"))
    scenario = matter.scenario_of(doc["steps"])
    case, events = c.NEW, []
    now = matter.at("03-02T09:00")
    for move in doc["do"]:
        now = matter.at(move["at"]) if "at" in move else now
        action = action_of(move, matter)
        if "fault" in move:
            with pytest.raises(Fault) as raised:
                advance(scenario, case, action, now, calendar)
            assert raised.value.code == move["fault"]
            assert raised.value.next_step("zh")
            assert raised.value.message("en")
            continue
        outcome = advance(scenario, case, action, now, calendar)
        if "events" in move:
            assert [told(event) for event in outcome.events] == move["events"]
        case, events = outcome.case, [*events, *outcome.events]
        if "status" in move:
            assert case.status == move["status"]
    assert fold(scenario, events) == case
    seen = {
        "status": case.status,
        "steps": dict(case.steps),
        "open": [task.id for task in case.open_tasks],
        "tasks": {
            task.id: f"{task.status} {task.outcome or ''}".strip() for task in case.tasks.values()
        },
        "due": {t.id: t.due_at.isoformat() for t in case.tasks.values() if t.due_at is not None},
        "pending": sorted(case.pending),
        "retry": {q.step: q.retry_at.isoformat() for q in case.pending.values() if q.retry_at},
        "answers": {entity: dict(fields) for entity, fields in case.answers.items()},
        "results": {query: dict(result) for query, result in case.results.items()},
        "documents": {d.id: "voided" if d.voided_at else "holds" for d in case.documents.values()},
        "owed": {o.field: o.status for o in case.owed.values()},
        "owed_due": {o.field: o.due_at.isoformat() for o in case.owed.values()},
        "promised": {p.field: p.kept for p in case.promises.values()},
        "desks": {t.id: f"{t.party}/{t.role}/{t.assignee or ''}" for t in case.tasks.values()},
        "overdue": [task.id for task in case.tasks.values() if task.is_overdue(now)],
    }
    for key, value in doc["expect"].items():
        assert seen[key] == value, key
