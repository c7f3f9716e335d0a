"""Every question that Grafana asks PostgreSQL, asked: over the demo's three years, and over nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import Connection, Engine, func, select

from dashboards import baselines, control
from dashboards.panel import Scope
from deploy.servers.postgresql import Postgresql
from models import tables
from models.chart import BASELINE, Begin, Reading
from models.mirror import mirror
from models.settings import AgencySettings, Settings
from models.store import open_store
from streams.catalogue import catalogue
from streams.chart import chart
from streams.detectors._control import ending, limits
from tests.contract.test_grafana_boards import BOARDS
from tests.integration import filled_in
from tests.integration.copied_store import copied
from tests.integration.records import headwind

DAY = 86_400_000
YEARS = 3 * 365 * DAY
CHOICES = {
    "group": "(all)",
    "agency": "sea-defence",
    "indicator": "remote_availability",
    "unit": "(all)",
    "service": "(all)",
    "stratum": "(all)",
}
AGENCIES = ("clinics", "land-permits", "quernmouth", "sea-defence")
NEEDS_INDICATOR = {"headwind-indicator"}
HOSTILE = ('A & B / "C"', "O'Brien'; DROP TABLE value; --", "${agency}", "\\", "")
NOTHING_THERE = {
    "Workers now": "one process does it all",
    "Who was told of alerts, now": "the demo tells nobody",
    "What later arrivals changed, as restated": "only parts and the group notice what is late",
    "Refused lately, now": "everything that the demo sends is right",
    "Why events were refused lately, now": "everything that the demo sends is right",
}
"""What the demo has nothing of, and why."""


class Target(NamedTuple):
    """One question: where it stands, its text, and its form."""

    board: str
    title: str
    ref: str
    text: str
    form: str


def targets() -> Iterator[Target]:
    """Panels, annotations and lists of all boards."""
    for board in BOARDS.values():
        uid = board["uid"]
        for panel in board["panels"]:
            for one in panel.get("targets", []):
                if "rawSql" in one:
                    yield Target(uid, panel["title"], one["refId"], one["rawSql"], one["format"])
        for layer in board["annotations"]["list"]:
            yield Target(uid, layer["name"], "annotation", layer["target"]["rawSql"], "annotation")
        for variable in board["templating"]["list"]:
            if variable["type"] == "query":
                yield Target(uid, variable["name"], "variable", variable["query"], "variable")


TARGETS = [pytest.param(one, id=f"{one.board}/{one.title}/{one.ref}") for one in targets()]


class Store(NamedTuple):
    """A connection that may only read, and up to when there is data (ms)."""

    connection: Connection
    until: int


@pytest.fixture(scope="module")
def filled(demo_store: Path, postgresql: Postgresql) -> Iterator[Store]:
    """The demo's three years, in PostgreSQL."""
    engine = copied(demo_store, postgresql.database())
    with engine.connect() as connection:
        until = connection.execute(select(func.max(tables.source.c.last_time))).scalar_one()
        yield Store(connection, until)
    engine.dispose()


@pytest.fixture(scope="module")
def empty(postgresql: Postgresql) -> Iterator[Engine]:
    """A store in which nothing has happened yet."""
    engine = open_store(postgresql.database())
    yield engine
    engine.dispose()


def asked(connection: Connection, target: Target, choices: dict[str, str], *time: int) -> Any:
    """What PostgreSQL answers to a target."""
    text = filled_in.sql(target.text, choices, *time)
    # The driver would take a % for a place of its own.
    return connection.exec_driver_sql(text.replace("%", "%%"))


@pytest.mark.parametrize("target", TARGETS)
def test_it_answers_in_the_form_that_grafana_reads(target: Target, filled: Store) -> None:
    """Time first and ascending, numbers as numbers, labels as text."""
    answer = asked(filled.connection, target, CHOICES, filled.until - YEARS, filled.until)
    names, rows = [*answer.keys()], [*answer]
    assert len(names) == len(set(names)), names
    _form(target, names, rows)


def _form(target: Target, names: list[str], rows: list[Any]) -> None:
    if names[0] == "time":
        times = [row[0] for row in rows]
        assert all(isinstance(one, datetime) and one.tzinfo for one in times)
        assert times == sorted(times)
    if target.form == "time_series":
        assert names == ["time", "metric", "value"]
        assert all(isinstance(row[1], str) and row[2] is not None for row in rows)
    if target.form == "annotation":
        assert names == ["time", "timeend", "text", "tags"]
        assert all(row[2] and row[1] >= row[0] for row in rows)
    if target.form == "variable":
        assert names in (["__text", "__value"], names[:1])
        assert all(row[0] for row in rows)


def _panels() -> list[Any]:
    """Each panel with all of its questions."""
    found: dict[tuple[str, str], list[Target]] = {}
    for one in targets():
        if one.ref not in {"annotation", "variable"}:
            found.setdefault((one.board, one.title), []).append(one)
    return [pytest.param(some, id="/".join(key)) for key, some in found.items()]


