"""What is told of a case file, an organisation's shock, a declared crisis: rows and sentences.

In JSON and CSV every time is ISO 8601, and what has not come is null; why stands under its name
in ``evidence.censored``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from dashboards import words
from dashboards.case import changed, farthest, per_cent, place, places, sides, slowest, worst
from deploy import show
from deploy.options import iso
from models.shock import OVER
from streams.catalogue import catalogue

Row = Mapping[str, Any]

FIELDS = (
    "id",
    "agency",
    "service",
    "unit",
    "indicator",
    "kind",
    "direction",
    "onset",
    "trough",
    "depth",
    "state",
    "absorbed",
    "adapted",
    "recovered",
    "loss_service_days",
    "declared",
    "evidence",
)
"""What a shock is, in JSON and CSV."""

TIMES = ("onset", "trough", "absorbed", "adapted", "recovered", "updated", "seen")

DAY_MS, HOUR_MS = 86_400_000, 3_600_000

SLOWEST = 3


def told(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the store as it is told; times as text, what has not come with its reason."""
    onset, evidence = row["onset"], msgspec.json.decode(row["evidence"])
    crisis = row["kind"] == "crisis"
    names = (("absorb", "absorbed"), ("adapt", "adapted"), ("recover", "recovered"))
    days = {f"days_to_{name}": _span(row[at], onset, DAY_MS) for name, at in names}
    lag = evidence.pop("answered", None)
    lags = {"response_lag_hours": _span(lag, onset, HOUR_MS), "answered": iso(lag)}
    found = dict(row) | {name: iso(row[name]) for name in TIMES}
    if crisis:
        found |= dict.fromkeys(("trough", "depth", "loss_service_days"))
        evidence |= _of_crisis(evidence)
    if row["kind"] == "organisation":
        lasted = (row["seen"] - onset) / DAY_MS
        evidence["slowest"] = slowest(evidence["members"], onset, lasted)
    for member in evidence.get("members", []):
        member |= {
            "days_to_recover": _span(member["recovered"], onset, DAY_MS),
            "onset": iso(member["onset"]),
            "recovered": iso(member["recovered"]),
        }
    if evidence.get("context"):
        found["loss_service_days"] = None
    if not crisis:
        evidence["worst"] = worst(row)
    if "beside" in evidence:
        evidence["two_curves"] = sides(row, _title)
    evidence |= lags | days
    evidence |= {"seen": found["seen"], "days_seen": _span(row["seen"], onset, DAY_MS)}
    evidence["censored"] = dict(_censored(row, evidence))
    return found | {"evidence": evidence}


def _of_crisis(evidence: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "ended": iso(evidence["ended"]),
        "declared_again": [iso(at) for at in evidence["declared_again"]],
        "closed_before_it_began": iso(evidence["closed_before_it_began"]),
        "adapted": {share: iso(at) for share, at in evidence["adapted"].items()},
    }


def _span(at: int | None, since: int, unit: int) -> float | None:
    return None if at is None else round((at - since) / unit, 2)


def _title(indicator: str) -> str:
    known = catalogue()
    return known[indicator].title if indicator in known else indicator


def _censored(row: Row, evidence: Row) -> Iterator[tuple[str, str]]:
    """Of each figure that is missing or not whole yet, why."""
    if evidence["answered"] is None:
        yield "answered", "no crisis decision was told since the onset"
    if row["kind"] == "crisis":
        for name in ("depth", "trough", "loss_service_days", "absorbed", "recovered"):
            yield name, "a declared crisis has none of its own: see its cases"
        if row["adapted"] is None:
            yield "adapted", _unready(evidence)
        return
    days, over = f"after {evidence['days_seen']:,.0f} days", row["state"] in OVER
    so_far = "the records end there"
    if over:
        so_far = "the new level stays" if evidence.get("level_shift") else "the file ended there"
    for name, word in (
        ("absorbed", "the worst was not over"),
        ("adapted", "no bucket was back at 95 %"),
        ("recovered", "not back" if evidence.get("context") else "not recovered"),
    ):
        if row[name] is None:
            yield name, f"{word} {days}; {so_far}"
    yield from _outcome(row, evidence, days)


def _outcome(row: Row, evidence: Row, days: str) -> Iterator[tuple[str, str]]:
    context = evidence.get("context", False)
    if context:
        yield from dict.fromkeys(("gain", "loss_service_days"), "no way is better").items()
    elif row["state"] not in OVER:
        yield "loss_service_days", f"so far, {days}"
    figure = "change" if context else "gain"
    if evidence[figure] is None:
        yield figure, _no_gain(row)


def _no_gain(row: Row) -> str:
    if row["recovered"] is None:
        return "known 90 days after a recovery; there was none"
    if row["state"] not in OVER:
        return "known 90 days after the recovery, which have not passed"
    return "fewer than three buckets in the 90 days after the recovery"


def _unready(evidence: Row) -> str:
    if not evidence["required_level"]:
        return "no required level was declared"
    ended = "before it ended" if evidence["ended"] else "yet"
    return f"readiness for remote work did not come to 95 % of the required level {ended}"


# --- sentences --------------------------------------------------------------------------------


