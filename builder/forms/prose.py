"""Read the plain prose of a spec: paragraphs and lists, nothing that could carry markup."""

from __future__ import annotations

from builder.scenario.model import Text

__all__ = ["paragraphs"]


def paragraphs(text: Text) -> tuple[tuple[Text, ...], ...]:
    r"""Return paragraphs parted by empty lines; lines that begin with ``- `` make a list.

    A paragraph is one text, a list is several (one each, the hyphen gone). The languages are paired
    in order; a paragraph that one of them lacks is empty there.

    >>> paragraphs(Text("一段\n\n- 甲\n- 乙", "One\n\n- a\n- b"))[1]
    (Text(zh='甲', en='a'), Text(zh='乙', en='b'))
    """
    zh, en = (_blocks(words) for words in (text.zh, text.en))
    pairs = (
        (zh[i] if i < len(zh) else [], en[i] if i < len(en) else [])
        for i in range(max(len(zh), len(en)))
    )
    return tuple(
        tuple(
            Text(z[i] if i < len(z) else "", e[i] if i < len(e) else "")
            for i in range(max(len(z), len(e)))
        )
        for z, e in pairs
    )


def _blocks(text: str) -> list[list[str]]:
    blocks: list[list[str]] = []
    for block in text.replace("\r\n", "\n").split("\n\n"):
        rows = [row.strip() for row in block.split("\n") if row.strip()]
        if rows and all(row.startswith("- ") for row in rows):
            blocks.append([row[2:].strip() for row in rows])
        elif rows:
            blocks.append([" ".join(rows)])
    return blocks
