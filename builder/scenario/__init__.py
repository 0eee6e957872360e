"""Read a scenario: its values (`model`), its JSON Schema (`schema`), the checks (`check`, `load`).

`model` is free of effects and light to import; `load` reads a folder and raises all findings at
once. Widget kinds and the ledger come in as arguments: the first live above this room, the second
beside it.
"""

from builder.scenario.model import Scenario, Text

__all__ = ["Scenario", "Text"]
