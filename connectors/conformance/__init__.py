"""Prove that a kind of source keeps the laws: one suite for every kind.

A kind is tried through a `Kit`, which puts tables into a fresh source of that kind and opens it.
`LAWS` are plain functions of a kit, so that pytest can take each as a case and ``source check`` can
run them against a department's own engine. What a kind is known not to keep is declared in its
`Capabilities.gaps`; `prove` fails for a law that is broken undeclared, and for a declared gap that
is none.

What an operation means is settled by the local engine (`connectors.engine`) over the same rows in
memory; tests hold that engine against an independent interpreter.
"""

from connectors.conformance.laws import LAWS, Broken, Kit, Law, prove
from connectors.conformance.samples import PEOPLE, PLACES, SCANS, TABLES, TYPES

__all__ = ["LAWS", "PEOPLE", "PLACES", "SCANS", "TABLES", "TYPES", "Broken", "Kit", "Law", "prove"]
