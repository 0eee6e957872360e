"""Check ids and names: unique, no SQL keyword, no shadow; titles by the naming norm."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from builder.errors import Fault
from builder.scenario import errors
from builder.scenario.checks.ground import Ground, controls, process_places
from builder.scenario.model import APPLICANT, APPLY, PARAMS, ROW, STALE, Json
from builder.scenario.names import SQL_KEYWORDS
from builder.scenario.schema import KINDS

__all__ = ["ids", "kind_words", "languages", "names"]

_HAN = re.compile(r"[\u3400-\u9fff]")
_LISTS = ("parameters", "datasets", "subjects", "entities", "forms", "queries", "roles", "lists")
_MORE_LISTS = ("channels", "notices", "documents")


def ids(ground: Ground) -> Iterator[Fault]:
    """Every id is unique in its list; those of steps and branches in the whole process."""
    scenario = ground.scenario
    for key in (*_LISTS, *_MORE_LISTS):
        things = getattr(scenario, key)
        yield from _twice((f"/{key}/{i}/id", thing.id) for i, thing in enumerate(things))
    for key in ("legal_basis", "items"):
        things = getattr(scenario.meta, key)
        yield from _twice((f"/scenario/{key}/{i}/id", thing.id) for i, thing in enumerate(things))
    yield from _twice((f"{p.where}/id", p.step.id) for p in process_places(scenario))
    yield from (
        errors.StepIdReserved(where=f"{p.where}/id", id=p.step.id)
        for p in process_places(scenario)
        if p.step.id == APPLY
    )
    yield from _ids_in_forms(ground)
    if ground.folder is not None and scenario.id not in ("", ground.folder):
        yield errors.FolderNameDiffers(where="/scenario/id", folder=ground.folder, id=scenario.id)


def _ids_in_forms(ground: Ground) -> Iterator[Fault]:
    for f, form in enumerate(ground.scenario.forms):
        at = f"/forms/{f}/pages"
        yield from _twice((f"{at}/{p}/id", page.id) for p, page in enumerate(form.pages))
        yield from _twice(
            (f"{at}/{p}/sections/{s}/id", section.id)
            for p, page in enumerate(form.pages)
            for s, section in enumerate(page.sections)
        )
        yield from _twice(
            (f"{place.where}/id", place.control.id)
            for place in controls(ground.scenario)
            if place.where.startswith(f"{at}/")
        )


def _twice(places: Iterable[tuple[str, str]]) -> Iterator[Fault]:
    seen: set[str] = set()
    for where, name in places:
        if name and name in seen:
            yield errors.IdTwice(where=where, id=name)
        seen.add(name)


def names(ground: Ground) -> Iterator[Fault]:
    """What expressions and SQL name is no SQL keyword and stands for one thing only."""
    scenario = ground.scenario
    for key in ("parameters", "datasets", "entities", "queries"):
        for i, thing in enumerate(getattr(scenario, key)):
            yield from _keyword(f"/{key}/{i}/id", thing.id)
    for i, entity in enumerate(scenario.entities):
        for name in entity.fields:
            yield from _keyword(f"/entities/{i}/schema/properties/{name}", name)
    taken = {APPLICANT.id, PARAMS, ROW, "today"}
    for i, entity in enumerate(scenario.entities):
        if entity.id in taken:
            yield errors.NameTaken(where=f"/entities/{i}/id", name=entity.id)
    taken |= {entity.id for entity in scenario.entities}
    for i, query in enumerate(scenario.queries):
        if query.id in taken:
            yield errors.NameTaken(where=f"/queries/{i}/id", name=query.id)


def _keyword(where: str, name: str) -> Iterator[Fault]:
    if name in SQL_KEYWORDS:
        yield errors.NameIsKeyword(where=where, name=name, near=f"{name}_value")


def kind_words(ground: Ground) -> Iterator[Fault]:
    """A title that ends in a word of the naming norm (R01) ends in that of its kind."""
    meta = ground.scenario.meta
    for word in KINDS:
        if meta.title.zh.rstrip('”"』」 ').endswith(word) and word != meta.kind:
            yield errors.TitleKindDiffers(where="/scenario/title/zh", word=word, kind=meta.kind)


def languages(ground: Ground) -> Iterator[Fault]:
    """What is written as English is no Chinese."""
    yield from _not_english(ground.scenario.raw, "")


def _not_english(value: Json, where: str) -> Iterator[Fault]:
    if isinstance(value, dict):
        english = value.get("en")
        is_text = set(value) >= {"zh", "en"} and value.get(STALE) != "en"
        if is_text and isinstance(english, str) and _HAN.search(english):
            yield errors.TextNotEnglish(where=f"{where}/en")
        for key, inner in value.items():
            if not key.startswith("x-") or key == "x-title":
                yield from _not_english(
                    inner, f"{where}/{key.replace('~', '~0').replace('/', '~1')}"
                )
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _not_english(inner, f"{where}/{index}")
