"""Keeps the annotations in Grafana as the store has them: alerts, shocks, breaks, new formulas.

1. What should be there is compared with what is there, and only the difference is written. So an
   hour in which Grafana is down loses nothing, and a restart repeats nothing.
2. Only one process writes: the one that evaluates, or beyond one machine the one with the lease.
   Whoever takes over compares anew. Should two have written the same, one of them goes again.
3. Nothing is asked of Grafana while the tables are as they were when all was well.
4. What Grafana refuses of one annotation holds up no other. A fault is told once, and tried again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from threading import Event as Flag
from typing import Any, Final

import sqlalchemy
import structlog
from sqlalchemy import func, or_, select

from dashboards.annotations import (
    KEEP_MS,
    TAG,
    Annotation,
    Names,
    Row,
    Rows,
    compared,
    wanted,
)
from dashboards.grafana_call import TIMEOUT_S, GrafanaError
from dashboards.grafana_server import GrafanaServer
from models.mark import DRAWN
from models.secret import SecretError
from models.settings import Settings
from models.store import StoreError
from models.tables import alert, mark, shock, value
from models.value import GROUP
from streams.catalogue import catalogue

log = structlog.get_logger()

EVERY_S: Final = 15.0
"""How often it is looked whether there is anything to do."""

HOUR_MS: Final = 3_600_000

DAY_MS: Final = 24 * HOUR_MS

IN_A_ROW: Final = 10
"""So many that fail one after the other are the server's fault, and not that of what is written."""

Go = Callable[[], bool]


class Annotator:
    """Draws the marks of one store in one Grafana, for as long as it is ours to do."""

    def __init__(
        self,
        database: sqlalchemy.Engine,
        settings: Settings,
        clock: Callable[[], int],
        *,
        timeout_s: float | None = None,
    ) -> None:
        self.database = database
        self.settings = settings
        self.clock = clock
        self.timeout_s = timeout_s or TIMEOUT_S
        self._done: tuple[int, ...] = ()
        """How the tables were when all was well; empty: not known."""
        self._said = ""
        """The trouble that was told last; it is told once, however long it lasts."""
        self._formulas: tuple[int, list[Row]] | None = None

    def run(self, stop: Flag, ours: Go) -> None:
        """Write until told to stop; only while ``ours`` says so."""
        while not stop.is_set():
            self.attempt(stop, ours)
            stop.wait(EVERY_S)

    def attempt(self, stop: Flag, ours: Go) -> None:
        """One look; a fault is told, and tried again at the next one."""
        try:
            if not ours():
                self._done = ()
                return
            self.step(lambda: ours() and not stop.is_set(), stop.wait)
        except (GrafanaError, SecretError, StoreError) as error:
            self._trouble(str(error))
        except Exception as error:  # noqa: BLE001 (nobody would start it again)
            self._trouble(f"fault {type(error).__name__}")

    def step(self, go: Go, pause: Callable[[float], object]) -> int:
        """Bring Grafana up to date if the tables have changed; how many annotations were written.

        ``pause`` waits so many seconds before something is tried again, and says whether to stop.
        Raises GrafanaError, SecretError or StoreError, after which the next step tries all again.
        """
        with self.database.connect() as connection:
            now = _version(connection)
            if now == self._done:
                return 0
            should = self._wanted(connection)
        self._done = ()
        token = self.settings.grafana.token(os.environ)
        with GrafanaServer(
            self.settings.grafana.url, token, timeout_s=self.timeout_s, pause=pause
        ) as server:
            written, whole = self._write(server, should, go)
        if whole:
            self._done = now
            if self._said:
                log.info("annotate.well_again")
            self._said = ""
        return written

    def _wanted(self, connection: sqlalchemy.Connection) -> dict[str, Annotation]:
        since = self.clock() - KEEP_MS
        rows = Rows(
            alerts=_rows(connection, _lasting(alert, alert.c.closed, since)),
            shocks=_rows(connection, select(shock).where(shock.c.latest)),
            marks=_rows(connection, select(mark).where(mark.c.latest, mark.c.kind.in_(DRAWN))),
            catalogue=self._new_formulas(connection),
        )
        titles = {name: one.title for name, one in catalogue().items()}
        return wanted(rows, Names(titles, self._called), since)

    def _called(self, agency: str) -> str:
        group = self.settings.groups.get(agency.removeprefix(GROUP))
        if agency.startswith(GROUP) and group is not None and group.title:
            return group.title
        return self.settings.agency(agency).title

    def _new_formulas(self, connection: sqlalchemy.Connection) -> list[Row]:
        """Up to when figures were made by a formula that has another version by now.

        A long look, so it is taken once an hour: nobody computes by an old formula any more, but
        workers of an older program that are still to be replaced.
        """
        now = self.clock()
        if self._formulas is None or not 0 <= now - self._formulas[0] < HOUR_MS:
            changed = {name: one.version for name, one in catalogue().items() if one.version > 1}
            found = [row for name in changed for row in _formulas(connection, name, changed[name])]
            self._formulas = (now, found)
        return self._formulas[1]

    def _write(
        self, server: GrafanaServer, should: dict[str, Annotation], go: Go
    ) -> tuple[int, bool]:
        """How many annotations were written, and whether that was all of them."""
        now = self.clock()
        since = min([now - KEEP_MS, *(one.start for one in should.values())])
        until = max([now, *(one.end for one in should.values())])
        there = server.annotations(TAG, max(since, 1), until + DAY_MS)
        missing, differing, surplus = compared(should, there)
        deeds: list[Callable[[], None]] = [
            *(lambda one=one: server.annotate(one) for one in missing),
            *(lambda at=at, one=one: server.renew(at, one) for at, one in differing),
            *(lambda at=at: server.withdraw(at) for at in surplus),
        ]
        written, whole = _each(deeds, go)
        if written:
            counts = {"new": len(missing), "changed": len(differing), "double": len(surplus)}
            log.info("annotate", written=written, **counts)
        return written, whole

    def _trouble(self, said: str) -> None:
        if said != self._said:
            log.warning("annotate.trouble", said=said)
        self._said = said


