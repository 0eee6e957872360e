"""Count working days, Asia/Shanghai."""


class Calendar:
    """Working days of one jurisdiction."""
