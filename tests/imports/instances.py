# ruff: noqa: ARG001, E501, PLR0911 (kinds of change share one shape; long lists of samples)
"""Make up documents of a foreign form, good ones and broken ones, from a seed.

The maker reads the schema by itself, so that it shares no mistake with the import.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator

RARE = ("√é", "張三", "a\u0301", "  ", "\u202e", "\x00", "😀", "１２", "\n", "<b>&</b>", "=1+1", "")


class Maker:
    """Makes documents of one schema."""

    def __init__(self, schema: dict, seed: int) -> None:
        self.root = schema
        self.chance = random.Random(seed)  # noqa: S311 (made-up documents)

    def document(self, fill: float = 0.6) -> dict:
        """Return a document that should be good; optional parts are there by `fill`."""
        return self._value(self.root, fill)

    def flat(self, schema: dict) -> dict:
        """Return a schema with references followed and `allOf` joined."""
        whole: dict = {}
        for part in [*schema.get("allOf", []), schema]:
            if "if" in part and part is not schema:
                whole.setdefault("conditions", []).append(part)
                continue
            more = {k: v for k, v in part.items() if k != "allOf"}
            if "$ref" in more:
                found = self.root
                for token in more.pop("$ref")[2:].split("/"):
                    found = found[token]
                more = {**self.flat(found), **more}
            if part is not schema:
                more = {**self.flat(more)} if "allOf" in more else more
            for key in ("conditions", "required"):
                more[key] = [*whole.get(key, []), *more.get(key, [])]
            more["properties"] = {**whole.get("properties", {}), **more.get("properties", {})}
            whole |= more
        return whole

    def _value(self, schema: dict, fill: float) -> object:
        plain = self.flat(schema)
        if plain.get("properties"):
            return self._object(plain, fill)
        if "const" in plain:
            return plain["const"]
        if "enum" in plain:
            return self.chance.choice(plain["enum"])
        match plain.get("type"):
            case "array":
                least = plain.get("minItems", 0)
                most = min(plain.get("maxItems", least + 3), least + 3)
                count = self.chance.randint(max(least, 1), max(most, 1))
                return [self._value(plain["items"], fill) for _ in range(count)]
            case "boolean":
                return self.chance.random() < 0.5
            case "integer":
                return self.chance.randint(plain.get("minimum", 0), plain.get("maximum", 1000))
            case _:
                return self._text(plain)

    def _object(self, plain: dict, fill: float) -> dict:
        made = {
            name: self._value(inner, fill)
            for name, inner in plain["properties"].items()
            if name in plain.get("required", []) or self.chance.random() < fill
        }
        for condition in plain.get("conditions", []):
            if meets(made, condition["if"]):
                for name in condition["then"]["required"]:
                    if name not in made:
                        made[name] = self._value(plain["properties"][name], fill)
        return made

    def _text(self, plain: dict) -> str:
        match plain.get("format"):
            case "date":
                return f"20{self.chance.randint(10, 26)}-{self.chance.randint(1, 12):02}-{self.chance.randint(1, 28):02}"
            case "uuid":
                return f"{self.chance.getrandbits(32):08x}-0000-4000-8000-{self.chance.getrandbits(48):012x}"
            case "email":
                return f"a{self.chance.randint(1, 999)}@example.gov"
        if "pattern" in plain:
            pool = ("1000.00", "0", "12", "-5.50", ".25", "2026", "1999", "7")
            import re

            return self.chance.choice([t for t in pool if re.search(plain["pattern"], t)])
        least, most = plain.get("minLength", 0), plain.get("maxLength", 40)
        length = self.chance.randint(max(least, 1), min(most, max(least, 1) + 12))
        return "".join(self.chance.choice("Grant12合肥.-&é") for _ in range(length))


def meets(doc: dict, test: dict) -> bool:
    """Tell whether an object meets the simple conditions that these forms use."""
    for name in test.get("required", []):
        if name not in doc:
            return False
    for name, wanted in test.get("properties", {}).items():
        if name in doc and "const" in wanted and doc[name] != wanted["const"]:
            return False
        if name in doc and "contains" in wanted and wanted["contains"]["const"] not in doc[name]:
            return False
    return True


# ── Breaking ─────────────────────────────────────────────────────────────────────────────────────


def places(doc: object, way: tuple = ()) -> Iterator[tuple]:
    """Yield the ways to every value inside a document."""
    inside = (
        doc.items() if isinstance(doc, dict) else enumerate(doc) if isinstance(doc, list) else ()
    )
    for key, value in inside:
        yield (*way, key)
        yield from places(value, (*way, key))


def mutate(doc: dict, maker: Maker) -> tuple[str, tuple, dict]:
    """Return what kind of change, where, and the changed copy of a document."""
    chance = maker.chance
    changed = copy.deepcopy(doc)
    way = chance.choice(list(places(changed)))
    kind = chance.choice(list(_KINDS))
    holder = changed
    for key in way[:-1]:
        holder = holder[key]
    _KINDS[kind](holder, way[-1], maker, changed)
    return kind, way, changed


def _drop(holder, key, maker, _doc):
    del holder[key]


def _type(holder, key, maker, _doc):
    others = [None, 5, 5.0, 2.5, True, False, "text", [], ["a"], {}, {"a": 1}, -1, 10**20, "5"]
    holder[key] = maker.chance.choice(others)


def _null(holder, key, maker, _doc):
    holder[key] = None


def _length(holder, key, maker, _doc):
    value = holder[key]
    size = maker.chance.choice([0, 1, 2, 5, 9, 10, 11, 12, 13, 25, 26, 30, 31, 45, 46, 55, 56, 60, 61, 120, 121, 255, 256, 1001, 10_001])  # fmt: skip
    if isinstance(value, str):
        holder[key] = ("ab1" * size)[:size]
    elif isinstance(value, list):
        holder[key] = (value * 6)[: min(size, len(value) * 6)]
    else:
        holder[key] = size


def _enum(holder, key, maker, _doc):
    value = holder[key]
    holder[key] = f"{value} " if isinstance(value, str) else [value]


def _format(holder, key, maker, _doc):
    forms = ["2026-02-29", "2026-2-1", "20260201", "2026-02-28T00:00:00Z", "a@b", "@", "a@", "a b@c.d",
             "3FA85F64-5717-4562-B3FC-2C963F66AFA6", "3fa85f6457174562b3fc2c963f66afa6", "{}", "1.5", "1.50",
             "-", "1e3", "00", "2026\n", "９９９９", "12.345", "+1", "1,000.00"]  # fmt: skip
    holder[key] = maker.chance.choice(forms)


def _extra(holder, key, maker, doc):
    spot = holder if isinstance(holder, dict) else doc
    spot[maker.chance.choice(["stranger", "Title", "", "$ref", "名称"])] = maker.chance.choice(
        [1, "x", None]
    )


def _rare(holder, key, maker, _doc):
    value = holder[key]
    rare = maker.chance.choice(RARE)
    holder[key] = (
        rare if not isinstance(value, str) or maker.chance.random() < 0.5 else value[:4] + rare
    )


def _nest(holder, key, maker, _doc):
    holder[key] = maker.chance.choice([{"value": holder[key]}, [holder[key]], {}])


def _twice(holder, key, maker, _doc):
    if isinstance(holder, list):
        holder.append(copy.deepcopy(holder[key]))
    else:
        holder[key] = [holder[key], holder[key]]


def _condition(holder, key, maker, doc):
    """Make a condition of the form true, or take away what it asks for."""
    wants = {
        "application_type": ["Revision", "Continuation"],
        "revision_type": ["E: Other (specify)"],
        "delinquent_federal_debt": [True],
        "applicant_type_code": [["X: Other (specify)"], ["B: County Government", "X: Other (specify)"]],
        "report_type": ["MaterialChange"],
        "state_review": ["a. This application was made available to the state under the Executive Order 12372 Process for review on"],
    }  # fmt: skip
    chosen = [name for name in wants if name in maker.root["properties"]]
    if chosen and maker.chance.random() < 0.6:
        name = maker.chance.choice(chosen)
        doc[name] = maker.chance.choice(wants[name])
    for way in places(doc):
        if way[-1] in ("country", "entity_type") and maker.chance.random() < 0.5:
            spot = doc
            for step in way[:-1]:
                spot = spot[step]
            spot[way[-1]] = "USA: UNITED STATES" if way[-1] == "country" else "SubAwardee"
            for gone in ("state", "zip_code", "prime_reporting_entity"):
                if maker.chance.random() < 0.4:
                    spot.pop(gone, None)
            break


_KINDS = {
    "drop": _drop,
    "type": _type,
    "null": _null,
    "length": _length,
    "enum": _enum,
    "format": _format,
    "extra": _extra,
    "unicode": _rare,
    "nest": _nest,
    "twice": _twice,
    "condition": _condition,
}
