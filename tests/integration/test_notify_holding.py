"""What a relay holds back and tells as one: groups, quiet hours, silences."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
import sqlalchemy
from sqlalchemy import insert, select, update

from models import tables
from models.alert import Alert
from models.settings import NotifySettings
from tests.integration.test_notify import (
    HOUR,
    NOON,
    Clock,
    Listener,
    alert,
    listener,
    put,
    relay,
    states,
    store,
)

__all__ = ["listener", "store"]

MINUTE, DAY = 60_000, 24 * HOUR
EVENING = NOON + 9 * HOUR
"""21:00 UTC, 22:00 in Brussels."""


def keep(store: sqlalchemy.Engine, *alerts: Alert) -> None:
    """Write these states where alerts are kept, each the newest of its alert."""
    with store.begin() as connection:
        for one in alerts:
            row = {name: getattr(one, name) for name in one.__struct_fields__ if name != "cell"}
            row |= msgspec.structs.asdict(one.cell) | {"latest": True}
            row["evidence"] = msgspec.json.encode(one.evidence).decode()
            mine = tables.alert.c.id == one.id
            connection.execute(update(tables.alert).where(mine).values(latest=False))
            connection.execute(insert(tables.alert), row)


def silence(store: sqlalchemy.Engine, **fields: Any) -> None:
    """A silence by hand, of an hour from noon on."""
    made = {"id": "s1", "agency": "permits", "indicator": "", "service": "", "start": NOON}
    made |= {"end": NOON + HOUR, "why": "a planted reason", "made": NOON}
    with store.begin() as connection:
        connection.execute(insert(tables.silence), made | fields)


def planned(store: sqlalchemy.Engine, kind: str, **fields: Any) -> None:
    """A span in an agency's calendar, of two hours around noon."""
    made = {"id": f"m-{kind}", "transition": 0, "agency": "permits", "kind": kind, "label": ""}
    made |= {"indicator": "", "unit": "", "service": "", "stratum": "", "evidence": "{}"}
    made |= {"start": NOON - HOUR, "end": NOON + HOUR, "epoch": 0, "latest": True}
    with store.begin() as connection:
        connection.execute(insert(tables.mark), made | fields)


def told(listener: Listener) -> list[list[tuple[str, str]]]:
    """Of each body that was taken: the agency and status of each alert."""
    return [
        [(one["labels"]["agency"], one["status"]) for one in body["alerts"]]
        for body in listener.accepted
    ]


def words(store: sqlalchemy.Engine) -> list[str]:
    """The states of all deliveries, in the order of the alerts."""
    box, row = tables.outbox, tables.delivery
    question = select(row.c.state).join(box, box.c.id == row.c.outbox)
    with store.connect() as connection:
        return list(connection.execute(question.order_by(box.c.alert, box.c.transition)).scalars())


# --- groups ---------------------------------------------------------------------------------------


def test_alerts_of_one_indicator_go_out_as_one(
    store: sqlalchemy.Engine, listener: Listener
) -> None:
    """The first waits for the others; another agency and another indicator are told apart."""
    clock = Clock()
    put(store, alert(name="a"))
    with relay(store, clock, ops=NotifySettings(url=listener.url, group_wait="PT1M")) as one:
        assert one.step() == 0
        put(store, alert(name="b"), alert(name="c", agency="roads"), created=NOON + 30_000)
        put(store, alert(name="d", indicator="waiting"), created=NOON + 30_000)
        clock.now += MINUTE - 1
        assert one.step() == 0
        clock.now += 1
        assert one.step() == 1
        clock.now += MINUTE
        assert one.step() == 2
    first = listener.accepted[0]
    assert first["groupLabels"] == {"agency": "permits", "indicator": "demand"}
    assert [len(body["alerts"]) for body in listener.accepted] == [2, 1, 1]
    assert words(store) == ["delivered"] * 4


