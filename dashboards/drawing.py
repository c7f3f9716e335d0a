"""What every kind of panel is drawn with, and what drawing gives back."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import jinja2
import msgspec

from dashboards import words
from dashboards.facts import IndicatorFacts
from dashboards.panel import Scope
from dashboards.series import WEEK_MS
from models.value import LENGTH_MS

Row = Mapping[str, Any]
TEMPLATES = Path(__file__).parent / "templates"


class Figure(msgspec.Struct, frozen=True):
    """A chart inside a panel: a Vega-Lite specification and the rows of its named data."""

    id: str
    spec: dict[str, Any]
    data: dict[str, list[dict[str, Any]]]


class Drawn(msgspec.Struct, frozen=True):
    """A panel as HTML (escaped) and the charts that belong into it."""

    html: str
    figures: list[Figure] = []


class Context(msgspec.Struct, frozen=True):
    """What the reader looks at, and the names of things; ``now`` is only for ages."""

    scope: Scope
    facts: dict[str, IndicatorFacts]
    titles: dict[str, str]
    agencies: list[str]
    clock: words.Clock
    complete: dict[str, int]
    now: int
    targets: Mapping[str, float] = {}

    def agency(self, agency: str) -> str:
        """What an agency or a group is called; its id when it has no title."""
        return self.titles.get(agency) or agency

    def indicator(self, indicator: str) -> str:
        """What an indicator is called; its id when the catalogue lacks it."""
        return self.facts[indicator].title if indicator in self.facts else indicator

    def unit(self, indicator: str) -> str:
        """The unit of an indicator's values; "" when the catalogue lacks it."""
        return self.facts[indicator].unit if indicator in self.facts else ""

    def note(self, row: Row, rows: Sequence[Row]) -> str:
        """What is to be said beside the value of a series: its age, its status, or that it is stale.

        It has its age where newer ones are empty. It is stale where its agency's data has been
        complete for long without a new one: what feeds it has gone silent.
        """
        if row is not rows[-1]:
            return words.age(self.now - row["window_end"])
        complete = min(self.complete.get(row["agency"], 0), self.scope.until)
        behind = complete - row["window_end"] - LENGTH_MS[row["rhythm"]]
        return words.STATUSES[row["status"]] or ("stale" if behind > WEEK_MS else "")

    def agency_link(self, agency: str) -> str:
        """Where the agency's board is, the chosen time kept."""
        return f"/agency/{quote(agency, safe='')}"

    def indicator_link(self, indicator: str) -> str:
        """Where the indicator's board is, the chosen group kept."""
        return f"/indicator/{quote(indicator, safe='')}{query(group=self.scope.group)}"

    def why_link(self) -> str:
        """Where it says why a number is what it is, or is empty, for what is looked at."""
        return f"/provenance{query(agency=self.scope.agency, indicator=self.scope.indicator)}"


def query(**fields: str) -> str:
    """A query string of the fields that are not empty, with its question mark."""
    filled = {name: field for name, field in fields.items() if field}
    return f"?{urlencode(filled)}" if filled else ""


@functools.cache
def environment() -> jinja2.Environment:
    """The templates; everything put into them is escaped."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(
        measure=words.measure,
        written=words.number,
        interval=words.interval,
        count=words.count,
        age=words.age,
        sentence_of=words.sentence_of,
        unit_word=words.unit_word,
    )
    return made


def render(template: str, **fields: Any) -> str:
    """A template filled in, everything escaped."""
    return environment().get_template(template).render(**fields)


def by_pillar(facts: Sequence[IndicatorFacts]) -> list[IndicatorFacts]:
    """Indicators with those of one pillar together, in the order pillars first appear."""
    order = list(dict.fromkeys(fact.pillar for fact in facts))
    return sorted(facts, key=lambda fact: order.index(fact.pillar))
