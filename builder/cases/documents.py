"""Let people have the documents of a case: list them, fetch them, check them.

A document is its owner's, and those officers' whose department has or had a task in the case. It is
there for as long as the matter's `retention` says; what an officer fetches is written down.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, cast, get_args

from sqlalchemy import Row, select

from builder.cases import keeping
from builder.cases.answers import flat, scope
from builder.cases.errors import (
    CaseUnknown,
    DeploymentUnknown,
    DocumentGone,
    DocumentLanguage,
    DocumentNotHere,
)
from builder.cases.issuing import ISSUED, VOIDED, issue_receipt
from builder.cases.keeping import StoredCase
from builder.cases.moving import note
from builder.cases.papers import (
    RECEIPT,
    About,
    application,
    blank_application,
)
from builder.cases.platform import Deployment, Platform
from builder.cases.shapes import Checked, DocumentFile, DocumentLine
from builder.cases.whose import is_own, own_case
from builder.documents import Facts, Layout, typeset
from builder.documents.checking import Entry, check_paper, check_recorded, check_signed, read_paper
from builder.documents.errors import DocumentUnknown
from builder.documents.statement import Statement, case_of, find_statement
from builder.documents.word import fill
from builder.forms import review
from builder.identity import SignIn
from builder.process.calendar import SHANGHAI
from builder.scenario.model import Control, Form, Json, Text
from builder.store import cases as tables
from federation.audit import Journal
from federation.store import exclusive, read, write

__all__ = [
    "Checked",
    "DocumentFile",
    "DocumentLine",
    "Recorded",
    "application_form",
    "blank_form",
    "case_of",
    "check_pdf",
    "check_text",
    "documents_of",
    "fetch",
    "fetch_word",
    "layout_of",
]


# ── Lists ────────────────────────────────────────────────────────────────────────────────────────


def documents_of(stored: StoredCase, party: str | None = None) -> tuple[DocumentLine, ...]:
    """Return the documents of a case, newest first; for a desk, those its department issued.

    The receipt is not among them: it is always there, and issued when it is first fetched.
    """
    row_of = tables.document.c
    with read(stored.deployment.engine) as conn:
        rows = conn.execute(
            select(tables.document)
            .where(row_of.case_no == stored.case_no, row_of.document != RECEIPT)
            .order_by(row_of.issued_at.desc(), row_of.number.desc())
        ).all()
    mine = [r for r in rows if party is None or _issuer(stored, r.document) == party]
    return tuple(map(_line, mine))


def may_have(stored: StoredCase, who: SignIn, document: str) -> bool:
    """Tell whether a person may have a document: its owner, and a desk whose department issued it.

    Other departments may not: it can say what only the issuer may know of the case.
    """
    account = who.account
    return is_own(stored, who) or (
        _issuer(stored, document) == account.party
        and any(
            t.party == account.party and t.role in account.roles for t in stored.case.tasks.values()
        )
    )


def _issuer(stored: StoredCase, document: str) -> str:
    known = {d.id: d.party for d in stored.scenario.documents}
    return known.get(document) or stored.scenario.meta.lead


# ── Fetching ─────────────────────────────────────────────────────────────────────────────────────


def fetch(platform: Platform, who: SignIn, number: str, layout: str) -> DocumentFile:
    """Return a document as PDF.

    Raises:
        DocumentNotHere: there is none, or it is not this reader's.
        DocumentGone: it is not kept any more.
        DocumentLanguage: it is not issued in this layout.
        Fault: the page cannot be laid out on this machine.
    """
    deployment, stored = _case_of(platform, number)
    row = _row(deployment, number)
    is_receipt = number == f"{stored.case_no}-R"
    if not may_have(stored, who, RECEIPT if is_receipt else row.document if row else ""):
        raise DocumentNotHere
    if row is None and is_receipt:
        with write(deployment.engine) as conn:
            exclusive(conn, tables.document.name)
            issue_receipt(
                conn, platform, _about(platform, stored), stored.seal, who.account.account
            )
        row = _row(deployment, number)
    if row is None:
        raise DocumentNotHere
    _check_kept(platform, stored)
    chosen = layout_of(layout, row.languages, number)
    pdf = typeset(row.content, chosen, row.statement)
    if not is_own(stored, who):
        with write(deployment.engine) as conn:
            note(
                deployment, conn, "document-fetched", platform.clock(), who, stored.case_no,
                number=number, bytes=len(pdf),
            )  # fmt: skip
    return DocumentFile(f"{row.content['title']['zh']}-{number}.pdf", pdf)


def fetch_word(platform: Platform, who: SignIn, number: str) -> DocumentFile:
    """Return a Word copy of a document by its bureau's own template, for its issuing desk.

    It carries no code: the PDF is what is checked.

    Raises:
        DocumentNotHere: there is none, it is not this desk's, or it has no template.
        DocumentGone: it is not kept any more.
        Fault: the template cannot be filled on this machine.
    """
    deployment, stored = _case_of(platform, number)
    row = _row(deployment, number)
    if row is None or is_own(stored, who) or not may_have(stored, who, row.document):
        raise DocumentNotHere
    _check_kept(platform, stored)
    table = tables.document_template
    with read(deployment.engine) as conn:
        template = conn.scalar(
            select(table.c.docx).where(
                table.c.scenario_hash == stored.scenario.hash, table.c.document == row.document
            )
        )
    if template is None:
        raise DocumentNotHere
    docx = fill(template, row.content.get("values", {}), row.document)
    with write(deployment.engine) as conn:
        note(
            deployment, conn, "document-fetched", platform.clock(), who, stored.case_no,
            number=number, bytes=len(docx), word=True,
        )  # fmt: skip
    return DocumentFile(f"{row.content['title']['zh']}-{number}.docx", docx)


def application_form(platform: Platform, who: SignIn, case_no: str, layout: str) -> DocumentFile:
    """Return one's own application with all its answers, as PDF to be printed.

    Raises:
        CaseUnknown: not this person's case.
        DocumentGone: it is not kept any more.
    """
    deployment, stored = own_case(platform, who, case_no)
    _check_kept(platform, stored)
    scenario = stored.scenario
    form = deployment.form(scenario, scenario.process.form)
    about = _about(platform, stored)
    known = scope(scenario, stored.case.answers, stored.case.results)
    answers = review(form, flat(stored.case.answers), about.at.date(), known)
    content = application(about, answers).to_json()
    chosen = layout_of(layout, ("zh", "zh-en"), case_no)
    return DocumentFile(f"{scenario.meta.title.zh}申请表-{case_no}.pdf", typeset(content, chosen))


def blank_form(platform: Platform, deployment_id: str, layout: str) -> DocumentFile:
    """Return the empty form of a matter, to be filled in by hand.

    Raises:
        DeploymentUnknown: no such matter.
    """
    scenario = platform.deployments.get(deployment_id).current
    questions = [
        Facts(tuple(_asked(c) for c in controls), title)
        for title, controls in _pages(scenario.start_form)
        if controls
    ]
    at = platform.clock().astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    content = blank_application(platform, scenario, at, questions).to_json()
    chosen = layout_of(layout, ("zh", "zh-en"), scenario.id)
    return DocumentFile(f"{scenario.meta.title.zh}申请表（空白）.pdf", typeset(content, chosen))


def layout_of(layout: str, known: tuple[str, ...] | list[str], number: str) -> Layout:
    """Return a layout that a document is issued in.

    Raises:
        DocumentLanguage: there is no such one.
    """
    if layout not in known or layout not in get_args(Layout):
        raise DocumentLanguage(number=number, known=list(known))
    return cast("Layout", layout)


# ── Checking ─────────────────────────────────────────────────────────────────────────────────────


class Recorded:
    """A deployment's own journal as a witness."""

    def __init__(self, deployment: Deployment) -> None:
        self._journal: Journal = deployment.journal
        self._engine = deployment.engine

    def entry(self, seq: int) -> Entry | None:
        """Return an entry by its number."""
        found = self._journal.get(seq)
        if found is None or found.kind != ISSUED:
            return None
        return Entry(found.kind, found.at.isoformat(), found.hash, found.facts)

    def voided(self, number: str) -> str | None:
        """Return when a document was voided, as the journal has it."""
        for found in self._journal.search(kind=VOIDED, case=case_of(number), limit=1000):
            if found.facts.get("number") == number:
                return found.at.isoformat()
        return None


