"""A small matter that gives a certificate and can take it back by a return."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

_SMALLEST = Path(__file__).parents[1] / "cases" / "spec" / "t02-smallest"


def write_proving(folder: Path, name: str = "t02-smallest") -> Path:
    """Write the spec into a folder of that name; the applicant's words stand on the certificate."""
    folder = Path(shutil.copytree(_SMALLEST, folder / name))
    doc = json.loads((folder / "scenario.json").read_text(encoding="utf-8"))
    doc["scenario"]["id"] = name
    doc["scenario"]["lead"] = doc["roles"][1]["party"] = "civil-affairs"
    task = {**doc["process"]["steps"][0], "party": "civil-affairs"}
    close = {**task, "id": "close", "actions": ["approve", "return"], "return_to": ["answer"]}
    paper = {"id": "prove", "kind": "issue", "document": "proof"}
    doc["process"]["steps"] = [task, paper, close]
    doc["documents"] = [
        {
            "id": "proof",
            "kind": "certificate",
            "title": {"zh": "证明", "en": "Certificate"},
            "body": {"zh": "{applicant.name}说：{wish.words}", "en": "{wish.words}"},
            "valid_days": 30,
        }
    ]
    (folder / "scenario.json").write_text(json.dumps(doc), encoding="utf-8")
    return folder
