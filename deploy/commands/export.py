"""``headwind export``."""

from __future__ import annotations

import time
from contextlib import nullcontext
from functools import partial
from itertools import chain
from typing import Annotated, NamedTuple, NoReturn

import sqlalchemy
import typer
from rich.progress import Progress

from dashboards.screen import latest_time
from deploy import sent, show
from deploy.gauge_history import Asked, families
from deploy.openmetrics import tally, written
from deploy.options import CONFIG, STORE, Config, Store, moment, read_settings
from deploy.outfile import STDOUT, WriteError, writing
from deploy.reading import agencies, like, reading
from models.duration import DAY_MS, duration_ms
from models.settings import Settings
from models.value import GROUP

STEP = "PT1H"
"""How often a value that holds is said again, unless it is said otherwise."""

SHORTEST_S, LONGEST_S = 15, DAY_MS // 1000
"""A scrape's usual step, and the longest that a day has a sample of."""

FOREVER = 2**53
"""Later than anything, in ms."""


def command(
    openmetrics: Annotated[
        str,
        typer.Option(metavar="FILE", help="Write the history of the gauges here; - is stdout."),
    ] = "",
    out: Annotated[
        str,
        typer.Option(
            metavar="FILE", help="Write all that --agency sent here, as JSON lines; - is stdout."
        ),
    ] = "",
    agency: Annotated[str, typer.Option(help="Only of this agency.")] = "",
    since: Annotated[
        str, typer.Option(help="From this day or moment on, ISO 8601, UTC if unsaid.")
    ] = "",
    until: Annotated[
        str,
        typer.Option(help="Up to, without, this day or moment; unsaid: as far as the data goes."),
    ] = "",
    step: Annotated[
        str, typer.Option(help=f"How often a gauge that holds is said again; unsaid: {STEP}.")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how much it is.")] = False,
    store: Store = STORE,
    config: Config = CONFIG,
) -> None:
    """Write the history of the gauges for a Prometheus, or all that an agency sent.

    --openmetrics FILE: what /metrics would have said of indicators, alerts and agencies since
    their first event, as things stand restated now. Make blocks of it, put them into the data
    folder of a Prometheus, and let that keep as many years (--storage.tsdb.retention.time=5y):

    promtool tsdb create-blocks-from openmetrics --max-block-duration=8760h FILE FOLDER

    A Prometheus shows a sample for five minutes, so what holds is said again at every whole
    step. What asks at multiples of the step sees all of it: with PT1H the boards over two months
    and more, in zones that are whole hours from UTC. For shorter ones start Prometheus with
    --query.lookback-delta=1h, or ask last_over_time(…[1h]), or take a shorter step: PT15M is
    four times as much. See with --dry-run how much it is; --since and --agency make it less.

    --agency NAME --out FILE: its events, a line each, as they were sent and in the order of
    receipt (headwind load reads them), and behind them what was refused, a line {"refused": …}
    each, with every reason, and the payload where one was kept.

    A file whose name ends in .gz or .zst is compressed, for promtool it must not be. The file is
    there once all of it is written.
    """
    settings = read_settings(config)
    _check(openmetrics, out, agency, step)
    start, end = moment(since, "--since") or 0, moment(until, "--until")
    if end is not None and start >= end:
        message = "it must be later than --since."
        raise typer.BadParameter(message, param_hint="--until")
    try:
        with reading(store) as connection:
            if openmetrics:
                asked = Asked(start, _end(connection, end), agency)
                target = Target(openmetrics, dry_run)
                _gauges(connection, settings, asked, _seconds(step), target)
            else:
                whose = sent.Asked(agency, start, FOREVER if end is None else end)
                _sent(connection, settings, whose, Target(out, dry_run))
    except WriteError as error:
        _say(str(error))
        raise typer.Exit(1) from None


class Target(NamedTuple):
    """What is written to, unless it is only asked how much that would be."""

    name: str
    dry_run: bool


def _check(openmetrics: str, out: str, agency: str, step: str) -> None:
    """Refuse what does not go together."""
    if bool(openmetrics) == bool(out):
        message = (
            "say what to write: --openmetrics FILE for the history of the gauges, or "
            "--agency NAME --out FILE for what an agency sent."
        )
        raise typer.BadParameter(message)
    if out and not agency:
        message = "say whose events: --agency NAME."
        raise typer.BadParameter(message, param_hint="--out")
    if out and agency.startswith(GROUP):
        message = f"{agency} is a group, which sends nothing; name one of its agencies."
        raise typer.BadParameter(message, param_hint="--agency")
    if out and step:
        message = "events are written once each; it is for --openmetrics."
        raise typer.BadParameter(message, param_hint="--step")


def _seconds(step: str) -> int:
    try:
        seconds, rest = divmod(duration_ms(step or STEP), 1000)
    except ValueError as error:
        message = f"{error}."
        raise typer.BadParameter(message, param_hint="--step") from None
    if rest or not SHORTEST_S <= seconds <= LONGEST_S or LONGEST_S % seconds:
        message = f'"{step}" must go into a day without a rest: PT5M, PT15M, PT1H, P1D …'
        raise typer.BadParameter(message, param_hint="--step")
    return seconds


def _end(connection: sqlalchemy.Connection, said: int | None) -> int:
    """Where the gauges end, ms: as far as the data goes, and never in the future.

    A Prometheus that is given samples of the future drops what it scrapes until then.
    """
    now = time.time_ns() // 1_000_000
    if said is None:
        # With the newest moment itself: the last values may have been decided by it.
        return min((latest_time(connection) or 0) + 1000, now)
    if said > now:
        message = "it lies in the future."
        raise typer.BadParameter(message, param_hint="--until")
    return said


def _gauges(
    connection: sqlalchemy.Connection, settings: Settings, asked: Asked, step: int, target: Target
) -> None:
    """Write what the gauges would have said."""
    history = partial(families, connection, asked, lambda name: settings.agency(name).group)
    found = tally(history(), step)
    if not found.samples:
        _nothing(connection, settings, asked.agency, "There is no value and no alert to write.")
    told = f"{found.series:,} series, {found.samples:,} samples, {found.size:,} bytes"
    if not target.dry_run:
        with _bar() as bar, writing(target.name) as write:
            task = bar.add_task("Writing samples", total=found.samples)
            for piece in written(history(), step):
                write(piece.data)
                bar.advance(task, piece.samples)
    _tell(told, target)


def _sent(
    connection: sqlalchemy.Connection, settings: Settings, asked: sent.Asked, target: Target
) -> None:
    """Write what an agency sent, and what was refused of it."""
    kafka = settings.kafka
    events = sent.from_kafka(kafka, asked) if kafka.servers else sent.from_store(connection, asked)
    refusals = sent.refusals(connection, asked)
    if events.warning:
        _say(events.warning)
    sums = [0, 0, 0]
    out = nullcontext(_unwritten) if target.dry_run else writing(target.name)
    with _bar() as bar, out as write:
        task = bar.add_task("Reading what was sent", total=events.total + refusals.total)
        for part in chain(events.parts, refusals.parts):
            write(part.lines)
            bar.advance(task, part.done)
            for at, more in enumerate((part.events, part.refused, len(part.lines))):
                sums[at] += more
        if not sums[2]:
            nothing = f"{asked.agency} has sent nothing, or nothing in that time."
            _nothing(connection, settings, asked.agency, nothing)
    _tell("{:,} events, {:,} refused, {:,} bytes".format(*sums), target)


def _unwritten(data: bytes) -> int:
    """Takes the place of a file in a dry run."""
    return len(data)


def _nothing(
    connection: sqlalchemy.Connection, settings: Settings, agency: str, sentence: str
) -> NoReturn:
    """End where there is nothing to write: a name is to blame, if it is unknown."""
    known = agencies(connection, settings)
    known |= {GROUP + settings.agency(name).group for name in known}
    if agency and agency not in known:
        message = f"{agency!r} is not known here; {like(agency, known)}"
        raise typer.BadParameter(message, param_hint="--agency")
    _say(sentence)
    raise typer.Exit(1)


def _tell(what: str, target: Target) -> None:
    """How much was, or would be, written; the standard output may be the file."""
    if target.dry_run:
        show.line(f"{what} would be written.")
    else:
        where = "" if target.name == STDOUT else f"{target.name}: "
        _say(f"{where}{what}.")


def _bar() -> Progress:
    return Progress(console=show.err, transient=True, disable=not show.err.is_terminal)


def _say(sentence: str) -> None:
    show.err.print(sentence, markup=False, soft_wrap=True)
