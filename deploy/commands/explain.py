"""``headwind explain``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from deploy import control, show
from deploy.explanation import Asked, gather, told, watched
from deploy.hop import Hop
from deploy.options import (
    CONFIG,
    STORE,
    Config,
    Format,
    FormatOption,
    Service,
    Store,
    Stratum,
    Unit,
    cell_of,
    moment,
    read_settings,
)
from deploy.reading import called, like, reading
from streams.catalogue import catalogue
from streams.indicator import Indicator


def command(
    indicator: Annotated[str, typer.Argument(help="An id of the catalogue: within_standard …")],
    agency: Annotated[str, typer.Option(help="The agency, or group:NAME.")],
    at: Annotated[
        str, typer.Option(help="A day or moment, ISO 8601, in the agency's own time if unsaid.")
    ],
    store: Store = STORE,
    config: Config = CONFIG,
    unit: Unit = None,
    service: Service = None,
    stratum: Stratum = None,
    form: FormatOption = Format.table,
) -> None:
    """Say why a number is what it is, or why it is empty.

    Received, used, left out and why, the last event of each source, the formula, and the
    hop at which an event stopped. Exit code 1: there is no number.
    """
    settings = read_settings(config)
    when = moment(at, "--at", ZoneInfo(settings.agency(agency).timezone))
    if when is None:
        message = "name a day, for instance 2018-06-30."
        raise typer.BadParameter(message, param_hint="--at")
    if form is Format.csv:
        message = "an explanation is no table: use table or json."
        raise typer.BadParameter(message, param_hint="--format")
    asked = Asked(_named(indicator), agency, cell_of(unit, service, stratum), when)
    with reading(store) as connection:
        known = gather(connection, settings, asked)
        story = told(asked, known, Hop(connection, settings, asked, known).sentence())
        story["control"] = control.told(connection, settings, asked, known.value)
        watched(story, asked, settings, known.value)
    if form is Format.json:
        sys.stdout.write(json.dumps(story, ensure_ascii=False, indent=1) + "\n")
    else:
        _print(story, called(settings, agency))
    if story["value"] is None or story["value"]["value"] is None:
        raise typer.Exit(1)


def _named(indicator: str) -> Indicator:
    known = catalogue()
    if indicator not in known:
        message = f"{indicator!r} is not in the catalogue; {like(indicator, set(known))}"
        raise typer.BadParameter(message, param_hint="INDICATOR")
    return known[indicator]


def _print(story: dict[str, Any], agency: str) -> None:
    show.line(f"{story['title']} · {show.text(agency)}", "bold")
    for words in _headline(story):
        show.line(words)
    show.line("")
    for name, words in _chart(story):
        show.hang(f"{name:<10}", words)
    for name, words in (
        ("says", story["says"]),
        ("formula", story["formula"]),
        ("after", story["source"]),
        ("mind", story["pitfalls"]),
        ("watched", story["watched"]),
        ("detectors", story["detectors"]),
        ("received", f"{story['received']:,} in this window: cases, or counts that were reported"),
        ("used", f"{story['used']:,}"),
        ("left out", _counts(story["excluded"]) or "none"),
        ("refused", _counts(story["refused"]) or "none"),
        ("further", ", ".join(f"{word} {show.text(x)}" for word, x in story["further"].items())),
    ):
        if words:
            show.hang(f"{name:<10}", words)
    show.line("")
    if story["sources"]:
        _sources(story["sources"])
        show.line("")
    show.hang(f"{'hop':<10}", show.text(story["hop"]), "bold")


def _chart(story: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The control chart's two icons in words."""
    told = story["control"]
    if told is None:
        return
    unit = story["value"]["unit_of_measure"]
    now, mean, low, high = (show.figure(told[x], unit) for x in ("value", "mean", "low", "high"))
    base = f"mean {mean}, limits {low} to {high}, from {told['baseline_buckets']} buckets"
    trial = ", on trial until there are 12" if told["trial"] else ""
    since = told["baseline_start"][:10]
    yield "chart", f"last bucket {now}: {told['says']} ({base} since {since}{trial})"
    if told["rebase"]:
        yield "limits", f"long left behind; if that is known and will last: {told['rebase']}"
    if told["assures"]:
        yield "target", f"{show.figure(told['target'], unit)}, {told['assures']}"


def _sources(rows: list[dict[str, Any]]) -> None:
    several = len({row["agency"] for row in rows}) > 1
    columns = [
        *([show.column("agency")] if several else []),
        show.column("source"),
        show.column("type"),
        show.column("accepted", right=True),
        show.column("repeats", rank=3, right=True),
        show.Column("late", lambda row: show.text(row["late"] or None), right=True),
        *show.when("last_event", "last event", rank=4),
        show.Column("silent", lambda row: "yes" if row["silent"] else ""),
    ]
    show.table(rows, columns)


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{word} {count:,}" for word, count in counts.items())


def _headline(story: dict[str, Any]) -> list[str]:
    value = story["value"]
    if value is None:
        return [f"No value at {story['at']}"]
    unit = value["unit_of_measure"]
    number = show.figure(value["value"], unit)
    number = "no number" if not number else number if unit == "share" else f"{number} {unit}"
    if value["low"] is not None or value["high"] is not None:
        bounds = [show.figure(value[name], unit) or "open" for name in ("low", "high")]
        number += f" ({' to '.join(bounds)})"
    counted = "" if value["n"] is None else f", n {value['n']:,}"
    version = f"revision {value['revision']}, definition {value['catalogue_version']}"
    return [
        f"{number}{counted}, {value['status']}",
        f"{value['window_start']} to {value['window_end']}",
        f"{value['coverage']:.0%} covered, {version}",
    ]
