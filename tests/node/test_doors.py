"""There is one door to rows on each side, and the import graph shows it."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]


def _imports() -> Iterator[tuple[str, str]]:
    """Yield (module, what it imports), names included, for all of the product."""
    for package in ("connectors", "federation", "builder"):
        for path in (ROOT / package).rglob("*.py"):
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(
                ".__init__"
            )
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    yield from ((module, a.name) for a in node.names)
                elif isinstance(node, ast.ImportFrom) and node.module:
                    yield from ((module, f"{node.module}.{a.name}") for a in node.names)


IMPORTS = set(_imports())


def _importers(name: str) -> set[str]:
    return {module for module, what in IMPORTS if what == name or what.startswith(f"{name}.")}


def test_only_the_gate_reads_a_departments_rows():
    assert _importers("federation.node.rows") == {"federation.node.gate"}


def test_only_a_nodes_sources_open_a_connector():
    openers = _importers("connectors.registry") | _importers("connectors.base")
    assert {m for m in openers if not m.startswith("connectors")} == {
        "federation.node.sources",
        "federation.node.source_check",  # the operator's own look at their own source
    }


def test_only_the_hubs_one_door_asks_a_node_for_rows():
    assert _importers("federation.link.arrow.ask_rows") == {"federation.query.execute"}


def test_only_the_service_opens_the_gate():
    assert _importers("federation.node.gate") == {"federation.node.service"}


def test_a_node_never_parses_sql():
    assert not {
        m for m in _importers("sqlglot") if m.startswith(("federation.node", "federation.trust"))
    }


def test_a_node_shares_no_check_with_the_hub():
    node = {what for module, what in IMPORTS if module.startswith("federation.node")}
    assert not {w for w in node if w.startswith(("federation.query", "federation.hub"))}
