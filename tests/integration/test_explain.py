"""Why a number is what it is, on real records, and why there is none, hop by hop."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import polars as pl
import pytest
from sqlalchemy import delete, select

from deploy.hop import DONE
from models.log import append
from models.record import Record
from models.store import open_store
from models.tables import position
from streams.estimators.share import Share
from tests.integration.made_store import CLOSED, COUNTED, OPENED, PRESENT, SETTINGS, Made, request
from tests.integration.records import SETTINGS as RECORDS
from tests.integration.records import Records
from tests.unit.events_made import BEGIN, DAY, iso, line

ZONE = ZoneInfo("America/New_York")
FROM, TO = (datetime(2018, m, d, tzinfo=ZONE).astimezone(UTC) for m, d in ((6, 4), (7, 2)))
"""The four weeks, from Monday to Monday in Boston, of which the last holds 2018-06-30."""
QUESTION = ("within_standard", "--agency", "boston", "--at", "2018-06-30")


# --- real records -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def story(boston: Records) -> dict[str, Any]:
    """The explanation as JSON."""
    done = boston.run("explain", *QUESTION, "--config", str(RECORDS), "--format", "json")
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = msgspec.json.decode(done.stdout)
    return told


@pytest.fixture(scope="module")
def cases(boston: Records) -> pl.DataFrame:
    """The file: when each case was opened, closed (perhaps) and, for parking, due."""
    opened, updated = (
        pl.col(name).str.to_datetime(time_zone="UTC") for name in ("requested_at", "updated_at")
    )
    closed = pl.when(pl.col("status") == "closed").then(pl.max_horizontal(opened, updated))
    # A day in the calendar of the city: a clock that is set forward makes it 23 hours.
    local = opened.dt.convert_time_zone("America/New_York").dt.offset_by("1d")
    due = pl.when(pl.col("service") == "illegal_parking").then(local.dt.convert_time_zone("UTC"))
    return boston.frame.with_columns(opened.alias("opened"), closed.alias("closed")).with_columns(
        due.alias("due")
    )


def test_boston_numbers_are_those_of_the_file(story: dict[str, Any], cases: pl.DataFrame) -> None:
    """Received, used and left out are what a plain query on the file counts."""
    in_time = pl.col("closed") <= pl.col("due")
    judged = pl.when(in_time).then("closed").otherwise("due")
    within = judged.is_between(FROM, TO, closed="left")
    used = cases.filter(within)
    no_due_date = cases.filter(
        pl.col("due").is_null() & pl.col("opened").is_between(FROM, TO, closed="left")
    )
    assert story["used"] == story["value"]["n"] == len(used) > 2000
    assert story["excluded"] == {"no_due_date": len(no_due_date)}
    assert story["received"] == len(used) + len(no_due_date)
    good = used.select(in_time.fill_null(value=False).sum()).item()
    expected = Share().read([good, len(used)])
    assert story["value"]["value"] == good / len(used)
    assert (story["value"]["low"], story["value"]["high"]) == (expected.low, expected.high)
    assert [story["value"][name] for name in ("window_start", "window_end")] == [
        f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in (FROM, TO)
    ]


def test_boston_sources_are_those_of_the_file(story: dict[str, Any], cases: pl.DataFrame) -> None:
    """By type, how many were accepted and when the last event happened; none was refused."""
    told = {one["type"]: one for one in story["sources"]}
    assert set(told) == {OPENED, CLOSED}
    for name, column in ((OPENED, "opened"), (CLOSED, "closed")):
        times = cases[column].drop_nulls()
        assert told[name]["source"] == "boston-311"
        assert (told[name]["accepted"], told[name]["late"]) == (len(times), 0)
        last = times.max()
        assert isinstance(last, datetime)
        assert told[name]["last_event"] == f"{last:%Y-%m-%dT%H:%M:%SZ}"
    assert story["refused"] == {}
    assert story["reads"] == [CLOSED, OPENED, COUNTED]
    assert story["hop"] == DONE
    assert story["formula"].startswith("done by the due date / ")


def test_boston_in_words(boston: Records, story: dict[str, Any]) -> None:
    """A person reads the same: number, window, formula, counts by reason, sources, hop."""
    done = boston.run("explain", *QUESTION, "--config", str(RECORDS))
    assert done.returncode == 0
    rows = dict(line.split(maxsplit=1) for line in done.stdout.splitlines() if " " in line)
    assert rows["received"].startswith(f"{story['received']:,} in this window")
    assert rows["used"] == f"{story['used']:,}"
    assert rows["left"] == f"out  no_due_date {story['excluded']['no_due_date']:,}"
    assert rows["formula"] == story["formula"]
    assert rows["hop"] == DONE
    value = story["value"]
    assert (
        f"{value['value']:.1%} ({value['low']:.1%} to {value['high']:.1%}), n {value['n']:,}, ok"
        in done.stdout
    )
    for one in story["sources"]:
        words = [one["source"], one["type"], f"{one['accepted']:,}", "0", one["last_event"]]
        assert words in [line.split() for line in done.stdout.splitlines()]


def test_a_day_without_a_zone_is_one_of_the_agency(boston: Records) -> None:
    """Demand of 2018-06-30 is that of Boston's day, which begins four hours later in UTC."""
    day = ("explain", "demand", "--agency", "boston", "--at", "2018-06-30", "--format", "json")
    done = boston.run(*day, "--config", str(RECORDS))
    told = msgspec.json.decode(done.stdout)
    assert told["at"] == told["value"]["window_start"] == "2018-06-30T04:00:00Z"
    plain = boston.frame["requested_at"].str.to_datetime(time_zone="UTC")
    days = plain.dt.convert_time_zone("America/New_York").dt.date()
    assert told["value"]["value"] == (days == date(2018, 6, 30)).sum()


