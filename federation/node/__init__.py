"""Run a department's side: its own folder, key, policy, grants, journal, and the gate to its rows.

`gate.serve` is the one door to the department's rows. `Node.open` puts a node together from its
folder; `Node.app` is its HTTP face, a plain WSGI callable. Nothing here knows the hub's code.
"""

from federation.node.config import Binding, NodeConfig, SourceConfig, load_config
from federation.node.node import Node

__all__ = ["Binding", "Node", "NodeConfig", "SourceConfig", "load_config"]
