"""Laws that hold for every process and every way through it."""

import contextlib
import dataclasses
import json
from datetime import date, timedelta
from itertools import pairwise
from types import SimpleNamespace

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from builder.process import case as c
from builder.process.engine import advance, apply, fold, step
from builder.process.errors import CaseEnded, ProcessFault
from builder.process.owing import left_before
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
        kinds = ["reject", "return", "correct", "suspend", "transfer"]
        actions = self.draw(st.sets(st.sampled_from(kinds)))
        made["actions"] = ["approve", *sorted(actions)]
        made["visible"] = ["/application/note"]
        if "transfer" in actions:
            made["transfer_to"] = [p for p in ("police", "tax") if p != made["party"]]
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
        left = left_before(case)
        held = case.answers.get("application", {} if left else {"a": True})
        left.pop("/application/note", None)
        answers = {"application": {**held, "note": f"n{case.seq}"}}
        return [c.Submit(matter.APPLICANT, answers, left=left)]
    held = (
        [c.Supplement(matter.APPLICANT, {"application": dict(pairs(case))})] if case.owing else []
    )
    resting = [t for t in case.open_tasks if t.status == "suspended"]
    moves = [
        *(c.Resume(person(t, matter), t.id) for t in resting),
        *(
            c.Approve(person(t, matter), t.id, answers_for(scenario, t, "yes"))
            for t in case.open_tasks
            if t not in resting and not is_held(scenario, case, t)
        ),
    ]
    return [*moves, *(c.Answer(s, {"answer": True}) for s in case.pending), *held]


def pairs(case):
    """Yield what is owed, supplied."""
    for owed in case.owing:
        name = owed.field.split("/")[2]
        yield name, f"came {case.seq}" if name == "note" else True


def person(task, matter):
    """Return somebody who may act on a task."""
    actor = matter.officer(task.party)
    return dataclasses.replace(actor, role=task.role, account=task.assignee or actor.account)


def is_held(scenario, case, task):
    holds = plan_of(scenario).deferrals
    return any(task.step in holds[o.field].hold for o in case.owing)


def moves(scenario, case, matter):
    """Return whatever may be done now."""
    found = list(good_moves(scenario, case, matter))
    if case.status == "new":
        note, b, a = (f"/application/{name}" for name in ("note", "b", "a"))
        return [
            *(
                c.Submit(matter.APPLICANT, {"application": {"a": a, "b": b, "note": "x"}})
                for a in (True, False, None)
                for b in (True, False)
            ),
            *(
                c.Submit(matter.APPLICANT, {"application": {"note": "x"}}, left=left)
                for left in ({b: "later"}, {b: "promise"}, {a: "promise", b: "later"})
            ),
            c.Submit(matter.APPLICANT, {"application": {"a": True}}, left={note: "later"}),
            c.Submit(matter.APPLICANT, {}, left={note: "later", b: "later", a: "promise"}),
        ]
    if case.status == "returned":
        return found
    for task in case.open_tasks:
        who, spec = person(task, matter), scenario.step(task.step)
        if task.status == "open":
            found += others(case, task, who, spec, matter)
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
    found += decisions(case, matter)
    found.append(c.Tick())
    found += [c.Answer(s, {"answer": False}) for s in case.pending]
    found += [c.Answer(s, fault="link.unreachable") for s in case.pending]
    found += [c.Answer(s, fault="trust.not-granted", mend=True) for s in case.pending]
    return found


def others(case, task, who, spec, matter):
    """Return how a task can be put to rest, passed on and hurried."""
    found = []
    if task.urged_at is None:
        found.append(c.Urge(matter.APPLICANT, task.id))
    if "suspend" in spec.actions:
        found.append(c.Suspend(who, task.id, "wait", date(2026, 12, 1)))
        if case.owing:
            found.append(c.Suspend(who, task.id, "wait", for_owed=True))
    if "transfer" in spec.actions:
        if task.assignee is None:
            found.append(c.Transfer(who, task.id, task.party, task.role, "ill", "somebody"))
        found += [
            c.Transfer(who, task.id, party, "officer", "theirs")
            for party in spec.transfer_to
            if party != task.party
        ]
    return found


