"""A postal address: the district or county from a list where there is one, then the street."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from builder.forms.errors import RegionMissing, StreetMissing, TooLong
from builder.forms.question import Question
from builder.forms.widget import (
    CHOICE_LIST,
    Around,
    Inputs,
    Look,
    Post,
    Widget,
    chosen,
    option_schema,
    same,
)
from builder.scenario.model import Json, Text

__all__ = ["WIDGET", "Address"]

_LIMIT = 200
_STREETS = ("长江中路", "徽州大道", "望江西路", "黄山路", "环城北路", "和平路")


class Address(Widget):
    """An input for the street, behind a list of regions where the options have one.

    The answer is one text: the region's value, a space, the street. `Question.choices` holds the
    regions.
    """

    kind = "address"
    options = option_schema(
        regions=CHOICE_LIST,
        regions_from={
            "type": "string",
            "pattern": "^params\\.[a-z][a-z0-9_]*$",
            "description": "a parameter of type text: names of regions, parted by 、 or commas",
        },
    )
    parts = (".region", "")

    def read(self, post: Post, question: Question) -> tuple[str, ...]:
        """Return region and street as typed; the region is blank where none is offered."""
        region, street = super().read(post, question)
        return (region if question.choices else "", street)

    def convert(self, raw: tuple[str, ...], question: Question) -> Json:
        """Return one text.

        Raises:
            RegionMissing, StreetMissing: a part is wanting.
            TooLong: more than fits on an envelope.
        """
        region, street = raw
        if question.choices and chosen(question, region) is None:
            raise RegionMissing(question)
        if not street:
            raise StreetMissing(question)
        text = f"{region} {street}" if question.choices else street
        limit = min(_LIMIT, question.keyword("maxLength") or _LIMIT)
        if len(text) > limit:
            raise TooLong(question, limit=limit, over=len(text) - limit)
        return text

    def validate(self, value: Json, question: Question, around: Around) -> None:  # noqa: ARG002
        """Check region, street and length."""
        self.convert(self.write(value, question), question)

    def write(self, value: Json, question: Question) -> tuple[str, ...]:
        """Return region and street of an address; an unknown region stays in the street."""
        text = "" if value is None else str(value)
        region, _, street = text.partition(" ")
        return (region, street) if chosen(question, region) else ("", text)

    def look(self, question: Question) -> Look:  # noqa: ARG002
        """Return a wide input."""
        return Look(as_list=True)

    def inputs(self, raw: Sequence[str], question: Question, lang: str) -> Inputs:  # noqa: ARG002
        """Return the street, and which region is chosen."""
        region, street = (*raw, "", "")[:2]
        return Inputs((street,), tuple(option.value == region for option in question.choices))

    def show(self, value: Json, question: Question) -> Text:
        """Return the address with its region's words."""
        region, street = self.write(value, question)
        option = chosen(question, region)
        if option is None:
            return same(street)
        return Text(f"{option.label.zh}{street}", f"{street}, {option.label.en}")

    def mask(self, value: Json, question: Question) -> Text:
        """Return the region alone."""
        option = chosen(question, self.write(value, question)[0])
        return Text(f"{option.label.zh}***", f"***, {option.label.en}") if option else same("***")

    def example(self, question: Question, chance: Random, around: Around) -> Json:  # noqa: ARG002
        """Return a street and number of Hefei."""
        street = f"{chance.choice(_STREETS)}{chance.randint(1, 400)}号"
        limit = question.keyword("maxLength") or _LIMIT
        if not question.choices:
            return street[:limit]
        return f"{chance.choice(question.choices).value} {street}"[:limit]


WIDGET = Address()
