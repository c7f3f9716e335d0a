"""The real files under the maps beside the tests: as many events as plain Polars counts."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from connectors._mapping import parse_mapping, read_mapping
from connectors._report import LoadReport
from connectors.file import load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connectors._publish import Batch

MAPS = Path(__file__).parents[1] / "maps"
OPENED = "headwind.service.request.opened.v1"
CLOSED = "headwind.service.request.closed.v1"
TRANSACTIONS = "headwind.service.transactions.counted.v1"
WAITING = "headwind.service.waiting.counted.v1"
HEARTBEAT = "headwind.context.source.heartbeat.v1"
MERGED = "dev.cdevents.change.merged.0.2.0"
DEPLOYED = "dev.cdevents.service.deployed.0.2.0"
NOW = int(datetime(2026, 11, 1, tzinfo=UTC).timestamp() * 1000)


class Sent:
    """What a load published: batches as they came, events as plain JSON."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.batches: list[Batch] = []

    def publish(self, batches: Sequence[Batch]) -> None:
        """Keep the batches."""
        self.batches += batches

    @property
    def events(self) -> list[dict[str, Any]]:
        """Every event, heartbeats too."""
        return [json.loads(line) for batch in self.batches for line in batch.lines]


def sent(
    data_dir: Path, name: str, agency: str | None
) -> tuple[pl.DataFrame, LoadReport, list[dict[str, Any]]]:
    """Load a real file under its map: the rows as plain text, the report, the events."""
    path = next(data_dir.glob(f"*/{name}.csv.gz"))
    shelf = Sent()
    report = load(
        [path],
        mapping=read_mapping(MAPS / f"{name}.toml"),
        agency=agency,
        publisher=shelf,
        clock=lambda: NOW,
        dry_run=False,
        progress=lambda _: None,
    )
    events = shelf.events
    assert (report.refused, report.exit_code, report.repeats, report.notes) == ([], 0, 0, [])
    assert all(batch.refused == [] and len(batch.lines) <= 500 for batch in shelf.batches)
    assert len({(event["agency"], event["id"]) for event in events}) == len(events)
    frame = pl.read_csv(path, infer_schema=False)
    assert report.rows == len(frame)
    return frame, report, events


def types(events: list[dict[str, Any]]) -> dict[str, int]:
    """How many events there are of each type."""
    return dict(Counter(event["type"] for event in events))


def ordered(events: list[dict[str, Any]]) -> bool:
    """Whether the events of each agency are in the order of their time."""
    last: dict[str, str] = {}
    for event in events:
        if event["time"] < last.get(event["agency"], ""):
            return False
        last[event["agency"]] = event["time"]
    return True


def total(events: list[dict[str, Any]], field: str) -> int:
    """Sum of a count over the transactions."""
    return sum(event["data"].get(field, 0) for event in events if event["type"] == TRANSACTIONS)


def test_boston(data_dir: Path) -> None:
    """Every case opens, the closed ones close; seven end before they start and are cleaned."""
    frame, report, events = sent(data_dir, "boston311_events", "boston")
    closed = frame.filter(pl.col("status") == "closed")
    assert types(events) == {OPENED: len(frame), CLOSED: len(closed), HEARTBEAT: 1}
    assert list(report.cleaned.values()) == [7]
    assert ordered(events)
    due = Counter(event["data"]["service"] for event in events if "due" in event["data"])
    assert dict(due) == {"illegal_parking": (frame["service"] == "illegal_parking").sum()}
    march = [
        event
        for event in events
        if event["type"] == OPENED
        and event["data"]["service"] == "illegal_parking"
        and "2018-03-01T05" <= event["time"] < "2018-04-01T04"
    ]
    assert len(march) == 1523


