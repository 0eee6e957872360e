"""Build a scenario's values from its JSON, whatever that JSON is.

What is missing or of the wrong type becomes an empty value in its place, so that the checks can go
through the rest of the spec: the JSON Schema reports the wrong place, and `load` lets nothing out
while there is any finding. Positions are kept: the n-th thing of a list stays the n-th.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TypeVar, cast, get_args

from builder.scenario.model import (
    APPLICANT_KEY,
    APPLY,
    DEFER_REMIND_DAYS,
    KIOSK,
    KIOSK_PAGES,
    REMIND_DAYS,
    ROW,
    Branch,
    Channel,
    Choice,
    Control,
    DatasetUse,
    Deferral,
    Document,
    Entity,
    EntityField,
    Escalation,
    Form,
    Issue,
    Item,
    Json,
    LegalBasis,
    ListView,
    Meta,
    NamedQuery,
    Notice,
    Notify,
    Page,
    Parallel,
    Parameter,
    Pledge,
    Prefill,
    Process,
    QueryStep,
    Relation,
    Retention,
    Role,
    Scenario,
    Section,
    Sequence,
    Step,
    Subject,
    Task,
    TaskAction,
    Text,
    ValueType,
)
from federation.crypto import canonical, sm3

__all__ = ["column_field", "field_type", "parse"]

_T = TypeVar("_T")
_FORMATS: Mapping[str, ValueType] = {"date": "date", "date-time": "timestamp", "decimal": "decimal"}
_TYPES: Mapping[str, ValueType] = {
    "integer": "int",
    "boolean": "bool",
    "array": "list",
    "object": "object",
}
_DEFAULT_GRADE = "L2"


class _Obj:
    """Read a JSON object key by key, forgiving."""

    __slots__ = ("doc",)

    def __init__(self, value: Json) -> None:
        self.doc: Mapping[str, Json] = value if isinstance(value, Mapping) else {}

    def word(self, key: str, default: str = "") -> str:
        value = self.doc.get(key)
        return value if isinstance(value, str) else default

    def maybe_word(self, key: str) -> str | None:
        value = self.doc.get(key)
        return value if isinstance(value, str) else None

    def flag(self, key: str) -> bool:
        return self.doc.get(key) is True

    def number(self, key: str, default: int = 0) -> int:
        value = self.maybe_number(key)
        return default if value is None else value

    def maybe_number(self, key: str) -> int | None:
        value = self.doc.get(key)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def words(self, key: str) -> tuple[str, ...]:
        return tuple(x if isinstance(x, str) else "" for x in _items(self.doc.get(key)))

    def inside(self, key: str) -> _Obj:
        return _Obj(self.doc.get(key))

    def mapping(self, key: str) -> Mapping[str, Json]:
        return self.inside(key).doc

    def has(self, key: str) -> bool:
        return self.doc.get(key) is not None

    def each(self, key: str, read: Callable[[_Obj], _T]) -> tuple[_T, ...]:
        return tuple(read(_Obj(value)) for value in _items(self.doc.get(key)))

    def text(self, key: str) -> Text:
        pair = self.inside(key)
        return Text(pair.word("zh"), pair.word("en"))

    def maybe_text(self, key: str) -> Text | None:
        return self.text(key) if self.has(key) else None


def parse(doc: Json, content_hash: str) -> Scenario:
    """Return the scenario a JSON value describes, as far as it describes one.

    `NamedQuery.dataset` and `NamedQuery.columns` stay empty: they are read from the SQL by
    `builder.scenario.queries`.
    """
    root = _Obj(doc)
    return Scenario(
        spec=root.word("spec"),
        meta=_meta(root.inside("scenario")),
        parameters=root.each("parameters", _parameter),
        datasets=root.each("datasets", _dataset),
        subjects=root.each("subjects", _subject),
        entities=root.each("entities", _entity),
        forms=root.each("forms", _form),
        process=_process(root.inside("process")),
        queries=root.each("queries", _query),
        roles=root.each("roles", _role),
        lists=root.each("lists", _list_view),
        channels=root.each("channels", _channel),
        notices=root.each("notices", _notice),
        documents=root.each("documents", _document),
        retention=_retention(root.inside("retention")),
        hash=content_hash,
        raw=root.doc,
    )


def field_type(schema: Mapping[str, Json]) -> ValueType:
    """Return the type that expressions see for a field's JSON Schema.

    >>> field_type({"type": "string", "format": "date"})
    'date'
    """
    kind, form = schema.get("type"), schema.get("format")
    if kind == "string" and isinstance(form, str):
        return _FORMATS.get(form, "text")
    return _TYPES.get(kind, "text") if isinstance(kind, str) else "text"


# ── Head ─────────────────────────────────────────────────────────────────────────────────────────


def _meta(o: _Obj) -> Meta:
    return Meta(
        id=o.word("id"),
        version=o.word("version"),
        kind=o.word("kind"),  # type: ignore[arg-type]  # the schema refuses any other
        title=o.text("title"),
        summary=o.text("summary"),
        domain=o.text("domain"),
        lead=o.word("lead"),
        partners=o.words("partners"),
        legal_basis=o.each("legal_basis", _legal_basis),
        items=o.each("items", lambda i: Item(i.word("id"), i.text("title"), i.word("party"))),
        plan_rows=o.words("plan_rows"),
    )


def _legal_basis(o: _Obj) -> LegalBasis:
    return LegalBasis(o.word("id"), o.text("title"), o.maybe_word("url"))


def _parameter(o: _Obj) -> Parameter:
    kind = o.word("type")
    return Parameter(
        id=o.word("id"),
        type=cast("ValueType", kind) if kind in get_args(ValueType) else "text",
        title=o.text("title"),
        default=o.doc.get("default"),
        hint=o.maybe_text("hint"),
    )


def _dataset(o: _Obj) -> DatasetUse:
    return DatasetUse(
        id=o.word("id"),
        dataset=o.word("dataset"),
        purposes=o.words("purposes"),
        fields=o.words("fields"),
        legal_basis=o.maybe_word("legal_basis"),
    )


def _subject(o: _Obj) -> Subject:
    relation = o.inside("relation")
    return Subject(
        id=o.word("id"),
        kind="enterprise" if o.word("kind") == "enterprise" else "person",
        key=o.word("key", APPLICANT_KEY),
        title=o.text("title"),
        relation=Relation(
            relation.word("to"), relation.word("verified_by"), relation.maybe_text("title")
        )
        if o.has("relation")
        else None,
        legal_basis=o.maybe_word("legal_basis"),
    )


# ── Records and forms ────────────────────────────────────────────────────────────────────────────


def _entity(o: _Obj) -> Entity:
    entity_id = o.word("id")
    properties = o.inside("schema").mapping("properties")
    fields = {name: _field(entity_id, name, _Obj(value)) for name, value in properties.items()}
    return Entity(entity_id, o.text("title"), o.mapping("schema"), fields)


def _field(entity_id: str, name: str, o: _Obj) -> EntityField:
    ledger = o.inside("x-field")
    return EntityField(
        name=name,
        pointer=f"/{entity_id}/{name}",
        schema=o.doc,
        type=field_type(o.doc),
        grade=ledger.word("grade", _DEFAULT_GRADE),
        ledger=ledger.maybe_word("ledger"),
        dictionary=ledger.maybe_word("dictionary"),
        title=o.maybe_text("x-title"),
    )


def column_field(table: EntityField, name: str) -> EntityField | None:
    """Return the field of one column of a field that holds rows; None where it has none."""
    items = table.schema.get("items")
    properties = items.get("properties") if isinstance(items, Mapping) else None
    schema = properties.get(name) if isinstance(properties, Mapping) else None
    if not isinstance(schema, Mapping):
        return None
    return replace(_field(ROW, name, _Obj(schema)), grade=table.grade)


def _form(o: _Obj) -> Form:
    return Form(o.word("id"), o.text("title"), o.each("pages", _page))


def _page(o: _Obj) -> Page:
    return Page(
        id=o.word("id"),
        title=o.text("title"),
        sections=o.each("sections", _section),
        intro=o.maybe_text("intro"),
        when=o.maybe_word("when"),
    )


def _section(o: _Obj) -> Section:
    return Section(
        id=o.word("id"),
        title=o.text("title"),
        controls=o.each("controls", _control),
        intro=o.maybe_text("intro"),
        when=o.maybe_word("when"),
    )


def _control(o: _Obj) -> Control:
    prefill = o.inside("prefill")
    return Control(
        id=o.word("id"),
        widget=o.word("widget"),
        scope=o.maybe_word("scope"),
        label=o.text("label"),
        hint=o.maybe_text("hint"),
        required=o.flag("required"),
        when=o.maybe_word("when"),
        compute=o.maybe_word("compute"),
        prefill=Prefill(prefill.word("query"), prefill.word("column"), prefill.flag("locked"))
        if o.has("prefill")
        else None,
        options=o.mapping("options"),
        required_when=o.maybe_word("required_when"),
        columns=o.each("columns", _column),
        deferrable=_deferral(o.inside("deferrable")) if o.has("deferrable") else None,
        promise=_pledge(o.inside("promise")) if o.has("promise") else None,
    )


def _column(o: _Obj) -> Control:
    return Control(
        id=o.word("id"),
        widget=o.word("widget"),
        scope=o.maybe_word("scope"),
        label=o.text("label"),
        hint=o.maybe_text("hint"),
        required=o.flag("required"),
        options=o.mapping("options"),
        required_when=o.maybe_word("required_when"),
    )


def _deferral(o: _Obj) -> Deferral:
    days = o.number("days")
    usual = max(0, min(DEFER_REMIND_DAYS, days - 1))
    return Deferral(
        days=days,
        remind=o.maybe_number("remind") if "remind" in o.doc else usual,
        hold=o.words("hold"),
        consequence="suspend" if o.word("consequence") == "suspend" else "tell",
    )


def _pledge(o: _Obj) -> Pledge:
    text, consequence = o.text("text"), o.text("consequence")
    wording = {
        "text": {"zh": text.zh, "en": text.en},
        "consequence": {"zh": consequence.zh, "en": consequence.en},
    }
    return Pledge(text, consequence, sm3(canonical(wording)), o.maybe_number("verify_days"))


# ── Process ──────────────────────────────────────────────────────────────────────────────────────


def _process(o: _Obj) -> Process:
    root = Sequence(o.word("id"), o.each("steps", _step), o.maybe_text("title"))
    return Process(root, o.word("form", APPLY))


def _step(o: _Obj) -> Step:
    step_id, title = o.word("id"), o.maybe_text("title")
    match o.word("kind"):
        case "parallel":
            return Parallel(step_id, o.each("branches", _branch), title)
        case "choice":
            return Choice(step_id, o.each("branches", _branch), title)
        case "task":
            return _task(o)
        case "query":
            return QueryStep(step_id, o.word("query"), title, o.maybe_number("give_up_days"))
        case "notify" | "issue" as kind:
            says = kind == "notify"
            return (
                Notify(step_id, o.word("notice"), title)
                if says
                else Issue(step_id, o.word("document"), title)
            )
        case _:
            return Sequence(step_id, o.each("steps", _step), title)


def _branch(o: _Obj) -> Branch:
    return Branch(o.word("id"), o.each("steps", _step), o.maybe_word("when"), o.maybe_text("title"))


def _task(o: _Obj) -> Task:
    return Task(
        id=o.word("id"),
        title=o.text("title"),
        role=o.word("role"),
        party=o.maybe_word("party"),
        item=o.maybe_word("item"),
        form=o.maybe_word("form"),
        visible=o.words("visible"),
        due_days=o.maybe_number("due_days"),
        remind=o.maybe_number("remind") if "remind" in o.doc else REMIND_DAYS,
        escalate=o.each("escalate", _escalation),
        actions=cast("tuple[TaskAction, ...]", o.words("actions")),
        return_to=o.words("return_to"),
        on_reject="branch" if o.word("on_reject") == "branch" else "case",
        transfer_to=o.words("transfer_to"),
    )


def _escalation(o: _Obj) -> Escalation:
    return Escalation(
        after=o.number("after"),
        do="reassign" if o.word("do") == "reassign" else "notify",
        role=o.word("role"),
        party=o.maybe_word("party"),
    )


# ── The rest ─────────────────────────────────────────────────────────────────────────────────────


def _query(o: _Obj) -> NamedQuery:
    params = o.mapping("params")
    return NamedQuery(
        id=o.word("id"),
        title=o.text("title"),
        purpose=o.word("purpose"),
        subject=o.word("subject"),
        sql=o.word("sql"),
        params={name: value for name, value in params.items() if isinstance(value, str)},
        dataset="",
        columns={},
    )


def _role(o: _Obj) -> Role:
    return Role(o.word("id"), o.text("title"), o.flag("start"), o.maybe_word("party"))


def _list_view(o: _Obj) -> ListView:
    return ListView(
        o.word("id"), o.text("title"), o.word("entity"), o.words("columns"), o.words("filters")
    )


def _channel(o: _Obj) -> Channel:
    named = o.word("id")
    pages = o.words("pages") if "pages" in o.doc or named != KIOSK else KIOSK_PAGES
    return Channel(named, o.maybe_text("title"), pages, o.maybe_number("idle_s"))


def _notice(o: _Obj) -> Notice:
    return Notice(o.word("id"), o.word("to"), o.text("title"), o.text("text"))


def _document(o: _Obj) -> Document:
    return Document(
        id=o.word("id"),
        kind="notice" if o.word("kind") == "notice" else "certificate",
        title=o.text("title"),
        party=o.maybe_word("party"),
        languages=o.words("languages") or ("zh",),
        fields=o.words("fields"),
        body=o.maybe_text("body"),
        valid_days=o.maybe_number("valid_days"),
        template=o.maybe_word("template"),
    )


def _retention(o: _Obj) -> Retention:
    return Retention(o.number("cases_days"), o.number("drafts_days"), o.text("basis"))


def _items(value: Json) -> Iterator[Json]:
    yield from value if isinstance(value, list | tuple) else ()
