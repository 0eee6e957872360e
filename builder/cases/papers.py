"""Say what a case's documents say: contents from answers, results and the city's names. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from builder.cases.answers import Flat, flat
from builder.cases.gaps import field_title
from builder.cases.platform import Deployment, Platform
from builder.cases.words import PAPERS, YES_NO
from builder.documents import Block, Content, Facts, Paragraph, Records, blocks
from builder.documents.content import Item, Note, Run
from builder.documents.word import template_names
from builder.forms import SummaryModel, summary
from builder.forms.page import SummaryTable
from builder.process.calendar import SHANGHAI
from builder.process.case import Case
from builder.scenario.model import Document, Json, Scenario, Text

__all__ = ["RECEIPT", "About", "application", "blank_application", "issued", "org_title", "receipt"]

RECEIPT = "receipt"
"""What the receipt of a hand-in is called among a case's documents."""

_NOTHING = Text("—", "—")


@dataclass(frozen=True, slots=True)
class About:
    """The case a document is about.

    Attributes:
        at: the moment of issue, aware.
    """

    platform: Platform
    deployment: Deployment
    scenario: Scenario
    case_no: str
    case: Case
    applicant: str
    at: datetime

    @property
    def is_demo(self) -> bool:
        """Tell whether it is printed with the mark of a demo city."""
        return self.platform.settings.demo


def org_title(platform: Platform, party: str) -> Text:
    """Return a department's name with its city's, as it stands over a document.

    The ledger calls it 市民政局; on paper it is 合肥市民政局.
    """
    city, title = platform.city.title, platform.city.party_title(party)
    zh = title.zh.removeprefix("市") if city.zh.endswith("市") else title.zh
    return Text(
        title.zh if title.zh.startswith(city.zh) else f"{city.zh}{zh}",
        title.en if title.en.startswith(city.en) else f"{city.en} {title.en}",
    )


def issued(about: About, document: Document, number: str) -> Content:
    """Return what a document of the matter says of this case."""
    scenario, answers = about.scenario, flat(about.case.answers)
    fill = _Filler(about, number)
    made: list[Block] = []
    if document.body is not None:
        made += blocks(document.body, fill)
    if document.fields:
        given = [pointer for pointer in document.fields if answers.get(pointer) is not None]
        made += _tables(summary(scenario, given, answers))
    until = document.valid_days
    return Content(
        kind=document.kind,
        number=number,
        title=document.title,
        org=org_title(about.platform, document.party or scenario.meta.lead),
        matter=scenario.meta.title,
        blocks=made,
        issued_at=about.at,
        to=about.applicant,
        valid_until=None if until is None else (about.at + timedelta(days=until)).date(),
        demo=about.is_demo,
        values={n: fill(n).zh for n in template_names(document)} if document.template else {},
    )


def receipt(about: About, number: str, seal: str) -> Content:
    """Return the receipt of a hand-in (收件回执): who handed in what, when, and what comes next."""
    scenario, platform = about.scenario, about.platform
    at = about.case.submitted_at or about.at
    parties = [platform.city.party_title(p) for p in scenario.meta.parties]
    rows = (
        (PAPERS["case_no"], _same(about.case_no)),
        (PAPERS["matter"], scenario.meta.title),
        (PAPERS["applicant"], _same(about.applicant)),
        (PAPERS["received"], moment(at)),
        (PAPERS["lead"], org_title(platform, scenario.meta.lead)),
        (PAPERS["parties"], _joined(parties, "、", ", ")),
        (PAPERS["items"], _joined(i.title for i in scenario.meta.items)),
        *_left_open(about),
        (PAPERS["seal"], _same(seal)),
    )  # fmt: skip
    return Content(
        kind="receipt",
        number=number,
        title=PAPERS["receipt"],
        org=org_title(platform, scenario.meta.lead),
        matter=scenario.meta.title,
        blocks=(_said(PAPERS["receipt_says"]), Facts(rows), Note(PAPERS["receipt_note"])),
        issued_at=at,
        demo=about.is_demo,
    )


def _left_open(about: About) -> Iterator[tuple[Text, Text]]:
    """Yield what was handed in without: to come later and by when, and promised instead."""
    handed_in, scenario = about.case.submitted_at, about.scenario
    owed = [o for o in about.case.owed.values() if o.since == handed_in]
    if owed:
        until = [(field_title(scenario, o.field), day(o.due_at)) for o in owed]
        said = [Text(f"{t.zh}（最晚{d.zh}）", f"{t.en} (by {d.en})") for t, d in until]
        yield PAPERS["owed"], _joined(said)
    promised = [p for p in about.case.promises.values() if p.at == handed_in]
    if promised:
        yield PAPERS["promised"], _joined(field_title(scenario, p.field) for p in promised)


