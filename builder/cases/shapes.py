"""What pages, the command line and the API show: frozen values, prepared, nothing left to look up.

Every text a person reads is a `Text` pair; the page picks the language. Times are aware datetimes
in Asia/Shanghai.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

from builder.cases.waiting import Waiting
from builder.forms import PageModel, SummaryModel
from builder.scenario.model import Text

__all__ = [
    "AuditLine",
    "CaseLine",
    "CaseView",
    "Checked",
    "CorrectionAsked",
    "DataLine",
    "DocumentFile",
    "DocumentLine",
    "DraftLine",
    "DraftPage",
    "FieldChoice",
    "GrantLine",
    "HandedIn",
    "ItemLine",
    "JournalState",
    "Matter",
    "MatterCard",
    "MatterLine",
    "NoticeLine",
    "OtherLine",
    "OwedLine",
    "OwedPage",
    "PageStep",
    "PartyLine",
    "PromiseLine",
    "Receipt",
    "RestLine",
    "Review",
    "Saved",
    "TaskView",
    "TimelineEntry",
    "Trace",
    "UseLine",
    "WorkItem",
    "Worklist",
]

CaseStatus: TypeAlias = Literal[
    "draft",
    "running",
    "correcting",
    "suspended",
    "owing",
    "returned",
    "completed",
    "rejected",
    "withdrawn",
]
PartyState: TypeAlias = Literal[
    "waiting",
    "working",
    "correcting",
    "suspended",
    "moved",
    "done",
    "rejected",
    "skipped",
    "cancelled",
    "unanswered",
]
TaskStatus: TypeAlias = Literal["open", "correcting", "suspended", "done", "cancelled"]


@dataclass(frozen=True, slots=True)
class ItemLine:
    """One service item of a matter and the department that handles it."""

    id: str
    title: Text
    party: str
    party_title: Text


@dataclass(frozen=True, slots=True)
class DataLine:
    """One line of the data bill: what is used, from whom, for which purpose, how sensitive."""

    dataset: str
    title: Text
    party_title: Text
    fields: tuple[Text, ...]
    purpose: str
    purpose_title: Text
    grade: str
    basis: Text | None = None


@dataclass(frozen=True, slots=True)
class DraftLine:
    """An application begun and not yet handed in."""

    case_no: str
    deployment: str
    title: Text
    updated: datetime
    expires: datetime
    reason: Literal["new", "returned", "correction"]


@dataclass(frozen=True, slots=True)
class MatterCard:
    """A matter as the portal lists it. `deployment` is ``"<county>/<scenario>"``."""

    deployment: str
    county: str
    scenario: str
    title: Text
    summary: Text
    domain: Text
    lead: str
    lead_title: Text
    departments: int
    items: int
    may_start: bool


@dataclass(frozen=True, slots=True)
class Matter:
    """A matter as its own page explains it, before anyone begins."""

    card: MatterCard
    version: str
    county_title: Text
    items: tuple[ItemLine, ...]
    departments: tuple[Text, ...]
    legal_basis: tuple[Text, ...]
    data_bill: tuple[DataLine, ...]
    pages: tuple[Text, ...]
    hotline: str
    drafts: tuple[DraftLine, ...] = ()


@dataclass(frozen=True, slots=True)
class PageStep:
    """One step of the applicant's path through a form."""

    id: str
    title: Text
    state: Literal["done", "current", "todo"]


@dataclass(frozen=True, slots=True)
class DraftPage:
    """One page of a draft, ready to render: its form, the path, and what was fetched."""

    case_no: str
    deployment: str
    title: Text
    version: int
    steps: tuple[PageStep, ...]
    page: PageModel
    previous: str | None
    reason: Literal["new", "returned", "correction"]
    message: str | None = None
    """What the officer wrote, where the draft answers a return or a correction."""
    asked: tuple[str, ...] = ()
    """Pointers an officer asked to correct."""
    notices: tuple[Text, ...] = ()
    """What the data platform could or could not fetch for this page."""


@dataclass(frozen=True, slots=True)
class Review:
    """Everything the applicant answered, before handing in."""

    case_no: str
    deployment: str
    title: Text
    version: int
    steps: tuple[PageStep, ...]
    summary: SummaryModel
    complete: bool
    reason: Literal["new", "returned", "correction"]
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Saved:
    """The outcome of saving a page: where to go next, or what to mend."""

    case_no: str
    version: int
    errors: tuple[Mapping[str, object], ...]
    """``{"pointer", "control", "code", "message": Text}`` each; empty when the page is good."""
    next_page: str | None
    """None: all pages are done, go to the review."""


