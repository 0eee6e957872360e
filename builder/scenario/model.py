"""Hold a scenario as frozen values: what `scenario.json` says, parsed once at the edge.

Names follow the JSON keys. Lists of things with an ``id`` are tuples in the order of the file, so a
JSON pointer into the file and a position in the value agree. Nothing here computes more than a
lookup; `builder.scenario.load` builds these values and has checked every reference among them.

How a field's JSON Schema reads as a type of the expression language (`EntityField.type`):
``string`` → text (``format`` date, date-time, decimal → date, timestamp, decimal); ``integer``
→ int; ``boolean`` → bool; ``array`` → list; ``object`` → object. Expressions cannot name the last
two, but for a list of texts: that is read as text, every value on a line of its own. ``number`` is
refused: money and measures are decimals in a string, never floats.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Sequence as Items
from dataclasses import dataclass
from dataclasses import field as slot
from types import MappingProxyType
from typing import Final, Literal, Protocol, TypeAlias, TypeVar

__all__ = [
    "APPLICANT",
    "APPLICANT_KEY",
    "APPLY",
    "DEFER_REMIND_DAYS",
    "KIOSK",
    "KIOSK_PAGES",
    "PARAMS",
    "REMIND_DAYS",
    "ROW",
    "STALE",
    "STEP_KINDS",
    "Branch",
    "Channel",
    "Choice",
    "Control",
    "DatasetUse",
    "Deferral",
    "Document",
    "Entity",
    "EntityField",
    "Escalation",
    "Form",
    "Issue",
    "Item",
    "Json",
    "LegalBasis",
    "ListView",
    "Meta",
    "NamedQuery",
    "Notice",
    "Notify",
    "Page",
    "Parallel",
    "Parameter",
    "Pledge",
    "Prefill",
    "Process",
    "QueryStep",
    "Relation",
    "Retention",
    "Role",
    "Scenario",
    "Section",
    "Sequence",
    "Step",
    "Subject",
    "Task",
    "TaskAction",
    "Text",
    "ValueType",
    "WidgetKind",
    "branches",
    "children",
    "steps",
]

Json: TypeAlias = "bool | int | float | str | Items[Json] | Mapping[str, Json] | None"
ValueType: TypeAlias = Literal[
    "text", "int", "decimal", "bool", "date", "timestamp", "list", "object"
]
TaskAction: TypeAlias = Literal[
    "submit", "approve", "reject", "return", "correct", "suspend", "transfer"
]

APPLY = "apply"
"""The implicit first step: the applicant hands in. A step may return to it."""

APPLICANT_KEY = "@applicant"
"""As a subject's key: the person who signed in."""

REMIND_DAYS = 1
"""How many working days before its due day a task's people are reminded, unless the spec says."""

DEFER_REMIND_DAYS = 2
"""How many working days before the day an owed answer is due the applicant is reminded."""

PARAMS = "params"
"""The built-in entity that carries the deployment's parameters in expressions."""

ROW = "row"
"""In a table's columns: the row itself. A column fills ``/row/<name>``, read as ``row.<name>``."""

STALE = "x-stale"
"""On a text: the language (``zh`` or ``en``) whose words are not translated yet."""


@dataclass(frozen=True, slots=True)
class Text:
    """What a person reads, in both languages."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class WidgetKind:
    """What this room must know of a widget to check a control: handed in by the floor above.

    Attributes:
        id: the name a control's ``widget`` gives, kebab-case.
        types: field types it can read and write; empty for a widget that carries no value.
        options: JSON Schema 2020-12 of its options.
        in_rows: whether it can be a column of a table.
        of_rows: whether it asks for rows, and so has columns.
    """

    id: str
    types: frozenset[ValueType]
    options: Mapping[str, Json] = slot(default_factory=dict)
    in_rows: bool = False
    of_rows: bool = False


# ── Who, why, from where ─────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class LegalBasis:
    """A law or rule the matter stands on."""

    id: str
    title: Text
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One service item (事项) and the party that handles it."""

    id: str
    title: Text
    party: str


@dataclass(frozen=True, slots=True)
class Meta:
    """The head of a scenario: what it is called, whose it is, what it stands on."""

    id: str
    version: str
    kind: Literal["平台", "系统", "应用", "采购", "工程"]
    title: Text
    summary: Text
    domain: Text
    lead: str
    partners: tuple[str, ...]
    legal_basis: tuple[LegalBasis, ...]
    items: tuple[Item, ...]
    plan_rows: tuple[str, ...]

    @property
    def parties(self) -> tuple[str, ...]:
        """Return the lead and the partners, lead first."""
        return (self.lead, *self.partners)


