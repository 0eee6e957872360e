"""Read the body of a document: paragraphs, lists, bold words, and the fields named in braces.

The marks are those of the spec's author. What is put in place of a field is text, whatever it is:
it is put in after the marks were read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from builder.documents.content import Block, Bullets, Item, Paragraph, Run
from builder.forms.prose import paragraphs
from builder.scenario.model import Text

__all__ = ["NAME", "blocks", "placeholders"]

NAME = re.compile(r"\{([^{}\n]*)\}")
_BOLD = re.compile(r"\*\*([^*\n]+)\*\*")


def placeholders(text: str) -> Iterator[str]:
    """Yield what stands in braces, blanks around it gone.

    >>> list(placeholders("兹证明{deceased.name}（{ deceased.id_card }）"))
    ['deceased.name', 'deceased.id_card']
    """
    for found in NAME.finditer(text):
        yield found.group(1).strip()


def blocks(body: Text, fill: Callable[[str], Text]) -> tuple[Block, ...]:
    """Return the blocks of a body, each field in braces filled in.

    >>> body = Text("兹证明**{who}**已办结。", "This certifies that **{who}** is done.")
    >>> made = blocks(body, lambda name: Text("张三*", "Zhang San*"))
    >>> made[0].line.zh
    (Run(text='兹证明', bold=False), Run(text='张三*', bold=True), Run(text='已办结。', bold=False))
    """
    made: list[Block] = []
    for lines in paragraphs(body):
        items = tuple(
            Item(
                _runs(line.zh, lambda name: fill(name).zh),
                _runs(line.en, lambda name: fill(name).en),
            )
            for line in lines
        )
        made.append(Paragraph(items[0]) if len(items) == 1 else Bullets(items))
    return tuple(made)


def _runs(line: str, fill: Callable[[str], str]) -> tuple[Run, ...]:
    runs: list[Run] = []
    end = 0
    for found in _BOLD.finditer(line):
        runs += [Run(line[end : found.start()]), Run(found.group(1), bold=True)]
        end = found.end()
    runs.append(Run(line[end:]))
    filled = (Run(NAME.sub(lambda m: fill(m.group(1).strip()), run.text), run.bold) for run in runs)
    return tuple(run for run in filled if run.text)
