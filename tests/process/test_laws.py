"""Laws that hold for every process and every way through it."""

import contextlib
import dataclasses
import json
from datetime import timedelta
from itertools import pairwise
from types import SimpleNamespace

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from builder.process import case as c
from builder.process.engine import advance, apply, fold, step
from builder.process.errors import CaseEnded, ProcessFault
from builder.process.plan import plan_of

LAW = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
FLAGS = ("application.a = TRUE", "application.b = TRUE", "application.a = application.b")

# ── Any process ──────────────────────────────────────────────────────────────────────────────────


class Growing:
    """What has grown so far: ids in use, forms and questions left, tasks to return to."""

    def __init__(self, draw):
        self.draw = draw
        self.count = 0
        self.forms = [f"r{i}" for i in range(12)]
        self.queries = ["fund", "tax"]
        self.issued = False

    def fresh(self, kind):
        self.count += 1
        return f"{kind}-{self.count}"

    def steps(self, depth, earlier, known, inside):
        grown, earlier, known = [], list(earlier), list(known)
        for _ in range(self.draw(st.integers(1, 3))):
            made, tasks, names = self.step(depth, earlier, known, inside)
            grown.append(made)
            earlier += tasks
            known += names
        return grown, earlier, known

    def step(self, depth, earlier, known, inside):
        kinds = ["task", "task", "notify"] + (["query"] if self.queries else [])
        kinds += ["issue"] if not self.issued else []
        kinds += ["parallel", "parallel", "choice", "sequence"] if depth else []
        kind = self.draw(st.sampled_from(kinds))
        return getattr(self, kind)(depth, earlier, known, inside)

    def task(self, _depth, earlier, _known, inside):
        made = {"id": self.fresh("task"), "kind": "task", "due_days": 2, "visible": []}
        made["party"] = self.draw(st.sampled_from(["lead", "police", "tax"]))
        actions = self.draw(st.sets(st.sampled_from(["reject", "return", "correct"])))
        made["actions"] = ["approve", *sorted(actions)]
        made["visible"] = ["/application/note"]
        if "return" in actions:
            made["return_to"] = ["apply", *earlier[-2:]]
        if inside and "reject" in actions:
            made["on_reject"] = self.draw(st.sampled_from(["case", "branch"]))
        if self.forms and self.draw(st.booleans()):
            name = self.forms.pop()
            made["form"] = f"form-{name}"
            return made, [made["id"]], [f"result.{name} IS NOT NULL"]
        return made, [made["id"]], []

    def notify(self, *_):
        return {"id": self.fresh("tell"), "kind": "notify", "notice": "done"}, [], []

    def issue(self, *_):
        self.issued = True
        return {"id": self.fresh("paper"), "kind": "issue", "document": "proof"}, [], []

    def query(self, *_):
        name = self.queries.pop()
        made = {"id": self.fresh("ask"), "kind": "query", "query": name}
        return made, [], [f"{name}.answer = TRUE", f"{name}.reference IS NULL"]

    def sequence(self, depth, earlier, known, inside):
        inner, tasks, names = self.steps(depth - 1, earlier, known, inside)
        made = {"id": self.fresh("row"), "kind": "sequence", "steps": inner}
        return made, tasks[len(earlier) :], names[len(known) :]

    def branches(self, depth, earlier, known, *, at_least):
        arms, tasks, names = [], [], []
        for _ in range(self.draw(st.integers(at_least, 3))):
            inner, more, new = self.steps(depth - 1, earlier, known, inside=True)
            arm = {"id": self.fresh("arm"), "steps": inner}
            when = self.draw(st.none() | st.sampled_from([*FLAGS, *known]))
            arms.append(arm if when is None else {**arm, "when": when})
            tasks += more[len(earlier) :]
            names += new[len(known) :]
        return arms, tasks, names

    def parallel(self, depth, earlier, known, _inside):
        arms, tasks, names = self.branches(depth, earlier, known, at_least=2)
        return {"id": self.fresh("split"), "kind": "parallel", "branches": arms}, tasks, names

    def choice(self, depth, earlier, known, _inside):
        arms, tasks, names = self.branches(depth, earlier, known, at_least=1)
        for i, arm in enumerate(arms[:-1]):
            arm["when"] = f"({arm.get('when', 'params.open_door = TRUE')}) AND {i} = {i}"
        return {"id": self.fresh("route"), "kind": "choice", "branches": arms}, tasks, names


@st.composite
def processes(draw):
    grown, _, _ = Growing(draw).steps(depth=2, earlier=[], known=[], inside=False)
    return grown


@st.composite
def splits(draw):
    """Return a process that begins with a parallel step whose first two branches are taken."""
    split, _, _ = Growing(draw).parallel(2, [], [], _inside=False)
    for arm in split["branches"][:2]:
        arm.pop("when", None)
    return [split]