def application(about: About, answers: SummaryModel) -> Content:
    """Return an application as handed in, to be printed and signed."""
    head = (
        (PAPERS["case_no"], _same(about.case_no)),
        (PAPERS["applicant"], _same(about.applicant)),
        (PAPERS["received"], moment(about.case.submitted_at or about.at)),
    )
    return _form(about.platform, about.scenario, about.at, (Facts(head), *_tables(answers)))


def blank_application(
    platform: Platform, scenario: Scenario, at: datetime, questions: Sequence[Facts]
) -> Content:
    """Return the form of a matter, empty, to be filled in by hand."""
    return _form(platform, scenario, at, (*questions, Note(PAPERS["blank_note"])))


def moment(at: datetime) -> Text:
    """Return a moment as documents write it."""
    at = at.astimezone(SHANGHAI)
    return Text(f"{at.year}年{at.month}月{at.day}日 {at:%H:%M}", f"{at:%-d %B %Y, %H:%M}")


def day(at: datetime) -> Text:
    """Return a day as documents write it."""
    at = at.astimezone(SHANGHAI)
    return Text(f"{at.year}年{at.month}月{at.day}日", f"{at:%-d %B %Y}")


def _form(platform: Platform, scenario: Scenario, at: datetime, made: Sequence[Block]) -> Content:
    title = scenario.meta.title
    return Content(
        kind="application",
        number="",
        title=Text(f"{title.zh}申请表", f"Application: {title.en}"),
        org=org_title(platform, scenario.meta.lead),
        matter=title,
        blocks=made,
        issued_at=at,
        demo=platform.settings.demo,
    )


class _Filler:
    """Say the value of a field that a document's body names."""

    def __init__(self, about: About, number: str) -> None:
        self._about = about
        self._answers: Flat = flat(about.case.answers)
        case, at = about.case, about.at
        self._case = {
            "case.number": _same(about.case_no),
            "case.submitted": day(case.submitted_at or at),
            "case.document": _same(number),
            "case.issued": day(at),
        }

    def __call__(self, name: str) -> Text:
        """Return the value in words; a dash where there is none."""
        if name in self._case:
            return self._case[name]
        entity, _, field = name.partition(".")
        if entity in {q.id for q in self._about.scenario.queries}:
            return _bare(self._about.case.results.get(entity, {}).get(field))
        pointer = f"/{entity}/{field}"
        if entity == "params":
            return _bare(self._answers.get(pointer))
        said = summary(self._about.scenario, (pointer,), self._answers)
        return next((r.value or _NOTHING for s in said.sections for r in s.rows), _NOTHING)


def _tables(answers: SummaryModel) -> list[Block]:
    """Return answers as tables: names and values, and rows that repeat as records."""
    made: list[Block] = []
    for section in answers.sections:
        plain = tuple(
            (row.label, row.value or _NOTHING) for row in section.rows if row.table is None
        )
        if plain:
            made.append(Facts(plain, section.title or Text("", "")))
        made += [_records(row.label, row.table) for row in section.rows if row.table is not None]
    return made


def _records(title: Text, rows: SummaryTable) -> Records:
    """Return the rows of a table widget; on paper they are said in Chinese, as they were typed."""
    cells = tuple(tuple(c.zh if c else "—" for c in row) for row in rows.rows)
    return Records(rows.heads, cells, (1,) * len(rows.heads), title)


def _bare(value: Json) -> Text:
    match value:
        case None:
            return _NOTHING
        case bool():
            return YES_NO[value]
        case list() | tuple():
            return _same("、".join(str(v) for v in value))
        case Mapping():
            return _NOTHING
        case _:
            return _same(str(value))


def _joined(texts: Iterable[Text], zh: str = "；", en: str = "; ") -> Text:
    found = list(texts)
    return Text(zh.join(t.zh for t in found) or "—", en.join(t.en for t in found) or "—")


def _said(text: Text) -> Paragraph:
    return Paragraph(Item((Run(text.zh),), (Run(text.en),)))


def _same(text: str) -> Text:
    return Text(text, text)
