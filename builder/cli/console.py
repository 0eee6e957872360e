"""Print for people and for programs: tables and progress, or one JSON document."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from rich.console import Console
from rich.table import Table

from builder.errors import Fault, Findings, Lang
from builder.scenario.model import Text

__all__ = ["Terminal", "as_json", "detect_lang"]

_UNFOLDED = 10_000


@dataclass(slots=True)
class Terminal:
    """Where one command writes: language, home folder, JSON or words."""

    home: Path
    lang: Lang
    json: bool = False

    @property
    def out(self) -> Console:
        """Return the console for answers."""
        piped = not sys.stdout.isatty()  # a program reads lines: nothing is folded for a screen
        return Console(highlight=False, soft_wrap=True, width=_UNFOLDED if piped else None)

    @property
    def err(self) -> Console:
        """Return the console for progress and faults."""
        return Console(stderr=True, highlight=False, soft_wrap=True)

    def say(self, text: Text | Mapping[str, str] | str) -> str:
        """Return the text in the reader's language."""
        if isinstance(text, str):
            return text
        if isinstance(text, Mapping):
            return text[self.lang]
        return text.zh if self.lang == "zh" else text.en

    def pick(self, zh: str, en: str) -> str:
        """Return one of two wordings by the reader's language."""
        return zh if self.lang == "zh" else en

    def print_json(self, value: object) -> None:
        """Print one JSON document on stdout."""
        print(json.dumps(as_json(value), ensure_ascii=False, indent=2))

    def table(
        self, heads: Sequence[str], rows: Iterable[Sequence[object]], *, title: str = ""
    ) -> None:
        """Print rows under heads."""
        shown = Table(title=title or None, title_justify="left", header_style="bold", box=None)
        for head in heads:
            shown.add_column(head, overflow="fold")
        for row in rows:
            shown.add_row(*("" if cell is None else str(cell) for cell in row))
        self.out.print(shown)

    def lines(self, lines: Iterable[str]) -> None:
        """Print plain lines."""
        for line in lines:
            self.out.print(line, markup=False)

    @contextmanager
    def step(self, zh: str, en: str) -> Iterator[None]:
        """Show one step of long work on stderr."""
        self.err.print(f"· {self.pick(zh, en)} …", markup=False)
        yield

    def fault(self, fault: Fault) -> None:
        """Print a fault: for programs as its JSON shape, for people as words; both on stderr."""
        if self.json or not sys.stderr.isatty():
            print(
                json.dumps(fault.to_json(self.lang), ensure_ascii=False, indent=2), file=sys.stderr
            )
            return
        self._fault_in_words(fault)

    def _fault_in_words(self, fault: Fault) -> None:
        err = self.err
        err.print(f"✗ {fault.message(self.lang)}  ({fault.code})", style="red", markup=False)
        for finding in fault.findings if isinstance(fault, Findings) else ():
            err.print(f"  {finding.where or ''}  {finding.message(self.lang)}", markup=False)
            err.print(f"    → {finding.next_step(self.lang)}", style="dim", markup=False)
        err.print(f"→ {fault.next_step(self.lang)}", markup=False)


def detect_lang(asked: str | None) -> Lang:
    """Return zh unless English was asked for, by option or by SCENARIST_LANG."""
    choice = asked or os.environ.get("SCENARIST_LANG", "zh")
    return "en" if choice.lower().startswith("en") else "zh"


def as_json(value: object) -> object:  # noqa: PLR0911 - one return a kind of value
    """Turn prepared values into what JSON can hold: dataclasses to objects, times to ISO 8601."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: as_json(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(k): as_json(v) for k, v in value.items()}
    if isinstance(value, str | int | float | bool) or value is None:
        return value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal | Path):
        return str(value)
    if isinstance(value, Iterable):
        return [as_json(v) for v in value]
    return str(value)