# ── Any way through it ───────────────────────────────────────────────────────────────────────────


def answers_for(scenario, task, word):
    form = scenario.step(task.step).form
    return {"result": {s.split("/")[2]: word for s in scenario.form(form).scopes()}} if form else {}


def good_moves(scenario, case, matter):
    """Return what carries a case towards its normal end."""
    if case.status in ("new", "returned", "correcting"):
        held = case.answers.get("application", {"a": True, "note": "x"})
        return [c.Submit(matter.APPLICANT, {"application": {**held, "note": f"n{case.seq}"}})]
    moves = [
        c.Approve(matter.officer(t.party), t.id, answers_for(scenario, t, "yes"))
        for t in case.open_tasks
    ]
    return [*moves, *(c.Answer(s, {"answer": True}) for s in case.pending)]


def moves(scenario, case, matter):
    """Return whatever may be done now."""
    found = list(good_moves(scenario, case, matter))
    if case.status == "new":
        return [
            c.Submit(matter.APPLICANT, {"application": {"a": a, "b": b, "note": "x"}})
            for a in (True, False, None)
            for b in (True, False)
        ]
    if case.status == "returned":
        return found
    for task in case.open_tasks:
        who, spec = matter.officer(task.party), scenario.step(task.step)
        if "reject" in spec.actions:
            found.append(c.Reject(who, task.id, "no"))
        if "correct" in spec.actions and task.status == "open":
            found.append(c.Correct(who, task.id, ("/application/note",), "unclear"))
        found += [
            c.Return(who, task.id, to, "again")
            for to in spec.return_to
            if task.status == "open" and (to == "apply" or case.steps.get(to) == "done")
        ]
    found = [m for m in found if not is_waiting(case, m)]
    found += [c.Answer(s, {"answer": False}) for s in case.pending]
    found += [c.Answer(s, fault="link.unreachable") for s in case.pending]
    found += [c.Answer(s, fault="trust.not-granted", mend=True) for s in case.pending]
    return found


def is_waiting(case, move):
    return isinstance(move, c.Approve) and case.tasks[move.task].status == "correcting"


@st.composite
def journeys(draw, trees=None):
    """Return a process and which of the possible moves to make, one after the other."""
    return draw(processes() if trees is None else trees), draw(
        st.lists(st.integers(0, 10_000), max_size=14)
    )


def walk(scenario, picks, matter, calendar, now):
    """Return the cases and the events of a way through a process, one case before each event."""
    case, seen, events = c.NEW, [c.NEW], []
    for pick in picks:
        if case.is_ended:
            break
        possible = moves(scenario, case, matter)
        outcome = advance(scenario, case, possible[pick % len(possible)], now, calendar)
        case, events = outcome.case, [*events, *outcome.events]
        seen.append(case)
        now += timedelta(hours=pick % 40)
    return SimpleNamespace(case=case, seen=seen, events=events, now=now)


def start(matter):
    return matter.at("03-02T09:00")


def timeless(case):
    """Return a case without what depends on the order and time of events."""
    far = {f.name: None for f in dataclasses.fields(c.TaskState) if f.name.endswith("_at")}
    tasks = {
        t.id: dataclasses.replace(
            t, **far, correction=t.correction and dataclasses.replace(t.correction, at=None)
        )
        for t in case.tasks.values()
    }
    pending = {
        s: dataclasses.replace(q, asked=0, asked_at=None, retry_at=None, since=None)
        for s, q in case.pending.items()
    }
    ended = case.ended_by and case.ended_by.kind
    documents = {
        d.id: dataclasses.replace(d, at=None, voided_at=d.voided_at and True)
        for d in case.documents.values()
    }
    return dataclasses.replace(
        case,
        tasks=tasks,
        pending=pending,
        documents=documents,
        seq=0,
        submitted_at=None,
        updated_at=None,
        ended_at=None,
        ended_by=ended,
    )


@settings(LAW, max_examples=30)
@given(tree=processes())
def test_what_the_laws_are_tried_on_are_good_specs(tree, matter):
    matter.scenario_of(tree)


@settings(LAW, max_examples=80)
@given(journey=journeys())
def test_replay_equals_live(journey, matter, calendar):
    tree, picks = journey
    scenario = matter.restored(tree)
    went = walk(scenario, picks, matter, calendar, start(matter))
    stored = json.loads(json.dumps([event.to_json() for event in went.events]))
    events = [c.Event.from_json(doc) for doc in stored]
    assert fold(scenario, events) == went.case
    case = c.NEW
    for event in events:
        case = apply(scenario, case, event)
    assert case == went.case
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert all(a.at <= b.at for a, b in pairwise(events))