def test_one_body_has_an_alert_once(store: sqlalchemy.Engine, listener: Listener) -> None:
    """Opened and closed within the wait: the opening is told first, then the closing."""
    clock = Clock()
    put(store, alert(), alert(1, "closed"), alert(name="b"))
    clock.now += 2 * MINUTE
    with relay(store, clock, ops=NotifySettings(url=listener.url, group_wait="PT1M")) as one:
        assert one.step() == 2
    assert told(listener) == [
        [("permits", "firing"), ("permits", "firing")],
        [("permits", "resolved")],
    ]


def test_a_group_that_fails_is_tried_again_as_one(
    store: sqlalchemy.Engine, listener: Listener
) -> None:
    """500 for two alerts: both wait, and both arrive in one body."""
    clock = Clock()
    listener.answers = [(500, {})]
    put(store, alert(name="a"), alert(name="b"))
    with relay(store, clock, ops=NotifySettings(url=listener.url)) as one:
        assert one.step() == 1
        assert [row[1:3] for row in states(store)] == [("pending", 1)] * 2
        clock.now += MINUTE
        assert one.step() == 1
    assert told(listener) == [[("permits", "firing")] * 2]


# --- quiet hours ----------------------------------------------------------------------------------

QUIET: dict[str, Any] = {"quiet_hours": "20:00-07:00"}


def test_quiet_hours_end_with_one_summary(store: sqlalchemy.Engine, listener: Listener) -> None:
    """At night nothing; at seven in Brussels one body, each alert once, as it stands by then."""
    clock = Clock()
    clock.now = EVENING
    ops = NotifySettings(url=listener.url, **QUIET)
    put(store, alert(name="a"), alert(name="b", agency="roads"), created=EVENING)
    with relay(store, clock, ops=ops) as one:
        assert one.step() == 0
        put(store, alert(1, "closed", name="a"), created=EVENING + HOUR)
        clock.now = EVENING + 9 * HOUR - 1
        assert one.step() == 0
        assert words(store) == ["held"] * 3
    with relay(store, clock, ops=ops) as two:
        clock.now += 1
        listener.answers = [(503, {})]
        assert two.step() == 1
        assert words(store) == ["held"] * 3
        clock.now += MINUTE
        assert two.step() == 1
        assert two.step() == 0
    assert [sorted(body) for body in told(listener)] == [
        [("permits", "resolved"), ("roads", "firing")]
    ]
    assert listener.accepted[0]["groupLabels"] == {"indicator": "demand"}
    assert words(store) == ["replaced", "delivered", "delivered"]


@pytest.mark.parametrize(("all_of_them", "tried"), [(False, 1), (True, 0)])
def test_critical_passes_quiet_hours_unless_told_otherwise(
    store: sqlalchemy.Engine, listener: Listener, all_of_them: bool, tried: int
) -> None:
    """What gets critical at night is told at once, and what was held of it is told no more."""
    clock = Clock()
    clock.now = EVENING
    ops = NotifySettings(url=listener.url, quiet_critical=all_of_them, **QUIET)
    put(store, alert(), created=EVENING)
    with relay(store, clock, ops=ops) as one:
        one.step()
        put(store, alert(1, severity="critical"), created=EVENING + 1)
        assert one.step() == tried
        clock.now = EVENING + 9 * HOUR
        assert one.step() == 1 - tried
    (body,) = listener.accepted
    assert [one["labels"]["severity"] for one in body["alerts"]] == ["critical"]


# --- silences -------------------------------------------------------------------------------------


def test_a_silenced_alert_is_kept_and_told_when_it_still_stands(
    store: sqlalchemy.Engine, listener: Listener
) -> None:
    """The delivery says silenced; when the silence ends, what has closed meanwhile is left out."""
    clock = Clock()
    silence(store)
    ops = NotifySettings(url=listener.url)
    put(store, alert(name="a"), alert(name="b"), alert(name="c", agency="roads"))
    with relay(store, clock, ops=ops) as one:
        assert one.step() == 1
        assert words(store) == ["silenced", "silenced", "delivered"]
        put(store, alert(1, "closed", name="b"), created=NOON + 2)
        assert one.step() == 0
    with relay(store, clock, ops=ops) as two:
        clock.now += HOUR - 1
        assert two.step() == 0
        clock.now += 1
        assert two.step() == 1
        clock.now += DAY
        assert two.step() == 0
    assert told(listener) == [[("roads", "firing")], [("permits", "firing")]]
    assert words(store) == ["delivered", "silenced", "silenced", "delivered"]


