"""Carry a case through its process: a pure engine over events.

`case` holds the values (events, actions, the case and its tasks), `engine` the two functions all
else stands on, `step` (what an action leads to) and `fold` (where the events lead), `calendar` the
working days. Nothing here reads a clock, a database or a network.
"""
