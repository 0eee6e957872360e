"""Run the city's side: which nodes there are, which grants were asked, how to reach the issuer.

The hub asks; it can make nothing that a node believes: grants are sealed by the owners' stewards,
tokens by the case issuer, answers by the nodes.
"""

from federation.hub.hub import Hub, NodeEntry
from federation.hub.issuer import IssuerClient

__all__ = ["Hub", "IssuerClient", "NodeEntry"]
