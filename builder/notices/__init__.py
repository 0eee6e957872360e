"""Send notices outside the house: one file for each kind of channel, the same promise for all.

A channel sends one message at least once, under an id that never changes; whoever receives it can
tell a repetition. A fault with `http` 500 or more means later, one below means never.
"""

from builder.notices.channel import Channel, Notice
from builder.notices.registry import open_channels

__all__ = ["Channel", "Notice", "open_channels"]
