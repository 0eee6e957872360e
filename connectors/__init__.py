"""Read a department's source as Arrow record batches.

This package knows no person, no grade and no city. Only `federation.node` may import it
(`scan`, `errors` and what they stand on, pure types, apart): the one way to a department's rows is
the gate at that department's node.

`scan` says what is asked, `types` what columns hold, `check` fits the two together, `cast` brings
what a source gives to the ledger's types, `engine` computes what a source cannot. A kind of source
is one module (or package) beside them, listed in `registry` and held to the laws in `conformance`.
"""