def test_vancouver(data_dir: Path) -> None:
    """One count a day; on 23 days more calls are abandoned than were left, and are cut to that."""
    frame, report, events = sent(data_dir, "vancouver311_contact_centre_daily", "vancouver")
    numbers = frame.select(
        pl.col("date"), pl.exclude("date", "service_level").cast(pl.Float64).cast(pl.Int64)
    )
    assert types(events) == {TRANSACTIONS: len(frame), HEARTBEAT: 1}
    offered, handled = numbers["calls_offered"], numbers["calls_handled"]
    left = pl.col("calls_offered") - pl.col("calls_handled")
    assert list(report.cleaned.values()) == [23]
    assert len(numbers.filter(pl.col("calls_abandoned") > left)) == 23
    assert total(events, "started") == offered.sum()
    assert total(events, "completed") == handled.sum()
    failed = numbers.select(pl.min_horizontal("calls_abandoned", left).sum()).item()
    assert total(events, "failed") == failed
    days = {event["data"]["to"][11:] for event in events if event["type"] == TRANSACTIONS}
    assert days == {"07:00:00Z", "08:00:00Z"}
    assert events[-1]["data"]["complete_to"] == "2024-10-01T07:00:00Z"


def test_gp_appointments(data_dir: Path) -> None:
    """A count a row, a waiting band where the wait is known, each to the area it is of."""
    frame, report, events = sent(data_dir, "gp_appointments_monthly", None)
    known = frame.filter(pl.col("wait_band") != "unknown")
    areas = frame["area_code"].n_unique()
    assert types(events) == {TRANSACTIONS: len(frame), WAITING: len(known), HEARTBEAT: areas}
    assert report.cleaned == {}
    assert ordered(events)
    assert {event["agency"] for event in events} == set(frame["area_code"])
    counts = frame.with_columns(pl.col("appointments").cast(pl.Int64))
    assert total(events, "started") == counts["appointments"].sum()
    attended = counts.filter(pl.col("status") == "attended")
    assert total(events, "completed") == attended["appointments"].sum()
    april = [e for e in events if e["type"] == TRANSACTIONS and e["time"] == "2020-03-31T23:00:00Z"]
    phone = [event for event in april if event["data"].get("channel") == "telephone"]
    with_channel = [event for event in april if "channel" in event["data"]]
    share = total(phone, "started") / total(with_channel, "started")
    assert round(100 * share, 1) == 49.1


def test_permits(data_dir: Path) -> None:
    """One opening a case, one closing a finished one, by the times that stand in its rows."""
    frame, report, events = sent(data_dir, "nl_permit_receipt_events", "town")
    cases = frame.unique("case_id")
    finished = cases["case_ended_at"].drop_nulls()
    assert types(events) == {OPENED: len(cases), CLOSED: len(finished), HEARTBEAT: 1}
    assert (len(cases), len(finished)) == (1434, 1329)
    assert list(report.cleaned.values()) == [2]
    assert ordered(events)
    opened = [event["data"] for event in events if event["type"] == OPENED]
    channels = Counter(data["channel"] for data in opened)
    assert dict(channels) == {"web": 1250, "counter": 109, "post": 53, "e-mail": 21, "intern": 1}
    due = {data["request"]: data["due"] for data in opened}
    closed = [event for event in events if event["type"] == CLOSED]
    late = sum(event["time"] > due[event["data"]["request"]] for event in closed)
    assert late == 389


def test_govuk_frontend(data_dir: Path) -> None:
    """Each merge goes out with one release; releases set again on a commit take nothing along."""
    frame, report, events = sent(data_dir, "govuk_frontend_delivery_events", "govuk")
    assert types(events) == {MERGED: 5589, DEPLOYED: 5072, HEARTBEAT: 1}
    assert list(report.cleaned.values()) == [1]
    assert ordered(events)
    deployed = [event["data"] for event in events if event["type"] == DEPLOYED]
    tags = frame.filter(pl.col("event") == "release").with_columns(pl.col("seq").cast(pl.Int64))
    subjects = {data["subject"]["id"] for data in deployed}
    assert len(subjects) == tags["seq"].n_unique()
    out = [one for data in deployed for one in data["customData"].get("change_ids", [])]
    merges = {e["data"]["subject"]["id"] for e in events if e["type"] == MERGED}
    assert len(out) == len(set(out))
    assert set(out) <= merges
    newest = tags["seq"].max()
    merged = frame.filter(pl.col("event") == "change_merged")["seq"].cast(pl.Int64)
    assert len(out) == merged.filter(merged <= newest).len()
    robots = [
        e for e in events if e["type"] == MERGED and e["data"]["customData"]["unit"] == "robots"
    ]
    assert len(robots) == (frame["bot"] == "1").sum()


