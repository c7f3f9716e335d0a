"""How the tables are shown, by the name of the format."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import msgspec

from tests.bench.signals import shown_lengths
from tests.bench.signals.findings import Line, Report, SetReport
from tests.bench.signals.simulate import Row

WIDTHS = (62, 8, 20, 34, 12)
HEAD = ("what is known", "kind", "onset said", "onset found", "")


def _table(report: Report) -> Iterator[str]:
    for one in report.sets:
        yield f"\n{one.about.name}" + (f": not loaded, {one.about.absent}" * bool(one.about.absent))
        yield "  " + _aligned(HEAD)
        for line in one.lines:
            why = f" ({line.fact.why})" if not line.holds and line.fact.why else ""
            yield "  " + _aligned(_cells(line)) + why
        if not one.about.absent:
            yield f"  {_rate(one)}"
    yield f"\n{_sum(report)}"
    yield from (f"NO LONGER HOLDS: {one}" for one in report.broken)
    yield from (f"holds by now, mark it as reached: {one}" for one in _news(report))


def _cells(line: Line) -> tuple[str, ...]:
    fact = line.fact
    return (fact.says, fact.kind, _said(line), line.found or "–", line.verdict)


def _said(line: Line) -> str:
    fact = line.fact
    return f"{fact.value:g}" if fact.kind == "figure" else fact.said


def _aligned(cells: Iterable[str]) -> str:
    return " ".join(f"{cell:<{wide}}" for cell, wide in zip(cells, WIDTHS, strict=True)).rstrip()


def _rate(one: SetReport) -> str:
    return (
        f"unexplained alerts: {len(one.unexplained)} in {one.years:,.0f} years of "
        f"{one.series} series, {one.rate:.2f} a series and year"
    )


def _sum(report: Report) -> str:
    turns = [one for each in report.sets for one in each.lines if one.fact.kind != "silent"]
    quiet = [one for each in report.sets for one in each.lines if one.fact.kind == "silent"]
    return (
        f"{sum(one.holds for one in turns)} of {len(turns)} found, "
        f"{sum(one.holds for one in quiet)} of {len(quiet)} silent as they should"
    )


def _news(report: Report) -> list[str]:
    return [
        f"{each.about.name}: {line.fact.says}"
        for each in report.sets
        for line in each.lines
        if line.holds and not line.fact.reached
    ]


def _markdown(report: Report) -> Iterator[str]:
    """The short form of the README: a line a set."""
    yield "| records | found | missed | silent as they should | unexplained alerts |"
    yield "|---|---|---|---|---|"
    for one in report.sets:
        if one.about.absent:
            yield f"| {one.about.name} | | not loaded: {one.about.absent} | | |"
            continue
        turns = [line for line in one.lines if line.fact.kind != "silent"]
        quiet = [line for line in one.lines if line.fact.kind == "silent"]
        missed = "; ".join(
            f"{line.fact.says} ({line.fact.why})" for line in turns if not line.holds
        )
        cells = (
            one.about.name,
            _of(turns) if turns else "",
            missed,
            _of(quiet) if quiet else "",
            f"{len(one.unexplained)}, {one.rate:.2f} a series and year" if one.series else "",
        )
        yield "| " + " | ".join(cells) + " |"
    yield ""
    yield _sum(report)


def _of(lines: list[Line]) -> str:
    return f"{sum(line.holds for line in lines)} of {len(lines)}"


def _json(report: Report) -> Iterator[str]:
    plain = [
        {
            "set": one.about.name,
            "absent": one.about.absent,
            "series": one.series,
            "series_years": one.years,
            "unexplained": [alert._asdict() for alert in one.unexplained],
            "rate": one.rate,
            "facts": [
                {
                    "says": line.fact.says,
                    "kind": line.fact.kind,
                    "said": _said(line),
                    "found": line.found,
                    "verdict": line.verdict,
                    "reached": line.fact.reached,
                    "why": line.fact.why,
                }
                for line in one.lines
            ],
        }
        for one in report.sets
    ]
    yield msgspec.json.format(msgspec.json.encode(plain), indent=1).decode()


FOUND: dict[str, Callable[[Report], Iterable[str]]] = {
    "table": _table,
    "markdown": _markdown,
    "json": _json,
}

SIMULATED: dict[str, Callable[[Iterable[Row]], Iterable[str]]] = {
    "table": shown_lengths.table,
    "markdown": shown_lengths.markdown,
    "json": lambda rows: [shown_lengths.as_json(rows)],
}
