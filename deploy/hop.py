"""The hop at which the events of a value stopped, in a sentence.

An event is sent, accepted, read by the indicator, counted in a cell, and shown when its bucket
has closed. The first of these steps that did not happen is the answer.
"""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import sqlalchemy
from sqlalchemy import func, select

from deploy.explanation import Asked, Known, refused, value_at
from deploy.options import iso
from deploy.reading import agencies, like
from models import tables
from models.calendar import Calendar
from models.settings import Settings
from models.value import RHYTHMS, Cell
from streams.catalogue import allowed

DONE = "All the way: received, counted, closed, shown."


class Hop:
    """The way of the events of one value."""

    def __init__(
        self, connection: sqlalchemy.Connection, settings: Settings, asked: Asked, known: Known
    ) -> None:
        self.connection = connection
        self.settings = settings
        self.asked = asked
        self.known = known

    def sentence(self) -> str:
        """Where the way ends, and what to do about it."""
        if self.known.value is not None:
            return self._shown(self.known.value)
        steps = (self._waits, self._nothing, self._unread, self._unstarted, self._cell)
        return next(filter(None, (step() for step in steps)), "") or self._bucket()

    def _shown(self, row: sqlalchemy.Row[Any]) -> str:
        if row.status == "ok":
            return DONE
        detail = msgspec.json.decode(row.detail)
        left = [word for word in self.asked.indicator.excluded if detail.get(word)]
        if row.status == "undefined" and left and not detail.get("used"):
            return f"Received, but all left out: {', '.join(left)}."
        end = f"Counted and closed, but {row.status}: {row.reason}."
        if row.status == "low_n":
            return f"{end} It is shown with its interval and raises no alert."
        return end

    def _waits(self) -> str:
        """Events that are durable and not evaluated yet."""
        log, position = tables.log.c, tables.position.c
        applied = select(func.max(position.applied)).where(position.stage == 1).scalar_subquery()
        waiting = self.connection.execute(
            select(func.sum(log.events)).where(
                log.stage == 1,
                log.agency.in_(self.known.agencies),
                log.position > func.coalesce(applied, 0),
            )
        ).scalar()
        if not waiting:
            return ""
        return (
            f"{waiting:,} events of {self.asked.agency} wait in the log: nothing evaluates it. "
            "Run headwind serve, or load again."
        )

    def _nothing(self) -> str:
        """No event was ever accepted."""
        agency = self.asked.agency
        if any(source.accepted for source in self.known.sources):
            return ""
        codes = refused(self.connection, self.known.agencies)
        if codes:
            return (
                f"Events arrive from {agency}, but every one was refused: {_counted(codes)}. "
                f"See headwind refused --agency {agency}."
            )
        known = agencies(self.connection, self.settings)
        if known and agency not in known:
            return (
                f"Nothing has arrived from {agency}, and nobody is called so; {like(agency, known)}"
            )
        return (
            f"Nothing has arrived from {agency}: no event was ever sent. See that it has a key "
            f"(headwind keys list --agency {agency}) and sends to /events, or load a file."
        )

    def _unread(self) -> str:
        """Events were accepted, but none that the indicator reads."""
        agency, name = self.asked.agency, self.asked.indicator.id
        if any(source.accepted for source in self.known.feeding):
            return ""
        if self.known.refused:
            return (
                f"Events arrive from {agency}, but those that {name} reads were refused: "
                f"{_counted(self.known.refused)}. See headwind refused --agency {agency}."
            )
        came = sorted({source.type for source in self.known.sources if source.accepted})
        return (
            f"Events arrive from {agency}, but none of a type that {name} reads. "
            f"Came: {', '.join(came)}. Needed: {', '.join(self.known.types)}."
        )

    def _unstarted(self) -> str:
        """The indicator may not start."""
        if self.asked.indicator.id in allowed(self.settings.privacy):
            return ""
        return (
            f"Events arrived, but {self.asked.indicator.id} is about a workforce and does not start "
            "without dpia_ref and social_dialogue_ref: name both under [privacy] in headwind.toml."
        )

    def _cell(self) -> str:
        """The agency has a value then, but not this part of it."""
        if (
            self.asked.cell == Cell()
            or value_at(self.connection, self.asked._replace(cell=Cell())) is None
        ):
            return ""
        for option in ("service", "unit", "stratum"):
            wanted = getattr(self.asked.cell, option)
            if not wanted:
                continue
            known = self._parts(option)
            if not known:
                return f"{self.asked.indicator.id} is not kept by {option}: ask without --{option}."
            if wanted not in known:
                return f"Counted and closed, but for no {option} called {wanted}; {like(wanted, known)}"
        return "Counted and closed, but this part had no event by then: ask for a later day."

    def _parts(self, option: str) -> set[str]:
        c = tables.value.c
        named = select(c[option]).where(
            c.indicator == self.asked.indicator.id, c.agency == self.asked.agency, c[option] != ""
        )
        return set(self.connection.execute(named.distinct()).scalars())

    def _bucket(self) -> str:
        """The moment lies before the first bucket, or behind the last one that is closed."""
        at = iso(self.asked.at)
        heard = [source for source in self.known.feeding if source.accepted]
        first = min(source.first_time for source in heard)
        start, end = self._bounds(first)
        if self.asked.at < start:
            late = sum(source.late for source in self.known.feeding)
            sentence = f"{at} lies before the first event that counts, of {iso(first)}."
            if not late:
                return sentence
            return (
                f"{sentence} {late:,} more came too late: what is older than retention stays in the "
                "log uncounted. Make days under [retention] longer and load into a new store."
            )
        _, end = self._bounds(self.asked.at)
        last: dict[str, int] = {}
        for source in heard:
            last[source.source] = max(last.get(source.source, source.last_time), source.last_time)
        stands = ", ".join(
            f"{name} has told of nothing after {iso(time)}"
            for name, time in sorted(last.items())
            if time - self.settings.source(name).lateness_ms < end
        )
        return (
            f"Counted, but the bucket that holds {at} is not closed: it ends at {iso(end)}, and "
            f"{stands or 'its sources may be later than these settings say'}. What a source sends "
            "next, or a heartbeat from it, closes it; the clock does not."
        )

    def _bounds(self, at: int) -> tuple[int, int]:
        """Start and end of the bucket that holds a moment."""
        c = tables.value.c
        mine = select(c.rhythm).where(
            c.indicator == self.asked.indicator.id, c.agency == self.asked.agency
        )
        rhythms = set(self.connection.execute(mine.distinct()).scalars())
        rhythm = min(rhythms or {self.asked.indicator.step}, key=RHYTHMS.index)
        facts = self.settings.agency(self.asked.agency)
        calendar = Calendar(facts.timezone, "")
        number = int(calendar.bucket(rhythm, np.array([at], np.int64))[0])
        return calendar.start(rhythm, number), calendar.end(rhythm, number)


def _counted(codes: dict[str, int]) -> str:
    return ", ".join(f"{code} {count:,}" for code, count in codes.items())
