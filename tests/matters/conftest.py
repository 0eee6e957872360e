"""The matter after a death, carried by its own answers, and what must hold of any case store."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select

from builder.app import open_platform
from builder.cases import commands, keeping
from builder.cases.commands import Wish
from builder.cases.filling import Filling
from builder.process.engine import fold
from builder.store import cases as tables
from federation.store import read, resource

MATTER = "s23-afterlife"


def _json(path: str) -> Any:
    return json.loads(resource(f"specs/scenarios/{MATTER}/{path}").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def answers() -> Mapping[str, object]:
    """What the applicant answers, by pointer."""
    return _json("answers.json")


@pytest.fixture(scope="session")
def handling() -> Mapping[str, tuple[str, Mapping[str, object]]]:
    """Step → who handles it, and what the step's form is given; in the order of the happy walk."""
    return {
        step["task"]: (step["as"], step["answers"])
        for step in _json("walks/happy.json")["steps"]
        if step["do"] == "act"
    }


@dataclass(slots=True)
class Matter:
    """One matter under way, and the people in it."""

    platform: Any
    who: Callable[[str], Any]
    answers: Mapping[str, object]
    handling: Mapping[str, tuple[str, Mapping[str, object]]]
    case_no: str = ""
    applicant: str = "chen-jing"

    @property
    def deployment(self):
        return self.platform.deployments.get(MATTER)

    @property
    def me(self):
        return self.who(self.applicant)

    def begin(self) -> Matter:
        self.case_no = commands.open_draft(self.platform, self.me, MATTER).case_no
        return self

    def save(self, page: str, **changed: object) -> None:
        """Save a page with the usual answers; `changed` by the field's name."""
        answers = {**self.answers, **{f"/application/{k}": v for k, v in changed.items()}}
        saved = commands.save_answers(self.platform, self.me, self.case_no, page, answers)
        assert not saved.errors, saved.errors
        self.case_no = saved.case_no

    def fill(self, **changed: object) -> Matter:
        answers = {**self.answers, **{f"/application/{k}": v for k, v in changed.items()}}
        if not self.case_no:
            self.begin()
        self.case_no = commands.fill_in(self.platform, self.me, self.case_no, answers)
        return self

    def submit(self):
        return commands.submit(self.platform, self.me, self.case_no)

    def ask_departments(self) -> Matter:
        """Hand in and go on to where the departments are asked: accepted, certificates checked."""
        self.submit()
        return self.handle("accept", "verify-death", "verify-cremation")

    def handle(self, *steps: str) -> Matter:
        for step in steps:
            account, answers = self.handling[step]
            wish = Wish("approve")
            commands.act_with_answers(
                self.platform, self.who(account), self.case_no, step, wish, answers
            )
        return self

    @property
    def draft(self):
        return keeping.load_draft(self.deployment, self.case_no)

    @property
    def stored(self):
        return keeping.load_case(self.deployment, self.case_no)

    @property
    def case(self):
        return self.stored.case

    @property
    def open_steps(self) -> set[str]:
        return {t.step for t in self.case.open_tasks}

    def post(self, page: str, **changed: object) -> dict[str, list[str]]:
        """Return what a browser would post for a page with the usual answers."""
        deployment, draft = commands.own_draft(self.platform, self.me, self.case_no)
        filling = commands.filling_of(self.platform, deployment, self.me, draft)
        return posted(
            filling, page, {**self.answers, **{f"/application/{k}": v for k, v in changed.items()}}
        )


def posted(filling: Filling, page: str, answers: Mapping[str, object]) -> dict[str, list[str]]:
    post: dict[str, list[str]] = {}
    for control in filling.form.page(page).controls():
        question = control.question
        value = answers.get(question.pointer) if question.pointer else None
        texts = control.widget.write(value, question) if value is not None else ()
        if control.widget.several:
            post[question.name] = list(texts)
        else:
            for part, text in zip(control.widget.parts, texts, strict=False):
                post[question.name + part] = [text]
    return post


@pytest.fixture
def matter(platform, who, answers, handling) -> Matter:
    """A matter that nobody has begun yet."""
    return Matter(platform, who, answers, handling)


@pytest.fixture
def handed_in(matter: Matter) -> Matter:
    """The matter handed in and waiting to be accepted."""
    matter.fill().submit()
    return matter


@pytest.fixture
def reopened(home, clock) -> Callable[[Matter], Matter]:
    """Return a function: the same matter after every process ended and the city was opened anew."""
    opened = []

    def again(matter: Matter) -> Matter:
        matter.platform.close()
        platform = open_platform(home, clock=clock)
        opened.append(platform)
        who = platform.accounts.named
        return Matter(platform, who, matter.answers, matter.handling, matter.case_no)

    yield again
    for platform in opened:
        platform.close()


@pytest.fixture
def check_whole() -> Callable[[Any], None]:
    """Return a function that says whether a city's cases are whole: nothing half-written."""
    return whole


def whole(platform) -> None:
    """Assert that projections are what the events fold to, and that every journal verifies."""
    for deployment in platform.deployments.all():
        with read(deployment.engine) as conn:
            for number in conn.scalars(select(tables.case.c.case_no)):
                _whole_case(conn, deployment, number)
            homeless = set(conn.scalars(select(tables.event.c.case_no))) - set(
                conn.scalars(select(tables.case.c.case_no))
            )
            assert not homeless
        report = deployment.journal.verify(platform.clock())
        assert not report.findings, [f.message("en") for f in report.findings]


def _whole_case(conn, deployment, number: str) -> None:
    row = conn.execute(select(tables.case).where(tables.case.c.case_no == number)).one()
    stored = keeping.read_case(conn, deployment, number)
    assert [e.seq for e in stored.events] == list(range(1, len(stored.events) + 1))
    case = fold(stored.scenario, stored.events)
    assert row.status == case.status
    assert row.ended_at == case.ended_at
    assert row.answers == json.loads(json.dumps(case.answers))
    tasks = {
        r.task: (r.step, r.state, r.party, r.due_at, r.done_by)
        for r in conn.execute(select(tables.task).where(tables.task.c.case_no == number))
    }
    assert tasks == {
        t.id: (t.step, t.status, t.party, t.due_at, t.done_by.account if t.done_by else None)
        for t in case.tasks.values()
    }
    pending = {
        r.step: (r.query, r.attempts, r.fault)
        for r in conn.execute(
            select(tables.pending_query).where(tables.pending_query.c.case_no == number)
        )
    }
    assert pending == {p.step: (p.query, p.attempts, p.fault) for p in case.pending.values()}
    entries = list(deployment.journal.search(case=number, limit=1000))
    kinds = [e.kind for e in entries]
    assert "case-submitted" in kinds