def check_text(platform: Platform, text: str) -> Checked:
    """Check a statement that somebody pasted or scanned.

    Raises:
        DocumentFault: it is none of ours, forged, foreign, unknown, altered or voided.
    """
    return _checked(platform, find_statement(text))


def check_pdf(platform: Platform, raw: bytes) -> Checked:
    """Check a document as a file.

    Raises:
        DocumentFault: see `check_text`; also when its pages do not say what was issued.
    """
    paper = read_paper(raw)
    check_signed(paper.statement, _keys(platform), platform.settings.city)
    check_paper(paper)
    return _checked(platform, paper.statement)


def _checked(platform: Platform, statement: Statement) -> Checked:
    check_signed(statement, _keys(platform), platform.settings.city)
    try:
        deployment = platform.deployments.get(statement.deployment)
    except DeploymentUnknown:
        raise DocumentUnknown(number=statement.number) from None
    check_recorded(statement, Recorded(deployment))
    row = _row(deployment, statement.number)
    if row is None or row.hash != statement.content:
        raise DocumentUnknown(number=statement.number)
    content: Mapping[str, Any] = row.content
    named = content["to"] or _named(content)
    return Checked(
        number=row.number,
        title=Text(**content["title"]),
        org=Text(**content["org"]),
        issued_at=row.issued_at,
        valid_until=content["valid_until"],
        masked_name=f"{named[0]}{'*' * (len(named) - 1)}" if named else "—",
        hash=row.hash,
    )


