"""Cells: a column of text, numbers or times turned into what an event's field asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec
import polars as pl

if TYPE_CHECKING:
    from models.problem import Code

UTC_MS = pl.Datetime("ms", "UTC")

_ZONED = ("%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%dT%H:%M%#z")
_LOCAL = ("%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d")
_EPOCHS = {"epoch": 1000, "epoch_ms": 1}
_YEARS = (1900, 9999)


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """The same thing wrong in the cells of some rows; the message never holds a value."""

    rows: list[int]
    column: str
    code: Code
    message: str
    event: str = ""

    def among(self, rows: set[int]) -> Fault:
        """The fault, of these rows only."""
        return msgspec.structs.replace(self, rows=[row for row in self.rows if row in rows])


class Cells(NamedTuple):
    """A converted column, null where a cell is empty or wrong, and what is wrong."""

    values: pl.Series
    faults: list[Fault]


class Reading(NamedTuple):
    """How cells are to be read: their row numbers, the column's name, zone and decimal sign."""

    rows: pl.Series
    column: str
    timezone: str = ""
    decimal: str = "."

    def fault(self, bad: pl.Series, code: Code, message: str) -> list[Fault]:
        """A fault of the rows where ``bad`` holds; none if there are none."""
        rows = self.rows.filter(bad.fill_null(value=False)).to_list()
        return [Fault(rows=rows, column=self.column, code=code, message=message)] if rows else []


def to_text(cells: pl.Series) -> pl.Series:
    """Text without blanks at its ends, null where empty; times as ISO 8601 in UTC."""
    if isinstance(cells.dtype, pl.Datetime) and cells.dtype.time_zone:
        return to_iso(cells)
    if cells.dtype.is_float():
        whole = cells.cast(pl.Int64, strict=False)
        same = whole.cast(pl.Float64) == cells
        return whole.cast(pl.String).zip_with(same.fill_null(value=False), cells.cast(pl.String))
    if cells.dtype == pl.String:
        text = cells.str.strip_chars()
        return text.set(text == "", None)
    return cells.cast(pl.String)


def to_iso(times: pl.Series) -> pl.Series:
    """ISO 8601 in UTC; milliseconds only where there are any, so that a time has one form."""
    whole = times.dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    fine = times.dt.millisecond() != 0
    if not fine.any():
        return whole
    return times.dt.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").zip_with(fine.fill_null(value=False), whole)


def to_number(cells: pl.Series, how: Reading) -> Cells:
    """Floats; NaN and infinity are refused."""
    text = _digits(cells, how)
    numbers = text.cast(pl.Float64, strict=False)
    finite = numbers.is_finite()
    wrong = text.is_not_null() & numbers.is_null()
    faults = how.fault(
        wrong, "wrong_type", "holds something that is no number; write 1234.5 or leave it empty."
    ) + how.fault(
        ~finite, "not_a_number", "holds NaN or infinity; leave the cell empty where unknown."
    )
    return Cells(numbers.set(~finite.fill_null(value=True), None), faults)


def to_integer(cells: pl.Series, how: Reading) -> Cells:
    """Whole numbers; 12.0 is 12, 12.5 is refused."""
    if cells.dtype.is_integer():
        return Cells(cells.cast(pl.Int64, strict=False), [])
    text = _digits(cells, how)
    whole = text.cast(pl.Int64, strict=False)
    left = text.is_not_null() & whole.is_null()
    if not left.any():
        return Cells(whole, [])
    numbers = text.cast(pl.Float64, strict=False)
    rounded = numbers.cast(pl.Int64, strict=False)
    good = (rounded.cast(pl.Float64) == numbers).fill_null(value=False)
    odd = (left & numbers.is_not_null() & ~numbers.is_finite()).fill_null(value=False)
    faults = how.fault(
        left & ~good & ~odd,
        "wrong_type",
        "holds something that is no whole number; write digits only, as in 1234.",
    ) + how.fault(odd, "not_a_number", "holds NaN or infinity; leave the cell empty where unknown.")
    return Cells(rounded.set(~good, None).zip_with(left, whole), faults)


def to_boolean(cells: pl.Series, how: Reading) -> Cells:
    """True for true, yes, 1; false for false, no, 0."""
    if cells.dtype == pl.Boolean:
        return Cells(cells, [])
    text = to_text(cells).str.to_lowercase()
    yes, no = text.is_in(["true", "yes", "1"]), text.is_in(["false", "no", "0"])
    wrong = text.is_not_null() & ~yes & ~no
    return Cells(
        yes.set(wrong.fill_null(value=False), None),
        how.fault(wrong, "wrong_type", "holds neither true nor false."),
    )