@dataclass(frozen=True, slots=True)
class Parameter:
    """What a deploying county may bind. Expressions read it as ``params.<id>``."""

    id: str
    type: ValueType
    title: Text
    default: Json = None
    hint: Text | None = None


@dataclass(frozen=True, slots=True)
class DatasetUse:
    """A ledger dataset this matter uses: the substance of the grant request.

    Attributes:
        id: the name queries use as table.
        dataset: id in the ledger, ``<party>.<table>``.
        purposes: what for, of `federation.trust`'s purposes.
        fields: columns that may leave the node or be tested.
        legal_basis: id in `Meta.legal_basis`; None means the matter's first.
    """

    id: str
    dataset: str
    purposes: tuple[str, ...]
    fields: tuple[str, ...]
    legal_basis: str | None = None


@dataclass(frozen=True, slots=True)
class Relation:
    """How a subject stands to another, and the ``verify`` query that establishes it."""

    to: str
    verified_by: str
    title: Text | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """Someone whose records the matter concerns.

    Attributes:
        key: ``@applicant`` or a pointer to the field with the ID number or credit code.
        relation: present for everyone but the applicant.
        legal_basis: id in `Meta.legal_basis`; None means the matter's first.
    """

    id: str
    kind: Literal["person", "enterprise"]
    key: str
    title: Text
    relation: Relation | None = None
    legal_basis: str | None = None


# ── Records and forms ────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class EntityField:
    """One field of an entity.

    Attributes:
        name: snake_case.
        pointer: ``/entity/field``.
        schema: its JSON Schema.
        type: its type in expressions.
        grade: L1..L4, important or core; where the spec gives none, L2.
        ledger: the ledger field it corresponds to, ``<party>.<table>.<column>``.
        dictionary: id of the code list of its values.
    """

    name: str
    pointer: str
    schema: Mapping[str, Json]
    type: ValueType
    grade: str = "L2"
    ledger: str | None = None
    dictionary: str | None = None
    title: Text | None = None

    @property
    def read_as(self) -> ValueType:
        """Return what expressions take it for: a list of texts is read as text, a line each."""
        items = self.schema.get("items")
        of_texts = isinstance(items, Mapping) and items.get("type") == "string"
        return "text" if self.type == "list" and of_texts else self.type


@dataclass(frozen=True, slots=True)
class Entity:
    """A record of the scenario's own, as JSON Schema 2020-12 and as fields by name."""

    id: str
    title: Text
    schema: Mapping[str, Json]
    fields: Mapping[str, EntityField]


@dataclass(frozen=True, slots=True)
class Prefill:
    """Where a control's value comes from without asking (免填).

    Attributes:
        locked: the applicant sees the value and cannot change it.
    """

    query: str
    column: str
    locked: bool = False


@dataclass(frozen=True, slots=True)
class Deferral:
    """A required answer that may come after the hand-in (容缺受理).

    Attributes:
        days: working days after the hand-in in which it must come.
        remind: so many working days before that day the applicant is reminded; None: never.
        hold: task steps that nobody can approve before it has come; a case never completes without.
        consequence: what follows when it is late: the desks are told, or all work stands still too
            until a person decides. No machine refuses.
    """

    days: int
    remind: int | None = DEFER_REMIND_DAYS
    hold: tuple[str, ...] = ()
    consequence: Literal["tell", "suspend"] = "tell"


@dataclass(frozen=True, slots=True)
class Pledge:
    """A required answer in whose place a promise may stand (告知承诺).

    Attributes:
        text: what is promised.
        consequence: what follows if it is untrue.
        wording: SM3 of the canonical JSON of both texts, kept with every promise made.
        verify_days: working days after the hand-in in which the desks are asked to look into it;
            None: nobody is asked.
    """

    text: Text
    consequence: Text
    wording: str
    verify_days: int | None = None


