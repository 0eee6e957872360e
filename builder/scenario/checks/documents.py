"""Check documents: they are issued, they say something, and what they name exists."""

from __future__ import annotations

import re
from collections.abc import Iterator

from builder.errors import Fault
from builder.scenario import errors
from builder.scenario.checks.ground import Ground, process_places
from builder.scenario.model import Document, Issue
from builder.scenario.names import nearest

__all__ = ["CASE_NAMES", "documents", "names_of"]

CASE_NAMES = ("case.number", "case.submitted", "case.document", "case.issued")
"""What a document can say of its case: number, day of hand-in, the document's number and day."""

_PLACEHOLDER = re.compile(r"\{([^{}\n]*)\}")


def documents(ground: Ground) -> Iterator[Fault]:
    """Every document is issued by a step, says something, and names what there is."""
    scenario = ground.scenario
    issued = {p.step.document for p in process_places(scenario) if isinstance(p.step, Issue)}
    fields, known = ground.fields(), [*ground.names(), *CASE_NAMES]
    for i, document in enumerate(scenario.documents):
        at = f"/documents/{i}"
        if document.id not in issued:
            yield errors.DocumentUnused(where=at, document=document.id)
        if document.body is None and not document.fields:
            yield errors.DocumentEmpty(where=at, document=document.id)
        if document.party is not None and document.party not in scenario.meta.parties:
            near = nearest(document.party, scenario.meta.parties)
            yield errors.PartyUnknown(where=f"{at}/party", party=document.party, known=near)
        for k, pointer in enumerate(document.fields):
            if pointer not in fields:
                near = nearest(pointer, fields)
                yield errors.FieldUnknown(where=f"{at}/fields/{k}", field=pointer, known=near)
        for lang, text in (("zh", document.body and document.body.zh),
                           ("en", document.body and document.body.en)):  # fmt: skip
            for name in dict.fromkeys(_placeholders(text or "")):
                if name not in known:
                    near = nearest(name, known)
                    where = f"{at}/body/{lang}"
                    yield errors.PlaceholderUnknown(where=where, name=name, known=near)


def names_of(document: Document) -> frozenset[str]:
    """Return what a document reads of its case, as names of expressions."""
    body = document.body
    named = {n for text in (body.zh, body.en) for n in _placeholders(text)} if body else set()
    listed = {pointer.strip("/").replace("/", ".") for pointer in document.fields}
    return frozenset(listed | named.difference(CASE_NAMES))


def _placeholders(text: str) -> list[str]:
    return [found.strip() for found in _PLACEHOLDER.findall(text)]
