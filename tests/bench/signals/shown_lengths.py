"""The simulation as an aligned table, as JSON, and as the short table of the README."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import inf

import msgspec

from tests.bench.signals.life import SHIFTS, WATCHED
from tests.bench.signals.run_lengths import Delay, Figure, Summary
from tests.bench.signals.simulate import Row

HEAD = (
    "noise",
    "who watches",
    "false alarms a bucket (95 %)",
    "run length: median",
    "mean",
    f"by chance in {WATCHED}",
    *(f"{size:g} σ found, delay" for size in SHIFTS),
)


def table(rows: Iterable[Row]) -> Iterator[str]:
    """Aligned lines, a block a rhythm, each as soon as it is known."""
    widths = (24, 14, 32, 26, 26, 18, 26, 26, 26)
    rhythm = ""
    for row in rows:
        if row.rhythm != rhythm:
            rhythm = row.rhythm
            yield f"\nbuckets of a {rhythm}: {row.series} series, {row.horizon} buckets in control"
            yield _aligned(HEAD, widths)
        yield _aligned(_cells(row), widths)


def _aligned(cells: Iterable[str], widths: Iterable[int]) -> str:
    return "".join(f"{cell:<{wide}}" for cell, wide in zip(cells, widths, strict=True)).rstrip()


def _cells(row: Row) -> list[str]:
    one, last = row.found, row.horizon
    rate = f"{one.rate.value:.1e} ({one.rate.low:.1e} to {one.rate.high:.1e})"
    chance = f"{one.chance.value:.0%} (to {one.chance.high:.0%})"
    shifts = [_delay(each) for each in one.delays]
    return [
        row.noise,
        row.who,
        rate,
        _length(one.median, last),
        _length(one.mean, last),
        chance,
        *shifts,
    ]


def _length(figure: Figure, horizon: int) -> str:
    def say(number: float) -> str:
        return f"≥{horizon}" if number == inf else f"{number:.0f}"

    if figure.value == inf and figure.low < inf:
        return f">{figure.low:.0f} (95 %)"
    if figure.value == inf:
        return f"≥{horizon}"
    high = "…" if figure.high == inf else say(figure.high)
    return f"{say(figure.value)} ({say(figure.low)} to {high})"


def _delay(delay: Delay) -> str:
    found, median = delay.found, delay.median
    share = f"{found.value:.0%} ({found.low:.0%} to {found.high:.0%})"
    return share if median.value == inf else f"{share}, {median.value:.0f}"


def markdown(rows: Iterable[Row]) -> Iterator[str]:
    """The short form of the README: a line for who watches, a column a noise."""
    held: dict[tuple[str, str], dict[str, Row]] = {}
    for row in rows:
        held.setdefault((row.rhythm, row.who), {})[row.noise] = row
    noises = list(dict.fromkeys(noise for by_noise in held.values() for noise in by_noise))
    noises.sort(key=lambda noise: -sum(noise in by_noise for by_noise in held.values()))
    steady = noises[0]
    head = ["buckets", "who watches", "declared", *noises, "median run"]
    head += [f"{size:g} σ" for size in SHIFTS]
    yield "| " + " | ".join(head) + " |"
    yield "|---" * len(head) + "|"
    for (rhythm, who), by_noise in held.items():
        one = by_noise[steady]
        declared = "" if one.declared is None else _often(one.declared)
        cells = [rhythm, f"`{who}`" if declared else who, declared]
        cells += [_noise(by_noise.get(noise)) for noise in noises]
        median = one.found.median.value
        cells.append(f"≥{one.horizon}" if median == inf else f"{median:.0f}")
        cells += [_short(each) for each in one.found.delays]
        yield "| " + " | ".join(cells) + " |"
    yield ""
    yield (
        "False alarms in 10,000 buckets (upper end of the 95 % interval); then, on noise that is "
        f"{steady}: the median run length, and the share of lasting shifts seen within {WATCHED} "
        "buckets with the median delay."
    )


def _often(rate: float) -> str:
    often = 10_000 * rate
    return f"{often:.0f}" if often >= 10 else f"{often:.2g}"


def _noise(row: Row | None) -> str:
    if row is None:
        return ""
    rate = row.found.rate
    return f"{_often(rate.value)} ({_often(rate.high)})"


def _short(delay: Delay) -> str:
    found = f"{delay.found.value:.0%}"
    return found if delay.median.value == inf else f"{found} in {delay.median.value:.0f}"


def as_json(rows: Iterable[Row]) -> str:
    """Every figure; null where it lies behind the horizon."""
    plain = msgspec.to_builtins([{**row._asdict(), "found": _named(row.found)} for row in rows])
    return msgspec.json.format(msgspec.json.encode(plain), indent=1).decode()


def _named(one: Summary) -> dict[str, object]:
    figures = {name: _known(getattr(one, name)) for name in ("rate", "median", "mean", "chance")}
    delays = [
        {"sigma": size, "median": _known(each.median), "found": _known(each.found)}
        for size, each in zip(SHIFTS, one.delays, strict=True)
    ]
    return {"buckets": one.buckets, "alarms": one.alarms, **figures, "delays": delays}


def _known(figure: Figure) -> dict[str, float | None]:
    return {
        name: None if number in (inf, -inf) else number for name, number in figure._asdict().items()
    }
