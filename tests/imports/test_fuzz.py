# ruff: noqa: E501 (strategies read better in one line)
"""Whatever file comes: a draft that is sound, or a Fault. Never anything else."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builder.errors import Fault
from builder.forms import compile_form, widget_kinds
from builder.imports import Wishes, import_document
from builder.scenario.load import examine, restore

WIDGETS = widget_kinds()
ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**6) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
NAMES = st.sampled_from(["a", "b", "c", "select", "名称", "x y", "", "a/b", "a~b", "__class__"])
TEXTS = st.sampled_from(["", "x", "说明", "<b>", "{zh}", "\x00", "a" * 300])
PLAIN = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["string", "integer", "number", "boolean", "null", ["string", "null"]]),
        "title": TEXTS,
        "description": TEXTS,
        "enum": st.lists(st.sampled_from(["a", "b", 1, 2.5, None, True, ""]), min_size=1, max_size=4, unique_by=str),
        "const": st.sampled_from(["a", 1, True, None, [1]]),
        "format": st.sampled_from(["date", "uuid", "email", "uri", "decimal", "date-time", "none"]),
        "pattern": st.sampled_from(["^a+$", "^\\d{3}$", "(?=x)y", "[", "^(a|b)*$", "\\p{L}"]),
        "minLength": st.integers(0, 300),
        "maxLength": st.integers(0, 20_000),
        "minimum": st.integers(-5, 5) | st.floats(-5, 5),
        "maximum": st.integers(-5, 5),
        "exclusiveMaximum": st.integers(-5, 5),
        "multipleOf": st.sampled_from([1, 0.01, 0.3, 7]),
        "default": ANY,
        "readOnly": st.booleans(),
        "oneOf": st.just([{"const": "m", "title": "男"}, {"const": "f"}]),
        "not": st.just({"const": "x"}),
        "contentEncoding": st.just("base64"),
        "$ref": st.sampled_from(["#", "#/$defs/d", "#/properties/a", "#/nowhere", "http://x/"]),
    },
)  # fmt: skip


def _objects(inner):
    properties = st.dictionaries(NAMES, inner, max_size=4)
    conditions = st.fixed_dictionaries(
        {"if": st.fixed_dictionaries({}, optional={
            "properties": st.dictionaries(NAMES, PLAIN, max_size=2), "required": st.lists(NAMES, max_size=2, unique=True)}),
         "then": st.fixed_dictionaries({}, optional={
            "required": st.lists(NAMES, max_size=2, unique=True), "properties": properties})},
    )  # fmt: skip
    return st.fixed_dictionaries(
        {"properties": properties},
        optional={
            "type": st.just("object"),
            "required": st.lists(NAMES, max_size=3, unique=True),
            "allOf": st.lists(conditions | inner, max_size=2),
            "dependentRequired": st.dictionaries(NAMES, st.lists(NAMES, max_size=2, unique=True), max_size=1),
            "additionalProperties": st.booleans(),
            "$defs": st.dictionaries(st.just("d"), inner, max_size=1),
        },
    )  # fmt: skip


SCHEMAS = st.recursive(
    PLAIN,
    lambda inner: _objects(inner)
    | st.fixed_dictionaries({"type": st.just("array"), "items": inner}, optional={
        "minItems": st.integers(0, 3), "maxItems": st.integers(0, 300)}),
    max_leaves=8,
)  # fmt: skip


def _import(doc):
    try:
        return import_document(doc, "x.json", Wishes("t91-fuzz"), frozenset())
    except Fault as fault:
        told = fault
    assert told.message("zh")
    assert told.next_step("en")
    return None


def _unfit(scenario, form):
    """Return what keeps a form from being compiled; nothing where all is well."""
    try:
        compile_form(scenario, form)
    except Fault as fault:
        return str(fault)
    return ""


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(schema=_objects(SCHEMAS))
def test_any_schema_is_a_sound_draft_or_a_fault(schema):
    made = _import(schema)
    if made is None:
        return
    _, found = examine(made.scenario, kinds=WIDGETS)
    told = {fault.code for fault in found}
    assert told <= {"scenario.field-schema-broken"}, [
        (f.code, f.where, f.message("en")) for f in found
    ]
    if not found:
        scenario = restore(made.scenario)
        for form in scenario.forms:
            told = _unfit(scenario, form.id)  # a person writes an example of a rare pattern
            assert not told or "no-example" in told
    assert all(line.why or line.fate == "carried" for line in made.report.lines)


@settings(max_examples=60, deadline=None)
@given(doc=ANY | st.fixed_dictionaries({"fields": st.lists(ANY, max_size=4)}) | st.fixed_dictionaries(
    {"schema": st.fixed_dictionaries({"properties": st.dictionaries(NAMES, PLAIN, max_size=2)}), "ui_schema": ANY}))  # fmt: skip
def test_any_json_is_a_draft_or_a_fault(doc):
    _import(doc)
