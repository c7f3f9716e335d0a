"""The box: how far each notification is, by receiver, in the store.

A delivery is ``pending`` until its receiver took it (``delivered``) or it was given up
(``dead``). It may be set aside: ``held`` over quiet hours, ``silenced``; ``next_attempt`` is
when to look again. It is ``replaced`` where a later state of the same alert was told instead,
and ``unwanted`` where its receiver did not ask for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, and_, exists, func, insert, or_, select, update

from models.tables import acknowledged, alert, delivery, log, outbox, position, reminder, worker
from streams.notify.channel import Answer

ATTEMPTS = 12
"""Tries before a notification is given up: some 27 hours with the backoff of the relay."""

NEVER = 2**62
"""Of ``next_attempt``: not to be looked at again."""

ALIVE_MS = 5 * 60_000
"""The engine has stopped where a record waits for longer, or the clock was not logged for longer."""


def new(connection: Connection, since: int) -> Sequence[Row[Any]]:
    """Rows of the outbox from ``since`` (ms) on that no receiver was asked about yet."""
    known = exists().where(delivery.c.outbox == outbox.c.id)
    return connection.execute(select(outbox).where(outbox.c.created >= since, ~known)).all()


def take_in(connection: Connection, wanted: Iterable[tuple[str, str, bool]]) -> None:
    """Open deliveries: row of the outbox, receiver, and whether the receiver wants it."""
    rows = [
        {
            "outbox": row,
            "channel": channel,
            "state": "pending" if wants else "unwanted",
            "attempts": 0,
            "next_attempt": 0,
            "delivered": None,
            "last_error": "",
        }
        for row, channel, wants in wanted
    ]
    if rows:
        connection.execute(insert(delivery), rows)


def waiting(
    connection: Connection, now: int, resting: Sequence[str], limit: int
) -> Sequence[Row[Any]]:
    """What is yet to be delivered, each alert's states in their order."""
    d = delivery.c
    due = or_(d.state == "pending", and_(d.state == "held", d.next_attempt <= now))
    question = _with_outbox().where(due, d.channel.not_in(resting)).order_by(*_ORDER, d.channel)
    return connection.execute(question.limit(limit)).all()


def hasten(connection: Connection, now: int) -> None:
    """Try again now what was to be tried later, and look again at what was set aside."""
    d = delivery.c
    later = (d.state.in_(("pending", "held", "silenced")), d.next_attempt.between(now, NEVER - 1))
    connection.execute(update(delivery).where(*later).values(next_attempt=now))


def silenced(connection: Connection, now: int) -> Sequence[Row[Any]]:
    """What was silenced and is to be looked at again, each alert's states in their order."""
    d = delivery.c
    question = _with_outbox().where(d.state == "silenced", d.next_attempt <= now)
    return connection.execute(question.order_by(*_ORDER)).all()


_ORDER = (outbox.c.created, outbox.c.alert, outbox.c.transition)


def _with_outbox() -> Any:
    d = delivery.c
    return select(d.channel, d.state, d.attempts, d.next_attempt, outbox).join(
        outbox, outbox.c.id == d.outbox
    )


def change(connection: Connection, row: Row[Any], **fields: Any) -> None:
    """Write what became of one delivery."""
    mine = (delivery.c.outbox == row.id, delivery.c.channel == row.channel)
    connection.execute(update(delivery).where(*mine).values(**fields))


def settle(connection: Connection, row: Row[Any], answer: Answer, now: int, wait: int) -> str:
    """Write how a try ended; the state that the delivery has now."""
    attempts = row.attempts + 1
    state = "delivered" if answer.ok else row.state
    if not answer.ok and (answer.permanent or attempts >= ATTEMPTS):
        state = "dead"
    change(
        connection,
        row,
        state=state,
        attempts=attempts,
        next_attempt=now + wait,
        delivered=now if answer.ok else None,
        last_error=answer.says[:512],
    )
    if state == "delivered":
        older = select(outbox.c.id).where(
            outbox.c.alert == row.alert, outbox.c.transition < row.transition
        )
        d = delivery.c
        aside = d.state.in_(("held", "silenced"))
        connection.execute(
            update(delivery)
            .where(d.channel == row.channel, d.outbox.in_(older), aside)
            .values(state="replaced")
        )
    return str(state)


