"""A department on its own machine, as far as a folder is one, and what it does there."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from federation.link.place import Place
from federation.node.config import load_config
from federation.node.folder import accept, begin
from federation.trust.enrol import open_kit

PARTY = "civil-affairs"
REASON = "迁到本部门自己的机器 / moves to its own machine"


@dataclass(slots=True)
class Bureau:
    """A department's own machine, as far as a folder is one."""

    folder: Path
    now: datetime

    def begin(self, kit, *, port: int = 8443, folder: Path | None = None):
        place = Place("127.0.0.1", port)
        at = folder or self.folder
        return begin(open_kit(kit, self.now), at, place, hosts=["127.0.0.1"], now=self.now)

    def accept(self, admitted) -> None:
        accept(self.folder, admitted.document)

    def bind(self, embedded: Path) -> None:
        """Bind what the embedded node had bound, and permit what it permitted."""
        shutil.copyfile(embedded / "policy.json", self.folder / "policy.json")
        shutil.copyfile(embedded / "source.db", self.folder / "source.db")
        old, config = load_config(embedded), load_config(self.folder)
        datasets = {d: b for d, b in old.datasets.items() if b.source == "main"}
        sources = {"main": old.sources["main"]}
        bound = replace(config, sources=sources, datasets=datasets)
        (self.folder / "NODE.toml").write_text(bound.to_toml(), encoding="utf-8")


def tampered(document, *path: str, to: object):
    """Return a document with one value changed."""
    changed = json.loads(json.dumps(document))
    inner = changed["body"]
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = to
    return changed