def _keys(platform: Platform) -> tuple[str, ...]:
    return (platform.hub.signer.public_key,)


def _named(content: Mapping[str, Any]) -> str:
    """Return the applicant's name of a receipt, which addresses nobody."""
    for block in content["blocks"]:
        for row in block.get("rows", ()) if block["kind"] == "facts" else ():
            if row["label"]["zh"] == "申请人":
                return str(row["value"]["zh"])
    return ""


# ── Shared ───────────────────────────────────────────────────────────────────────────────────────


def _case_of(platform: Platform, number: str) -> tuple[Deployment, StoredCase]:
    case_no = case_of(number)
    try:
        deployment = platform.deployments.of_case(case_no)
    except CaseUnknown:
        raise DocumentNotHere from None
    stored = keeping.load_case(deployment, case_no)
    if stored is None:
        raise DocumentNotHere
    return deployment, stored


def _check_kept(platform: Platform, stored: StoredCase) -> None:
    ended = stored.case.ended_at
    if ended is None:
        return
    until = ended + timedelta(days=stored.scenario.retention.cases_days)
    if platform.clock() > until:
        raise DocumentGone(until=f"{until:%Y-%m-%d}")


def _row(deployment: Deployment, number: str) -> Row[Any] | None:
    with read(deployment.engine) as conn:
        return conn.execute(
            select(tables.document).where(tables.document.c.number == number)
        ).one_or_none()


def _line(row: Row[Any]) -> DocumentLine:
    return DocumentLine(
        row.number,
        Text(**row.content["title"]),
        row.kind,
        row.issued_at,
        row.voided_at,
        tuple(row.languages),
        row.hash,
        bool(row.content.get("values")),
    )


def _about(platform: Platform, stored: StoredCase) -> About:
    name = stored.applicant.get("name")
    applicant = name if isinstance(name, str) else stored.account
    return About(
        platform, stored.deployment, stored.scenario, stored.case_no, stored.case, applicant,
        platform.clock(),
    )  # fmt: skip


def _pages(form: Form) -> list[tuple[Text, list[Control]]]:
    return [
        (
            page.title,
            [c for s in page.sections for c in s.controls if c.scope and c.compute is None],
        )
        for page in form.pages
    ]


def _asked(control: Control) -> tuple[Text, Text]:
    """Return a question as it stands on an empty form: its words, and boxes to tick."""
    if control.widget == "yes-no":
        return control.label, Text("□ 是　　□ 否", "□ Yes   □ No")
    choices: Json = control.options.get("choices")
    if not isinstance(choices, list) or len(choices) > 12:
        return control.label, Text("", "")
    labels = [c["label"] for c in choices if isinstance(c, Mapping) and "label" in c]
    pairs = [cast("Mapping[str, str]", label) for label in labels]
    return control.label, Text(
        "　　".join(f"□ {p['zh']}" for p in pairs), "   ".join(f"□ {p['en']}" for p in pairs)
    )
