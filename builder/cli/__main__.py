"""Let `python -m builder.cli` be `scenarist`."""

from builder.cli.main import main

main()
