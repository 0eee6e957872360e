"""Ask for everything: every route with every thing, and what the rules say must come of it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path

RULES = Path(__file__).parent.parent / "cases" / "rights" / "rules.toml"
VISITOR = "visitor"
_OF_ONE_PAGE = re.compile(
    r'nonce="[^"]*"|nonce-[^\']*|name="csrf_token" value="[^"]*"|[0-9a-f]{8,}'
    r"|\d{4}-\d{2}-\d{2}[T ][\d:.+]+",  # when a page was printed
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Thing:
    """Something an address can name, and to whom it belongs by which relation."""

    kind: str
    values: Mapping[str, str]
    relations: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Rule:
    """Who may ask a route for what."""

    roles: frozenset[str]
    thing: str
    whose: str


@dataclass(frozen=True)
class Value:
    """A planted value and who may read it."""

    what: str
    said: str
    may: frozenset[str]
    do: frozenset[str]


@dataclass(frozen=True)
class Rules:
    """The whole table."""

    routes: Mapping[str, Rule]
    things: tuple[Thing, ...]
    arguments: Mapping[str, tuple[str, ...]]
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Question:
    """One request, and what must come of it: ``open``, ``secret`` (404), ``closed`` (403/401)."""

    endpoint: str
    method: str
    address: str
    names: tuple[str, ...]
    wanted: str


def read_rules(names: Mapping[str, str]) -> Rules:
    """Read the table; `names` fills in ``{case_a}`` and the like."""
    said = tomllib.loads(RULES.read_text(encoding="utf-8"))
    return Rules(
        routes={
            endpoint: Rule(frozenset(r["roles"]), r.get("thing", "none"), r.get("whose", "all"))
            for endpoint, r in said["route"].items()
        },
        things=tuple(
            Thing(
                t["kind"],
                {k: v.format(**names) for k, v in t["values"].items()},
                {k: tuple(v) for k, v in t.items() if isinstance(v, list)},
            )
            for t in said["thing"]
        ),
        arguments={k: tuple(v) for k, v in said["arguments"].items()},
        values=tuple(
            Value(v["what"], v["said"], frozenset(v["may"]), frozenset(v["do"]))
            for v in said["value"]
        ),
    )


def questions(rules: Rules, app, account: str, roles: frozenset[str]) -> Iterator[Question]:
    """Return everything that someone can ask of an application."""
    adapter = app.url_map.bind("")
    for rule in sorted(app.url_map.iter_rules(), key=lambda r: (r.rule, r.endpoint)):
        if rule.endpoint == "static":
            continue
        known = rules.routes[rule.endpoint]
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            for values, things in _fillings(rules, known, rule.arguments):
                address = adapter.build(rule.endpoint, values, method=method)
                wanted = _wanted(known, account, roles, things)
                yield Question(rule.endpoint, method, address, tuple(values.values()), wanted)


def _fillings(rules: Rules, known: Rule, arguments: set[str]):
    things = [t for t in rules.things if t.kind == known.thing] or [None]
    for thing in things:
        own = {k: v for k, v in (thing.values if thing else {}).items() if k in arguments}
        rest = sorted(arguments - set(own))
        unknown = [a for a in rest if a not in rules.arguments]
        assert not unknown, f"rules.toml does not say what may stand for {unknown}"
        for chosen in product(*(rules.arguments[a] for a in rest)):
            yield {**own, **dict(zip(rest, chosen, strict=True))}, thing


def _wanted(known: Rule, account: str, roles: frozenset[str], thing: Thing | None) -> str:
    if "*" not in known.roles and not known.roles & roles:
        return "closed"
    if thing is None or known.whose == "all":
        return "open"
    return "open" if account in thing.relations.get(known.whose, ()) else "secret"


def bare(text: str, names: tuple[str, ...]) -> str:
    """Return a page without what is of this one asking: nonces, tokens, the names asked for."""
    for name in sorted(names, key=len, reverse=True):
        if len(name) > 7:  # a short one is a part of ordinary words
            text = text.replace(name, "#")
    return _OF_ONE_PAGE.sub("", text)
