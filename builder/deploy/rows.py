"""Turn a recipe into rows: sets first, then every table in order, planted rows and faults last."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from builder.deploy.columns import Making, make_column, matches
from builder.deploy.draw import Draw
from builder.deploy.errors import RecipeNameUnknown
from builder.deploy.people import Setting, Words, make_firms, make_kinship, make_people
from builder.deploy.recipe import Columns, PlantedFault, PlantedRow, Recipe, SetPlan, TablePlan

__all__ = ["FilledTable", "fill"]

_NOT_YET = "2099-12-31"


@dataclass(frozen=True, slots=True)
class FilledTable:
    """The rows of one dataset, in the column order of the ledger.

    Attributes:
        planted: how many of them stand in recipes as they are; they come last.
    """

    dataset: str
    frame: pl.DataFrame
    planted: int


class _City:
    """The sets made so far, and everything needed to make the next."""

    def __init__(self, recipe: Recipe, scale: int) -> None:
        self.recipe = recipe
        self.scale = scale
        self.words: Words = {k: pl.Series(v) for k, v in (recipe.words or {}).items()}
        self.sets: dict[str, pl.DataFrame] = {}

    def draw(self, key: str, rows: int) -> Draw:
        return Draw(f"{self.recipe.seed}/{key}", rows)

    def set(self, name: str) -> pl.DataFrame:
        """Return a set, or a dataset filled before."""
        if name not in self.sets:
            near = difflib.get_close_matches(name, self.sets, n=1, cutoff=0.0)
            raise RecipeNameUnknown(name=name, nearest="".join(near))
        return self.sets[name]


def fill(recipe: Recipe, columns: Columns, scale: int = 1) -> Iterator[FilledTable]:
    """Yield every dataset the recipe fills, in its order.

    Args:
        recipe: the city's recipe, merged with those of its scenarios.
        columns: dataset id → column → ledger type.
        scale: multiplies the rows of people, firms and numbers.

    Raises:
        RecipeNameUnknown: something refers to a set, list, attribute or column that is not there,
            or to one that is made only later.
    """
    city = _City(recipe, scale)
    for plan in recipe.sets:
        city.sets[plan.id] = _set(city, plan)
    for table in recipe.tables:
        made = _table(city, table, columns[table.dataset])
        city.sets[table.dataset] = made
        whole = _with_faults(city, made, [f for f in recipe.faults if f.dataset == table.dataset])
        planted = [r for r in recipe.rows if r.dataset == table.dataset]
        yield FilledTable(table.dataset, _with_planted(whole, planted), len(planted))


# ── Sets ─────────────────────────────────────────────────────────────────────────────────────────


def _set(city: _City, plan: SetPlan) -> pl.DataFrame:
    match plan.kind:
        case "people":
            return _people(city, plan)
        case "firms":
            return _firms(city, plan)
        case "kinship":
            return make_kinship(city.set(plan.of))
        case "filter":
            return matches(city.set(plan.of), plan.where)
        case "list":
            return pl.DataFrame([dict(item) for item in plan.items], infer_schema_length=None)
        case _:
            return pl.DataFrame()


def _people(city: _City, plan: SetPlan) -> pl.DataFrame:
    return make_people(city.draw(plan.id, plan.rows * city.scale), _setting(city, plan))


def _firms(city: _City, plan: SetPlan) -> pl.DataFrame:
    draw = city.draw(plan.id, plan.rows * city.scale)
    return make_firms(draw, _setting(city, plan), city.set(plan.industries))


def _setting(city: _City, plan: SetPlan) -> Setting:
    return Setting(city.words, city.set(plan.counties), plan.region, city.recipe.as_of)


# ── Tables ───────────────────────────────────────────────────────────────────────────────────────


def _table(city: _City, plan: TablePlan, types: Mapping[str, str]) -> pl.DataFrame:
    source = _source(city, plan)
    making = Making(
        _joined(city, plan, source),
        city.draw(plan.dataset, source.height),
        city.words,
        city.recipe.as_of,
    )
    for name, maker in plan.columns.items():
        making.made[name] = make_column(making, name, maker, types[name])
    missing = [pl.lit(None, pl.String).alias(n) for n in types if n not in making.made]
    return pl.DataFrame(making.made).with_columns(missing).select(list(types))


def _source(city: _City, plan: TablePlan) -> pl.DataFrame:
    frame = city.set(plan.source)
    if plan.rows:
        rows = plan.rows if plan.is_fixed else plan.rows * city.scale
        return pl.DataFrame({"number": pl.int_range(1, rows + 1, eager=True)})
    frame = matches(frame, plan.where)
    draw = city.draw(f"{plan.dataset}/rows", frame.height)
    if plan.permille < 1000:
        frame = frame.filter(draw.chance("taken", plan.permille))
    low, high = plan.repeat
    if high == 1:
        return frame
    times = city.draw(f"{plan.dataset}/repeat", frame.height).between("times", low, high)
    index = pl.DataFrame({"row": pl.int_range(frame.height, eager=True), "times": times})
    repeated = pl.col("row").repeat_by("times").explode(empty_as_null=False)
    return frame[index.select(repeated).to_series()]


def _joined(city: _City, plan: TablePlan, source: pl.DataFrame) -> pl.DataFrame:
    for alias, name in (plan.joined or {}).items():
        other = city.set(name)
        index = city.draw(f"{plan.dataset}/with/{alias}", source.height).below("row", other.height)
        drawn = other.select(pl.all().gather(index).name.prefix(f"{alias}."))
        source = pl.concat([source, drawn], how="horizontal")
    return source


# ── What is planted ──────────────────────────────────────────────────────────────────────────────


def _with_planted(frame: pl.DataFrame, rows: list[PlantedRow]) -> pl.DataFrame:
    if not rows:
        return frame
    planted = pl.DataFrame([dict(r.values) for r in rows], infer_schema_length=None)
    missing = [pl.lit(None).alias(name) for name in frame.columns if name not in planted.columns]
    planted = planted.with_columns(missing).select(frame.columns).cast(frame.schema)
    return pl.concat([frame, planted])


def _with_faults(city: _City, frame: pl.DataFrame, faults: list[PlantedFault]) -> pl.DataFrame:
    height = frame.height
    for n, fault in enumerate(faults):
        order = city.draw(f"{fault.dataset}/fault/{n}", height).bits("row").arg_sort()
        hit = order.head(fault.rows)
        frame = _broken(frame, fault, hit)
    return frame


def _broken(frame: pl.DataFrame, fault: PlantedFault, hit: pl.Series) -> pl.DataFrame:
    if fault.kind == "repeated":
        return pl.concat([frame, frame[hit]])
    is_hit = pl.int_range(pl.len()).is_in(hit.implode())
    column = pl.col(fault.column)
    match fault.kind:
        case "checksum":
            last = pl.when(column.str.ends_with("0")).then(pl.lit("1")).otherwise(pl.lit("0"))
            wrong = column.str.head(-1) + last
        case "future":
            wrong = pl.lit(_NOT_YET)
        case _:
            wrong = pl.lit(None, dtype=frame.schema[fault.column])
    return frame.with_columns(pl.when(is_hit).then(wrong).otherwise(column).alias(fault.column))
