"""Fill a Word template, in a process of its own: what is wrong with it harms nobody else.

Started by `builder.documents.word` as ``python -m builder.documents.word_child``. Reads one JSON
line, ``{"template": base64, "values": {"entity.field": text}}``, and answers with one JSON line:
``{"docx": base64}`` or ``{"problem": word, "detail": word}``.
"""

from __future__ import annotations

import base64
import io
import json
import sys
import zipfile

from jinja2 import TemplateError, nodes
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

_CPU_S = 10
_MEMORY_BYTES = 1024 * 1024 * 1024
_UNPACKED_BYTES = 40 * 1024 * 1024
_PARTS = 400
_SHOWN = 60


class _Refused(Exception):
    """A template that does more than name fields."""

    def __init__(self, problem: str, detail: str = "") -> None:
        super().__init__(problem)
        self.problem, self.detail = problem, detail[:_SHOWN]


class _Closed(ImmutableSandboxedEnvironment):
    """Let a template name fields, ``{{ entity.field }}``, and do nothing else whatever."""

    def __init__(self, names: frozenset[str]) -> None:
        super().__init__(autoescape=True)
        self._names = names
        for known in (self.globals, self.filters, self.tests):
            known.clear()

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        for output in tree.body:
            self._check(output)
        return tree

    def _check(self, node: nodes.Node) -> None:
        if not isinstance(node, nodes.Output):
            raise _Refused("construct", type(node).__name__.lower())
        for part in node.nodes:
            if isinstance(part, nodes.TemplateData):
                continue
            if not (isinstance(part, nodes.Getattr) and isinstance(part.node, nodes.Name)):
                raise _Refused("construct", type(part).__name__.lower())
            said = f"{part.node.name}.{part.attr}"
            if said not in self._names:
                raise _Refused("name", said)


def _limit() -> None:
    """Give this process little time and memory; where the system knows no limits, none."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_S, _CPU_S))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))


def _looked_at(raw: bytes) -> io.BytesIO:
    """Refuse what is no Word document, or unpacks to far more than it is."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            parts = packed.infolist()
    except (zipfile.BadZipFile, ValueError):
        raise _Refused("no-docx") from None
    if len(parts) > _PARTS or sum(p.file_size for p in parts) > _UNPACKED_BYTES:
        raise _Refused("too-large")
    names = {p.filename for p in parts}
    if "word/document.xml" not in names or any(n.lower().endswith("vbaproject.bin") for n in names):
        raise _Refused("no-docx")
    return io.BytesIO(raw)


def _fill(raw: bytes, values: dict[str, str]) -> bytes:
    from docxtpl.template import DocxTemplate

    context: dict[str, dict[str, str]] = {}
    for name, value in values.items():
        entity, _, field = name.partition(".")
        context.setdefault(entity, {})[field] = value
    template = DocxTemplate(_looked_at(raw))
    template.render(context, _Closed(frozenset(values)), autoescape=True)
    out = io.BytesIO()
    template.save(out)
    return out.getvalue()


def main() -> None:
    """Answer one request on standard input and output."""
    said = json.loads(sys.stdin.buffer.read())
    _limit()
    answer: dict[str, str]
    try:
        filled = _fill(base64.b64decode(said["template"]), said["values"])
        answer = {"docx": base64.b64encode(filled).decode()}
    except _Refused as refused:
        answer = {"problem": refused.problem, "detail": refused.detail}
    except (SecurityError, TemplateError) as problem:
        answer = {"problem": "construct", "detail": type(problem).__name__}
    except Exception as problem:  # noqa: BLE001 - this process ends here, the other one reports it
        answer = {"problem": "no-docx", "detail": type(problem).__name__}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
