"""The wheel holds all that a city needs, and nothing that is not ours at the top."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.package, pytest.mark.slow]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    isolation = ["--no-isolation"] if find_spec("hatchling") else []
    ran = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", *isolation, "--outdir", out, ROOT],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-2000:]
    (made,) = out.glob("scenarist-*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """A clean environment with the wheel in it; the libraries it needs are lent by this one."""
    place = tmp_path_factory.mktemp("clean") / "env"
    venv.create(place, with_pip=True)
    pip = [place / "bin" / "python", "-m", "pip", "install", "--no-deps", "--no-index", wheel]
    ran = subprocess.run(pip, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    paths = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    site = next((place / "lib").glob("python*/site-packages"))
    lent = "".join(f"import sys; sys.path.append({p!r})\n" for p in sorted(paths))
    (site / "lent.pth").write_text(lent, encoding="utf-8")
    return place


def _names(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as packed:
        return packed.namelist()


def test_the_top_of_the_wheel_holds_our_names_and_no_others(wheel):
    tops = {name.partition("/")[0] for name in _names(wheel)}
    assert {t for t in tops if not t.endswith(".dist-info")} == {
        "builder", "connectors", "federation", "wsgi.py",
    }  # fmt: skip


def test_templates_specs_and_assets_travel_in_the_wheel(wheel):
    names = set(_names(wheel))
    for source, place in (
        ("templates", "builder/_templates"),
        ("specs", "federation/_specs"),
        ("builder/_static", "builder/_static"),
        ("builder/_fonts", "builder/_fonts"),
    ):
        files = [p for p in (ROOT / source).rglob("*") if p.is_file()]
        assert files, source
        missing = [p for p in files if f"{place}/{p.relative_to(ROOT / source)}" not in names]
        assert not missing, missing[:5]
    assert not [n for n in names if n.startswith("tests/") or "__pycache__" in n]


def test_migrations_travel_in_the_wheel(wheel):
    names = _names(wheel)
    for tree in ("builder/store/migrations/hub", "builder/store/migrations/case",
                 "federation/store/migrations/node"):  # fmt: skip
        assert [n for n in names if n.startswith(f"{tree}/") and n.endswith(".py")], tree


def test_the_wheel_builds_and_walks_a_city_in_an_empty_folder(installed, tmp_path):
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("SCENARIST", "PYTHON"))}

    def run(*line: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [installed / "bin" / "scenarist", *line],
            cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip

    where = subprocess.run(
        [installed / "bin" / "python", "-c", "import builder; print(builder.__file__)"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert str(installed) in where, "the wheel itself is under test, not the checkout"
    for line in (
        ("demo", "--no-serve"),
        ("check", "s23-afterlife"),
        ("walk", "s23-afterlife", "--only", "happy"),
        ("audit", "verify"),
    ):
        ran = run(*line)
        assert ran.returncode == 0, ran.stderr[-3000:]
    assert {p.name for p in tmp_path.iterdir()} == {".scenarist"}
