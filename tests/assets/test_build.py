"""What pages load is small, named by its content, and reaches for nothing outside."""

import gzip
import json
import re
import subprocess
from pathlib import Path

import pytest

from builder.web.assets import read_manifest

ROOT = Path(__file__).parents[2]
OWN = sorted((ROOT / "templates" / "assets").glob("*.js"))
PACKED = (".br", ".gz")
_KIB = 1024


def _package():
    return json.loads((ROOT / "package.json").read_text(encoding="utf-8"))


def _lock():
    return json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))


def _pages():
    return "\n".join(p.read_text(encoding="utf-8") for p in (ROOT / "templates").rglob("*.html"))


# ── The build ────────────────────────────────────────────────────────────────────────────────────


def test_the_manifest_names_every_built_file_by_its_content(assets):
    manifest = read_manifest(assets.folder)
    files = {p.name for p in assets.folder.iterdir() if p.suffix not in PACKED} - {"manifest.json"}
    assert set(manifest.values()) == files
    assert {"app.js", "form.js", "app.css"} <= set(manifest)
    for name, built in manifest.items():
        stem, ext = name.rsplit(".", 1)
        assert re.fullmatch(rf"{stem}-[A-Z0-9]{{8}}\.{ext}", built)


def test_every_text_lies_there_compressed_and_unpacks_to_itself(assets):
    for name, built in read_manifest(assets.folder).items():
        path = assets.folder / built
        packed = assets.folder / f"{built}.gz"
        assert packed.exists(), name
        assert gzip.decompress(packed.read_bytes()) == path.read_bytes()
        assert (assets.folder / f"{built}.br").stat().st_size < path.stat().st_size


def test_every_asset_that_a_page_names_is_built(assets):
    named = set(re.findall(r"asset\(['\"]([^'\"]+)['\"]\)", _pages()))
    assert "app.js" in named
    assert named <= set(read_manifest(assets.folder))


def test_a_second_build_gives_the_same_and_leaves_nothing_old(build, assets, tmp_path):
    out = tmp_path / "static"
    out.mkdir()
    (out / "app-OLDOLDOL.js").write_text("old", encoding="utf-8")
    build(out)
    again = {p.name: p.read_bytes() for p in out.iterdir()}
    assert again == {p.name: p.read_bytes() for p in assets.folder.iterdir()}
    assert not list(tmp_path.glob("*.new"))


def test_a_build_that_fails_leaves_the_old_one(build, tmp_path):
    out = tmp_path / "static"
    build(out)
    before = sorted(p.name for p in out.iterdir())
    (tmp_path / "static.new").write_text("in the way", encoding="utf-8")
    (tmp_path / "static.new").chmod(0o400)
    build(out)
    assert sorted(p.name for p in out.iterdir()) == before


def test_first_party_scripts_are_small(assets):
    own = sum(
        size
        for name, sources in assets.sources.items()
        if name.endswith(".js")
        for source, size in sources.items()
        if source.startswith("templates/")
    )
    assert 0 < own <= 60 * _KIB


def test_no_page_loads_more_than_it_should(assets):
    sizes = {
        name: (assets.folder / built).stat().st_size
        for name, built in read_manifest(assets.folder).items()
    }
    assert sizes["app.js"] <= 8 * _KIB
    assert sizes["form.js"] <= 24 * _KIB
    assert sizes["app.css"] <= 60 * _KIB


def test_built_scripts_are_read_by_node(assets):
    for path in assets.folder.glob("*.js"):
        subprocess.run(["node", "--check", str(path)], check=True, capture_output=True)


def test_nothing_built_leads_outside(assets):
    for path in (p for p in assets.folder.iterdir() if p.suffix not in PACKED):
        text = path.read_text(encoding="utf-8")
        outside = set(re.findall(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}", text))
        assert not outside - {"http://www.w3.org", "//www.w3.org"}, path.name
        assert "sourceMappingURL" not in text


@pytest.mark.parametrize("source", OWN, ids=lambda p: p.name)
def test_own_scripts_keep_to_the_content_policy(source):
    text = source.read_text(encoding="utf-8")
    for refused in ("eval(", "new Function", "innerHTML", "outerHTML", "insertAdjacentHTML"):
        assert refused not in text
    for refused in ("document.write", ".style.", "localStorage", "sessionStorage", "onclick ="):
        assert refused not in text
    assert not re.search(r"set(Timeout|Interval)\(\s*['\"`]", text)


def test_floats_are_never_read_from_what_people_type():
    for name in ("expr.js", "form-logic.js"):
        text = (ROOT / "templates" / "assets" / name).read_text(encoding="utf-8")
        assert "parseFloat" not in text


def test_pages_hold_no_script_or_style_of_their_own():
    pages = _pages()
    assert not re.search(r"\son[a-z]+=", pages)
    assert not re.search(r"\sstyle=", pages)
    assert "<style" not in pages
    scripts = re.findall(r"<script[^>]*>", pages)
    assert scripts
    assert all("src=" in s and "nonce=" in s for s in scripts), scripts


# ── Packages ─────────────────────────────────────────────────────────────────────────────────────


def test_versions_are_exact_and_the_lock_has_the_same():
    package, lock = _package(), _lock()
    named = {**package.get("dependencies", {}), **package.get("devDependencies", {})}
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in named.values()), named
    own = lock["packages"][""]
    assert {**own.get("dependencies", {}), **own.get("devDependencies", {})} == named
    for name, version in named.items():
        assert lock["packages"][f"node_modules/{name}"]["version"] == version


def test_the_lock_names_no_address_and_proves_every_package():
    text = (ROOT / "package-lock.json").read_text(encoding="utf-8")
    assert "resolved" not in text
    assert "://" not in re.sub(r'"(url|funding)": .*', "", text)
    packages = {name: p for name, p in _lock()["packages"].items() if name}
    assert all(p["integrity"].startswith("sha512-") for p in packages.values())
    assert not [
        name for name, p in packages.items() if p.get("hasInstallScript") and "esbuild" not in name
    ]


def test_every_package_is_used():
    sources = [
        *OWN,
        ROOT / "templates/assets/build.mjs",
        ROOT / "templates/assets/fonts.mjs",
        *(ROOT / "tests").rglob("*.py"),
    ]
    text = "\n".join(p.read_text(encoding="utf-8") for p in sources)
    package = _package()
    for name in {**package.get("dependencies", {}), **package.get("devDependencies", {})}:
        assert f'"{name}"' in text or f"{name}/" in text, name


def test_htmx_is_there_only_as_pages_use_it():
    assert ("hx-get" in _pages()) == ("htmx.org" in _package()["dependencies"])
