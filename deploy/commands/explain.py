"""``headwind explain``."""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any

import typer
from rich.panel import Panel
from rich.table import Table

from deploy import show
from deploy.explanation import explain
from deploy.options import (
    STORE,
    Format,
    FormatOption,
    Service,
    Store,
    Stratum,
    Unit,
    cell_of,
    moment,
)
from models.store import open_store
from streams.catalogue import catalogue


def command(
    indicator: Annotated[str, typer.Argument(help="An id of the catalogue: within_standard …")],
    agency: Annotated[str, typer.Option(help="The agency, or group:NAME.")],
    at: Annotated[str, typer.Option(help="A day or moment inside the window, ISO 8601.")],
    store: Store = STORE,
    unit: Unit = None,
    service: Service = None,
    stratum: Stratum = None,
    form: FormatOption = Format.table,
) -> None:
    """Say why a number is what it is, or why it is empty.

    Received, used, left out and why, the last event of each source, the formula, and the
    hop at which an event stopped.
    """
    known = catalogue()
    if indicator not in known:
        message = f"{indicator!r} is not in the catalogue: {', '.join(known)}."
        raise typer.BadParameter(message, param_hint="INDICATOR")
    when = moment(at, "--at")
    cell = cell_of(unit, service, stratum)
    with open_store(store).connect() as connection:
        story = explain(connection, known[indicator], agency, cell, when or 0)
    if form is Format.json:
        sys.stdout.write(json.dumps(story, ensure_ascii=False, indent=1) + "\n")
    else:
        _print(story)
    if story["value"] is None:
        raise typer.Exit(1)


def _print(story: dict[str, Any]) -> None:
    show.out.print(Panel(_headline(story), title=f"{story['title']} · {story['agency']}"))
    facts = Table(show_header=False, box=None, pad_edge=False)
    facts.add_column(style="bold")
    facts.add_column()
    excluded = ", ".join(f"{word} {count:,}" for word, count in story["excluded"].items())
    refused = ", ".join(f"{word} {count:,}" for word, count in story["refused"].items())
    further = ", ".join(f"{word} {show.text(x)}" for word, x in story["further"].items())
    for name, text in (
        ("says", story["says"]),
        ("formula", story["formula"]),
        ("after", story["source"]),
        ("mind", story["pitfalls"]),
        ("received", f"{story['received']:,} in this window"),
        ("used", f"{story['used']:,}"),
        ("left out", excluded or "none"),
        ("refused", refused or "none"),
        ("further", further),
    ):
        if text:
            facts.add_row(name, text)
    show.out.print(facts)
    sources = Table(header_style="bold", box=None, pad_edge=False, title_justify="left")
    for name in ("source", "type", "accepted", "repeats", "last event", "silent"):
        sources.add_column(name, justify="right" if name in ("accepted", "repeats") else "left")
    for one in story["sources"]:
        sources.add_row(
            one["source"],
            one["type"],
            f"{one['accepted']:,}",
            f"{one['repeats']:,}",
            show.text(one["last_event"]),
            "yes" if one["silent"] else "no",
        )
    show.out.print()
    show.out.print(sources)
    show.out.print(f"\n[bold]hop[/bold]  {story['hop']}")


def _headline(story: dict[str, Any]) -> str:
    value = story["value"]
    if value is None:
        return f"No value at {story['at']}"
    number = f"{show.text(value['value'])} {value['unit_of_measure']}"
    if value["low"] is not None or value["high"] is not None:
        number += f"  ({show.text(value['low'])} to {show.text(value['high'])})"
    return (
        f"[bold]{number}[/bold]  n {show.text(value['n'])}  {value['status']}\n"
        f"{value['window_start']} to {value['window_end']}, coverage {value['coverage']:.0%}, "
        f"revision {value['revision']}, definition {value['catalogue_version']}"
    )
