"""What results look like to programs, which of them are given, and what a mistake gets."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from models.store import open_store
from models.tables import shock
from tests.integration.made_store import CORRECTED, DAYS, FALL, FIRST, SECOND, Made, flat
from tests.integration.synthetic_shocks import shocks
from tests.unit.events_made import BEGIN, DAY, iso

UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
VALUE = [
    "agency",
    "unit",
    "indicator",
    "window_start",
    "window_end",
    "value",
    "unit_of_measure",
    "n",
    "low",
    "high",
    "coverage",
    "status",
    "reason",
    "revision",
    "catalogue_version",
]
ALERT = [
    "id",
    "alertname",
    "agency",
    "service",
    "indicator",
    "severity",
    "state",
    "reason",
    "opened",
    "closed",
    "acknowledged",
    "evidence",
]
READING = ("values", "signals", "alerts", "refused")


def day(number: int) -> str:
    """The moment at which a day of the made store begins."""
    return iso(BEGIN + number * DAY)


# --- formats ----------------------------------------------------------------------------------


def test_json_of_a_value(made: Made) -> None:
    """A value has the fields of the design, in its order, and its times are ISO 8601 UTC."""
    rows = made.json("values", "--agency", "parks", "--indicator", "demand")
    assert [list(row) for row in rows] == [VALUE] * DAYS
    assert [row["window_end"] for row in rows] == [day(n + 1) for n in range(DAYS)]
    assert all(UTC.fullmatch(row["window_start"]) for row in rows)
    assert rows[0] == {
        "agency": "parks",
        "unit": "",
        "indicator": "demand",
        "window_start": "2020-03-01T00:00:00Z",
        "window_end": "2020-03-02T00:00:00Z",
        "value": 280.0,
        "unit_of_measure": "cases",
        "n": 280,
        "low": pytest.approx(249.1, abs=0.1),
        "high": pytest.approx(314.8, abs=0.1),
        "coverage": 1.0,
        "status": "ok",
        "reason": "",
        "revision": 0,
        "catalogue_version": 1,
    }


def test_json_of_an_alert(made: Made) -> None:
    """An alert has the fields of the design, in its order; its evidence is an object."""
    rows = made.json("alerts")
    assert [list(row) for row in rows] == [ALERT] * 2
    demand = next(row for row in rows if row["indicator"] == "demand")
    assert (demand["alertname"], demand["agency"]) == ("Demand off", "parks")
    assert (demand["service"], demand["severity"], demand["state"]) == ("permits", "info", "closed")
    assert (demand["opened"], demand["closed"]) == (day(FALL[2]), day(FALL[-1] + 8))
    assert demand["evidence"]["since"] == day(FALL[0])
    assert "unit" not in demand["evidence"]
    presence = next(row for row in rows if row["indicator"] == "presence")
    assert (presence["service"], presence["evidence"]["unit"]) == ("", "north")


def test_parts_are_named_where_they_are_asked_for(made: Made) -> None:
    """With a service or stratum in the question, rows say which they are of."""
    rows = made.json("values", "--agency", "parks", "--service", "*", "--stratum", "*")
    assert list(rows[0]) == [*VALUE, "service", "stratum"]
    told = {(row["service"], row["stratum"]) for row in rows if row["indicator"] == "demand"}
    residents = "parking permits for residents"
    assert told == {
        ("", ""),
        ("permits", ""),
        ("permits", "web"),
        (residents, ""),
        (residents, "phone"),
    }


@pytest.mark.parametrize("command", READING)
def test_csv_says_what_json_says(made: Made, command: str) -> None:
    """The same rows and fields; an object is JSON in its cell, nothing is an empty cell."""
    rows = made.json(command)
    text = made.told(command, "--format", "csv")
    read = list(csv.DictReader(io.StringIO(text)))
    assert len(read) == len(rows) > 0
    assert list(read[0]) == list(rows[0])
    assert read == [{name: _cell(value) for name, value in row.items()} for row in rows]


def _cell(value: Any) -> str:
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return "" if value is None else str(value)


def test_signals_are_of_buckets_that_fell(made: Made) -> None:
    """The first is of the first day of the fall, with what was expected; times ISO 8601 UTC."""
    first = made.json("signals", "--indicator", "demand", "--service", "permits")[0]
    assert (first["bucket_start"], first["bucket_end"]) == (day(FALL[0]), day(FALL[0] + 1))
    assert (first["direction"], first["value"]) == ("down", 60.0)
    assert first["value"] < first["low"] < first["expected"] < first["high"]


def test_refused_has_a_row_for_every_reason(made: Made) -> None:
    """Every reason of every refused event, and nowhere the value that was refused."""
    text = made.told("refused", "--format", "json")
    rows = json.loads(text)
    told = [(row["event_id"], row["pointer"], row["code"]) for row in rows]
    assert told == [
        ("bad", "/data/email", "person_like"),
        ("bad", "/data/service", "missing"),
        ("worse", "/type", "unknown_type"),
        ("worst", "/type", "unknown_type"),
    ]
    assert {row["received"] for row in rows} == {iso(FIRST), iso(SECOND)}
    assert "example.org" not in text + made.told("refused")


@pytest.mark.parametrize("command", READING)
def test_nothing_is_cut_off_in_a_pipe(made: Made, command: str) -> None:
    """A table that nobody looks at is as wide as it needs to be, its times in full."""
    text = made.told(command)
    assert "…" not in text
    assert UTC.search(text)
    for row in made.json(command):
        for name in ("agency", "service", "reason", "message"):
            assert str(row.get(name, "")) in text


def test_a_table_has_a_line_a_value(made: Made) -> None:
    """Piped, each line says whose it is, so that it can be searched."""
    lines = made.told("values", "--agency", "parks").splitlines()
    assert len(lines) == 1 + len(made.json("values", "--agency", "parks"))
    assert all(line.startswith("parks ") for line in lines[1:])


# --- filters ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "options", "holds"),
    [
        ("values", ["--agency", "roads"], lambda row: row["agency"] == "roads"),
        ("values", ["--agency", "group:all"], lambda row: row["agency"] == "group:all"),
        ("values", ["--indicator", "demand"], lambda row: row["indicator"] == "demand"),
        ("values", ["--service", "permits"], lambda row: row["service"] == "permits"),
        ("values", ["--unit", "north"], lambda row: row["unit"] == "north"),
        ("values", ["--since", day(100)], lambda row: row["window_end"] > day(100)),
        ("signals", ["--indicator", "presence"], lambda row: row["unit"] == "north"),
        ("signals", ["--service", "permits"], lambda row: row["indicator"] == "demand"),
        ("signals", ["--unit", "north"], lambda row: row["indicator"] == "presence"),
        ("signals", ["--since", day(92)], lambda row: row["bucket_end"] > day(92)),
        ("signals", ["--as-of", day(92)], lambda row: row["bucket_end"] <= day(92)),
        ("alerts", ["--indicator", "demand"], lambda row: row["service"] == "permits"),
        ("alerts", ["--service", "permits"], lambda row: row["indicator"] == "demand"),
        ("alerts", ["--unit", "north"], lambda row: row["indicator"] == "presence"),
        ("refused", ["--agency", "roads"], lambda row: row["agency"] == "roads"),
        ("refused", ["--since", iso(SECOND)], lambda row: row["received"] >= iso(SECOND)),
    ],
)
def test_filters(
    made: Made, command: str, options: list[str], holds: Callable[[dict[str, Any]], bool]
) -> None:
    """A filter gives all rows for which it holds, and no other."""
    parts = ["--service", "*", "--unit", "*"] if command == "values" else []
    every = made.json(command, *parts)
    wanted = [row for row in every if holds(row)]
    assert 0 < len(wanted) < len(every)
    parts = [] if {"--service", "--unit"} & set(options) else parts
    found = made.json(command, *parts, *options)
    assert len(found) == len(wanted)
    named = [{name: row[name] for name in found[0]} for row in wanted]
    assert found == named


def test_a_corrected_value_as_of_then_and_now(made: Made) -> None:
    """The older revision is what was known before the correction came; both stay."""
    about = ("values", "--agency", "parks", "--indicator", "demand", "--service", "permits")

    def told(*options: str) -> tuple[float, int]:
        rows = made.json(*about, *options)
        (row,) = [one for one in rows if one["window_start"] == day(CORRECTED)]
        return row["value"], row["revision"]

    assert told() == told("--as-of", iso(SECOND)) == (150.0, 1)
    assert told("--as-of", iso(SECOND - 1000)) == told("--as-of", iso(FIRST)) == (200.0, 0)
    assert made.json(*about, "--as-of", iso(FIRST - 1000)) == []


def test_buckets_are_given_where_asked_for(made: Made) -> None:
    """--span bucket gives the figures that detection looked at."""
    about = ("values", "--agency", "roads", "--indicator", "within_standard")
    for span, days in (("bucket", 7), ("window", 28)):
        rows = made.json(*about, "--span", span)
        lengths = [_read(row["window_end"]) - _read(row["window_start"]) for row in rows]
        assert lengths == [timedelta(days=days)] * 9


def _read(time: str) -> datetime:
    return datetime.fromisoformat(time)


def test_an_alert_as_it_stood(made: Made) -> None:
    """Before its opening it is not there, then it is open; from when it is over, nobody's."""
    one = ("alerts", "--indicator", "demand")
    opened, closed = FALL[2], FALL[-1] + 8
    assert made.json(*one, "--as-of", day(opened - 1)) == []
    (then,) = made.json(*one, "--as-of", day(opened))
    assert (then["state"], then["closed"]) == ("open", None)
    assert made.json(*one, "--as-of", day(opened), "--since", day(opened + 1)) == [then]
    assert made.json(*one, "--as-of", day(opened), "--active") == [then]
    assert made.json(*one, "--active") == made.json(*one, "--since", day(closed + 1)) == []
    (now,) = made.json(*one, "--since", day(closed))
    assert (now["id"], now["state"]) == (then["id"], "closed")