@pytest.mark.parametrize("some", _panels())
def test_there_is_something_where_the_demo_has_data(some: list[Target], filled: Store) -> None:
    """In the first target, over three years."""
    title, time = some[0].title, (filled.until - YEARS, filled.until)
    rows: list[Any] = []
    for agency in ("(all)", *AGENCIES):
        choices = CHOICES | {"agency": agency}
        if some[0].board not in NEEDS_INDICATOR:
            choices["indicator"] = "(all)"
        elif title == "Control charts in words, now":
            choices["indicator"] = "within_standard"
        rows += asked(filled.connection, some[0], choices, *time).all()
    assert bool(rows) is (title not in NOTHING_THERE), title


@pytest.mark.parametrize("target", TARGETS)
def test_a_name_is_never_more_than_a_name(target: Target, filled: Store) -> None:
    """Quotes, slashes, and what looks like SQL or like a variable: no row, no error."""
    for name in HOSTILE:
        choices = dict.fromkeys(CHOICES, name)
        asked(filled.connection, target, choices, filled.until - YEARS, filled.until).all()
    here = filled.connection.execute(select(func.count()).select_from(tables.source)).scalar_one()
    assert here > 0


@pytest.mark.parametrize("target", TARGETS)
def test_nothing_is_no_error(target: Target, empty: Engine, filled: Store) -> None:
    """An empty store, and the year 1900 in a full one."""
    with empty.connect() as connection:
        asked(connection, target, CHOICES, filled.until - YEARS, filled.until).all()
    begin = -2_208_988_800_000
    asked(filled.connection, target, CHOICES, begin, begin + 365 * DAY).all()


@pytest.mark.parametrize("target", TARGETS)
def test_it_seeks(target: Target, filled: Store) -> None:
    """Where PostgreSQL would rather seek, no question leaves it a whole month to read."""
    text = filled_in.sql(target.text, CHOICES, filled.until - YEARS, filled.until)
    filled.connection.exec_driver_sql("SET enable_seqscan = off")
    try:
        plan = filled.connection.exec_driver_sql("EXPLAIN " + text.replace("%", "%%"))
        read = [row[0] for row in plan if re.search(r"Seq Scan on (value|expected)", row[0])]
    finally:
        filled.connection.exec_driver_sql("SET enable_seqscan = on")
    assert read == []


def drawn_ways(rows: Sequence[Any], direction: str) -> list[str]:
    """Which way each step is marked: what is better is up, or down; "" for none."""
    other = {"up": "down", "down": "up"}
    return [
        direction
        if row["special cause: improvement"] is not None
        else other[direction]
        if row["special cause: concern"] is not None
        else ""
        for row in rows
    ]


def seen_ways(values: Sequence[float]) -> list[str]:
    """Which way the first rule points that holds by each of these values."""
    within = limits(values[:BASELINE])
    assert within is not None
    seen = (
        next((cause for cause in ending(values[:at], within) if 0 in cause.places), None)
        for at in range(1, len(values) + 1)
    )
    return ["" if cause is None else cause.way for cause in seen]


def test_limits_are_those_of_the_control_chart(filled: Store) -> None:
    """Of each share of each agency: mean and limits as the page has them, to rounding."""
    compared = 0
    for agency, one in product(AGENCIES, catalogue().values()):
        choices = CHOICES | {"agency": agency, "indicator": one.id}
        (target,) = (t for t in targets() if t.board == "headwind-indicator" and t.ref == "D")
        answer = asked(filled.connection, target, choices, filled.until - 2 * YEARS, filled.until)
        rows = answer.mappings().all()
        begun = filled.connection.execute(
            baselines.baselines(Scope(agency=agency, indicator=one.id, until=filled.until))
        )
        begins = [Begin(row.start, row.kind == "rebase") for row in begun]
        readings = filled.connection.execute(
            baselines.buckets(Scope(agency=agency, indicator=one.id, until=filled.until))
        ).all()
        if not one.charted:
            assert rows == []
        if len({row.rhythm for row in readings}) != 1 or not one.charted:
            continue
        drawn = chart(
            [Reading(r.window_start, r.window_end, r.value) for r in readings], "up", begins
        )
        assert drawn is not None
        last, now = rows[-1], drawn.now
        if now is not None:
            found = [last[name] for name in ("mean", "lower limit", "upper limit")]
            assert found == pytest.approx([100 * x for x in (now.mean, now.low, now.high)])
            values = [r.value for r in readings if not begins or r.window_start >= begins[-1].at]
            assert drawn_ways(rows, one.direction)[-len(values) :] == seen_ways(values)
            compared += 1
    assert compared >= 6