# --- the hop where events stopped -------------------------------------------------------------

AGENCY = ("--agency", "parks")


@pytest.fixture
def small(tmp_path: Path) -> Made:
    """A store without anything in it."""
    made = Made(tmp_path)
    open_store(str(made.store)).dispose()
    return made


def hop(made: Made, indicator: str, *options: str, at: int = 0, code: int = 1) -> str:
    """The hop that is named for a moment, in hours since the beginning."""
    moment = iso(BEGIN + at * DAY // 24)
    whose = () if "--agency" in options else AGENCY
    told = made.json("explain", indicator, *whose, *options, "--at", moment, code=code)
    assert (told["value"] is None or told["value"]["value"] is None) == (code == 1)
    return str(told["hop"])


def requests(count: int, **data: Any) -> list[bytes]:
    """Requests of the first hours, closed a day later; the last event is of the fourth week."""
    some = [part for n in range(count) for part in request(f"r{n}", n, n + 24, **data)]
    return some + request("last", 24 * 24)


def test_nothing_arrived(small: Made) -> None:
    """No source at all: the sentence says where events would have to come in."""
    assert hop(small, "demand") == (
        "Nothing has arrived from parks: no event was ever sent. See that it has a key "
        "(headwind keys list --agency parks) and sends to /events, or load a file."
    )


def test_nobody_is_called_so(small: Made) -> None:
    """An agency that nobody knows is probably another one, mistyped."""
    small.load("parks", requests(1))
    assert hop(small, "demand", "--agency", "prks") == (
        "Nothing has arrived from prks, and nobody is called so; did you mean parks?"
    )


def test_everything_was_refused(small: Made) -> None:
    """Nothing passed the check: how many, by reason, and where they are."""
    bad = [line(OPENED, f"e{n}", "crm", BEGIN, request=f"r{n}") for n in range(2)]
    small.load("parks", bad, code=1)
    assert hop(small, "demand") == (
        "Events arrive from parks, but every one was refused: missing 2. "
        "See headwind refused --agency parks."
    )


def test_what_it_reads_was_refused(small: Made) -> None:
    """Other types passed; those that the indicator reads did not."""
    bad = line(COUNTED, "e", "bus", BEGIN, service="permits")
    small.load("parks", [*requests(3), bad], code=1)
    wrong = line(PRESENT, "p", "bus", BEGIN, unit="north")
    small.load("parks", [wrong], code=1)
    sentence = hop(small, "presence")
    assert sentence.startswith("Events arrive from parks, but those that presence reads were ")
    assert "refused: missing 1." in sentence


def test_the_source_sends_other_types(small: Made) -> None:
    """What came, and what would have been needed."""
    small.load("parks", requests(3))
    assert hop(small, "presence") == (
        "Events arrive from parks, but none of a type that presence reads. "
        f"Came: headwind.context.source.heartbeat.v1, {CLOSED}, {OPENED}. Needed: {PRESENT}."
    )


def test_indicators_of_the_workforce_rest(tmp_path: Path) -> None:
    """Without papers an indicator of the workforce does not start, however much arrives."""
    made = Made(tmp_path, "")
    told = {"from": iso(BEGIN), "to": iso(BEGIN + DAY), "unit": "north"}
    made.load("parks", [line(PRESENT, "p", "bus", BEGIN, **told, change_from_baseline=-3.0)])
    assert "does not start without dpia_ref and social_dialogue_ref" in hop(made, "presence")


def test_events_came_too_late(tmp_path: Path) -> None:
    """What is older than retention is counted as late, and the sentence says how it can count."""
    made = Made(tmp_path, f"{SETTINGS}[retention]\ndays = 60\n")
    made.load("parks", requests(1))
    made.load("parks", request("old", -24 * 100, -24 * 99), code=1)
    (opened,) = [
        one
        for one in made.json("explain", "demand", *AGENCY, "--at", iso(BEGIN))["sources"]
        if one["type"] == OPENED
    ]
    assert (opened["accepted"], opened["late"]) == (2, 1)
    sentence = hop(made, "demand", at=-24 * 100)
    assert sentence == (
        f"{iso(BEGIN - 100 * DAY)} lies before the first event that counts, of {iso(BEGIN)}. "
        "2 more came too late: what is older than retention stays in the log uncounted. "
        "Make days under [retention] longer and load into a new store."
    )


def test_before_the_first_event(small: Made) -> None:
    """Nothing is late: the agency had simply not begun."""
    small.load("parks", requests(1))
    assert hop(small, "demand", at=-48) == (
        f"{iso(BEGIN - 2 * DAY)} lies before the first event that counts, of {iso(BEGIN)}."
    )


def test_too_few_to_trust(small: Made) -> None:
    """Below the minimum n there is a number, and why it raises no alert."""
    small.load("parks", requests(6, due=iso(BEGIN + 2 * DAY)))
    assert hop(small, "within_standard", at=48, code=0) == (
        "Counted and closed, but low_n: n 6 below 50. "
        "It is shown with its interval and raises no alert."
    )


def test_too_few_to_show(small: Made) -> None:
    """A group so small that it could be known is hidden, and the sentence says so."""
    small.load("parks", requests(2, due=iso(BEGIN + 2 * DAY)))
    sentence = hop(small, "within_standard", at=48)
    assert sentence == "Counted and closed, but suppressed: fewer than 5."


def test_all_left_out(small: Made) -> None:
    """Everything arrived and nothing could be counted: the reason is named."""
    small.load("parks", requests(6))
    assert hop(small, "within_standard", at=48) == "Received, but all left out: no_due_date."


def test_the_bucket_is_not_closed(small: Made) -> None:
    """When it ends, and which source has not passed that."""
    small.load("parks", requests(3))
    last = BEGIN + 24 * DAY
    assert hop(small, "demand", at=24 * 24 + 5) == (
        f"Counted, but the bucket that holds {iso(last + 5 * DAY // 24)} is not closed: it ends at "
        f"{iso(last + DAY)}, and crm has told of nothing after {iso(last)}. What a source sends "
        "next, or a heartbeat from it, closes it; the clock does not."
    )


def test_a_late_source_holds_the_bucket(tmp_path: Path) -> None:
    """A source that may be two days late has passed an end only two days after it."""
    made = Made(tmp_path, '[sources.crm]\nlateness = "P2D"\n')
    made.receive("parks", requests(3))
    assert hop(made, "demand", at=24 * 21, code=0) == DONE
    assert f"crm has told of nothing after {iso(BEGIN + 24 * DAY)}" in hop(
        made, "demand", at=24 * 23
    )


def test_the_part_has_another_name(small: Made) -> None:
    """The agency has a value, but no service of that name."""
    small.load("parks", requests(6))
    assert hop(small, "demand", "--service", "parkin") == (
        "Counted and closed, but for no service called parkin; did you mean parking?"
    )
    assert hop(small, "demand", "--unit", "north") == (
        "demand is not kept by unit: ask without --unit."
    )


def test_the_part_began_later(small: Made) -> None:
    """A service that had no event yet has no value, though the agency has one."""
    small.load("parks", [*requests(6), *request("late", 24 * 20, service="trees")])
    sentence = hop(small, "demand", "--service", "trees")
    assert (
        sentence == "Counted and closed, but this part had no event by then: ask for a later day."
    )
    assert hop(small, "demand", "--service", "trees", at=24 * 20, code=0) == DONE


def test_events_wait_in_the_log(small: Made) -> None:
    """Durable, but nothing evaluates them."""
    database = open_store(str(small.store))
    at, body = BEGIN + 40 * DAY, b"".join(part + b"\n" for part in requests(2))
    with database.begin() as connection:
        append(
            connection, 1, [Record(agency="parks", received=at, kind="events", events=5, body=body)]
        )
        connection.execute(delete(position))
        assert connection.execute(select(position)).all() == []
    database.dispose()
    assert hop(small, "demand") == (
        "5 events of parks wait in the log: nothing evaluates it. "
        "Run headwind serve, or load again."
    )


def test_a_group_is_explained_by_its_agencies(small: Made) -> None:
    """Its sources are theirs, and its value has come all the way."""
    for agency in ("parks", "roads"):
        small.load(agency, requests(6))
    told = small.json("explain", "demand", "--agency", "group:all", "--at", iso(BEGIN))
    assert told["hop"] == DONE
    assert (told["used"], told["value"]["value"]) == (12, 12.0)
    assert [one["agency"] for one in told["sources"]] == ["parks", "parks", "roads", "roads"]
    sentence = hop(small, "presence", "--agency", "group:all")
    assert sentence.startswith("Events arrive from group:all, but none of a type")


def test_who_does_not_look_at_days_is_not_named(tmp_path: Path) -> None:
    """Nor is a day watched for which nobody looks, whatever is expected of it."""
    made = Made(tmp_path, f'{SETTINGS}[detectors]\ndemand = ["xmr"]\n')
    lines = [part for day in range(80) for part in request(f"r{day}", day * 24, day * 24 + 1)]
    made.load("parks", lines)
    words = ("explain", "demand", *AGENCY, "--service", "parking", "--at", iso(BEGIN + 78 * DAY))
    told = made.json(*words)
    assert told["detectors"] == "none looks at days"
    assert told["watched"].startswith("not watched, as no detector looks; 1.00 cases expected of ")
    (made.folder / "headwind.toml").write_text(SETTINGS, encoding="utf-8")
    told = made.json(*words)
    assert told["detectors"] == "seasonal_z, cusum, shift"
    assert told["watched"].startswith("1.00 cases expected of this day")


def test_a_silent_source_is_named(tmp_path: Path) -> None:
    """Its values are stale, not zero, and its row says that it is silent."""
    made = Made(tmp_path, '[sources.crm]\nquiet_after = "P1D"\n')
    made.load("parks", requests(6))
    database = open_store(str(made.store))
    with database.begin() as connection:
        tick = Record(agency="", received=BEGIN + 132 * DAY, kind="tick", events=0, body=b"")
        append(connection, 1, [tick])
    database.dispose()
    made.load("roads", requests(1), BEGIN + 140 * DAY)
    told = made.json("explain", "demand", *AGENCY, "--at", iso(BEGIN + 30 * DAY), code=1)
    assert {one["silent"] for one in told["sources"]} == {True}
