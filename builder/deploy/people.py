"""Make the people, households and firms of a demo city; nobody and nothing in it is real.

ID numbers and credit codes are valid by GB 11643 and GB 32100, and cannot be anyone's: they carry
the code of the city itself (``340100``), under which no citizen number is issued; credit codes
carry an organisation code beginning with ``YY``, which is not issued either; telephones begin with
the unassigned ``160``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from builder.deploy.draw import Draw

__all__ = [
    "Setting",
    "Words",
    "citizen_numbers",
    "credit_codes",
    "make_firms",
    "make_kinship",
    "make_people",
]

Words = Mapping[str, pl.Series]
"""The recipe's word lists."""

_SIZES = ((1, 14), (2, 26), (3, 34), (4, 19), (5, 7))
_YEAR_DAYS = 365.2425
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECK = "10X98765432"
_ORG_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_ORG_VALUES = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SUFFIXES = 31**6
_SPREAD = 387_420_489  # 3 to the 18th: has no factor in common with 31


@dataclass(frozen=True, slots=True)
class Setting:
    """Where and when the people and firms of one set live.

    Attributes:
        words: the recipe's word lists.
        counties: ``code`` and ``name`` of the counties they spread over.
        region: six digits in their ID numbers and credit codes.
        as_of: the day on which ages and deaths are counted.
    """

    words: Words
    counties: pl.DataFrame
    region: str
    as_of: date


def make_people(draw: Draw, setting: Setting) -> pl.DataFrame:
    """Return people in households, one row for every row of `draw`.

    Position 0 of a household is its head, 1 the spouse, the others their children.
    """
    frame = _households(draw)
    frame = _ages(frame, draw, setting.as_of)
    frame = _names(frame, draw, setting.words)
    frame = _lives(frame, draw, setting.as_of)
    frame = frame.with_columns(citizen_numbers(frame, setting.region))
    return _homes(frame, draw, setting)


def make_kinship(people: pl.DataFrame) -> pl.DataFrame:
    """Return every pair inside a household, in both directions: what `kin` is to the person."""
    side = people.select("household_no", "position", "id_card", "name")
    pairs = side.join(side, on="household_no", suffix="_kin", maintain_order="left_right")
    mine, theirs = pl.col("position"), pl.col("position_kin")
    relation = (
        pl.when((mine < 2) & (theirs < 2))
        .then(pl.lit("spouse"))
        .when((mine < 2) & (theirs > 1))
        .then(pl.lit("child"))
        .when((mine > 1) & (theirs < 2))
        .then(pl.lit("parent"))
        .otherwise(pl.lit("sibling"))
    )
    return pairs.filter(mine != theirs).select(
        "id_card", "name", pl.col("id_card_kin").alias("kin_id_card"), relation.alias("relation")
    )


def make_firms(draw: Draw, setting: Setting, industries: pl.DataFrame) -> pl.DataFrame:
    """Return enterprises, one row for every row of `draw`."""
    words, counties = setting.words, setting.counties
    trade = industries.select(pl.all().gather(draw.below("industry", len(industries))))
    home = counties.select(pl.all().gather(draw.below("county", len(counties))))
    days = draw.between("founded", 60, 9000, skew=2)
    first = draw.pick("word-1", words["firm_words"])
    second = draw.pick("word-2", words["firm_words"])
    surname = draw.pick("surname", words["surnames"])
    given = draw.pick("given", words["given_male"])
    street = draw.pick("road", words["roads"])
    number = draw.between("number", 1, 399).cast(pl.String)
    return pl.DataFrame(
        {
            "credit_code": credit_codes(draw.rows, setting.region),
            "name": "合肥" + first + second + trade["title"] + "有限公司",
            "county_code": home["code"],
            "county": home["name"],
            "address": "安徽省合肥市" + home["name"] + street + number + "号",
            "industry": trade["code"],
            "capital": draw.between("capital", 10, 9000, skew=3).cast(pl.String) + ".00",
            "founded_on": pl.Series([setting.as_of]).dt.offset_by("-" + days.cast(pl.String) + "d"),
            "status": draw.weighted("status", ("active", "cancelled", "revoked"), (91, 7, 2)),
            "person": surname + given,
        }
    ).with_columns(pl.col("founded_on").dt.to_string("iso"))


