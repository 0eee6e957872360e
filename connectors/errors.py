"""Name every problem a reader can act on: `Fault`, the base of all catalogued errors.

A Fault is a class, one per problem, so that the catalogue is the class tree: its code, its HTTP
status and its texts in zh and en live side by side. Facts fill the placeholders; they never hold
values of anyone's rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, Literal, TypeAlias

__all__ = ["Fact", "Fault", "Findings", "Lang", "catalogue"]

Lang: TypeAlias = Literal["zh", "en"]
Fact: TypeAlias = str | int | float | bool | Sequence[str] | None


class Fault(Exception):
    """Say what happened, to what, and what to do next.

    Attributes:
        code: dotted name, stable across releases, e.g. ``"trust.not-granted"``.
        http: status of the HTTP answer that carries it.
        zh: what happened, with ``{fact}`` placeholders.
        en: the same in English, with the same placeholders.
        next_zh: what the reader can do now.
        next_en: the same in English.
    """

    code: ClassVar[str] = ""
    http: ClassVar[int] = 400
    zh: ClassVar[str] = ""
    en: ClassVar[str] = ""
    next_zh: ClassVar[str] = ""
    next_en: ClassVar[str] = ""

    def __init__(self, *, where: str | None = None, **facts: Fact) -> None:
        super().__init__(self.code)
        self.where = where
        self.facts: Mapping[str, Fact] = facts

    def message(self, lang: Lang = "zh") -> str:
        """Return what happened, in the reader's language."""
        return _fill(self.zh if lang == "zh" else self.en, self.facts, lang)

    def next_step(self, lang: Lang = "zh") -> str:
        """Return what the reader can do now."""
        return _fill(self.next_zh if lang == "zh" else self.next_en, self.facts, lang)

    def to_json(self, lang: Lang = "zh") -> dict[str, object]:
        """Return the one JSON shape of all errors."""
        facts = {
            k: v if isinstance(v, str | int | float | bool | None) else list(v)
            for k, v in self.facts.items()
        }
        return {
            "code": self.code,
            "message": self.message(lang),
            "facts": facts,
            "where": self.where,
            "next": self.next_step(lang),
        }

    def __str__(self) -> str:
        where = f" [{self.where}]" if self.where else ""
        return f"{self.code}{where}: {self.message('en')}"


class Findings(Fault):
    """Carry all findings of one validation at once, each with its own place."""

    code = "input.findings"
    http = 422
    zh = "共有 {count} 处需要修改。"
    en = "{count} things need a change."
    next_zh = "请逐条按提示修改后重试。"
    next_en = "Work through the list, then try again."

    def __init__(self, findings: Sequence[Fault], *, where: str | None = None) -> None:
        super().__init__(where=where, count=len(findings))
        self.findings = tuple(findings)

    def to_json(self, lang: Lang = "zh") -> dict[str, object]:
        """Return the common shape with the findings below it."""
        return {**super().to_json(lang), "findings": [f.to_json(lang) for f in self.findings]}

    def __str__(self) -> str:
        return "\n".join([super().__str__(), *(f"  {f}" for f in self.findings)])


def catalogue(base: type[Fault] = Fault) -> Iterator[type[Fault]]:
    """Yield every Fault class that is imported and has a code, parents first."""
    for sub in base.__subclasses__():
        if sub.code:
            yield sub
        yield from catalogue(sub)


def _fill(text: str, facts: Mapping[str, Fact], lang: Lang) -> str:
    joiner = "、" if lang == "zh" else ", "
    shown = {
        k: joiner.join(v) if isinstance(v, Sequence) and not isinstance(v, str) else v
        for k, v in facts.items()
    }
    return text.format(**shown)
