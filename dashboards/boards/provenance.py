"""Why a number is what it is, and why there is none: what came, what was used, what changed."""

from __future__ import annotations

from dashboards import provenance_questions as questions
from dashboards.arrival_cells import SILENT, STATUSES
from dashboards.board import Board, Variable
from dashboards.panel import Live, Meter, Panel

BOARD = Board(
    uid="headwind-provenance",
    title="Provenance",
    question="Why is it this number, and why is it empty?",
    variables=(
        Variable(name="agency", label="Agency", whole="all agencies"),
        Variable(name="indicator", label="Indicator", whole="all indicators"),
    ),
    states={**STATUSES, **SILENT},
    reading=(
        (
            "An empty number has its reason beside it. Absence is never 0: nothing counted, a "
            "silent source and too few people are different things, and none of them is a nought."
        ),
        (
            "Coverage is the share of what feeds a value that was alive in its window. n is what it "
            "was computed from; left out is what was read and does not count, with the reason."
        ),
        (
            "A repeat is an event that came before, by source and id: it is dropped and does no "
            "harm. Too late is older than anything that is kept. Refused stands in the quarantine."
        ),
        (
            "A restated value has a higher revision; the older one stays, and alerts stay as they "
            "were decided. For one value of any day: headwind explain."
        ),
    ),
    meters=(
        Meter(
            title="Indicators that cannot be read plainly, now",
            description="How many series of each agency have few cases, are stale, suppressed or "
            "undefined, as it was known then; n is the number itself.",
            unit="none",
            lives=(
                Live(
                    "count by (agency) (max by (agency, indicator, service) (headwind_indicator_status) > 0)"
                ),
            ),
        ),
    ),
    panels=(
        Panel(
            id="newest",
            kind="table",
            title="The newest value of each indicator, and what it is made of, now",
            description="The newest rolling value of each agency and indicator, those without a "
            "number first: its 95 % interval, n, coverage and status, what it was made of and what "
            "was left out. Choose an agency or an indicator to see all of them.",
            unit="indicator",
            question=questions.newest,
            place="top",
            columns=(
                *("agency", "indicator", "window_end", "value", "n", "coverage"),
                *("status", "reason", "left_out", "revision"),
            ),
            rows=20,
            empty="No value, because no event of this agency has come: issue it a key, or load a "
            "file.",
        ),
        Panel(
            id="received",
            kind="table",
            title="What each source sent, and what became of it, now",
            description="Each sender since it was first heard: n taken, repeats dropped, too late "
            "and refused, counted in events; the bar is all of them. Taken is the share of its "
            "events, repeats left out, that count.",
            unit="events",
            question=questions.received,
            place="top",
            columns=(
                *("agency", "source", "taken", "accepted", "repeats", "late", "refused"),
                *("first_time", "last_time"),
            ),
            rows=40,
            empty="No event of this agency has come, taken or refused: issue it a key, or load a "
            "file.",
        ),
        Panel(
            id="refused",
            kind="table",
            title="Why events were refused lately, now",
            description="The newest 500 refused events at most, of each agency by what is wrong "
            "with them; n is the number of events, one with two problems stands in both rows.",
            unit="events",
            question=questions.reasons,
            columns=("agency", "problem", "count", "received"),
            rows=40,
            empty="Nothing of this selection was ever refused.",
        ),
        Panel(
            id="versions",
            kind="table",
            title="Formulas in use, as restated",
            description="Which version of its formula each indicator was computed with: n values "
            "of the chosen time (of hours the last of each day), and the first and the last day.",
            unit="values",
            question=questions.versions,
            columns=("indicator", "catalogue_version", "values", "start", "end"),
            rows=40,
            empty="No value of this selection falls in this time.",
        ),
        Panel(
            id="restated",
            kind="table",
            title="What later arrivals changed, as restated",
            description="Of each agency and indicator n values of the chosen time that were told "
            "again with other numbers since they were first told, how often, and when last.",
            unit="values",
            question=questions.restated,
            place="side",
            columns=("indicator", "agency", "restated", "recorded"),
            empty="No value of this time was restated: nothing came after its window had closed.",
        ),
    ),
)
