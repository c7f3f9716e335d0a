"""The scorers of the labelled benchmarks give the published scores, file by file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.bench.signals import nab, tcpd, windowed_gaussian
from tests.conftest import missing

GAUSSIAN = {
    "artificialNoAnomaly/art_daily_no_noise.csv": 0.0,
    "artificialNoAnomaly/art_daily_small_noise.csv": 0.0,
    "artificialNoAnomaly/art_noisy.csv": 0.0,
    "artificialWithAnomaly/art_daily_flatmiddle.csv": -1.0,
    "artificialWithAnomaly/art_daily_jumpsup.csv": -1.0,
    "artificialWithAnomaly/art_increase_spike_density.csv": -1.0,
    "realAWSCloudwatch/ec2_cpu_utilization_24ae8d.csv": -1.26667875935,
    "realAWSCloudwatch/ec2_cpu_utilization_5f5533.csv": -2.0,
    "realAWSCloudwatch/ec2_cpu_utilization_825cc2.csv": 0.956537840284,
    "realAWSCloudwatch/ec2_cpu_utilization_c6585a.csv": -1.32,
    "realAWSCloudwatch/ec2_disk_write_bytes_1ef3de.csv": -4.19089678552,
    "realAWSCloudwatch/ec2_network_in_257a54.csv": 0.86067182427,
    "realAWSCloudwatch/elb_request_count_8c0756.csv": -0.138449197924,
    "realAWSCloudwatch/iio_us-east-1_i-a2eb1cd9_NetworkIn.csv": -2.0,
    "realAWSCloudwatch/rds_cpu_utilization_e47b3b.csv": -0.138449197924,
    "realAdExchange/exchange-2_cpc_results.csv": -1.0,
    "realAdExchange/exchange-3_cpc_results.csv": 2.50266326119,
    "realAdExchange/exchange-4_cpc_results.csv": 0.292288463428,
    "realKnownCause/ambient_temperature_system_failure.csv": -2.0,
    "realKnownCause/ec2_request_latency_system_failure.csv": 2.02150685678,
    "realKnownCause/nyc_taxi.csv": -5.0,
    "realTraffic/TravelTime_387.csv": -1.79598133079,
    "realTraffic/occupancy_6005.csv": -1.0,
    "realTraffic/speed_6005.csv": 0.832538201468,
    "realTraffic/speed_t4013.csv": 1.76631783122,
    "realTweets/Twitter_volume_AAPL.csv": 1.51399683626,
    "realTweets/Twitter_volume_CRM.csv": 0.763845764094,
    "realTweets/Twitter_volume_FB.csv": 0.119750278191,
    "realTweets/Twitter_volume_IBM.csv": -0.799109479229,
    "realTweets/Twitter_volume_PFE.csv": 0.26557999349,
}
"""Published standard scores of windowedGaussian (github.com/numenta/NAB, ea702d7)."""

TAXI = {
    "numenta": (
        [134, 3262, 5928, 5954, 5955, 8523, 8834, 10063, 10107],
        2.43572773,
    ),
    "relativeEntropy": (
        [171, 188, 861, 5941, 7199, 8548, 8877, 10075, 10086, 10105],
        3.83335968,
    ),
}
"""Rows of nyc_taxi that published detectors called anomalous behind its first week."""

NILE = [[], [28], [], [28], [28]]
OZONE = [[28], [28], [], [28], [14, 28]]
COAL = [[15, 28, 45, 60, 68, 80], [18, 47, 81], [], [15, 27, 46, 68, 81], [19, 28, 45, 68, 80]]
"""Marks of series that are not beside the checkout (github.com/alan-turing-institute/TCPD)."""


def benchmark(data_dir: Path, name: str) -> Path:
    """The folder of a benchmark; the test is skipped where there is none."""
    folder = data_dir / "benchmarks" / name
    if not folder.is_dir():
        missing(f"no benchmark at {folder}")
    return folder


@pytest.fixture(scope="module")
def files(data_dir: Path) -> dict[str, nab.NabFile]:
    """The files of NAB by name."""
    return {file.name: file for file in nab.read(benchmark(data_dir, "nab"))}


def test_windowed_gaussian_scores_as_published_on_every_file(files: dict[str, nab.NabFile]) -> None:
    """Detector and scorer together reproduce the published score of each file."""
    assert set(files) == set(GAUSSIAN)
    for name, file in files.items():
        found = nab.raw_score(file, windowed_gaussian.detections(file.values))
        assert found == pytest.approx(GAUSSIAN[name], abs=1e-9), name


@pytest.mark.parametrize("detector", TAXI)
def test_published_detections_score_as_published(
    files: dict[str, nab.NabFile], detector: str
) -> None:
    """What other detectors found in nyc_taxi scores what was published for them."""
    rows, score = TAXI[detector]
    found = nab.raw_score(files["realKnownCause/nyc_taxi.csv"], rows)
    assert found == pytest.approx(score, abs=1e-8)


def plain(windows: Sequence[tuple[int, int]], rows: int = 1000) -> nab.NabFile:
    """A file of zeros with these windows."""
    return nab.NabFile("plain", [], np.zeros(rows), list(windows))


def test_only_the_first_detection_in_a_window_counts() -> None:
    """A second one in the window changes nothing, an earlier one earns more."""
    file = plain([(400, 499)])
    assert nab.raw_score(file, [400]) == pytest.approx(1.0)
    assert nab.raw_score(file, [400, 450, 499]) == nab.raw_score(file, [400])
    assert nab.raw_score(file, [450]) < nab.raw_score(file, [420])


def test_probation_is_not_scored() -> None:
    """What is found in the first 15 % costs nothing, the row after it does; at most 750 rows."""
    file = plain([(400, 499)])
    assert nab.raw_score(file, range(150)) == -1.0
    assert nab.raw_score(file, [150]) == pytest.approx(-1.11)
    assert nab.probation(100_000) == 750


def test_a_false_alarm_costs_less_shortly_behind_a_window() -> None:
    """The cost grows from nothing at the end of the window to 0.11."""
    file = plain([(400, 499)])
    costs = [-1.0 - nab.raw_score(file, [row]) for row in (500, 520, 600, 900)]
    assert costs == sorted(costs)
    assert 0 < costs[0] < 0.01
    assert costs[-1] == pytest.approx(0.11)
    assert nab.false_alarms(file, [10, 450, 500, 900]) == 2


def test_normal_scores_run_from_silent_to_perfect() -> None:
    """0 for silence, 100 for the first row of every window."""
    file = plain([(400, 499), (600, 699)])
    assert nab.normalised(nab.raw_score(file, []), 2) == 0.0
    assert nab.normalised(nab.raw_score(file, [400, 600]), 2) == pytest.approx(100.0)


@pytest.mark.parametrize(
    ("marks", "published"),
    [(NILE, 0.824), (OZONE, 0.723), (COAL, 0.513)],
    ids=["nile", "ozone", "uk_coal_employ"],
)
def test_silence_scores_as_published(marks: tcpd.Marks, published: float) -> None:
    """F1 of "never a change" is the published figure."""
    assert round(tcpd.f1(marks, []), 3) == published


def test_silence_scores_as_recorded_on_every_series(data_dir: Path) -> None:
    """F1 and covering of "never a change" are the recorded ones, debt and GDP as published."""
    folder = benchmark(data_dir, "tcpd")
    recorded = tcpd.silent(folder)
    found = {}
    for series in tcpd.read(folder):
        found[series.name] = tcpd.f1(series.marks, [])
        assert found[series.name] == pytest.approx(recorded[series.name].f1, abs=5e-5)
        covered = tcpd.cover(series.marks, [], len(series.values))
        assert covered == pytest.approx(recorded[series.name].cover, abs=5e-5)
    assert round(found["debt_ireland"], 3) == 0.469
    assert round(found["gdp_croatia"], 3) == 0.824
    assert set(found) == set(recorded)


def test_change_points_match_within_five_and_serve_once() -> None:
    """Five rows away counts, six do not; a point of ours answers one mark."""
    assert tcpd.f1([[50]], [55]) == 1.0
    assert tcpd.f1([[50]], [56]) == tcpd.f1([[50]], [90])
    assert tcpd.f1([[50]], [50, 51]) == pytest.approx(0.8)
    assert tcpd.f1([[50], [52]], [51]) == 1.0
    assert tcpd.f1([[50], []], [50]) == pytest.approx(1.0)
    assert tcpd.f1([[50, 70], []], [50]) == pytest.approx(2 * (5 / 6) / (11 / 6))


def test_covering_weighs_segments_by_their_length() -> None:
    """The same segments cover fully, half a series by its share."""
    assert tcpd.cover([[50]], [50], 100) == 1.0
    assert tcpd.cover([[50]], [], 100) == pytest.approx(0.5)
    assert tcpd.cover([[]], [25], 100) == pytest.approx(0.75)
    assert tcpd.cover([[50], []], [50], 100) == pytest.approx(0.75)
