"""Write the next migration of a tree from what its tables now declare.

    python -m federation.store.revise node "grants remember who asked"
    python -m federation.store.revise builder.store:hub_tree "accounts can be paused"

The first argument is ``node`` or ``module:attribute`` of a `Tree`. The earlier migrations run on an
empty database in memory; the difference to the declared tables becomes the new file, numbered on.
Read it, correct it where data must move, run ``ruff format`` on it, commit it with the tables.
``--squash`` replaces all files of a tree by one: only before a release has shipped them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from federation.store.engine import open_engine, write
from federation.store.migration import Tree, configuration, migrate

if TYPE_CHECKING:
    from alembic.operations.ops import MigrationScript

__all__ = ["main", "revise"]

_SHORT = {"node": "federation.store:node_tree"}


def revise(tree: Tree, message: str, *, squash: bool = False) -> Path | None:
    """Write the next migration; None when the tables are as the migrations leave them."""
    from alembic import command

    tree.versions.mkdir(parents=True, exist_ok=True)
    if squash:
        for old in tree.versions.glob("[0-9]*.py"):
            old.unlink()
    tree.declared()
    engine = open_engine("sqlite://")
    migrate(engine, tree)
    number = len(list(tree.versions.glob("[0-9]*.py"))) + 1
    config = configuration(tree)
    with write(engine) as conn:
        config.attributes["connection"] = conn
        script = command.revision(
            config,
            message,
            autogenerate=True,
            rev_id=f"{number:04}",
            process_revision_directives=_nothing_no_file,
        )
    if script is None or isinstance(script, list):
        return None
    path = Path(script.path)
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.lstrip().startswith("# ###")))
    return path


def _nothing_no_file(
    _context: object, _revision: object, directives: list[MigrationScript]
) -> None:
    directives[:] = [s for s in directives if s.upgrade_ops and not s.upgrade_ops.is_empty()]


def main(argv: Sequence[str] | None = None) -> int:
    """Read the command line, write the file, say where it is."""
    parser = argparse.ArgumentParser(prog="python -m federation.store.revise")
    parser.add_argument("tree", help="node, or module:attribute of a Tree")
    parser.add_argument("message", help="what is now true, in a few words")
    parser.add_argument("--squash", action="store_true", help="one file instead of all")
    asked = parser.parse_args(argv)
    module, _, attribute = _SHORT.get(asked.tree, asked.tree).partition(":")
    path = revise(getattr(import_module(module), attribute), asked.message, squash=asked.squash)
    sys.stdout.write(f"{path}\n" if path else "nothing to change\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
