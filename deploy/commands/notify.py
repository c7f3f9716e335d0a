"""``headwind notify``."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Annotated, Any

import msgspec
import sqlalchemy
import typer
from sqlalchemy import and_, exists, select, update

from deploy import show
from deploy.options import (
    CONFIG,
    STORE,
    Agency,
    Config,
    Format,
    FormatOption,
    Since,
    Store,
    iso,
    moment,
    read_settings,
)
from deploy.reading import checked, like, reading
from models.settings import Settings
from models.store import explained, open_store, store_name
from models.tables import delivery, outbox
from streams.notify.channel import Answer, Channel, Told
from streams.notify.ours import drill
from streams.notify.payload import linked
from streams.notify.relay import open_channels

command = typer.Typer(
    help="Notifications: a drill, the log of deliveries, and another try for dead letters.",
    no_args_is_help=True,
)

FIELDS = (
    "created",
    "receiver",
    "agency",
    "alertname",
    "indicator",
    "service",
    "severity",
    "alert_status",
    "delivery",
    "attempts",
    "delivered",
    "next",
    "said",
    "alert",
)
COLUMNS = (
    *show.when("created", "decided", rank=4),
    show.column("receiver"),
    show.column("agency"),
    show.column("alertname", "alert"),
    show.column("indicator", rank=1),
    show.column("service", rank=2),
    show.column("alert_status", "status"),
    show.column("delivery"),
    show.column("attempts", "tries", rank=3, right=True),
    show.column("said", "last answer"),
    show.column("alert", "id", rank=5),
)


class State(StrEnum):
    """How a delivery stands."""

    pending = "pending"
    held = "held"
    silenced = "silenced"
    delivered = "delivered"
    dead = "dead"
    replaced = "replaced"
    unwanted = "unwanted"


WAITING = ("pending", "held", "silenced")
"""States of a delivery that has a next time."""

ReceiverName = Annotated[
    str, typer.Argument(help="The receiver, as in \\[notify.NAME]; none named means all of them.")
]


@command.command("test")
def send_drill(
    name: ReceiverName = "",
    hold: Annotated[
        int, typer.Option(min=0, max=3600, help="Seconds between its opening and its closing.")
    ] = 0,
    config: Config = CONFIG,
) -> None:
    """Send a drill alert, which opens and closes, and say how each receiver answered.

    An Alertmanager passes a drill on only if it is held for longer than its group_wait.
    """
    settings = read_settings(config)
    channels = _named(settings, name)
    began = _now()
    failed = set(_drill(channels, drill(settings.organisation.name, began)))
    if hold and len(failed) < len(channels):
        time.sleep(hold)
    heard = {one: channel for one, channel in channels.items() if one not in failed}
    # An alert is known by when it opened; it cannot have closed in the same moment.
    closing = drill(settings.organisation.name, began, max(_now(), began + 1))
    failed |= set(_drill(heard, closing))
    for channel in channels.values():
        channel.close()
    if failed:
        raise typer.Exit(1)


def _drill(channels: dict[str, Channel], alert: Told) -> Iterator[str]:
    """Send one state of the drill; the receivers that did not take it."""
    what = "opening" if alert["status"] == "firing" else "closing"
    for name, channel in channels.items():
        answer = channel.send([linked(alert, channel.receiver.page)])
        show.hang(f"{name}  {what}  ", _answered(answer), "" if answer.ok else "red")
        if not answer.ok:
            yield name


def _answered(answer: Answer) -> str:
    if answer.ok:
        return "taken"
    again = "would not be tried again" if answer.permanent else "would be tried again"
    return f"not taken ({show.text(answer.says)}); a notification {again}"


def _named(settings: Settings, name: str) -> dict[str, Channel]:
    channels = open_channels(settings)
    if not channels:
        show.err.print("Nobody is told of alerts: add \\[notify.NAME] to headwind.toml.")
        raise typer.Exit(1)
    if not name:
        return channels
    _check(name, settings.notify)
    return {name: channels[name]}


def _check(name: str, known: Iterable[str]) -> None:
    if name and name not in known:
        message = f"there is no receiver {name!r}; {like(name, set(known))}"
        raise typer.BadParameter(message, param_hint="NAME")


@command.command("log")
def show_log(
    name: ReceiverName = "",
    agency: Agency = "",
    since: Since = "",
    state: Annotated[State | None, typer.Option(help="Only deliveries that stand so.")] = None,
    store: Store = STORE,
    config: Config = CONFIG,
    form: FormatOption = Format.table,
) -> None:
    """Show what was told, to whom, what waits and why, and what was given up."""
    settings = read_settings(config)
    asked = {"channel": name, "agency": agency, "state": state}
    with reading(store) as connection:
        if name not in settings.notify:
            # What was told to a receiver that was taken out of the settings is still to be read.
            told = set(connection.execute(select(delivery.c.channel).distinct()).scalars())
            _check(name, told.union(settings.notify))
        rows = _read(connection, asked, moment(since, "--since"))
        rows = checked(connection, settings, {"agency": agency}, rows)
        if form is not Format.table:
            show.machine(rows, form, FIELDS)
            return
        found = list(rows)
    if not found:
        show.err.print("No notification.")
        return
    show.table(found, COLUMNS)
    dead = sum(row["delivery"] == "dead" for row in found)
    show.err.print(f"{len(found):,} deliveries, {dead:,} of them given up.")


def _read(
    connection: sqlalchemy.Connection, asked: dict[str, str | None], since: int | None
) -> Iterator[dict[str, Any]]:
    """One row a delivery, in the order in which they were decided."""
    d, o = delivery.c, outbox.c
    question = (
        select(outbox, d.channel, d.state, d.attempts, d.next_attempt, d.delivered, d.last_error)
        .join(outbox, o.id == d.outbox)
        .order_by(o.created, o.alert, o.transition, d.channel)
    )
    columns = {"channel": d.channel, "agency": o.agency, "state": d.state}
    for name, wanted in asked.items():
        if wanted:
            question = question.where(columns[name] == wanted)
    if not asked["state"]:
        question = question.where(d.state != "unwanted")
    if since is not None:
        question = question.where(o.created >= since)
    for row in connection.execute(question):
        told = msgspec.json.decode(row.payload)
        labels = told["labels"]
        yield {
            "created": iso(row.created),
            "receiver": row.channel,
            "agency": row.agency,
            "alertname": labels["alertname"],
            "indicator": labels.get("indicator", ""),
            "service": labels.get("service", ""),
            "severity": labels["severity"],
            "alert_status": told["status"],
            "delivery": row.state,
            "attempts": row.attempts,
            "delivered": iso(row.delivered),
            "next": iso(row.next_attempt) if row.state in WAITING and row.next_attempt else None,
            "said": row.last_error,
            "alert": row.alert,
        }


@command.command("retry")
def retry(name: ReceiverName = "", config: Config = CONFIG, store: Store = STORE) -> None:
    """Give dead letters another try; not those whose alert was told of since."""
    _check(name, read_settings(config).notify)
    d = delivery.c
    database = open_store(store, make=False)
    with explained(store_name(database)), database.begin() as connection:
        dead = d.state == "dead"
        mine = and_(dead, d.channel == name) if name else dead
        count = connection.execute(
            update(delivery)
            .where(mine, ~_told_since())
            .values(state="pending", attempts=0, next_attempt=0)
        ).rowcount
        left = connection.execute(select(sqlalchemy.func.count()).where(mine)).scalar_one()
    database.dispose()
    show.err.print(f"{count:,} dead letters are tried again by headwind serve.")
    if left:
        show.err.print(f"{left:,} are left: a later state of their alert has arrived.")


def _told_since() -> sqlalchemy.ColumnElement[bool]:
    """Whether the receiver took a later state of a delivery's alert."""
    mine, later, other = outbox.alias(), outbox.alias(), delivery.alias()
    return exists(
        select(other.c.outbox)
        .join(later, later.c.id == other.c.outbox)
        .join(mine, mine.c.alert == later.c.alert)
        .where(
            mine.c.id == delivery.c.outbox,
            later.c.transition > mine.c.transition,
            other.c.channel == delivery.c.channel,
            other.c.state == "delivered",
        )
        .correlate(delivery)
    )


def _now() -> int:
    return time.time_ns() // 1_000_000
