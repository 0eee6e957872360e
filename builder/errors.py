"""Re-export the Fault base for this package."""

from federation.errors import Fact, Fault, Findings, Lang, catalogue

__all__ = ["Fact", "Fault", "Findings", "Lang", "catalogue"]
