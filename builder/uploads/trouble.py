"""Say what is wrong with a file where no Fault can be made: in the process that looks at it."""

from __future__ import annotations

__all__ = ["Trouble"]


class Trouble(Exception):
    """A file that cannot be taken: the code of the Fault it becomes, and its facts, ``zh|en``."""

    def __init__(self, code: str, **facts: str) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts
