"""``headwind export --openmetrics``: the history of the gauges, in a real Prometheus."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.samples import Sample

from deploy.options import moment
from deploy.servers.postgresql import Postgresql
from models import tables
from models.metrics import STATUS_NUMBER
from models.store import open_store
from tests.integration.alertmanager import program
from tests.integration.made_store import Made, counts, fill, flat
from tests.integration.prometheus import Labels, Prometheus, storage_of
from tests.integration.records import headwind
from tests.integration.samples import FIGURES, OTHERS, read, shown, when
from tests.unit.events_made import BEGIN

HOSTILE, SERVICE = 'A & B / "C" \\', 'x "y" \\ z'
FROM = BEGIN // 1000 + 14 * 86_400
TO = FROM + 90 * 86_400
KEEPS = ("--storage.tsdb.retention.time=50y",)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A small store, one agency of which has a name that no format likes."""
    one = Made(tmp_path_factory.mktemp("told"))
    fill(one)
    one.load(HOSTILE, [counts(50 + day % 3, day, service=SERVICE) for day in range(60)])
    return one


@pytest.fixture(scope="module")
def text(told: Made) -> str:
    """Its history."""
    said = told.said("export", "--openmetrics", "history.txt", code=0)
    assert said.startswith("history.txt: ")
    return (told.folder / "history.txt").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def whole(text: str) -> dict[str, list[Sample]]:
    """Its samples."""
    return read(text)


@pytest.fixture(scope="module")
def prometheus(
    text: str, told: Made, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Prometheus]:
    """A Prometheus that has the blocks which its own tool made of the history."""
    folder = tmp_path_factory.mktemp("prometheus")
    blocks(told.folder / "history.txt", storage_of(folder))
    one = Prometheus(folder, options=KEEPS)
    yield one
    one.stop()


