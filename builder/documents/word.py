"""Fill a bureau's own Word template with a document's values.

A template names fields and does nothing else: ``{{ application.deceased_name }}``, of the fields
and words that the document itself uses. It is filled in a process of its own, with limits of time
and memory, inside Jinja's sandbox, and every value is escaped.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from builder.documents.errors import TemplateRefused, WordMissing
from builder.errors import Fault
from builder.scenario.checks.documents import CASE_NAMES, names_of
from builder.scenario.model import Document, Scenario

__all__ = ["MAX_BYTES", "fill", "findings", "template_names"]

MAX_BYTES = 4 * 1024 * 1024
_PATIENCE_S = 30.0
_SAMPLE = "样例 <w:t>&"


def template_names(document: Document) -> tuple[str, ...]:
    """Return the names that a document's template may use."""
    return (*CASE_NAMES, *sorted(names_of(document)))


def fill(template: bytes, values: Mapping[str, str], name: str) -> bytes:
    """Return a template with its values, as a Word document.

    Raises:
        TemplateRefused: it is no Word document, is too large, or does more than name fields.
        WordMissing: docxtpl is not on this machine.
    """
    if len(template) > MAX_BYTES:
        raise TemplateRefused(template=name, problem="too-large", detail="")
    said = json.dumps({"template": base64.b64encode(template).decode(), "values": dict(values)})
    command = [sys.executable, "-P", "-m", "builder.documents.word_child"]
    try:
        done = subprocess.run(  # noqa: S603 - our own program, no shell
            command,
            input=said.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_PATIENCE_S,
            check=False,
            cwd=Path(__file__).parents[2],
        )
        answer = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        raise TemplateRefused(template=name, problem="too-slow", detail="") from None
    if "docx" in answer:
        return base64.b64decode(answer["docx"])
    if answer["detail"] in ("ModuleNotFoundError", "ImportError"):
        raise WordMissing
    raise TemplateRefused(template=name, problem=answer["problem"], detail=answer["detail"])


def findings(folder: Path, scenario: Scenario) -> Iterator[Fault]:
    """Yield what is wrong with the Word templates of a scenario's folder."""
    for index, document in enumerate(scenario.documents):
        if document.template is None:
            continue
        where = f"/documents/{index}/template"
        try:
            raw = (folder / document.template).read_bytes()
        except OSError:
            yield TemplateRefused(
                where=where, template=document.template, problem="no-file", detail=""
            )
            continue
        try:
            fill(raw, dict.fromkeys(template_names(document), _SAMPLE), document.template)
        except Fault as fault:
            yield type(fault)(where=where, **fault.facts)
