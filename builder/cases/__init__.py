"""Carry matters: commands with effects, shared by web, command line and worker, and prepared views.

`commands` does (begin, save, hand in, act, withdraw, settle), `views` shows, `governance` is for
stewards and auditors, `walks` runs a scenario's own walks. `platform.Platform` is what they need.
"""