def blocks(file: Path, folder: Path) -> None:
    """What the help tells to do with the file."""
    tool = [program("promtool"), "tsdb", "create-blocks-from", "openmetrics"]
    command: list[str | Path] = [*tool, "--max-block-duration=8760h", file, folder]
    done = subprocess.run(command, capture_output=True, check=False, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def seconds(time: str) -> int:
    """ISO 8601 as seconds since 1970."""
    return (moment(time, "") or 0) // 1000


def values(made: Made) -> dict[tuple[str, str, str], list[dict[str, Any]]]:
    """What headwind values says, by agency, indicator and service."""
    rows = made.json("values", "--service", "*")
    names = ("agency", "indicator", "service")
    found: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for row in rows:
        agency, indicator, service = (row[name] for name in names)
        found.setdefault((agency, indicator, service), []).append(row)
    return found


def holding(rows: list[dict[str, Any]], at: int) -> dict[str, Any] | None:
    """The value that holds at a moment; one that none follows, for two of its steps."""
    ends = [seconds(row["window_end"]) for row in rows]
    step = min(after - before for before, after in pairwise(ends))
    past = [row for row, end in zip(rows, ends, strict=True) if end <= at]
    return past[-1] if past and at < ends[len(past) - 1] + 2 * step else None


def expected(made: Made, column: str, moments: range) -> dict[Labels, dict[float, float]]:
    """What a gauge must show at these moments, worked out from what headwind values says."""
    wanted: dict[Labels, dict[float, float]] = {}
    for (agency, indicator, service), rows in values(made).items():
        labels = {"agency": agency, "indicator": indicator, "service": service}
        named = frozenset((name, held) for name, held in labels.items() if held)
        for at in moments:
            row = holding(rows, at)
            figure = None if row is None else row[column]
            if figure is not None:
                number = STATUS_NUMBER[figure] if column == "status" else float(figure)
                wanted.setdefault(named, {})[at] = number
    return wanted


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("hours", [1, 6])
def test_a_board_of_90_days_shows_the_values(
    name: str, hours: int, told: Made, prometheus: Prometheus
) -> None:
    """At every whole step the very number that headwind values gives, of every series, and no more."""
    step = hours * 3600
    found = prometheus.query_range(name, FROM, TO, step)
    got = {labels - {("__name__", name)}: held for labels, held in found.items()}
    wanted = expected(told, FIGURES[name], range(FROM, TO + 1, step))
    assert len(wanted) > 20
    assert any(("agency", HOSTILE) in labels for labels in wanted)
    assert any(("service", SERVICE) in labels for labels in wanted)
    assert got == wanted


def test_between_whole_steps(prometheus: Prometheus, tmp_path: Path) -> None:
    """Five minutes after one nothing is shown any more, but where Prometheus looks back an hour."""
    name, at = "count(headwind_indicator)", FROM + 20 * 86_400
    (many,) = prometheus.query(name, at).values()
    assert many > 20
    assert prometheus.query(name, at + 1800) == {}
    hour = "count(last_over_time(headwind_indicator[1h]))"
    assert [*prometheus.query(hour, at + 1800).values()] == [many]
    shutil.copytree(prometheus.storage, storage_of(tmp_path), ignore=shutil.ignore_patterns("lock"))
    far = Prometheus(tmp_path, options=(*KEEPS, "--query.lookback-delta=1h"))
    try:
        assert [*far.query(name, at + 1800).values()] == [many]
    finally:
        far.stop()


def test_alerts_are_open_from_their_opening_to_their_closing(
    told: Made, prometheus: Prometheus
) -> None:
    """As headwind alerts tells them; by severity too, and the agency's state beside."""
    alerts = told.json("alerts")
    assert len(alerts) > 1
    last = BEGIN // 1000 + 110 * 86_400  # until then there are events
    found = prometheus.query_range("headwind_alert_state", FROM, last, 3600)
    for alert in alerts:
        start, end = seconds(alert["opened"]), seconds(alert["closed"])
        (mine,) = (
            held
            for labels, held in found.items()
            if {("agency", alert["agency"]), ("alertname", alert["alertname"])} <= labels
        )
        assert mine == {at: float(at < end) for at in range(start, last + 1, 3600)}
        (count,) = prometheus.query(
            f'headwind_alerts_open{{agency="{alert["agency"]}",severity="{alert["severity"]}"}}',
            start,
        ).values()
        assert count >= 1


def test_it_is_openmetrics(told: Made, text: str, whole: dict[str, list[Sample]]) -> None:
    """A strict reader takes it; each family in one piece, as many samples as a dry run says."""
    assert [*whole] == [*FIGURES, *OTHERS]
    assert text.endswith("\n# EOF\n")
    samples = [sample for several in whole.values() for sample in several]
    series = [[*some] for _, some in groupby(samples, lambda one: (one.name, *one.labels.values()))]
    names = [(some[0].name, *some[0].labels.values()) for some in series]
    assert len(names) == len(set(names))
    for some in series:
        assert all(when(one) < when(two) for one, two in pairwise(some))
    size = (told.folder / "history.txt").stat().st_size
    said = told.told("export", "--openmetrics", "never.txt", "--dry-run")
    much = f"{len(series):,} series, {len(samples):,} samples, {size:,} bytes"
    assert said == f"{much} would be written.\n"
    assert not (told.folder / "never.txt").exists()


def test_to_the_standard_output(told: Made, text: str) -> None:
    """The same, and nothing else there."""
    done = headwind("export", "--openmetrics", "-", cwd=told.folder)
    assert (done.returncode, done.stdout) == (0, text)
    assert done.stderr.endswith(" bytes.\n")


def test_the_names_of_agencies_survive(whole: dict[str, list[Sample]]) -> None:
    """Quotes and a backslash, in every family that knows the agency."""
    for name, samples in whole.items():
        agencies = {sample.labels["agency"] for sample in samples}
        assert (HOSTILE in agencies) == (name != "headwind_alert_state"), name


def test_an_agency_and_a_time(told: Made, whole: dict[str, list[Sample]]) -> None:
    """What holds when the time begins is said then; all else is as in the whole."""
    since, until = seconds("2020-04-15T00:30:00Z"), seconds("2020-05-25T12:00:00Z")
    asked = ("--agency", "parks", "--since", "2020-04-15T00:30", "--until", "2020-05-25T12:00")
    told.said("export", "--openmetrics", "part.txt", *asked, code=0)
    part = read((told.folder / "part.txt").read_text(encoding="utf-8"))
    for name, samples in part.items():
        keys = {tuple(sample.labels.values()) for sample in samples}
        assert {key[0] for key in keys} == {"parks"}, name
        for key in keys:
            mine, all_of_it = shown(samples, *key), shown(whole[name], *key)
            first = {since: mine.pop(since)} if since in mine else {}
            assert mine == {at: v for at, v in all_of_it.items() if since <= at < until}, key
            held = [value for at, value in all_of_it.items() if at < since]
            assert [*first.values()] == held[-1:], key


def test_from_postgresql(told: Made, text: str, postgresql: Postgresql, tmp_path: Path) -> None:
    """The same lines, in an order that may be another."""
    made = Made(tmp_path)
    database = postgresql.database()
    here, there = open_store(str(told.store)), open_store(database)
    with here.connect() as source, there.begin() as target:
        from models.partition import ensure_months

        for table in (tables.value, tables.alert, tables.source):
            rows = [dict(row) for row in source.execute(table.select()).mappings()]
            if table is tables.value:
                ensure_months(target, [row["window_end"] for row in rows])
            target.execute(table.insert(), rows)
    here.dispose()
    there.dispose()
    said = made.said("export", "--openmetrics", "history.txt", "--store", database, code=0)
    assert said == flat(said)
    lines = (tmp_path / "history.txt").read_text(encoding="utf-8").splitlines()
    assert sorted(lines) == sorted(text.splitlines())
    heads = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert heads == [*FIGURES, *OTHERS]
    names = [name for name, _ in groupby(line.split("{")[0] for line in lines if line[0] != "#")]
    assert names == heads