def test_history_of_an_alert(made: Made) -> None:
    """Every state that it had, each with what it was before and when it changed."""
    rows = made.json("alerts", "--indicator", "demand", "--history")
    assert [list(row) for row in rows] == [[*ALERT, "transition", "old_state", "updated"]] * 2
    assert [(row["old_state"], row["state"]) for row in rows] == [("", "open"), ("open", "closed")]
    assert [row["updated"] for row in rows] == [day(FALL[2]), day(FALL[-1] + 8)]


def test_a_state_of_a_case_that_looks_as_before_is_one_row(tmp_path: Path) -> None:
    """A first decision changes what JSON says of a case, and nothing that the table shows."""
    made = Made(tmp_path)
    database = open_store(str(made.store))
    case = {"unit": "", "stratum": "", "epoch": 0, **shocks(BEGIN, injected=False)[0]}
    early = {"depth": 0.1, "state": "absorbing", "updated": BEGIN, "latest": False}
    states = [
        case | early | {"transition": 0},
        case | early | {"transition": 1, "declared": ""},
        case | early | {"transition": 2, "depth": 0.2},
        case,
    ]
    with database.begin() as connection:
        connection.execute(insert(shock), states)
    database.dispose()
    name = case["id"]
    assert len(made.json("shocks", "show", name)) == len(states)
    rows = made.told("shocks", "show", name).splitlines()
    table = rows[next(at for at, row in enumerate(rows) if "worst on" in row) + 1 :]
    assert [row.split()[1:3] for row in table] == [
        ["absorbing", "10.0%"],
        ["absorbing", "20.0%"],
        ["restored", "30.0%"],
    ]


def test_how_bad_an_alert_was_that_is_over(made: Made) -> None:
    """A count by per cent of what was expected, a level by points."""
    for indicator, unit in (("demand", "%"), ("presence", " points")):
        row = next(x for x in made.json("alerts", "--indicator", indicator) if x["closed"])
        worst = row["evidence"]["worst_depth"]
        assert 0 < worst < 1
        told = flat(made.told("alerts", "--indicator", indicator))
        assert f"At worst it was {worst * 100:.0f}{unit} off." in told