@dataclass(frozen=True, slots=True)
class Control:
    """One question of a form.

    Attributes:
        scope: pointer of the field it fills; None for a widget that carries no value.
        required_when: must be answered where this is TRUE, besides where `required` says so.
        when: shown only where this is TRUE.
        compute: the value is this expression's, never typed.
        columns: of a table, one control a column; their scopes are ``/row/<name>``.
        deferrable: the answer may come later.
        promise: a promise may stand in its place.
    """

    id: str
    widget: str
    scope: str | None
    label: Text
    hint: Text | None = None
    required: bool = False
    when: str | None = None
    compute: str | None = None
    prefill: Prefill | None = None
    options: Mapping[str, Json] = slot(default_factory=dict)
    required_when: str | None = None
    columns: tuple[Control, ...] = ()
    deferrable: Deferral | None = None
    promise: Pledge | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """Controls under one heading."""

    id: str
    title: Text
    controls: tuple[Control, ...]
    intro: Text | None = None
    when: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """What is answered at one go."""

    id: str
    title: Text
    sections: tuple[Section, ...]
    intro: Text | None = None
    when: str | None = None


@dataclass(frozen=True, slots=True)
class Form:
    """A form for the applicant or for an officer: they differ only in the entities they fill."""

    id: str
    title: Text
    pages: tuple[Page, ...]

    def controls(self) -> Iterator[Control]:
        """Yield every control in reading order."""
        for page in self.pages:
            for section in page.sections:
                yield from section.controls

    def scopes(self) -> frozenset[str]:
        """Return the pointers this form fills."""
        return frozenset(c.scope for c in self.controls() if c.scope is not None)

    def control(self, pointer: str) -> Control | None:
        """Return the control that fills a pointer; None where there is none."""
        return next((c for c in self.controls() if c.scope == pointer), None)


# ── Process ──────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Sequence:
    """Steps one after the other."""

    id: str
    steps: tuple[Step, ...]
    title: Text | None = None


@dataclass(frozen=True, slots=True)
class Branch:
    """One arm of a `Parallel` or a `Choice`; only a ``when`` of TRUE takes it."""

    id: str
    steps: tuple[Step, ...]
    when: str | None = None
    title: Text | None = None


@dataclass(frozen=True, slots=True)
class Parallel:
    """All branches whose ``when`` is absent or TRUE, side by side; ends when all have ended."""

    id: str
    branches: tuple[Branch, ...]
    title: Text | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """The first branch whose ``when`` is TRUE, else the one without ``when``, else none."""

    id: str
    branches: tuple[Branch, ...]
    title: Text | None = None


@dataclass(frozen=True, slots=True)
class Escalation:
    """What happens by itself to a task that is late.

    Attributes:
        after: working days after the due day; 0 for the moment it is due.
        do: ``notify`` a desk, or ``reassign`` the task to another role of its own party.
        role: whose desk is told, or who is to act from then on.
        party: for ``notify``, the desk's party; None for the task's own (or the lead, if none).
    """

    after: int
    do: Literal["notify", "reassign"]
    role: str
    party: str | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """Something a person of one party does.

    Attributes:
        party: None only where the role is one that starts the matter (the applicant's own task).
        form: what the officer fills; None for a bare decision.
        visible: pointers shown read-only; nothing else of the case is shown.
        due_days: working days; None for no limit.
        remind: so many working days before the due day its people are reminded; None: never.
        escalate: what happens when it is late, earliest first; its desk is told in any case.
        actions: what may be done, of submit, approve, reject, return, correct, suspend, transfer.
        return_to: earlier task steps, or ``apply``.
        transfer_to: other parties it may be passed on to; people and roles of its own always.
        on_reject: a refusal ends the case, or only the branch it lies in.
    """

    id: str
    title: Text
    role: str
    party: str | None = None
    item: str | None = None
    form: str | None = None
    visible: tuple[str, ...] = ()
    due_days: int | None = None
    remind: int | None = REMIND_DAYS
    escalate: tuple[Escalation, ...] = ()
    actions: tuple[TaskAction, ...] = ("approve",)
    return_to: tuple[str, ...] = ()
    on_reject: Literal["case", "branch"] = "case"
    transfer_to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class QueryStep:
    """Ask a named query; the branch waits for its answer.

    Attributes:
        give_up_days: working days after which the branch goes on without an answer, all columns
            NULL, so that the next task's people look by hand; None: it waits as long as it takes.
    """

    id: str
    query: str
    title: Text | None = None
    give_up_days: int | None = None


@dataclass(frozen=True, slots=True)
class Notify:
    """Send a notice and go on."""

    id: str
    notice: str
    title: Text | None = None


@dataclass(frozen=True, slots=True)
class Issue:
    """Issue a document and go on."""

    id: str
    document: str
    title: Text | None = None


Step: TypeAlias = Sequence | Parallel | Choice | Task | QueryStep | Notify | Issue