@dataclass(frozen=True, slots=True)
class OwedLine:
    """A required answer that may come after the hand-in (容缺).

    Attributes:
        state: ``owed``, ``given``, ``waived``, or ``dropped`` where it is asked for no more.
        may_extend: it is late or will be, and was not extended yet.
        most_days: working days by which it may be extended.
        holds: steps that cannot pass before it has come.
        stalls: work stands still because it is late.
    """

    field: str
    title: Text
    state: Literal["owed", "given", "waived", "dropped"]
    since: datetime
    due: datetime
    due_certain: bool
    is_overdue: bool
    may_extend: bool
    most_days: int
    holds: tuple[Text, ...]
    stalls: bool
    settled: datetime | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class PromiseLine:
    """A promise in place of an answer (告知承诺), with the words that were agreed to.

    Attributes:
        wording: SM3 of both texts.
        kept: what was found; None while nobody has looked.
    """

    field: str
    title: Text
    text: Text
    consequence: Text
    wording: str
    at: datetime
    verify_by: datetime | None
    kept: bool | None
    checked: datetime | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class RestLine:
    """Why a task is suspended, and what lets it go on."""

    since: datetime
    reason: str | None
    until: datetime | None
    for_owed: bool


@dataclass(frozen=True, slots=True)
class OtherLine:
    """Another department's open task, as the lead's officer sees it. `may_urge`: not yet today."""

    task: str
    title: Text
    party_title: Text
    state: TaskStatus
    due: datetime | None
    may_urge: bool


@dataclass(frozen=True, slots=True)
class OwedPage:
    """The page on which an applicant supplies what is owed."""

    case_no: str
    title: Text
    version: int
    page: PageModel


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof of handing in. The same submission always gives the same receipt."""

    case_no: str
    deployment: str
    title: Text
    at: datetime
    applicant: str
    seal: str
    """SM3 of the submitted answers, so that a printed receipt can be checked."""
    owed: tuple[OwedLine, ...] = ()
    """What was left open at the hand-in and how it stands now."""
    promises: tuple[PromiseLine, ...] = ()


@dataclass(frozen=True, slots=True)
class CaseLine:
    """One of one's own cases, as its row alone says it."""

    case_no: str
    deployment: str
    title: Text
    status: CaseStatus


@dataclass(frozen=True, slots=True)
class MatterLine:
    """One of my matters."""

    case_no: str
    deployment: str
    title: Text
    status: CaseStatus
    submitted: datetime | None
    updated: datetime
    needs_me: bool
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class HandedIn:
    """One page of one's own cases."""

    lines: tuple[MatterLine, ...]
    after: str | None = None
    """Cursor of the next page; None at the end."""


@dataclass(frozen=True, slots=True)
class PartyLine:
    """How far one department is with a case."""

    party: str
    title: Text
    state: PartyState
    items: tuple[Text, ...]
    due: datetime | None
    done_at: datetime | None
    overdue: bool
    note: Text | None = None
    urge: tuple[str, ...] = ()
    """Tasks of this department that the applicant may hurry now."""


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One thing that happened to a case, in plain words."""

    at: datetime
    text: Text
    party_title: Text | None = None
    remark: str | None = None


@dataclass(frozen=True, slots=True)
class UseLine:
    """One use of somebody's data: who asked which department for which fields, by which grant."""

    at: datetime
    asked_by: Text
    node: str
    node_title: Text
    dataset: str
    dataset_title: Text
    fields: tuple[Text, ...]
    subject: Text
    purpose: str
    purpose_title: Text
    grant: str
    outcome: Literal["answered", "empty", "refused", "failed"]
    entry: str
    """``"<node>#<seq>"`` of the node's own journal."""


@dataclass(frozen=True, slots=True)
class CorrectionAsked:
    """What an officer asked the applicant to mend."""

    party_title: Text
    message: str
    fields: tuple[Text, ...]
    page: str | None


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """A document of a case, as lists show it.

    Attributes:
        languages: the forms it can be had in.
        voided_at: since when it no longer holds; None while it does.
        hash: SM3 of its content.
    """

    number: str
    title: Text
    kind: str
    issued_at: datetime
    voided_at: datetime | None
    languages: tuple[str, ...]
    hash: str
    has_word: bool = False
    """Whether its desk can have a Word copy, by the bureau's own template."""


@dataclass(frozen=True, slots=True)
class DocumentFile:
    """A document as a file."""

    name: str
    pdf: bytes


