"""Re-export the Fault base for this package and the floors above it."""

from connectors.errors import Fact, Fault, Findings, Lang, catalogue

__all__ = ["Fact", "Fault", "Findings", "Lang", "catalogue"]
