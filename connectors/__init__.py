"""Read a department's source as Arrow record batches.

This package knows no person, no grade and no city. Only `federation.node` may import it
(`scan` and `errors`, two modules of pure types, apart): the one way to a department's rows is the
gate at that department's node.
"""
