"""Declare what the interface offers: one value an operation, from which all else follows.

The route, the check of what comes in, the scope, the once-only key and the OpenAPI document are all
made from the same `Operation`, so that none of them can say something else than the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from builder.cases.platform import Platform
from builder.errors import Lang
from builder.identity import SignIn
from builder.scenario.model import Text
from builder.web.api.shapes import JsonSchema

__all__ = [
    "LIMIT",
    "PAGING",
    "Answer",
    "Ask",
    "Operation",
    "Parameter",
    "Registry",
]

Method = Literal["GET", "POST", "PUT", "DELETE"]
LIMIT = 200


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of the address, behind the question mark."""

    name: str
    schema: JsonSchema
    title: Text


PAGING = (
    Parameter(
        "limit",
        {"type": "integer", "minimum": 1, "maximum": LIMIT, "default": 50},
        Text("一页最多多少条", "how many entries a page holds at most"),
    ),
    Parameter(
        "after",
        {"type": "string", "minLength": 1, "maxLength": 600},
        Text(
            "翻页标记：上一页回应的 next 里已经带好，不要自己拼写",
            "cursor: the “next” of the page before carries it; never make one up",
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Ask:
    """One request, read and checked.

    Attributes:
        who: None only where an operation is for anyone.
        path: parts of the address by name.
        query: parameters by name, typed; what was not given has its default or is missing.
        body: the JSON sent, after its schema; an empty object where none is taken.
        version: what If-Match names; None where it names nothing or anything.
    """

    platform: Platform
    who: SignIn | None
    lang: Lang
    path: Mapping[str, str]
    query: Mapping[str, Any]
    body: Mapping[str, Any]
    version: int | None = None

    @property
    def person(self) -> SignIn:
        """Return who asks; operations for anyone use `who`."""
        assert self.who is not None  # noqa: S101 - the table of access has let nobody else in
        return self.who

    @property
    def limit(self) -> int:
        """Return how many entries a page holds."""
        return int(self.query.get("limit", 50))


@dataclass(frozen=True, slots=True)
class Answer:
    """What an operation gives.

    Attributes:
        value: a dataclass of the operation's `gives`, a list's items, or None for no content.
        version: becomes the ETag.
        location: endpoint and parts of the address of what was made.
        place: for a list, where its next page begins behind; None at the end.
    """

    value: Any = None
    version: int | None = None
    location: tuple[str, Mapping[str, str]] | None = None
    place: str | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """Something a program can do.

    Attributes:
        name: the endpoint below ``api.`` and, with hyphens, the operationId.
        path: the rule below ``/api/v1``, as Flask spells it.
        tag: the chapter it stands in.
        scope: None where no scope is asked for.
        gives: the type of what it answers; `list_of` for a list.
        takes: the JSON Schema of its body.
        body_key: the key of `takes` whose schema depends on the matter: ``answers``.
        matters: one entry of the document for each matter, because each takes other answers.
        status: of the answer when all is well.
        versioned: answers carry an ETag; with `changes`, If-Match is heeded.
        changes: it does something: a once-only key is heeded.
    """

    name: str
    method: Method
    path: str
    tag: str
    title: Text
    run: Callable[[Ask], Answer]
    scope: str | None = None
    gives: type | None = None
    list_of: type | None = None
    takes: JsonSchema | None = None
    body_key: str | None = None
    matters: bool = False
    query: tuple[Parameter, ...] = ()
    status: int = 200
    versioned: bool = False
    note: Text | None = None

    @property
    def changes(self) -> bool:
        """Tell whether it does something."""
        return self.method != "GET"

    @property
    def id(self) -> str:
        """Return its operationId."""
        return self.name.replace("_", "-")

    @property
    def parts(self) -> tuple[str, ...]:
        """Return the names of the variable parts of its address."""
        return tuple(p[1:-1] for p in self.path.split("/") if p.startswith("<"))


@dataclass(slots=True)
class Registry:
    """The operations of the interface, in the order of the document."""

    operations: list[Operation] = field(default_factory=list)

    def add(
        self, method: Method, path: str, *, tag: str, title: Text, **more: Any
    ) -> Callable[[Callable[[Ask], Answer]], Callable[[Ask], Answer]]:
        """Declare the function below as an operation; its name becomes the endpoint."""

        def declare(run: Callable[[Ask], Answer]) -> Callable[[Ask], Answer]:
            name = run.__name__
            self.operations.append(Operation(name, method, path, tag, title, run, **more))
            return run

        return declare
