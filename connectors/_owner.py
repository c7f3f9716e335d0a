"""Owner: the agency that a row or an event belongs to."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import polars as pl

from connectors._cells import to_text
from connectors._report import LoadError
from connectors._rows import compute
from models.person import control_character, person_value

if TYPE_CHECKING:
    from connectors._mapping import Mapping

LONGEST = 128


@lru_cache(4096)
def fit(agency: str) -> bool:
    """Whether this may name an agency: it is written into logs, labels and quarantine."""
    named = 1 <= len(agency) <= LONGEST
    return named and not control_character(agency) and not person_value(agency)


def owners(frame: pl.DataFrame, mapping: Mapping, agency: str | None) -> pl.Series:
    """The agency of each row; null where the row says none, or one that cannot be one.

    Raises ``LoadError`` where the map's SQL cannot be computed.
    """
    if not mapping.agency:
        return pl.repeat(agency, len(frame), dtype=pl.String, eager=True)
    named = to_text(compute(frame, mapping.agency, "agency"))
    if len(named) != len(frame):
        named = pl.repeat(named[0], len(frame), dtype=pl.String, eager=True)
    unfit = [one for one in named.drop_nulls().unique().to_list() if not fit(one)]
    return named.set(named.is_in(unfit), None) if unfit else named


def owners_by_row(
    frame: pl.DataFrame, mapping: Mapping, agency: str | None, rows: pl.Series
) -> dict[int, str]:
    """Agencies by row number, of rows that may be wrong; "" where it is not known."""
    try:
        named = owners(frame, mapping, agency).fill_null("")
    except LoadError:
        return {}
    return dict(zip(rows.to_list(), named.to_list(), strict=True))
