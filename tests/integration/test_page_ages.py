"""What a board says of values that are not of today: their age, or that they are stale."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from litestar import Litestar
from litestar.testing import TestClient

from dashboards.page import create_page
from models import tables
from tests.integration.synthetic_facts import CATALOGUE, Settings
from tests.integration.synthetic_store import new_store, put


def test_days_without_a_report_show_the_value_before_with_its_age(tmp_path: Path) -> None:
    """On every board; a week without any has no value any more."""
    day, friday = 86_400_000, (int(time.time()) // 86_400 - 2) * 86_400_000
    about = {"indicator": "presence", "span": "window", "rhythm": "day", "latest": True}
    seen = {}
    for empty in (2, 7):
        engine = new_store(tmp_path / f"{empty}.db")
        with engine.begin() as connection:
            heard = {"source": "s", "type": "t", "accepted": 1}
            put(connection, tables.source, [{**heard, "agency": "harbour"}])
            rows = [{"value": -35.5, "n": 4, "status": "ok", "detail": "{}"}]
            rows[0] |= {"low": -41.25, "high": -29.75}
            rows += [{"n": 0, "status": "undefined", "detail": "{}"}] * empty
            ends = range(friday, friday + (empty + 1) * day, day)
            put(connection, tables.value, [
                {**about, **row, "agency": "harbour", "window_start": end - day, "window_end": end}
                for row, end in zip(rows, ends, strict=True)
            ])  # fmt: skip
        with TestClient(Litestar(create_page(engine, Settings(), CATALOGUE))) as opened:
            for path in ("/", "/agency/harbour", "/indicator/presence"):
                text = opened.get(f"{path}?until=2999-01-01&since=2000-01-01").text
                told = " ".join(re.sub("<[^>]*>", " ", text).replace("\xa0", " ").split())
                seen[empty, path] = told.partition("Window Value")[0]
        engine.dispose()
    for (empty, path), told in seen.items():
        assert ("35.5" in told) == (empty == 2), path
        assert (" 2 days ago" in told) == (empty == 2), path
        # In the table of all there is no room for an interval beside an age.
        assert ("41.2" in told) == (empty == 2 and path != "/"), path
        assert ("undefined" in told.replace("where it is undefined", "")) == (empty == 7), path


def test_what_a_silent_source_feeds_is_stale(tmp_path: Path) -> None:
    """Its last value stands, and is not called steady, where the agency's other data goes on."""
    day, now = 86_400_000, int(time.time()) // 86_400 * 86_400_000
    engine = new_store(tmp_path / "store.db")
    with engine.begin() as connection:
        heard = {"agency": "harbour", "type": "t", "accepted": 1, "last_received": now}
        heard |= {"last_time": now, "first_time": 1}
        put(connection, tables.source, [{**heard, "source": "s"}])
        about = {"agency": "harbour", "span": "window", "rhythm": "week", "latest": True}
        about |= {"value": 0.5, "n": 900, "status": "ok", "detail": "{}"}
        ends = {"within_standard": now - 22 * day, "digital_take_up": now - 13 * day}
        put(connection, tables.value, [
            {**about, "indicator": one, "window_start": end - 7 * day, "window_end": end}
            for one, end in ends.items()
        ])  # fmt: skip
    with TestClient(Litestar(create_page(engine, Settings(), CATALOGUE))) as opened:
        for path in ("/indicator/within_standard", "/indicator/digital_take_up"):
            text = opened.get(f"{path}?since=2000-01-01").text
            card = text.partition('class="card-head"')[2].partition("</div>")[0]
            assert ("stale" in card) == ("within" in path), card
            assert ("steady" in card) == ("take_up" in path), card
        cells = opened.get("/").text.partition('<table class="matrix')[2]
        assert cells.count("<em>stale</em>") == 1
        then = f"{datetime.fromtimestamp(now / 1000, UTC) - timedelta(days=13):%Y-%m-%d}"
        assert "<em>stale</em>" not in opened.get(f"/?until={then}").text
    engine.dispose()