def _each(deeds: list[Callable[[], None]], go: Go) -> tuple[int, bool]:
    """Do one after the other while ``go`` says so; how many went well, and whether it was all.

    One that Grafana refuses, or fails at, holds up no other. Raises GrafanaError where no answer
    came, where the token may not, after many failures in a row, and at the end where one failed
    that may go well later.
    """
    written = failed = 0
    refused: list[GrafanaError] = []
    later: GrafanaError | None = None
    for deed in deeds:
        if not go():
            return written, False
        try:
            deed()
        except GrafanaError as error:
            if error.status in (None, 401, 403):
                raise
            if error.passes or error.status == 404:
                later = error
                failed += 1
                if failed == IN_A_ROW:
                    raise
            else:
                refused.append(error)
        else:
            written += 1
            failed = 0
    if refused:
        log.warning("annotate.refused", count=len(refused), said=str(refused[0]))
    if later is not None:
        raise later
    return written, True


def _version(connection: sqlalchemy.Connection) -> tuple[int, ...]:
    """What changes with every state that is added; each is a row of its own, and none ever goes."""
    counts = [select(func.count()).select_from(table) for table in (alert, shock, mark)]
    return tuple(connection.execute(one).scalar_one() for one in counts)


def _lasting(
    table: sqlalchemy.Table, end: sqlalchemy.Column[Any], since: int
) -> sqlalchemy.Select[Any]:
    return select(table).where(table.c.latest, or_(end.is_(None), end > since))


def _rows(connection: sqlalchemy.Connection, question: sqlalchemy.Select[Any]) -> Iterator[Row]:
    return iter([row._asdict() for row in connection.execute(question)])


def _formulas(connection: sqlalchemy.Connection, indicator: str, version: int) -> list[Row]:
    c = value.c
    last = func.max(c.window_end).label("until")
    made = c.catalogue_version.label("version")
    question = (
        select(c.indicator, c.agency, made, last)
        .where(c.indicator == indicator, made < version)
        .group_by(c.indicator, c.agency, made)
    )
    return [*_rows(connection, question)]