def test_a_panel_shows_what_the_command_says(demo_store: Path, filled: Store) -> None:
    """The course of an indicator is that of headwind values, to the last bit."""
    store = ["--store", str(demo_store), "--config", str(demo_store.with_suffix(".toml"))]
    told = headwind(
        *("values", *store, "--agency", "sea-defence", "--indicator", "within_standard"),
        *("--unit", "", "--service", "", "--stratum", "", "--format", "json"),
    )
    told.check_returncode()
    said = {row["window_end"]: row["value"] for row in json.loads(told.stdout)}
    target = next(
        one
        for one in targets()
        if (one.board, one.title, one.ref)
        == ("headwind-agency", "Done within the standard, as restated", "A")
    )
    choices = CHOICES | {"indicator": "within_standard"}
    rows = asked(filled.connection, target, choices, filled.until - YEARS, filled.until).all()
    drawn = {f"{row.time:%Y-%m-%dT%H:%M:%S}Z": row.value for row in rows if row.value is not None}
    assert len(drawn) > 100
    assert {at: said[at] for at in drawn} == drawn


@pytest.fixture
def told(filled: Store, demo_store: Path) -> Iterator[Connection]:
    """Two settings, mirrored for the time of a test: a group, and a target."""
    engine = filled.connection.engine
    group, target = AgencySettings(group="health"), {"within_standard": 0.9}
    mirror(engine, Settings(agencies={"clinics": group}, targets=target))
    with engine.connect() as connection:
        yield connection
    mirror(engine, Settings.load(demo_store.with_suffix(".toml")))


def one_target(board: str, title: str, ref: str = "A") -> Target:
    """The one of that place."""
    (found,) = (one for one in targets() if (one.board, one.title, one.ref) == (board, title, ref))
    return found


def test_a_group_narrows_to_those_in_it(told: Connection, filled: Store) -> None:
    """States, lists and alerts; a group that nobody is in has none, and the rest are in all."""
    time = (filled.until - YEARS, filled.until)

    def names(target: Target, **choices: str) -> set[str]:
        rows = asked(told, target, CHOICES | {"agency": "(all)"} | choices, *time)
        return {row._mapping.get("metric") or row._mapping["__value"] for row in rows}

    states = one_target("headwind-overview", "State of each agency over time, as restated")
    assert names(states) == {*AGENCIES}
    assert names(states, group="health") == {"clinics"}
    assert names(states, group="all") == {*AGENCIES} - {"clinics"}
    assert names(states, group="nobody") == set()
    listed = one_target("headwind-overview", "group", "variable")
    assert names(listed) == {"(all)", "all", "health"}
    repeated = one_target("headwind-indicator", "agency", "variable")
    assert names(repeated) == {*AGENCIES, "group:all"}
    assert names(repeated, group="health") == {"clinics"}
    single = one_target("headwind-shocks", "agency", "variable")
    assert names(single, group="health") == {"(all)", "clinics"}


def test_a_group_has_the_sources_of_those_in_it(told: Connection, filled: Store) -> None:
    """On the board of a group, as if it were an agency."""
    target = one_target("headwind-agency", "Sources now")

    def sources(agency: str) -> list[Any]:
        choices = CHOICES | {"agency": agency}
        return sorted(asked(told, target, choices, filled.until - YEARS, filled.until).all())

    assert sources("group:health") == sources("clinics") != []
    others = [
        (f"{agency} · {source}", *rest)
        for agency in AGENCIES
        if agency != "clinics"
        for source, *rest in sources(agency)
    ]
    assert sources("group:all") == sorted(others)


def test_both_icons_are_those_of_the_page(told: Connection, filled: Store) -> None:
    """Of each agency: variation with its letter, and the target against the limits."""
    target = one_target("headwind-indicator", "Control charts in words, now")
    choices = CHOICES | {"indicator": "within_standard"}
    rows = asked(told, target, choices, filled.until - YEARS, filled.until).mappings().all()
    drawn = {row["Agency"]: (row["Variation"], row["Target"]) for row in rows}
    facts = catalogue()["within_standard"]
    found = {}
    for agency in AGENCIES:
        scope = Scope(agency=agency, indicator=facts.id, until=filled.until)
        readings = told.execute(baselines.buckets(scope)).all()
        begins = [
            Begin(row.start, row.kind == "rebase")
            for row in told.execute(baselines.baselines(scope))
        ]
        made = [Reading(r.window_start, r.window_end, r.value) for r in readings]
        chart_ = facts.control(made, begins, 0.9)
        if chart_ is not None:
            shown = control.icons(chart_, "share")
            assert shown is not None
            letter = f"{shown['letter']}: " if shown["letter"] else ""
            found[agency] = (letter + shown["word"], shown["about"])
    assert drawn == found
    assert len(found) >= 3


def test_without_a_target_it_says_so(filled: Store) -> None:
    """The other icon stands all the same."""
    target = one_target("headwind-indicator", "Control charts in words, now")
    choices = CHOICES | {"indicator": "remote_readiness"}
    rows = asked(filled.connection, target, choices, filled.until - YEARS, filled.until)
    assert {(row._mapping["Target"], row._mapping["What is to be reached"]) for row in rows} == {
        ("no target is set", "–")
    }