STEP_KINDS: Mapping[str, type[Step]] = MappingProxyType(
    {
        "sequence": Sequence,
        "parallel": Parallel,
        "choice": Choice,
        "task": Task,
        "query": QueryStep,
        "notify": Notify,
        "issue": Issue,
    }
)
"""The ``kind`` of a step in the file, to its type."""


@dataclass(frozen=True, slots=True)
class Process:
    """The tree of steps that follows the hand-in of `form`."""

    root: Sequence
    form: str = APPLY


# ── Queries, people, the rest ────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class NamedQuery:
    """A question to one department about one subject.

    Expressions read ``<id>.<column>``, for purpose ``verify`` ``<id>.answer`` and
    ``<id>.reference``; a query not answered gives NULL.

    Attributes:
        title: the question in plain words, as an officer and the citizen read it.
        sql: one SELECT over one of the scenario's datasets; the node adds the subject's filter.
        params: SQL parameter → ``entity.field``.
        dataset: the table the SQL names, an id of `Scenario.datasets`.
        columns: what expressions and prefill can read, with its type (None: not known here).
    """

    id: str
    title: Text
    purpose: str
    subject: str
    sql: str
    params: Mapping[str, str]
    dataset: str
    columns: Mapping[str, ValueType | None]


@dataclass(frozen=True, slots=True)
class Role:
    """Who may start or act.

    Attributes:
        start: may begin the matter: the applicant.
        party: the party its people belong to, ``*`` for any of the matter's; None for citizens.
    """

    id: str
    title: Text
    start: bool = False
    party: str | None = None


@dataclass(frozen=True, slots=True)
class ListView:
    """A registry or worklist over one entity: which fields it shows, by which it is searched."""

    id: str
    title: Text
    entity: str
    columns: tuple[str, ...]
    filters: tuple[str, ...] = ()


KIOSK: Final = "kiosk"
KIOSK_PAGES: Final = ("apply", "follow", "withdraw")
"""What a kiosk may offer: applying; seeing how far one's matters are; taking one back."""


@dataclass(frozen=True, slots=True)
class Channel:
    """A way in: web, mobile, kiosk, counter or assistant.

    Attributes:
        pages: what a kiosk offers of the matter, of `KIOSK_PAGES`; empty for other channels.
        idle_s: after how many seconds without a touch a kiosk signs out and wipes; None: the
            city's usual.
    """

    id: str
    title: Text | None = None
    pages: tuple[str, ...] = ()
    idle_s: int | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """What is said to whom; `to` is a role."""

    id: str
    to: str
    title: Text
    text: Text


@dataclass(frozen=True, slots=True)
class Document:
    """A paper that the matter issues to its applicant (结果文书、证明、通知书).

    Attributes:
        kind: ``certificate`` or ``notice``; what it is counted as, not how it looks.
        party: whose name and seal it bears; None for the lead.
        languages: ``zh``, ``zh-en`` (both on one page); what its owner may choose from.
        fields: pointers whose values it lists, in a table.
        body: what it says: paragraphs, lists, bold, and fields in braces, ``{deceased.name}``.
        valid_days: after so many days it says of itself that it no longer holds; None: never.
        template: a .docx of the bureau's own in the scenario's folder, for a Word copy of it.
    """

    id: str
    kind: Literal["certificate", "notice"]
    title: Text
    party: str | None = None
    languages: tuple[str, ...] = ("zh",)
    fields: tuple[str, ...] = ()
    body: Text | None = None
    valid_days: int | None = None
    template: str | None = None


