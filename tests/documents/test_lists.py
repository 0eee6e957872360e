"""A desk sees and carries away what its tasks show, and no cell more; nothing in it runs."""

import csv
import io

import openpyxl
import pytest

from builder.cases import exporting, registries
from builder.cases.errors import ListFormat, ListUnknown, MayNotSee
from builder.cases.exporting import ListLimits
from builder.cases.registries import Wanted
from builder.documents.errors import ExportTooLarge, ListTooLong
from builder.documents.sheets import csv_file, safe, xlsx_file
from federation.crypto import sm3
from tests.documents.conftest import text_of

FORMULAE = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", '=HYPERLINK("http://x","y")']
LIST = "applications"


def desk(finished, account):
    return finished.platform.accounts.named(account)


def table_of(file):
    return list(csv.reader(io.StringIO(file.content.decode("utf-8-sig"), newline="")))


def registry(finished, account, **wanted):
    who = desk(finished, account)
    return registries.registry(
        finished.platform, who, finished.deployment.id, LIST, Wanted(**wanted)
    )


def test_a_registry_lists_the_cases_in_which_the_desk_has_a_task(finished):
    found = registry(finished, "officer-civil-affairs")
    assert finished.case_no in [r.case_no for r in found.rows]
    assert found.total == len(found.rows)
    (row,) = [r for r in found.rows if r.case_no == finished.case_no]
    shown = [c.zh for c in row.cells if c]
    assert finished.stored.case.answers["application"]["deceased_name"] in shown


def test_a_desk_sees_no_column_that_none_of_its_steps_shows(finished):
    scenario = finished.deployment.current
    for account in ("officer-police", "officer-health", "officer-housing-fund"):
        who = desk(finished, account).account
        seen = {
            pointer
            for task in scenario.tasks()
            if task.party == who.party and task.role in who.roles
            for pointer in (
                *task.visible,
                *(scenario.form(task.form).scopes() if task.form else ()),
            )
        }
        titles = {scenario.field(p).title.zh for p in seen}
        found = registry(finished, account)
        assert {h.zh for h in found.heads[3:]} <= titles


def test_others_have_no_registry(finished):
    for account in ("steward-police", "auditor", "chen-jing"):
        with pytest.raises((ListUnknown, MayNotSee)):
            registry(finished, account)
    officer = desk(finished, "officer-police")
    with pytest.raises(ListUnknown):
        registries.registry(finished.platform, officer, finished.deployment.id, "nothing", Wanted())


def test_filters_and_search_find_and_leave_out(finished):
    day = finished.stored.case.answers["application"]["death_date"]
    both = {"death_date_from": day, "death_date_to": day}
    assert registry(finished, "officer-civil-affairs", filters=both).total == 1
    assert (
        registry(finished, "officer-civil-affairs", filters={"death_date_from": "2099-01-01"}).total
        == 0
    )
    assert registry(finished, "officer-civil-affairs", text=finished.case_no[-4:]).total == 1
    assert registry(finished, "officer-civil-affairs", text="' OR 1=1 --").total == 0
    hostile = {"death_date_from": "'; DROP TABLE x", "nothing": "1"}
    assert registry(finished, "officer-civil-affairs", filters=hostile).total in (0, 1)


@pytest.mark.parametrize("form", exporting.FORMATS)
def test_a_registry_is_carried_away_as_the_page_shows_it_and_written_down(finished, form):
    who = desk(finished, "officer-civil-affairs")
    file = exporting.export_registry(
        finished.platform, who, finished.deployment.id, LIST, Wanted(), form
    )
    (entry, *_) = finished.deployment.journal.search(kind="list-exported", limit=1)
    assert entry.actor == "officer-civil-affairs"
    assert entry.facts["rows"] == file.rows
    assert entry.facts["content"] == sm3(file.content)
    name = finished.stored.case.answers["application"]["deceased_name"]
    if form == "csv":
        assert file.content.startswith(b"\xef\xbb\xbf")
        head, *rows = table_of(file)
        assert head[0] == "受理编号"
        assert [r for r in rows if name in r]
    elif form == "xlsx":
        sheet = openpyxl.load_workbook(io.BytesIO(file.content)).active
        assert name in [c.value for row in sheet.iter_rows() for c in row]
        assert sheet.freeze_panes == "A2"
    else:
        assert name in text_of(file.content)


@pytest.mark.parametrize("state", ["open", "overdue", "done"])
def test_a_worklist_is_carried_away_with_masked_names(finished, state):
    who = desk(finished, "officer-civil-affairs")
    file = exporting.export_worklist(finished.platform, who, state, "csv")
    rows = table_of(file)
    applicant = finished.stored.applicant["name"]
    assert not [r for r in rows if applicant in r]
    if state == "done":
        assert finished.case_no in {r[0] for r in rows}
    (entry, *_) = finished.platform.journal.search(kind="list-exported", limit=1)
    assert entry.facts["list"] == f"worklist/{state}"


def test_no_such_format_and_no_department_are_named(finished):
    who = desk(finished, "officer-police")
    with pytest.raises(ListFormat):
        exporting.export_worklist(finished.platform, who, "open", "exe")
    with pytest.raises(MayNotSee):
        exporting.export_worklist(finished.platform, finished.owner, "open", "csv")


def test_many_rows_of_sensitive_fields_do_not_leave_without_an_approval(finished):
    who = desk(finished, "officer-civil-affairs")
    doing = (finished.platform, who, finished.deployment.id, LIST, Wanted())
    with pytest.raises(ExportTooLarge) as refused:
        exporting.export_registry(*doing, "csv", limits=ListLimits(unapproved=0))
    assert "授权" in refused.value.next_step("zh")
    with pytest.raises(ListTooLong):
        exporting.export_registry(*doing, "pdf", limits=ListLimits(printed=0))


def test_no_cell_is_a_formula_in_either_format(finished):
    made = csv_file(["=head"], [[cell] for cell in FORMULAE])
    for row in csv.reader(io.StringIO(made.decode("utf-8-sig"), newline="")):
        assert row[0].startswith("'")
    book = openpyxl.load_workbook(
        io.BytesIO(xlsx_file("x", ["h"], [[c] for c in FORMULAE], finished.clock.now))
    )
    for row in book.active.iter_rows():
        assert all(cell.data_type == "s" for cell in row)
    assert safe("李四") == "李四"


def test_the_same_list_gives_the_same_excel_file(finished):
    at = finished.clock.now
    rows = [["一", "=2"], ["三", "x" * 40_000]]
    assert xlsx_file("清单", ["a", "b"], rows, at) == xlsx_file("清单", ["a", "b"], rows, at)