def citizen_numbers(people: pl.DataFrame, region: str) -> pl.Series:
    """Return valid ID numbers that differ from each other, from ``birth_date`` and ``sex``.

    Raises:
        OverflowError: more than 450 people of one sex were born on one day; from 900 on the
            sequence numbers belong to the people that recipes plant.
    """
    rank = people.select(pl.int_range(pl.len()).over("birth_date", "sex")).to_series()
    sequence = rank * 2 + people["sex"].cast(pl.Int64) % 2 + 2
    if len(sequence) and int(sequence.max()) >= 900:  # type: ignore[arg-type] # an integer column
        raise OverflowError("more people of one sex on one day than the sequence numbers below 900")
    body = (
        region
        + people["birth_date"].str.replace_all("-", "")
        + sequence.cast(pl.String).str.zfill(3)
    )
    total = _weighted_digits(body, _ID_WEIGHTS)
    return (body + pl.Series(list(_ID_CHECK)).gather(total % 11)).alias("id_card")


def credit_codes(rows: int, region: str) -> pl.Series:
    """Return valid unified social credit codes that differ from each other."""
    scattered = (pl.int_range(rows, dtype=pl.Int64, eager=True) * _SPREAD) % _SUFFIXES
    letters = pl.Series(list(_ALPHABET))
    organisation = pl.Series(["YY"]).gather(scattered * 0)
    for place in range(6):
        organisation = organisation + letters.gather((scattered // 31**place) % 31)
    values = [organisation.str.slice(i, 1) for i in range(8)]
    total = sum(
        (_position(v, _ORG_VALUES) * w for v, w in zip(values, _ORG_WEIGHTS, strict=True)),
        start=scattered * 0,
    )
    check = pl.Series(list("0X987654321")).gather(total % 11)
    body = "91" + region + organisation + check
    places = sum(
        (_position(body.str.slice(i, 1), _ALPHABET) * pow(3, i, 31) for i in range(17)),
        start=scattered * 0,
    )
    return body + letters.gather((31 - places % 31) % 31)


def _households(draw: Draw) -> pl.DataFrame:
    """Return household number and position."""
    rows = draw.rows
    sizes = draw.weighted("size", [s for s, _ in _SIZES], [w for _, w in _SIZES])
    return (
        pl.DataFrame({"household": pl.int_range(rows, eager=True), "size": sizes})
        .with_columns(pl.int_ranges(0, pl.col("size")).alias("position"))
        .explode("position", empty_as_null=False)
        .head(rows)
        .drop("size")
    )


def _ages(frame: pl.DataFrame, draw: Draw, as_of: date) -> pl.DataFrame:
    """Add ``age``, ``birth_date`` and ``sex``: children younger than both parents."""
    per_home = pl.DataFrame(
        {
            "head_age": draw.between("head-age", 24, 90, skew=2),
            "gap": draw.between("spouse-gap", -4, 4),
            "first": draw.between("first-child", 22, 31),
            "head_sex": draw.weighted("head-sex", ("1", "2"), (62, 38)),
        }
    )
    frame = pl.concat(
        [frame, per_home.select(pl.all().gather(frame["household"]))], how="horizontal"
    )
    spouse = (pl.col("head_age") + pl.col("gap")).clip(22)
    younger = pl.min_horizontal("head_age", spouse)
    child = (younger - pl.col("first") - (pl.col("position") - 2) * 2).clip(0)
    other = pl.when(pl.col("head_sex") == "1").then(pl.lit("2")).otherwise(pl.lit("1"))
    place = pl.col("position")
    age = pl.when(place == 0).then("head_age").when(place == 1).then(spouse).otherwise(child)
    sex = (
        pl.when(place == 0)
        .then("head_sex")
        .when(place == 1)
        .then(other)
        .otherwise(draw.weighted("child-sex", ("1", "2"), (52, 48)))
    )
    days = (age * _YEAR_DAYS).floor().cast(pl.Int64) + draw.between("birthday", 1, 364)
    born = pl.lit(as_of) - pl.duration(days=days)
    frame = frame.with_columns(sex.alias("sex"), born.dt.to_string("iso").alias("birth_date"))
    return frame.with_columns(_age_on(as_of).alias("age")).drop("head_age", "gap", "first")


def _age_on(as_of: date) -> pl.Expr:
    day = pl.col("birth_date").str.to_date()
    turned = (day.dt.month() * 100 + day.dt.day()) <= as_of.month * 100 + as_of.day
    return as_of.year - day.dt.year() - (~turned).cast(pl.Int32)


def _names(frame: pl.DataFrame, draw: Draw, words: Words) -> pl.DataFrame:
    """Add ``name`` and ``child_name``: children carry their household's surname."""
    family = draw.pick("surname", words["surnames"]).gather(frame["household"])
    own = draw.pick("own-surname", words["surnames"])
    surname = pl.when(frame["position"] == 1).then(own).otherwise(family)
    male, female = words["given_male"], words["given_female"]
    short = draw.chance("short-name", 220)

    def given(which: str, options: pl.Series) -> pl.Expr:
        first, second = draw.pick(f"{which}-1", options), draw.pick(f"{which}-2", options)
        return pl.when(short).then(first).otherwise(first + second)

    is_male = pl.col("sex") == "1"
    named = pl.when(is_male).then(given("male", male)).otherwise(given("female", female))
    return frame.with_columns(
        (surname + named).alias("name"),
        (surname + given("child", male)).alias("child_name"),
    )


def _lives(frame: pl.DataFrame, draw: Draw, as_of: date) -> pl.DataFrame:
    """Add ``alive``, ``death_date`` (the last two years) and ``household_status``."""
    age = pl.col("age")
    permille = (
        pl.when(age < 55).then(2).when(age < 70).then(35).when(age < 80).then(140).otherwise(360)
    )
    dead = draw.below("death", 1000) < permille
    ago = draw.between("death-day", 8, 720)
    died = (pl.lit(as_of) - pl.duration(days=pl.lit(ago))).dt.to_string("iso")
    left = draw.chance("household-cancelled", 820)
    return frame.with_columns(
        dead.not_().alias("alive"),
        pl.when(dead).then(died).alias("death_date"),
        pl.when(dead & left)
        .then(pl.lit("cancelled"))
        .otherwise(pl.lit("registered"))
        .alias("household_status"),
    )


def _homes(frame: pl.DataFrame, draw: Draw, setting: Setting) -> pl.DataFrame:
    """Add where the household lives, its number, and the telephone."""
    words, counties = setting.words, setting.counties
    house = frame["household"]
    home = counties.select(pl.all().gather(draw.below("county", len(counties)).gather(house)))
    road = draw.pick("road", words["roads"]).gather(house)
    number = draw.between("number", 1, 399).gather(house).cast(pl.String)
    block = draw.between("block", 1, 40).gather(house).cast(pl.String)
    room = (draw.between("floor", 1, 18) * 100 + draw.between("door", 1, 4)).gather(house)
    phone = "160" + draw.below("phone", 10**8).cast(pl.String).str.zfill(8)
    roles = pl.Series(["head", "spouse", "child"])
    return frame.with_columns(
        home["code"].alias("county_code"),
        home["name"].alias("county"),
        (
            "安徽省合肥市"
            + home["name"]
            + road
            + number
            + "号"
            + block
            + "幢"
            + room.cast(pl.String)
            + "室"
        ).alias("address"),
        pl.when(pl.col("age") >= 12).then(phone).alias("phone"),
        ("3401" + house.cast(pl.String).str.zfill(8)).alias("household_no"),
        roles.gather(frame["position"].clip(0, 2)).alias("household_role"),
    )


def _weighted_digits(text: pl.Series, weights: tuple[int, ...]) -> pl.Series:
    return sum(
        (text.str.slice(i, 1).cast(pl.Int64) * w for i, w in enumerate(weights)),
        start=pl.zeros(len(text), dtype=pl.Int64, eager=True),
    )


def _position(letters: pl.Series, alphabet: str) -> pl.Series:
    return letters.replace_strict(list(alphabet), list(range(len(alphabet))), return_dtype=pl.Int64)
