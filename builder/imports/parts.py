"""Hold what a foreign form asks, between its own words and a scenario's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from builder.forms.chars import lines
from builder.imports.schema_tree import Condition
from builder.scenario.model import Json

__all__ = ["Group", "Leaf", "Path", "Scope", "pair"]

LONGEST_TEXT = 4000

Path = tuple[str, ...]
"""Keys that lead to a value, from the document's root or from a row."""


@dataclass(slots=True)
class Leaf:
    """One question: a value, a list of choices, or rows.

    Attributes:
        where: pointer into the source.
        schema: JSON Schema of the scenario's field.
        source: how a document's value and the answer stand to each other: ``type`` (the JSON type
            of the document where it differs), ``nullable``, ``values`` (answer → value), ``rows``
            (``"plain"``: items are bare values).
        is_untitled: the source has no title for it; its key is said as words.
        required_at: where the source says that it is required; blank for nowhere.
        rows: what each row asks, of a table.
        name: of the field; given when the whole is known.
        in_office: the officer fills it in, not the applicant.
        needs: conditions under which it is required.
        needed_by: the object whose presence in a document makes it required.
    """

    path: Path
    where: str
    schema: dict[str, Json]
    widget: str
    title: str
    hint: str = ""
    options: dict[str, Json] = field(default_factory=dict)
    source: dict[str, Json] = field(default_factory=dict)
    read_only: bool = False
    is_untitled: bool = False
    required_at: str = ""
    rows: Scope | None = None
    name: str = ""
    required: bool = False
    in_office: bool = False
    needs: list[str] = field(default_factory=list)
    needed_by: Path | None = None


@dataclass(slots=True)
class Group:
    """An object of the document, whose properties become fields of their own."""

    path: Path
    where: str
    title: str
    required: Mapping[str, str]
    conditions: list[Condition]


@dataclass(slots=True)
class Scope:
    """What is asked at one place: the whole document, or one row.

    Attributes:
        prefix: what expressions put before a field's name.
    """

    prefix: str
    groups: dict[Path, Group] = field(default_factory=dict)
    leaves: dict[Path, Leaf] = field(default_factory=dict)

    def under(self, path: Path) -> Iterator[Leaf]:
        """Yield the leaves of an object, however deep."""
        for at, leaf in self.leaves.items():
            if at[: len(path)] == path:
                yield leaf


def pair(text: str) -> dict[str, Json]:
    """Return a text of one language as a text of both, the other marked as to be translated.

    >>> pair("Name")
    {'zh': 'Name', 'en': 'Name', 'x-stale': 'zh'}
    """
    text = lines(text)[:LONGEST_TEXT] or "—"
    is_chinese = any("\u3400" <= char <= "\u9fff" for char in text)
    return {"zh": text, "en": text, "x-stale": "en" if is_chinese else "zh"}
