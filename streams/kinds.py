"""What each type of event does to which item.

An item is anything that has a key and whose present content can be counted: a request, a
project, a decision, a deployment, and also one reported count (so that a count sent again is
a correction of that item and not a second count). Every indicator that reads a kind of item
shares the one table of it.

- ``steps`` are moments in an item's life. The earliest time reported for a step stands.
- ``marks`` are other times (a due date), ``names`` what it belongs to besides (hashed),
  ``counts`` whole numbers, ``bands`` a histogram.
  They, and where the item belongs, come from the event of the highest rank (a step named
  first outranks later ones), and among equals from the one recorded last.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from models.event import DATA_TYPES

MILLI = 1000
"""Fixed point of fractional readings: thousandths."""


class Kind(NamedTuple):
    """The shape of one table of items."""

    name: str
    steps: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    counts: tuple[str, ...] = ()
    bands: bool = False


class Act(NamedTuple):
    """What one type of event does to items of one kind."""

    kind: str
    keys: Callable[[Any], Sequence[str]]
    """One event's data to the keys of the items it speaks of."""
    field: str = ""
    """Where the only key stands, if an event always has one and has it in one field."""
    step: str = ""
    rank: int = 0
    stratum: str = ""
    """Name of the field that splits the item's indicators: channel, decision_class …"""
    at: Callable[[Any], datetime | None] | None = None
    """When the step happened, where that is not the time of the event that tells it."""


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("request", steps=("opened", "closed"), marks=("due",)),
        Kind("opportunity", steps=("identified", "launched", "dropped")),
        Kind("experiment", steps=("started", "concluded")),
        Kind("project", steps=("started", "finished", "cancelled")),
        # A plan is renewed and never ends.
        Kind("plan", steps=("told", "replaced"), marks=("planned_end",), names=("project",)),
        Kind(
            "decision",
            steps=("requested", "made", "withdrawn", "implemented", "reversed"),
            marks=("due",),
        ),
        Kind("data_access", steps=("requested", "granted", "refused")),
        Kind("outage", steps=("started", "ended")),
        Kind("access_outage", steps=("started", "ended")),
        Kind("change", steps=("created", "deployed", "abandoned")),
        Kind("deployment", steps=("deployed", "rolledback")),
        Kind("incident", steps=("detected", "resolved")),
        Kind("transactions", counts=("started", "completed", "failed", "within_standard")),
        Kind("waiting", bands=True),
        Kind("readiness", counts=("posts_teleworkable", "ready")),
        Kind("presence", counts=("change_from_baseline", "posts")),
        Kind("sessions", counts=("attempted", "succeeded")),
        Kind("caseload", counts=("cases_in", "cases_closed")),
        Kind("forms", counts=("prefilled", "asked")),
    )
}

ABSENT = -1
"""An optional count that was not given."""


def _period(data: Any) -> Sequence[str]:
    """Everything that names a count, and nothing that it counted."""
    stratum = getattr(data, "channel", "") or getattr(data, "mode", "")
    service = getattr(data, "service", "")
    start, end = data.start.timestamp(), data.end.timestamp()
    return (f"{data.unit}\x1f{service}\x1f{stratum}\x1f{start}\x1f{end}\x1f{data.part}",)


def _none(_: Any) -> Sequence[str]:
    return ()


def _plan(data: Any) -> Sequence[str]:
    """The first plan of a project, or the one of this number."""
    number = getattr(data, "baseline_no", "first")
    return () if data.planned_end is None else (f"{data.project}\x1f{number}",)


def _changes(data: Any) -> Sequence[str]:
    return data.custom.change_ids if data.custom is not None else ()


_STRATA = {
    "opportunity": "size_class",
    "project": "size_class",
    "decision": "decision_class",
    "request": "channel",
    "transactions": "channel",
    "waiting": "channel",
    "caseload": "mode",
}


def _first_commit(data: Any) -> datetime | None:
    return data.custom.created_at if data.custom is not None else None


def _steps(family: str, kind: str, key: str, **named: str) -> dict[str, list[Act]]:
    """Acts of the types ``headwind.<family>.<kind>.<what>.v1``, best rank first."""
    ranks = {step: len(KINDS[kind].steps) - i for i, step in enumerate(KINDS[kind].steps)}
    return {
        f"headwind.{family}.{what}.v1": [
            Act(kind, _none, key, step, ranks[step], _STRATA.get(kind, ""))
        ]
        for what, step in named.items()
    }


def _same(family: str, kind: str, key: str, *steps: str) -> dict[str, list[Act]]:
    return _steps(family, kind, key, **{f"{kind}.{step}": step for step in steps})


def _launch() -> dict[str, list[Act]]:
    """A launched service ends the search that its opportunity began."""
    act = Act(
        "opportunity",
        lambda data: (data.opportunity,) if data.opportunity else (),
        "",
        "launched",
        1,
        "size_class",
    )
    return {"headwind.project.service.launched.v1": [act]}


def _projects() -> dict[str, list[Act]]:
    """Projects, and their plans: the one that they start with is one too."""
    acts = _same("project", "project", "project", "started", "finished", "cancelled")
    plan = Act("plan", _plan, "", "told", 2)
    acts["headwind.project.project.started.v1"].append(plan)
    return acts | {"headwind.project.project.rebaselined.v1": [plan]}


def _counted(family: str, *kinds: str) -> dict[str, list[Act]]:
    return {
        f"headwind.{family}.{kind}.counted.v1": [
            Act(kind, _period, "", "", 0, _STRATA.get(kind, ""))
        ]
        for kind in kinds
    }


def _cdevents() -> dict[str, list[Act]]:
    change = {"created": ("created", 3), "merged": ("created", 3), "abandoned": ("abandoned", 1)}
    acts: dict[str, list[Act]] = {}
    for name in DATA_TYPES:
        words = name.split(".")
        if words[:3] == ["dev", "cdevents", "change"]:
            step, rank = change[words[3]]
            acts[name] = [Act("change", _none, "subject.id", step, rank, "", _first_commit)]
        elif words[:3] == ["dev", "cdevents", "service"]:
            if words[3] == "rolledback":
                acts[name] = [Act("deployment", _none, "subject.id", "rolledback", 1)]
                continue
            acts[name] = [
                Act("deployment", _none, "subject.id", "deployed", 2),
                Act("change", _changes, "", "deployed", 2),
            ]
        elif words[:3] == ["dev", "cdevents", "incident"]:
            step, rank = ("resolved", 1) if words[3] == "resolved" else ("detected", 2)
            acts[name] = [Act("incident", _none, "subject.id", step, rank)]
    return acts


ACTS: dict[str, list[Act]] = {
    **_same("service", "request", "request", "opened", "closed"),
    **_same("project", "opportunity", "opportunity", "identified", "dropped"),
    **_launch(),
    **_same("project", "experiment", "experiment", "started", "concluded"),
    **_projects(),
    **_same(
        "project",
        "decision",
        "decision",
        "requested",
        "made",
        "withdrawn",
        "implemented",
        "reversed",
    ),
    **_same("service", "data_access", "access", "requested", "granted", "refused"),
    **_same("service", "outage", "outage", "started", "ended"),
    **_same("remote", "access_outage", "outage", "started", "ended"),
    **_counted("service", "transactions", "waiting", "forms"),
    **_counted("remote", "readiness", "presence", "sessions", "caseload"),
    **_cdevents(),
}
"""Every type of event that changes an item; other types only show that their source lives."""
