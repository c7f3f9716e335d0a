"""Gauges over time as text: every sample where it belongs, and as many as was foretold."""

from __future__ import annotations

from itertools import accumulate, pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.metrics_core import Metric as Read
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from deploy.openmetrics import AT_ONCE, Family, Run, Series, tally, written
from models.metrics import METRICS, Metric

STATE = next(metric for metric in METRICS if metric.name == "headwind_agency_state")
TOLD = next(metric for metric in METRICS if metric.name == "headwind_alerts_open")

steps = st.sampled_from([15, 60, 900, 3600, 86_400])
numbers = st.floats(allow_nan=False) | st.integers(-(2**60), 2**60)


@st.composite
def some_runs(draw: st.DrawFn) -> list[Run]:
    """Runs in order of time, some with a hole behind them."""
    start = draw(st.sampled_from([0, 3, 999_999_000, 1_700_000_000]))
    lengths = draw(st.lists(st.integers(1, 20_000), max_size=6))
    edges = [*accumulate(lengths, initial=start)]
    kept = draw(st.lists(st.booleans(), min_size=len(lengths), max_size=len(lengths)))
    return [
        Run(start, end, draw(numbers))
        for (start, end), keep in zip(pairwise(edges), kept, strict=True)
        if keep
    ]


# A Prometheus reads each series once, so no two of a family may have the same labels.
characters = st.sampled_from('"\\\n{}=, a\u00e9')
names = st.lists(st.text(characters, max_size=8), max_size=3, unique=True)


def parsed(text: str) -> Read:
    """The one family in it, as a strict reader has it."""
    found: list[Read] = [*text_string_to_metric_families(text)]  # type: ignore[no-untyped-call]
    (family,) = found
    return family


def text_of(families: list[Family], step: int) -> str:
    """All of it."""
    return b"".join(piece.data for piece in written(families, step)).decode()


@settings(deadline=None)
@given(st.data(), names, steps)
def test_it_is_as_much_as_was_foretold(data: st.DataObject, agencies: list[str], step: int) -> None:
    """Series, samples and bytes; the pieces add up to it, whatever the names and numbers."""
    series = [Series((agency,), data.draw(some_runs())) for agency in agencies]
    families = [Family(STATE, series), Family(TOLD, [])]
    found, pieces = tally(families, step), list(written(families, step))
    text = b"".join(piece.data for piece in pieces)
    samples = [line for line in text.split(b"\n")[:-1] if not line.startswith(b"#")]
    assert found.size == len(text)
    assert found.series == len([one for one in series if one.runs])
    assert found.samples == sum(piece.samples for piece in pieces)
    if not any("\n" in agency for agency in agencies):
        assert found.samples == len(samples)


@settings(deadline=None)
@given(some_runs(), steps, st.text(characters, max_size=8))
def test_a_value_is_said_at_its_start_and_at_each_whole_step(
    runs: list[Run], step: int, agency: str
) -> None:
    """At those moments and no others, to the last bit; in order of time."""
    text = text_of([Family(STATE, [Series((agency,), runs)])], step)
    family = parsed(text)
    expected = [
        (at, run.value)
        for run in runs
        for at in sorted({run.start, *range(-(-run.start // step) * step, run.end, step)})
    ]
    said = [(float(str(sample.timestamp)), sample.value) for sample in family.samples]
    assert said == expected
    assert all(sample.labels == {"agency": agency} for sample in family.samples)
    assert all(one < two for (one, _), (two, _) in pairwise(said))
    assert (family.name, family.type, family.documentation) == (STATE.name, "gauge", STATE.help)


def test_what_is_said_of_a_gauge_is_escaped() -> None:
    """It comes back as it was."""
    said = 'a "word" \\ and\na line'
    metric = Metric("headwind_agency_state", "gauge", ("agency",), said)
    text = text_of([Family(metric, [Series(("a",), [Run(0, 1, 1)])])], 60)
    family = parsed(text)
    assert family.documentation == said


def test_a_long_run_comes_in_pieces() -> None:
    """Memory does not grow with the time that a value holds."""
    runs = [Run(0, 15 * 100 * AT_ONCE, 1)]
    pieces = list(written([Family(STATE, [Series(("a",), runs)])], 15))
    assert sum(piece.samples for piece in pieces) == 100 * AT_ONCE
    assert max(piece.samples for piece in pieces) <= 2 * AT_ONCE