def test_mobility(data_dir: Path) -> None:
    """One reading a day and region; Germany in the first closed week is what it was."""
    frame, report, events = sent(data_dir, "google_mobility_germany_daily", "germany")
    presence = "headwind.remote.presence.counted.v1"
    assert types(events) == {presence: len(frame), HEARTBEAT: 1}
    assert report.cleaned == {}
    week = [
        event["data"]["change_from_baseline"]
        for event in events
        if event["data"].get("unit") == "DE" and "2020-03-15T23" <= event["time"] < "2020-03-20T23"
    ]
    assert round(sum(week) / len(week), 1) == pytest.approx(-28.4)


def test_emergency(data_dir: Path) -> None:
    """A count a row, to its provider; within standard are all but the breaches."""
    frame, report, events = sent(data_dir, "nhs_ae_monthly", None)
    assert types(events) == {TRANSACTIONS: len(frame), HEARTBEAT: frame["org_code"].n_unique()}
    assert report.cleaned == {}
    counts = frame.select(pl.col("attendances", "breaches").cast(pl.Int64).sum()).row(0)
    assert total(events, "started") == total(events, "completed") == counts[0]
    assert total(events, "within_standard") == counts[0] - counts[1]


def test_transactions(data_dir: Path) -> None:
    """Two counts a row where the digital ones are known, one where not; nine are cut."""
    frame, report, events = sent(data_dir, "govuk_transactions_quarterly", None)
    numbers = frame.with_columns(pl.col("volume", "digital_volume").cast(pl.Int64))
    known = numbers.drop_nulls("volume")
    both = known.drop_nulls("digital_volume")
    assert types(events)[TRANSACTIONS] == len(known) + len(both)
    assert set(report.cleaned.values()) == {9}
    assert total(events, "started") == known["volume"].sum()


def test_policies(data_dir: Path) -> None:
    """Levels as they are, from 0 to 3, one event a change of the rule on workplaces."""
    frame, _, events = sent(data_dir, "oxcgrt_policy_changes", None)
    changed = "headwind.remote.policy.changed.v1"
    levels = Counter(str(e["data"]["level"]) for e in events if e["type"] == changed)
    mine = frame.filter(pl.col("indicator") == "c2_workplace_closing").drop_nulls("new_level")
    assert levels == Counter(mine["new_level"])


def test_a_year_is_too_long_a_period(data_dir: Path) -> None:
    """Homeworking in per cent a year is refused row by row, with what to send instead."""
    text = (MAPS / "google_mobility_germany_daily.toml").read_text()
    yearly = text.replace('"date", "region_code"', '"year"').replace('"region_code"', '"area"')
    yearly = yearly.replace('"workplaces"', '"any"').replace('column = "date"', 'column = "year"')
    yearly = yearly.replace('data.from = "date"', 'data.from = { column = "year", format = "%Y" }')
    yearly = yearly.replace('plus = "P1D"', 'format = "%Y", plus = "P1Y"')
    report = load(
        [data_dir / "remote" / "ons_homeworking_annual.csv"],
        mapping=parse_mapping(yearly, "map"),
        agency="uk",
        publisher=Sent(),
        clock=lambda: NOW,
        dry_run=False,
        progress=lambda _: None,
    )
    assert (report.exit_code, report.rows, len(report.refused)) == (1, 10, 10)
    assert {(one.code, one.row) for one in report.refused} == {
        ("out_of_range", row) for row in range(2, 12)
    }
    assert "quarter" in report.refused[0].message