@settings(LAW, max_examples=80)
@given(journey=journeys())
def test_every_reachable_state_waits_for_somebody_or_has_ended(journey, matter, calendar):
    tree, picks = journey
    scenario = matter.restored(tree)
    plan = plan_of(scenario)
    for case in walk(scenario, picks, matter, calendar, start(matter)).seen[1:]:
        waits = {t.step for t in case.open_tasks} | set(case.pending)
        assert case.is_ended or case.returned or waits
        active = {s for s, state in case.steps.items() if state == "active"}
        assert {s for s in active if not plan.nodes[s].inner} == waits
        if case.is_ended or case.returned:
            assert not waits


@settings(LAW, max_examples=60)
@given(journey=journeys())
def test_from_every_reachable_state_a_normal_end_is_reachable(journey, matter, calendar):
    tree, picks = journey
    scenario = matter.restored(tree)
    went = walk(scenario, picks, matter, calendar, start(matter))
    for case in (went.seen[len(went.seen) // 2], went.seen[-1]):
        here, left = case, 200
        while not here.is_ended:
            move = good_moves(scenario, here, matter)[0]
            here = advance(scenario, here, move, went.now, calendar).case
            left -= 1
            assert left
        assert here.status == "completed" or case.is_ended


@settings(LAW, max_examples=60)
@given(journey=journeys())
def test_nothing_happens_after_the_end(journey, matter, calendar):
    tree, picks = journey
    scenario = matter.restored(tree)
    went = walk(scenario, picks, matter, calendar, start(matter))
    case = went.case
    if not case.is_ended and case.status != "new":
        withdrawn = c.Withdraw(matter.APPLICANT)
        case = advance(scenario, case, withdrawn, went.now, calendar).case
    if not case.is_ended:
        return
    who = matter.officer("lead")
    for action in (
        c.Submit(matter.APPLICANT, {}),
        c.Withdraw(matter.APPLICANT),
        *(c.Approve(who, t) for t in case.tasks),
        *(c.Reject(who, t, "no") for t in case.tasks),
        *(c.Answer(s, {}) for s in case.steps),
    ):
        try:
            step(scenario, case, action, went.now, calendar)
        except CaseEnded:
            continue
        raise AssertionError(action)


def place_of(case, move):
    return move.step if isinstance(move, c.Answer) else case.tasks[move.task].step


def is_local(scenario, case, move):
    """Tell whether a move stays within its own branch: it neither ends nor leaves it."""
    if isinstance(move, c.Reject):
        return scenario.step(place_of(case, move)).on_reject == "branch"
    return isinstance(move, c.Approve | c.Answer | c.Correct)


def are_side_by_side(plan, one, other):
    around = set(plan.nodes[other].ancestors())
    meeting = next(n for n in plan.nodes[one].ancestors() if n in around)
    return one != other and not meeting.is_ordered


@settings(LAW, max_examples=120)
@given(journey=journeys(splits()), pair=st.integers(0, 9999))
def test_actions_of_different_branches_commute(journey, pair, matter, calendar):
    tree, picks = journey
    scenario = matter.restored(tree)
    plan = plan_of(scenario)
    went = walk(scenario, picks, matter, calendar, start(matter))
    pairs = [
        (case, one, other)
        for case in went.seen[1:]
        if not case.is_ended and not case.returned
        for one in moves(scenario, case, matter)
        for other in moves(scenario, case, matter)
        if not isinstance(one, c.Submit)
        and not isinstance(other, c.Submit)
        and is_local(scenario, case, one)
        and is_local(scenario, case, other)
        and are_side_by_side(plan, place_of(case, one), place_of(case, other))
    ]
    assume(pairs)
    case, one, other = pairs[pair % len(pairs)]
    late = went.now + timedelta(days=1)

    def both(first, second):
        mid = advance(scenario, case, first, went.now, calendar).case
        return advance(scenario, mid, second, late, calendar).case

    assert timeless(both(one, other)) == timeless(both(other, one))


@settings(LAW, max_examples=60)
@given(journey=journeys(), pick=st.integers(0, 1000), whom=st.sampled_from(["lead", "tax", "none"]))
def test_a_refused_action_is_a_named_fault_whoever_tries_it(journey, pick, whom, matter, calendar):
    tree, picks = journey
    scenario = matter.restored(tree)
    went = walk(scenario, picks, matter, calendar, start(matter))
    who = matter.officer(whom)
    tasks = [*went.case.tasks, *(s.id for s in scenario.tasks()), "nothing"]
    task = tasks[pick % len(tasks)]
    tries = [
        c.Approve(who, task, {"result": {"r0": "x"}}),
        c.Reject(who, task, ""),
        c.Return(who, task, "nowhere", "x"),
        c.Correct(who, task, ("/x/y",), "x"),
        c.Submit(who, {"nothing": {"x": 1}}),
        c.Submit(who, {}, task=task),
        c.Withdraw(who),
        c.Answer(task, {"x": 1}),
    ]
    for action in tries:
        with contextlib.suppress(ProcessFault):
            assert step(scenario, went.case, action, went.now, calendar)
