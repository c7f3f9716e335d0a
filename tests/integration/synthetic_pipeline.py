"""What the boards about arrivals show: a log, workers, deliveries, restated values, bad senders."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

from models import tables
from tests.integration.synthetic_store import DAY, END, put

if TYPE_CHECKING:
    from sqlalchemy import Connection

HOUR = 3_600_000
LEFT_OUT = {"used": 640, "no_due_date": 31, "ends_before_start": 2, "p85": 12.5}


def fill_pipeline(connection: Connection) -> None:
    """Two logs, one of them behind; two workers; three receivers; one sender refused whole."""
    log = [
        {"stage": 1, "position": at, "received": END - (1003 - at) * HOUR} for at in (1000, 1003)
    ]
    waiting = {"stage": 1, "position": 1001, "received": END - 2 * HOUR}
    put(connection, tables.log, [*log, waiting])
    put(connection, tables.position, [{"stage": 2, "applied": 40, "snapshot": 40}])
    put(connection, tables.log, [{"stage": 2, "position": 40, "received": END}])
    put(
        connection,
        tables.worker,
        [
            {"name": "one.example", "seen": END, "lanes": 9},
            {
                "name": "two",
                "seen": END - HOUR,
                "lanes": 7,
                "behind": 12,
                "behind_since": END - DAY,
            },
        ],
    )
    put(connection, tables.refused, [_refused(at) for at in range(7)])
    _deliver(connection)
    _restate(connection)


def _refused(at: int) -> dict[str, Any]:
    """Events of a sender of which none was taken; two of them twice wrong, one too late."""
    codes = [["missing"], ["missing", "bad_time"], ["beyond_retention"]][min(at // 3, 2)]
    problems = [{"pointer": "/data", "code": code, "message": f"{code}."} for code in codes]
    return {
        "id": f"portal-{at}",
        "agency": "permits",
        "received": END - at * HOUR,
        "origin": "door",
        "event_source": "urn:portal",
        "event_id": f"p{at}",
        "event_type": "headwind.service.request.opened.v1",
        "problems": json.dumps(problems, separators=(",", ":")),
    }


def _deliver(connection: Connection) -> None:
    """Ten alerts; a receiver took all, one a part, one none; an eleventh nobody asked for."""
    put(
        connection,
        tables.outbox,
        [
            {"id": f"o{at}", "alert": f"a{at}", "agency": "harbour", "created": END - at * DAY}
            for at in range(11)
        ],
    )
    rows: list[dict[str, Any]] = [
        {
            "outbox": f"o{at}",
            "channel": "desk",
            "state": "delivered",
            "delivered": END - at * DAY + HOUR,
        }
        for at in range(10)
    ]
    states = ("delivered", "pending", "held", "silenced", "dead", "dead")
    rows += [
        {
            "outbox": f"o{at}",
            "channel": "mail",
            "state": state,
            "attempts": 3,
            "next_attempt": END + at,
            "last_error": said,
        }
        for at, (state, said) in enumerate(
            zip(states, ("", "HTTP 503", "", "", "ConnectError", "HTTP 410"), strict=True)
        )
    ]
    secret = "url_file: /srv/people.url cannot be read (denied); put the secret there"
    rows.append({"outbox": "o0", "channel": "people", "state": "pending", "last_error": secret})
    rows.append({"outbox": "o10", "channel": "desk", "state": "unwanted"})
    put(connection, tables.delivery, rows)


def _restate(connection: Connection) -> None:
    """Two values of one agency told again, one of them twice; and what a value was made of."""
    v = tables.value
    mine = (v.c.agency == "harbour", v.c.indicator == "waiting", v.c.span == "window")
    for days, revision in ((3, 1), (4, 2)):
        old = (*mine, v.c.window_end == END - days * DAY)
        row = connection.execute(select(v).where(*old)).mappings().one()
        connection.execute(update(v).where(*old).values(latest=False))
        again = {"revision": revision, "value": row["value"] + 1, "recorded": END - HOUR}
        put(connection, v, [{**row, **again, "latest": True}])
    newest = (*mine, v.c.window_end == END)
    connection.execute(update(v).where(*newest).values(detail=json.dumps(LEFT_OUT)))
    connection.execute(
        update(v)
        .where(v.c.agency == "transport", v.c.indicator == "demand", v.c.window_end > END - 9 * DAY)
        .values(catalogue_version=2)
    )
