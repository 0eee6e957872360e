"""Carry a case from hand-in to its end: this engine beside SpiffWorkflow, same tree, same machine.

    python -m pytest tests/bench/process.py --benchmark-enable --benchmark-only

The tree: accept, then n departments side by side, then closed. Both engines run in memory; ours
computes working-day due times, checks party and role and leaves an event log that can be replayed,
the rival moves tokens. `read` is what opening a stored case costs us: its events from JSON, folded.
"""

import json
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from lxml import etree
from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnParser
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.util.task import TaskState

from builder.process.calendar import Calendar
from builder.process.case import NEW, Actor, Approve, Event, Submit
from builder.process.engine import advance, fold
from builder.process.plan import plan_of
from builder.scenario.load import restore

NOW = datetime(2026, 3, 2, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
CITIZEN = Actor("citizen", None, "applicant")
SIZES = (10, 50, 200)


def _word(text):
    return {"zh": text, "en": text}


def _task(name, party):
    return {
        "id": name,
        "kind": "task",
        "title": _word(name),
        "party": party,
        "role": "officer",
        "due_days": 5,
        "actions": ["approve", "reject"],
    }


def matter(departments):
    """Return a scenario with that many departments side by side."""
    branches = [
        {"id": f"b-{i}", "when": "application.a = TRUE", "steps": [_task(f"t-{i}", f"p-{i}")]}
        for i in range(departments)
    ]
    steps = [
        _task("accept", "lead"),
        {"id": "departments", "kind": "parallel", "branches": branches},
    ]
    control = {"id": "a", "widget": "yes-no", "scope": "/application/a", "label": _word("a")}
    section = {"id": "s", "title": _word("s"), "controls": [control]}
    page = {"id": "p", "title": _word("p"), "sections": [section]}
    schema = {"type": "object", "properties": {"a": {"type": "boolean"}}}
    return restore(
        {
            "entities": [{"id": "application", "title": _word("a"), "schema": schema}],
            "forms": [{"id": "apply", "title": _word("a"), "pages": [page]}],
            "process": {"id": "root", "kind": "sequence", "steps": steps},
            "roles": [{"id": "applicant", "start": True}, {"id": "officer", "party": "*"}],
        }
    )


def carry(scenario, calendar):
    """Hand in, accept, let every department approve; return the events."""
    submit = Submit(CITIZEN, {"application": {"a": True}})
    done = advance(scenario, NEW, submit, NOW, calendar)
    events = list(done.events)
    while not done.case.is_ended:
        for task in done.case.open_tasks:
            officer = Actor("officer", task.party, "officer")
            done = advance(scenario, done.case, Approve(officer, task.id), NOW, calendar)
            events += done.events
    return events


def bpmn(departments):
    """Return the same tree as BPMN 2.0."""
    flows = [("start", "accept"), ("accept", "fork"), ("join", "end")]
    for i in range(departments):
        flows += [("fork", f"t-{i}"), (f"t-{i}", "join")]
    tasks = "".join(f'<bpmn:manualTask id="t-{i}"/>' for i in range(departments))
    arrows = "".join(
        f'<bpmn:sequenceFlow id="f{n}" sourceRef="{a}" targetRef="{b}"/>'
        for n, (a, b) in enumerate(flows)
    )
    return (
        '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d">'
        '<bpmn:process id="matter" isExecutable="true"><bpmn:startEvent id="start"/>'
        '<bpmn:manualTask id="accept"/><bpmn:parallelGateway id="fork"/>'
        f'{tasks}<bpmn:parallelGateway id="join"/><bpmn:endEvent id="end"/>{arrows}'
        "</bpmn:process></bpmn:definitions>"
    )


def rival(departments):
    """Return SpiffWorkflow's spec of the same tree."""
    parser = BpmnParser()
    parser.add_bpmn_xml(etree.fromstring(bpmn(departments)))
    return parser.get_spec("matter")


def carry_rival(spec):
    """Do with SpiffWorkflow what `carry` does."""
    workflow = BpmnWorkflow(spec)
    workflow.do_engine_steps()
    while not workflow.is_completed():
        for task in workflow.get_tasks(state=TaskState.READY, manual=True):
            task.run()
            workflow.do_engine_steps()
    return workflow


@pytest.mark.parametrize("departments", SIZES)
@pytest.mark.benchmark(group="start to close")
def test_ours(benchmark, departments):
    scenario, calendar = matter(departments), Calendar()
    plan_of(scenario)
    events = benchmark(carry, scenario, calendar)
    assert events[-1].kind == "completed"
    assert sum(e.kind == "task_done" for e in events) == departments + 1


@pytest.mark.parametrize("departments", SIZES)
@pytest.mark.benchmark(group="start to close")
def test_spiffworkflow(benchmark, departments):
    spec = rival(departments)
    workflow = benchmark.pedantic(carry_rival, (spec,), rounds=3, iterations=1)
    assert workflow.is_completed()
    assert len(workflow.get_tasks(state=TaskState.COMPLETED, manual=True)) == departments + 1


@pytest.mark.parametrize("departments", SIZES)
@pytest.mark.benchmark(group="read a stored case")
def test_ours_read(benchmark, departments):
    scenario = matter(departments)
    stored = json.dumps([event.to_json() for event in carry(scenario, Calendar())])

    def read():
        return fold(scenario, [Event.from_json(doc) for doc in json.loads(stored)])

    assert benchmark(read).status == "completed"


@pytest.mark.parametrize("departments", SIZES)
@pytest.mark.benchmark(group="lay out a process")
def test_ours_plan(benchmark, departments):
    scenario = matter(departments)
    plan = benchmark(plan_of.__wrapped__, scenario)
    assert len(plan.nodes) == 2 * departments + 3
