"""The data platform: data stays where they are, questions and models travel.

`node` is what a bureau runs, `hub` what the city runs; they meet only over `link`. `trust` says who
may use what for which purpose, `audit` what was done.
"""