def head(row: Row) -> list[str]:
    """Since when, what kind, how it stands, where."""
    what = " · ".join(show.text(name) for name in _names(row) if name)
    return [f"since {show.day(row['onset'])}", row["kind"], row["state"], what]


def _names(row: Row) -> tuple[str, ...]:
    if row["kind"] == "crisis":
        scope = row["service"] or "all of it"
        return row["declared"], row["evidence"]["crisis"], row["agency"], scope
    if row["kind"] == "organisation":
        return (
            row["agency"],
            f"{places(row['evidence']['members'])} together",
            row["evidence"]["of"],
        )
    return row["agency"], show.part(row), row["indicator"]


def course(row: Row) -> str:
    """The file in one sentence or two."""
    if row["kind"] == "crisis":
        return _crisis(row)
    bucket = f"in the {row['evidence']['rhythm']} of {show.day(row['trough'])}"
    context = row["evidence"].get("context", False)
    most = farthest(row) if context else "At worst"
    said = f"{most} {row['evidence']['worst']}, {bucket}"
    days, seen = (row["evidence"][name] for name in ("days_to_recover", "days_seen"))
    if row["evidence"].get("level_shift"):
        said += "; the new level stays"
    elif row["state"] == "broken":
        said += "; its definition or baseline changed, so it is followed no further"
    elif days is None:
        never = "never" if row["state"] in OVER else "not"
        said += f"; {never} {'back' if context else 'recovered'} after {seen:,.0f} days"
    else:
        said += f"; back after {days:,.0f} days"
    said += f"; {_since_then(row)}" if _since_then(row) else ""
    crises = row["evidence"].get("crises") or [row["declared"]] * bool(row["declared"])
    named = words.listed([show.text(one) for one in crises])
    under = f" It fell into the declared crisis {named}." if crises else ""
    return f"{said}.{under}"


def _since_then(row: Row) -> str:
    """What was lost; of context where it is since it was back, once that is known."""
    if row["evidence"].get("context"):
        return changed(row["evidence"])
    lost = f"{row['loss_service_days']:,.1f} service-days lost"
    return lost if row["state"] in OVER else f"{lost} so far"


_CRISES = {
    "declared": "Declared; nothing has shown so far",
    "showing": "Declared, and it shows",
    "over": "Declared over",
    "unshown": "Declared, never showed: no case in the 90 days after it began",
    "undeclared": "Closed, but never declared",
}


def _crisis(row: Row) -> str:
    evidence = row["evidence"]
    said = [_CRISES[row["state"]]]
    if row["state"] != "undeclared":
        ended = evidence["ended"]
        said.append(f"it ended {show.day(ended)}" if ended else "it has not been closed")
    many = len(evidence["cases"])
    said += [f"{many} case{'' if many == 1 else 's'} under it"] if many else []
    if evidence["required_level"]:
        days = evidence["days_to_adapt"]
        level = per_cent(evidence["required_level"])
        told = "not reached" if days is None else f"reached after {days:,.0f} days"
        said.append(f"readiness for remote work at 95 % of the required {level}: {told}")
    return "; ".join(said) + "."


def facts(row: Row) -> list[str]:
    """What else is known, a sentence each."""
    evidence = row["evidence"]
    said = [evidence["two_curves"]] if evidence.get("two_curves") else []
    if evidence["response_lag_hours"] is not None:
        said.append(f"First crisis decision after {evidence['response_lag_hours']:,.0f} hours.")
    if evidence.get("gain") is not None:
        span = f"{evidence['gain_low']:+.1%} to {evidence['gain_high']:+.1%}"
        said.append(f"In the 90 days after recovery {evidence['gain']:+.1%} ({span}).")
    said += _ODD[row["kind"]](evidence) if row["kind"] in _ODD else []
    if evidence.get("overlaps"):
        said.append(f"At the same time: {', '.join(map(show.text, evidence['overlaps']))}.")
    return [*said, f"id {row['id']}"]


def _whole(evidence: Row) -> list[str]:
    """What it is made of, and who was slowest."""
    members = evidence["members"]
    how = "weighted by volume" if evidence["weighted_by"] == "volume" else "each counts the same"
    back = f"{evidence['recovered_weight']:.0%} of the weight is back; it takes 90 % and its curve"
    made = [f"{place(one)} {one['weight']:.0%}, case {one['case'][:8]}" for one in members]
    return [
        f"The mean of {places(members)} that fell together, {how}; {back}.",
        f"Slowest: {words.listed(evidence['slowest'][:SLOWEST])}.",
        f"Made of: {show.text('; '.join(made))}.",
    ]


def _declared(evidence: Row) -> list[str]:
    """Odd ways of declaring and closing, and what is under it."""
    said = []
    if evidence["declared_again"]:
        again = words.listed([show.day(at) for at in evidence["declared_again"]])
        said.append(f"Declared again on {again}: the first declaration stands.")
    if evidence["closed_before_it_began"]:
        day = show.day(evidence["closed_before_it_began"])
        said.append(f"A closing dated {day} lies before its beginning: it is no end.")
    if evidence["cases"]:
        said.append(f"Cases: {', '.join(evidence['cases'])}.")
    return said


_ODD: dict[str, Callable[[Row], list[str]]] = {"organisation": _whole, "crisis": _declared}
