"""Run one tree's migrations on the connection that `federation.store.migration` opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from alembic import context

from federation.store import types

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext

    from federation.store.migration import Tree


def _render(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    """Spell our own column types by their names in new migrations."""
    name = type(item).__name__
    if kind == "type" and name in types.__all__:
        autogen.imports.add(f"from {types.__name__} import {name}")
        return f"{name}()"
    return False


def _run() -> None:
    tree: Tree = context.config.attributes["tree"]
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=tree.metadata,
        version_table=tree.version_table,
        render_as_batch=True,
        compare_server_default=True,
        render_item=_render,
    )
    with context.begin_transaction():
        context.run_migrations()


_run()
