"""``headwind rebase``."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, Any, NamedTuple
from uuid import uuid4
from zoneinfo import ZoneInfo

import msgspec
import sqlalchemy
import typer
from sqlalchemy import select

from connectors._publish import Batch, EmbeddedPublisher
from deploy import control, show
from deploy.lock import engine_lock
from deploy.options import CONFIG, STORE, Config, Store, iso, moment, read_settings
from deploy.reading import agencies, like
from models.chart import BASELINE, Begin, variation_words
from models.check import check
from models.events.context import BaselineRebased
from models.problem import Refusal
from models.settings import Settings
from models.store import explained, open_store
from models.tables import value
from models.value import Cell
from streams.catalogue import allowed, catalogue
from streams.engine import Changes
from streams.indicator import Indicator
from streams.runner import Runner
from streams.series import KEPT

SOURCE = "headwind rebase"
DAY_MS = 86_400_000

Row = dict[str, Any]


class Wish(NamedTuple):
    """Which series is to begin where; ``cell`` is empty where all are meant."""

    indicator: Indicator
    agency: str
    cell: Cell
    at: int
    why: str


def command(
    indicator: Annotated[str, typer.Argument(help="An id of the catalogue: within_standard …")],
    agency: Annotated[str, typer.Option(help="Whose series.")],
    begin: Annotated[
        str,
        typer.Option("--from", help="The day it begins, ISO 8601, in the agency's time if unsaid."),
    ],
    why: Annotated[str, typer.Option(help="What changed for good; nothing about a person.")],
    service: Annotated[str, typer.Option(help="Only this service.")] = "",
    unit: Annotated[str, typer.Option(help="Only this unit.")] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show limits before and after; change nothing.")
    ] = False,
    store: Store = STORE,
    config: Config = CONFIG,
) -> None:
    """Begin a new baseline: limits, and what is expected, are learned from this day on.

    Only a human says so, and only of a change that is known and will last. It is written to the
    log, so that a replay gives the same; what was decided before stays decided.
    """
    settings = read_settings(config)
    database = open_store(store, make=False)
    try:
        with explained(store), database.connect() as connection:
            known = agencies(connection, settings)
            if agency not in known:
                message = f"{agency!r} is not known here; {like(agency, known)}"
                raise typer.BadParameter(message, param_hint="--agency")
            at = moment(begin, "--from", ZoneInfo(settings.agency(agency).timezone)) or 0
            wish = Wish(_named(indicator), agency, Cell(unit, service), at, why.strip())
            line = _line(wish)
            rows = list(_rows(connection, settings, wish))
        _kept(wish, rows)
        _enough(wish, rows)
        _print(wish, rows)
        if dry_run:
            show.err.print("Nothing was written: without --dry-run the baseline begins there.")
        else:
            _write(database, settings, wish, line)
    finally:
        database.dispose()


def _named(indicator: str) -> Indicator:
    known = catalogue()
    if indicator not in known:
        message = f"{indicator!r} is not in the catalogue; {like(indicator, set(known))}"
        raise typer.BadParameter(message, param_hint="INDICATOR")
    if not known[indicator].by_bucket:
        watched = ", ".join(sorted(name for name, one in known.items() if one.by_bucket))
        message = (
            f"Of a single bucket of {indicator!r} nothing is expected, so it has no baseline; these "
            f"have: {watched}."
        )
        raise typer.BadParameter(message, param_hint="INDICATOR")
    return known[indicator]


def _line(wish: Wish) -> bytes:
    """The event, checked as the door checks it."""
    now = _now()
    if wish.at > now:
        message = f"{iso(wish.at)} lies in the future; a baseline is made of what was measured."
        raise typer.BadParameter(message, param_hint="--from")
    data = {"indicator": wish.indicator.id, "service": wish.cell.service, "unit": wish.cell.unit}
    event = {
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": SOURCE,
        "type": BaselineRebased.TYPE,
        "time": datetime.fromtimestamp(wish.at / 1000, UTC).isoformat(),
        "data": {name: text for name, text in data.items() if text} | {"why": wish.why},
    }
    line = msgspec.json.encode(event)
    checked = check([line], agency=wish.agency, families=None, received=now)
    for refusal in checked.refused:
        problem = refusal.problems[0]
        option = f"--{problem.pointer.rpartition('/')[2]}"
        raise typer.BadParameter(problem.message, param_hint=option)
    return line


def _rows(connection: sqlalchemy.Connection, settings: Settings, wish: Wish) -> Iterator[Row]:
    """One row a series: its limits before and after, and how many buckets have come since."""
    indicator, agency = wish.indicator, wish.agency
    target = settings.targets.get(indicator.id)
    for cell in _cells(connection, wish):
        old = control.begins(connection, indicator, agency, cell)
        for rhythm, mine in control.readings(connection, indicator, agency, cell).items():
            since = [one for one in mine if one.start >= wish.at]
            before = indicator.control(mine, old, target)
            after = indicator.control(mine, [*old, Begin(wish.at)], target)
            yield {
                "service": cell.service,
                "unit": cell.unit,
                "stratum": "",
                "rhythm": rhythm,
                "begun": mine[0].start,
                "first": iso(since[0].start) if since else None,
                "since": len(since),
                "before": before,
                "after": after,
            }


def _cells(connection: sqlalchemy.Connection, wish: Wish) -> list[Cell]:
    """The cells that are meant; a name that nobody has heard of is refused."""
    c = value.c
    mine = (c.indicator == wish.indicator.id, c.agency == wish.agency, c.stratum == "")
    known = select(c.unit, c.service).where(*mine).distinct().order_by(c.unit, c.service)
    cells = [Cell(unit, service) for unit, service in connection.execute(known)]
    if not cells:
        message = f"{wish.agency} has no value of {wish.indicator.id} yet."
        raise typer.BadParameter(message, param_hint="INDICATOR")
    for option, wanted in (("service", wish.cell.service), ("unit", wish.cell.unit)):
        names = {getattr(cell, option) for cell in cells} - {""}
        if wanted and wanted not in names:
            message = f"{wanted!r} is not known here; {like(wanted, names)}"
            raise typer.BadParameter(message, param_hint=f"--{option}")
        if wanted:
            cells = [cell for cell in cells if getattr(cell, option) == wanted]
    return cells


def _kept(wish: Wish, rows: list[Row]) -> None:
    """A series remembers so many buckets, and nothing from before it began."""
    begun = min((row["begun"] for row in rows), default=wish.at)
    if wish.at < begun:
        message = f"nothing was measured before {iso(begun)}. Name a later day."
        raise typer.BadParameter(message, param_hint="--from")
    for row in rows:
        rhythm = row["rhythm"]
        if row["since"] > KEPT[rhythm]:
            message = (
                f"{row['since']} {rhythm}s have come since {iso(wish.at)}, and a series remembers "
                f"{KEPT[rhythm]}. Name a later day."
            )
            raise typer.BadParameter(message, param_hint="--from")


def _enough(wish: Wish, rows: list[Row]) -> None:
    """A baseline that is not whole would judge nothing for a long time."""
    most = max((row["since"] for row in rows), default=0)
    if most < BASELINE:
        message = (
            f"only {most} buckets with enough cases have come since {iso(wish.at)}, and a baseline "
            f"takes {BASELINE}. Wait for them or name an earlier day; where something else is "
            "counted now, send a definition.changed event: it holds at once."
        )
        raise typer.BadParameter(message, param_hint="--from")


def _print(wish: Wish, rows: list[Row]) -> None:
    unit = wish.indicator.unit
    columns = [
        show.Column("part", lambda row: show.part(row) or "all of it"),
        show.column("rhythm"),
        *show.when("first", "first bucket", rank=3),
        show.column("since", "buckets since", right=True),
    ]
    if wish.indicator.charted:
        columns += [
            show.Column("limits before", lambda row: _limits(row["before"], unit), right=True),
            show.Column("limits after", lambda row: _limits(row["after"], unit), right=True),
            show.Column("last before", lambda row: _last(row["before"]), rank=2),
            show.Column("last after", lambda row: _last(row["after"]), rank=1),
        ]
    show.table(rows, columns)
    if not wish.indicator.charted:
        usual = "what is usual is learned anew from the next bucket on"
        if wish.indicator.foreseen:
            usual = "what is expected is learned from that day on"
        show.err.print(f"{wish.indicator.title} has no control chart: {usual}.", soft_wrap=True)


def _limits(chart: Any, unit: str) -> str:
    if chart is None or chart.now is None:
        return "none"
    now = chart.now
    words = f"{show.figure(now.low, unit)} to {show.figure(now.high, unit)}"
    return f"{words}, on trial" if now.trial else words


def _last(chart: Any) -> str:
    return "" if chart is None or chart.now is None else variation_words(chart.dots[-1])


def _write(database: sqlalchemy.Engine, settings: Settings, wish: Wish, line: bytes) -> None:
    """Write it to the log; evaluate it unless a running monitor does."""
    batch = Batch(agency=wish.agency, received=_now(), lines=[line], origin=SOURCE)
    refused: list[Refusal] = []
    with _evaluating(database, settings, refused) as runner:
        EmbeddedPublisher(database).publish([batch])
        if runner is not None:
            runner.drain()
    if refused:
        raise typer.BadParameter(refused[0].problems[0].message, param_hint="--from")
    show.err.print(
        f"The baseline of {wish.indicator.title} begins at {iso(wish.at)}. An alert that stands "
        "closes with the next bucket.",
        markup=False,
        soft_wrap=True,
    )
    if runner is None:
        show.err.print("A running headwind holds the store; it takes it from the log.")


@contextmanager
def _evaluating(
    database: sqlalchemy.Engine, settings: Settings, refused: list[Refusal]
) -> Iterator[Runner | None]:
    """A runner that has taken all there is; None where another process evaluates the store."""

    def hear(changes: Changes, _seconds: float) -> None:
        refused.extend(refusal for _, _, refusal in changes.refused)

    with engine_lock(database) as mine:
        if not mine:
            yield None
            return
        runner = Runner(database, settings, allowed(settings.privacy))
        runner.start()
        runner.drain()
        runner.on_commit.append(hear)
        yield runner
        runner.close()


def _now() -> int:
    return time.time_ns() // 1_000_000
