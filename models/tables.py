"""What is kept: every table, once, for SQLite and PostgreSQL alike.

Times are 64-bit milliseconds since 1970-01-01T00:00:00Z. Nothing here is ever updated in
place except the rows that say "where are we" (``position``, ``source``, ``alert``,
``outbox`` delivery columns, ``value.latest``); everything else is added to.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    and_,
)

metadata = MetaData()

# --- the log and where the engine stands in it ---------------------------------------------

log = Table(
    "log",
    metadata,
    Column("stage", SmallInteger, primary_key=True, doc="1 events by agency, 2 summaries by group"),
    Column("partition", Integer, primary_key=True, doc="0 where one process does it all"),
    Column("position", BigInteger, primary_key=True, doc="1, 2, 3 … without a hole"),
    Column("agency", String(128), nullable=False),
    Column("received", BigInteger, nullable=False, doc="stamped by the door"),
    Column("kind", String(16), nullable=False, doc="events or tick; stage 2: summary"),
    Column("events", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False, doc="NDJSON, zstd-compressed"),
    sqlite_with_rowid=False,
)

position = Table(
    "position",
    metadata,
    Column("stage", SmallInteger, primary_key=True),
    Column("partition", Integer, primary_key=True),
    Column("applied", BigInteger, nullable=False),
    Column(
        "snapshot", BigInteger, nullable=False, doc="the state stored in `snapshot` stands here"
    ),
    Column("token", BigInteger, nullable=False, doc="grows with every new owner, who alone writes"),
    Column("owner", String(128), nullable=False, doc="which worker that is; empty: only this one"),
)

worker = Table(
    "worker",
    metadata,
    Column("name", String(128), primary_key=True),
    Column("seen", BigInteger, nullable=False, doc="when it last said that it lives"),
    Column("lanes", Integer, nullable=False, doc="partitions it works on"),
    Column("behind", BigInteger, nullable=False, doc="messages it has not applied yet"),
    Column("behind_since", BigInteger, doc="since when it has been behind without a pause"),
)

snapshot = Table(
    "snapshot",
    metadata,
    Column("stage", SmallInteger, primary_key=True),
    Column("partition", Integer, primary_key=True),
    Column("owner", String(128), primary_key=True, doc="agency, or group in stage 2"),
    Column("part", String(64), primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

# --- who sends, and what was refused ----------------------------------------------------------

api_key = Table(
    "api_key",
    metadata,
    Column("id", String(32), primary_key=True, doc="public part of the key"),
    Column("agency", String(128), nullable=False),
    Column("families", String(128), nullable=False, doc="comma separated; empty = all"),
    Column("hash", String(128), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger),
    Column("revoked", BigInteger),
)

refused = Table(
    "refused",
    metadata,
    Column("id", String(36), primary_key=True, doc="uuid5 of where it came from and what is wrong"),
    Column("agency", String(128), nullable=False),
    Column("received", BigInteger, nullable=False),
    Column("origin", String(256), nullable=False, doc="door, engine, or file name and row"),
    Column("event_source", String(256), nullable=False),
    Column("event_id", String(256), nullable=False),
    Column("event_type", String(128), nullable=False),
    Column("problems", Text, nullable=False, doc='JSON [{"pointer", "code", "message"}]'),
    Column("payload", LargeBinary, doc="as sent; absent when it may hold a person's data"),
    Index("refused_by_agency", "agency", "received"),
)

source = Table(
    "source",
    metadata,
    Column("agency", String(128), primary_key=True),
    Column("source", String(256), primary_key=True),
    Column("type", String(128), primary_key=True),
    Column("accepted", BigInteger, nullable=False),
    Column("repeats", BigInteger, nullable=False),
    Column(
        "late", BigInteger, nullable=False, doc="beyond retention: kept in the log, not counted"
    ),
    Column("first_time", BigInteger, nullable=False),
    Column("last_time", BigInteger, nullable=False, doc="latest event time"),
    Column("last_received", BigInteger, nullable=False),
    Column("stale", Boolean, nullable=False),
)

load = Table(
    "load",
    metadata,
    Column("id", String(64), primary_key=True, doc="fingerprint of file, map and agency"),
    Column("file", String(512), nullable=False),
    Column("events", BigInteger, nullable=False, doc="sent so far, in sending order"),
    Column("finished", Boolean, nullable=False),
    Column("updated", BigInteger, nullable=False),
)

# --- results ----------------------------------------------------------------------------------


def _cell() -> list[Column[str]]:
    return [Column(name, String(128), primary_key=True) for name in ("unit", "service", "stratum")]


value = Table(
    "value",
    metadata,
    Column("indicator", String(64), primary_key=True),
    Column("agency", String(128), primary_key=True, doc="agency, or group:NAME"),
    *_cell(),
    Column("rhythm", String(8), primary_key=True),
    Column("span", String(8), primary_key=True, doc="window (shown) or bucket (detected on)"),
    Column("window_end", BigInteger, primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("window_start", BigInteger, nullable=False),
    Column("value", Float),
    Column("n", BigInteger),
    Column("low", Float),
    Column("high", Float),
    Column("coverage", Float, nullable=False),
    Column("status", String(16), nullable=False),
    Column("reason", String(256), nullable=False),
    Column("catalogue_version", Integer, nullable=False),
    Column("recorded", BigInteger, nullable=False, doc="received time of the record behind it"),
    Column("detail", Text, nullable=False, doc="JSON: used, left out by reason, further figures"),
    Column("latest", Boolean, nullable=False, doc="false once a later revision stands"),
    sqlite_with_rowid=False,
    # By month; the parts are made as they are needed (models.partition).
    postgresql_partition_by="RANGE (window_end)",
)
Index("value_by_agency", value.c.agency, value.c.window_end, value.c.indicator)

DAY_ENDS: Final = and_(
    value.c.rhythm == "hour",
    value.c.span == "window",
    value.c.latest,
    value.c.window_end % 86_400_000 == 0,
)
"""Of values by the hour those at the end of a day of UTC: enough for years, and kept apart."""

Index(
    "value_by_day",
    *(value.c[name] for name in ("indicator", "agency", "unit", "service", "stratum")),
    value.c.window_end,
    postgresql_where=DAY_ENDS,
    sqlite_where=DAY_ENDS,
)

RESTATED: Final = and_(value.c.span == "window", value.c.latest, value.c.revision > 0)
"""Values that were published again with other numbers."""

Index(
    "value_restated",
    *(value.c[name] for name in ("indicator", "agency", "window_end")),
    postgresql_where=RESTATED,
    sqlite_where=RESTATED,
)

expected = Table(
    "expected",
    metadata,
    Column("indicator", String(64), primary_key=True),
    Column("agency", String(128), primary_key=True),
    *_cell(),
    Column("rhythm", String(8), primary_key=True),
    Column("bucket_end", BigInteger, primary_key=True),
    Column("expected", Float),
    Column("low", Float),
    Column("high", Float, doc="absent beside a low: nothing would have been too much"),
    Column("reason", String(64), nullable=False, doc="why nothing is expected, or no upper end"),
    # Only of series that are watched; as it was decided, never restated.
    sqlite_with_rowid=False,
)

signal = Table(
    "signal",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("agency", String(128), nullable=False),
    Column("indicator", String(64), nullable=False),
    *(Column(name, String(128), nullable=False) for name in ("unit", "service", "stratum")),
    Column("rhythm", String(8), nullable=False),
    Column("bucket_start", BigInteger, nullable=False),
    Column("bucket_end", BigInteger, nullable=False),
    Column("detector", String(64), nullable=False),
    Column("onset", BigInteger, nullable=False, doc="when it began, as far as can be told"),
    Column("direction", String(8), nullable=False),
    Column("score", Float, nullable=False),
    Column("value", Float, nullable=False),
    Column("expected", Float, nullable=False),
    Column("low", Float, nullable=False),
    Column("high", Float, nullable=False),
    Column("n", BigInteger, nullable=False),
    Column("false_alarm_rate", Float, nullable=False),
    Column("epoch", Integer, nullable=False),
    Index("signal_by_agency", "agency", "bucket_end"),
)

alert = Table(
    "alert",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("transition", Integer, primary_key=True, doc="every state it ever had stays"),
    Column("alertname", String(64), nullable=False),
    Column("agency", String(128), nullable=False),
    Column("indicator", String(64), nullable=False),
    *(Column(name, String(128), nullable=False) for name in ("unit", "service", "stratum")),
    Column("severity", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("old_state", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("evidence", Text, nullable=False, doc="JSON"),
    Column("opened", BigInteger, nullable=False),
    Column("updated", BigInteger, nullable=False),
    Column("closed", BigInteger),
    Column("epoch", Integer, nullable=False),
    Column("latest", Boolean, nullable=False),
    Index("alert_by_agency", "agency", "opened"),
)

shock = Table(
    "shock",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("transition", Integer, primary_key=True, doc="every state it ever had stays"),
    Column("agency", String(128), nullable=False),
    Column("indicator", String(64), nullable=False),
    *(Column(name, String(128), nullable=False) for name in ("unit", "service", "stratum")),
    Column("kind", String(16), nullable=False),
    Column("direction", String(8), nullable=False),
    Column("state", String(16), nullable=False),
    Column("onset", BigInteger, nullable=False),
    Column("trough", BigInteger, nullable=False),
    Column("depth", Float, nullable=False, doc="1 - min Q"),
    Column("absorbed", BigInteger),
    Column("adapted", BigInteger),
    Column("recovered", BigInteger),
    Column("loss_service_days", Float, nullable=False, doc="over the first 90 days"),
    Column("declared", String(256), nullable=False, doc="the declared crisis it fell into"),
    Column("evidence", Text, nullable=False, doc="JSON"),
    Column("updated", BigInteger, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("latest", Boolean, nullable=False),
    Index("shock_by_agency", "agency", "onset"),
)

quality = Table(
    "quality",
    metadata,
    Column("shock", String(36), primary_key=True),
    Column("start", BigInteger, primary_key=True, doc="of the bucket"),
    Column("end", BigInteger, nullable=False),
    Column("q", Float, nullable=False, doc="1 is as expected; what was expected froze at onset"),
    # A board seeks the cases and then reads each curve in one piece: the key is its index.
    sqlite_with_rowid=False,
)

beside = Table(
    "beside",
    metadata,
    Column("shock", String(36), primary_key=True),
    Column("series", String(64), primary_key=True, doc="indicator; of an organisation p10, p90"),
    Column("start", BigInteger, primary_key=True, doc="of the bucket"),
    Column("end", BigInteger, nullable=False),
    Column("q", Float, nullable=False, doc="of the other side of the service, in the same case"),
    sqlite_with_rowid=False,
)

mark = Table(
    "mark",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("transition", Integer, primary_key=True, doc="every state it ever had stays"),
    Column("agency", String(128), nullable=False),
    Column("kind", String(16), nullable=False, doc="as MarkKind of models.mark"),
    Column("indicator", String(64), nullable=False),
    *(Column(name, String(128), nullable=False) for name in ("unit", "service", "stratum")),
    Column("label", String(256), nullable=False),
    Column("start", BigInteger, nullable=False),
    Column("end", BigInteger),
    Column("evidence", Text, nullable=False, doc="JSON"),
    Column("epoch", Integer, nullable=False),
    Column("latest", Boolean, nullable=False),
    Index("mark_by_agency", "agency", "start"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", String(36), primary_key=True, doc="uuid5 of alert id and transition"),
    Column("alert", String(36), nullable=False),
    Column("transition", Integer, nullable=False),
    Column("agency", String(128), nullable=False),
    Column("created", BigInteger, nullable=False, doc="received time of the record behind it"),
    Column("payload", Text, nullable=False, doc="one alert of an Alertmanager v4 webhook, JSON"),
    Index("outbox_by_alert", "alert", "transition"),
    Index("outbox_by_time", "created"),
)

delivery = Table(
    "delivery",
    metadata,
    Column("outbox", String(36), primary_key=True),
    Column("channel", String(64), primary_key=True),
    Column(
        "state",
        String(16),
        nullable=False,
        doc="pending; held (quiet hours), silenced; delivered, dead; unwanted, replaced",
    ),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt", BigInteger, nullable=False, doc="when to try, or to look, again"),
    Column("delivered", BigInteger),
    Column("last_error", String(512), nullable=False),
    Index("delivery_by_state", "state", "next_attempt"),
)

# --- what people say about alerts; the engine never reads it -----------------------------------

silence = Table(
    "silence",
    metadata,
    Column("id", String(36), primary_key=True, doc="its own, or that of a mark that was ended"),
    Column("agency", String(128), nullable=False),
    Column("indicator", String(64), nullable=False, doc="empty for all"),
    Column("service", String(128), nullable=False, doc="empty for all"),
    Column("start", BigInteger, nullable=False),
    Column("end", BigInteger, nullable=False),
    Column("why", String(256), nullable=False, doc="never sent anywhere"),
    Column("made", BigInteger, nullable=False),
)

acknowledged = Table(
    "acknowledged",
    metadata,
    Column("alert", String(36), primary_key=True),
    Column("at", BigInteger, nullable=False),
)

reminder = Table(
    "reminder",
    metadata,
    Column("channel", String(64), primary_key=True),
    Column("alert", String(36), primary_key=True),
    Column("told", BigInteger, nullable=False, doc="when it was last told again"),
    Column("times", Integer, nullable=False),
)

# --- what boards must know of the settings; the engine never reads it --------------------------

setting = Table(
    "setting",
    metadata,
    Column("kind", String(16), primary_key=True, doc="group of an agency, target of an indicator"),
    Column("name", String(128), primary_key=True, doc="the agency, or the indicator"),
    Column("held", String(128), nullable=False, doc="the group's name, or the number"),
)
