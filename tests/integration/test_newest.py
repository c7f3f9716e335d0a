"""What gauges show of values is the newest of each series, also where not all are read anew."""

from __future__ import annotations

import random
import time
from typing import Any

import pytest
from sqlalchemy import Engine, update

from deploy import newest
from deploy.newest import Newest
from models import tables
from tests.integration.synthetic_store import put
from tests.unit.events_made import BEGIN, DAY

C = tables.value.c


@pytest.fixture
def seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is read once, and then what is recent alone."""
    monkeypatch.setattr(newest, "SHARE", 1e12)


def add(store: Engine, day: int, value: float, **more: Any) -> None:
    """A value of a week that ends on a day."""
    row = {"indicator": "demand", "agency": "a", "rhythm": "week", "span": "window"}
    told = {"window_end": BEGIN + day * DAY, "value": value, "latest": True, "status": "ok"}
    with store.begin() as connection:
        put(connection, tables.value, [row | told | more])


def shown(store: Engine, one: Newest) -> dict[tuple[str, str, str], float]:
    """Values by agency, indicator and service."""
    with store.connect() as connection:
        rows = one.read(connection)
    return {(row["agency"], row["indicator"], row["service"]): row["value"] for row in rows}


@pytest.mark.usefixtures("seldom")
def test_what_is_recent_is_read_anew(store: Engine) -> None:
    """A newer value, a restated one, a new series; a series at rest keeps its last."""
    one = Newest()
    assert shown(store, one) == {}
    with store.connect() as connection:
        assert not one.read(connection)
    one = Newest()
    add(store, 7, 1.0, agency="at rest")
    add(store, 365, 2.0)
    rest = {("at rest", "demand", ""): 1.0}
    assert shown(store, one) == rest | {("a", "demand", ""): 2.0}
    add(store, 372, 3.0)
    add(store, 372, 9.0, unit="u")
    add(store, 372, 5.0, service="x")
    assert shown(store, one) == rest | {("a", "demand", ""): 3.0, ("a", "demand", "x"): 5.0}
    with store.begin() as connection:
        mine = (C.window_end == BEGIN + 372 * DAY, C.service == "", C.unit == "")
        connection.execute(update(tables.value).where(*mine).values(latest=False))
    add(store, 372, 4.0, revision=1)
    assert shown(store, one)["a", "demand", ""] == 4.0


@pytest.mark.usefixtures("seldom")
def test_an_old_series_that_moves_is_seen_when_all_are_read(store: Engine) -> None:
    """Later than a scrape, and not never."""
    one = Newest()
    add(store, 7, 1.0, agency="old")
    add(store, 365, 2.0)
    shown(store, one)
    add(store, 14, 7.0, agency="old")
    assert shown(store, one)["old", "demand", ""] == 1.0
    one._whole_again = 0.0
    assert shown(store, one)["old", "demand", ""] == 7.0


@pytest.mark.usefixtures("seldom")
def test_it_is_what_a_reading_of_everything_gives(store: Engine) -> None:
    """Whatever comes in the last weeks, in any order."""
    rng, one = random.Random(11), Newest()
    add(store, 0, 0.0)
    for step in range(60):
        places = {"agency": rng.choice("ab"), "service": rng.choice(["", "x", "y"])}
        add(store, 7 * step + rng.randrange(3), float(step), rhythm="day", **places)
        assert shown(store, one) == shown(store, Newest())


def test_where_there_is_little_everything_is_read(store: Engine) -> None:
    """A small store shows an old series that moves at the next scrape but one."""
    one = Newest()
    add(store, 365, 2.0)
    shown(store, one)
    with store.connect() as connection:
        assert one._whole_again < time.monotonic() + 60
        one._whole_again -= 60
        add(store, 7, 1.0, agency="old")
        assert len(one.read(connection)) == 2
