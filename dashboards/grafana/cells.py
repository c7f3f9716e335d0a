"""Columns of a table as SQL: what the page writes in words, Grafana gets as a column each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from sqlalchemy import ColumnElement, Numeric, Subquery, case, cast, func, literal

from dashboards.facts import IndicatorFacts
from dashboards.grafana.asked import timestamp
from dashboards.words import SEVERITIES, SHARES, unit_word

Column = Callable[[Subquery, "Cells"], ColumnElement[Any]]

TIMES: Final = frozenset(
    {
        *("opened", "closed", "updated", "onset", "trough", "absorbed", "adapted", "recovered"),
        *("first_time", "last_time", "last_received", "received", "window_end", "bucket_end"),
        *("created", "delivered", "next_attempt", "recorded", "seen", "start", "end"),
        *("behind_since", "revised", "complete"),
    }
)
"""Columns that are moments, in ms."""


class Cells:
    """Columns by the names that the page has for them."""

    def __init__(self, facts: Iterable[IndicatorFacts]) -> None:
        self.facts = list(facts)

    def of(self, rows: Subquery, name: str) -> ColumnElement[Any]:
        """The expression of one column of a question's rows."""
        if name in _WRITTEN:
            return _WRITTEN[name](rows, self)
        column: ColumnElement[Any] = rows.c[name]
        return timestamp(column) if name in TIMES else column

    def title(self, indicator: ColumnElement[Any]) -> ColumnElement[Any]:
        """What people call an indicator; "all indicators" for none."""
        known = [(indicator == fact.id, literal(fact.title)) for fact in self.facts]
        return case((indicator == "", literal("all indicators")), *known, else_=indicator)

    def measure(
        self, number: ColumnElement[Any], indicator: ColumnElement[Any]
    ) -> ColumnElement[Any]:
        """A value with its unit, in words; none stays none."""
        shares = [fact.id for fact in self.facts if fact.unit in SHARES]
        share = func.concat(func.round(cast(number * 100, Numeric), 1), " %")
        others = [
            (
                indicator.in_([fact.id for fact in self.facts if fact.unit == unit]),
                func.concat(func.round(cast(number, Numeric), 2), f" {unit_word(unit)}"),
            )
            for unit in sorted({fact.unit for fact in self.facts} - SHARES)
        ]
        return case(
            (number.is_(None), literal(None)),
            (indicator.in_(shares), share),
            *others,
            else_=func.concat(number),
        )


def parts(rows: Subquery) -> list[ColumnElement[Any]]:
    """Unit, service and stratum of a row, none where it is of the whole."""
    return [func.nullif(rows.c[name], "") for name in ("unit", "service", "stratum")]


def _where(rows: Subquery, _: Cells) -> ColumnElement[Any]:
    return func.concat_ws(" · ", rows.c.agency, *parts(rows))


def _severity(rows: Subquery, _: Cells) -> ColumnElement[Any]:
    words = [(rows.c.severity == name, literal(word)) for name, word in SEVERITIES.items()]
    silent = (rows.c.alertname == "SourceStale", literal("silent"))
    return case(silent, *words, else_=rows.c.severity)


def _story(rows: Subquery, cells: Cells) -> ColumnElement[Any]:
    title = cells.title(rows.c.indicator)
    about = func.concat_ws(" · ", rows.c.agency, title, *parts(rows))
    return func.concat(rows.c.reason, " (", about, ")")


def _direction(rows: Subquery, cells: Cells) -> ColumnElement[Any]:
    judged = {
        way: [fact.id for fact in cells.facts if fact.direction == way] for way in ("up", "down")
    }
    better = case(
        *(
            (
                rows.c.indicator.in_(members),
                case((rows.c.direction == way, ": better"), else_=": worse"),
            )
            for way, members in judged.items()
            if members
        ),
        else_="",
    )
    way = case((rows.c.direction == "up", "▲ higher"), else_="▼ lower")
    return func.concat(way, " than expected", better)


def _stale(rows: Subquery, _: Cells) -> ColumnElement[Any]:
    return func.concat(rows.c.source, case((rows.c.stale == 1, " (silent)"), else_=""))


def _sender(rows: Subquery, cells: Cells) -> ColumnElement[Any]:
    """A source, with its agency where there are several: on the board of a group."""
    several = func.min(rows.c.agency).over() != func.max(rows.c.agency).over()
    whose = case((several, func.concat(rows.c.agency, " · ")), else_="")
    return func.concat(whose, _stale(rows, cells))


def _number(name: str) -> Column:
    return lambda rows, cells: cells.measure(rows.c[name], rows.c.indicator)


_WRITTEN: Final[dict[str, Column]] = {
    "where": _where,
    "severity": _severity,
    "story": _story,
    "direction": _direction,
    "source": _stale,
    "sender": _sender,
    "indicator": lambda rows, cells: cells.title(rows.c.indicator),
    "value": _number("value"),
    "expected": _number("expected"),
    "detector": lambda rows, _: func.replace(rows.c.detector, "_", " "),
}
"""Columns that are no column of the question, or are written otherwise."""