def to_time(cells: pl.Series, how: Reading, formats: str | list[str] = "iso") -> Cells:
    """Instants in UTC, to the millisecond.

    Several formats: each cell must have one meaning under all that fit it. A local time that
    the clocks pass twice is taken as the earlier; one they skip is refused.
    """
    if cells.dtype.is_temporal():
        return _typed(cells, how)
    text = to_text(cells)
    found = pl.Series(text.name, [None] * len(text), UTC_MS)
    two_ways = pl.repeat(value=False, n=len(text), eager=True)
    zoneless = two_ways
    for one in [formats] if isinstance(formats, str) else formats:
        zoned, local = _parse(text, one)
        if how.timezone:
            zoned = zoned.zip_with(zoned.is_not_null(), _localise(local, how.timezone))
        else:
            zoneless = zoneless | local.is_not_null()
        two_ways = two_ways | (found.is_not_null() & zoned.is_not_null() & (found != zoned))
        found = found.zip_with(found.is_not_null(), zoned)
    zoneless = zoneless & found.is_null()
    year = found.dt.year()
    odd = ((year < _YEARS[0]) | (year > _YEARS[1])).fill_null(value=False)
    two_ways = two_ways.fill_null(value=False)
    wrong = (text.is_not_null() & found.is_null() & ~zoneless) | odd
    faults = (
        _no_zone(zoneless, how)
        + how.fault(
            two_ways,
            "bad_time",
            "can be read as two different days under the formats of the map; leave one format "
            "in the map, or write the date as 2018-06-30.",
        )
        + how.fault(
            wrong & ~two_ways,
            "bad_time",
            "is no time in the form that the map expects (ISO 8601 if it says nothing, as in "
            "2018-06-30T08:15:00Z), or does not exist; say the form in the map: "
            'format = "%d/%m/%Y".',
        )
    )
    return Cells(found.set(wrong | two_ways, None), faults)


def _no_zone(zoneless: pl.Series, how: Reading) -> list[Fault]:
    return how.fault(
        zoneless,
        "no_time_zone",
        'has a time without a zone; say the zone in the map: timezone = "Europe/Brussels".',
    )


def _typed(cells: pl.Series, how: Reading) -> Cells:
    """Times out of parquet or xlsx: instants as they are, days and local times in the zone."""
    if isinstance(cells.dtype, pl.Datetime) and cells.dtype.time_zone:
        return Cells(cells.dt.convert_time_zone("UTC").dt.cast_time_unit("ms"), [])
    if cells.dtype not in (pl.Date, pl.Datetime):
        wrong = how.fault(cells.is_not_null(), "bad_time", "is no date and time.")
        return Cells(pl.Series(cells.name, [None] * len(cells), UTC_MS), wrong)
    local = cells.cast(pl.Datetime("ms"))
    if not how.timezone:
        empty = pl.Series(cells.name, [None] * len(cells), UTC_MS)
        return Cells(empty, _no_zone(local.is_not_null(), how))
    found = _localise(local, how.timezone)
    skipped = local.is_not_null() & found.is_null()
    return Cells(
        found, how.fault(skipped, "bad_time", "does not exist: the clocks skipped that hour.")
    )


def _parse(text: pl.Series, form: str) -> tuple[pl.Series, pl.Series]:
    """What the texts mean: as instants, and as times without a zone."""
    if form in _EPOCHS:
        number = text.cast(pl.Float64, strict=False) * _EPOCHS[form]
        instants = number.round(0).cast(pl.Int64, strict=False).cast(UTC_MS)
        return instants, pl.Series(text.name, [None] * len(text), pl.Datetime("ms"))
    if form == "iso":
        text = text.str.replace(r"^(\d{4}-\d{2}-\d{2}) +(\d)", "${1}T${2}")
        text = text.str.replace(r"^(\d{4}-\d{2})$", "${1}-01")
        return _first(text, _ZONED), _first(text, _LOCAL)
    if "%d" not in form and "%j" not in form and "%e" not in form and "%D" not in form:
        text, form = text + " 01", form + " %d"
    if "%z" in form or "%#z" in form or "%:z" in form:
        nothing = pl.Series(text.name, [None] * len(text), pl.Datetime("ms"))
        return _first(text, (form,), zoned=True), nothing
    return pl.Series(text.name, [None] * len(text), UTC_MS), _first(text, (form,))


def _first(text: pl.Series, forms: tuple[str, ...], *, zoned: bool | None = None) -> pl.Series:
    with_zone = forms is _ZONED if zoned is None else zoned
    kind = UTC_MS if with_zone else pl.Datetime("ms")
    found = pl.Series(text.name, [None] * len(text), kind)
    for form in forms:
        rest = found.is_null() & text.is_not_null()
        if not rest.any():
            break
        parsed = text.str.to_datetime(form, time_unit="ms", strict=False)
        found = found.zip_with(found.is_not_null(), parsed.cast(kind))
    return found


def _localise(local: pl.Series, timezone: str) -> pl.Series:
    placed = local.dt.replace_time_zone(timezone, ambiguous="earliest", non_existent="null")
    return placed.dt.convert_time_zone("UTC")


def _digits(cells: pl.Series, how: Reading) -> pl.Series:
    if cells.dtype != pl.String:
        return cells
    text = to_text(cells)
    return text.str.replace(",", ".", literal=True) if how.decimal == "," else text
