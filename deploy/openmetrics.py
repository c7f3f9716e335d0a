"""OpenMetrics text: gauges over time, as Prometheus's own tool makes blocks of them.

At any moment a Prometheus shows the last sample of the five minutes before it, so a value that
holds has to be repeated: it stands at its own moment, and then at every whole step. Boards too
ask at whole steps, and find a sample wherever their step is a multiple of ours.

No more is held than a few samples of one run; how much text there will be is known without
writing it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from models.metrics import Metric

END: Final = b"# EOF\n"

AT_ONCE: Final = 10_000
"""Samples that are put together at once."""

_LABEL = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


class Run(NamedTuple):
    """A value that holds from ``start`` up to, without, ``end``: whole seconds since 1970."""

    start: int
    end: int
    value: float


class Series(NamedTuple):
    """One series: its labels' values as its family lists them, and its runs in order of time."""

    labels: tuple[str, ...]
    runs: Iterable[Run]


class Family(NamedTuple):
    """A gauge with all of its series, which can be read once and one after the other."""

    metric: Metric
    series: Iterable[Series]


class Piece(NamedTuple):
    """A part of the text, and how many samples are in it."""

    data: bytes
    samples: int


class Tally(NamedTuple):
    """How much text there is, ``size`` in bytes."""

    series: int
    samples: int
    size: int


def written(families: Iterable[Family], step: int) -> Iterator[Piece]:
    """The text of the families; what holds is repeated every ``step`` seconds."""
    held: list[str] = []
    count = 0
    for lines, samples in _lines(families, step):
        held.append(lines)
        count += samples
        if count >= AT_ONCE:
            yield Piece("".join(held).encode(), count)
            held, count = [], 0
    yield Piece("".join(held).encode() + END, count)


def _lines(families: Iterable[Family], step: int) -> Iterator[tuple[str, int]]:
    """Some lines after the other, and how many samples each have."""
    for metric, several in families:
        yield _head(metric), 0
        for labels, runs in several:
            name = _name(metric, labels)
            for run in runs:
                lead = f"{name} {_number(run.value)} "
                yield f"{lead}{run.start}\n", 1
                again = _again(run, step)
                for at in range(0, len(again), AT_ONCE):
                    some = again[at : at + AT_ONCE]
                    yield "".join([f"{lead}{second}\n" for second in some]), len(some)


def tally(families: Iterable[Family], step: int) -> Tally:
    """How much :func:`written` gives of the same families."""
    found, samples, size = 0, 0, len(END)
    for metric, several in families:
        size += len(_head(metric).encode())
        for labels, runs in several:
            name, before = len(_name(metric, labels).encode()), samples
            for run in runs:
                again = _again(run, step)
                count = 1 + len(again)
                samples += count
                # Beside what is counted here a line has two spaces and its end.
                size += count * (name + len(_number(run.value)) + 3)
                size += len(str(run.start)) + _digits(again)
            found += samples > before
    return Tally(found, samples, size)


def _again(run: Run, step: int) -> range:
    """The seconds at which the value of a run is said again."""
    return range(run.start - run.start % step + step, run.end, step)


def _digits(seconds: range) -> int:
    """How many digits they have in all; mostly each has as many as the others."""
    if not seconds:
        return 0
    first, last = (len(str(second)) for second in (seconds[0], seconds[-1]))
    return len(seconds) * first if first == last else sum(len(str(second)) for second in seconds)


def _head(metric: Metric) -> str:
    told = metric.help.translate(_LABEL)
    return f"# TYPE {metric.name} gauge\n# HELP {metric.name} {told}\n"


def _name(metric: Metric, labels: tuple[str, ...]) -> str:
    r"""A series by its name and labels, whatever characters are in them.

    >>> from models.metrics import METRICS
    >>> state = next(one for one in METRICS if one.name == "headwind_agency_state")
    >>> print(_name(state, ('A & B / "C" \\',)))
    headwind_agency_state{agency="A & B / \"C\" \\"}
    """
    named = zip(metric.labels, labels, strict=True)
    held = ",".join(f'{name}="{value.translate(_LABEL)}"' for name, value in named)
    return f"{metric.name}{{{held}}}"


def _number(value: float) -> str:
    """A number in the fewest characters that give it back to the last bit."""
    whole = int(value) if abs(value) < 2**53 else None
    return str(whole) if whole == value else repr(value)