@dataclass(frozen=True, slots=True)
class Checked:
    """What may be said of a genuine document to anyone who holds it."""

    number: str
    title: Text
    org: Text
    issued_at: datetime
    valid_until: str
    masked_name: str
    hash: str


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case as its applicant sees it."""

    case_no: str
    deployment: str
    title: Text
    status: CaseStatus
    submitted: datetime
    updated: datetime
    ended: datetime | None
    parties: tuple[PartyLine, ...]
    timeline: tuple[TimelineEntry, ...]
    uses: tuple[UseLine, ...]
    may_withdraw: bool
    correction: CorrectionAsked | None
    summary: SummaryModel | None
    results: SummaryModel | None = None
    """What the departments recorded for the applicant to see."""
    waiting: tuple[Waiting, ...] = ()
    """Which departments have not answered."""
    documents: tuple[DocumentLine, ...] = ()
    """What was issued, newest first; the receipt apart, which is always there."""
    owed: tuple[OwedLine, ...] = ()
    promises: tuple[PromiseLine, ...] = ()
    finished: tuple[Text, ...] = ()
    """Items that are done; taking the matter back does not undo them."""
    unfinished: tuple[Text, ...] = ()
    """Items that were begun or still to come, of a matter taken back."""


@dataclass(frozen=True, slots=True)
class WorkItem:
    """One line of a desk's worklist. The applicant's name is masked."""

    case_no: str
    task: str
    deployment: str
    title: Text
    matter: Text
    applicant: str
    party: str
    opened: datetime
    due: datetime | None
    overdue: bool
    state: TaskStatus
    done_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Worklist:
    """The tasks a desk officer may act on, with counts for the filter tabs."""

    items: tuple[WorkItem, ...]
    counts: Mapping[str, int]
    """Keys ``open overdue correcting suspended done``; 1000 stands for more than 999."""
    state: str
    after: str | None = None
    """Cursor of the next page; None at the end."""


@dataclass(frozen=True, slots=True)
class FieldChoice:
    """A field an officer may ask the applicant to correct, or a step to return to."""

    id: str
    title: Text


@dataclass(frozen=True, slots=True)
class TaskView:
    """A task as its officer sees it: the fields of this step and nothing else of the case."""

    case_no: str
    task: str
    deployment: str
    title: Text
    matter: Text
    item: Text | None
    party_title: Text
    state: TaskStatus
    opened: datetime
    due: datetime | None
    overdue: bool
    visible: SummaryModel
    checks: tuple[tuple[Text, Text], ...]
    """What federated checks said: (question, answer) pairs."""
    form: PageModel | None
    recorded: SummaryModel | None
    """What the department recorded, once the task is done."""
    actions: tuple[str, ...]
    return_to: tuple[FieldChoice, ...]
    correctable: tuple[FieldChoice, ...]
    version: int
    history: tuple[TimelineEntry, ...]
    due_certain: bool = True
    """False where the holidays up to the due day are not announced yet."""
    waiting: tuple[Waiting, ...] = ()
    """Which departments have not answered a question of this case."""
    unheard: tuple[Text, ...] = ()
    """Questions that were given up: what to check by hand."""
    documents: tuple[DocumentLine, ...] = ()
    """What was issued in this case."""
    owed: tuple[OwedLine, ...] = ()
    """What the applicant owes that this step uses; the lead sees all."""
    promises: tuple[PromiseLine, ...] = ()
    may_decide: bool = False
    """This reader may extend, waive and look into promises from here."""
    held: tuple[Text, ...] = ()
    """What must come before this step can pass."""
    rest: RestLine | None = None
    assignee: Text | None = None
    """The one person it was passed to."""
    transfer_to: tuple[FieldChoice, ...] = ()
    others: tuple[OtherLine, ...] = ()
    """Open tasks of the other departments, for the lead."""


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """One notice in a person's inbox."""

    case_no: str
    title: Text
    text: Text
    at: datetime
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One entry of one journal, as the audit page lists it."""

    journal: str
    journal_title: Text
    seq: int
    at: datetime
    kind: str
    kind_title: Text
    actor: str
    party: str
    case_no: str | None
    dataset: str | None
    dataset_title: Text | None
    fields: tuple[Text, ...]
    purpose: str | None
    grant: str | None
    outcome: str | None
    """The word for `builder.cases.words.OUTCOMES`."""
    rows: int | None
    hash: str
    subject: Text | None = None
    """Whose record it was, in the matter's own words: the applicant, the deceased."""


@dataclass(frozen=True, slots=True)
class Trace:
    """All that was done with data for one case, over all journals, in order of time."""

    case_no: str
    title: Text
    lines: tuple[AuditLine, ...]
    unanswered: tuple[Text, ...] = ()
    """Journals that could not be read now; their parties' titles."""


@dataclass(frozen=True, slots=True)
class JournalState:
    """The result of verifying one journal."""

    journal: str
    title: Text
    entries: int
    intact: bool
    findings: tuple[Text, ...]
    head: str
    open_entries: int = 0


@dataclass(frozen=True, slots=True)
class GrantLine:
    """A grant asked of a data owner, with what may happen to it now."""

    id: str
    state: Literal["asked", "approved", "refused", "revoked", "expired"]
    grantee_title: Text
    owner: str
    owner_title: Text
    purpose: str
    purpose_title: Text
    dataset: str
    dataset_title: Text
    fields: tuple[Text, ...]
    grade: str
    scenario: Text | None
    reason: Text
    asked_at: datetime
    valid_from: datetime | None
    valid_to: datetime | None
    used: int
    max_uses: int | None
    decided_by: str | None = None
    decided_at: datetime | None = None
    remark: str | None = None
    may: tuple[Literal["approve", "refuse", "revoke"], ...] = field(default=())
