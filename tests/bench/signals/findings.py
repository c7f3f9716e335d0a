"""What is known of the real records beside what the product says of them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from tests.bench.signals.asked import Said, everything, series_years
from tests.bench.signals.facts import Fact, RealSet, sets
from tests.integration.records import Records, figure, load_into

STORES = 2
"""Loaded at a time."""


class Line(NamedTuple):
    """One fact, and what became of it."""

    fact: Fact
    holds: bool = False
    found: str = ""
    """When it was found, in how many series; or the figure."""

    @property
    def verdict(self) -> str:
        """One word or two."""
        if self.fact.kind == "silent":
            return "silent" if self.holds else "FALSE ALERT"
        return "found" if self.holds else "missed"


class SetReport(NamedTuple):
    """One set: its lines, and how often it is told of nothing."""

    about: RealSet
    lines: list[Line]
    series: int = 0
    years: float = 0.0
    unexplained: Sequence[Said] = ()

    @property
    def rate(self) -> float:
        """Alerts that no fact explains, per series and year."""
        return len(self.unexplained) / self.years if self.years else 0.0

    @property
    def broken(self) -> list[str]:
        """What no longer holds although it did."""
        lost = [line.fact.says for line in self.lines if line.fact.reached and not line.holds]
        if self.rate > self.about.false_alerts:
            lost.append(f"false alerts {self.rate:.3f}, allowed {self.about.false_alerts}")
        return [f"{self.about.name}: {one}" for one in lost]


class Report(NamedTuple):
    """All sets."""

    sets: list[SetReport]

    @property
    def broken(self) -> list[str]:
        """What no longer holds although it did."""
        return [one for each in self.sets for one in each.broken]


def report(data: Path, only: str = "") -> Report:
    """Load every set into a store that goes away again, and compare."""
    wanted = [one for one in sets().values() if only in ("", one.name)]
    if not wanted:
        sys.exit(f"no set {only!r}; there are: {', '.join(sets())}")
    with TemporaryDirectory() as folder, ThreadPoolExecutor(STORES) as pool:

        def one(about: RealSet) -> SetReport:
            if about.absent:
                return SetReport(about, [Line(fact) for fact in about.facts])
            return compare(loaded(data, Path(folder), about), about)

        return Report(list(pool.map(one, wanted)))


def loaded(data: Path, folder: Path, about: RealSet) -> Records:
    """The store of a set, filled by ``headwind load``."""
    file = next(data.glob(f"*/{about.name}.csv.gz"))
    store = folder / f"{about.name}.db"
    done = load_into(store, file, about.map or about.name, about.agency)
    assert done.returncode == 0, done.stderr
    return Records(about.name, file, store, about.agency, about.zone, done.stderr)


def compare(records: Records, about: RealSet) -> SetReport:
    """Every fact of a set beside its store."""
    said = everything(records)
    lines = [line(fact, said, records) for fact in about.facts]
    series, years = series_years(records)
    return SetReport(about, lines, series, years, unexplained(about, said))


def unexplained(about: RealSet, said: Iterable[Said]) -> list[Said]:
    """The alerts that are about nothing which is known of the set."""
    alerts = [one for one in said if one.kind in ("alert", "gap")]
    listed = [fact for fact in about.facts if fact.kind not in ("silent", "figure", "none")]
    return [one for one in alerts if not any(explains(fact, one) for fact in listed)]


def line(fact: Fact, said: Iterable[Said], records: Records) -> Line:
    """One fact beside what was said."""
    if fact.kind == "none":
        return Line(fact)
    if fact.kind == "figure":
        value = _figure(fact, records)
        near = value is not None and abs(value - fact.value) <= fact.within
        return Line(fact, near, "none" if value is None else f"{value:.4g}")
    if fact.kind == "silent":
        told = [one for one in said if one.kind in ("alert", "gap") and matches(fact, one)]
        return Line(fact, len(told) <= fact.at_most, f"{len(told)} alerts" if told else "")
    held = [one for one in said if one.kind == fact.kind and matches(fact, one)]
    series = {(one.agency, one.indicator, one.service, one.unit) for one in held}
    many = f", {len(series)} of {fact.of}" if fact.of > 1 else ""
    return Line(fact, len(series) >= fact.at_least, _onsets(held) + many if held else "")


def _onsets(held: Sequence[Said]) -> str:
    first, last = min(one.onset for one in held), max(one.onset for one in held)
    return first if first == last else f"{first} to {last}"


def explains(fact: Fact, one: Said) -> bool:
    """Whether an alert is about what a fact is about, whatever the fact asks of it besides."""
    return _named(fact, one) and _timely(fact, one)


def matches(fact: Fact, one: Said) -> bool:
    """Whether something said is what a fact asks for."""
    deep = fact.depth is None or fact.depth[0] <= one.depth <= fact.depth[1]
    back = fact.recovered is None or fact.recovered[0] <= one.ended <= fact.recovered[1]
    lasting = not fact.still_open or not one.ended
    seen_by = fact.detector in ("", one.detector)
    return deep and back and lasting and seen_by and _named(fact, one) and _timely(fact, one)


def _named(fact: Fact, one: Said) -> bool:
    return all(
        not asked or asked == told
        for asked, told in (
            (fact.indicator, one.indicator),
            (fact.agency, one.agency),
            (fact.service, one.service),
            (fact.unit, one.unit),
            (fact.stratum, one.stratum),
            (fact.direction, one.direction),
        )
    )


def _timely(fact: Fact, one: Said) -> bool:
    if fact.during is not None:
        return one.onset <= fact.during[1] and (one.ended or "9") >= fact.during[0]
    inside = fact.onset[0] <= one.onset <= fact.onset[1]
    in_month = not fact.months or int(one.onset[5:7]) in fact.months
    return inside and in_month and (not fact.days or one.onset in fact.days)


def _figure(fact: Fact, records: Records) -> float | None:
    """The value that stands for the window that ends on the fact's day."""
    values = records.values(
        fact.indicator,
        agency=fact.agency or None,
        service=fact.service,
        unit=fact.unit,
        stratum=fact.stratum,
    )
    held = [
        value for day, value in values.select("end", "value").iter_rows() if str(day) == fact.at
    ]
    return figure(held[0]) if held and held[0] is not None else None
