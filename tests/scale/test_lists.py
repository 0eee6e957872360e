"""Lists show every task and matter once, in order, page by page; no store is asked for all."""

from itertools import pairwise

import pytest
from sqlalchemy import event, func, select, update

from builder.cases import views
from builder.cases.worklists import COUNTED, worklist
from builder.store import cases as tables
from federation.store import instant_text, read, write
from tests.scale.conftest import DESK, OWNER

pytestmark = pytest.mark.slow
STATES = ("open", "overdue", "correcting", "done")


def expected(filled, state: str) -> list[tuple[str, str]]:
    """Return the tasks of the desk in the order a list shows them, worked out in plain Python."""
    column = tables.task.c
    with read(filled.deployment.engine) as conn:
        rows = conn.execute(select(tables.task).where(column.party == "civil-affairs")).all()
    now = filled.platform.clock()
    wanted = "open" if state == "overdue" else state
    rows = [r for r in rows if r.state == wanted]
    if state == "overdue":
        rows = [r for r in rows if r.due_at is not None and r.due_at < now]
    if state == "done":
        rows.sort(key=lambda r: (instant_text(r.done_at), r.case_no, r.task), reverse=True)
    else:
        rows.sort(key=lambda r: (r.due_at is None, r.due_at or now, r.case_no, r.task))
    return [(r.case_no, r.task) for r in rows]


def walk(filled, state: str, limit: int, **asked) -> list[list[tuple[str, str]]]:
    """Return the pages of a list, one behind the other."""
    who, after = filled.platform.accounts.named(DESK), None
    pages = []
    while True:
        page = worklist(filled.platform, who, state=state, after=after, limit=limit, **asked)
        pages.append([(i.case_no, i.task) for i in page.items])
        after = page.after
        if after is None:
            return pages


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("limit", [23, 50, 5000])
def test_pages_hold_every_task_once_and_in_order(filled, state, limit):
    wanted = expected(filled, state)
    pages = walk(filled, state, limit)
    assert [task for page in pages for task in page] == wanted
    assert all(len(page) == limit for page in pages[:-1])


def test_a_task_without_a_due_time_comes_last_and_no_page_loses_it(filled):
    column = tables.task.c
    names = expected(filled, "open")[3:9]
    with write(filled.deployment.engine) as conn:
        for case_no, task in names:
            where = (column.case_no == case_no, column.task == task)
            conn.execute(update(tables.task).where(*where).values(due_at=None))
    try:
        for limit in (4, 50):
            found = [t for page in walk(filled, "open", limit) for t in page]
            assert found == expected(filled, "open")
        assert found[-6:] == sorted(names)
    finally:
        refill(filled, names)


def refill(filled, names) -> None:
    """Give tasks a due time again; which one is nobody's concern here."""
    column = tables.task.c
    with write(filled.deployment.engine) as conn:
        for case_no, task in names:
            where = (column.case_no == case_no, column.task == task)
            values = {"due_at": filled.platform.clock()}
            conn.execute(update(tables.task).where(*where).values(**values))


def test_a_task_done_meanwhile_moves_no_other_one_to_another_page(filled):
    who = filled.platform.accounts.named(DESK)
    first = worklist(filled.platform, who, limit=5)
    before = worklist(filled.platform, who, after=first.after, limit=5)
    done = first.items[1]
    column = tables.task.c
    where = (column.case_no == done.case_no, column.task == done.task)
    with write(filled.deployment.engine) as conn:
        conn.execute(update(tables.task).where(*where).values(state="correcting"))
    try:
        again = worklist(filled.platform, who, after=first.after, limit=5)
    finally:
        with write(filled.deployment.engine) as conn:
            conn.execute(update(tables.task).where(*where).values(state="open"))
    assert again.items == before.items


def test_counts_are_right_up_to_the_limit_and_then_say_more(filled):
    counts = worklist(filled.platform, filled.platform.accounts.named(DESK)).counts
    for state in STATES:
        assert counts[state] == min(COUNTED + 1, len(expected(filled, state))), state
    assert counts["done"] == COUNTED + 1


