"""The widget kinds and the ledger that the spec cases are checked against."""

from datetime import date
from pathlib import Path

import pytest

from builder.forms import widget_kinds
from builder.scenario.model import WidgetKind
from federation.ledger.catalog import Catalog, Dataset, Field, Grade, RowCount, Text

CASES = Path(__file__).parents[1] / "cases"

_TEXT = {"type": "object", "properties": {"zh": {"type": "string"}, "en": {"type": "string"}}}
_CHOICE = {
    "type": "object",
    "properties": {"value": {"type": "string"}, "label": _TEXT},
    "required": ["value", "label"],
}
_CHOICES = {
    "type": "object",
    "properties": {"choices": {"type": "array", "minItems": 1, "items": _CHOICE}},
    "required": ["choices"],
    "additionalProperties": False,
}
_NOTHING = {"type": "object", "additionalProperties": False}
_NUMBER = {
    "type": "object",
    "properties": {
        "step": {"type": "integer", "multipleOf": 5},
        "marks": {"type": "array", "maxItems": 2},
    },
    "additionalProperties": False,
}
_TONE = {
    "type": "object",
    "properties": {"tone": {"enum": ["info", "warning"]}},
    "additionalProperties": False,
}


@pytest.fixture(scope="session")
def kinds() -> dict[str, WidgetKind]:
    anything = frozenset({"text", "int", "decimal", "bool", "date"})
    known = (
        WidgetKind("text", frozenset({"text"}), _NOTHING, in_rows=True),
        WidgetKind("number", frozenset({"int"}), _NUMBER, in_rows=True),
        WidgetKind("money", frozenset({"decimal"}), _NOTHING, in_rows=True),
        WidgetKind("date", frozenset({"date"}), _NOTHING, in_rows=True),
        WidgetKind("table", frozenset({"list"}), _NOTHING, of_rows=True),
        WidgetKind("yes-no", frozenset({"bool"}), _NOTHING),
        WidgetKind("choice", frozenset({"text"}), _CHOICES),
        WidgetKind("multi-choice", frozenset({"list"}), _CHOICES),
        WidgetKind("computed", anything, _NOTHING),
        WidgetKind("notice", frozenset(), _TONE),
    )
    return {kind.id: kind for kind in known} | {
        name: widget_kinds()[name] for name in ("upload", "e-licence")
    }


def _field(name: str, kind: str = "text", grade: Grade = Grade.L2) -> Field:
    return Field(name, Text(name, name), kind, "样例", grade, False, Text(name, name))


def _dataset(
    name: str, *fields: Field, key: str | None = "id_card", share: str = "有条件"
) -> Dataset:
    party, _, table = name.partition(".")
    return Dataset(
        id=name,
        party=party.replace("_", "-"),
        title=Text(table, table),
        definition=Text(table, table),
        path=(),
        resource=table,
        share_type=share,
        grade=Grade.L2,
        refresh="daily",
        fields=(_field("id_card", grade=Grade.L3), *fields),
        subject_key=key,
        rows=RowCount(1, "exact", date(2026, 1, 1)),
    )


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return Catalog(
        [
            _dataset(
                "police.death",
                _field("name"),
                _field("death_date", "date"),
                _field("cause", grade=Grade.CORE),
                _field("weight", "float"),
            ),
            _dataset("police.kinship", _field("register_no"), _field("kin_id_card")),
            _dataset(
                "police.household",
                _field("household_no"),
                _field("household_role"),
                _field("status"),
            ),
            _dataset("police.secret", _field("name"), share="不予"),
            _dataset("police.streets", _field("name"), key=None),
            _dataset("housing_fund.account", _field("account_no"), _field("status")),
            _dataset("tax.arrears", _field("amount", "decimal(12,2)")),
        ]
    )