def decisions(case, matter):
    """Return what the desks may decide about what is owed or promised."""
    found = []
    desks = [t for t in case.tasks.values() if t.party == "lead" and t.status != "cancelled"]
    for task in desks[:1]:
        who = person(task, matter)
        for owed in case.owing:
            found.append(c.Waive(who, task.id, owed.field, "known"))
            if not owed.is_extended:
                found.append(c.Extend(who, task.id, owed.field, "ill"))
        found += [
            c.Verify(who, task.id, p.field, True, "seen")
            for p in case.promises.values()
            if p.kept is None
        ]
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
            t,
            **far,
            correction=t.correction and dataclasses.replace(t.correction, at=None),
            suspension=t.suspension and dataclasses.replace(t.suspension, at=None),
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
        assert case.is_ended or case.returned or waits or case.waits_for_owed
        assert not case.waits_for_owed or case.owing or case.is_ended
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
        *(c.Resume(who, t) for t in case.tasks),
        *(c.Waive(who, t, o, "no") for t in case.tasks for o in case.owed),
        c.Supplement(matter.APPLICANT, {"application": {"b": True}}),
        c.Tick(),
    ):
        try:
            step(scenario, case, action, went.now, calendar)
        except CaseEnded:
            continue
        raise AssertionError(action)


@settings(LAW, max_examples=60)
@given(journey=journeys())
def test_what_is_owed_never_vanishes_and_nothing_completes_without_it(journey, matter, calendar):
    tree, picks = journey
    scenario = matter.restored(tree)
    went = walk(scenario, picks, matter, calendar, start(matter))
    ways = {"supplemented", "owed_waived", "owed_dropped"}
    case = c.NEW
    for event in went.events:
        after = apply(scenario, case, event)
        assert set(case.owed) <= set(after.owed)
        gone = {o.field for o in case.owing} - {o.field for o in after.owing}
        assert not gone or event.kind in ways
        assert after.status != "completed" or not after.owing
        case = after
    for task in case.tasks.values():
        held = [
            o for o in case.owed.values() if task.step in plan_of(scenario).deferrals[o.field].hold
        ]
        assert not held or task.outcome != "approve" or not any(o.is_open for o in held)


@settings(LAW, max_examples=25)
@given(rest=st.integers(0, 24 * 40), before=st.integers(0, 80), again=st.booleans())
def test_a_suspended_clock_does_not_run(rest, before, again, matter, calendar):
    step_ = {"id": "one", "kind": "task", "due_days": 5, "actions": ["approve", "suspend"]}
    scenario = matter.restored([step_])
    who, now = matter.officer("lead"), start(matter)
    case = advance(scenario, c.NEW, c.Submit(matter.APPLICANT, {}), now, calendar).case
    due = case.tasks["one.1"].due_at
    for _ in range(1 + again):
        now += timedelta(hours=before)
        left = calendar.working_days(now, due)
        late = now > due
        case = advance(scenario, case, c.Suspend(who, "one", "wait"), now, calendar).case
        stood = advance(scenario, case, c.Tick(), now + timedelta(hours=rest), calendar)
        assert not stood.events
        assert not case.tasks["one.1"].is_overdue(now + timedelta(days=400))
        now += timedelta(hours=rest)
        case = advance(scenario, case, c.Resume(who, "one"), now, calendar).case
        due = case.tasks["one.1"].due_at
        assert late or calendar.working_days(now, due) == left


def place_of(case, move):
    return move.step if isinstance(move, c.Answer) else case.tasks[move.task].step


def is_local(scenario, case, move):
    """Tell whether a move stays within its own branch: it neither ends nor leaves it."""
    if isinstance(move, c.Reject):
        return scenario.step(place_of(case, move)).on_reject == "branch"
    local = c.Approve | c.Answer | c.Correct | c.Suspend | c.Resume | c.Transfer | c.Urge
    return isinstance(move, local)


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
        if is_local(scenario, case, one)
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
        c.Submit(matter.APPLICANT, {}, left={"/application/total": "later"}),
        c.Supplement(matter.APPLICANT, {"application": {"note": "x", "a": True}}),
        c.Extend(who, task, "/application/note", "x", 99),
        c.Waive(who, task, "/x/y", "x"),
        c.Verify(who, task, "/application/note", True, "x"),
        c.Suspend(who, task, "x", date(2020, 1, 1)),
        c.Resume(who, task),
        c.Transfer(who, task, "nobody", "officer", "x"),
        c.Urge(who, task),
    ]
    for action in tries:
        with contextlib.suppress(ProcessFault):
            assert step(scenario, went.case, action, went.now, calendar)
