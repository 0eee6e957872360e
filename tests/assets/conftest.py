"""One Node process for the browser's form logic; one build of the assets."""

import json
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def ask():
    """Return a function that asks `templates/assets/form-logic.js`, a batch at a time."""
    command = ["node", str(Path(__file__).with_name("logic.mjs"))]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:

        def asked(what, batch):
            process.stdin.write(json.dumps([what, batch]) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
            assert line, "Node ended: its error is among what this test wrote"
            return json.loads(line)

        yield asked
        process.stdin.close()


@pytest.fixture(scope="session")
def build():
    """Return a function that builds into a folder and returns it with the report of the build."""
    if not (ROOT / "node_modules" / "esbuild").exists():
        pytest.fail("node_modules is missing: run `make assets`")

    def built(folder):
        command = ["node", "templates/assets/build.mjs", "--out", str(folder), "--report"]
        ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        return SimpleNamespace(folder=folder, sources=json.loads(ran.stdout))

    return built


@pytest.fixture(scope="session")
def assets(build, tmp_path_factory):
    return build(tmp_path_factory.mktemp("assets") / "static")