def was_silent(connection: Connection, row: Row[Any]) -> bool:
    """Whether a silence held all that the receiver should have heard of the row's alert before."""
    d = delivery.c
    others = (d.channel == row.channel, outbox.c.alert == row.alert, d.outbox != row.id)
    question = select(d.state).join(outbox, outbox.c.id == d.outbox).where(*others)
    before = set(connection.execute(question).scalars())
    return "silenced" in before and before <= {"silenced", "unwanted", "replaced"}


def newest(connection: Connection, row: Row[Any]) -> int:
    """The last state of an alert that is in the outbox."""
    question = select(func.max(outbox.c.transition)).where(outbox.c.alert == row.alert)
    return int(connection.execute(question).scalar_one())


def is_over(connection: Connection, name: str) -> bool:
    """Whether an alert has closed, told or untold."""
    c = alert.c
    over = select(c.id).where(c.id == name, c.latest, c.state == "closed")
    return connection.execute(over).first() is not None


def earlier(connection: Connection, row: Row[Any]) -> Sequence[str]:
    """What the earlier states of a row's alert said, in their order."""
    c = outbox.c
    question = select(c.payload).where(c.alert == row.alert, c.transition < row.transition)
    return connection.execute(question.order_by(c.transition)).scalars().all()


def standing(connection: Connection) -> Sequence[Row[Any]]:
    """The newest state of every alert that was decided to be told and has not closed since."""
    c = outbox.c
    last = select(c.alert, func.max(c.transition).label("last")).group_by(c.alert).subquery()
    over = exists().where(alert.c.id == c.alert, alert.c.latest, alert.c.state == "closed")
    question = (
        select(outbox)
        .join(last, and_(last.c.alert == c.alert, last.c.last == c.transition))
        .where(~over)
        .order_by(*_ORDER)
    )
    return connection.execute(question).all()


def delivered(connection: Connection, channel: str, rows: Sequence[Row[Any]]) -> dict[str, int]:
    """When (ms) a receiver took each of these rows of the outbox that it took."""
    d = delivery.c
    mine = d.outbox.in_([row.id for row in rows])
    question = select(d.outbox, d.delivered).where(d.channel == channel, d.state == "delivered")
    return {row.outbox: row.delivered for row in connection.execute(question.where(mine))}


def undecided(connection: Connection, channel: str) -> set[str]:
    """Alerts of which a receiver has yet to be told something."""
    d = delivery.c
    question = select(outbox.c.alert).join(delivery, outbox.c.id == d.outbox)
    aside = question.where(d.channel == channel, d.state.in_(("pending", "held")))
    return set(connection.execute(aside).scalars())


def reminded(connection: Connection, channel: str) -> dict[str, int]:
    """When (ms) a receiver was last told again of each alert."""
    question = select(reminder.c.alert, reminder.c.told).where(reminder.c.channel == channel)
    return {row.alert: row.told for row in connection.execute(question)}


def remind(connection: Connection, channel: str, name: str, now: int) -> None:
    """Note that a receiver was told again of an alert."""
    mine = (reminder.c.channel == channel, reminder.c.alert == name)
    done = update(reminder).where(*mine).values(told=now, times=reminder.c.times + 1)
    if not connection.execute(done).rowcount:
        fields = {"channel": channel, "alert": name, "told": now, "times": 1}
        connection.execute(insert(reminder), fields)


def taken_on(connection: Connection) -> set[str]:
    """Alerts that somebody acknowledged."""
    return set(connection.execute(select(acknowledged.c.alert)).scalars())


def keeps_up(connection: Connection, now: int) -> bool:
    """Whether the engine follows its log, and the clock is still written there."""
    workers = connection.execute(select(worker.c.seen, worker.c.behind_since)).all()
    if workers:
        living = [one for one in workers if now - one.seen < ALIVE_MS]
        return bool(living) and all(
            one.behind_since is None or now - one.behind_since < ALIVE_MS for one in living
        )
    c = log.c
    mine = select(c.received).where(c.stage == 1)
    last = connection.execute(mine.order_by(c.position.desc()).limit(1)).scalar()
    at = select(position.c.applied).where(position.c.stage == 1)
    applied = connection.execute(at).scalar() or 0
    oldest = connection.execute(mine.where(c.position == applied + 1)).scalar()
    return all(one is None or now - one < ALIVE_MS for one in (last, oldest))
