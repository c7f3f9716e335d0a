"""What /metrics says: counts as they happen, and what stands now, read from the store."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from importlib.metadata import version

import sqlalchemy
from sqlalchemy import case, func, select

from dashboards.condition import worst
from dashboards.words import SEVERITIES
from deploy.newest import FIGURES, Newest
from models import tables
from models.check import Refusal
from models.meters import Meters
from models.metrics import STATE_NUMBER, STATUS_NUMBER, groups_of
from models.mirror import groups
from streams.catalogue import catalogue
from streams.engine import Changes

STAGES = {"agencies": 1, "groups": 2}
"""Stages of the engine by the name they have in labels."""


def number(figure: float | str) -> float:
    """What a gauge shows: of a status its number."""
    return float(STATUS_NUMBER[figure] if isinstance(figure, str) else figure)


class Gauges:
    """The one place that writes metrics; the door and the relay know it as their meter."""

    def __init__(self, database: sqlalchemy.Engine, *, embedded: bool = True) -> None:
        """Beyond one machine the workers say how far the log is applied, not we."""
        self.embedded = embedded
        self.meters = Meters()
        self.database = database
        self._newest = Newest()
        newest = str(max(one.version for one in catalogue().values()))
        self.meters.set(
            "headwind_build_info", 1, version=version("headwind"), catalogue_version=newest
        )

    def request(self, status: int, seconds: float) -> None:
        """The door answered."""

    def events(self, agency: str, accepted: int, refused: Sequence[Refusal]) -> None:
        """The door took events in, or refused them."""
        self.meters.count("headwind_events_total", accepted, agency=agency, outcome="accepted")
        self.meters.count("headwind_events_total", len(refused), agency=agency, outcome="refused")
        for refusal in refused:
            self._refused(agency, refusal)

    def delivery(self, channel: str, outcome: str) -> None:
        """The relay tried to deliver a notification."""
        self.meters.count("headwind_delivery_total", channel=channel, outcome=outcome)

    def committed(self, changes: Changes, seconds: float) -> None:
        """The engine committed."""
        self.meters.observe("headwind_commit_seconds", seconds, stage="agencies")
        for agency, _, refusal in changes.refused:
            self._refused(agency, refusal)

    def _refused(self, agency: str, refusal: Refusal) -> None:
        for problem in refusal.problems:
            self.meters.count("headwind_refused_total", agency=agency, code=problem.code)

    def text(self) -> str:
        """Everything, as it stands now; what is gone from the store is gone from here."""
        with self.database.connect() as connection:
            self._positions(connection)
            self._sources(connection)
            self._values(connection)
            self._alerts(connection)
        return self.meters.text()

    def _positions(self, connection: sqlalchemy.Connection) -> None:
        for name, stage in STAGES.items() if self.embedded else ():
            last = select(func.max(tables.log.c.position)).where(tables.log.c.stage == stage)
            done = select(tables.position.c.applied).where(tables.position.c.stage == stage)
            position = connection.execute(last).scalar() or 0
            applied = connection.execute(done).scalar() or 0
            self.meters.set("headwind_log_position", position, stage=name)
            self.meters.set("headwind_applied_position", applied, stage=name)
            self.meters.set("headwind_lag_records", position - applied, stage=name)
        c = tables.delivery.c
        pending = select(c.channel, func.count()).where(c.state == "pending").group_by(c.channel)
        rows: dict[tuple[str, ...], float] = {
            (channel,): float(count) for channel, count in connection.execute(pending)
        }
        self.meters.replace("headwind_outbox_pending", rows)

    def _sources(self, connection: sqlalchemy.Connection) -> None:
        c = tables.source.c
        question = (
            select(
                c.agency,
                c.source,
                func.max(c.last_time),
                func.max(c.last_received),
                func.max(case((c.stale, 1), else_=0)),
            )
            .where(c.accepted > 0)
            .group_by(c.agency, c.source)
        )
        ages: dict[tuple[str, ...], float] = {}
        stale: dict[tuple[str, ...], float] = {}
        complete: dict[tuple[str, ...], float] = {}
        for agency, source, last, received, silent in connection.execute(question):
            ages[agency, source] = time.time() - received / 1000
            stale[agency, source] = float(silent)
            if not silent:
                complete[(agency,)] = min(complete.get((agency,), last / 1000), last / 1000)
        self.meters.replace("headwind_source_age_seconds", ages)
        self.meters.replace("headwind_source_stale", stale)
        self.meters.replace("headwind_watermark_timestamp_seconds", complete)

    def _values(self, connection: sqlalchemy.Connection) -> None:
        rows = self._newest.read(connection)
        for name, column in FIGURES.items():
            known: dict[tuple[str, ...], float] = {
                (row["agency"], row["indicator"], row["service"]): number(row[column])
                for row in rows
                if row[column] is not None
            }
            self.meters.replace(name, known)

    def _alerts(self, connection: sqlalchemy.Connection) -> None:
        c = tables.alert.c
        question = (
            select(
                c.agency, c.indicator, c.alertname, func.max(case((c.state == "open", 1), else_=0))
            )
            .where(c.latest)
            .group_by(c.agency, c.indicator, c.alertname)
        )
        rows: dict[tuple[str, ...], float] = {
            (a, i, n): float(on) for a, i, n, on in connection.execute(question)
        }
        self.meters.replace("headwind_alert_state", rows)
        self._states(connection)

    def _states(self, connection: sqlalchemy.Connection) -> None:
        """Of each agency that ever sent something, or was expected to: its open alerts."""
        c = tables.alert.c
        asked = select(c.agency, c.alertname, c.severity).where(c.latest, c.state == "open")
        alerts = [*connection.execute(asked).mappings()]
        s = tables.source.c
        heard = connection.execute(select(s.agency).distinct().where(s.accepted > 0)).scalars()
        agencies = {*heard, *(row["agency"] for row in alerts)}
        counts = Counter((row["agency"], row["severity"]) for row in alerts)
        by_weight: dict[tuple[str, ...], float] = {
            (agency, severity): float(counts[agency, severity])
            for agency in agencies
            for severity in SEVERITIES
        }
        self.meters.replace("headwind_alerts_open", by_weight)
        states: dict[tuple[str, ...], float] = {
            (agency,): float(STATE_NUMBER[worst(row for row in alerts if row["agency"] == agency)])
            for agency in agencies
        }
        self.meters.replace("headwind_agency_state", states)
        group = groups(connection)
        members: dict[tuple[str, ...], float] = {
            labels: 1.0 for agency in agencies for labels in groups_of(agency, group(agency))
        }
        self.meters.replace("headwind_agency_group", members)
