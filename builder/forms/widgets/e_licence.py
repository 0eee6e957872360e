"""A licence that nobody has to bring (电子证照): the department that holds it gives it.

The answer is never typed. It is written when the department has answered: what it said, its number,
when, by whom, and which journal entry proves it. Where there is none, the question is answered all
the same, and a question for files with a condition on the query's column takes over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from random import Random

from builder.expr import Value
from builder.forms.errors import AnswerFault, LicenceMissing
from builder.forms.question import Question
from builder.forms.widget import TEXT, Around, Inputs, Post, Widget, option_schema, same
from builder.scenario.model import Json, Text, ValueType

__all__ = ["WIDGET", "ELicence", "columns", "licence"]

_HELD = ("verified", "found")
_SAID = {
    "verified": Text("已核验", "Verified"),
    "found": Text("已调取", "Fetched"),
    "none": Text("没有查到", "None found"),
    "silent": Text("部门暂时没有应答", "The department does not answer just now"),
}


class ELicence(Widget):
    """What a department holds about a licence, shown and proven.

    Options: ``query``, a named query of purpose ``verify`` or ``case``; ``number``, the column that
    is the licence's number (a ``verify`` query brings ``reference``); ``columns``, what is shown.
    """

    kind = "e-licence"
    types = frozenset[ValueType]({"object"})
    options = option_schema(
        ["query"],
        query={"type": "string", "pattern": "^[a-z][a-z0-9_]*$"},
        number={"type": "string", "pattern": "^[a-z][a-z0-9_]*$"},
        columns={
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "properties": {
                    "column": {"type": "string", "pattern": "^[a-z][a-z0-9_]*$"},
                    "label": TEXT,
                },
                "required": ["column", "label"],
                "additionalProperties": False,
            },
        },
    )
    anew = True
    in_rows = False
    typed = False

    def read(self, post: Post, question: Question) -> tuple[str, ...]:  # noqa: ARG002
        """Return nothing: nobody types it."""
        return ()

    def parse(self, raw: Sequence[str], question: Question) -> Json:  # noqa: ARG002
        """Return nothing: nobody types it."""
        return None

    def write(self, value: Json, question: Question) -> tuple[str, ...]:  # noqa: ARG002
        """Return nothing: there is no input."""
        return ()

    def inputs(self, raw: Sequence[str], question: Question, lang: str) -> Inputs:  # noqa: ARG002
        """Return nothing: there is no input."""
        return Inputs(())

    def missing(self, question: Question) -> AnswerFault:
        """Ask to have it fetched."""
        return LicenceMissing(question)

    def state(self, value: Json) -> str:
        """Return ``verified``, ``found``, ``none``, ``silent``, or a blank before it was asked."""
        status = value.get("status") if isinstance(value, Mapping) else None
        return status if isinstance(status, str) and status in _SAID else ""

    def lines(
        self, value: Json, question: Question, scope: Mapping[str, Value]
    ) -> tuple[tuple[Text, Text], ...]:
        """Return what the department holds, label and value, and its number."""
        if self.state(value) not in _HELD or not isinstance(value, Mapping):
            return ()
        query, number = question.word("query"), value.get("number")
        found = [
            (label, _words(scope.get(f"{query}.{column}")))
            for column, label in columns(question)
            if scope.get(f"{query}.{column}") is not None
        ]
        if isinstance(number, str) and not any(text.zh == number for _, text in found):
            found.append((Text("登记号", "Register number"), same(number)))
        return tuple(found)

    def show(self, value: Json, question: Question) -> Text:  # noqa: ARG002
        """Return state, holder, day and number in one line."""
        said = _SAID.get(self.state(value), Text("尚未调取", "Not fetched yet"))
        if not isinstance(value, Mapping):
            return said
        holder, at, number = value.get("holder"), value.get("at"), value.get("number")
        zh, en = [said.zh], [said.en]
        if isinstance(holder, Mapping):
            zh.append(str(holder.get("zh", "")))
            en.append(str(holder.get("en", "")))
        if isinstance(at, str):
            zh.append(at[:10])
            en.append(at[:10])
        if isinstance(number, str):
            zh.append(f"登记号 {number}")
            en.append(f"No. {number}")
        return Text(" ".join(zh), ", ".join(en))

    def mask(self, value: Json, question: Question) -> Text:  # noqa: ARG002
        """Return the state alone."""
        return _SAID.get(self.state(value), same("***"))

    def example(self, question: Question, chance: Random, around: Around) -> Json:  # noqa: ARG002
        """Return nothing: only a department can answer."""
        return None


def columns(question: Question) -> tuple[tuple[str, Text], ...]:
    """Return the columns shown, with their labels."""
    found = question.options.get("columns")
    return tuple(
        (str(one["column"]), Text(str(one["label"]["zh"]), str(one["label"]["en"])))
        for one in (found if isinstance(found, list | tuple) else ())
        if isinstance(one, Mapping) and isinstance(one.get("label"), Mapping)
    )


def licence(
    question: Question,
    state: str,
    row: Mapping[str, Json],
    holder: Text,
    at: str,
    entry: str | None,
) -> dict[str, Json]:
    """Return the answer that a department's answer makes.

    Args:
        question: of kind ``e-licence``.
        state: what became of its query: ``answered``, ``empty``, ``refused``, ``failed``.
        row: the columns that came.
        holder: what the department is called.
        at: when, ISO 8601.
        entry: the journal entry of the use.
    """
    column = question.word("number", "reference")
    number = row.get(column)
    is_held = row.get("answer") is True if "answer" in row else bool(row)
    status = (
        "silent"
        if state in ("refused", "failed")
        else "none"
        if not is_held
        else "verified"
        if "answer" in row
        else "found"
    )
    return {
        "status": status,
        "query": question.word("query"),
        "number": str(number) if is_held and number is not None else None,
        "holder": {"zh": holder.zh, "en": holder.en},
        "at": at,
        "entry": entry,
    }


def _words(value: Value) -> Text:
    if isinstance(value, bool):
        return Text("是", "yes") if value else Text("否", "no")
    if isinstance(value, datetime | date):
        return same(value.isoformat()[:10])
    return same(str(value))


WIDGET = ELicence()