def test_what_closed_untold_is_not_told_as_standing(
    store: sqlalchemy.Engine, listener: Listener
) -> None:
    """Whether an alert still stands is asked where alerts are kept, not only in the outbox."""
    clock = Clock()
    silence(store)
    put(store, alert())
    keep(store, alert(), alert(1, "closed"))
    with relay(store, clock, ops=NotifySettings(url=listener.url)) as one:
        one.step()
        clock.now += HOUR
        assert one.step() == 0
    assert words(store) == ["silenced"]


def test_what_was_told_before_a_silence_is_ended_after_it(
    store: sqlalchemy.Engine, listener: Listener
) -> None:
    """The receiver has an open alert: that it closed in the silence is told when that ends."""
    clock = Clock()
    put(store, alert())
    with relay(store, clock, ops=NotifySettings(url=listener.url)) as one:
        one.step()
        silence(store)
        put(store, alert(1, "closed"), created=NOON + 1)
        assert one.step() == 0
        clock.now += HOUR
        assert one.step() == 1
    assert told(listener) == [[("permits", "firing")], [("permits", "resolved")]]


def test_what_opened_and_closed_in_a_silence_is_told_to_nobody(
    store: sqlalchemy.Engine, listener: Listener
) -> None:
    """Also where its end is looked at only when the silence has ended."""
    clock = Clock()
    silence(store)
    put(store, alert())
    with relay(store, clock, ops=NotifySettings(url=listener.url)) as one:
        one.step()
        clock.now += HOUR
        put(store, alert(1, "closed"), created=clock.now - 1)
        assert one.step() == 0
        clock.now += DAY
        assert one.step() == 0
    assert words(store) == ["silenced", "silenced"]


@pytest.mark.parametrize(
    ("fields", "holds"),
    [
        ({"indicator": "demand"}, True),
        ({"indicator": "waiting"}, False),
        ({"service": "building"}, True),
        ({"service": "parking"}, False),
        ({"agency": "roads"}, False),
        ({"start": NOON + 1}, False),
        ({"start": NOON - HOUR, "end": NOON}, False),
    ],
)
def test_a_silence_holds_what_it_names(
    store: sqlalchemy.Engine, listener: Listener, fields: dict[str, Any], holds: bool
) -> None:
    """Agency, indicator, service and time must all fit."""
    silence(store, **fields)
    put(store, alert())
    with relay(store, Clock(), ops=NotifySettings(url=listener.url)) as one:
        assert one.step() == (0 if holds else 1)


@pytest.mark.parametrize(
    ("span", "indicator", "holds"),
    [
        ({"kind": "closure"}, "demand", True),
        ({"kind": "closure", "service": "building"}, "demand", True),
        ({"kind": "closure", "service": "parking"}, "demand", False),
        ({"kind": "closure", "agency": "roads"}, "demand", False),
        ({"kind": "closure", "end": NOON - 1}, "demand", True),
        ({"kind": "closure", "end": NOON - DAY}, "demand", False),
        ({"kind": "release_freeze"}, "deployment_frequency", True),
        ({"kind": "release_freeze"}, "demand", False),
        ({"kind": "crisis"}, "demand", False),
    ],
)
def test_planned_spans_silence_what_they_explain(
    store: sqlalchemy.Engine,
    listener: Listener,
    span: dict[str, Any],
    indicator: str,
    holds: bool,
) -> None:
    """A closure its scope, up to the last day that it touches; a freeze what releases move."""
    planned(store, **span)
    put(store, alert(indicator=indicator))
    with relay(store, Clock(), ops=NotifySettings(url=listener.url)) as one:
        assert one.step() == (0 if holds else 1)
