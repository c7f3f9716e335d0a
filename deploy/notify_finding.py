"""What ``headwind doctor`` says of receivers, of what they were told, and of maintenance."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import sqlalchemy
from sqlalchemy import func, select

from deploy.finding import Finding
from deploy.reading import agencies, like, parts
from deploy.workers import LAG_MS
from models import tables
from models.fault import place
from models.secret import SecretError
from models.settings import Settings
from streams.notify.channel import Receiver
from streams.notify.relay import TELLING_MS

RECENT_MS = 7 * 86_400_000
"""What went wrong longer ago is history: an exit code for monitoring must be able to heal."""

ABOUT = "notifications"


def receivers(settings: Settings) -> Iterator[Finding]:
    """What keeps receivers from being told, as far as the settings and their files say."""
    for name in settings.notify:
        receiver = Receiver(name, settings)
        for ask in (receiver.urls, receiver.token):
            try:
                ask()
            except SecretError as error:
                where = place(("notify", name), table=True)
                says, _, fix = str(error).rpartition("; ")
                yield Finding(ABOUT, "wrong", f"{where} {says}", fix)
    if settings.notify and not settings.door.public_url:
        says = "no notification has a link to the page: [door] public_url is not set"
        fix = "write the address at which people reach the page there"
        yield Finding(ABOUT, "look", says, fix)


def deliveries(
    connection: sqlalchemy.Connection, settings: Settings, now: int, *, able: bool
) -> Iterator[Finding]:
    """What was not told, and names that nothing will ever be told of.

    ``able`` says that nothing keeps receivers from being told (:func:`receivers`).
    """
    yield from (strange := list(_unknown(connection, settings)))
    if not settings.notify:
        fix = "add [notify.NAME] with a url to headwind.toml"
        yield Finding(ABOUT, "look", "nobody is told of alerts", fix)
        return
    found = [*_undelivered(connection, now), *_untaken(connection, now)]
    yield from found
    if able and not found and all(one.about != ABOUT for one in strange):
        yield Finding(ABOUT, "ok", f"{len(settings.notify)} receivers, nothing undelivered")


def _unknown(connection: sqlalchemy.Connection, settings: Settings) -> Iterator[Finding]:
    """Agencies and services of receivers and of maintenance that nobody has heard of."""
    known = agencies(connection, settings)
    for table, some in (("notify", settings.notify), ("maintenance", settings.maintenance)):
        for name, one in some.items():
            yield from _strange((table, name, "agencies"), one.agencies, known)
    for name, planned in settings.maintenance.items():
        if planned.services:
            touched = parts(connection, settings, planned.agencies)
            yield from _strange(("maintenance", name, "services"), planned.services, touched)


def _strange(
    path: tuple[str, str, str], named: Collection[str], known: set[str]
) -> Iterator[Finding]:
    about = ABOUT if path[0] == "notify" else path[0]
    for one in named:
        if one not in known:
            says = f"{place(path)} names {one!r}, which nothing was heard of"
            yield Finding(about, "look", says, f"mend it or take it out; {like(one, known)}")


def _undelivered(connection: sqlalchemy.Connection, now: int) -> Iterator[Finding]:
    """What a receiver would not take: being tried again, or given up lately."""
    c = tables.delivery.c
    rows = connection.execute(
        select(c.channel, c.state, func.count(), func.max(c.last_error))
        .where(c.state.in_(("pending", "dead")), c.attempts > 0, c.next_attempt > now - RECENT_MS)
        .group_by(c.channel, c.state)
        .order_by(c.channel, c.state)
    )
    for channel, state, count, error in rows:
        how = "were given up" if state == "dead" else "could not be delivered yet"
        says = f"{count:,} to {channel} {how}: {error or 'no answer'}"
        fix = f"mend the receiver of [notify.{channel}]; what holds: headwind alerts --active"
        if state == "dead":
            fix += f"; then headwind notify retry {channel}"
        yield Finding(ABOUT, "look", says, fix)


def _untaken(connection: sqlalchemy.Connection, now: int) -> Iterator[Finding]:
    """What nobody has tried to deliver."""
    box = tables.outbox.c
    tried = select(tables.delivery.c.outbox)
    waiting = connection.execute(
        select(func.count()).where(
            box.id.not_in(tried), box.created.between(now - TELLING_MS, now - LAG_MS)
        )
    ).scalar_one()
    if waiting:
        says = f"{waiting:,} wait, and nobody sends them"
        yield Finding(ABOUT, "look", says, "run headwind serve")