@dataclass(frozen=True, slots=True)
class Retention:
    """How long cases and drafts are kept, and on what ground."""

    cases_days: int
    drafts_days: int
    basis: Text


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Scenario:
    """One cross-department matter. Compare two by `hash`, the SM3 of the canonical JSON.

    Attributes:
        meta: the file's key ``scenario``.
        raw: the file as read, for the case store, the schema of an entity, a diff.
    """

    spec: str
    meta: Meta
    parameters: tuple[Parameter, ...]
    datasets: tuple[DatasetUse, ...]
    subjects: tuple[Subject, ...]
    entities: tuple[Entity, ...]
    forms: tuple[Form, ...]
    process: Process
    queries: tuple[NamedQuery, ...]
    roles: tuple[Role, ...]
    lists: tuple[ListView, ...]
    channels: tuple[Channel, ...]
    notices: tuple[Notice, ...]
    documents: tuple[Document, ...]
    retention: Retention
    hash: str
    raw: Mapping[str, Json] = slot(repr=False)

    @property
    def id(self) -> str:
        """Return the scenario's id, also the name of its folder."""
        return self.meta.id

    @property
    def start_form(self) -> Form:
        """Return the form the applicant hands in."""
        return self.form(self.process.form)

    def form(self, form_id: str) -> Form:
        """Return a form by id; KeyError where there is none."""
        return _by_id(self.forms, form_id)

    def entity(self, entity_id: str) -> Entity:
        """Return an entity by id, the built-in `APPLICANT` included."""
        return _by_id((APPLICANT, *self.entities), entity_id)

    def field(self, pointer: str) -> EntityField:
        """Return the field a pointer ``/entity/field`` names; KeyError where there is none."""
        _, entity_id, name = pointer.split("/")
        return self.entity(entity_id).fields[name]

    def query(self, query_id: str) -> NamedQuery:
        """Return a query by id."""
        return _by_id(self.queries, query_id)

    def dataset(self, dataset_id: str) -> DatasetUse:
        """Return a used dataset by its id here (not its ledger id)."""
        return _by_id(self.datasets, dataset_id)

    def subject(self, subject_id: str) -> Subject:
        """Return a subject by id."""
        return _by_id(self.subjects, subject_id)

    def role(self, role_id: str) -> Role:
        """Return a role by id."""
        return _by_id(self.roles, role_id)

    def notice(self, notice_id: str) -> Notice:
        """Return a notice by id."""
        return _by_id(self.notices, notice_id)

    def channel(self, channel_id: str) -> Channel | None:
        """Return a way in, where the matter offers it."""
        return next((c for c in self.channels if c.id == channel_id), None)

    def document(self, document_id: str) -> Document:
        """Return a document by id."""
        return _by_id(self.documents, document_id)

    def item(self, item_id: str) -> Item:
        """Return a service item by id."""
        return _by_id(self.meta.items, item_id)

    def legal_basis(self, basis_id: str | None) -> LegalBasis:
        """Return a legal basis by id; the matter's first for None."""
        return (
            self.meta.legal_basis[0]
            if basis_id is None
            else _by_id(self.meta.legal_basis, basis_id)
        )

    def step(self, step_id: str) -> Step:
        """Return a step of the process by id (branches are not steps)."""
        return _by_id(tuple(steps(self.process.root)), step_id)

    def tasks(self) -> tuple[Task, ...]:
        """Return every task of the process in the order of the file."""
        return tuple(s for s in steps(self.process.root) if isinstance(s, Task))


def children(step: Step | Branch) -> tuple[Step | Branch, ...]:
    """Return what lies directly inside a step: steps, or the branches of a split."""
    match step:
        case Sequence(steps=inner) | Branch(steps=inner):
            return inner
        case Parallel(branches=arms) | Choice(branches=arms):
            return arms
        case _:
            return ()


def steps(root: Step | Branch) -> Iterator[Step]:
    """Yield a step and all steps inside it, in the order of the file, branches left out."""
    if not isinstance(root, Branch):
        yield root
    for child in children(root):
        yield from steps(child)


def branches(root: Step | Branch) -> Iterator[Branch]:
    """Yield all branches inside a step, in the order of the file."""
    if isinstance(root, Branch):
        yield root
    for child in children(root):
        yield from branches(child)


def _builtin(entity: str, title: Text, names: Mapping[str, Text]) -> Entity:
    schema: Mapping[str, Json] = MappingProxyType({"type": "string"})
    fields = {
        name: EntityField(name, f"/{entity}/{name}", schema, "text", "L3", title=text)
        for name, text in names.items()
    }
    properties: Mapping[str, Json] = dict.fromkeys(names, schema)
    return Entity(entity, title, {"type": "object", "properties": properties}, fields)


APPLICANT = _builtin(
    "applicant",
    Text("申请人", "Applicant"),
    {
        "name": Text("姓名", "Name"),
        "id_card": Text("身份证号码", "ID number"),
        "phone": Text("手机号码", "Mobile number"),
    },
)
"""The built-in entity from sign-in; read-only."""


class _Identified(Protocol):
    @property
    def id(self) -> str: ...


_Thing = TypeVar("_Thing", bound=_Identified)


def _by_id(things: Items[_Thing], wanted: str) -> _Thing:
    for thing in things:
        if thing.id == wanted:
            return thing
    raise KeyError(wanted)
