"""Build cities and deployments: the demo city's data from closed recipes.

`city.build_city` writes the department databases; `recipe` is the grammar it follows. Import the
modules themselves: they need polars, which the web never loads.
"""
