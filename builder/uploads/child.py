"""Be the process that looks at one file: little memory, little time, no secrets, one JSON line.

Started by `builder.uploads.apart` as ``python -m builder.uploads.child``; not for anybody else.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from builder.uploads.trouble import Trouble

__all__ = ["main"]

_MEMORY_BYTES = 1_500 * 1024 * 1024
_CPU_S = 15
_FILE_BYTES = 32 * 1024 * 1024
_FILES = 64


def main(args: list[str]) -> int:
    """Look at a file or make its preview; print what was found."""
    _limit()
    try:
        said = _done(args)
    except Trouble as trouble:
        said = {"code": trouble.code, "facts": trouble.facts}
    except (MemoryError, RecursionError):
        said = {"code": "uploads.too-complex", "facts": {}}
    sys.stdout.write(json.dumps(said))
    return 0


def _done(args: list[str]) -> Mapping[str, object]:
    from builder.uploads import looking

    match args:
        case ["look", path]:
            return {"kind": looking.look(Path(path))}
        case ["picture", path, kind, page, target]:
            looking.picture(Path(path), kind, int(page), Path(target))
            return {"ok": True}
        case ["pages", path]:
            return {"pages": looking.pages(Path(path))}
        case ["text", path]:
            return {"text": looking.text_of(Path(path))}
        case _:
            raise SystemExit(2)


def _limit() -> None:
    if sys.platform == "win32":
        return
    import resource

    for what, most in (
        (resource.RLIMIT_AS, _MEMORY_BYTES),
        (resource.RLIMIT_CPU, _CPU_S),
        (resource.RLIMIT_FSIZE, _FILE_BYTES),
        (resource.RLIMIT_NOFILE, _FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
