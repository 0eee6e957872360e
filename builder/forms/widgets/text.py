"""One line of text: names, numbers of documents, whatever has no kind of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from random import Random
from typing import ClassVar

import jsonschema_rs

from builder.errors import Fault
from builder.forms.errors import (
    AnswerFault,
    EmailWrong,
    ExampleMissing,
    LinkWrong,
    PatternWrong,
    TooLong,
    TooShort,
)
from builder.forms.question import Question
from builder.forms.widget import TEXT, WIDTHS, Around, Look, Widget, option_schema
from builder.scenario.model import Json

__all__ = ["FORMATS", "FORMAT_FAULTS", "WIDGET", "AnyText", "OneLine"]

FORMATS = {
    "email": "name{}@example.com",
    "idn-email": "name{}@example.com",
    "uri": "https://www.example.com/{}",
    "iri": "https://www.example.com/{}",
}
"""Formats whose sentence shows how they are written, with an example to fill."""

FORMAT_FAULTS: Mapping[str, type[AnswerFault]] = {
    "email": EmailWrong,
    "idn-email": EmailWrong,
    "uri": LinkWrong,
    "iri": LinkWrong,
}
"""What to say where a text is not of its format."""

_KEYBOARDS = {"email": "email", "idn-email": "email", "uri": "url", "iri": "url"}

AUTOCOMPLETE = (
    "name",
    "family-name",
    "given-name",
    "organization",
    "organization-title",
    "street-address",
    "postal-code",
    "email",
    "tel",
    "off",
)
_NAMES = ("王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴")
_GIVEN = ("建国", "秀英", "志强", "丽华", "明", "晓燕", "文博", "桂兰", "子涵", "海涛")
_WORDS = "办理事项所需材料已核对无误情况属实特此说明"


class AnyText(Widget):
    """What one line and several lines have in common."""

    limit: ClassVar[int]

    def longest(self, question: Question) -> int:
        """Return how many characters are taken."""
        own = question.whole("max_length") or self.limit
        return min(own, question.keyword("maxLength") or own)

    def shortest(self, question: Question) -> int:
        """Return how many characters are needed."""
        return max(question.whole("min_length") or 0, question.keyword("minLength") or 0)

    def convert(self, raw: tuple[str, ...], question: Question) -> Json:
        """Return the cleaned text.

        Raises:
            TooLong: more than the field takes.
        """
        text, limit = raw[0], self.longest(question)
        if len(text) > limit:
            raise TooLong(question, limit=limit, over=len(text) - limit)
        return text

    def validate(self, value: Json, question: Question, around: Around) -> None:  # noqa: ARG002
        """Check length, format and pattern."""
        text = str(value)
        self.convert((text,), question)
        if len(text) < self.shortest(question):
            raise TooShort(question, limit=self.shortest(question))
        wrong = FORMAT_FAULTS.get(str(question.schema.get("format")))
        if wrong is not None and not _is_of(str(question.schema["format"]), text):
            raise wrong(question)
        pattern = question.schema.get("pattern")
        if isinstance(pattern, str) and not _fits(pattern, text):
            raise PatternWrong(question, example=_examples(question)[0])

    def findings(self, question: Question) -> Iterator[Fault]:
        """Yield `ExampleMissing` where a form is prescribed and nobody is shown one."""
        prescribed = {"pattern", "format", "enum", "const"} & question.schema.keys()
        if question.schema.get("format") in FORMATS:
            prescribed.discard("format")
        if prescribed and not _examples(question):
            yield ExampleMissing(control=question.id)

    def example(self, question: Question, chance: Random, around: Around) -> Json:  # noqa: ARG002
        """Return one of the examples given, a name, or words of a fitting length."""
        given = _examples(question)
        if given:
            return chance.choice(given)
        form = question.schema.get("format")
        if form in FORMATS:
            return FORMATS[str(form)].format(chance.randint(1, 9999))
        if question.word("autocomplete") == "name":
            return chance.choice(_NAMES) + chance.choice(_GIVEN)
        least, most = max(self.shortest(question), 1), self.longest(question)
        length = min(most, max(least, chance.randint(2, 12)))
        return (_WORDS * (length // len(_WORDS) + 1))[:length]


class OneLine(AnyText):
    """An input of one line."""

    kind = "text"
    limit = 200
    options = option_schema(
        min_length={"type": "integer", "minimum": 0},
        max_length={"type": "integer", "minimum": 1, "maximum": 1000},
        width={"enum": list(WIDTHS)},
        autocomplete={"enum": list(AUTOCOMPLETE)},
        example={"type": "string", "minLength": 1},
        keyboard={"enum": ["text", "numeric", "decimal", "tel", "email", "url"]},
        suffix=TEXT,
    )

    def look(self, question: Question) -> Look:
        """Return an input as wide as the option says, else as the field is long."""
        keyboard = _KEYBOARDS.get(str(question.schema.get("format")), "text")
        default = "email" if keyboard == "email" else "off"
        return Look(
            width=question.word("width") or _width(self.longest(question)),
            inputmode=question.word("keyboard", keyboard),
            autocomplete=question.word("autocomplete", default),
            suffix=question.text("suffix"),
        )


def _width(limit: int) -> str:
    for name, widest in (("w8", 12), ("w18", 24), ("w24", 40)):
        if limit <= widest:
            return name
    return "full"


def _examples(question: Question) -> list[str]:
    schema = question.schema
    several = schema.get("examples") or schema.get("enum") or [schema.get("const")]
    found = [question.options.get("example"), *(several if isinstance(several, list) else [])]
    return [one for one in found if isinstance(one, str)]


@lru_cache(maxsize=16)
def _format(name: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator({"format": name}, validate_formats=True)


def _is_of(name: str, text: str) -> bool:
    return _format(name).is_valid(text)


@lru_cache(maxsize=512)
def _pattern(pattern: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator({"pattern": pattern})


def _fits(pattern: str, text: str) -> bool:
    return _pattern(pattern).is_valid(text)


WIDGET = OneLine()