@pytest.mark.parametrize("cut", [slice(None), slice(-6, None), slice(-4, None), slice(-5, -2)])
def test_a_piece_of_a_number_finds_the_tasks_it_is_part_of(filled, cut):
    tasks = expected(filled, "done")
    text = tasks[len(tasks) // 2][0][cut]
    wanted = [t for t in tasks if text in t[0]]
    assert [t for page in walk(filled, "done", 50, text=text.lower()) for t in page] == wanted


def test_a_piece_that_is_part_of_many_numbers_is_paged_as_well(filled):
    wanted = [t for t in expected(filled, "done") if "HF20" in t[0]]
    assert [t for page in walk(filled, "done", 50, text="HF20") for t in page] == wanted


@pytest.mark.parametrize("text", ["ZZZZZZZ", "%", "_", "张", "' OR 1=1", "|"])
def test_what_is_part_of_no_number_finds_nothing(filled, text):
    assert walk(filled, "done", 50, text=text) == [[]]


@pytest.mark.parametrize("after", ["", "x", "a|b", "a|b|c|d", "||", "9999|x|y"])
def test_a_cursor_nobody_gave_out_ends_in_a_list(filled, after):
    who = filled.platform.accounts.named(DESK)
    assert worklist(filled.platform, who, after=after).state == "open"


def test_one_s_own_matters_come_page_by_page_newest_first(filled):
    who, after = filled.platform.accounts.named(OWNER), None
    found: list = []
    while True:
        page = views.handed_in(filled.platform, who, after=after, limit=8)
        found += page.lines
        after = page.after
        if after is None:
            break
    with read(filled.deployment.engine) as conn:
        own = select(func.count()).where(tables.case.c.account == OWNER)
        assert len({line.case_no for line in found}) == len(found) == conn.scalar(own)
    assert all(a.updated >= b.updated for a, b in pairwise(found))


def test_matters_that_wait_for_their_owner_are_those_that_need_him(filled):
    who = filled.platform.accounts.named(OWNER)
    lines = views.handed_in(filled.platform, who, limit=200).lines
    needing = [line.case_no for line in lines if line.needs_me]
    assert [line.case_no for line in views.waiting_for_me(filled.platform, who)] == needing


# ── What the store is asked ──────────────────────────────────────────────────────────────────────


def plans(filled, ask) -> list[tuple[str, str]]:
    """Return each statement that `ask` puts to the case store, with how SQLite goes about it."""
    engine = filled.deployment.engine
    said: list[tuple[str, tuple]] = []

    def note(_conn, _cursor, statement, parameters, *_rest):
        if statement.lstrip().upper().startswith(("SELECT", "WITH")):
            said.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    try:
        ask()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    found = []
    with read(engine) as conn:
        for statement, parameters in said:
            rows = conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            found += [(statement, row[3]) for row in rows]
    return found


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("text", ["", "HF20", "7"])
def test_no_worklist_looks_through_a_whole_table_or_sorts_one(filled, state, text):
    who = filled.platform.accounts.named(DESK)

    def ask() -> None:
        first = worklist(filled.platform, who, state=state, text=text, limit=5)
        worklist(filled.platform, who, state=state, text=text, limit=5, after=first.after)

    steps = plans(filled, ask)
    assert steps
    for statement, step in steps:
        assert not step.startswith(("SCAN task", "SCAN case", "SCAN event")), (step, statement)
        assert "TEMP B-TREE" not in step, (step, statement)


def test_few_numbers_found_lead_to_their_tasks_alone(filled):
    who = filled.platform.accounts.named(DESK)
    number = expected(filled, "done")[0][0]
    steps = plans(filled, lambda: worklist(filled.platform, who, state="done", text=number))
    found = [step for _, step in steps if step.startswith("SEARCH task") and "case_no=?" in step]
    assert found, steps


def test_one_s_own_matters_and_notices_are_found_by_their_owner(filled):
    who = filled.platform.accounts.named(OWNER)

    def ask() -> None:
        page = views.handed_in(filled.platform, who, limit=5)
        views.handed_in(filled.platform, who, limit=5, after=page.after)
        views.waiting_for_me(filled.platform, who)
        views.notices(filled.platform, who)

    for statement, step in plans(filled, ask):
        assert not step.startswith("SCAN"), (step, statement)
